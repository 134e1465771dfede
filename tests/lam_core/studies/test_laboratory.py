"""Patterns of known frequency through the same sweep."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lam_core import AttributionSettings
from lam_core.studies.laboratory import Pattern, curves, laboratory, patterns
from tests.lam_core.studies.toys import Reference, store_of


def test_curves_have_each_patterns_frequency_and_order(tmp_path: Path) -> None:
    chosen = patterns(["stripes", "grid"], [16, 8], [0])[1:]
    models = (Reference("near"),)
    settings = AttributionSettings(nodes=2, tolerance=0)
    swept = laboratory(models, chosen, store_of(tmp_path), settings=settings)
    found = curves(swept.table, chosen)
    assert found[["form", "period", "frequency"]].to_numpy().tolist() == [
        ["grid", 16, 0.125],
        ["grid", 8, 0.25],
        ["stripes", 8, 0.25],
    ]
    assert (found["diffusion_index"] > 0).all()


def test_a_pattern_is_drawn_with_its_period() -> None:
    row = Pattern("stripes", 16, 0).picture.open().pixels[128, :, 0].astype(float)
    assert np.abs(np.fft.rfft(row - row.mean())).argmax() == 256 / 16
