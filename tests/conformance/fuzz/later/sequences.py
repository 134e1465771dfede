"""Recurrent layers and transformers on tokens, with directions, lengths, masks and memories."""

from __future__ import annotations

import random

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pack_sequence, pad_packed_sequence

from tests.conformance.fuzz.block import CHANNELS, Block, later

C = CHANNELS


def tokens_of(y: Tensor) -> Tensor:
    """Windows of 4 × 4 pixels as sequences, [B·n, 16, C]; what does not fill a window is left out."""
    h, w = (side // 4 for side in y.shape[-2:])
    x = y[..., : 4 * h, : 4 * w].unflatten(3, (w, 4)).unflatten(2, (h, 4))
    return x.permute(0, 2, 4, 3, 5, 1).flatten(3, 4).flatten(0, 2)


def laid(y: Tensor, tokens: Tensor) -> Tensor:
    """`y` with the windows' tokens added where they came from."""
    b, c, _, _ = y.shape
    h, w = (side // 4 for side in y.shape[-2:])
    x = tokens.view(b, h, w, 4, 4, c).permute(0, 5, 1, 3, 2, 4).reshape(b, c, 4 * h, 4 * w)
    return y + F.pad(x, (0, y.shape[3] - 4 * w, 0, y.shape[2] - 4 * h))


@later
class BothWays(Block):
    """GRU, LSTM and RNN of several layers in both directions, with projections, on windows."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.way = draw.choice(["gru", "lstm", "rnn", "projected", "state"])
        kind = {"gru": nn.GRU, "rnn": nn.RNN}.get(self.way, nn.LSTM)
        extra = {"proj_size": 2} if self.way == "projected" else {}
        self.layers = kind(C, C // 2, 2, batch_first=True, bidirectional=True, dropout=0.2, **extra)
        self.out = nn.Linear(4 if self.way == "projected" else C, C)

    def forward(self, y: Tensor) -> Tensor:
        tokens = tokens_of(y)
        if self.way == "state":
            start = (tokens.mean(1)[None, :, : C // 2].repeat(4, 1, 1), tokens.new_zeros(4, len(tokens), C // 2))
            found, (last, _) = self.layers(tokens, start)
            return laid(y, self.out(found) + last[-1].repeat(1, 2).unsqueeze(1))
        return laid(y, self.out(self.layers(tokens)[0]))


@later
class Packed(Block):
    """Sequences of unequal lengths, packed."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.layers = nn.GRU(C, C, batch_first=True)
        self.way = draw.choice(["padded", "list"])

    def forward(self, y: Tensor) -> Tensor:
        tokens = tokens_of(y)
        if self.way == "list":
            packed = pack_sequence(list(tokens.unbind(0)), enforce_sorted=False)
        else:
            lengths = 8 + torch.arange(len(tokens)) % 9
            packed = pack_padded_sequence(tokens, lengths, batch_first=True, enforce_sorted=False)
        found, _ = pad_packed_sequence(self.layers(packed)[0], batch_first=True, total_length=16)
        return laid(y, found)


@later
class Encoder(Block):
    """nn.TransformerEncoder with masks of both kinds, on windows."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        first = draw.random() < 0.5
        layer = nn.TransformerEncoderLayer(
            C, 2, 16, 0.1, draw.choice(["relu", "gelu"]), batch_first=True, norm_first=first
        )
        self.encoder = nn.TransformerEncoder(layer, 2, norm=nn.LayerNorm(C) if first else None)
        self.way = draw.choice(["none", "causal", "float", "padding", "both"])

    def forward(self, y: Tensor) -> Tensor:
        tokens = tokens_of(y)
        causal = nn.Transformer.generate_square_subsequent_mask(16).to(tokens)
        padding = (torch.arange(16) > 11).expand(len(tokens), 16)
        given = {
            "none": {},
            "causal": {"mask": causal, "is_causal": True},
            "float": {"mask": torch.arange(16.0).to(tokens) * torch.ones(16, 1).to(tokens) / 16},
            "padding": {"src_key_padding_mask": padding},
            "both": {"mask": causal.isinf(), "src_key_padding_mask": padding},
        }[self.way]
        found = self.encoder(tokens, **given)
        return laid(y, F.pad(found, (0, 0, 0, 16 - found.shape[1])))


@later
class Decoder(Block):
    """A decoder that reads one half of the features for the other."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.whole = draw.random() < 0.5
        if self.whole:
            self.decoder = nn.Transformer(C, 2, 1, 1, 16, 0.1, batch_first=True)
        else:
            self.decoder = nn.TransformerDecoderLayer(C, 2, 16, 0.1, batch_first=True)

    def forward(self, y: Tensor) -> Tensor:
        tokens = tokens_of(y)
        first, second = (tokens.flip(1), tokens) if self.whole else (tokens, tokens.flip(1))
        return laid(y, self.decoder(first, second))


@later
class Products(Block):
    """Scaled dot products with masks, scales, fewer keys than queries, shared heads."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.maps = nn.Linear(C, 3 * C)
        self.bias = nn.Parameter(torch.randn(2, 16, 16))
        self.way = draw.choice(["bool", "bias", "causal", "scale", "grouped", "fewer", "rotary", "value mask"])

    def forward(self, y: Tensor) -> Tensor:
        tokens = tokens_of(y)
        q, k, v = self.maps(tokens).view(len(tokens), 16, 3, 2, C // 2).permute(2, 0, 3, 1, 4)
        if self.way == "bool":
            mask = (torch.arange(16)[:, None] - torch.arange(16)).abs() < 6
            found = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        elif self.way == "bias":
            found = F.scaled_dot_product_attention(q, k, v, attn_mask=self.bias.to(q))
        elif self.way == "causal":
            found = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        elif self.way == "scale":
            found = F.scaled_dot_product_attention(F.normalize(q, dim=-1), F.normalize(k, dim=-1), v, scale=3.0)
        elif self.way == "grouped":
            found = F.scaled_dot_product_attention(q, k[:, :1], v[:, :1], enable_gqa=True)
        elif self.way == "fewer":
            found = F.scaled_dot_product_attention(q, k[..., ::4, :], v.unflatten(2, (4, 4)).mean(3))
        elif self.way == "rotary":
            turn = torch.polar(torch.ones(16, 2), torch.arange(16)[:, None] / torch.tensor([1.0, 10.0]))
            q, k = (
                torch.view_as_real(torch.view_as_complex(x.unflatten(-1, (2, 2)).contiguous()) * turn.to(x.device))
                .flatten(-2)
                .to(x.dtype)
                for x in (q, k)
            )
            found = F.scaled_dot_product_attention(q, k, v)
        else:
            mask = v.mean(-1).unsqueeze(-2) > -0.5
            mask = mask | torch.eye(16, dtype=torch.bool)
            found = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return laid(y, found.transpose(1, 2).reshape(tokens.shape))


@later
class Heads(Block):
    """nn.MultiheadAttention with weights wanted, other widths of keys, added rows of bias and zeros."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.way = draw.choice(["weights", "each head", "widths", "bias", "mask"])
        extra = {
            "widths": {"kdim": C // 2, "vdim": C // 2},
            "bias": {"add_bias_kv": True, "add_zero_attn": True},
        }
        self.heads = nn.MultiheadAttention(C, 2, batch_first=True, **extra.get(self.way, {}))

    def forward(self, y: Tensor) -> Tensor:
        q = tokens_of(y)
        k = q[..., ::2] if self.way == "widths" else q
        if self.way in ("weights", "each head"):
            found, weights = self.heads(q, k, k, average_attn_weights=self.way == "weights")
            return laid(y, found * weights.flatten(1).amax(1)[:, None, None])
        mask = torch.ones(16, 16, dtype=torch.bool).triu(8) if self.way == "mask" else None
        return laid(y, self.heads(q, k, k, attn_mask=mask, need_weights=False)[0])
