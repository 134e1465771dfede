"""DI against the strength of a degradation: what worse input does to how far networks look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lam_core.images.degradations import CLEAN, Degradation, Step
from lam_core.studies.statistics import Interval, SampleError, mean_interval
from lam_core.studies.sweeps.table import check_comparable


@dataclass(frozen=True)
class Rung:
    """One strength of a degradation, and what it does to one network over images."""

    strength: float
    index: Interval
    """Mean DI over images."""
    change: Interval
    """Mean over images of DI at this strength less DI of the same window of the clean image."""
    psnr: Interval
    """Mean PSNR of the SR image in dB."""


def ladder(kind: str, strengths: Sequence[float]) -> tuple[Degradation, ...]:
    """Clean, then one kind at growing strengths. Raises `UnknownDegradationError` or `StrengthError`.

    >>> [str(rung) for rung in ladder("blur", (1, 0.5))]
    ['clean', 'blur:0.5', 'blur:1']
    """
    return CLEAN, *(Degradation((Step(kind, strength),)) for strength in sorted(set(strengths) - {0}))


def against_strength(table: pd.DataFrame, model: str, kind: str) -> tuple[Rung, ...]:
    """Strengths of one kind for one network, clean first, from a table of sweeps under several degradations.

    Windows of one image are averaged, and only images with every strength count, so that all means are over the same
    ones. Intervals are 95 % bootstrap intervals over images. Raises `UnequalSettingsError`, `SampleError` if the
    network has no clean row or no image with every strength.
    """
    rows = table.iloc[np.flatnonzero(table["model"] == model)]
    strengths = {
        name: steps[0].strength if (steps := Degradation.parse(name).steps) else 0.0
        for name in dict.fromkeys(rows["degradation"].tolist())
        if all(step.kind == kind for step in Degradation.parse(name).steps)
    }
    if 0.0 not in strengths.values():
        raise SampleError(f"the table has no clean row of {model!r}; sweep it without a degradation too")
    order = sorted(strengths, key=strengths.__getitem__)
    for name in order:
        check_comparable(pd.DataFrame(rows[rows["degradation"] == name]))
    index, psnr = (_by_image(rows, order, column) for column in ("diffusion_index", "psnr"))
    return tuple(
        Rung(strengths[name], mean_interval(index[k]), mean_interval(index[k] - index[0]), mean_interval(psnr[k]))
        for k, name in enumerate(order)
    )


def _by_image(rows: pd.DataFrame, order: Sequence[str], column: str) -> NDArray[np.float64]:
    """A column's means over windows, [degradations, images]: the images that every degradation has."""
    wide = rows.pivot_table(index="degradation", columns="image", values=column, aggfunc="mean").reindex(list(order))
    return wide.dropna(axis=1).to_numpy(np.float64)
