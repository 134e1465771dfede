"""Shapes worked out by hand against those that PyTorch gives."""

from __future__ import annotations

import pytest
import torch

from lam_core.attribution.cone.shapes import aten, shape_of_result

X = torch.rand(2, 4, 9, 11)
WEIGHT = torch.rand(6, 2, 3, 5)

CASES = {
    "convolution": (aten.convolution.default, (X, WEIGHT, None, [2, 1], [1, 0], [1, 2], False, [0, 0], 2)),
    "one number for both axes": (aten.convolution.default, (X, WEIGHT, None, [2], [1], [1], False, [0], 2)),
    "transposed convolution": (
        aten.convolution.default,
        (X, torch.rand(4, 3, 3, 5), None, [3, 2], [1, 0], [1, 2], True, [2, 1], 2),
    ),
    "relu": (aten.relu.default, (X,)),
    "leaky relu": (aten.leaky_relu.default, (X, 0.1)),
    "prelu": (aten._prelu_kernel.default, (X, torch.rand(1, 4, 1, 1))),
    "sum of unequal shapes": (aten.add.Tensor, (X, torch.rand(3, 1, 1, 9, 1))),
    "product with a number": (aten.mul.Tensor, (X, 0.5)),
    "side by side": (aten.cat.default, ([X, X[:, :1].contiguous()], 1)),
    "side by side from the end": (aten.cat.default, ([X, X], -1)),
    "another shape": (aten.view.default, (X, [2, -1, 11])),
    "matrix product": (aten.bmm.default, (X[0], X[0].transpose(1, 2))),
    "matrix product and addend": (aten.addmm.default, (torch.rand(11), X[0, 0].T, X[0, 0])),
    "softmax": (aten._softmax.default, (X, -1, False)),
    "sum": (aten.sum.dim_IntList, (X, [1], True)),
    "mean": (aten.mean.dim, (X, [-1, -2], True)),
    "mean without a trace": (aten.mean.dim, (X, [-1, 1], False)),
    "repeated": (aten.expand.default, (X[:, :1], [3, 2, 4, -1, 11])),
    "permuted": (aten.permute.default, (X, [0, 2, -1, 1])),
    "transposed": (aten.transpose.int, (X, 1, -1)),
    "transposed matrix": (aten.t.default, (X[0, 0],)),
    "transposed vector": (aten.t.default, (X[0, 0, 0],)),
    "one of many": (aten.select.int, (X, -2, -1)),
    "one dimension more": (aten.unsqueeze.default, (X, -2)),
    "some of many": (aten.slice.Tensor, (X, -1, -8, 100, 3)),
    "diagonal": (aten.diagonal.default, (X, 0, 1, -1)),
    "channels to pixels": (aten.pixel_shuffle.default, (X, 2)),
    "masked": (aten.masked_fill.Scalar, (X, torch.rand(3, 1, 1, 9, 1) > 0.5, 0.0)),
    "border repeated": (aten.replication_pad2d.default, (X, [1, 2, 3, 0])),
    "border reflected": (aten.reflection_pad2d.default, (X, [1, 2, -3, 0])),
    "resized": (aten.upsample_bilinear2d.default, (X, [5, 7], False)),
    "none of many": (aten.slice.Tensor, (X, 0, 5)),
}


@pytest.mark.parametrize("case", CASES)
def test_is_the_shape_that_pytorch_gives(case: str) -> None:
    func, args = CASES[case]
    assert shape_of_result(func, args, {}) == tuple(func(*args).shape)


def test_normalisation_gives_three() -> None:
    args = (X, [9, 11], torch.rand(9, 11), None, 1e-5)
    assert shape_of_result(aten.native_layer_norm.default, args, {}) == [
        tuple(result.shape) for result in aten.native_layer_norm(*args)
    ]


@pytest.mark.parametrize("case", [(aten.split_with_sizes.default, (X, [1, 3], -3)), (aten.unbind.int, (X, -1))])
def test_parts_are_those_that_pytorch_gives(case: tuple) -> None:
    func, args = case
    assert shape_of_result(func, args, {}) == [tuple(part.shape) for part in func(*args)]


def test_what_is_used_otherwise_is_left_to_pytorch() -> None:
    turned = X.transpose(2, 3)
    for func, args, kwargs in (
        (aten.view.default, (turned, [2, 4, 99]), {}),
        (aten.add.Tensor, (X, X.double()), {}),
        (aten.add.Tensor, (X.long(), 1), {}),
        (aten.mean.dim, (X, [1], True), {"dtype": torch.float64}),
        (aten.convolution.default, (X[0, :, :1], WEIGHT[:, :, 0], None, [1], [0], [1], False, [0], 1), {}),
        (aten.exp.default, (X,), {}),
    ):
        assert shape_of_result(func, args, kwargs) is None
