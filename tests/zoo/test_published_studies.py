"""The studies on published checkpoints, where this machine has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from lam_core import AttributionSettings, Region
from lam_core.attribution.attribute import attribute
from lam_core.attribution.checks.insertion_deletion import FaithfulnessSettings, faithfulness
from lam_core.attribution.checks.network_size import Anatomy, ReceptiveField
from lam_core.attribution.checks.receptive_field import anatomy, receptive_field
from lam_core.images import downscale
from lam_core.images.image_sets import of_file
from lam_core.studies.sweeps.sweep import Plan, sweep
from tests.lam_core.studies.toys import store_of
from tests.unshipped import IMAGES, WEIGHTS, needs_shared
from zoo.models.load import super_resolver
from zoo.models.reference import reference


@needs_shared
def test_what_fsrcnn_is() -> None:
    model = super_resolver(WEIGHTS / "fsrcnn_x4_luma.pth")
    # 5×5, four 3×3 and three LR pixels under the deconvolution: 5 + 8 + 2. Seven convolutions and a deconvolution.
    assert receptive_field(model) == ReceptiveField(15, 15)
    assert anatomy(model) == Anatomy(depth=8, width=12, parameters=12_809)


@needs_shared
def test_a_sweep_of_a_published_network(tmp_path: Path) -> None:
    pictures = (of_file(IMAGES / "lam" / "1.png"),)
    plan = Plan((reference(WEIGHTS / "fsrcnn_x4_luma.pth"),), pictures, settings=AttributionSettings(nodes=9))
    (row,) = sweep(plan, store_of(tmp_path)).table.itertuples()
    assert (row.lr_height, row.lr_width, row.scale) == (64, 64, 4)
    assert 0.2 < row.diffusion_index < 2
    assert 18 < row.psnr < 30


@needs_shared
@pytest.mark.conformance
def test_imdn_sees_everything_and_its_map_knows_more_than_distance() -> None:
    model = super_resolver(WEIGHTS / "IMDN_x4.pth")
    assert receptive_field(model).is_global
    hr = of_file(IMAGES / "lam" / "1.png").open().pixels
    lr = downscale(hr, 4)
    result = attribute(model, lr, Region.centred(*hr.shape[:2]))
    found = faithfulness(model, lr, result, FaithfulnessSettings(points=5, draws=6))
    assert found.advantage("deletion", "random") > 2
    assert found.advantage("deletion", "ring") > 1
