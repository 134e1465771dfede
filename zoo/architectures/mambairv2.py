"""MambaIRv2: Guo et al., "MambaIRv2: Attentive State Space Restoration", CVPR 2025.

Key names of the authors' code, in the frame of SwinIR: `layers.i.residual_group.layers.j.{norm1 … norm4, scale1,
scale2, wqkv, win_mhsa, assm, convffn1, convffn2, embeddingA}`.

To which of its learned prompts a place belongs is drawn at random in every run, when not training too, as in the
authors' code. Places of one prompt keep the picture's order; the authors' unstable sort leaves that order open.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from typing_extensions import override

from zoo.architectures.architecture import Architecture, Hyperparameters, StateDict, has_keys
from zoo.architectures.layers import ConvolutionalPerceptron
from zoo.architectures.selective_scan import discretised, selective_scan
from zoo.architectures.swin_frame import Reconstruction, SwinFrame, infer_frame
from zoo.architectures.windows import (
    check_side,
    into_windows,
    out_of_windows,
    relative_places,
    repeated_mirror,
    strangers,
)


class BiasedWindowAttention(nn.Module):
    """Attention within windows, every second time moved, of queries, keys and values that are given."""

    def __init__(self, channels: int, heads: int, window: int, *, moved: bool) -> None:
        super().__init__()
        self.heads, self.window, self.moved = heads, window, moved
        self.relative_position_bias_table = nn.Parameter(torch.randn((2 * window - 1) ** 2, heads) * 0.02)
        self.proj = nn.Linear(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """[B, h, w, 3 · C] to [B, h, w, C]."""
        batch, height, width, channels = x.shape
        move = self.window // 2 if self.moved else 0
        windows = into_windows(torch.roll(x, (-move, -move), (1, 2)), self.window)
        q, k, v = windows.unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        bias = self.relative_position_bias_table[relative_places(self.window).to(x.device)]
        scores = q * q.shape[-1] ** -0.5 @ k.transpose(-2, -1) + bias.permute(2, 0, 1)
        if move:
            mask = strangers(height, width, self.window).to(x.device)[:, None]
            scores = (scores.unflatten(0, (-1, len(mask))) + mask.to(scores) * -100).flatten(0, 1)
        y = self.proj((scores.softmax(-1) @ v).transpose(1, 2).flatten(2))
        y = out_of_windows(y, self.window, (batch, height, width, channels // 3))
        return torch.roll(y, (move, move), (1, 2))


class PromptedScan(nn.Module):
    """One selective scan whose outputs are read with a prompt for each place added (ASE)."""

    def __init__(self, inner: int, states: int, rank: int) -> None:
        super().__init__()
        self.split = [rank, states, states]
        self.x_proj_weight = nn.Parameter(torch.randn(1, rank + 2 * states, inner) * inner**-0.5)
        self.dt_projs_weight = nn.Parameter(torch.randn(1, inner, rank) * rank**-0.5)
        self.dt_projs_bias = nn.Parameter(torch.empty(1, inner).uniform_(-7, -2))
        self.A_logs = nn.Parameter(torch.arange(1.0, states + 1).log().repeat(inner, 1))
        self.Ds = nn.Parameter(torch.ones(inner))

    def forward(self, x: Tensor, prompt: Tensor) -> Tensor:
        """[B, L, D] and prompts [B, L, N] to [B, L, D]."""
        sequence = x.transpose(1, 2)[:, None]
        dt, b, c = torch.einsum("bkdl,kcd->bkcl", sequence, self.x_proj_weight).split(self.split, 2)
        delta = discretised(dt, self.dt_projs_weight, self.dt_projs_bias)
        prompted = c + prompt.transpose(1, 2)[:, None]
        y = selective_scan(sequence, delta, -self.A_logs.exp()[None], b, prompted, self.Ds[None])
        return y[:, 0].transpose(1, 2)


class AttentiveStateSpace(nn.Module):
    """A selective scan of the places in the order of the prompts to which they belong (ASSM)."""

    def __init__(self, channels: int, inner: int, states: int, rank: int, prompts: int, embedding: int) -> None:
        super().__init__()
        self.selectiveScan = PromptedScan(inner, states, rank)
        self.out_norm = nn.LayerNorm(inner)
        self.out_proj = nn.Linear(inner, channels)
        self.in_proj = nn.Sequential(nn.Conv2d(channels, inner, 1))
        self.CPE = nn.Sequential(nn.Conv2d(inner, inner, 3, padding=1, groups=inner))
        self.embeddingB = nn.Embedding(prompts, embedding)
        third = channels // 3
        self.route = nn.Sequential(
            nn.Linear(channels, third), nn.GELU(), nn.Linear(third, prompts), nn.LogSoftmax(dim=-1)
        )

    def forward(self, x: Tensor, basis: Tensor) -> Tensor:
        """[B, h, w, C]; prompts are mixed of `basis`, [embedding, N]."""
        chosen = F.gumbel_softmax(self.route(x.flatten(1, 2)), hard=True, dim=-1)
        # The authors' code adds prompts in the picture's order to places in the order of their prompts.
        prompt = chosen @ (self.embeddingB.weight @ basis)
        order = chosen.detach().argmax(-1).argsort(dim=-1, stable=True)[..., None]
        y = self.in_proj(x.permute(0, 3, 1, 2))
        y = (y * torch.sigmoid(self.CPE(y))).flatten(2).transpose(1, 2)
        y = self.selectiveScan(y.gather(1, order.expand_as(y)), prompt)
        y = self.out_proj(self.out_norm(y))
        back = order.argsort(1)
        return y.gather(1, back.expand_as(y)).unflatten(1, x.shape[1:3])


class SpatialGate(nn.Module):
    """One half of the channels times a depthwise convolution of the other."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)
        self.conv = nn.Conv2d(channels, channels, 5, padding=2, groups=channels)

    def forward(self, x: Tensor) -> Tensor:
        kept, gate = x.chunk(2, -1)
        return kept * self.conv(self.norm(gate).permute(0, 3, 1, 2)).permute(0, 2, 3, 1)


