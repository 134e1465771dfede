"""X-Restormer: Chen et al., "A Comparative Study of Image Restoration Networks for General Backbone Design", ECCV 2024.

A network of the picture's final size: to enlarge, the input is enlarged first. Key names of the authors' code:
`patch_embed, encoder_level1 …, down1_2 …, latent, up4_3 …, reduce_chan_level3 …, decoder_level3 …, refinement, output`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.architectures.architecture import Architecture, Hyperparameters, Reading, StateDict, count, has_keys
from zoo.architectures.windows import check_side, into_windows, mirrored, out_of_windows

LEVELS = ("encoder_level1", "encoder_level2", "encoder_level3", "latent")
SCALES = (4, 2, 3, 1)
"""Scales that a file may be meant for, the published one of super-resolution first."""


class ChannelNorm(nn.Module):
    """Layer normalisation of the channels of [B, C, h, w]; without a bias, the mean stays."""

    def __init__(self, channels: int, *, bias: bool) -> None:
        super().__init__()
        self.body = nn.LayerNorm(channels, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        x = x.permute(0, 2, 3, 1)
        if self.body.bias is None:
            y = x / torch.sqrt(x.var(-1, keepdim=True, correction=0) + self.body.eps) * self.body.weight
        else:
            y = self.body(x)
        return y.permute(0, 3, 1, 2)


class GatedFeedForward(nn.Module):
    """One half of depthwise convolutions gates the other (GDFN)."""

    def __init__(self, channels: int, hidden: int, *, bias: bool) -> None:
        super().__init__()
        wide = 2 * hidden
        self.project_in = nn.Conv2d(channels, wide, 1, bias=bias)
        self.dwconv = nn.Conv2d(wide, wide, 3, padding=1, groups=wide, bias=bias)
        self.project_out = nn.Conv2d(hidden, channels, 1, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        gate, kept = self.dwconv(self.project_in(x)).chunk(2, 1)
        return self.project_out(F.gelu(gate) * kept)


class ChannelAttention(nn.Module):
    """Attention among channels, by their likeness over the whole picture (MDTA)."""

    def __init__(self, channels: int, heads: int, *, bias: bool) -> None:
        super().__init__()
        self.heads = heads
        self.temperature = nn.Parameter(torch.ones(heads, 1, 1))
        self.qkv = nn.Conv2d(channels, 3 * channels, 1, bias=bias)
        self.qkv_dwconv = nn.Conv2d(3 * channels, 3 * channels, 3, padding=1, groups=3 * channels, bias=bias)
        self.project_out = nn.Conv2d(channels, channels, 1, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv_dwconv(self.qkv(x)).flatten(2).unflatten(1, (3, self.heads, -1)).unbind(1)
        weights = (F.normalize(q, dim=-1) @ F.normalize(k, dim=-1).transpose(-2, -1) * self.temperature).softmax(-1)
        return self.project_out((weights @ v).flatten(1, 2).view(x.shape))


class OffsetScores(nn.Module):
    """What a query adds to its score for a key, by their offset in height and in width."""

    def __init__(self, window: int, reach: int, channels: int) -> None:
        super().__init__()
        self.window, self.reach = window, reach
        self.rel_height, self.rel_width = (
            nn.Parameter(torch.randn(2 * reach - 1, channels) * channels**-0.5) for _ in range(2)
        )

    def forward(self, query: Tensor) -> Tensor:
        """[..., window², c] to [..., window², reach²]."""
        device = query.device
        offsets = torch.arange(self.reach, device=device) - torch.arange(self.window, device=device)[:, None]
        places = offsets + self.reach - 1
        query = query.unflatten(-2, (self.window, self.window))
        height = torch.einsum("...xyd,xid->...xyi", query, self.rel_height[places])
        width = torch.einsum("...xyd,yjd->...xyj", query, self.rel_width[places])
        return (height[..., None] + width[..., None, :]).flatten(-2).flatten(-3, -2)


class OverlappingAttention(nn.Module):
    """Attention of a window's places to those of a larger window around it (OCA)."""

    def __init__(self, channels: int, window: int, reach: int, heads: int, inner: int, *, bias: bool) -> None:
        super().__init__()
        self.window, self.reach, self.heads = window, reach, heads
        self.qkv = nn.Conv2d(channels, 3 * inner, 1, bias=bias)
        self.project_out = nn.Conv2d(inner, channels, 1, bias=bias)
        self.rel_pos_emb = OffsetScores(window, reach, inner // heads)

    def forward(self, x: Tensor) -> Tensor:
        query, *others = self.qkv(x).chunk(3, 1)
        planes = query.permute(0, 2, 3, 1)
        q = self._by_head(into_windows(planes, self.window)) * (query.shape[1] // self.heads) ** -0.5
        k, v = (self._by_head(self._around(part)) for part in others)
        y = ((q @ k.transpose(-2, -1) + self.rel_pos_emb(q)).softmax(-1) @ v).transpose(1, 2).flatten(2)
        return self.project_out(out_of_windows(y, self.window, planes.shape).permute(0, 3, 1, 2))

    def _by_head(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def _around(self, x: Tensor) -> Tensor:
        """[B, C, h, w] to [B · windows, reach², C]; zeros lie around the picture."""
        edge = (self.reach - self.window) // 2
        x = F.pad(x, (edge, edge, edge, edge))
        parts = x.unfold(2, self.reach, self.window).unfold(3, self.reach, self.window)
        return parts.permute(0, 2, 3, 4, 5, 1).flatten(3, 4).flatten(0, 2)


class TransformerBlock(nn.Module):
    """Attention among channels, then among places, each with a feed-forward layer and added to its input."""

    def __init__(
        self,
        channels: int,
        hidden: int,
        heads: int,
        spatial: tuple[int, int],
        window: int,
        reach: int,
        *,
        bias: bool,
        norm_bias: bool,
    ) -> None:
        """`spatial` are heads and channels of the attention among places."""
        super().__init__()
        self.spatial_attn = OverlappingAttention(channels, window, reach, *spatial, bias=bias)
        self.channel_attn = ChannelAttention(channels, heads, bias=bias)
        self.norm1, self.norm2, self.norm3, self.norm4 = (ChannelNorm(channels, bias=norm_bias) for _ in range(4))
        self.channel_ffn = GatedFeedForward(channels, hidden, bias=bias)
        self.spatial_ffn = GatedFeedForward(channels, hidden, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.channel_attn(self.norm1(x))
        x = x + self.channel_ffn(self.norm2(x))
        x = x + self.spatial_attn(self.norm3(x))
        return x + self.spatial_ffn(self.norm4(x))


class Resizing(nn.Module):
    """A convolution and a pixel shuffle, to half or twice the size."""

    def __init__(self, channels: int, *, larger: bool) -> None:
        super().__init__()
        wide, shuffle = (2 * channels, nn.PixelShuffle(2)) if larger else (channels // 2, nn.PixelUnshuffle(2))
        self.body = nn.Sequential(nn.Conv2d(channels, wide, 3, padding=1, bias=False), shuffle)

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x)


class XRestormer(nn.Module):
    """A U-net of four levels on the picture enlarged by bilinear interpolation, which is added to its output.

    A picture that does not divide into whole windows on every level is continued by its mirror image.
    """

    def __init__(
        self,
        *,
        channels: int,
        blocks: Sequence[int],
        refinement: int,
        hidden: Sequence[int],
        channel_heads: Sequence[int],
        spatial_heads: Sequence[int],
        head_channels: int,
        scale: int,
        window: int = 8,
        reach: int = 12,
        bias: bool = False,
        norm_bias: bool = True,
    ) -> None:
        """`blocks`, `hidden` and the heads are given for the four levels, for decoders as for encoders."""
        super().__init__()
        self.scale = scale
        unit = check_side(8 * window)
        self.multiple = unit // math.gcd(unit, scale)

        def stage(level: int, width: int, number: int, inner: int) -> nn.Sequential:
            spatial = spatial_heads[level], spatial_heads[level] * head_channels
            return nn.Sequential(
                *(
                    TransformerBlock(
                        width, inner, channel_heads[level], spatial, window, reach, bias=bias, norm_bias=norm_bias
                    )
                    for _ in range(number)
                )
            )

        self.patch_embed = nn.ModuleDict({"proj": nn.Conv2d(3, channels, 3, padding=1, bias=False)})
        self.encoder_level1 = stage(0, channels, blocks[0], hidden[0])
        self.down1_2 = Resizing(channels, larger=False)
        self.encoder_level2 = stage(1, 2 * channels, blocks[1], hidden[1])
        self.down2_3 = Resizing(2 * channels, larger=False)
        self.encoder_level3 = stage(2, 4 * channels, blocks[2], hidden[2])
        self.down3_4 = Resizing(4 * channels, larger=False)
        self.latent = stage(3, 8 * channels, blocks[3], hidden[3])
        self.up4_3 = Resizing(8 * channels, larger=True)
        self.reduce_chan_level3 = nn.Conv2d(8 * channels, 4 * channels, 1, bias=bias)
        self.decoder_level3 = stage(2, 4 * channels, blocks[2], hidden[2])
        self.up3_2 = Resizing(4 * channels, larger=True)
        self.reduce_chan_level2 = nn.Conv2d(4 * channels, 2 * channels, 1, bias=bias)
        self.decoder_level2 = stage(1, 2 * channels, blocks[1], hidden[1])
        self.up2_1 = Resizing(2 * channels, larger=True)
        # The first level is as wide as the second on its way back: nothing reduces what is put together there.
        self.decoder_level1 = stage(0, 2 * channels, blocks[0], hidden[1])
        self.refinement = stage(0, 2 * channels, refinement, hidden[1])
        self.output = nn.Conv2d(2 * channels, 3, 3, padding=1, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        height, width = (side * self.scale for side in x.shape[2:])
        x = mirrored(x, self.multiple)
        if self.scale > 1:
            x = F.interpolate(x, scale_factor=self.scale, mode="bilinear", align_corners=False)
        first = self.encoder_level1(self.patch_embed["proj"](x))
        second = self.encoder_level2(self.down1_2(first))
        third = self.encoder_level3(self.down2_3(second))
        y = self.latent(self.down3_4(third))
        y = self.decoder_level3(self.reduce_chan_level3(torch.cat([self.up4_3(y), third], 1)))
        y = self.decoder_level2(self.reduce_chan_level2(torch.cat([self.up3_2(y), second], 1)))
        y = self.refinement(self.decoder_level1(torch.cat([self.up2_1(y), first], 1)))
        return (self.output(y) + x)[..., :height, :width]


def infer(state: StateDict) -> Hyperparameters:
    firsts = [f"{level}.0" for level in LEVELS]
    offsets, head_channels = state[f"{firsts[0]}.spatial_attn.rel_pos_emb.rel_height"].shape
    reach = (offsets + 1) // 2
    return {
        "channels": state["patch_embed.proj.weight"].shape[0],
        "blocks": [count(state, rf"{level}\.(\d+)\.") for level in LEVELS],
        "refinement": count(state, r"refinement\.(\d+)\."),
        "hidden": [state[f"{first}.channel_ffn.project_out.weight"].shape[1] for first in firsts],
        "channel_heads": [state[f"{first}.channel_attn.temperature"].shape[0] for first in firsts],
        "spatial_heads": [
            state[f"{first}.spatial_attn.project_out.weight"].shape[1] // head_channels for first in firsts
        ],
        "head_channels": head_channels,
        "scale": SCALES[0],
        # Windows reach half their side further, as published.
        "window": round(reach / 1.5),
        "reach": reach,
        "bias": "output.bias" in state,
        "norm_bias": f"{firsts[0]}.norm1.body.bias" in state,
    }


def readings(state: StateDict) -> tuple[Reading, ...]:
    """No weights tell the scale."""
    return tuple(Reading(1.0, {"scale": scale}) for scale in SCALES)


ARCHITECTURE = Architecture(
    id="x-restormer",
    name="X-Restormer",
    build=XRestormer,
    detect=has_keys(
        "patch_embed.proj.weight",
        "encoder_level1.0.spatial_attn.rel_pos_emb.rel_height",
        "encoder_level1.0.channel_attn.temperature",
        "latent.0.norm1.body.weight",
        "output.weight",
    ),
    infer=infer,
    readings=readings,
)
