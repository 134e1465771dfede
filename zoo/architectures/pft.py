"""PFT-SR: Long et al., "Progressive Focused Transformer for Single Image Super-Resolution", CVPR 2025.

Key names of the authors' code, in the frame of SwinIR: `layers.i.residual_group.layers.j.{norm1, wqkv, v_LePE,
attn_win, norm2, convffn}`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from typing_extensions import override

from zoo.architectures.architecture import Architecture, Hyperparameters, StateDict, has_keys
from zoo.architectures.layers import ConvolutionalPerceptron, DepthwiseConvolution
from zoo.architectures.swin_frame import Reconstruction, SwinFrame, infer_frame
from zoo.architectures.windows import (
    check_side,
    into_windows,
    out_of_windows,
    relative_places,
    repeated_mirror,
    strangers,
)

EPSILON = 1e-20
CLASSICAL = (1024,) * 4 + (256,) * 4 + (128,) * 4 + (64,) * 6 + (32,) * 6 + (16,) * 6
LIGHT = (1024,) * 2 + (256,) * 4 + (128,) * 6 + (64,) * 6 + (32,) * 6
"""How many places each layer's attention is kept to in the published networks, by layer."""


class SparseScores(torch.autograd.Function):
    """Products of queries [..., n, c] and keys [..., n, c] at the keys `index` [..., n, k] alone.

    The whole product lives for the moment of its calculation; only what was given is kept for the gradient.
    """

    @staticmethod
    @override
    def forward(ctx: Any, query: Tensor, key: Tensor, index: Tensor) -> Tensor:
        ctx.save_for_backward(query, key, index)
        return (query @ key.transpose(-2, -1)).gather(-1, index)

    @staticmethod
    @override
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        query, key, index = ctx.saved_tensors
        whole = _scattered(gradients[0], index, key.shape[-2])
        return whole @ key, whole.transpose(-2, -1) @ query, None


class SparseSum(torch.autograd.Function):
    """Sums of values [..., n, c] by weights [..., n, k] of the places `index`; kept as by `SparseScores`."""

    @staticmethod
    @override
    def forward(ctx: Any, weights: Tensor, value: Tensor, index: Tensor) -> Tensor:
        ctx.save_for_backward(weights, value, index)
        return _scattered(weights, index, value.shape[-2]) @ value

    @staticmethod
    @override
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        weights, value, index = ctx.saved_tensors
        by_weights = (gradients[0] @ value.transpose(-2, -1)).gather(-1, index)
        return by_weights, _scattered(weights, index, value.shape[-2]).transpose(-2, -1) @ gradients[0], None


def _scattered(x: Tensor, index: Tensor, places: int) -> Tensor:
    return x.new_zeros(*x.shape[:-1], places).scatter(-1, index, x)


@dataclass
class Focus:
    """What earlier layers attended to: weights, and the places they belong to where not all are kept."""

    weights: Tensor | None = None
    index: Tensor | None = None


class FocusedAttention(nn.Module):
    """Attention within windows, multiplied by that of the layer before and kept to its largest weights (PFA)."""

    def __init__(self, channels: int, heads: int, window: int, kept: int, biases: int) -> None:
        super().__init__()
        self.heads, self.window, self.kept = heads, window, kept
        self.relative_position_bias_table = nn.Parameter(torch.randn((2 * window - 1) ** 2, biases) * 0.02)
        self.proj = nn.Linear(channels, channels)

    def forward(self, x: Tensor, focus: Focus, forbidden: Tensor | None) -> Tensor:
        """Windows [B · windows, n, 4 · C] of queries, keys, values and what is added to them, to [.., n, C].

        `forbidden` [windows, n, n] pairs do not see each other; `focus` becomes that of this layer.
        """
        query, key, value, added = x.unflatten(-1, (4, self.heads, -1)).permute(2, 0, 3, 1, 4)
        weights = self._scores(query * query.shape[-1] ** -0.5, key, focus, forbidden).softmax(-1)
        if focus.weights is not None:
            weights = weights * focus.weights + EPSILON
            weights = weights / (weights.sum(-1, keepdim=True) + EPSILON)
        if self.kept < self.window**2:
            weights, index = weights.topk(self.kept, -1, sorted=False)
            focus.index = index if focus.index is None else focus.index.gather(-1, index)
        focus.weights = weights
        y = weights @ value if focus.index is None else SparseSum.apply(weights, value, focus.index)
        return self.proj((y + added).transpose(1, 2).flatten(2))

    def _scores(self, query: Tensor, key: Tensor, focus: Focus, forbidden: Tensor | None) -> Tensor:
        bias = self.relative_position_bias_table[relative_places(self.window).to(query.device)].permute(2, 0, 1)
        if focus.index is not None:
            scores: Tensor = SparseScores.apply(query, key, focus.index)
            whole = bias.expand(len(query), self.heads, -1, -1)
            return scores + whole.gather(-1, focus.index)
        scores = query @ key.transpose(-2, -1) + bias
        if forbidden is None:
            return scores
        mask = forbidden.to(query)[:, None] * -100
        return (scores.unflatten(0, (-1, len(mask))) + mask).flatten(0, 1)


