"""The shipped study of degraded inputs is of what was fixed for it."""

from __future__ import annotations

import zoo
from dashboard.gallery.degraded import (
    CHECKPOINTS,
    IMAGES,
    SETTINGS,
    STRENGTHS,
    degradations,
    image_ids,
    shipped_degraded,
)
from lam_core.attribution.settings import METHOD_VERSION
from lam_core.images import digest, mod_crop
from lam_core.samples import sample
from lam_core.studies.degraded_inputs import against_strength


def test_every_network_image_and_degradation_has_a_row() -> None:
    table, names = shipped_degraded(), {zoo.reference(one).name for one in CHECKPOINTS}
    rows = set(zip(table["model"], table["image"], table["degradation"], strict=True))
    assert rows == {(n, i, str(d)) for n in names for i in image_ids() for d in degradations()}
    assert len(table) == len(names) * IMAGES * 7


def test_it_is_of_these_networks_images_and_settings() -> None:
    about = shipped_degraded().attrs["about"]
    assert about["method_version"] == METHOD_VERSION
    assert about["settings"] == SETTINGS.as_dict()
    assert about["models"] == {zoo.reference(one).name: zoo.reference(one).fingerprint for one in CHECKPOINTS}
    assert about["images"] == {name: digest(mod_crop(sample(name).pixels(), 4)) for name in image_ids()}


def test_what_the_page_says_of_it_holds() -> None:
    """docs/studies.md: blur shortens the reach of IMDN, noise changes it by nothing that can be told from none."""
    table = shipped_degraded()
    clean, mild, strong = against_strength(table, "IMDN", "blur")
    assert (round(clean.index.mean, 1), round(mild.index.mean, 1)) == (10.8, 1.9)
    assert strong.change.high < 0
    noise = against_strength(table, "IMDN", "noise")[-1]
    assert noise.change.low < 0 < noise.change.high
    assert all(len(against_strength(table, "PAN", kind)) == 3 for kind in STRENGTHS)
