"""The samples: enough of them, offline, deterministic, with a window where something is to be seen."""

import subprocess
import sys

import numpy as np
import pytest

from lam_core.images import digest
from lam_core.samples import SIDE, UnknownSampleError, sample, samples
from lam_core.samples.patterns import PatternError, checkerboard, lines, plate, stripes


@pytest.mark.parametrize("item", samples(), ids=lambda item: item.id)
def test_a_sample_is_a_picture_with_a_window_on_structure(item):
    pixels = item.pixels()
    assert pixels.shape == (SIDE, SIDE, 3)
    assert pixels.dtype == np.uint8
    assert pixels is item.pixels()
    assert not pixels.flags.writeable
    item.window.check_inside(SIDE, SIDE)
    assert item.window.size == 16
    rows = slice(item.window.y, item.window.y + 16)
    columns = slice(item.window.x, item.window.x + 16)
    assert pixels[rows, columns].std() > 10
    assert item.title
    assert item.credit
    assert item.licence


def test_ids_are_unique_and_kinds_cover_the_study():
    ids = [s.id for s in samples()]
    assert len(set(ids)) == len(ids)
    assert {s.kind for s in samples()} >= {
        "photograph",
        "texture",
        "roof",
        "stripes",
        "grid",
        "checkerboard",
        "plate",
    }


def test_an_unknown_id_names_the_nearest():
    with pytest.raises(UnknownSampleError, match=r"'bricks'; the nearest is 'brick'"):
        sample("bricks")


def test_listing_samples_imports_neither_torch_nor_the_packages_of_the_photographs():
    code = (
        "import sys; from lam_core.samples import samples; [s.pixels() for s in samples()[:3]]; "
        "print({'torch', 'skimage', 'sklearn', 'cv2'} & set(sys.modules))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "set()"


@pytest.mark.parametrize(("angle", "across"), [(0, (128, slice(None))), (90, (slice(None), 128))])
def test_stripes_have_their_period_and_turn_with_the_angle(angle, across):
    profile = stripes(16, angle)[across][:, 0].astype(float)
    spectrum = np.abs(np.fft.rfft(profile - profile.mean()))
    assert spectrum.argmax() == SIDE / 16


def test_equal_calls_give_equal_pictures():
    assert digest(plate(10, 20)) == digest(plate(10, 20))
    assert digest(plate(10, 20)) != digest(plate(10, 21))


@pytest.mark.parametrize("draw", [stripes, lines, checkerboard, plate])
def test_a_period_of_nothing_is_refused(draw):
    with pytest.raises(PatternError, match="period is 0 pixels"):
        draw(0, 0)


def test_a_hole_larger_than_its_period_is_refused():
    with pytest.raises(PatternError, match=r"1\.2 periods"):
        plate(10, 0, hole=1.2)
