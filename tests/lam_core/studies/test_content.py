"""Content features on pictures whose features are known."""

from __future__ import annotations

import numpy as np
import pytest

from lam_core.region import Region
from lam_core.studies.content import autocorrelation, content, orientation_entropy, periodicity

X = np.arange(96)
NOISE = np.random.default_rng(0).random((96, 96))


def wave(period: float, angle: float) -> np.ndarray:
    turn = np.deg2rad(angle)
    return 0.5 + 0.4 * np.cos(2 * np.pi * (X[None, :] * np.cos(turn) + X[:, None] * np.sin(turn)) / period)


@pytest.mark.parametrize(("period", "angle"), [(8, 0), (12, 90), (10, 30), (16, 137)])
def test_a_wave_repeats_exactly_at_its_period_in_one_direction(period: float, angle: float) -> None:
    strength, distance = periodicity(wave(period, angle))
    assert strength > 0.95
    assert distance == pytest.approx(period, rel=0.04)
    assert orientation_entropy(wave(period, angle)) < 0.12


def test_a_grid_repeats_at_its_pitch_and_has_two_directions() -> None:
    plane = np.ones((96, 96))
    plane[::12], plane[:, ::12] = 0.2, 0.2
    strength, distance = periodicity(plane)
    assert (strength, distance) == (pytest.approx(1, abs=1e-3), 12)
    # Two directions, and those of the crossings' corners.
    assert np.log(2) / np.log(36) < orientation_entropy(plane) < 0.35


def test_noise_hardly_repeats_and_has_all_directions() -> None:
    strength, _ = periodicity(NOISE)
    assert strength < 0.2
    assert orientation_entropy(NOISE) > 0.97


def test_light_that_falls_across_the_picture_hides_no_period() -> None:
    lit = wave(8, 0) + np.linspace(0, 3, 96)[:, None]
    assert periodicity(lit)[1] == pytest.approx(8, abs=0.5)


def test_the_autocorrelation_is_that_of_the_definition() -> None:
    values = np.random.default_rng(1).random((9, 8))
    found = autocorrelation(values)
    assert found is not None
    assert found.shape == (9, 9)
    assert found[4, 4] == pytest.approx(1)
    y, x = (np.linspace(-1, 1, side) for side in values.shape)
    trend = np.stack([np.ones_like(values), np.repeat(y[:, None], 8, 1), np.repeat(x[None], 9, 0)], -1).reshape(-1, 3)
    flat = (values.ravel() - trend @ np.linalg.pinv(trend) @ values.ravel()).reshape(9, 8)
    a, b = flat[2:, 3:], flat[:-2, :-3]
    moved = (a * b).sum() / np.sqrt((a**2).sum() * (b**2).sum())
    assert found[6, 7] == pytest.approx(moved)
    assert found[2, 1] == pytest.approx(moved)


def test_a_flat_picture_has_nothing() -> None:
    found = content(np.full((100, 100, 3), 90, np.uint8), Region(40, 40))
    assert found.to_dict() == {
        "gradient_energy": 0.0,
        "periodicity": 0.0,
        "period": None,
        "orientation_entropy": 0.0,
    }


def test_only_the_windows_surroundings_count() -> None:
    picture = np.zeros((96, 400, 3), np.uint8)
    picture[:, :200] = (wave(8, 0).repeat(3, 1)[:, :200, None] * 255).astype(np.uint8)
    assert content(picture, Region(330, 40)).gradient_energy == 0
    near = content(picture, Region(60, 40))
    assert near.gradient_energy > 0.001
    assert near.periodicity > 0.9


def test_gradient_energy_of_a_ramp() -> None:
    picture = np.repeat((np.arange(100, dtype=np.uint8) * 2)[None, :, None], 100, 0).repeat(3, 2)
    assert content(picture, Region(40, 40)).gradient_energy == pytest.approx((2 / 255) ** 2, rel=1e-3)
