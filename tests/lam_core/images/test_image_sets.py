"""Files that are pictures, and a sentence about each that is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lam_core.images.image_sets import NoPicturesError, PictureError, of_sample, open_file, pictures_in
from lam_core.samples import sample

RGB = np.random.default_rng(0).integers(0, 256, (70, 80, 3), dtype=np.uint8)


def test_a_folder_is_listed_in_order_and_not_read(tmp_path: Path) -> None:
    for name in ("b.png", "a.JPG", "below/c.webp", "notes.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"")
    assert [p.name for p in pictures_in(tmp_path)] == ["a.JPG", "b.png", "below/c.webp"]


def test_a_picture_is_what_lies_on_disk(tmp_path: Path) -> None:
    Image.fromarray(RGB).save(tmp_path / "a.png")
    (picture,) = pictures_in(tmp_path)
    opened = picture.open()
    np.testing.assert_array_equal(opened.pixels, RGB)
    assert opened.note == ""


def test_a_sample_is_a_picture() -> None:
    assert of_sample(sample("grid-14")).name == "grid-14"


@pytest.mark.parametrize(
    ("image", "says"),
    [
        (Image.fromarray(RGB[..., 0]), "a.png: The picture is grey"),
        (Image.fromarray(np.dstack([RGB, RGB[..., :1]])), "a.png: Transparency is dropped"),
    ],
)
def test_another_kind_of_picture_is_converted_and_said(image: Image.Image, says: str, tmp_path: Path) -> None:
    image.save(tmp_path / "a.png")
    opened = open_file(tmp_path / "a.png")
    assert opened.pixels.shape == (70, 80, 3)
    assert says in opened.note


def test_a_camera_held_upright_is_followed(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(RGB).save(tmp_path / "a.png", exif=exif)
    np.testing.assert_array_equal(open_file(tmp_path / "a.png").pixels, np.rot90(RGB, -1))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"no picture", "a.png: this file is not a picture"),
        (b"", "a.png: the file is empty"),
        (None, "a.png cannot be read: No such file"),
    ],
)
def test_what_cannot_be_used_says_which_and_why(content: bytes | None, says: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(PictureError, match=says):
        open_file(tmp_path / "a.png")


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoPicturesError, match="holds no picture"):
        pictures_in(tmp_path)
    with pytest.raises(NoPicturesError, match="there is no folder"):
        pictures_in(tmp_path / "none")
