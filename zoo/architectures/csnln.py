"""CSNLN: Mei et al., "Image Super-Resolution with Cross-Scale Non-Local Attention and Exhaustive Self-Exemplars
Mining", CVPR 2020.

Key names of the authors' code: `sub_mean, SEM, add_mean, head, tail`. One cell (SEM) is run again and again; its
estimates at the SR size are joined by the tail. The published code takes no picture whose sides are no multiples of the
attention's step (2, at ×3 3); here the mirror image goes on.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.architectures.architecture import Architecture, Hyperparameters, StateDict, has_keys
from zoo.architectures.layers import MeanShift, conv3, range_of_mean_shift

MATCHED = 3
"""Side of the squares of reduced features that places are compared with."""
SHARPNESS = 10
"""Factor of the likeness before the softmax."""
OVERLAP = 6.0
"""What sums of overlapping squares are divided by, at every scale."""


def activated(convolution: nn.Module) -> nn.Sequential:
    """A convolution and a PReLU of one slope."""
    return nn.Sequential(convolution, nn.PReLU())


class InScaleAttention(nn.Module):
    """Every place receives features of all places, weighted by their likeness."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.conv_match1 = activated(nn.Conv2d(channels, hidden, 1))
        self.conv_match2 = activated(nn.Conv2d(channels, hidden, 1))
        self.conv_assembly = activated(nn.Conv2d(channels, channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        asking, asked, given = (f(x).flatten(2) for f in (self.conv_match1, self.conv_match2, self.conv_assembly))
        weights = torch.softmax(torch.bmm(asking.transpose(1, 2), asked), dim=2)
        return torch.bmm(weights, given.transpose(1, 2)).transpose(1, 2).reshape(x.shape)


class CrossScaleAttention(nn.Module):
    """Enlarges by `step`: every place receives the squares of which the reduced features look like its surroundings."""

    escape_NaN: Tensor

    def __init__(self, channels: int, hidden: int, step: int) -> None:
        super().__init__()
        self.step = step
        self.register_buffer("escape_NaN", torch.tensor([1e-4]))
        self.conv_match_1 = activated(nn.Conv2d(channels, hidden, 1))
        self.conv_match_2 = activated(nn.Conv2d(channels, hidden, 1))
        self.conv_assembly = activated(nn.Conv2d(channels, channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self._enlarged(one) for one in x.split(1)])

    def _enlarged(self, x: Tensor) -> Tensor:
        """Of one picture [1, C, h, w], [1, C, step·h, step·w]."""
        side = MATCHED * self.step
        squares = F.unfold(self.conv_assembly(x), side, padding=self.step, stride=self.step)
        reduced = self.conv_match_2(F.interpolate(x, scale_factor=1 / self.step, mode="bilinear"))
        kernels = F.unfold(reduced, MATCHED, padding=MATCHED // 2)[0].T
        # The root of the larger one, whose gradient is finite, where the published code has the larger root.
        norm = torch.maximum(kernels.square().sum(1, keepdim=True), self.escape_NaN**2).sqrt()
        kernels = (kernels / norm).unflatten(1, (-1, MATCHED, MATCHED))
        likeness = F.conv2d(self.conv_match_1(x), kernels, padding=MATCHED // 2)
        weights = torch.softmax(SHARPNESS * likeness, dim=1)
        squares = squares[0].T.unflatten(1, (-1, side, side))
        return F.conv_transpose2d(weights, squares, stride=self.step, padding=self.step) / OVERLAP


class Residual(nn.Module):
    """Two convolutions with a PReLU between them, added to the input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(conv3(channels, channels), nn.PReLU(), conv3(channels, channels))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class MultiSourceProjection(nn.Module):
    """Enlarges by `step` twice, in scale and across scales, and corrects the one by what the other has beyond it."""

    def __init__(self, channels: int, hidden: int, step: int) -> None:
        super().__init__()
        self.up_attention = CrossScaleAttention(channels, hidden, step)
        self.down_attention = InScaleAttention(channels, hidden)
        self.upsample = enlarging(channels, step)
        self.encoder = Residual(channels)

    def forward(self, x: Tensor) -> Tensor:
        in_scale = self.upsample(self.down_attention(x))
        return in_scale + self.encoder(self.up_attention(x) - in_scale)


def enlarging(channels: int, step: int) -> nn.Sequential:
    """A transposed convolution that enlarges by `step`."""
    side, padding = _sides(step)
    return activated(nn.ConvTranspose2d(channels, channels, side, stride=step, padding=padding))


def reducing(channels: int, step: int) -> nn.Sequential:
    """A convolution that reduces by `step`."""
    side, padding = _sides(step)
    return activated(nn.Conv2d(channels, channels, side, stride=step, padding=padding))


def _sides(step: int) -> tuple[int, int]:
    """Kernel and padding that go with a step."""
    return {2: (6, 2), 3: (9, 3), 4: (8, 2)}[step]


class RecurrentProjection(nn.Module):
    """From features to the next features, and to an estimate at the SR size, which is held against them (SEM)."""

    def __init__(self, channels: int, hidden: int, scale: int) -> None:
        super().__init__()
        step = step_of(scale)
        self.multi_source_projection = MultiSourceProjection(channels, hidden, step)
        self.down_sample_1 = reducing(channels, step)
        self.error_encode = enlarging(channels, step)
        self.post_conv = activated(conv3(channels, channels))
        self.twice = scale == 4
        if self.twice:
            self.multi_source_projection_2 = MultiSourceProjection(channels, hidden, step)
            self.down_sample_3 = reducing(channels, scale)
            self.down_sample_4 = reducing(channels, scale)
            self.error_encode_2 = enlarging(channels, scale)
        else:
            self.down_sample_2 = reducing(channels, step)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        estimate = self.multi_source_projection(x)
        estimate = estimate + self.error_encode(x - self.down_sample_1(estimate))
        if not self.twice:
            return self.post_conv(self.down_sample_2(estimate)), estimate
        estimate = self.multi_source_projection_2(estimate)
        estimate = estimate + self.error_encode_2(x - self.down_sample_3(estimate))
        return self.post_conv(self.down_sample_4(estimate)), estimate


class CSNLN(nn.Module):
    """`depth` runs of one cell, whose estimates a convolution joins."""

    def __init__(
        self, *, channels: int, depth: int, scale: int, hidden: int | None = None, input_range: float = 255.0
    ) -> None:
        super().__init__()
        self.depth, self.scale = depth, scale
        self.sub_mean = MeanShift(input_range, -1)
        self.SEM = RecurrentProjection(channels, hidden or channels // 2, scale)
        self.add_mean = MeanShift(input_range, 1)
        self.head = nn.Sequential(activated(conv3(3, channels)), activated(conv3(channels, channels)))
        self.tail = nn.Sequential(conv3(channels * depth, 3))

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[2:]
        step = step_of(self.scale)
        if height % step or width % step:
            x = F.pad(x, (0, -width % step, 0, -height % step), mode="reflect")
        features, estimates = self.head(self.sub_mean(x)), []
        for _ in range(self.depth):
            features, estimate = self.SEM(features)
            estimates.append(estimate)
        y = self.add_mean(self.tail(torch.cat(estimates, 1)))
        return y[:, :, : height * self.scale, : width * self.scale]


def step_of(scale: int) -> int:
    """By how much one projection enlarges."""
    if scale not in (2, 3, 4):
        raise ValueError(f"projections reach the scales 2, 3, 4, not {scale}")
    return 3 if scale == 3 else 2


def infer(state: StateDict) -> Hyperparameters:
    channels = state["head.1.0.weight"].shape[0]
    step = 3 if state["SEM.error_encode.0.weight"].shape[2] == 9 else 2
    return {
        "channels": channels,
        "depth": state["tail.0.weight"].shape[1] // channels,
        "scale": 4 if "SEM.down_sample_4.0.weight" in state else step,
        "hidden": state["SEM.multi_source_projection.up_attention.conv_match_1.0.weight"].shape[0],
        "input_range": range_of_mean_shift("sub_mean.bias")(state),
    }


ARCHITECTURE = Architecture(
    id="csnln",
    name="CSNLN",
    build=CSNLN,
    detect=has_keys(
        "sub_mean.bias", "head.1.0.weight", "SEM.multi_source_projection.up_attention.conv_match_1.0.weight"
    ),
    infer=infer,
    input_range=range_of_mean_shift("sub_mean.bias"),
    minimum_size=4,
)
