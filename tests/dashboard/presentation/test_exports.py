import io
import json

import numpy as np
from PIL import Image

from dashboard.gallery.shipped import first_visit
from dashboard.presentation import exports
from dashboard.presentation.decoded_image import from_sample, from_upload
from lam_core.images.decode import Decoded
from lam_core.render.figure import read_recipe
from lam_core.samples import sample

FIRST = first_visit()
PICTURE = from_sample(sample(FIRST.sample), 4)
RESULTS = [one.result for one in FIRST.results]
MODELS = [one.id for one in FIRST.results]


def test_arrays_come_back():
    with np.load(io.BytesIO(RESULTS[0].to_npz()), allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["signed"], RESULTS[0].signed)
        np.testing.assert_array_equal(arrays["map"], RESULTS[0].map)


def test_figures_hold_settings_and_psnr_beside_every_di():
    content = json.loads(exports.figures(PICTURE, RESULTS, "http://localhost/?image=cat"))
    assert content["picture"] == FIRST.sample
    assert [row["model"] for row in content["results"]] == ["FSRCNN", "CARN-M", "IMDN"]
    for row, result in zip(content["results"], RESULTS, strict=True):
        assert row["settings"] == result.settings.as_dict()
        assert row["diffusion_index"] == result.diffusion_index
        assert row["psnr_on_field"] > 15
        assert row["area_95_percent_pixels"] >= 1


def test_what_is_not_finite_is_null_in_json():
    from dataclasses import replace

    endless = replace(RESULTS[0], completeness_error=float("inf"))
    content = json.loads(exports.figures(PICTURE, [endless], ""))
    assert content["results"][0]["completeness_error"] is None


def test_the_figure_is_one_png_with_a_column_each():
    widths = [Image.open(io.BytesIO(exports.figure(PICTURE, MODELS[:n], RESULTS[:n]))).width for n in (1, 3)]
    assert widths[1] > widths[0] + 600


def test_the_figure_of_an_lr_image_with_its_own_hr_says_that_it_is_lr():
    assert PICTURE.hr is not None
    lr, hr = Decoded(PICTURE.lr, ()), Decoded(PICTURE.hr, ())
    own = from_upload(lr, "mine.png", low_resolution=True, scale=4, owner=None, own_hr=hr)
    (image,) = read_recipe(exports.figure(own, MODELS[:1], RESULTS[:1])).images
    assert (own.hr is None, image.low_resolution) == (False, True)


def test_file_names_are_plain():
    name = exports.file_name(PICTURE, FIRST.window, ".npz", "EDSR (×4) “b”")
    assert name == "lam-glass-tower-edsr-4-b-x120-y120.npz"
