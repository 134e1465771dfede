"""The Hub's own client against a Hub that fails in every way."""

import errno
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from huggingface_hub import constants

from tests.zoo.mirror import COMMIT, Mirror
from zoo.catalog.entry import Entry, Hub, parse_entry
from zoo.settings import ZooSettings
from zoo.sources import hub
from zoo.sources.hub import HubReferenceError, parse_reference
from zoo.sources.transfer import (
    AbsentError,
    DiskFullError,
    FetchError,
    GatedError,
    OfflineError,
    RefusedError,
    TooLargeError,
    UnreachableError,
    WrongDigestError,
)
from zoo.sources.weights import fetch, find, state

CONTENT = os.urandom(300_000)


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[Mirror]:
    with Mirror(tmp_path / "root").running() as running:
        running.put("owner/model", "folder/x4.pth", CONTENT)
        yield running


@pytest.fixture
def settings(mirror: Mirror, tmp_path: Path) -> ZooSettings:
    return ZooSettings(
        endpoint=mirror.address,
        hub_cache=tmp_path / "hub",
        weights=tmp_path / "weights",
        token="secret",
    )


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client's waits between its tries, and its pieces, cut short."""
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 10_000)


SOURCE = Hub(source="hub", repo="owner/model", file="folder/x4.pth")


def entry(**changes: str) -> Entry:
    fields = {"repo": "owner/model", "file": "folder/x4.pth", **changes}
    lines = "\n".join(f'{key} = "{value}"' for key, value in fields.items())
    return parse_entry(
        'name = "X"\narchitecture = "edsr"\nscale = 4\nfamily = "psnr"\ntag = "published"\nlicence = "MIT"\n'
        f'[weights]\nsource = "hub"\n{lines}\n',
        name="x.toml",
    )


def test_a_file_is_fetched_once_with_progress(mirror, settings):
    seen: list[tuple[int, int | None]] = []
    path = hub.download(SOURCE, settings, committed=True, progress=lambda *p: seen.append(p))
    assert path.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    downloads = mirror.downloads
    assert hub.download(SOURCE, settings, committed=True) == path
    assert mirror.downloads == downloads


def test_the_token_goes_along_for_committed_entries_alone(mirror, settings):
    hub.download(SOURCE, settings, committed=False)
    assert {authorization for _, _, authorization, _ in mirror.asked} == {None}
    mirror.asked.clear()
    mirror.put("owner/model", "other.pth", b"x" * 100)
    hub.download(SOURCE.model_copy(update={"file": "other.pth"}), settings, committed=True)
    assert {authorization for _, _, authorization, _ in mirror.asked} == {"Bearer secret"}


def test_only_allowed_owners_are_served_to_visitors(mirror, settings, tmp_path):
    closed = ZooSettings(endpoint=mirror.address, owners=frozenset({"friend"}), hub_cache=tmp_path / "h")
    with pytest.raises(RefusedError, match="'owner' are not loaded here; allowed are friend"):
        hub.download(SOURCE, closed, committed=False)
    assert not mirror.asked
    assert hub.download(SOURCE, closed, committed=True).is_file()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"repo": "owner/gone"}, "no repository 'owner/gone'"),
        ({"file": "gone.pth"}, r"no file 'gone\.pth'"),
        ({"revision": "v9"}, "no revision 'v9'"),
    ],
)
def test_what_is_absent_is_named(settings, changes: dict[str, str], reason: str):
    with pytest.raises(AbsentError, match=reason):
        hub.download(SOURCE.model_copy(update=changes), settings, committed=True)


@pytest.mark.parametrize(
    ("fault", "error", "reason"),
    [
        ("500", UnreachableError, r"answered 500|cannot be reached"),
        ("short", FetchError, "try again"),
        ("gated", GatedError, "owner/model is gated"),
    ],
)
def test_a_failing_server_is_named(mirror, settings, fault: str, error: type, reason: str):
    mirror.fault = fault
    with pytest.raises(error, match=reason):
        hub.download(SOURCE, settings, committed=True)
    assert hub.cached(SOURCE, settings) is None


