"""Crosses and discs drawn by hand."""

from __future__ import annotations

import numpy as np

from lam_core.fields.result import EffectiveField
from lam_core.fields.shape import axis_weight, reading, shape_of

OFFSET = np.arange(41) - 20
GAUSSIAN = np.exp(-(OFFSET[:, None] ** 2 + OFFSET[None, :] ** 2) / 50)
CROSS = np.where((OFFSET[:, None] == 0) | (OFFSET[None, :] == 0), 1.0, 0.01)


def field(plane: np.ndarray) -> EffectiveField:
    return EffectiveField(plane, np.zeros_like(plane), 1)


def test_a_round_field_has_no_axes() -> None:
    assert abs(axis_weight(field(GAUSSIAN)) - 1) < 0.05
    assert abs(axis_weight(field(np.ones((41, 41)))) - 1) < 1e-9
    assert shape_of(field(GAUSSIAN)) == "disc"


def test_rows_and_columns_make_a_cross() -> None:
    assert shape_of(field(CROSS)) == "cross"
    assert axis_weight(field(CROSS)) > 10


def test_what_lies_in_the_middle_alone_is_no_cross() -> None:
    plane = np.zeros((41, 41))
    plane[19:22, 20] = 1
    assert axis_weight(field(plane)) == 1


def test_the_reading_says_whose_shape_it_is() -> None:
    cross, disc = field(CROSS), field(GAUSSIAN)
    assert reading(cross, cross).startswith("The cross is the architecture's")
    assert "100 % of the contributions" in reading(cross, cross)
    assert "says little of what was learned" in reading(cross, cross)
    assert reading(cross, disc).startswith("The cross came with training")
    assert reading(disc, cross).startswith("Training has turned")
    assert reading(disc, field(GAUSSIAN**4)).startswith("A disc, as before training.")
    assert "the rest was moved by training" in reading(disc, field(GAUSSIAN**4))
