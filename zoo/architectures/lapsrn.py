"""LapSRN: Lai, Huang, Ahuja and Yang, "Deep Laplacian Pyramid Networks for Fast and Accurate Super-Resolution",
CVPR 2017.

Key names of the commonest PyTorch training: `conv_input, convt_F1, convt_I1, convt_R1, convt_F2, …`; no biases.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from zoo.architectures.architecture import Architecture, Hyperparameters, StateDict, count, has_keys

SLOPE = 0.2


class Features(nn.Module):
    """Convolutions at one size, and a deconvolution to twice that size."""

    def __init__(self, channels: int, depth: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for _ in range(depth):
            layers += [nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.LeakyReLU(SLOPE)]
        layers += [nn.ConvTranspose2d(channels, channels, 4, stride=2, padding=1, bias=False), nn.LeakyReLU(SLOPE)]
        self.cov_block = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.cov_block(x)


class LapSRN(nn.Module):
    """A pyramid of steps of two: each enlarges the picture and adds the residual that its features predict."""

    def __init__(self, *, channels: int, depth: int, scale: int, planes: int = 3) -> None:
        super().__init__()
        self.steps = scale.bit_length() - 1
        if scale != 2**self.steps:
            raise ValueError(f"a pyramid of steps of two reaches 2, 4, 8, not {scale}")
        self.conv_input = nn.Conv2d(planes, channels, 3, padding=1, bias=False)
        for i in range(1, self.steps + 1):
            self.add_module(f"convt_F{i}", nn.Sequential(Features(channels, depth)))
            self.add_module(f"convt_I{i}", nn.ConvTranspose2d(planes, planes, 4, stride=2, padding=1, bias=False))
            self.add_module(f"convt_R{i}", nn.Conv2d(channels, planes, 3, padding=1, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        features = F.leaky_relu(self.conv_input(x), SLOPE)
        for i in range(1, self.steps + 1):
            features = self.get_submodule(f"convt_F{i}")(features)
            x = self.get_submodule(f"convt_I{i}")(x) + self.get_submodule(f"convt_R{i}")(features)
        return x


def infer(state: StateDict) -> Hyperparameters:
    channels, planes = state["conv_input.weight"].shape[:2]
    return {
        "channels": channels,
        "depth": count(state, r"convt_F1\.0\.cov_block\.(\d+)\.weight") - 1,
        "scale": 2 ** count(state, r"convt_F(\d+)\."),
        "planes": planes,
    }


ARCHITECTURE = Architecture(
    id="lapsrn",
    name="LapSRN",
    build=LapSRN,
    detect=has_keys("conv_input.weight", "convt_F1.0.cov_block.0.weight", "convt_I1.weight", "convt_R1.weight"),
    infer=infer,
    channels=lambda state: state["conv_input.weight"].shape[1],
)
