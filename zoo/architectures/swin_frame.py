"""The frame around residual groups that SwinIR gave to its successors (Liang et al., ICCV Workshops 2021).

Key names of the authors' codes: `conv_first, patch_embed.norm, layers.i.{residual_group, conv}, norm, conv_after_body,
conv_before_upsample, upsample, conv_up1, conv_up2, conv_hr, conv_last`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from torch import Tensor, nn
from torch.nn import functional as F

from zoo.architectures.architecture import Hyperparameters, StateDict, count
from zoo.architectures.layers import DIV2K_MEAN, Upsampler, conv3, scale_of_upsampler

Reconstruction = Literal["pixelshuffle", "pixelshuffledirect", "nearest+conv", ""]
"""The upsampler, as the authors' codes name it; an empty name for a network that keeps the size."""


def closing_convolution(channels: int, convolutions: int) -> nn.Module:
    """A 3×3 convolution, or three through a quarter of the channels."""
    if convolutions == 1:
        return conv3(channels, channels)
    quarter = channels // 4
    return nn.Sequential(
        conv3(channels, quarter),
        nn.LeakyReLU(0.2),
        nn.Conv2d(quarter, quarter, 1),
        nn.LeakyReLU(0.2),
        conv3(quarter, channels),
    )


class ResidualGroup(nn.Module):
    """Blocks of features [B, h, w, C] and a closing convolution, added to the input."""

    def __init__(self, blocks: Sequence[nn.Module], *, channels: int, convolutions: int, key: str) -> None:
        """`key` names the blocks in a state dict."""
        super().__init__()
        self.residual_group = nn.ModuleDict({key: nn.ModuleList(blocks)})
        self.conv = closing_convolution(channels, convolutions)

    def forward(self, x: Tensor, *given: Any) -> Tensor:
        """`given` goes to every block, behind the features."""
        y = x
        for blocks in self.residual_group.values():
            for block in blocks.children():
                y = block(y, *given)
        return self.conv(y.permute(0, 3, 1, 2)).permute(0, 2, 3, 1) + x


class SwinFrame(nn.Module):
    """A convolution, `groups` of blocks under a skip connection, and an upsampler.

    Colours are taken relative to the mean of DIV2K, `img_range` times as large.
    """

    def __init__(
        self,
        groups: Sequence[Sequence[nn.Module]],
        *,
        channels: int,
        scale: int,
        upsampler: Reconstruction,
        width: int = 64,
        convolutions: int = 1,
        img_range: float = 1.0,
        key: str = "blocks",
    ) -> None:
        """`width` channels lie in the upsamplers that have features of their own."""
        super().__init__()
        self.scale, self.upsampler, self.img_range = scale, upsampler, img_range
        self.conv_first = conv3(3, channels)
        self.patch_embed = nn.ModuleDict({"norm": nn.LayerNorm(channels)})
        self.layers = nn.ModuleList(
            ResidualGroup(blocks, channels=channels, convolutions=convolutions, key=key) for blocks in groups
        )
        self.norm = nn.LayerNorm(channels)
        self.conv_after_body = closing_convolution(channels, convolutions)
        if upsampler in ("pixelshuffle", "nearest+conv"):
            self.conv_before_upsample = nn.Sequential(conv3(channels, width), nn.LeakyReLU())
        if upsampler == "pixelshuffle":
            self.upsample = Upsampler(width, scale)
        elif upsampler == "pixelshuffledirect":
            self.upsample = nn.Sequential(conv3(channels, 3 * scale**2), nn.PixelShuffle(scale))
        elif upsampler == "nearest+conv":
            self.conv_up1, self.conv_up2, self.conv_hr = (conv3(width, width) for _ in range(3))
        if upsampler != "pixelshuffledirect":
            self.conv_last = conv3(width if upsampler else channels, 3)

    def fitted(self, x: Tensor) -> Tensor:
        """A picture continued to a size that the groups take; what is added is cut off the output."""
        return x

    def trunk(self, x: Tensor) -> Tensor:
        """All groups, on features [B, h, w, C]."""
        for group in self.layers:
            x = group(x)
        return x

    def features(self, x: Tensor) -> Tensor:
        """[B, C, h, w] of the first convolution to what the upsampler is given."""
        y = self.norm(self.trunk(self.patch_embed["norm"](x.permute(0, 2, 3, 1))))
        return self.conv_after_body(y.permute(0, 3, 1, 2)) + x

    def enlarged(self, x: Tensor) -> Tensor:
        """Features to colours, by the upsampler."""
        if self.upsampler == "pixelshuffledirect":
            return self.upsample(x)
        if self.upsampler == "pixelshuffle":
            return self.conv_last(self.upsample(self.conv_before_upsample(x)))
        if not self.upsampler:
            return self.conv_last(x)
        y = self.conv_before_upsample(x)
        for convolution in (self.conv_up1, self.conv_up2):
            y = F.leaky_relu(convolution(F.interpolate(y, scale_factor=2, mode="nearest")), 0.2)
        return self.conv_last(F.leaky_relu(self.conv_hr(y), 0.2))

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[2:]
        mean = x.new_tensor(DIV2K_MEAN).view(1, 3, 1, 1)
        x = (self.fitted(x) - mean) * self.img_range
        y = self.enlarged(self.features(self.conv_first(x)))
        y = (y if self.upsampler else x + y) / self.img_range + mean
        return y[..., : height * self.scale, : width * self.scale]


def infer_frame(state: StateDict, key: str = "blocks") -> Hyperparameters:
    """Sizes of the frame, `depths` of its groups among them; `img_range` is told by no weights."""
    groups = count(state, r"layers\.(\d+)\.residual_group\.")
    depths = [count(state, rf"layers\.{i}\.residual_group\.{key}\.(\d+)\.") for i in range(groups)]
    upsampler, scale = _upsampler(state)
    found: Hyperparameters = {
        "channels": state["conv_first.weight"].shape[0],
        "depths": depths,
        "scale": scale,
        "upsampler": upsampler,
        "convolutions": 1 if "conv_after_body.weight" in state else 3,
        "img_range": 1.0,
    }
    if "conv_before_upsample.0.weight" in state:
        found["width"] = state["conv_before_upsample.0.weight"].shape[0]
    return found


def _upsampler(state: StateDict) -> tuple[Reconstruction, int]:
    if "conv_up1.weight" in state:
        return "nearest+conv", 4
    if "conv_before_upsample.0.weight" in state:
        return "pixelshuffle", scale_of_upsampler(state, "upsample.")
    if "upsample.0.weight" in state:
        return "pixelshuffledirect", round((state["upsample.0.weight"].shape[0] / 3) ** 0.5)
    return "", 1
