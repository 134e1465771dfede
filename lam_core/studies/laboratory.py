"""The pattern laboratory: stripes and grids of any period and angle, and the DI of networks on them.

"Regular stripes and grids are noticed" put to the test: one picture a pattern, its central window, the same sweep.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import product
from typing import Literal

import pandas as pd

from lam_core.attribution.settings import AttributionSettings
from lam_core.images.image_sets import Opened, Picture
from lam_core.reference import ModelReference
from lam_core.samples.patterns import checkerboard, lines, stripes
from lam_core.service.service import Service
from lam_core.studies.sweeps.progress import Listener, ignore
from lam_core.studies.sweeps.sweep import Plan, Swept, sweep

Form = Literal["stripes", "grid", "checkerboard"]

NYQUIST = 0.5
"""Cycles per LR pixel from which on the LR picture cannot hold a pattern as it is."""

_DRAWN = {"stripes": stripes, "grid": lines, "checkerboard": checkerboard}


@dataclass(frozen=True)
class Pattern:
    """A regular pattern."""

    form: Form
    period: float
    """In pixels of the high-resolution picture."""
    angle: float
    """In degrees from the vertical."""

    @property
    def name(self) -> str:
        """Its name in tables: `stripes 8 px 15°`."""
        return f"{self.form} {self.period:g} px {self.angle:g}°"

    @property
    def picture(self) -> Picture:
        """The pattern, drawn when it is needed."""
        return Picture(self.name, partial(_open, self))


def patterns(forms: Sequence[Form], periods: Sequence[float], angles: Sequence[float]) -> tuple[Pattern, ...]:
    """Every pattern of these forms, periods and angles.

    >>> [p.name for p in patterns(["grid"], [8, 12], [0])]
    ['grid 8 px 0°', 'grid 12 px 0°']
    """
    return tuple(Pattern(*values) for values in product(forms, periods, angles))


def laboratory(
    models: tuple[ModelReference, ...],
    chosen: Sequence[Pattern],
    service: Service,
    *,
    settings: AttributionSettings | None = None,
    scheduler: str = "",
    on_progress: Listener = ignore,
) -> Swept:
    """DI of models on patterns, as a sweep: keyed, resumable, with the same table. `curves` reads it."""
    plan = Plan(models, tuple(p.picture for p in chosen), settings=settings or AttributionSettings())
    return sweep(plan, service, scheduler=scheduler, on_progress=on_progress)


def curves(table: pd.DataFrame, chosen: Sequence[Pattern]) -> pd.DataFrame:
    """A laboratory's table with what each pattern is, ordered to be drawn as curves.

    Columns: model, form, period, frequency, angle, diffusion_index, map_error, psnr. `frequency` is in cycles per LR
    pixel: from 0.5 on the LR picture cannot hold the pattern as it is (aliasing).
    """
    known = {p.name: p for p in chosen}
    rows = [
        (model, p.form, p.period, scale / p.period, p.angle, index, error, psnr)
        for model, image, scale, index, error, psnr in table[
            ["model", "image", "scale", "diffusion_index", "map_error", "psnr"]
        ]
        .to_numpy()
        .tolist()
        if (p := known.get(image))
    ]
    columns = ["model", "form", "period", "frequency", "angle", "diffusion_index", "map_error", "psnr"]
    return pd.DataFrame(rows, columns=columns).sort_values(["model", "form", "angle", "frequency"], ignore_index=True)


@lru_cache(maxsize=64)
def _open(pattern: Pattern) -> Opened:
    return Opened(_DRAWN[pattern.form](pattern.period, pattern.angle))
