"""A plan is compared with the untouched network, and what differs never runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lam_core import AttributionSettings, Region, SuperResolver, attribute
from lam_core.attribution import gradients as module
from lam_core.attribution import verification
from lam_core.attribution.detectors import Detector
from lam_core.attribution.gradients import Gradients
from lam_core.attribution.passes import Pass, PlanFailedError, untouched
from lam_core.diagnosis import NetworkFailedError, NonFiniteMapError
from lam_core.lru import Lru
from lam_core.service.network_facts import facts_kept_in
from lam_core.service.store import Store

POINTS = [np.random.default_rng(k).random((20, 22, 3)) for k in range(9)]
DETECTOR = Detector("gradient", Region(14, 12, 12), 40, 44)
IMAGE = np.random.default_rng(5).integers(0, 256, (20, 22, 3), np.uint8)
WINDOW = Region(14, 12, 12)


class Net(nn.Module):
    """Two layers around a function that says what is tried."""

    def __init__(self, middle=lambda y: y) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.head, self.tail = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 12, 3, padding=1)
        self.middle = middle

    def forward(self, x: Tensor) -> Tensor:
        return F.pixel_shuffle(self.tail(self.middle(self.head(x).relu())), 2)


def model(middle=lambda y: y) -> SuperResolver:
    return SuperResolver(Net(middle).double(), 2)


@pytest.fixture(autouse=True)
def _forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """No verdict of another test's network counts."""
    monkeypatch.setattr(verification, "_KNOWN", Lru(4096))


def _plain(network: SuperResolver) -> list[np.ndarray]:
    found = []
    for point in POINTS:
        x = torch.from_numpy(point.transpose(2, 0, 1)[None].copy()).requires_grad_(True)
        window = network(x)[..., slice(*DETECTOR.rows), slice(*DETECTOR.columns)]
        window.backward(DETECTOR.with_slope(window.detach().clone())[1])
        assert x.grad is not None
        found.append(x.grad[0].permute(1, 2, 0).numpy())
    return found


def _close(found: list[tuple[float, np.ndarray]], truth: list[np.ndarray]) -> bool:
    return all(np.allclose(one, other, rtol=1e-9, atol=1e-9) for (_, one), other in zip(found, truth, strict=True))


def test_a_sound_plan_runs_and_says_what_it_was_compared_with() -> None:
    gradients = Gradients(model(), DETECTOR)
    assert gradients.plan(20, 22) == 9
    assert _close(gradients(POINTS), _plain(model()))
    how = gradients.computation
    assert how.cropped
    assert how.saving > 0.5
    assert how.checked == "untouched network"
    assert how.difference is not None
    assert how.difference < 1e-12


