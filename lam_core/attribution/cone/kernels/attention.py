"""Attention among very many places: its matrix of weights is made again on the way back instead of being kept.

Worked off in blocks that a processor's cache holds, it is faster as well: memory, not arithmetic, takes the time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from lam_core.attribution.cone.kernels.operations import Gradients, Operation
from lam_core.attribution.cone.kernels.products import centred

MANY = 2**22
"""Weights from which on they are worked off in blocks."""
BLOCK = 2**18
"""Weights in a block."""


class Attention(Operation):
    """softmax(q k) v of queries [B, n, d], keys [B, d, m] and values [B, m, e], to [B, n, e].

    `over_queries`: the weights of every key sum to one over the queries, instead of those of every query over the keys.
    """

    new_value = True
    new_gradient = True

    def __init__(self, *, over_queries: bool) -> None:
        self.over_queries = over_queries

    def forward(self, *inputs: Tensor) -> tuple[Tensor, Any]:
        queries, keys, values = inputs
        y = values.new_zeros((*queries.shape[:2], values.shape[2]))
        if self.over_queries:
            for rows in _blocks(keys.mT, queries):
                y.baddbmm_(_weights(keys.mT[:, rows], queries.mT).mT, values[:, rows])
        else:
            for rows in _blocks(queries, keys.mT):
                torch.bmm(_weights(queries[:, rows], keys), values, out=y[:, rows])
        return y, inputs

    def recall(self, inputs: Sequence[Tensor], value: Tensor) -> Any:
        return inputs

    def backward(self, gradient: Tensor, kept: Any) -> Gradients:
        queries, keys, values = kept
        of_queries, of_keys, of_values = (torch.zeros_like(x) for x in kept)
        if self.over_queries:
            for rows in _blocks(keys.mT, queries):
                weights = _weights(keys.mT[:, rows], queries.mT)
                of_values[:, rows] = torch.bmm(weights, gradient)
                scores = centred(torch.bmm(values[:, rows], gradient.mT).mul_(weights), weights, -1)
                of_keys[:, :, rows] = torch.bmm(scores, queries).mT
                of_queries.baddbmm_(scores.mT, keys.mT[:, rows])
        else:
            for rows in _blocks(queries, keys.mT):
                weights = _weights(queries[:, rows], keys)
                of_values.baddbmm_(weights.mT, gradient[:, rows])
                scores = centred(torch.bmm(gradient[:, rows], values.mT).mul_(weights), weights, -1)
                of_queries[:, rows] = torch.bmm(scores, keys.mT)
                of_keys.baddbmm_(queries[:, rows].mT, scores)
        return of_queries, of_keys, of_values


def _blocks(rows: Tensor, columns: Tensor) -> Iterator[slice]:
    """Runs of rows, as long as a block allows with so many columns; both are [B, count, ...]."""
    step = max(1, BLOCK // (rows.shape[0] * columns.shape[1]))
    return (slice(start, start + step) for start in range(0, rows.shape[1], step))


def _weights(one: Tensor, other: Tensor) -> Tensor:
    return torch.softmax(torch.bmm(one, other), -1)
