"""VapSR: Zhou et al., "Efficient Image Super-Resolution Using Vast-Receptive-Field Attention", ECCV Workshops 2022.

Key names of the authors' code: `conv_first, body.i.{proj_1, atten_branch, proj_2, pixel_norm}, conv_body, upsampler`.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from zoo.architectures.architecture import Architecture, Hyperparameters, StateDict, count, has_keys
from zoo.architectures.layers import conv3


class VastAttention(nn.Module):
    """Features times a 1×1, a depthwise 5×5 and a depthwise dilated 5×5 convolution of themselves."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.pointwise = nn.Conv2d(channels, channels, 1)
        self.depthwise = nn.Conv2d(channels, channels, 5, padding=2, groups=channels)
        self.depthwise_dilated = nn.Conv2d(channels, channels, 5, padding=6, groups=channels, dilation=3)

    def forward(self, x: Tensor) -> Tensor:
        return x * self.depthwise_dilated(self.depthwise(self.pointwise(x)))


class VastAttentionBlock(nn.Module):
    """Attention between two 1×1 convolutions, added to the input; then each pixel is normalised (VAB)."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.proj_1 = nn.Conv2d(channels, hidden, 1)
        self.atten_branch = VastAttention(hidden)
        self.proj_2 = nn.Conv2d(hidden, channels, 1)
        self.pixel_norm = nn.LayerNorm(channels)

    def forward(self, x: Tensor) -> Tensor:
        x = self.proj_2(self.atten_branch(F.gelu(self.proj_1(x)))) + x
        return self.pixel_norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class VapSR(nn.Module):
    """`blocks` attention blocks under one skip connection; two pixel shuffles for ×4, one for ×2 and ×3."""

    def __init__(
        self, *, channels: int, blocks: int, hidden: int, scale: int, width: int = 64, groups: int = 1
    ) -> None:
        """`width` is that of the upsampler's first convolution, `groups` those of the convolution behind the blocks."""
        super().__init__()
        self.conv_first = conv3(3, channels)
        self.body = nn.Sequential(*(VastAttentionBlock(channels, hidden) for _ in range(blocks)))
        self.conv_body = nn.Conv2d(channels, channels, 3, padding=1, groups=groups)
        first = conv3(channels, width)
        if scale == 4:
            last = conv3(width // 4, 12)
            layers = [first, nn.PixelShuffle(2), nn.LeakyReLU(0.1), last, nn.PixelShuffle(2)]
        else:
            layers = [first, nn.LeakyReLU(0.1), conv3(width, 3 * scale**2), nn.PixelShuffle(scale)]
        self.upsampler = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv_first(x)
        return self.upsampler(x + self.conv_body(self.body(x)))


def infer(state: StateDict) -> Hyperparameters:
    channels = state["conv_first.weight"].shape[0]
    single = state.get("upsampler.2.weight")
    return {
        "channels": channels,
        "blocks": count(state, r"body\.(\d+)\."),
        "hidden": state["body.0.proj_1.weight"].shape[0],
        "scale": 4 if single is None else round((single.shape[0] / 3) ** 0.5),
        "width": state["upsampler.0.weight"].shape[0],
        "groups": channels // state["conv_body.weight"].shape[1],
    }


ARCHITECTURE = Architecture(
    id="vapsr",
    name="VapSR",
    build=VapSR,
    detect=has_keys(
        "conv_first.weight",
        "body.0.atten_branch.depthwise_dilated.weight",
        "body.0.pixel_norm.weight",
        "conv_body.weight",
    ),
    infer=infer,
)
