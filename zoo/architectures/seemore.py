"""SeemoRe: Zamfir et al., "See More Details: Efficient Image Super-Resolution by Experts Mining", ICML 2024.

Key names of the authors' code: `conv_1, body.i.{local_block, global_block}, norm, conv_2, upsampler`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.architectures.architecture import Architecture, Hyperparameters, Reading, StateDict, count, has_keys
from zoo.architectures.layers import DIV2K_MEAN, ChannelNorm, conv3

PUBLISHED = {(36, 6): (True, 2), (48, 8): (True, 2), (48, 16): (False, 1)}
"""Whether channels are shuffled and how often the context is reduced, by channels and groups of T, B and L."""


class StripedConvolution(nn.Module):
    """A depthwise kernel of one row, then one of one column."""

    def __init__(self, channels: int, kernel: int) -> None:
        super().__init__()
        half = kernel // 2
        self.conv = nn.Sequential(
            nn.Conv2d(channels, channels, (1, kernel), padding=(0, half), groups=channels),
            nn.Conv2d(channels, channels, (kernel, 1), padding=(half, 0), groups=channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class Expert(nn.Module):
    """A product of features and context in few dimensions."""

    def __init__(self, channels: int, rank: int) -> None:
        super().__init__()
        self.conv_1 = nn.Conv2d(channels, rank, 1)
        self.conv_2 = nn.Conv2d(channels, rank, 1)
        self.conv_3 = nn.Conv2d(rank, channels, 1)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        return self.conv_3(self.conv_2(context) * self.conv_1(x))


class Router(nn.Module):
    """The weight of each expert, from the means of all channels."""

    def __init__(self, channels: int, experts: int) -> None:
        super().__init__()
        linear = nn.Linear(channels, experts, bias=False)
        self.body = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), linear)

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x).softmax(1)


class ExpertMixture(nn.Module):
    """The `topk` experts of the largest weights, for each picture by itself, added to the input."""

    def __init__(self, channels: int, ranks: Sequence[int], topk: int) -> None:
        super().__init__()
        self.experts = nn.ModuleList(Expert(channels, rank) for rank in ranks)
        self.gate = Router(channels, len(ranks))
        self.topk = topk

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        weights = self.gate(x)
        largest, chosen = weights.topk(self.topk)
        weights = torch.zeros_like(weights).scatter(1, chosen, largest)
        y = x
        for i, expert in enumerate(self.experts):
            y = y + expert(x, context) * weights[:, i, None, None, None]
        return y


class ExpertBlock(nn.Module):
    """Features and a context of lower resolution, mixed by experts."""

    def __init__(self, channels: int, ranks: Sequence[int], *, topk: int, use_shuffle: bool, recursive: int) -> None:
        super().__init__()
        self.use_shuffle, self.recursive = use_shuffle, recursive
        self.conv_1 = nn.Sequential(conv3(channels, channels), nn.GELU(), nn.Conv2d(channels, 2 * channels, 1))
        self.agg_conv = nn.Sequential(nn.Conv2d(channels, channels, 4, stride=4, groups=channels), nn.GELU())
        self.conv = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, groups=channels), nn.Conv2d(channels, channels, 1)
        )
        self.conv_2 = nn.Sequential(StripedConvolution(channels, 3), nn.GELU())
        self.moe_layer = ExpertMixture(channels, ranks, topk)
        self.proj = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv_1(x)
        if self.use_shuffle:
            y = F.channel_shuffle(y, 2)
        features, context = y.chunk(2, 1)
        small = context
        for _ in range(self.recursive):
            small = self.agg_conv(small)
        small = F.interpolate(self.conv(small), x.shape[2:], mode="bilinear", align_corners=False)
        return self.proj(self.moe_layer(self.conv_2(features), context + small))


class GatedFeedForward(nn.Module):
    """One half of the channels times a depthwise convolution of the other."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fn_1 = nn.Sequential(nn.Conv2d(channels, 2 * channels, 1), nn.GELU())
        self.fn_2 = nn.Sequential(nn.Conv2d(channels, channels, 1), nn.GELU())
        self.gate = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)

    def forward(self, x: Tensor) -> Tensor:
        kept, gate = self.fn_1(x).chunk(2, 1)
        return self.fn_2(kept * self.gate(gate))