def test_a_silent_server_is_named(mirror, settings, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_DOWNLOAD_TIMEOUT", 0.2)
    mirror.fault = "slow"
    with pytest.raises(UnreachableError, match="timed out"):
        hub.download(SOURCE, replace(settings, timeout=0.2), committed=True)


def test_a_server_that_dies_midway_is_resumed(mirror, settings):
    mirror.fault = "dies"
    assert hub.download(SOURCE, settings, committed=True).read_bytes() == CONTENT
    ranges = [asked for *_, asked in mirror.asked if asked]
    assert ranges
    assert all(asked.startswith("bytes=") and asked != "bytes=0-" for asked in ranges)


def test_a_redirect_is_followed(mirror, settings):
    mirror.fault = "redirect"
    assert hub.download(SOURCE, settings, committed=True).read_bytes() == CONTENT


def test_a_dead_server_still_serves_what_is_cached(mirror, settings):
    path = hub.download(SOURCE, settings, committed=True)
    dead = ZooSettings(endpoint="http://127.0.0.1:9", hub_cache=settings.hub_cache)
    assert hub.download(SOURCE, dead, committed=True) == path


def test_offline_nothing_is_asked(mirror, settings):
    offline = ZooSettings(endpoint=mirror.address, hub_cache=settings.hub_cache, offline=True)
    with pytest.raises(OfflineError, match="nothing is fetched while offline"):
        hub.download(SOURCE, offline, committed=True)
    assert not mirror.asked
    hub.download(SOURCE, settings, committed=True)
    mirror.asked.clear()
    assert hub.download(SOURCE, offline, committed=True).is_file()
    assert not mirror.asked


def test_a_file_over_the_limit_is_broken_off(mirror, settings):
    narrow = ZooSettings(endpoint=mirror.address, hub_cache=settings.hub_cache, largest=1000)
    with pytest.raises(TooLargeError, match="300,000 bytes; at most 1,000"):
        hub.download(SOURCE, narrow, committed=False)


def test_a_full_disk_is_named(settings, monkeypatch):
    def full(*args: object, **kwargs: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("huggingface_hub.file_download.http_get", full)
    with pytest.raises(DiskFullError, match="no room on the disk"):
        hub.download(SOURCE, settings, committed=True)


def test_the_commit_behind_a_branch(settings):
    assert hub.commit(SOURCE, settings, committed=True) == COMMIT


def test_an_entry_whose_digest_is_right_is_kept(mirror, settings):
    digest = mirror.put("owner/model", "folder/x4.pth", CONTENT)
    pinned = entry(sha256=digest, revision=COMMIT)
    assert state(pinned, settings) == "remote"
    path = fetch(pinned, settings)
    assert path.read_bytes() == CONTENT
    assert state(pinned, settings) == "cached"
    assert find(pinned, settings) == path


def test_an_entry_whose_digest_is_wrong_is_refused_and_forgotten(mirror, settings):
    with pytest.raises(WrongDigestError, match="nothing of them was read"):
        fetch(entry(sha256="0" * 64), settings)
    assert find(entry(sha256="0" * 64), settings) is None
    assert not any(path.is_file() for path in (settings.hub_cache / "models--owner--model" / "blobs").iterdir())


@pytest.mark.parametrize(
    ("text", "repo", "revision", "file"),
    [
        ("owner/repo:x4.pth", "owner/repo", "main", "x4.pth"),
        ("owner/repo@v1.0:a/b/x4.pth", "owner/repo", "v1.0", "a/b/x4.pth"),
        ("https://huggingface.co/owner/repo/blob/main/a/x4.pth", "owner/repo", "main", "a/x4.pth"),
        ("https://huggingface.co/owner/repo/resolve/v2/x4.pth?download=true", "owner/repo", "v2", "x4.pth"),
        (" huggingface.co/owner/repo/blob/main/x4.pth ", "owner/repo", "main", "x4.pth"),
    ],
)
def test_references_are_parsed(text: str, repo: str, revision: str, file: str):
    found = parse_reference(text)
    assert (found.repo, found.revision, found.file) == (repo, revision, file)


@pytest.mark.parametrize(
    "text",
    [
        "owner/repo",
        "owner/repo:../../etc/passwd",
        "owner/repo:/etc/passwd",
        "../..:x.pth",
        "https://evil.example/owner/repo/resolve/main/x4.pth",
        "https://huggingface.co.evil.example/owner/repo/resolve/main/x4.pth",
        "https://user@huggingface.co/owner/repo/resolve/main/x4.pth",
        "http://huggingface.co/owner/repo/resolve/main/x4.pth",
        "file:///etc/passwd",
        "https://huggingface.co/owner/repo",
        "https://huggingface.co/owner/repo/resolve/main/..%2f..%2fetc/passwd",
    ],
)
def test_other_hosts_and_paths_that_lead_outside_are_refused(text: str):
    with pytest.raises(HubReferenceError):
        parse_reference(text)