@pytest.mark.parametrize("spoilt", ["window", "slopes", "raises"])
def test_a_plan_that_is_wrong_never_runs(spoilt: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right = module.planned

    def wrong(view, detector, batch) -> Pass:
        found = right(view, detector, batch)
        if spoilt == "raises":
            raise PlanFailedError("no such step")
        parts = {name: getattr(found, name) for name in ("window", "values", "slope", "slopes")}
        return Pass(**{**parts, spoilt: parts[spoilt] * (1 + 1e-5)})

    monkeypatch.setattr(module, "planned", wrong)
    monkeypatch.setattr(verification, "planned", wrong)
    gradients = Gradients(model(), DETECTOR)
    gradients.plan(20, 22)
    assert _close(gradients(POINTS), _plain(model()))
    assert gradients.at_once == 1
    how = gradients.computation
    assert not how.cropped
    assert how.saving == 0
    assert "plan" in how.reason


@pytest.mark.parametrize("spoilt", ["slopes", "raises"])
def test_a_plan_that_is_wrong_for_batches_alone_gives_way_to_that_for_one(
    spoilt: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = module.planned

    def wrong(view, detector, batch) -> Pass:
        found = right(view, detector, batch)
        if len(batch) == 1:
            return found
        if spoilt == "raises":
            raise PlanFailedError("no such step")
        return replace(found, slopes=found.slopes * 1.5)

    monkeypatch.setattr(module, "planned", wrong)
    gradients = Gradients(model(), DETECTOR)
    gradients.plan(20, 22)
    assert _close(gradients(POINTS), _plain(model()))
    assert gradients.at_once == 1
    assert gradients.computation.cropped
    assert gradients.computation.checked == "untouched network"


def test_the_plans_for_one_and_for_several_share_one_look_at_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[Tensor] = []

    def watched(model, detector, batch, *rest) -> Pass:
        looks.append(batch)
        return untouched(model, detector, batch, *rest)

    monkeypatch.setattr(verification, "untouched", watched)
    gradients = Gradients(model(), DETECTOR)
    gradients.plan(20, 22)
    truth = _plain(model())
    assert _close(gradients(POINTS), truth)
    assert _close(gradients(POINTS[:2]), truth[:2]), "two are taken one by one"
    assert len(looks) == 1
    assert verification.recall(model(), gradients._view, "float64", 1) is not None  # type: ignore[arg-type]


def test_the_picture_beside_a_first_map_is_of_the_pass_that_checked_it(monkeypatch: pytest.MonkeyPatch) -> None:
    restored, asked = SuperResolver.restored, []

    def watched(self: SuperResolver, x: Tensor) -> Tensor:
        asked.append(x)
        return restored(self, x)

    monkeypatch.setattr(SuperResolver, "restored", watched)
    single = SuperResolver(Net(), 2, reading_is_known=True)
    first = attribute(single, IMAGE, WINDOW)
    assert not asked
    again = attribute(single, IMAGE, WINDOW)
    assert len(asked) == 1, "no other pass goes through the whole network"
    assert np.array_equal(first.sr, again.sr)
    assert np.array_equal(first.signed, again.signed)
    double = attribute(single, IMAGE, WINDOW, AttributionSettings(dtype="float64"))
    assert len(asked) == 2, "another precision's picture is not the network's own"
    assert np.array_equal(double.sr, first.sr)


def test_pictures_that_meet_in_spite_of_all_are_taken_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "independent", lambda *_: True)
    meeting = model(lambda y: y / y.max())
    gradients = Gradients(meeting, DETECTOR)
    assert gradients.plan(20, 22) == 9
    assert _close(gradients(POINTS), _plain(meeting))
    assert gradients.at_once == 1
    assert gradients.computation.cropped


def test_a_verdict_is_looked_up_and_not_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []

    def watched(*args, **kwargs) -> Pass:
        looks.append(1)
        return untouched(*args, **kwargs)

    monkeypatch.setattr(verification, "untouched", watched)
    store = Store(tmp_path)

    def run(window: Region = WINDOW) -> None:
        with facts_kept_in(store):
            attribute(model(), IMAGE, window)

    run()
    run()
    run(Region(16, 12, 12))
    assert len(looks) == 1, "the same kind of place"
    run(Region(0, 0, 12))
    assert len(looks) == 2, "another kind of place"
    verification._KNOWN.clear()
    run()
    assert len(looks) == 2, "another process reads the store"
    attribute(model(), IMAGE, WINDOW, AttributionSettings(nodes=5))
    assert len(looks) == 2
    changed = model()
    changed.module.middle = torch.tanh
    attribute(SuperResolver(changed.module, 2), IMAGE, WINDOW)
    assert len(looks) == 3, "other operations are another network"


def test_chaos_in_single_precision_is_told_from_a_wrong_plan() -> None:
    """Large numbers that cancel: rounding alone makes the gradients of two orders of addition differ."""

    def chaotic(y: Tensor) -> Tensor:
        return ((y * 3e4).sin() * 1e-2 + y).relu()

    single = SuperResolver(Net(chaotic), 2)
    gradients = Gradients(single, DETECTOR)
    gradients.plan(20, 22)
    gradients(POINTS[:1])
    how = gradients.computation
    assert how.checked
    assert how.cropped
    assert how.difference is not None
    assert how.difference > 1e-6


def test_a_network_that_draws_random_numbers_gives_one_map_and_says_so() -> None:
    before = torch.get_rng_state()
    noisy = SuperResolver(Net(lambda y: y + 0.3 * torch.randn_like(y)), 2)
    first, again = (attribute(noisy, IMAGE, WINDOW) for _ in range(2))
    assert np.array_equal(first.signed, again.signed)
    assert np.array_equal(first.sr, again.sr)
    assert not first.computation.deterministic
    assert "seeded alike" in first.computation.sentence
    assert torch.equal(torch.get_rng_state(), before)
    assert attribute(model(), IMAGE, WINDOW).computation.deterministic


def _overwriting(y: Tensor) -> Tensor:
    y[:, :4] = torch.sigmoid(y[:, :4].exp())
    return y.exp_().mul_(y)


def test_a_network_that_its_own_backward_pass_refuses_is_attributed_under_both_rules() -> None:
    for rule in ("default", "reference"):
        result = attribute(model(_overwriting), IMAGE, WINDOW, AttributionSettings(rule=rule, field="full"))
        assert result.computation.checked == "finite differences"
        assert result.computation.difference is not None
        assert result.computation.difference < 1e-3
        assert result.completeness_error < 0.2
        assert result.computation.cropped == (rule == "default")


def _in_place_and_untraceable(y: Tensor) -> Tensor:
    if y.sum() > 1e9:
        return y
    return _overwriting(y)


def test_where_nothing_can_run_one_sentence_says_why() -> None:
    for rule in ("default", "reference"):
        with pytest.raises(NetworkFailedError, match="writes over values that its own backward pass needs") as caught:
            attribute(model(_in_place_and_untraceable), IMAGE, WINDOW, AttributionSettings(rule=rule))
        assert "\n" not in str(caught.value)


class _Failing(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:
        return x * 1

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:
        raise KeyError("no such kernel")


def test_errors_of_a_backward_pass_are_the_networks_too() -> None:
    for rule in ("default", "reference"):
        with pytest.raises(NetworkFailedError, match="KeyError"):
            attribute(model(_Failing.apply), IMAGE, WINDOW, AttributionSettings(rule=rule))


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_what_is_not_finite_is_an_error_wherever_it_appears(bad: float) -> None:
    for middle in (lambda y: y * bad, lambda y: torch.where(y > 0.3, y, bad), lambda y: (y - y).sqrt() + y):
        for rule in ("default", "reference"):
            with pytest.raises(NonFiniteMapError):
                attribute(model(middle), IMAGE, WINDOW, AttributionSettings(rule=rule))
