"""SRCNN: Dong, Loy, He and Tang, "Image Super-Resolution Using Deep Convolutional Networks", TPAMI 2016.

Key names of the commonest PyTorch training: `conv1, conv2, conv3`. The network sharpens a picture that bicubic
interpolation has enlarged; here that is part of it, so nothing in its weights tells the scale.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from zoo.architectures.architecture import Architecture, Hyperparameters, Reading, StateDict


class SRCNN(nn.Module):
    """Three convolutions of kernels such as 9, 5, 5 on the enlarged picture."""

    def __init__(self, *, kernels: list[int], widths: list[int], channels: int, scale: int) -> None:
        super().__init__()
        self.scale = scale
        planes = [channels, *widths, channels]
        for i, kernel in enumerate(kernels):
            self.add_module(f"conv{i + 1}", nn.Conv2d(planes[i], planes[i + 1], kernel, padding=kernel // 2))

    def forward(self, x: Tensor) -> Tensor:
        x = F.interpolate(x, scale_factor=self.scale, mode="bicubic", align_corners=False)
        x = F.relu(self.get_submodule("conv1")(x))
        x = F.relu(self.get_submodule("conv2")(x))
        return self.get_submodule("conv3")(x)


def detect(state: StateDict) -> bool:
    return set(state) == {f"conv{i}.{part}" for i in (1, 2, 3) for part in ("weight", "bias")}


def infer(state: StateDict) -> Hyperparameters:
    return {
        "kernels": [state[f"conv{i}.weight"].shape[-1] for i in (1, 2, 3)],
        "widths": [state[f"conv{i}.weight"].shape[0] for i in (1, 2)],
        "channels": state["conv1.weight"].shape[1],
        "scale": 4,
    }


def readings(state: StateDict) -> tuple[Reading, ...]:
    """Every scale: the weights are of the same shapes."""
    return tuple(Reading(1.0, {"scale": scale}) for scale in (4, 3, 2))


ARCHITECTURE = Architecture(
    id="srcnn",
    name="SRCNN",
    build=SRCNN,
    detect=detect,
    infer=infer,
    readings=readings,
    channels=lambda state: state["conv1.weight"].shape[1],
)
