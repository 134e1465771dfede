"""Operations without a rule of their own that treat every picture of a batch by itself."""

from __future__ import annotations

from collections.abc import Sequence

from lam_core.attribution.cone.graph import Node
from lam_core.attribution.cone.index_sets import Extent, whole
from lam_core.attribution.cone.kernels.operations import aten
from lam_core.attribution.cone.rules.rule import Request

_BY_PICTURE = {
    *(aten._fft_r2c.default, aten._fft_c2r.default, aten._fft_c2c.default),
    *(aten.view_as_real.default, aten.view_as_complex.default, aten.complex.default),
    *(aten.real.default, aten.imag.default, aten._conj.default, aten.diagonal.default),
    *(aten._adaptive_avg_pool2d.default, aten.adaptive_max_pool2d.default, aten.avg_pool2d.default),
    *(aten.convolution.default, aten.native_group_norm.default, aten.grid_sampler_2d.default),
    *(aten.topk.default, aten.sort.default, aten.sort.stable, aten.argmax.default, aten.argmin.default),
    *(aten.max.dim, aten.min.dim, aten.cumprod.default, aten.gather.default, aten.prod.dim_int),
    *(aten.scatter.src, aten.scatter.value, aten.scatter_add.default),
    *(aten.col2im.default, aten.upsample_linear1d.default, aten.upsample_nearest1d.default),
    *(aten.max_pool2d_with_indices.default, aten.slice_scatter.default, aten.select_scatter.default),
    *(aten.reflection_pad2d.default, aten.constant_pad_nd.default),
}
"""The batch is their first dimension, unless an argument called `dim` says that they work along it."""


def of_each_picture(node: Node, wanted: Extent) -> list[Request] | None:
    """Of every input the pictures that are wanted, whole; None where nothing is known."""
    if node.target not in _BY_PICTURE or not node.shape:
        return None
    dims = node.arguments.get("dim", -1)
    for source in node.sources:
        rank = len(source.shape)
        along = dims if isinstance(dims, Sequence) else [dims]
        if not rank or source.shape[0] != node.shape[0] or any(dim is None or dim % rank == 0 for dim in along):
            return None
    return [(source, (wanted[0], *whole(source.shape)[1:])) for source in node.sources]
