"""Paths for restoration at ×1, on a linear denoiser whose maps have a closed form."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from lam_core import AttributionSettings, Region, SuperResolver, attribute, diffusion_index
from lam_core.attribution.baseline import index_fault, meaning
from lam_core.attribution.path import path_of, smoothed
from lam_core.attribution.settings import SettingsError
from lam_core.images.degradations import Degradation
from tests.lam_core.studies.toys import picture

WINDOW = Region(12, 9, 6)
IMAGE = picture(32, 32)


def denoiser() -> SuperResolver:
    torch.manual_seed(0)
    return SuperResolver(nn.Conv2d(3, 3, 5, padding=2), 1, name="linear denoiser")


def settings(path: str, **more) -> AttributionSettings:
    given = {"path": path, "detector": "intensity", "dtype": "float64", "field": 32, "nodes": 5, **more}
    return AttributionSettings(**given)


def pulled_back(model: SuperResolver) -> np.ndarray:
    """Aᵀ1 of the window, [32, 32, 3]: each output pixel of it hands the kernel's weights to the pixels they lie on."""
    kernel = dict(model.module.named_parameters())["weight"].detach().double().numpy()
    slope = np.zeros((36, 36, 3))
    for y in range(WINDOW.y, WINDOW.y + WINDOW.size):
        for x in range(WINDOW.x, WINDOW.x + WINDOW.size):
            slope[y : y + 5, x : x + 5] += kernel.sum(0).transpose(1, 2, 0)
    return slope[2:-2, 2:-2]


@pytest.mark.parametrize("path", ["blur", "linear-blur", "linear-smooth", "linear-degraded"])
def test_the_map_of_a_linear_denoiser_is_its_closed_form(path: str) -> None:
    model, asked = denoiser(), settings(path)
    found = attribute(model, IMAGE, WINDOW, asked)
    image = IMAGE.astype(np.float64) / 255
    # (I − I') ⊙ Aᵀ1: the gradient is the same all along the path.
    expected = (image - path_of(image, asked)(0.0)) * pulled_back(model)
    np.testing.assert_allclose(found.signed, expected.transpose(2, 0, 1), atol=1e-12)
    assert found.completeness_error <= 1e-6


def test_the_degraded_baseline_is_the_image_with_that_damage() -> None:
    image = IMAGE.astype(np.float64) / 255
    baseline = path_of(image, settings("linear-degraded", damage="blur:2"))(0.0)
    np.testing.assert_allclose(baseline * 255, Degradation.parse("blur:2").apply(IMAGE), atol=1e-9)


def test_smoothing_takes_noise_and_keeps_edges() -> None:
    step = np.zeros((32, 32, 3))
    step[:, 16:] = 1
    noisy = step + np.random.default_rng(0).normal(0, 0.02, step.shape)
    smooth = smoothed(noisy, 9)
    assert np.abs(smooth - step)[:, :8].mean() < 0.25 * np.abs(noisy - step)[:, :8].mean()
    assert (smooth[:, 16] - smooth[:, 15]).min() > 0.85
    np.testing.assert_allclose(smoothed(np.full((9, 9, 3), 0.4), 5), 0.4)


def test_di_is_told_only_where_it_says_how_far_a_network_looks() -> None:
    told = {
        "blur": True,
        "linear-black": True,
        "linear-smooth": False,
        "linear-degraded": False,
    }
    assert {path: not index_fault(settings(path)) for path in told} == told
    assert not index_fault(settings("linear-degraded", damage="blur:2"))
    # What the fault says: under Gaussian noise a gradient that is alike everywhere has this DI instead of 100.
    noise = np.abs(np.random.default_rng(0).normal(size=(400, 400)))
    assert round(diffusion_index(noise / noise.max())) == 59


def test_what_a_baseline_means_is_said() -> None:
    assert "mixes both" in meaning(settings("blur"), 1)
    assert "mixes both" not in meaning(settings("blur"), 4)
    assert "Gaussian noise (σ 25 of 255)" in meaning(settings("linear-degraded"), 1)


def test_the_damage_counts_on_its_path_alone() -> None:
    assert "damage" not in settings("blur", damage="noise:50").as_dict()
    assert settings("linear-degraded", damage="noise:50").as_dict()["damage"] == "noise:50"
    assert AttributionSettings(**settings("linear-degraded").as_dict()) == settings("linear-degraded")


@pytest.mark.parametrize("damage", ["clean", "fog:2", "noise:-1"])
def test_damage_that_is_none_is_refused(damage: str) -> None:
    with pytest.raises(SettingsError, match="damage is"):
        AttributionSettings(damage=damage)
