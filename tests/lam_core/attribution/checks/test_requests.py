"""Checks are computed once, found again without a model, and given up when asked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lam_core import AttributionSettings, Region
from lam_core.attribution.checks.causal_effects import CausalSettings
from lam_core.attribution.checks.check import Check, examine
from lam_core.attribution.checks.insertion_deletion import FaithfulnessSettings
from lam_core.attribution.checks.requests import (
    build_of,
    causal_effects_of,
    faithfulness_of,
    gradient_of_window,
    occlusion_of,
    randomisation_of,
    saturation_of,
)
from lam_core.attribution.request import AttributionRequest
from lam_core.service.service import Cancelled, Service, Status
from tests.lam_core.studies.toys import Reference, picture, store_of

MODEL = Reference("far", (0.5, 0, -9))
REQUEST = AttributionRequest(MODEL, picture(), Region(16, 20, 4), AttributionSettings(nodes=2, tolerance=0))
TRUTH = np.kron(picture(), np.ones((2, 2, 1), np.uint8))
CHECKS = {
    "faithfulness": lambda: faithfulness_of(REQUEST, FaithfulnessSettings(points=2, draws=2)),
    "occlusion": lambda: occlusion_of(REQUEST, 8),
    "randomisation": lambda: randomisation_of(REQUEST, steps=1),
    "causal": lambda: causal_effects_of(REQUEST, TRUTH, [picture(seed=1)], CausalSettings(fine=2)),
    "gradient": lambda: gradient_of_window(REQUEST),
    "saturation": lambda: saturation_of(REQUEST, points=3),
    "build": lambda: build_of(MODEL),
}


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_is_done_once(name: str, tmp_path: Path) -> None:
    service, check = store_of(tmp_path), CHECKS[name]()
    assert service.find(check) is None
    first = examine(service, check)
    again = examine(Service(service.store), CHECKS[name]())
    assert (first.from_store, again.from_store) == (False, True)
    assert again.result.to_dict() == first.result.to_dict()
    found = service.find(check)
    assert found is not None
    assert found.to_dict() == first.result.to_dict()


def test_each_setting_and_check_has_its_own_key() -> None:
    checks: list[Check] = [make() for make in CHECKS.values()]
    checks += [occlusion_of(REQUEST, 4), randomisation_of(REQUEST, steps=1, seed=1), saturation_of(REQUEST, points=4)]
    assert len({repr(check.identity("cpu")) for check in checks}) == len(checks)


def test_the_map_it_needs_is_kept_too(tmp_path: Path) -> None:
    service, stages = store_of(tmp_path), []
    examine(service, CHECKS["occlusion"](), stages.append)
    assert service.find(REQUEST) is not None
    names = [status.stage for status in stages]
    assert names.index("map") < names.index("work")
    assert (stages[-1].stage, stages[-1].progress.share) == ("work", 1.0)


def test_giving_up_frees_the_device_and_keeps_nothing(tmp_path: Path) -> None:
    service, check = store_of(tmp_path), CHECKS["faithfulness"]()

    def give_up(status: Status) -> None:
        if status.stage == "work":
            raise Cancelled

    with pytest.raises(Cancelled):
        examine(service, check, give_up)
    assert len(service.turnstile) == 0
    assert service.find(check) is None
    assert not examine(service, check).from_store


def test_a_disk_that_is_full_is_a_note(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    found = examine(store_of(tmp_path / "file" / "s"), CHECKS["build"]())
    assert "could not be kept" in found.note
    assert found.result.to_dict()["receptive_field"] == {"height": 1, "width": 10}