class GatedPerceptron(nn.Module):
    """A perceptron with a spatial gate in its middle, of light networks."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(channels, hidden)
        self.sg = SpatialGate(hidden // 2)
        self.fc2 = nn.Linear(hidden // 2, channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(self.sg(F.gelu(self.fc1(x))))


class AttentiveLayer(nn.Module):
    """Window attention and a perceptron, then an attentive state space and another, each part added to its input."""

    def __init__(
        self,
        channels: int,
        heads: int,
        window: int,
        hidden: int,
        states: int,
        rank: int,
        prompts: int,
        embedding: int,
        kernel: int,
        *,
        moved: bool,
    ) -> None:
        super().__init__()
        self.norm1, self.norm2, self.norm3, self.norm4 = (nn.LayerNorm(channels) for _ in range(4))
        self.scale1, self.scale2 = (nn.Parameter(torch.full((channels,), 1e-4)) for _ in range(2))
        self.wqkv = nn.Linear(channels, 3 * channels)
        self.win_mhsa = BiasedWindowAttention(channels, heads, window, moved=moved)
        self.assm = AttentiveStateSpace(channels, hidden, states, rank, prompts, embedding)
        self.convffn1, self.convffn2 = (
            ConvolutionalPerceptron(channels, hidden, kernel) if kernel else GatedPerceptron(channels, hidden)
            for _ in range(2)
        )
        self.embeddingA = nn.Embedding(embedding, states)

    def forward(self, x: Tensor) -> Tensor:
        y = self.win_mhsa(self.wqkv(self.norm1(x))) + x
        x = x * self.scale1 + self.convffn1(self.norm2(y)) + y
        y = self.assm(self.norm3(x), self.embeddingA.weight) + x
        return x * self.scale2 + y + self.convffn2(self.norm4(y))


class MambaIRv2(SwinFrame):
    """Groups of attentive layers in the frame of SwinIR; pictures are continued to whole windows by mirror images."""

    def __init__(
        self,
        *,
        channels: int,
        depths: Sequence[int],
        heads: Sequence[int],
        hidden: int,
        scale: int,
        window: int = 16,
        states: int = 8,
        rank: int = 0,
        prompts: int = 64,
        embedding: int = 32,
        kernel: int = 5,
        upsampler: Reconstruction = "pixelshuffle",
        width: int = 64,
        convolutions: int = 1,
        img_range: float = 1.0,
    ) -> None:
        """`kernel` is that of the perceptrons' convolutions; light networks have gates instead, and zero here."""
        self.window = check_side(window)
        rank = rank or -(-hidden // 16)
        groups = [
            [
                AttentiveLayer(
                    channels, head, window, hidden, states, rank, prompts, embedding, kernel, moved=i % 2 == 1
                )
                for i in range(depth)
            ]
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
            key="layers",
        )
        self.register_buffer("relative_position_index_SA", relative_places(window).clone())

    @override
    def fitted(self, x: Tensor) -> Tensor:
        return repeated_mirror(x, self.window)


def infer(state: StateDict) -> Hyperparameters:
    frame = infer_frame(state, "layers")
    first = "layers.0.residual_group.layers.0"
    kernel = state.get(f"{first}.convffn1.dwconv.depthwise_conv.0.weight")
    return {
        **frame,
        "heads": [
            state[f"layers.{i}.residual_group.layers.0.win_mhsa.relative_position_bias_table"].shape[1]
            for i in range(len(frame["depths"]))
        ],
        "hidden": state[f"{first}.assm.out_norm.weight"].shape[0],
        "window": round(len(state["relative_position_index_SA"]) ** 0.5),
        "states": state[f"{first}.assm.selectiveScan.A_logs"].shape[1],
        "rank": state[f"{first}.assm.selectiveScan.dt_projs_weight"].shape[2],
        "prompts": state[f"{first}.assm.embeddingB.weight"].shape[0],
        "embedding": state[f"{first}.assm.embeddingB.weight"].shape[1],
        "kernel": 0 if kernel is None else kernel.shape[-1],
    }


ARCHITECTURE = Architecture(
    id="mambairv2",
    name="MambaIRv2",
    build=MambaIRv2,
    detect=has_keys(
        "conv_first.weight",
        "relative_position_index_SA",
        "layers.0.residual_group.layers.0.assm.selectiveScan.A_logs",
        "layers.0.residual_group.layers.0.win_mhsa.relative_position_bias_table",
    ),
    infer=infer,
)
