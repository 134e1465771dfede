"""Checks of a map on networks where every answer can be written down."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from lam_core import AttributionSettings, Region, SuperResolver, attribute
from lam_core.attribution.checks.causal_effects import (
    CausalEffects,
    CausalSettings,
    causal_effects,
    window_psnr,
)
from lam_core.attribution.checks.occlusion import OcclusionAgreement, occlusion_agreement
from lam_core.attribution.checks.rank_agreement import agreement
from lam_core.attribution.checks.scene import scene_of
from lam_core.attribution.settings import SettingsError
from lam_core.images import ImageShapeError
from tests.lam_core.studies.toys import coupled, picture

SETTINGS = AttributionSettings(detector="intensity", dtype="float64", field="full", tolerance=0, nodes=9)
WINDOW = Region(16, 20, 4)
"""Its footprint is rows 10 and 11, columns 8 and 9."""


def test_the_footprint_is_every_pixel_that_the_window_touches() -> None:
    assert Region(5, 8, 4).footprint(2) == (slice(4, 6), slice(2, 5))


def test_distance_is_that_to_the_footprint() -> None:
    distance = scene_of(coupled(), picture(), WINDOW, SETTINGS).distance
    rows, columns = np.mgrid[:24, :24]
    inside = [(r, c) for r in (10, 11) for c in (8, 9)]
    expected = np.min([np.hypot(rows - r, columns - c) for r, c in inside], axis=0)
    np.testing.assert_allclose(distance, expected)


def test_windows_are_those_of_the_whole_output() -> None:
    model = coupled((0.5, 3, -2))
    scene = scene_of(model, picture(), WINDOW, SETTINGS)
    images = [scene.lr, scene.blurred, *[scene.lr * k / 10 for k in range(9)]]
    windows = list(scene.windows(images))
    assert len(windows) == 11
    whole = model(torch.from_numpy(scene.blurred.transpose(2, 0, 1))[None])[0].permute(1, 2, 0).numpy()
    np.testing.assert_allclose(windows[1], whole[20:24, 16:20])
    assert list(scene.detected(images))[1] == pytest.approx(whole[20:24, 16:20].sum())


def test_agreement_takes_distance_out() -> None:
    random = np.random.default_rng(0)
    distance = random.random(4000)
    knows_only_distance = agreement(random.normal(-distance, 0.1), random.normal(-distance, 0.1), distance)
    assert knows_only_distance.spearman is not None
    assert knows_only_distance.beyond_distance is not None
    assert knows_only_distance.spearman > 0.8
    assert abs(knows_only_distance.beyond_distance) < 0.05
    independent = random.random(4000)
    knows_more = agreement(independent, independent**2, distance)
    assert (knows_more.spearman, knows_more.beyond_distance) == (1.0, 1.0)
    assert agreement(np.ones(5), np.arange(5), np.arange(5)).spearman is None


def test_what_neither_reaches_is_no_agreement() -> None:
    a, b = np.zeros(100), np.zeros(100)
    a[:4], b[:4] = (1, 2, 3, 4), (2, 1, 4, 3)
    found = agreement(a, b, np.arange(100.0))
    assert (found.n, found.spearman) == (4, 0.6)
    assert agreement(np.zeros(5), np.zeros(5), np.arange(5)).spearman is None


def test_occlusion_of_a_linear_network_is_the_sum_of_its_attribution() -> None:
    model, lr = coupled((0.5, -4, 5), (-0.3, 6, 0)), picture()
    result = attribute(model, lr, WINDOW, SETTINGS)
    found = occlusion_agreement(model, lr, result, block=4)
    sums = result.signed.sum(0).reshape(6, 4, 6, 4).sum((1, 3))
    np.testing.assert_allclose(found.effect, np.abs(sums), atol=1e-9)
    np.testing.assert_allclose(found.attributed, result.map.reshape(6, 4, 6, 4).sum((1, 3)))
    reached = found.effect > 0
    assert found.agreement.n == reached.sum() == 4
    assert found.agreement.spearman == pytest.approx(spearmanr(found.effect[reached], found.attributed[reached])[0])
    again = OcclusionAgreement.from_dict(json.loads(json.dumps(found.to_dict())))
    assert again.to_dict() == found.to_dict()


def test_a_block_that_fills_the_field_is_refused() -> None:
    model, lr = coupled(), picture()
    with pytest.raises(SettingsError, match="choose 1 to 12"):
        occlusion_agreement(model, lr, attribute(model, lr, WINDOW, SETTINGS), block=13)


class TestCausalEffects:
    black = np.zeros((30, 30, 3), np.uint8)

    def found(self, model: SuperResolver, lr: np.ndarray, truth: np.ndarray, **options) -> CausalEffects:
        causal = CausalSettings(block=4, coarse=2, fine=5, **options)
        return causal_effects(model, lr, truth, WINDOW, [self.black], SETTINGS, causal)

    def test_a_block_that_brings_only_error_harms_and_the_windows_own_helps(self) -> None:
        model, lr = coupled((0.1, 8, 0)), picture() // 2 + 20
        truth = np.kron(lr, np.ones((2, 2, 1), np.uint8))
        found = self.found(model, lr, truth)
        window = scene_of(model, lr, WINDOW, SETTINGS)
        disturbed = window_psnr(next(window.windows([window.lr])), truth[20:24, 16:20])
        assert found.psnr == pytest.approx(disturbed)
        # The window reads rows 10 and 11 of its own columns, and through the coupling rows 2 and 3.
        assert np.argwhere(found.effect).tolist() == [[0, 2], [2, 2]]
        assert found.effect[0, 2] == pytest.approx(disturbed - 100), "without the harmful block the window is perfect"
        assert found.effect[2, 2] > 1
        np.testing.assert_array_equal(found.patches, np.where(found.effect != 0, 5, 2))
        np.testing.assert_allclose(found.error, 0, atol=1e-9)

    def test_it_is_stored_as_it_is(self) -> None:
        lr = picture()
        found = self.found(coupled(), lr, np.kron(lr, np.ones((2, 2, 1), np.uint8)))
        again = CausalEffects.from_dict(json.loads(json.dumps(found.to_dict())))
        assert again.to_dict() == found.to_dict()

    def test_the_error_is_that_of_a_mean_over_patches(self) -> None:
        lr = picture()
        truth = np.kron(lr, np.ones((2, 2, 1), np.uint8))
        seeds = [
            causal_effects(
                coupled(), lr, truth, WINDOW, [picture(seed=9)], SETTINGS, CausalSettings(8, 2, 20, seed=seed)
            )
            for seed in range(8)
        ]
        spread = np.std([s.effect[1, 1] for s in seeds], ddof=1)
        assert spread / 2 < np.mean([s.error[1, 1] for s in seeds]) < 2 * spread
        assert seeds[0].patches[1, 1] == 20

    def test_progress_ends_at_one_and_may_give_up(self) -> None:
        lr, seen = picture(), []
        truth = np.kron(lr, np.ones((2, 2, 1), np.uint8))
        causal = CausalSettings(fine=4)
        causal_effects(coupled(), lr, truth, WINDOW, [self.black], SETTINGS, causal, report=seen.append)
        assert seen == sorted(seen)
        assert seen[-1] == pytest.approx(1)

        def give_up(done: float) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            causal_effects(coupled(), lr, truth, WINDOW, [self.black], SETTINGS, report=give_up)

    @pytest.mark.parametrize(
        ("truth", "donors", "says"),
        [
            (picture(20, 20), [black], "it should be 48×48"),
            (picture(48, 48), [], "at least one other picture"),
            (picture(48, 48), [picture(3, 9)], "gives no patch of 8×8"),
        ],
    )
    def test_what_cannot_be_measured_is_refused(self, truth, donors, says) -> None:
        with pytest.raises(ImageShapeError, match=says):
            causal_effects(coupled(), picture(), truth, WINDOW, donors, SETTINGS)
