import numpy as np
import pytest

from dashboard.presentation.decoded_image import PictureSizeError, from_sample, from_upload
from lam_core.images import bicubic, digest, downscale, psnr
from lam_core.images.decode import Decoded
from lam_core.region import Field, Region, RegionError
from lam_core.samples import sample, samples

RANDOM = np.random.default_rng(0)


def upload(height: int, width: int) -> Decoded:
    return Decoded(RANDOM.integers(0, 256, (height, width, 3), dtype=np.uint8), ("a note",))


@pytest.mark.parametrize("scale", [2, 3, 4, 8])
def test_a_sample_fits_every_scale(scale):
    picture = from_sample(sample("cat"), scale)
    assert picture.hr is not None
    assert picture.hr.shape[:2] == (picture.height, picture.width) == tuple(scale * n for n in picture.lr.shape[:2])
    picture.suggested.check_inside(picture.height, picture.width)


def test_every_suggested_window_lies_inside_at_scale_four():
    for one in samples():
        if one.kind == "photograph":
            picture = from_sample(one, 4)
            assert picture.window(None) == one.window


def test_an_hr_upload_is_cropped_and_reduced():
    decoded = upload(103, 90)
    picture = from_upload(decoded, "mine.png", low_resolution=False, scale=4, owner=None)
    assert picture.hr is not None
    assert picture.hr.shape == (100, 88, 3)
    np.testing.assert_array_equal(picture.lr, downscale(decoded.pixels, 4))
    assert picture.id == f"upload-{digest(decoded.pixels)}"
    assert picture.notes == ("a note",)


def test_an_lr_upload_has_no_hr_and_shows_its_pixels_repeated():
    decoded = upload(20, 24)
    picture = from_upload(decoded, "mine.png", low_resolution=True, scale=4, owner=None)
    assert picture.hr is None
    np.testing.assert_array_equal(picture.lr, decoded.pixels)
    assert (picture.height, picture.width) == (80, 96)
    np.testing.assert_array_equal(picture.shown()[2::4, 3::4], decoded.pixels)


def test_a_picture_that_is_too_small_says_what_is_needed():
    with pytest.raises(PictureSizeError, match=r"tiny\.png has 20×24.*at least 32×32"):
        from_upload(upload(24, 20), "tiny.png", low_resolution=False, scale=4, owner=None)
    assert from_upload(upload(24, 20), "tiny.png", low_resolution=True, scale=4, owner=None).width == 80


def test_an_lr_picture_that_would_become_huge_is_refused():
    decoded = Decoded(np.zeros((3000, 3000, 3), np.uint8), ())
    with pytest.raises(PictureSizeError, match="12000×12000"):
        from_upload(decoded, "wide.png", low_resolution=True, scale=4, owner=None)


def test_a_wanted_window_must_lie_inside():
    picture = from_sample(sample("cat"), 4)
    assert picture.window(Region(240, 240)) == Region(240, 240)
    with pytest.raises(RegionError, match="leaves"):
        picture.window(Region(241, 0))


def test_quality_is_that_of_the_field():
    picture = from_sample(sample("cat"), 4)
    assert picture.hr is not None
    field = Field(10, 4, 32, 32)
    lr, hr = picture.part(field)
    np.testing.assert_array_equal(lr, picture.lr[4:36, 10:42])
    assert hr is not None
    np.testing.assert_array_equal(hr, picture.hr[16:144, 40:168])

    class Result:
        sr = hr // 2

    result = Result()
    result.field = field  # pyright: ignore[reportAttributeAccessIssue]
    assert picture.quality(result) == (  # pyright: ignore[reportArgumentType]
        psnr(hr // 2, hr, shave=4),
        psnr(bicubic(lr, 4), hr, shave=4),
    )
