"""Pictures of a data set on the Hub: in order of name, checked, of allowed owners alone; what is none is said."""

import io
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lam_core.images.image_sets import PictureError
from tests.zoo.mirror import COMMIT, Mirror
from zoo.settings import ZooSettings
from zoo.sources import image_sets
from zoo.sources.image_sets import ImageSetError, image_set, pictures_of
from zoo.sources.transfer import AbsentError, OfflineError, RefusedError, UnreachableError, WrongDigestError


def drawn(value: int, kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.full((20, 24, 3), value, np.uint8)).save(buffer, kind)
    return buffer.getvalue()


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[Mirror]:
    with Mirror(tmp_path / "root").running() as running:
        running.put("owner/set", "b/2.png", drawn(20))
        running.put("owner/set", "b/10.webp", drawn(10, "WEBP"))
        running.put("owner/set", "a.JPG", drawn(30, "JPEG"))
        running.put("owner/set", "README.md", b"words")
        yield running


@pytest.fixture
def settings(mirror: Mirror, tmp_path: Path) -> ZooSettings:
    return ZooSettings(
        endpoint=mirror.address, hub_cache=tmp_path / "hub", weights=tmp_path / "weights", token="secret"
    )


def test_pictures_come_in_order_of_name_without_a_token(mirror, settings):
    found = image_set("owner/set", settings, most=9)
    assert [file.path for file in found.files] == ["a.JPG", "b/10.webp", "b/2.png"]
    assert (found.reference, found.note) == (f"owner/set@{COMMIT}", "")
    assert mirror.downloads == 2, "the commit and the names; no picture is fetched before it is opened"
    opened = [picture.open().pixels for picture in pictures_of(found, settings)]
    assert [int(np.median(pixels)) for pixels in opened] == [30, 10, 20]
    assert {authorization for _, _, authorization, _ in mirror.asked} == {None}
    asked = len(mirror.asked)
    pictures_of(found, settings)[2].open()
    assert len(mirror.asked) == asked, "what was fetched is kept"


def test_pictures_used_longest_ago_go_and_the_hubs_own_cache_is_left_alone(mirror, settings):
    found = image_set("owner/set", settings, most=3)
    limit = sum(file.size for file in found.files) - 1
    first, second, third = pictures_of(found, replace(settings, pictures_limit=limit))
    for picture in (first, second, first):
        picture.open()
        time.sleep(0.02)
    assert len(kept(settings)) == 2
    third.open()
    assert len(kept(settings)) == 2
    asked = mirror.downloads
    first.open()
    assert mirror.downloads == asked, "the first was used later than the second"
    second.open()
    assert mirror.downloads > asked, "it was fetched again"
    assert sum(path.stat().st_size for path in kept(settings)) <= limit
    assert not (settings.hub_cache / "datasets--owner--set").exists()


def kept(settings: ZooSettings) -> list[Path]:
    return list(settings.pictures.glob("*/blobs/*"))


def test_the_first_are_taken_and_the_rest_is_said(mirror, settings):
    first, all_of_them = (image_set(f"owner/set@{COMMIT}", settings, most=most) for most in (2, 3))
    assert [file.path for file in first.files] == ["a.JPG", "b/10.webp"]
    assert first.note == "owner/set has 3 pictures: the first 2 are taken."
    assert first.digest != all_of_them.digest
    mirror.put("owner/set", "b/2.png", drawn(21))
    assert image_set("owner/set", settings, most=3).digest != all_of_them.digest


def test_an_address_of_the_hub_means_the_same(settings):
    for text in ("https://huggingface.co/datasets/owner/set", "https://huggingface.co/datasets/owner/set/tree/main"):
        assert image_set(text, settings, most=1).repo == "owner/set"


@pytest.mark.parametrize(
    "text", ["", "set", "owner/set/more", "../set", "https://evil.example/datasets/owner/set", "owner/set@../x"]
)
def test_what_names_no_data_set_is_refused_unasked(mirror, settings, text: str):
    with pytest.raises(ImageSetError, match="write owner/name"):
        image_set(text, settings, most=1)
    assert not mirror.asked


def test_nothing_is_asked_for_other_owners_or_offline(mirror, settings):
    with pytest.raises(RefusedError, match="'owner' are not loaded here; allowed are friend"):
        image_set("owner/set", replace(settings, owners=frozenset({"friend"})), most=1)
    with pytest.raises(OfflineError, match="while offline"):
        image_set("owner/set", replace(settings, offline=True), most=1)
    assert not mirror.asked


def test_parquet_and_archives_are_said(mirror, settings):
    mirror.put("owner/table", "data/train.parquet", b"PAR1")
    with pytest.raises(ImageSetError, match="owner/table keeps its pictures in Parquet files; only PNG, JPEG and WebP"):
        image_set("owner/table", settings, most=1)
    mirror.put("owner/packed", "all.zip", b"PK")
    with pytest.raises(ImageSetError, match=r"no picture files, but \.zip"):
        image_set("owner/packed", settings, most=1)


def test_absence_and_failure_are_named(mirror, settings, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with pytest.raises(AbsentError, match="no repository 'owner/gone'"):
        image_set("owner/gone", settings, most=1)
    with pytest.raises(AbsentError, match="no revision 'v9'"):
        image_set("owner/set@v9", settings, most=1)
    mirror.fault = "500"
    with pytest.raises(UnreachableError, match="try again"):
        image_set("owner/set", settings, most=1)


def test_a_silent_server_is_named(mirror, settings, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    mirror.fault = "slow"
    with pytest.raises(UnreachableError):
        image_set("owner/set", replace(settings, timeout=0.1), most=1)


@pytest.mark.parametrize("name", ["a.JPG", "b/2.png"])
def test_other_bytes_than_the_listing_names_are_refused_and_forgotten(mirror, settings, name: str):
    found = image_set("owner/set", settings, most=3)
    picture = next(picture for picture in pictures_of(found, settings) if picture.name == name)
    mirror.put("owner/set", name, drawn(99))
    with pytest.raises(WrongDigestError, match="is not the file"):
        picture.open()
    mirror.put("owner/set", name, drawn(30, "JPEG") if name == "a.JPG" else drawn(20))
    assert picture.open().pixels.shape == (20, 24, 3)


def test_large_and_broken_files_do_not_stop_the_rest(mirror, settings, monkeypatch):
    mirror.put("owner/set", "aa.png", b"no picture")
    pictures = pictures_of(image_set("owner/set", settings, most=9), settings)
    with pytest.raises(PictureError, match=r"^aa\.png: this file is not a picture"):
        pictures[1].open()
    limits = replace(image_sets.core_settings(), upload_limit=len(b"no picture"))
    monkeypatch.setattr(image_sets, "core_settings", lambda: limits)
    found = image_set("owner/set", settings, most=9)
    assert [file.path for file in found.files] == ["aa.png"]
    assert found.note == "owner/set has 4 pictures; 3 are too large: the first 1 are taken."
