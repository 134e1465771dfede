"""Windows attributed together have the maps of windows attributed alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from lam_core import AttributionSettings, Region, SuperResolver, attribute
from lam_core.attribution import many_windows
from lam_core.attribution.attribute import ZeroMapError
from lam_core.attribution.cone import cone, share
from lam_core.attribution.many_windows import attribute_many
from lam_core.attribution.result import Attribution
from lam_core.attribution.shared_passes import SharedPasses
from lam_core.region import field_around

STRAIGHT = AttributionSettings(nodes=5, tolerance=0, path="linear-black", dtype="float64")
"""On a straight path every window's nodes are equally spaced, alone or together."""


class Attending(nn.Module):
    """Convolutions, a global mean that scales channels, and a kink in between."""

    def __init__(self) -> None:
        super().__init__()
        self.head, self.tail = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 12, 3, padding=1)
        self.shuffle = nn.PixelShuffle(2)

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.head(x))
        return self.shuffle(self.tail(y * torch.sigmoid(y.mean((2, 3), keepdim=True))))


def model(network: nn.Module | None = None) -> SuperResolver:
    torch.manual_seed(0)
    return SuperResolver(network or Attending(), 2)


def picture(height: int = 16, width: int = 20) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


REGIONS = [Region(x, y, 8) for y in (0, 12, 24) for x in (0, 16, 32)]


def maps(results: list[Attribution | ZeroMapError]) -> list[Attribution]:
    assert all(isinstance(one, Attribution) for one in results)
    return [one for one in results if isinstance(one, Attribution)]


