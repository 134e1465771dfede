"""The samples: enough of them, offline, deterministic, with a window where something is to be seen."""

import subprocess
import sys
from typing import get_args

import numpy as np
import pytest
from PIL import Image

from lam_core.images import digest
from lam_core.samples import SIDE, Kind, UnknownSampleError, sample, samples
from lam_core.samples.catalogue import DRAWN
from lam_core.samples.patterns import PatternError, checkerboard, lines, plate, stripes

DIGESTS = {
    "brick-terrace": "0b1dab8a226b4d11",
    "glass-tower": "a85ae087e29f5566",
    "shuttered-house": "a0823592658aa4e9",
    "panel-block": "b7b052be5b243ba2",
    "stone-balconies": "90c6613a70350472",
    "warehouse": "9360a435b89fdf43",
    "corner-office": "d3f5334a4bdd5d06",
    "distant-tower": "8b2db602f733b8fe",
    "lit-windows": "c5c3ab64a6d19108",
    "palace-roof": "b23e288c0a0833fa",
    "palace-eaves": "65181f3218ae796b",
    "brick": "9ff5734000d1669b",
    "gravel": "b7d19ae0947b1849",
    "grass": "70d77eb489805474",
    "flag": "d714fe8d469656dd",
    "spacesuit": "15539f2d82794153",
    "cameraman": "b4fcab4b756b18bd",
    "cat": "56ccf10cb0814ccc",
    "coffee": "7b84e5ca52e3431f",
    "engine": "d2e77a5aa2f037e8",
    "wheel": "d12e5b1663653fad",
    "mast": "4f4cd64df4e4dc87",
    "coins": "469eab267f57be20",
    "tissue": "57648df780a8c083",
    "dahlia": "a8b3cf33714ca919",
    "pantiles": "dc1457268b56d709",
    "slates": "75d4a7df1630aba6",
    "hedge": "840f1d2b8f9677f4",
    "leaves": "9e22c83ba04778af",
    "treetops": "f12f737c65d767fa",
    "page": "4afed6293b4e2440",
    "poster": "a78ccb7fefb448c4",
    "timetable": "deb02a3b09b14bf1",
    "stripes-12": "a718c368109c0c60",
    "stripes-6": "63331fc619905524",
    "stripes-9": "54d3d6f759ab4b67",
    "grid-14": "f3173704d5bcadb5",
    "grid-24": "a3ee62e416d8ac82",
    "checkerboard-16": "75e408fe964d3c23",
    "checkerboard-24": "71fece81e5c49420",
    "plate-9": "8ee85a2d63af719b",
    "plate-16": "b7ece058cf016f8a",
    "plate-24": "787137047bd8a546",
    "plate-12": "ae906606648b613d",
}
"""The first 16 digits of each picture's digest: stored and shipped results refer to them."""


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
    assert {s.kind for s in samples()} == set(get_args(Kind))
    assert len(ids) >= 36


def test_pictures_never_change():
    assert {s.id: digest(s.pixels())[:16] for s in samples()} == DIGESTS


def test_a_drawn_sample_is_the_file_that_ships(monkeypatch, tmp_path):
    drawn = [s for s in samples() if s.credit == "rendered by this project"]
    assert {path.stem for path in DRAWN.glob("*.png")} == {s.id for s in drawn}
    # Whatever file lies there is the sample: nothing is drawn when a sample is asked for.
    other = np.zeros((SIDE, SIDE, 3), np.uint8)
    Image.fromarray(other).save(tmp_path / "page.png")
    monkeypatch.setattr("lam_core.samples.catalogue.DRAWN", tmp_path)
    assert np.array_equal(sample("page").read(), other)


def test_an_unknown_id_names_the_nearest():
    with pytest.raises(UnknownSampleError, match=r"'bricks'; the nearest is 'brick'"):
        sample("bricks")


def test_listing_samples_imports_neither_torch_nor_the_packages_of_the_photographs():
    code = (
        "import sys; from lam_core.samples import sample; "
        "[sample(i).pixels() for i in ('palace-roof', 'brick', 'page')]; "
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
