"""Files of GitHub repositories, at a commit, in the LFS store and of releases, over loopback servers in its place."""

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
from zoo.sources.pinned_file import ElsewhereError
from zoo.sources.transfer import (
    AbsentError,
    DiskFullError,
    OfflineError,
    RefusedError,
    TooLargeError,
    UnreachableError,
    WrongDigestError,
)
from zoo.sources.weights import fetch, find, state, supply

CONTENT = os.urandom(600_000)


KINDS = ("github", "lfs", "release")


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def mirror(tmp_path: Path, kind: str) -> Iterator[Mirror]:
    """The server that has the files; of a release, the one that another redirects to."""
    with Mirror(tmp_path / "root").running() as running:
        yield running


@pytest.fixture
def settings(mirror: Mirror, tmp_path: Path) -> Iterator[ZooSettings]:
    with Mirror(tmp_path / "nothing", assets=mirror.address).running() as front:
        yield ZooSettings(
            github=mirror.address,
            github_lfs=mirror.address,
            github_releases=front.address,
            release_hosts=("127.0.0.1",),
            weights=tmp_path / "weights",
            token="secret",
            timeout=1.0,
        )


@pytest.fixture
def entry(mirror: Mirror, kind: str) -> Entry:
    return written(kind, mirror.put("owner/code", "x4.pth", CONTENT))


def written(kind: str, sha256: str, file: str = "x4.pth", *, committed: bool = True) -> Entry:
    where = 'tag = "v1.0"' if kind == "release" else f'revision = "{COMMIT}"'
    return parse_entry(
        'name = "X"\narchitecture = "edsr"\nscale = 4\nfamily = "psnr"\ntag = "published"\nlicence = "MIT"\n'
        f'[weights]\nsource = "{kind}"\nrepo = "owner/code"\n{where}\n'
        f'file = "{file}"\nsha256 = "{sha256}"\nbytes = {len(CONTENT)}\n',
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
    mirror.put("owner/code", "x4.pth", b"something else")
    with pytest.raises(WrongDigestError, match="nothing of them was read"):
        fetch(entry, settings)
    assert find(entry, settings) is None


@pytest.mark.parametrize(("fault", "reason"), [("500", "answered 500"), ("slow", "could not be fetched")])
def test_a_failing_server_is_named(mirror, settings, entry, fault: str, reason: str):
    mirror.fault = fault
    with pytest.raises(UnreachableError, match=reason):
        fetch(entry, settings)
    assert find(entry, settings) is None


def test_an_absent_file_is_named(mirror, settings, entry, kind):
    with pytest.raises(AbsentError, match=r"127\.0\.0\.1 has no file owner/code.*gone\.pth"):
        fetch(written(kind, "0" * 64, "gone.pth"), settings)


def test_what_is_not_committed_is_not_fetched(mirror, settings, entry, kind):
    with pytest.raises(RefusedError, match="the zoo's own entries alone"):
        fetch(written(kind, "0" * 64, committed=False), settings)
    assert not mirror.asked


def test_only_https_is_spoken_to_the_world(settings, entry):
    address = "http://github.example"
    with pytest.raises(RefusedError, match="over https alone"):
        fetch(entry, replace(settings, github=address, github_lfs=address, github_releases=address))


def test_a_file_that_has_moved_elsewhere_is_not_followed(mirror, settings, entry, kind):
    mirror.fault = "redirect"
    with pytest.raises(ElsewhereError, match=r"127\.0\.0\.1 points to 127\.0\.0\.1 .* not asked for files"):
        fetch(entry, settings)
    assert find(entry, settings) is None


def test_the_assets_of_a_release_come_from_known_hosts_alone(mirror, settings, entry, kind):
    if kind == "release":
        with pytest.raises(ElsewhereError, match="points to"):
            fetch(entry, replace(settings, release_hosts=("assets.example",)))
        assert not mirror.asked
    assert fetch(entry, settings).read_bytes() == CONTENT


def test_a_pointer_in_place_of_the_file_is_refused(mirror, settings, entry):
    mirror.put("owner/code", "x4.pth", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n")
    with pytest.raises(WrongDigestError, match="nothing of them was read"):
        fetch(entry, settings)


def test_a_user_may_supply_the_file(settings, entry, tmp_path):
    mine = tmp_path / "mine.pth"
    mine.write_bytes(CONTENT)
    assert supply(entry, mine, settings) == fetch(entry, replace(settings, offline=True))


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
