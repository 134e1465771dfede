"""SRFormer: Zhou et al., "SRFormer: Permuted Self-Attention for Single Image Super-Resolution", ICCV 2023.

Key names of the authors' code, in the frame of SwinIR: `layers.i.residual_group.blocks.j.{norm1, attn, norm2, mlp}`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from typing_extensions import override

from zoo.architectures.architecture import Architecture, Hyperparameters, StateDict, has_keys
from zoo.architectures.layers import ConvolutionalPerceptron
from zoo.architectures.swin_frame import Reconstruction, SwinFrame, infer_frame
from zoo.architectures.windows import check_side, into_windows, mirrored, out_of_windows, parts, relative_places


def permuted_places(window: int) -> Tensor:
    """For each place of a window and each square of two by two, the index of their offset: [window², window²/4]."""
    half = window // 2
    places = relative_places(half).view(half, 1, half, 1, half**2)
    return places.expand(half, 2, half, 2, half**2).reshape(window**2, half**2)


class PermutedAttention(nn.Module):
    """Attention of a window's places to squares of two by two, whose channels are those of their four places (PSA)."""

    def __init__(self, channels: int, heads: int, window: int) -> None:
        super().__init__()
        self.heads, self.window = heads, window
        self.relative_position_bias_table = nn.Parameter(torch.randn((window - 1) ** 2, heads) * 0.02)
        self.register_buffer("aligned_relative_position_index", permuted_places(window))
        self.kv = nn.Linear(channels, channels // 2)
        self.q = nn.Linear(channels, channels)
        self.proj = nn.Linear(channels, channels)

    def forward(self, x: Tensor, forbidden: Tensor | None) -> Tensor:
        """Windows [B · windows, n, C]; `forbidden` [windows, n, n / 4] pairs do not see each other."""
        half = self.window // 2
        squares = self.kv(x).unflatten(1, (half, 2, half, 2)).unflatten(-1, (2, -1))
        squares = squares.permute(5, 0, 1, 3, 2, 4, 6).flatten(4).flatten(2, 3)
        key, value = squares.unflatten(-1, (self.heads, -1)).transpose(2, 3)
        query = self.q(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
        places = permuted_places(self.window).to(x.device)
        bias = self.relative_position_bias_table[places].permute(2, 0, 1)
        scores = query * query.shape[-1] ** -0.5 @ key.transpose(-2, -1) + bias
        if forbidden is not None:
            mask = forbidden.to(x)[:, None] * -100
            scores = (scores.unflatten(0, (-1, len(mask))) + mask).flatten(0, 1)
        return self.proj((scores.softmax(-1) @ value).transpose(1, 2).flatten(2))


def without_mask(module: nn.Module, state: dict[str, Any], prefix: str, *_: Any) -> None:
    """Drops the mask for the size of training from a state dict: it is computed for every size here."""
    state.pop(f"{prefix}attn_mask", None)


class PermutedBlock(nn.Module):
    """Permuted attention and a perceptron, each normalised before and added to its input."""

    def __init__(self, channels: int, heads: int, window: int, hidden: int, *, moved: bool) -> None:
        super().__init__()
        self.window, self.move = window, window // 2 if moved else 0
        self.norm1 = nn.LayerNorm(channels)
        self.attn = PermutedAttention(channels, heads, window)
        self.norm2 = nn.LayerNorm(channels)
        self.mlp = ConvolutionalPerceptron(channels, hidden)
        self.register_load_state_dict_pre_hook(without_mask)

    def forward(self, x: Tensor) -> Tensor:
        move, window = self.move, self.window
        windows = into_windows(torch.roll(self.norm1(x), (-move, -move), (1, 2)), window)
        y = out_of_windows(self.attn(windows, self._strangers(x)), window, x.shape)
        x = x + torch.roll(y, (move, move), (1, 2))
        return x + self.mlp(self.norm2(x))

    def _strangers(self, x: Tensor) -> Tensor | None:
        if not self.move:
            return None
        height, width = x.shape[1:3]
        places = parts(height, width, self.window, self.move)
        # Half of an odd move is rounded up, as in the authors' code.
        squares = parts(height // 2, width // 2, self.window // 2, (self.move + 1) // 2)
        return (places[:, :, None] != squares[:, None, :]).to(x.device)


class SRFormer(SwinFrame):
    """Groups of permuted attention in the frame of SwinIR; pictures are continued to whole windows by mirror images."""

    def __init__(
        self,
        *,
        channels: int,
        depths: Sequence[int],
        heads: Sequence[int],
        hidden: int,
        scale: int,
        window: int,
        upsampler: Reconstruction = "pixelshuffle",
        width: int = 64,
        convolutions: int = 1,
        img_range: float = 1.0,
    ) -> None:
        self.window = check_side(window)
        groups = [
            [PermutedBlock(channels, head, window, hidden, moved=i % 2 == 1) for i in range(depth)]
            for depth, head in zip(depths, heads, strict=True)
        ]
        super().__init__(
            groups,
            channels=channels,
            scale=scale,
            upsampler=upsampler,
            width=width,
            convolutions=convolutions,
            img_range=img_range,
        )

    @override
    def fitted(self, x: Tensor) -> Tensor:
        return mirrored(x, self.window)


def infer(state: StateDict) -> Hyperparameters:
    frame = infer_frame(state)
    first = "layers.0.residual_group.blocks.0"
    return {
        **frame,
        "heads": [
            state[f"layers.{i}.residual_group.blocks.0.attn.relative_position_bias_table"].shape[1]
            for i in range(len(frame["depths"]))
        ],
        "hidden": state[f"{first}.mlp.fc1.weight"].shape[0],
        "window": round(len(state[f"{first}.attn.aligned_relative_position_index"]) ** 0.5),
    }


ARCHITECTURE = Architecture(
    id="srformer",
    name="SRFormer",
    build=SRFormer,
    detect=has_keys(
        "conv_first.weight",
        "layers.0.residual_group.blocks.0.attn.aligned_relative_position_index",
        "layers.0.residual_group.blocks.0.attn.kv.weight",
        "layers.0.residual_group.blocks.0.mlp.dwconv.depthwise_conv.0.weight",
    ),
    infer=infer,
)