class StripedAttention(nn.Module):
    """Values times striped convolutions of queries."""

    def __init__(self, channels: int, kernel: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(channels, channels, 1)
        self.to_qv = nn.Sequential(nn.Conv2d(channels, 2 * channels, 1), nn.GELU())
        self.attn = StripedConvolution(channels, kernel)

    def forward(self, x: Tensor) -> Tensor:
        query, value = self.to_qv(x).chunk(2, 1)
        return self.proj(self.attn(query) * value)


class MiningBlock(nn.Module):
    """A block and a feed-forward layer, each normalised before and added to its input (RME, SME)."""

    def __init__(self, channels: int, block: nn.Module) -> None:
        super().__init__()
        self.norm_1 = ChannelNorm(channels)
        self.block = block
        self.norm_2 = ChannelNorm(channels)
        self.ffn = GatedFeedForward(channels)

    def forward(self, x: Tensor) -> Tensor:
        x = self.block(self.norm_1(x)) + x
        return self.ffn(self.norm_2(x)) + x


class SeemoRe(nn.Module):
    """Groups of a local block of experts and a global striped block under one skip connection, and a pixel shuffle."""

    def __init__(
        self,
        *,
        channels: int,
        groups: int,
        ranks: Sequence[int],
        scale: int,
        kernel: int = 11,
        topk: int = 1,
        use_shuffle: bool = True,
        recursive: int = 2,
        img_range: float = 1.0,
    ) -> None:
        """`ranks` are the experts' dimensions, of which `topk` experts serve a picture."""
        super().__init__()
        self.img_range = img_range
        self.conv_1 = conv3(3, channels)
        self.body = nn.ModuleList()
        for _ in range(groups):
            experts = ExpertBlock(channels, ranks, topk=topk, use_shuffle=use_shuffle, recursive=recursive)
            local, wide = MiningBlock(channels, experts), MiningBlock(channels, StripedAttention(channels, kernel))
            self.body.append(nn.ModuleDict({"local_block": local, "global_block": wide}))
        self.norm = ChannelNorm(channels)
        self.conv_2 = conv3(channels, channels)
        self.upsampler = nn.Sequential(conv3(channels, 3 * scale**2), nn.PixelShuffle(scale))

    def forward(self, x: Tensor) -> Tensor:
        mean = x.new_tensor(DIV2K_MEAN).view(1, 3, 1, 1)
        features = y = self.conv_1((x - mean) * self.img_range)
        for group in self.body:
            for block in group.children():
                y = block(y)
        return self.upsampler(self.conv_2(self.norm(y)) + features) / self.img_range + mean


def infer(state: StateDict) -> Hyperparameters:
    experts = "body.0.local_block.block.moe_layer.experts"
    channels, groups = state["conv_1.weight"].shape[0], count(state, r"body\.(\d+)\.")
    use_shuffle, recursive = PUBLISHED.get((channels, groups), (True, 2))
    return {
        "channels": channels,
        "groups": groups,
        "ranks": [state[f"{experts}.{i}.conv_1.weight"].shape[0] for i in range(count(state, rf"{experts}\.(\d+)\."))],
        "scale": round((state["upsampler.0.weight"].shape[0] / 3) ** 0.5),
        "kernel": state["body.0.global_block.block.attn.conv.0.weight"].shape[-1],
        "topk": 1,
        "use_shuffle": use_shuffle,
        "recursive": recursive,
        "img_range": 1.0,
    }


def readings(state: StateDict) -> tuple[Reading, ...]:
    """What no weights tell: all of it for sizes that were not published."""
    found = infer(state)
    if (found["channels"], found["groups"]) in PUBLISHED:
        return ()
    numbers = range(1, min(len(found["ranks"]), 2) + 1)
    return tuple(
        Reading(1.0, {"use_shuffle": shuffled, "recursive": recursive, "topk": topk})
        for topk, recursive, shuffled in product(numbers, (2, 1), (True, False))
    )


ARCHITECTURE = Architecture(
    id="seemore",
    name="SeemoRe",
    build=SeemoRe,
    detect=has_keys(
        "conv_1.weight",
        "body.0.local_block.block.agg_conv.0.weight",
        "body.0.local_block.block.moe_layer.experts.0.conv_1.weight",
        "body.0.global_block.block.attn.conv.0.weight",
        "upsampler.0.weight",
    ),
    infer=infer,
    readings=readings,
    # The context is reduced by four, twice.
    minimum_size=16,
)
