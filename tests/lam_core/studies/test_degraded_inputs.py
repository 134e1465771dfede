"""DI against strength from tables filled by hand, and sweeps of toys under degradations."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from lam_core import AttributionSettings
from lam_core.images.degradations import CLEAN, Degradation
from lam_core.images.image_sets import Opened, Picture
from lam_core.studies.degraded_inputs import against_strength, ladder
from lam_core.studies.statistics import SampleError
from lam_core.studies.sweeps.sweep import Plan, sweep
from lam_core.studies.sweeps.table import UnequalSettingsError, check_comparable, join
from tests.lam_core.studies.toys import Reference, picture, store_of, table


def under(degradation: str, rows: dict[tuple[str, str], float]) -> pd.DataFrame:
    return table(rows).assign(degradation=degradation)


TABLE = join(
    [
        under("clean", {("a", "i"): 4.0, ("a", "j"): 6.0, ("a", "k"): 9.0}),
        under("blur:2", {("a", "i"): 1.0, ("a", "j"): 1.0}),
        under("blur:0.5", {("a", "i"): 3.0, ("a", "j"): 4.0, ("a", "k"): 9.0}),
        under("noise:10", {("a", "i"): 7.0}),
        under("blur:1+noise:10", {("a", "i"): 7.0}),
    ]
)


def test_means_are_over_the_images_that_every_strength_has() -> None:
    rungs = against_strength(TABLE, "a", "blur")
    assert [rung.strength for rung in rungs] == [0, 0.5, 2]
    assert [rung.index.mean for rung in rungs] == [5.0, 3.5, 1.0]
    assert [rung.change.mean for rung in rungs] == [0.0, -1.5, -4.0]
    assert all(rung.index.n == 2 for rung in rungs)
    # Of two images all resamples lie between their changes.
    assert (rungs[2].change.low, rungs[2].change.high) == (-5.0, -3.0)
    assert len(against_strength(TABLE, "a", "noise")) == 2


def test_a_table_without_clean_rows_has_no_curve() -> None:
    with pytest.raises(SampleError, match="no clean row of 'a'"):
        against_strength(under("blur:2", {("a", "i"): 1.0}), "a", "blur")


def test_di_under_two_degradations_is_not_ranked_together() -> None:
    with pytest.raises(UnequalSettingsError, match="degradation is"):
        check_comparable(TABLE)


def test_a_ladder_begins_clean() -> None:
    assert ladder("noise", (20, 0, 5)) == (CLEAN, Degradation.parse("noise:5"), Degradation.parse("noise:20"))


def test_a_sweep_degrades_what_it_attributes_and_says_so(tmp_path) -> None:
    images = tuple(Picture(name, lambda k=k: Opened(picture(64, 64, k))) for k, name in enumerate("ij"))
    models, settings = (Reference("far", (0.5, 0, -9)),), AttributionSettings(nodes=8, tolerance=0.05)
    service = store_of(tmp_path)
    tables = [
        sweep(Plan(models, images, size=8, settings=settings, degradation=one), service).table
        for one in ladder("blur", (2,))
    ]
    clean, blurred = tables
    assert blurred["degradation"].tolist() == ["blur:2", "blur:2"]
    for column, drops in (("psnr", True), ("diffusion_index", False)):
        before, after = clean[column].to_numpy(), blurred[column].to_numpy()
        assert np.all(before > after) if drops else np.all(before != after)
    assert len(against_strength(join(tables), "far", "blur")) == 2