class FocusedLayer(nn.Module):
    """Focused attention and a perceptron, each normalised before and added to its input."""

    def __init__(
        self, channels: int, heads: int, window: int, hidden: int, kept: int, kernel: int, biases: int, *, moved: bool
    ) -> None:
        super().__init__()
        self.window, self.moved = window, moved
        self.norm1 = nn.LayerNorm(channels)
        self.wqkv = nn.Linear(channels, 3 * channels)
        self.v_LePE = DepthwiseConvolution(channels, kernel)
        self.attn_win = FocusedAttention(channels, heads, window, kept, biases)
        self.norm2 = nn.LayerNorm(channels)
        self.convffn = ConvolutionalPerceptron(channels, hidden, kernel)

    def forward(self, x: Tensor, focuses: tuple[Focus, Focus]) -> Tensor:
        """[B, h, w, C]; layers whose windows are moved have a focus of their own."""
        qkv = self.wqkv(self.norm1(x))
        qkv = torch.cat([qkv, self.v_LePE(qkv.chunk(3, -1)[2])], -1)
        move = self.window // 2 if self.moved else 0
        windows = into_windows(torch.roll(qkv, (-move, -move), (1, 2)), self.window)
        forbidden = strangers(x.shape[1], x.shape[2], self.window).to(x.device) if move else None
        y = self.attn_win(windows, focuses[self.moved], forbidden)
        x = x + torch.roll(out_of_windows(y, self.window, x.shape), (move, move), (1, 2))
        return x + self.convffn(self.norm2(x))


class PFT(SwinFrame):
    """Groups of focused layers in the frame of SwinIR; pictures are continued to whole windows by mirror images."""

    def __init__(
        self,
        *,
        channels: int,
        depths: Sequence[int],
        heads: int,
        hidden: int,
        scale: int,
        kept: Sequence[int],
        window: int = 32,
        kernel: int = 7,
        biases: int = 1,
        upsampler: Reconstruction = "pixelshuffle",
        width: int = 64,
        convolutions: int = 1,
        img_range: float = 1.0,
    ) -> None:
        """`kept` are the numbers of attended places, layer by layer; `biases` is 1 or the number of heads."""
        self.window = check_side(window)
        layers = iter(kept)
        groups = [
            [
                FocusedLayer(channels, heads, window, hidden, next(layers), kernel, biases, moved=i % 2 == 1)
                for i in range(depth)
            ]
            for depth in depths
        ]
        super().__init__(
            groups,
            channels=channels,
            scale=scale,
            upsampler=upsampler,
            width=width,
            convolutions=convolutions,
            img_range=img_range,
            key="layers",
        )
        self.register_buffer("relative_position_index_SA", relative_places(window).clone())

    @override
    def trunk(self, x: Tensor) -> Tensor:
        focuses = Focus(), Focus()
        for group in self.layers:
            x = group(x, focuses)
        return x

    @override
    def fitted(self, x: Tensor) -> Tensor:
        return repeated_mirror(x, self.window)


def infer(state: StateDict) -> Hyperparameters:
    frame = infer_frame(state, "layers")
    first = "layers.0.residual_group.layers.0"
    biases = state[f"{first}.attn_win.relative_position_bias_table"].shape[1]
    layers, window = sum(frame["depths"]), round(len(state["relative_position_index_SA"]) ** 0.5)
    published = CLASSICAL if biases > 1 else LIGHT
    # Beyond the published depth each layer keeps as many as the last.
    kept = (*published, *(published[-1],) * layers)[:layers]
    return {
        **frame,
        # One bias for all heads leaves their number open: the published light networks have four.
        "heads": biases if biases > 1 else 4,
        "hidden": state[f"{first}.convffn.fc1.weight"].shape[0],
        "kept": [min(number, window**2) for number in kept],
        "window": window,
        "kernel": state[f"{first}.v_LePE.depthwise_conv.0.weight"].shape[-1],
        "biases": biases,
    }


ARCHITECTURE = Architecture(
    id="pft",
    name="PFT",
    build=PFT,
    detect=has_keys(
        "conv_first.weight",
        "relative_position_index_SA",
        "layers.0.residual_group.layers.0.v_LePE.depthwise_conv.0.weight",
        "layers.0.residual_group.layers.0.attn_win.relative_position_bias_table",
    ),
    infer=infer,
)
"""No weights tell how many places attention is kept to, nor the heads of a light network: those published are taken."""
