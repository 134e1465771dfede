"""Degradations: nothing at strength 0, the stated statistics above it, one picture for one seed."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from lam_core.images import ImageShapeError
from lam_core.images.degradations import (
    CLEAN,
    DEGRADATION_KINDS,
    Degradation,
    Step,
    StrengthError,
    UnknownDegradationError,
    preview,
)
from lam_core.samples import sample

IMAGE = sample("palace-roof").pixels()
GREY = np.full((128, 128, 3), 100, np.uint8)
NAMES = [kind.name for kind in DEGRADATION_KINDS]


@pytest.mark.parametrize("name", NAMES)
def test_strength_zero_is_exactly_the_picture(name):
    result = Degradation((Step(name, 0.0),)).apply(IMAGE)
    assert result is not IMAGE
    np.testing.assert_array_equal(result, IMAGE)


@pytest.mark.parametrize("name", NAMES)
def test_one_seed_gives_one_picture_and_the_input_is_left_alone(name):
    before = IMAGE.copy()
    degradation = Degradation.parse(name)
    first = degradation.apply(IMAGE, 7)
    np.testing.assert_array_equal(first, degradation.apply(IMAGE, 7))
    np.testing.assert_array_equal(IMAGE, before)
    assert first.dtype == np.uint8
    assert first.shape == IMAGE.shape
    assert (first != IMAGE).any()


@pytest.mark.parametrize("name", ["noise", "poisson"])
def test_pictures_of_other_seeds_have_other_noise(name):
    degradation = Degradation.parse(name)
    first, second = (degradation.apply(GREY, seed).astype(float) - 100 for seed in ((0, 1), (0, 2)))
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.02


@pytest.mark.parametrize("name", NAMES)
def test_more_strength_spoils_more(name):
    full = Degradation.parse(name)
    errors = [np.mean((full.scaled(share).apply(IMAGE).astype(float) - IMAGE) ** 2) for share in (0, 0.25, 0.5, 1)]
    assert errors == sorted(errors)
    assert errors[0] == 0
    assert errors[-1] > errors[1]


def test_gaussian_noise_has_its_deviation():
    error = Degradation.parse("noise:10").apply(GREY, 3).astype(float) - 100
    assert error.std() == pytest.approx(10, rel=0.02)
    assert error.mean() == pytest.approx(0, abs=0.15)


@pytest.mark.parametrize("level", [40, 160])
def test_poisson_variance_is_proportional_to_the_light(level):
    picture = np.full((128, 128, 3), level, np.uint8)
    error = Degradation.parse("poisson:12").apply(picture, 3).astype(float) - level
    assert error.var() == pytest.approx(144 * level / 255, rel=0.03)


@pytest.mark.parametrize("sigma", [0.3, 1.0, 2.5])
def test_blur_agrees_with_scipy(sigma):
    expected = gaussian_filter(IMAGE.astype(float), (sigma, sigma, 0), mode="reflect", truncate=6)
    got = Degradation.parse(f"blur:{sigma}").apply(IMAGE)
    assert np.abs(got - expected).max() < 0.6


def test_blur_wider_than_the_picture_leaves_its_mean():
    picture = np.zeros((4, 6, 3), np.uint8)
    picture[:, :3] = 200
    assert np.abs(Degradation.parse("blur:20").apply(picture).astype(int) - 100).max() <= 1


def test_jpeg_is_pillows():
    file = BytesIO()
    Image.fromarray(IMAGE).save(file, "JPEG", quality=40)
    np.testing.assert_array_equal(Degradation.parse("jpeg:60").apply(IMAGE), np.asarray(Image.open(file)))


def test_contrast_halves_the_deviation_and_keeps_the_mean():
    halved = Degradation.parse("contrast:0.5").apply(IMAGE)
    assert halved.std() == pytest.approx(IMAGE.std() / 2, rel=0.02)
    assert Degradation.parse("contrast:1").apply(IMAGE).std() == 0


def test_a_mixture_is_its_steps_in_order():
    mixed = Degradation.parse("blur:1.5+jpeg:50")
    by_hand = Degradation.parse("jpeg:50").apply(Degradation.parse("blur:1.5").apply(IMAGE))
    np.testing.assert_array_equal(mixed.apply(IMAGE), by_hand)


@pytest.mark.parametrize("text", ["clean", "blur:2", "noise:0.5", "blur:2+noise:20", "jpeg:70+area:1+contrast:0.25"])
def test_text_survives_a_round_trip(text):
    assert str(Degradation.parse(text)) == text


def test_text_without_strength_takes_the_usual_one():
    assert Degradation.parse(" blur + noise ") == Degradation((Step("blur", 2.0), Step("noise", 20.0)))
    assert Degradation.parse("clean") == CLEAN
    assert Degradation.parse("blur").title == "Gaussian blur (σ 2 px)"
    assert CLEAN.title == "Clean"


@pytest.mark.parametrize("text", ["blurr", "", "blur+", "clean+blur"])
def test_an_unknown_name_is_refused(text):
    with pytest.raises(UnknownDegradationError, match="did you mean"):
        Degradation.parse(text)


@pytest.mark.parametrize("text", ["blur:-1", "blur:nan", "contrast:2", "blur:much", "blur:", "jpeg:100"])
def test_an_impossible_strength_is_refused(text):
    with pytest.raises(StrengthError, match=text.split(":")[0]):
        Degradation.parse(text)


@pytest.mark.parametrize("picture", [IMAGE[..., 0], IMAGE.astype(float), IMAGE[..., :2]])
def test_only_rgb_pictures_are_taken(picture):
    with pytest.raises(ImageShapeError, match="8-bit RGB"):
        CLEAN.apply(picture)


def test_a_preview_runs_from_clean_to_full():
    strip = preview(Degradation.parse("blur"), IMAGE, count=3)
    assert strip.shape == (256, 768, 3)
    np.testing.assert_array_equal(strip[:, :256], IMAGE)
    np.testing.assert_array_equal(strip[:, 512:], Degradation.parse("blur").apply(IMAGE))


def test_an_image_has_noise_of_its_own_wherever_it_is_degraded() -> None:
    one, other = np.full((8, 8, 3), 100, np.uint8), np.full((8, 8, 3), 101, np.uint8)
    noise = Degradation.parse("noise:10")
    np.testing.assert_array_equal(noise.applied_to(one), noise.applied_to(one.copy()))
    differences = noise.applied_to(one).astype(int) - 100, noise.applied_to(other).astype(int) - 101
    assert (differences[0] != differences[1]).mean() > 0.5
    assert Degradation().applied_to(one) is one
