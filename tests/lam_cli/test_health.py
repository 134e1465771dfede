"""`lam health`: what it checks, and how often the dear part of it."""

import json
import tempfile

import pytest

from lam_cli import health
from lam_cli.main import main
from lam_core.settings import settings


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A store, a folder for temporary files, and a list of the attributions made."""
    made = []
    monkeypatch.setenv("LAM_STORE", str(tmp_path / "store"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(health, "of_device", lambda own: "cpu")
    monkeypatch.setattr(health, "of_attribution", lambda own: made.append(own) or "done")
    settings.cache_clear()
    yield made
    settings.cache_clear()


def asked(capsys, *options: str) -> tuple[int, dict]:
    with pytest.raises(SystemExit) as ended:
        main(["health", *options])
    return int(ended.value.code or 0), json.loads(capsys.readouterr().out)


def test_the_attribution_is_made_again_once_it_is_due(here, capsys):
    for made, options in ((1, ("--every", "60")), (1, ("--every", "60")), (1, ("--quick",)), (2, ("--every", "0"))):
        code, report = asked(capsys, *options)
        assert code == 0
        assert report["healthy"]
        assert report["store"]["ok"]
        assert len(here) == made
    assert "went well" in asked(capsys, "--every", "60")[1]["attribution"]["is"]


def test_what_failed_is_due_at_once(here, capsys, monkeypatch):
    def fails(own: object) -> str:
        here.append(own)
        raise MemoryError("no room")

    monkeypatch.setattr(health, "of_attribution", fails)
    for made in (1, 2):
        code, report = asked(capsys, "--every", "60")
        assert code == 1
        assert not report["healthy"]
        assert report["attribution"]["is"] == "MemoryError: no room"
        assert len(here) == made
