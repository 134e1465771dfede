"""Files at a pinned commit, over a loopback server in place of GitHub's."""

import errno
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from tests.zoo.mirror import COMMIT, Mirror
from zoo.catalog.entry import Entry, parse_entry
from zoo.settings import ZooSettings
from zoo.sources.transfer import (
    AbsentError,
    DiskFullError,
    OfflineError,
    RefusedError,
    TooLargeError,
    UnreachableError,
    WrongDigestError,
)
from zoo.sources.weights import fetch, find, state

CONTENT = os.urandom(600_000)


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[Mirror]:
    with Mirror(tmp_path / "root").running() as running:
        yield running


@pytest.fixture
def settings(mirror: Mirror, tmp_path: Path) -> ZooSettings:
    return ZooSettings(github=mirror.address, weights=tmp_path / "weights", token="secret", timeout=1.0)


@pytest.fixture
def entry(mirror: Mirror) -> Entry:
    return written(mirror.put("owner/code", "models/x4.pth", CONTENT))


def written(sha256: str, file: str = "models/x4.pth", *, committed: bool = True) -> Entry:
    return parse_entry(
        'name = "X"\narchitecture = "edsr"\nscale = 4\nfamily = "psnr"\ntag = "published"\nlicence = "MIT"\n'
        f'[weights]\nsource = "github"\nrepo = "owner/code"\nrevision = "{COMMIT}"\n'
        f'file = "{file}"\nsha256 = "{sha256}"\n',
        name="x.toml",
        committed=committed,
    )


def test_a_file_is_fetched_once_without_any_token(mirror, settings, entry):
    seen: list[tuple[int, int | None]] = []
    assert state(entry, settings) == "remote"
    path = fetch(entry, settings, progress=lambda *p: seen.append(p))
    assert path.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert fetch(entry, settings) == path
    assert state(entry, settings) == "cached"
    assert [authorization for _, _, authorization, _ in mirror.asked] == [None]


def test_a_transfer_that_dies_goes_on_where_it_was(mirror, settings, entry):
    mirror.fault = "dies"
    with pytest.raises(UnreachableError, match="what has arrived is kept"):
        fetch(entry, settings)
    assert find(entry, settings) is None
    assert fetch(entry, settings).read_bytes() == CONTENT
    assert mirror.asked[-1][3] == f"bytes={len(CONTENT) // 2}-"


def test_a_wrong_file_is_refused_and_removed(mirror, settings, entry):
    mirror.put("owner/code", "models/x4.pth", b"something else")
    with pytest.raises(WrongDigestError, match="nothing of them was read"):
        fetch(entry, settings)
    assert find(entry, settings) is None


@pytest.mark.parametrize(
    ("fault", "reason"), [("500", "answered 500"), ("slow", "could not be fetched"), ("redirect", "answered 307")]
)
def test_a_failing_server_is_named(mirror, settings, entry, fault: str, reason: str):
    mirror.fault = fault
    with pytest.raises(UnreachableError, match=reason):
        fetch(entry, settings)
    assert find(entry, settings) is None


def test_an_absent_file_is_named(mirror, settings, entry):
    with pytest.raises(AbsentError, match=r"no file owner/code@ccccccc:gone\.pth on GitHub"):
        fetch(written("0" * 64, "gone.pth"), settings)


def test_what_is_not_committed_is_not_fetched(mirror, settings, entry):
    with pytest.raises(RefusedError, match="the zoo's own entries alone"):
        fetch(written("0" * 64, committed=False), settings)
    assert not mirror.asked


def test_only_https_is_spoken_to_the_world(settings, entry):
    with pytest.raises(RefusedError, match="over https alone"):
        fetch(entry, replace(settings, github="http://github.example"))


def test_offline_nothing_is_asked(mirror, settings, entry):
    with pytest.raises(OfflineError):
        fetch(entry, replace(settings, offline=True))
    assert not mirror.asked


def test_a_file_over_the_limit_is_not_kept(settings, entry):
    with pytest.raises(TooLargeError, match="600,000 bytes"):
        fetch(entry, replace(settings, largest=1000))


def test_a_full_disk_is_named(settings, entry, monkeypatch):
    def full(*args: object, **kwargs: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(DiskFullError, match="LAM_WEIGHTS"):
        fetch(entry, settings)


def test_simultaneous_requests_share_one_transfer(mirror, settings, entry):
    with ThreadPoolExecutor(4) as threads:
        paths = list(threads.map(lambda _: fetch(entry, settings), range(4)))
    assert len(set(paths)) == 1
    assert paths[0].read_bytes() == CONTENT
    assert mirror.downloads == 1
