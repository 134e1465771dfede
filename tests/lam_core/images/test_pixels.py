"""Pairs and figures of merit against scikit-image."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.metrics import structural_similarity

from lam_core.images import ImageShapeError, bicubic, digest, downscale, luma, middle, mod_crop, psnr, ssim


def picture(height: int = 41, width: int = 50, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_psnr_by_hand() -> None:
    a, b = np.full((8, 8, 3), 100.0), np.full((8, 8, 3), 110.0)
    step = 10 * (65.481 + 128.553 + 24.966) / 255
    assert psnr(a, b, shave=2) == pytest.approx(20 * np.log10(255 / step))
    assert psnr(a, a, shave=2) == float("inf")


def test_only_the_inside_counts() -> None:
    a, b = picture(), picture()
    b[0], b[:, -1] = 0, 0
    assert psnr(a, b, shave=1) == float("inf")
    assert psnr(a, b, shave=0) < 30


@pytest.mark.parametrize("shave", [0, 4])
def test_psnr_of_a_picture_of_several_strips(shave: int) -> None:
    a, b = picture(1300, 9), picture(1300, 9, seed=1)
    inner = slice(shave, -shave or None)
    error = np.mean((luma(a)[inner, inner] - luma(b)[inner, inner]) ** 2)
    assert psnr(a, b, shave=shave) == pytest.approx(10 * np.log10(255**2 / error), abs=1e-12)


def test_ssim_equals_scikit_image() -> None:
    a, b = picture(), picture(seed=1)
    b = (0.6 * a + 0.4 * b).astype(np.uint8)
    inner = slice(2, -2)
    first, second = luma(a)[inner, inner], luma(b)[inner, inner]
    _, plane = structural_similarity(
        first, second, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, full=True,
        truncate=5 / 1.5,
    )  # fmt: skip
    assert ssim(a, b, shave=2) == pytest.approx(plane[5:-5, 5:-5].mean(), abs=1e-12)


def test_white_is_235_and_black_16() -> None:
    assert luma(np.array([[[255, 255, 255], [0, 0, 0]]])) == pytest.approx(np.array([[235, 16]]))


def test_pairs_have_matching_sizes() -> None:
    hr = picture()
    assert mod_crop(hr, 4).shape == (40, 48, 3)
    assert downscale(hr, 4).shape == (10, 12, 3)
    assert bicubic(downscale(hr, 4), 4).shape == (40, 48, 3)


def test_too_small_for_the_scale() -> None:
    with pytest.raises(ImageShapeError, match="at least 4×4"):
        downscale(picture(3, 9), 4)


def test_unequal_pictures_are_refused() -> None:
    with pytest.raises(ImageShapeError, match="one shape"):
        psnr(picture(8, 8), picture(8, 9), shave=0)


def test_the_middle_does_not_keep_the_rest_in_memory() -> None:
    part = middle(picture(), 4, 6)
    assert part.shape == (4, 6, 3)
    assert part.base is None


def test_a_digest_knows_the_shape() -> None:
    flat = np.zeros((4, 2, 3), np.uint8)
    assert digest(flat) != digest(flat.reshape(2, 4, 3))
