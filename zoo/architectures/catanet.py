"""CATANet: Liu et al., "CATANet: Efficient Content-Aware Token Aggregation for Lightweight SR", CVPR 2025.

Key names of the authors' code: `first_conv, blocks.i.0.{norm, mlp, irca_attn, iasa_attn, means, initted, conv1x1},
blocks.i.1.layer, mid_convs, upconv…, last_conv`. Token centres are those that training left; places of one centre keep
the picture's order, which the authors' unstable sort leaves open.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.architectures.architecture import Architecture, Hyperparameters, StateDict, count, has_keys
from zoo.architectures.layers import ConvolutionalPerceptron, conv3

PATCHES = (16, 20, 24, 28)
GROUPS = (256, 128, 64, 32)
"""Sides of local patches and sizes of token groups of the published network's blocks, over and over."""
HEADS = 4
OVERLAP = 2


def heads_apart(x: Tensor, heads: int) -> Tensor:
    """[..., n, C] to [..., heads, n, c]."""
    return x.unflatten(-1, (heads, -1)).transpose(-3, -2)


class Attention(nn.Module):
    """Attention among all tokens of a patch."""

    def __init__(self, channels: int, inner: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.to_q = nn.Linear(channels, inner, bias=False)
        self.to_k = nn.Linear(channels, inner, bias=False)
        self.to_v = nn.Linear(channels, channels, bias=False)
        self.proj = nn.Linear(channels, channels, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """[..., n, C]."""
        q, k, v = (heads_apart(layer(x), self.heads) for layer in (self.to_q, self.to_k, self.to_v))
        return self.proj(F.scaled_dot_product_attention(q, k, v).transpose(-3, -2).flatten(-2))


class GroupedAttention(Attention):
    """Attention of sorted tokens to their own and the next group, and to all centres (IASA and IRCA)."""

    def __init__(self, channels: int, inner: int, heads: int, group: int) -> None:
        super().__init__(channels, inner, heads)
        self.group = group

    def grouped(self, x: Tensor, order: Tensor, centre_keys: Tensor, centre_values: Tensor) -> Tensor:
        """[B, n, C] in the order [B, n] of their centres; keys and values of the centres are [B or 1, m, C]."""
        places = x.shape[1]
        size = min(places, self.group)
        groups = -(-places // size)
        q, k, v = (layer(x).take_along_dim(order[..., None], 1) for layer in (self.to_q, self.to_k, self.to_v))
        q = self._continued(q, groups * size).unflatten(1, (groups, size))
        k, v = (self._continued(part, (groups + 1) * size).unfold(1, 2 * size, size).transpose(2, 3) for part in (k, v))
        q, k, v = (heads_apart(part, self.heads) for part in (q, k, v))
        near = F.scaled_dot_product_attention(q, k, v)
        keys, values = (heads_apart(part, self.heads)[:, None] for part in (centre_keys, centre_values))
        shape = q.shape[:2]
        far = F.scaled_dot_product_attention(q, keys.expand(*shape, -1, -1, -1), values.expand(*shape, -1, -1, -1))
        y = (near + far).transpose(2, 3).flatten(3).flatten(1, 2)[:, :places]
        return self.proj(y.take_along_dim(order.argsort(1)[..., None], 1))

    @staticmethod
    def _continued(x: Tensor, length: int) -> Tensor:
        """[B, n, C] continued to `length` by its mirror image, the last token twice."""
        places = torch.arange(length, device=x.device) % (2 * x.shape[1])
        return x[:, torch.minimum(places, 2 * x.shape[1] - 1 - places)]


class CentreProjection(nn.Module):
    """Keys and values of the token centres."""

    def __init__(self, channels: int, inner: int) -> None:
        super().__init__()
        self.to_k = nn.Linear(channels, inner, bias=False)
        self.to_v = nn.Linear(channels, channels, bias=False)


class NormalisedBefore(nn.Module):
    """A layer of normalised features."""

    def __init__(self, channels: int, layer: nn.Module) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)
        self.fn = layer

    def forward(self, x: Tensor) -> Tensor:
        return self.fn(self.norm(x))


class TokenAggregation(nn.Module):
    """Attention among tokens that are near the same centre, and a perceptron (TAB)."""

    means: Tensor
    initted: Tensor

    def __init__(self, channels: int, inner: int, hidden: int, heads: int, centres: int, group: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)
        self.mlp = NormalisedBefore(channels, ConvolutionalPerceptron(channels, hidden))
        self.irca_attn = CentreProjection(channels, inner)
        self.iasa_attn = GroupedAttention(channels, inner, heads, group)
        self.register_buffer("means", torch.randn(centres, channels))
        self.register_buffer("initted", torch.tensor(True))
        self.conv1x1 = nn.Conv2d(channels, channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """[B, h, w, C]."""
        tokens = self.norm(x).flatten(1, 2)
        centres = self.means[None] if bool(self.initted) else self._first_centres(tokens.detach())
        keys, values = self.irca_attn.to_k(centres), self.irca_attn.to_v(centres)
        likeness = F.normalize(tokens.detach(), dim=-1) @ F.normalize(centres, dim=-1).transpose(1, 2)
        order = likeness.argmax(-1).argsort(dim=-1, stable=True)
        y = self.iasa_attn.grouped(tokens, order, keys, values).unflatten(1, x.shape[1:3])
        x = x + self.conv1x1(y.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        return x + self.mlp(x)

    def _first_centres(self, tokens: Tensor) -> Tensor:
        """Of a network that was never trained: means of equal stretches of the tokens."""
        number = len(self.means)
        added = number - tokens.shape[1] % number
        tokens = torch.cat([tokens, tokens[:, -added:].flip(1)], 1)
        return tokens.unflatten(1, (number, -1)).mean(2)


class LocalAttention(nn.Module):
    """Attention within patches that overlap by two places, and a perceptron (LRSA)."""

    def __init__(self, channels: int, inner: int, hidden: int, heads: int, patch: int) -> None:
        super().__init__()
        self.patch = patch
        self.layer = nn.ModuleList(
            [
                NormalisedBefore(channels, Attention(channels, inner, heads)),
                NormalisedBefore(channels, ConvolutionalPerceptron(channels, hidden)),
            ]
        )

    def forward(self, x: Tensor) -> Tensor:
        """[B, h, w, C]; where patches overlap, their mean."""
        rows, rows_shared = self._places(x.shape[1], x.device)
        columns, columns_shared = self._places(x.shape[2], x.device)
        attend, mix = self.layer
        patches = x[:, rows.flatten()].unflatten(1, rows.shape)[:, :, :, columns.flatten()]
        patches = patches.unflatten(3, columns.shape).transpose(2, 3)
        tokens = patches.flatten(3, 4)
        patches = (attend(tokens) + tokens).view(patches.shape).transpose(2, 3).flatten(3, 4).flatten(1, 2)
        y = x.new_zeros(*patches.shape[:2], x.shape[2], x.shape[3]).index_add(2, columns.flatten(), patches)
        y = torch.zeros_like(x).index_add(1, rows.flatten(), y)
        x = y / (rows_shared[:, None, None] * columns_shared[:, None]).to(y)
        return x + mix(x)

    def _places(self, length: int, device: torch.device) -> tuple[Tensor, Tensor]:
        """Places of each patch along one side, [patches, side], and by how much their sum is divided, [length].

        The last patch is moved back into the picture; what it shares with the one before is halved.
        """
        side = min(self.patch, length)
        step = max(side - OVERLAP, 1)
        starts = [0] if side == length else list(range(0, length + step - side, step))
        shared = torch.ones(length, device=device)
        for start in starts[1:]:
            first = min(start, length - side)
            shared[first : start + side - step] *= 2
        first = torch.tensor([min(start, length - side) for start in starts], device=device)
        return first[:, None] + torch.arange(side, device=device), shared


class CATANet(nn.Module):
    """Blocks of token aggregation and local attention, pixel shuffles, and the enlarged input added."""

    def __init__(
        self,
        *,
        channels: int,
        centres: Sequence[int],
        inner: int,
        hidden: int,
        scale: int,
        patches: Sequence[int] = (),
        groups: Sequence[int] = (),
        heads: int = HEADS,
    ) -> None:
        """`centres`, `patches` and `groups` are numbers of centres, sides of patches and sizes of groups, by block."""
        super().__init__()
        self.scale = scale
        patches, groups = patches or over_and_over(PATCHES, len(centres)), groups or over_and_over(GROUPS, len(centres))
        self.first_conv = conv3(3, channels)
        self.blocks = nn.ModuleList(
            nn.Sequential(
                TokenAggregation(channels, inner, hidden, heads, number, group),
                LocalAttention(channels, inner, hidden, heads, patch),
            )
            for number, patch, group in zip(centres, patches, groups, strict=True)
        )
        self.mid_convs = nn.ModuleList(conv3(channels, channels) for _ in centres)
        self.steps = [2, 2] if scale == 4 else [scale]
        names = ["upconv1", "upconv2"] if scale == 4 else ["upconv"]
        self.upsampling = dict(zip(names, self.steps, strict=True)) if scale > 1 else {}
        for name, step in self.upsampling.items():
            self.add_module(name, conv3(channels, channels * step**2))
        self.last_conv = conv3(channels, 3)

    def forward(self, x: Tensor) -> Tensor:
        base = F.interpolate(x, scale_factor=self.scale, mode="bilinear", align_corners=False) if self.scale > 1 else x
        first = y = self.first_conv(x)
        for block, convolution in zip(self.blocks, self.mid_convs, strict=True):
            y = y + convolution(block(y.permute(0, 2, 3, 1)).permute(0, 3, 1, 2))
        y = y + first
        for name, step in self.upsampling.items():
            y = F.leaky_relu(F.pixel_shuffle(getattr(self, name)(y), step), 0.1)
        return self.last_conv(y) + base


def over_and_over(published: Sequence[int], blocks: int) -> list[int]:
    """The published values for any number of blocks."""
    return [published[i % len(published)] for i in range(blocks)]


def infer(state: StateDict) -> Hyperparameters:
    blocks = count(state, r"blocks\.(\d+)\.0\.means")
    first = "blocks.0.0"
    scale = 4 if "upconv1.weight" in state else 1
    if "upconv.weight" in state:
        out, channels = state["upconv.weight"].shape[:2]
        scale = round((out / channels) ** 0.5)
    return {
        "channels": state["first_conv.weight"].shape[0],
        "centres": [state[f"blocks.{i}.0.means"].shape[0] for i in range(blocks)],
        "inner": state[f"{first}.iasa_attn.to_q.weight"].shape[0],
        "hidden": state[f"{first}.mlp.fn.fc1.weight"].shape[0],
        "scale": scale,
        "patches": over_and_over(PATCHES, blocks),
        "groups": over_and_over(GROUPS, blocks),
        "heads": HEADS,
    }


ARCHITECTURE = Architecture(
    id="catanet",
    name="CATANet",
    build=CATANet,
    detect=has_keys(
        "first_conv.weight", "blocks.0.0.means", "blocks.0.0.iasa_attn.to_q.weight", "blocks.0.1.layer.0.fn.to_q.weight"
    ),
    infer=infer,
)
"""No weights tell the sides of patches, the sizes of groups and the number of heads: those published are taken."""
