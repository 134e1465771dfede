"""A toy network of one's own, and a process whose settings, store and caches are a test's alone."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from dashboard.runtime import process
from dashboard.state import visitor
from lam_core import settings as core_settings
from zoo import settings as zoo_settings

T = TypeVar("T")

APP = Path(__file__).resolve().parents[2] / "dashboard" / "streamlit_app.py"

TOY = '''
import torch


class Toy(torch.nn.Module):
    """Enlarges by repetition after one smoothing convolution: small, deterministic, differentiable."""

    scale = {scale}

    def __init__(self):
        super().__init__()
        self.smooth = torch.nn.Conv2d(3, 3, 5, padding=2, groups=3, bias=False)
        torch.nn.init.constant_(self.smooth.weight, 1 / 25)

    def forward(self, x):
        y = torch.nn.functional.interpolate(self.smooth(x), scale_factor=self.scale)
        return {output}


def build():
    return Toy()
'''


def finished(work: Coroutine[Any, Any, T]) -> T:
    """What a coroutine returns, run in a thread of its own: a browser test leaves its loop running in this one."""
    with ThreadPoolExecutor(1) as apart:
        return apart.submit(asyncio.run, work).result()


def at_page(app: AppTest, page: str) -> AppTest:
    """An app on a page, by its address, before its first run, when AppTest knows pages by their files' names alone."""
    app._page_hash = calc_hash(page)
    return app


def opened_at(page: str, **query: str) -> AppTest:
    """An app after its first run on a page, with that query in its address."""
    app = AppTest.from_file(str(APP), default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    at_page(app, page).run()
    assert not app.exception
    return app


def text(app: AppTest) -> str:
    """What stands on a page in sentences."""
    parts = [*app.markdown, *app.caption, *app.warning, *app.error, *app.info]
    return "\n".join(str(one.value) for one in parts)


@pytest.fixture(autouse=True)
def no_packages(monkeypatch):
    """Networks inside packages of the package index are out of sight, whether the packages are installed or not."""
    monkeypatch.setattr("zoo.sources.package.installed", lambda source: None)


def write_toy(folder: Path, name: str, *, scale: int = 4, output: str = "y") -> str:
    """A file with a network, as `path.py:build`."""
    path = folder / f"{name}.py"
    path.write_text(TOY.format(scale=scale, output=output))
    return f"{path}:build"


DENOISER = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.body = nn.Conv2d(3, 48, 3, padding=1)

    def forward(self, x, sigma: float = 15.0):
        return nn.functional.pixel_shuffle(torch.sin(self.body(x) * sigma), 4)
"""


def write_denoiser(folder: Path) -> str:
    """A file with a network that takes a noise level, as `path.py:Net`."""
    (folder / "net.py").write_text(DENOISER)
    return f"{folder / 'net.py'}:Net"


@pytest.fixture
def environment(tmp_path, monkeypatch):
    """Sets variables of the environment for this test alone; nothing computed before is found."""

    def configure(**variables: str) -> None:
        for name, value in {"LAM_STORE": str(tmp_path / "store"), "LAM_OFFLINE": "1", **variables}.items():
            monkeypatch.setenv(name, value)
        forget()

    def forget() -> None:
        core_settings.settings.cache_clear()
        zoo_settings.settings.cache_clear()
        process.forget()
        st.cache_data.clear()

    # What is asked of a server is a test's own to say.
    monkeypatch.setattr("dashboard.runtime.first_networks.fetch_in_background", lambda settings: None)
    # An AppTest has no browser: the cookie that tells visitors apart is a mock there.
    monkeypatch.setattr(visitor, "_browser", lambda: "")
    yield configure
    forget()
