"""The first cards' networks arrive in the background, from a loopback server in GitHub's place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.presentation.model_options import FIRST
from dashboard.runtime import first_networks
from dashboard.runtime.first_networks import fetch_missing
from tests.dashboard.conftest import APP, text
from tests.unshipped import WEIGHTS, needs_shared
from tests.zoo.mirror import COMMIT, Mirror
from zoo.catalog.entry import Entry, GitHub, parse_entry
from zoo.catalog.registry import registry
from zoo.settings import ZooSettings, settings
from zoo.sources.availability import availability
from zoo.sources.weights import digest

IN_BACKGROUND = first_networks.fetch_in_background


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[Mirror]:
    with Mirror(tmp_path / "root").running() as running:
        yield running


def entry(mirror: Mirror, name: str, sha256: str = "") -> Entry:
    """An entry whose file the mirror has; `sha256`: a digest that is not the file's."""
    found = mirror.put("owner/nets", f"{name}.pth", name.encode() * 1000)
    table = f"""
name = "{name}"
architecture = "imdn"
scale = 4
family = "psnr"
tag = "published"
licence = "MIT"
[weights]
source = "github"
repo = "owner/nets"
revision = "{COMMIT}"
file = "{name}.pth"
sha256 = "{sha256 or found}"
"""
    return parse_entry(table, name=f"{name}.toml", committed=True)


def at(mirror: Mirror, tmp_path: Path, *, offline: bool = False) -> ZooSettings:
    return ZooSettings(github=mirror.address, weights=tmp_path / "weights", timeout=1.0, offline=offline)


def test_what_is_missing_arrives_and_a_wrong_file_is_told_to_the_log_alone(mirror, tmp_path, caplog):
    networks = entry(mirror, "one"), entry(mirror, "wrong", "0" * 64), entry(mirror, "two")
    own = at(mirror, tmp_path)
    with caplog.at_level("INFO", logger="lam"):
        fetch_missing(networks, own)
    assert [availability(one, own).kind for one in networks] == ["here", "remote", "here"]
    told = [vars(record)["fields"] for record in caplog.records if record.message == "first networks"]
    assert [fields.get("bytes", fields.get("error")) for fields in told] == [3000, "WrongDigestError", 3000]
    asked = mirror.downloads
    fetch_missing(networks[::2], own)
    assert mirror.downloads == asked, "what is here is not asked for again"


def test_offline_no_server_is_asked(mirror, tmp_path):
    fetch_missing([entry(mirror, "one")], at(mirror, tmp_path, offline=True))
    assert mirror.asked == []


def test_a_server_in_trouble_ends_nothing(mirror, tmp_path, caplog):
    mirror.fault = "500"
    with caplog.at_level("WARNING", logger="lam"):
        fetch_missing([entry(mirror, "one"), entry(mirror, "two")], at(mirror, tmp_path))
    assert [vars(record)["fields"]["error"] for record in caplog.records] == ["UnreachableError"] * 2


@needs_shared
@pytest.mark.parametrize("hosted", ["0", "1"])
def test_cards_are_those_of_a_sessions_start(mirror, environment, tmp_path, hosted):
    files = {digest(path): path for path in WEIGHTS.iterdir()}
    for name in FIRST[4][0]:
        source = registry()[name].weights
        assert isinstance(source, GitHub)
        mirror.put(source.repo, source.file, files[source.sha256].read_bytes())
        mirror.commits = (*mirror.commits, source.revision)
    addresses = ("LAM_HUB_ENDPOINT", "LAM_GITHUB_ENDPOINT", "LAM_GITHUB_LFS_ENDPOINT", "LAM_GITHUB_RELEASES_ENDPOINT")
    environment(
        LAM_OFFLINE="0",
        LAM_HOSTED=hosted,
        LAM_WEIGHTS=str(tmp_path / "weights"),
        **dict.fromkeys(addresses, mirror.address),
    )
    earlier = AppTest.from_file(str(APP), default_timeout=60).run()
    assert mirror.downloads == 0
    assert earlier.session_state["first-cards-4"] == ()
    IN_BACKGROUND(settings()).join()
    assert mirror.downloads == 3
    earlier.run()
    assert earlier.session_state["first-cards-4"] == ()
    assert "What three published networks saw" in text(earlier)
    later = AppTest.from_file(str(APP), default_timeout=60).run()
    assert not later.exception
    assert later.session_state["first-cards-4"] == FIRST[4][0]
    assert "What three published networks saw" not in text(later)
