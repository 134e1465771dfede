"""What is said of a network on the command line, at every command that takes one."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import lam_cli.dashboard
from dashboard.runtime import process
from lam_cli.main import main, parser
from lam_core import settings
from lam_core.settings import Settings
from zoo import settings as zoo_settings
from zoo.architectures import architecture
from zoo.catalog.entry import read_entry
from zoo.models.load import super_resolver
from zoo.models.reference import reference
from zoo.sources.transfer import RefusedError
from zoo.spec import SpecError, spec_text

SAID = ("--scale", "--colour", "--input-range", "--pad-multiple", "--params", "--condition")
OF_A_NETWORK = ("--model", "--models", "--target", "--with")
NAMED = {"show": "model", "add": "reference", "check": "ids"}
"""Actions of `lam zoo` that take a network by position; `fetch` and `pin` take entries alone."""

DENOISER = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.body = nn.Conv2d(4, 3, 3, padding=1)

    def forward(self, x, sigma: float = 15.0):
        level = x.new_full((len(x), 1, *x.shape[-2:]), sigma / 255)
        return x + self.body(torch.cat([x, level], 1))
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current folder, with a denoiser that has a condition, and a store of its own."""
    monkeypatch.setenv("LAM_STORE", str(tmp_path / "store"))
    monkeypatch.chdir(tmp_path)
    settings.settings.cache_clear()
    zoo_settings.settings.cache_clear()
    Path("net.py").write_text(DENOISER)
    pixels = np.random.default_rng(0).integers(0, 256, (40, 44, 3), dtype=np.uint8)
    Image.fromarray(pixels).save("lr.png")
    yield tmp_path
    settings.settings.cache_clear()
    zoo_settings.settings.cache_clear()


def commands(of: argparse.ArgumentParser, name: str = "") -> dict[str, argparse.ArgumentParser]:
    """Every command and action by name."""
    found = {}
    for action in of._actions:
        if isinstance(action, argparse._SubParsersAction):
            for key, inner in action.choices.items():
                found |= commands(inner, key)
    return found or {name: of}


def test_every_command_that_takes_a_network_takes_what_is_said_of_it() -> None:
    taking = {
        name: one
        for name, one in commands(parser()).items()
        if set(OF_A_NETWORK) & one._option_string_actions.keys()
        or NAMED.get(name) in [action.dest for action in one._actions]
    }
    assert set(taking) == {"attribute", "figure", "heatmap", "sweep", "semantics", "filters", "upscale", "dashboard",
                           "field", "show", "add", "check"}  # fmt: skip
    for name, one in taking.items():
        assert [option for option in SAID if option not in one._option_string_actions] == [], name
        kept = one._option_string_actions["--scale"]
        assert (kept.dest, kept.type) == ("scale", int), name


def test_the_figure_is_of_the_network_under_its_condition(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ("figure", "lr.png", "--models", "net.py:Net", "--window", "12,12,8", "--field", "24", "--out", "f.json")
    main([*given, "--condition", "sigma=50", "--no-note"])
    assert json.loads(capsys.readouterr().out)["results"][0]["network"] == "net.py:Net, sigma 50"
    with pytest.raises(SystemExit):
        main([*given, "--condition", "level=50"])
    assert "no condition 'level'; it has sigma" in capsys.readouterr().err


def test_the_dashboard_hears_what_was_said(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: dict[str, str] = {}
    monkeypatch.setattr(os, "execve", lambda program, command, environment: heard.update(environment))
    monkeypatch.setattr(os, "chdir", lambda folder: None)
    np.save("kernel.npy", np.ones((3, 3)))
    options = parser().parse_args(["dashboard", "--with", "net.py:Net", "--condition", "sigma=50"])
    lam_cli.dashboard.run(options)
    (key,) = Settings.from_environment(heard).networks
    assert key == f"{place / 'net.py'}:Net?condition=sigma%3D50"
    found = process.network(key)
    assert found.name == "net.py:Net, sigma 50"
    assert found.fingerprint == reference("net.py:Net", condition={"sigma": 50}).fingerprint
    assert found.load().values == {"sigma": 50.0}
    process.forget()


@pytest.mark.parametrize("said", ["size=3", "colour=green", "scale=big", "condition=sigma"])
def test_what_is_said_wrongly_is_one_sentence(place: Path, said: str) -> None:
    with pytest.raises(SpecError) as raised:
        process.network(f"{place / 'net.py'}:Net?{said}")
    assert "\n" not in str(raised.value)
    assert said.partition("=")[0] in str(raised.value)


def test_a_hosted_server_hears_nothing_of_the_kind(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAM_HOSTED", "1")
    zoo_settings.settings.cache_clear()
    process.forget()
    with pytest.raises(RefusedError):
        process.network(spec_text("edsr-c", {"weights": str(place / "net.py")}))
    process.forget()


def test_an_entry_keeps_what_was_said(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.manual_seed(0)
    sets = [architecture("edsr").build(channels=8, blocks=1, scale=2, input_range=1.0).state_dict() for _ in range(2)]
    torch.save({"params_ema": sets[0], "params": sets[1]}, "ours.pth")
    main(["zoo", "add", "ours.pth", "--entries", "entries", "--params", "params", "--input-range", "255",
          "--colour", "bgr", "--pad-multiple", "2", "--scale", "2"])  # fmt: skip
    entry = read_entry(place / "entries" / "ours.toml")
    convention = entry.convention
    assert (entry.params, convention.input_range, convention.colour, convention.pad_multiple) == (
        "params",
        255,
        "bgr",
        2,
    )
    model = super_resolver("entries/ours.toml", weights="ours.pth")
    assert torch.equal(model.module.state_dict()["body.0.body.0.weight"], sets[1]["body.0.body.0.weight"])
    assert model.fingerprint == reference("entries/ours.toml", weights="ours.pth").fingerprint
    capsys.readouterr()
    with pytest.raises(SystemExit):
        main(["zoo", "add", "ours.pth", "--entries", "entries", "--condition", "sigma=25"])
    assert "an entry holds no condition, and sigma 25 was given" in capsys.readouterr().err
