"""The shipped study of DI on degraded inputs: what was fixed before anything was computed, and reading its table."""

from __future__ import annotations

import functools

import numpy as np
import pandas as pd

from dashboard.gallery.shipped import FOLDER
from lam_core.attribution.settings import AttributionSettings
from lam_core.images.degradations import Degradation
from lam_core.samples import samples
from lam_core.samples.catalogue import PATTERNS
from lam_core.studies.degraded_inputs import ladder
from lam_core.studies.sweeps.table import read_table

DEGRADED = FOLDER / "degraded.parquet"
CHECKPOINTS = ("fsrcnn-rgb", "carn-m", "imdn", "pan")
"""The published networks, by the ids of their entries."""
STRENGTHS = {"blur": (1.0, 2.0), "noise": (10.0, 20.0), "jpeg": (50.0, 80.0)}
"""Of each kind of degradation, on the LR image: σ in LR pixels, σ of 255, 100 − quality."""
SETTINGS = AttributionSettings(tolerance=0.05)
"""A map of each window would take twice as long at the default tolerance of 2 %."""
IMAGES = 20


def image_ids() -> tuple[str, ...]:
    """The images: that many of the samples that are no drawn patterns, drawn by seed 0."""
    ids = [one.id for one in samples() if one.kind not in PATTERNS]
    return tuple(ids[k] for k in sorted(np.random.default_rng(0).permutation(len(ids))[:IMAGES]))


def degradations() -> tuple[Degradation, ...]:
    """Clean, then every kind at every strength."""
    return tuple(dict.fromkeys(one for kind, strengths in STRENGTHS.items() for one in ladder(kind, strengths)))


@functools.cache
def shipped_degraded() -> pd.DataFrame:
    """The table: rows of a sweep for every degradation. Callers leave it as it is."""
    return read_table(DEGRADED)
