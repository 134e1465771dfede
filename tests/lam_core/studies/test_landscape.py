"""The landscape's axes and correlations, and the published table beside it."""

from __future__ import annotations

import json

import pytest
from scipy.stats import spearmanr

from lam_core.attribution.checks.network_size import Anatomy, Build, ReceptiveField
from lam_core.studies.landscape import landscape
from lam_core.studies.published import PUBLISHED, agreement
from lam_core.studies.statistics import correlation
from tests.lam_core.studies.toys import table

BUILDS = {
    "small": Build(Anatomy(8, 12, 12_000), ReceptiveField(15, 17)),
    "middle": Build(Anatomy(37, 64, 1_500_000), ReceptiveField(75, 75)),
    "pooled": Build(Anatomy(30, 64, 700_000), ReceptiveField(None, None)),
}


def test_sites_stand_where_their_figures_say() -> None:
    frame = table({(m, f"i{k}"): v + k for m, v in (("small", 1), ("middle", 3), ("pooled", 15)) for k in range(4)})
    frame.loc[frame["model"] == "pooled", "psnr"] = 22.0
    found = landscape(frame, {name: BUILDS[name] for name in ("small", "middle", "pooled")})
    assert [site.model for site in found.sites] == ["pooled", "middle", "small"]
    pooled, middle, small = found.sites
    assert pooled.value("receptive_field") == float("inf")
    assert (small.value("receptive_field"), small.value("width"), small.value("psnr")) == (17, 12, 20)
    assert middle.diffusion_index.mean == 4.5
    assert found.correlations["receptive_field"].rho == pytest.approx(1)
    assert found.correlations["depth"].rho == pytest.approx(0.5)
    assert found.correlations["ssim"].rho is None
    assert found.correlations["receptive_field"].n == 3
    json.dumps(found.to_dict(), allow_nan=False)


def test_a_model_of_unknown_build_stands_on_the_measured_axes_alone() -> None:
    frame = table({("small", "i"): 1, ("own", "i"): 2, ("pooled", "i"): 3})
    found = landscape(frame, {name: BUILDS[name] for name in ("small", "pooled")})
    assert found.sites[1].value("depth") is None
    assert set(found.correlations) == {"psnr", "ssim"}


def test_the_published_order_is_that_of_the_paper() -> None:
    assert [row.model for row in sorted(PUBLISHED, key=lambda row: row.diffusion_index)] == [
        "FSRCNN",
        "CARN",
        "EDSR",
        "MSRN",
        "RFDN",
        "RNAN",
        "RRDBNet",
        "IMDN",
        "RCAN",
        "SAN",
    ]
    fields = [float("inf") if row.receptive_field is None else row.receptive_field for row in PUBLISHED]
    indices = [row.diffusion_index for row in PUBLISHED]
    assert correlation(fields, indices).rho == pytest.approx(spearmanr([1, 2, 3, 4, 5, 8, 8, 8, 8, 8], indices)[0])
    assert correlation([row.psnr for row in PUBLISHED], indices).n == 10


def test_an_order_is_compared_pair_by_pair() -> None:
    found = agreement({"FSRCNN": 2.0, "CARN": 1.0, "IMDN": 20.0, "my own": 3.0})
    assert found.models == ("FSRCNN", "CARN", "IMDN")
    assert (found.pairs, found.reversed) == (3, (("FSRCNN", "CARN"),))
    assert agreement({}).pairs == 0
