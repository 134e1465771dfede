"""What is known of servers that answer, refuse, or never say a word; and how long it takes to know it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from tests.zoo.mirror import Mirror
from zoo.catalog.registry import registry
from zoo.settings import ZooSettings
from zoo.sources import connectivity
from zoo.sources.availability import Availability, availability
from zoo.sources.connectivity import Connectivity, NoConnectionError
from zoo.sources.transfer import OfflineError
from zoo.sources.weights import fetch, number_here

QUICK = 0.1


@pytest.fixture
def settings(tmp_path: Path) -> ZooSettings:
    return ZooSettings(
        endpoint="https://hub.example",
        github="https://raw.example",
        github_lfs="https://lfs.example",
        github_releases="https://releases.example",
        weights=tmp_path / "weights",
        hub_cache=tmp_path / "hub",
    )


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connectivity, "PATIENCE", 0.5)


def silent(name: str, port: int, patience: float) -> None:
    """A resolver that never answers: no timeout breaks it off."""
    threading.Event().wait()


def refusing(name: str, port: int, patience: float) -> None:
    raise ConnectionRefusedError


def seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def test_all_servers_are_tried_at_once_and_remembered(settings, patient):
    tried: list[str] = []

    def connect(name: str, port: int, patience: float) -> None:
        tried.append(name)
        if name == "hub.example":
            raise OSError

    known = Connectivity(connect)
    assert not known.reaches("https://hub.example/owner", settings)
    assert known.reaches("https://raw.example", settings)
    assert known.reaches("https://releases.example/x", settings)
    assert sorted(tried) == ["hub.example", "lfs.example", "raw.example", "releases.example"]


def test_a_resolver_that_never_answers_is_waited_for_once(settings, patient):
    known = Connectivity(silent)
    first = seconds(lambda: known.reaches("https://hub.example", settings))
    assert 0.4 < first < 2
    for address in connectivity.addresses(settings):
        assert seconds(lambda address=address: known.reaches(address, settings)) < QUICK
        assert not known.reaches(address, settings)


def test_another_process_does_not_wait_again(settings, patient):
    Connectivity(silent).reaches("https://hub.example", settings)
    for address in connectivity.addresses(settings):
        assert seconds(lambda address=address: Connectivity(silent).reaches(address, settings)) < QUICK
    (settings.weights / connectivity.FILE).write_text("{ damaged")
    assert seconds(lambda: Connectivity(silent).reaches("https://hub.example", settings)) > 0.4


def test_an_old_failure_is_found_out_again_without_waiting(settings, patient, monkeypatch):
    answers = [refusing]
    known = Connectivity(lambda *where: answers[-1](*where))
    assert not known.reaches("https://hub.example", settings)
    monkeypatch.setattr(connectivity, "MISSED", 0.0)
    answers.append(lambda *where: None)
    for _ in range(100):
        if known.reaches("https://hub.example", settings):
            break
        time.sleep(0.02)
    else:
        pytest.fail("it was never found out again")


def test_forgetting_finds_out_again(settings, patient, monkeypatch):
    monkeypatch.setattr(connectivity, "MISSED", 0.0)
    answers = [refusing]
    known = Connectivity(lambda *where: answers[-1](*where))
    assert not known.reaches("https://hub.example", settings)
    answers.append(lambda *where: None)
    known.forget()
    assert known.reaches("https://hub.example", settings)


def test_a_proxy_is_what_must_be_reached(settings, patient, monkeypatch):
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "raw.example")
    tried: list[tuple[str, int]] = []
    known = Connectivity(lambda name, port, patience: tried.append((name, port)))
    assert known.reaches("https://hub.example", settings)
    known.reaches("https://raw.example", settings)
    assert set(tried) == {("proxy.example", 3128), ("raw.example", 443)}


def test_a_loopback_server_is_reached(tmp_path, settings):
    with Mirror(tmp_path / "root").running() as mirror:
        assert Connectivity().reaches(mirror.address, replace(settings, endpoint=mirror.address))
    assert not Connectivity().reaches("http://127.0.0.1:9", settings)


def test_sentences_say_what_to_do(settings, patient, monkeypatch):
    monkeypatch.setattr(connectivity, "CONNECTIVITY", Connectivity(silent))
    here = number_here(settings)
    assert here > 20
    for name, host in (("swinir", "hub.example"), ("imdn", "raw.example")):
        sentence = (
            f"No connection to {host}: choose one of the {here} networks that are here, "
            f"or `lam zoo fetch {name} --from FILE`"
        )
        with pytest.raises(NoConnectionError) as caught:
            fetch(registry()[name], settings)
        assert str(caught.value) == sentence
    with pytest.raises(OfflineError, match="Nothing is fetched offline: choose one of the"):
        fetch(registry()["imdn"], replace(settings, offline=True))


def test_availability_is_said_in_a_few_words(settings, patient, monkeypatch):
    monkeypatch.setattr("zoo.sources.availability.CONNECTIVITY", Connectivity(lambda *where: None))
    entries = registry()
    assert availability(entries["edsr-c"], settings).text == "here"
    assert availability(entries["bicubic"], settings).text == "here"
    assert availability(entries["swinir"], settings).text == "to be fetched, 67.9 MB"
    assert availability(entries["ranksrgan"], settings).kind == "local"
    monkeypatch.setattr("zoo.sources.availability.CONNECTIVITY", Connectivity(refusing))
    assert availability(entries["swinir"], settings) == Availability("offline", 67_869_037)


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        ("zoo list", "offline"),
        ("zoo fetch imdn", "No connection to"),
        ("attribute x.png --model a/b:c.pth --window 0,0,8 --out x.npz", "No connection to huggingface.co"),
    ],
)
def test_commands_answer_at_once_behind_a_resolver_that_never_does(tmp_path, arguments: str, answer: str):
    """Beyond what the command takes with a cached answer: two seconds the first time, none the second."""
    hook = tmp_path / "sitecustomize.py"
    hook.write_text(
        "import socket, threading\n"
        "def never(*arguments, **options):\n    threading.Event().wait()\n"
        "socket.getaddrinfo = never\nsocket.create_connection = never\n"
    )
    environment = {
        **os.environ,
        "PYTHONPATH": f"{tmp_path}{os.pathsep}{Path(__file__).parents[3]}",
        "LAM_WEIGHTS": str(tmp_path / "weights"),
        "LAM_HUB_CACHE": str(tmp_path / "hub"),
    }
    Image.new("RGB", (32, 32)).save(tmp_path / "x.png")

    def run(**more: str) -> tuple[float, str]:
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "lam_cli.main", *arguments.split()],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={**environment, **more},
            cwd=tmp_path,
        )
        assert "Traceback" not in done.stderr
        return time.perf_counter() - start, done.stdout + done.stderr

    alone, _ = run(LAM_OFFLINE="1")
    first, text = run()
    second, again = run()
    assert answer in text
    assert again == text
    assert first - alone < 2 + alone
    assert second - alone < 1 + alone
