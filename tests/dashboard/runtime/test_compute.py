from pathlib import Path

import numpy as np
import pytest

from dashboard.runtime.compute import UNFORESEEN, at_hand, computed, throttled
from dashboard.widgets.progress import share_fetched, waiting_for
from lam_core.attribution.request import AttributionRequest
from lam_core.attribution.settings import AttributionSettings
from lam_core.model import SuperResolver
from lam_core.region import Region, RegionError
from lam_core.service.progress import Step
from lam_core.service.service import Service, Status
from lam_core.service.store import Store
from tests.dashboard.conftest import write_toy
from zoo.models.python_file import own_network
from zoo.models.target import Code

LR = np.random.default_rng(0).integers(0, 256, (24, 24, 3), dtype=np.uint8)
SETTINGS = AttributionSettings(nodes=9)


class Loaded:
    """A reference to a network that is already there."""

    def __init__(self, model: SuperResolver):
        self.model = model
        self.name, self.fingerprint, self.scale = model.name, model.fingerprint, model.scale

    def load(self, progress: object = None) -> SuperResolver:
        return self.model


@pytest.fixture
def toy(tmp_path) -> Loaded:
    path, _, function = write_toy(tmp_path, "toy").rpartition(":")
    return Loaded(own_network(Code(Path(path), function)))


def test_a_result_is_computed_once_and_then_at_hand(toy, tmp_path):
    service = Service(Store(tmp_path / "store"))
    request = AttributionRequest(toy, LR, Region(40, 40), SETTINGS)
    _, before = at_hand(service, lambda: request)
    assert before.result is None
    assert not before.failure
    first = computed(service, request, lambda status: None)
    _, after = at_hand(Service(Store(tmp_path / "store")), lambda: request)
    assert first.result is not None
    assert after.result is not None
    assert (first.from_store, after.from_store) == (False, True)
    np.testing.assert_array_equal(first.result.signed, after.result.signed)


def test_a_foreseen_fault_becomes_its_own_sentence(toy, tmp_path):
    service = Service(Store(tmp_path / "store"))
    request = AttributionRequest(toy, LR, Region(90, 90), SETTINGS)
    made, outcome = at_hand(service, lambda: request)
    assert made is None
    assert "leaves the 96×96 picture" in outcome.failure
    flat = AttributionRequest(toy, np.full_like(LR, 128), Region(40, 40), SETTINGS)
    assert "flat" in computed(service, flat, lambda status: None).failure


def test_an_unforeseen_fault_shows_no_detail_and_is_logged(caplog):
    def broken():
        raise ZeroDivisionError("secret/path")

    _, outcome = at_hand(Service(None), broken)
    assert outcome.failure == UNFORESEEN
    assert "secret/path" in caplog.text


def test_a_store_that_cannot_be_written_still_shows_the_result(toy, tmp_path):
    (tmp_path / "file").write_text("in the way")
    service = Service(Store(tmp_path / "file" / "store"))
    outcome = computed(service, AttributionRequest(toy, LR, Region(40, 40), SETTINGS), lambda status: None)
    assert outcome.result is not None
    assert "could not be kept" in outcome.note


def test_giving_up_passes_through_and_leaves_the_device_free(toy, tmp_path):
    class Rerun(BaseException):
        """As Streamlit's own, no `Exception`."""

    service = Service(Store(tmp_path / "store"))
    request = AttributionRequest(toy, LR, Region(40, 40), SETTINGS)

    def leave(status: Status) -> None:
        if status.stage == "work":
            raise Rerun

    with pytest.raises(Rerun):
        computed(service, request, leave)
    assert len(service.turnstile) == 0
    assert computed(service, request, lambda status: None).result is not None


def test_a_throttled_listener_hears_every_stage_and_not_every_node():
    heard: list[str] = []
    hear = throttled(lambda status: heard.append(status.stage), pause=60)
    for stage in ("queue", "queue", "model", "work", "work", "work"):
        hear(Status(stage))
    assert heard == ["queue", "model", "work"]


def test_one_who_waits_for_weights_sees_how_much_is_here():
    fetching = Status("model", fetched=(1_500_000, 6_000_000))
    assert (waiting_for(fetching), share_fetched(fetching)) == ("Fetching its weights: 1.5 of 6.0 MB", 0.25)
    unknown = Status("model", fetched=(1_500_000, None))
    assert (waiting_for(unknown), share_fetched(unknown)) == ("Fetching its weights: 1.5 MB", 0)
    assert (waiting_for(Status("model")), share_fetched(Status("model"))) == ("Loading the network", 0)


def test_region_errors_are_foreseen():
    def outside():
        raise RegionError("window starts at (-1, 0); both must be 0 or more")

    assert at_hand(Service(None), outside)[1].failure.startswith("window starts")


def test_one_who_waits_is_told_less_often_than_one_who_sees_a_map_grow(monkeypatch):
    clock = iter(range(1000))
    monkeypatch.setattr("dashboard.runtime.compute.time.monotonic", lambda: next(clock) * 0.4)
    heard: list[Status] = []
    hear = throttled(heard.append)
    for ahead in range(9, 0, -1):
        hear(Status("queue", ahead=ahead))
    waiting = len(heard)
    for nodes in range(9):
        hear(Status("work", progress=Step(nodes / 9)))
    assert (waiting, len(heard) - waiting) == (3, 9)
