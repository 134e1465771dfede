"""Occlusion agreement: whether D changes most where the map is strongest, block by block (Zeiler and Fergus 2014)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lam_core.attribution.checks.rank_agreement import Agreement, agreement
from lam_core.attribution.checks.scene import Report, Scene, ignore, scene_of
from lam_core.attribution.path import Image
from lam_core.attribution.result import Attribution, displayed
from lam_core.attribution.settings import SettingsError
from lam_core.images import Pixels
from lam_core.model import SuperResolver

Blocks = NDArray[np.float64]
"""One value a block, [rows of blocks, columns of blocks]."""


@dataclass(frozen=True, eq=False)
class OcclusionAgreement:
    """What hiding each block does to D, beside what the map gives that block."""

    effect: Blocks
    """|D(F(I)) − D(F(I with the block blurred))|."""
    attributed: Blocks
    """Sum of the displayed map over the block."""
    block: int
    """Side of a block in LR pixels; blocks at the bottom and right border may be smaller."""
    agreement: Agreement

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values."""
        return {
            "effect": self.effect.tolist(),
            "attributed": self.attributed.tolist(),
            "block": self.block,
            "agreement": asdict(self.agreement),
        }

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> OcclusionAgreement:
        """The inverse of `to_dict`."""
        return cls(
            effect=np.array(content["effect"]),
            attributed=np.array(content["attributed"]),
            block=int(content["block"]),
            agreement=Agreement(**content["agreement"]),
        )


def occlusion_agreement(
    model: SuperResolver, image: Pixels, attribution: Attribution, *, block: int = 4, report: Report = ignore
) -> OcclusionAgreement:
    """Blurs one block of the field after the other and compares D's change with the map's sum over the block.

    Raises `SettingsError` for a block that does not fit; what `report` raises ends the computation.
    """
    scene = scene_of(model, image, attribution.region, attribution.settings)
    rows, columns = blocks_of(scene.lr.shape[:2], block)

    def images() -> Iterator[Image]:
        yield scene.lr
        for row in rows:
            for column in columns:
                hidden = scene.lr.copy()
                hidden[row, column] = scene.blurred[row, column]
                yield hidden

    total = len(rows) * len(columns)
    values = scene.detected(images())
    whole = next(values)
    effects = []
    for value in values:
        effects.append(abs(whole - value))
        report(len(effects) / total)
    effect = np.array(effects).reshape(len(rows), len(columns))
    attributed = over_blocks(displayed(attribution.signed), rows, columns, np.sum)
    return OcclusionAgreement(effect, attributed, block, agreement(effect, attributed, near(scene, rows, columns)))


def blocks_of(shape: tuple[int, ...], block: int) -> tuple[list[slice], list[slice]]:
    """Rows and columns of the blocks that tile a field [h, w]. Raises `SettingsError` if fewer than four fit.

    >>> blocks_of((4, 5), 2)[1]
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    if block < 1 or 2 * block > min(shape):
        raise SettingsError(f"a block is {block} LR pixels; choose 1 to {min(shape) // 2} for this field")
    rows, columns = ([slice(k, min(k + block, side)) for k in range(0, side, block)] for side in shape)
    return rows, columns


def over_blocks(plane: NDArray, rows: list[slice], columns: list[slice], measure: Any) -> Blocks:
    """A figure of every block of a plane [h, w]."""
    return np.array([[float(measure(plane[row, column])) for column in columns] for row in rows])


def near(scene: Scene, rows: list[slice], columns: list[slice]) -> Blocks:
    """Mean distance of every block's pixels from the window's footprint."""
    return over_blocks(scene.distance, rows, columns, np.mean)