def count_passes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many windows each shared pass has served."""
    served: list[int] = []
    plain = SharedPasses.at

    def counting(self, point, windows):
        served.append(len(windows))
        return plain(self, point, windows)

    monkeypatch.setattr(SharedPasses, "at", counting)
    return served


def test_together_equals_alone_at_equal_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    served = count_passes(monkeypatch)
    names = ("gradient", "intensity", "gabor")
    together = maps(attribute_many(model(), picture(), REGIONS, STRAIGHT, detectors=names))
    assert served == [len(REGIONS) * len(names)] * 5
    assert [(one.region, one.settings.detector) for one in together] == [(r, name) for r in REGIONS for name in names]
    for one in together[::5]:
        alone = attribute(model(), picture(), one.region, one.settings)
        assert one.nodes == alone.nodes == 5
        assert np.abs(one.signed - alone.signed).max() <= 1e-12 * np.abs(alone.signed).max()
        assert one.diffusion_index == pytest.approx(alone.diffusion_index, rel=1e-10)
        assert one.map_error == pytest.approx(alone.map_error, rel=1e-8)
        assert one.completeness_error == pytest.approx(alone.completeness_error, rel=1e-6)
        assert np.array_equal(one.sr, alone.sr)
        assert one.computation.checked == alone.computation.checked == "untouched network"
        assert (one.computation.cropped, one.computation.saving) == (
            alone.computation.cropped,
            alone.computation.saving,
        )


def test_in_single_precision_they_differ_by_rounding() -> None:
    settings = AttributionSettings(nodes=5, tolerance=0, path="linear-blur")
    for one in maps(attribute_many(model(), picture(), REGIONS, settings))[::3]:
        alone = attribute(model(), picture(), one.region, settings)
        assert np.abs(one.signed - alone.signed).max() <= 1e-6 * np.abs(alone.signed).max()


def test_every_window_stops_by_its_own_estimate(monkeypatch: pytest.MonkeyPatch) -> None:
    served = count_passes(monkeypatch)
    settings = AttributionSettings(tolerance=0.01, nodes=200)
    results = maps(attribute_many(model(), picture(), REGIONS, settings))
    nodes = [one.nodes for one in results]
    assert all(one.map_error <= 0.01 for one in results)
    assert len(set(nodes)) > 1
    assert len(served) == max(nodes)
    assert sum(served) == sum(nodes)
    fine = AttributionSettings(tolerance=0, nodes=401)
    for one in results[::4]:
        truth = attribute(model(), picture(), one.region, fine)
        planes = np.abs(one.signed.sum(0)), np.abs(truth.signed.sum(0))
        assert np.linalg.norm(planes[0] - planes[1]) <= 2 * one.map_error * np.linalg.norm(planes[1])


def test_windows_that_give_nothing_stand_as_errors_in_their_place() -> None:
    flat = picture(24, 64)
    flat[:, :40] = 99
    regions = [Region(16, 8, 16), Region(100, 8, 16), Region(0, 20, 16), Region(110, 24, 16)]
    results = attribute_many(model(nn.Sequential(nn.Conv2d(3, 12, 3, padding=1), nn.PixelShuffle(2))), flat, regions)
    assert [isinstance(one, ZeroMapError) for one in results] == [True, False, True, False]
    assert "flat" in str(results[0])


def test_fields_of_a_large_picture_are_grouped(monkeypatch: pytest.MonkeyPatch) -> None:
    served = count_passes(monkeypatch)
    large, settings = picture(40, 40), AttributionSettings(field=16, nodes=5, tolerance=0)
    corners = [Region(x, y, 8) for y in (0, 2, 70) for x in (0, 2, 70)]
    fields = [field_around(region, 40, 40, 2, 16) for region in corners]
    monkeypatch.setattr(SharedPasses, "plan", classmethod(always_shared))
    maps(attribute_many(model(), large, corners, settings))
    expected = [fields.count(field) for field in dict.fromkeys(fields)]
    assert sorted(served) == sorted(count for count in expected for _ in range(5) if count > 1)
    assert max(expected) > 1


def always_shared(cls, network, height, width, detectors):
    views = [cone(network, height, width, one.rows, one.columns) for one in detectors]
    return cls(network, detectors, views, share(views)) if len(views) > 1 else None


def test_few_windows_of_small_cones_run_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    served = count_passes(monkeypatch)
    convolution = nn.Sequential(nn.Conv2d(3, 12, 3, padding=1), nn.PixelShuffle(2))
    maps(attribute_many(model(convolution), picture(), [Region(0, 0, 4), Region(20, 20, 4)], STRAIGHT))
    assert served == []


def test_the_reference_rule_and_untraceable_networks_run_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    class Choosing(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = Attending()

        def forward(self, x: Tensor) -> Tensor:
            return self.inner(x) if float(x.detach().mean()) > -1 else x

    served = count_passes(monkeypatch)
    published = AttributionSettings(rule="reference", nodes=4)
    for network, settings in ((None, published), (Choosing(), STRAIGHT)):
        for one in maps(attribute_many(model(network), picture(), REGIONS[:3], settings)):
            torch.manual_seed(0)
            alone = attribute(model(network), picture(), one.region, settings)
            np.testing.assert_array_equal(one.signed, alone.signed)
    assert served == []


def test_more_windows_than_memory_holds_are_taken_in_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    served = count_passes(monkeypatch)
    whole = maps(attribute_many(model(), picture(), REGIONS, STRAIGHT))
    monkeypatch.setattr(many_windows, "MEMORY", 5 * 16 * 20 * (48 + 5 * 16))
    turns = maps(attribute_many(model(), picture(), REGIONS, STRAIGHT))
    assert served == [9] * 5 + [5] * 5 + [4] * 5
    for one, other in zip(whole, turns, strict=True):
        np.testing.assert_allclose(one.signed, other.signed, rtol=1e-12, atol=1e-18)


def test_progress_counts_windows_and_ends_the_computation() -> None:
    seen: list[tuple[int, int]] = []
    attribute_many(model(), picture(), REGIONS, STRAIGHT, on_progress=lambda done, total: seen.append((done, total)))
    assert seen == [(done, 9) for done in (1, 3, 5, 6, 8, 8, 8, 8, 8, 8, 8, 8, 8, 9)]

    def give_up(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        attribute_many(model(), picture(), REGIONS, STRAIGHT, on_progress=give_up)
