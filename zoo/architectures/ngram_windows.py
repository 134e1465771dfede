"""Context of neighbouring windows: Choi, Lee and Yang, "N-Gram in Swin Transformers for Efficient SR", CVPR 2023.

Key names as HiT-SNG has them; pairs of windows in both directions (bigrams).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.architectures.windows import relative_places

NGRAM = 2


class NGramAttention(nn.Module):
    """Attention among the four windows of a square of two by two, averaged to one vector."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.relative_position_bias_table = nn.Parameter(torch.randn((2 * NGRAM - 1) ** 2, heads) * 0.02)
        self.register_buffer("relative_position_index", relative_places(NGRAM).clone())
        self.qkv = nn.Linear(channels, 3 * channels)
        self.proj = nn.Linear(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """[..., 4, C] to [..., C]."""
        q, k, v = self.qkv(x).unflatten(-1, (3, self.heads, -1)).movedim((-3, -2), (0, -3))
        bias = self.relative_position_bias_table[relative_places(NGRAM).to(x.device)].permute(2, 0, 1)
        weights = (q * q.shape[-1] ** -0.5 @ k.transpose(-2, -1) + bias).softmax(-1)
        return self.proj((weights @ v).transpose(-3, -2).flatten(-2)).mean(-2)


class NGramContext(nn.Module):
    """What the windows below and to the right, and those above and to the left, tell of each window."""

    def __init__(self, channels: int, heads: int, window: int) -> None:
        super().__init__()
        self.window = window
        self.unigram_embed = nn.Conv2d(2, 1, window, stride=window)
        self.ngram_attn = NGramAttention(channels // 2, heads)
        self.merge = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """[B, h, w, C] to the context of each place's window, of the same shape; two windows a side or more."""
        batch, height, width, channels = x.shape
        pairs = x.permute(0, 3, 1, 2).reshape(batch * channels // 2, 2, height, width)
        unigrams = self.unigram_embed(pairs).view(batch, channels // 2, height // self.window, width // self.window)
        sides = [self._attended(F.pad(unigrams, pad, mode="reflect")) for pad in ((0, 1, 0, 1), (1, 0, 1, 0))]
        context = self.merge(torch.cat(sides, -1).permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        return context.repeat_interleave(self.window, 1).repeat_interleave(self.window, 2)

    def _attended(self, x: Tensor) -> Tensor:
        """[B, C, n + 1, m + 1] to [B, n, m, C]."""
        corners = [x[..., :-1, :-1], x[..., :-1, 1:], x[..., 1:, :-1], x[..., 1:, 1:]]
        return self.ngram_attn(torch.stack(corners, -1).permute(0, 2, 3, 4, 1))
