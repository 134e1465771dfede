"""OpenModelDB's list and the files that it names, over a loopback server in the place of both."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.zoo.mirror import COMMIT, Mirror
from zoo.catalog.registry import UnknownModelError
from zoo.models.target import target_of
from zoo.settings import ZooSettings
from zoo.sources import openmodeldb
from zoo.sources.openmodeldb import ByHandError, OpenModelDB, fetch, find, supply
from zoo.sources.pinned_file import ElsewhereError
from zoo.sources.transfer import (
    AbsentError,
    OfflineError,
    RefusedError,
    TooLargeError,
    UnreachableError,
    WrongDigestError,
)

CONTENT = os.urandom(400_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
NET = OpenModelDB("4x-Net")


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[Mirror]:
    with Mirror(tmp_path / "root").running() as running:
        running.put("owner/code", "x4.pth", CONTENT)
        listed(running)
        yield running


@pytest.fixture
def settings(mirror: Mirror, tmp_path: Path) -> ZooSettings:
    return ZooSettings(
        openmodeldb=mirror.address, github=mirror.address, weights=tmp_path / "weights", token="secret", timeout=1.0
    )


def listed(mirror: Mirror, *urls: str, **changes: Any) -> None:
    """Writes the list: one model with one file."""
    urls = urls or (f"{mirror.address}/owner/code/{COMMIT}/x4.pth",)
    resource = {"type": "pth", "size": len(CONTENT), "sha256": SHA256, "urls": list(urls), **changes}
    (mirror.root / "models.json").write_text(json.dumps({"4x-Net": {"resources": [resource]}, "4x-Other": {}}))


def test_a_model_is_fetched_once_by_its_name(mirror, settings):
    seen: list[tuple[int, int | None]] = []
    path = fetch(NET, settings, progress=lambda *p: seen.append(p))
    assert path.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    downloads = mirror.downloads
    assert fetch(NET, settings) == path
    assert mirror.downloads == downloads
    assert {authorization for _, _, authorization, _ in mirror.asked} == {None}


def test_a_transfer_that_dies_goes_on_where_it_was(mirror, settings):
    find(NET, settings)
    mirror.fault = "dies"
    with pytest.raises(UnreachableError, match="what has arrived is kept"):
        fetch(NET, settings)
    assert fetch(NET, settings).read_bytes() == CONTENT
    assert mirror.asked[-1][3] == f"bytes={len(CONTENT) // 2}-"


def test_a_file_on_a_host_for_browsers_is_fetched_by_hand(mirror, settings, tmp_path):
    listed(mirror, "https://mega.example/file/abc")
    with pytest.raises(ByHandError, match=rf"mega\.example/file/abc.*omdb:4x-Net --from FILE` \(sha256 {SHA256}\)"):
        fetch(NET, settings)
    mine = tmp_path / "mine.pth"
    mine.write_bytes(b"another")
    with pytest.raises(WrongDigestError, match="it is another file"):
        supply(NET, mine, settings)
    mine.write_bytes(CONTENT)
    assert supply(NET, mine, settings) == fetch(NET, settings)
    with pytest.raises(AbsentError, match="there is no file"):
        supply(NET, tmp_path / "gone.pth", settings)


def test_a_direct_address_goes_before_others(mirror, settings):
    listed(mirror, "https://mega.example/file/abc", f"{mirror.address}/owner/code/{COMMIT}/x4.pth")
    assert fetch(NET, settings).read_bytes() == CONTENT


def test_what_is_not_listed_is_named_with_the_nearest(settings):
    with pytest.raises(UnknownModelError, match="no model '4x-Nett'; did you mean omdb:4x-Net"):
        find(OpenModelDB("4x-Nett"), settings)
    with pytest.raises(AbsentError, match="no file of 4x-Other"):
        find(OpenModelDB("4x-Other"), settings)


@pytest.mark.parametrize("changes", [{"sha256": None}, {"sha256": "abc"}, {"type": "exe"}, {"urls": []}, {"urls": "x"}])
def test_a_file_without_a_digest_or_address_is_not_taken(mirror, settings, changes: dict[str, Any]):
    listed(mirror, **changes)
    with pytest.raises(AbsentError, match="with a digest"):
        find(NET, settings)


def test_a_wrong_file_is_refused_and_removed(mirror, settings):
    mirror.put("owner/code", "x4.pth", b"something else")
    listed(mirror, size=None)
    with pytest.raises(WrongDigestError, match="nothing of it was read"):
        fetch(NET, settings)
    assert not list(settings.weights.glob("*.pth"))


def test_failures_are_named(mirror, settings):
    with pytest.raises(TooLargeError):
        fetch(NET, replace(settings, largest=1000))
    listed(mirror, f"{mirror.address}/owner/code/{COMMIT}/gone.pth")
    (settings.weights / "openmodeldb.json").unlink()
    with pytest.raises(AbsentError, match=r"has no file 4x-Net"):
        fetch(NET, settings)
    mirror.fault = "redirect"
    (settings.weights / "openmodeldb.json").unlink()
    with pytest.raises(ElsewhereError):
        fetch(NET, settings)
    mirror.fault = "slow"
    with pytest.raises(UnreachableError):
        fetch(NET, settings)


def test_a_list_that_is_no_list_is_fetched_again(mirror, settings):
    (mirror.root / "models.json").write_text("<html>busy</html>")
    with pytest.raises(UnreachableError, match="cannot be read; try again"):
        find(NET, settings)
    listed(mirror)
    assert find(NET, settings).sha256 == SHA256


def test_without_a_connection_an_old_list_serves(mirror, settings):
    find(NET, settings)
    path = settings.weights / "openmodeldb.json"
    long_ago = time.time() - 2 * openmodeldb.FRESH
    os.utime(path, (long_ago, long_ago))
    mirror.fault = "500"
    assert find(NET, settings).sha256 == SHA256
    assert find(NET, replace(settings, offline=True)).sha256 == SHA256
    path.unlink()
    with pytest.raises(OfflineError):
        find(NET, replace(settings, offline=True))


def test_strangers_are_not_served(settings):
    assert target_of("omdb:4x-Net", settings) == NET
    with pytest.raises(RefusedError):
        target_of("omdb:4x-Net", replace(settings, hosted=True))
