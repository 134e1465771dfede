"""Small networks with the habits of published ones: sizes, channels, outputs and conditions of their own."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Enlarging(nn.Module):
    """A convolution and a pixel shuffle, ×2; its sides must be multiples of `multiple`."""

    def __init__(self, multiple: int = 1, channels: int = 3, given: int | None = None, floors: bool = False) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.multiple, self.floors = multiple, floors
        self.body = nn.Conv2d(channels, 4 * (given or channels), 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        height, width = (side // self.multiple * self.multiple for side in x.shape[-2:])
        if not self.floors and (height, width) != tuple(x.shape[-2:]):
            raise ValueError("the image cannot be divided into windows")
        return F.pixel_shuffle(self.body(x[..., :height, :width]), 2)


class Square(Enlarging):
    """Takes square images alone."""

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[-1] != x.shape[-2]:
            raise ValueError("not square")
        return super().forward(x)


class Reflecting(nn.Module):
    """Pads by reflection, by more than small images have."""

    def __init__(self, reach: int) -> None:
        super().__init__()
        self.pad, self.blur = nn.ReflectionPad2d(reach), nn.AvgPool2d(2 * reach + 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.blur(self.pad(x))


@dataclass
class Picture:
    """An output object, as libraries of transformers return them."""

    loss: Tensor | None
    reconstruction: Tensor


class Returning(Enlarging):
    """Returns its picture in a container."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self.form = form

    def forward(self, x: Tensor):
        y = super().forward(x)
        return {
            "tuple": (y.mean(), y),
            "list": [y - 1, y],
            "dict": {"sr": y, "features": x},
            "nested": {"out": (None, [y])},
            "object": Picture(None, y),
            "none": None,
            "empty": (),
            "small": (x, x.mean()),
        }[self.form]


class Noise(nn.Module):
    """A denoiser with a level beside the image: a map of it is one more channel."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.body = nn.Conv2d(4, 3, 3, padding=1)

    def with_level(self, x: Tensor, level: Tensor) -> Tensor:
        return self.body(torch.cat([x, level.expand(len(x), 1, *x.shape[-2:])], 1))


class Level(Noise):
    """Its level must be given, as a tensor [B, 1, 1, 1]."""

    def forward(self, x: Tensor, sigma: Tensor) -> Tensor:
        return self.with_level(x, sigma)


class DefaultLevel(Noise):
    """Its level of 255 has a default."""

    def forward(self, x: Tensor, sigma: float = 15.0) -> Tensor:
        return self.with_level(x, x.new_full((1, 1, 1, 1), sigma / 255))


class Frames(nn.Module):
    """The mean of the image and of its neighbours [B, T, 3, h, w]."""

    def forward(self, x: Tensor, frames: Tensor) -> Tensor:
        assert frames.shape[-2:] == x.shape[-2:]
        return torch.cat([x[:, None], frames], 1).square().mean(1)


class Kernel(nn.Module):
    """Blurs by the kernel [B, k, k] that it is given."""

    def forward(self, x: Tensor, kernel: Tensor) -> Tensor:
        side = kernel.shape[-1]
        weight = kernel[:1, None].expand(3, 1, side, side)
        return F.conv2d(x, weight, padding=side // 2, groups=3)


class Coordinates(nn.Module):
    """A network that is asked at coordinates: bilinear interpolation, exactly."""

    def forward(self, inp: Tensor, coord: Tensor, cell: Tensor) -> Tensor:
        grid = coord.flip(-1)[:, None]
        found = F.grid_sample(inp, grid, mode="bilinear", padding_mode="border", align_corners=False)
        return found[:, :, 0].transpose(1, 2)


class Residual(nn.Module):
    """Residual blocks between a first convolution and pixel shuffles by two: the shape of EDSR."""

    def __init__(self, channels: int, blocks: int, scale: int) -> None:
        super().__init__()

        def same() -> nn.Module:
            return nn.Conv2d(channels, channels, 3, padding=1)

        self.first, self.last = nn.Conv2d(3, channels, 3, padding=1), nn.Conv2d(channels, 3, 3, padding=1)
        self.blocks = nn.ModuleList(nn.Sequential(same(), nn.ReLU(), same()) for _ in range(blocks))
        self.enlarge = nn.Sequential(
            *(
                nn.Sequential(nn.Conv2d(channels, 4 * channels, 3, padding=1), nn.PixelShuffle(2))
                for _ in range(scale.bit_length() - 1)
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        y = first = self.first(x)
        for block in self.blocks:
            y = y + block(y)
        return self.last(self.enlarge(y + first))
