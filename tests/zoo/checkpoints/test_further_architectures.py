"""Architectures of packages that are no dependencies: found where they are installed, after all others."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace

import pytest
import torch
from torch import Tensor, nn

from zoo.checkpoints.detect import detect
from zoo.checkpoints.errors import UnknownNetworkError, UnusableNetworkError
from zoo.checkpoints.further_architectures import further_architectures
from zoo.checkpoints.spandrel_registry import spandrel_registry


class Enlarging(nn.Module):
    """A convolution and a pixel shuffle."""

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.only_here = nn.Conv2d(3, 3 * scale**2, 3, padding=1)
        self.shuffle = nn.PixelShuffle(scale)

    def forward(self, x: Tensor) -> Tensor:
        return self.shuffle(self.only_here(x))


class Theirs:
    """An architecture as resselt has them: its network comes without weights, and says its scale."""

    def __init__(self, name: str, scales: tuple[int, ...] = ()) -> None:
        self.id = name
        self.scales = scales

    def detect(self, state: dict[str, Tensor]) -> bool:
        return "only_here.weight" in state

    def load(self, state: dict[str, Tensor]) -> nn.Module:
        scale = round((len(state["only_here.weight"]) / 3) ** 0.5)
        network = Enlarging(scale)
        upscale = self.scales or scale
        network.parameters_info = SimpleNamespace(in_channels=3, out_channels=3, upscale=upscale)  # type: ignore[assignment]
        return network


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Theirs]]:
    """A package of architectures by name; empty until a test fills it."""
    package, found = ModuleType("resselt"), ModuleType("resselt.archs")
    store: dict[str, Theirs] = {}
    found.internal_registry = SimpleNamespace(store=store)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "resselt", package)
    monkeypatch.setitem(sys.modules, "resselt.archs", found)
    spandrel_registry.cache_clear()
    yield store
    spandrel_registry.cache_clear()


def weights() -> dict[str, Tensor]:
    torch.manual_seed(0)
    return Enlarging(2).state_dict()


def test_a_network_of_an_installed_package_is_recognised_and_has_its_weights(installed):
    installed["Enlarging"] = Theirs("Enlarging")
    found = detect(weights(), name="x2.pth")
    assert (found.architecture, found.scale) == ("resselt-Enlarging", 2)
    original = Enlarging(2)
    original.load_state_dict(weights())
    x = torch.rand(1, 3, 5, 6)
    torch.testing.assert_close(found.module(x), original(x))


def test_without_the_package_nothing_is_known_of_it(monkeypatch):
    for name in ("resselt", "resselt.archs", "spandrel_extra_arches"):
        monkeypatch.setitem(sys.modules, name, None)
    spandrel_registry.cache_clear()
    with pytest.raises(UnknownNetworkError):
        detect(weights(), name="x2.pth")
    spandrel_registry.cache_clear()


def test_names_that_are_known_already_are_left_to_those_who_know_them(installed):
    installed.update({"DAT": Theirs("DAT"), "dat": Theirs("dat"), "New": Theirs("New")})
    added = [str(support.architecture.id) for support in further_architectures({"dat"})]
    assert [name for name in added if name.startswith("resselt")] == ["resselt-New"]


def test_a_network_of_several_scales_is_refused(installed):
    installed["Any"] = Theirs("Any", scales=(2, 4))
    with pytest.raises(UnusableNetworkError, match="any of 2, 4"):
        detect(weights(), name="x2.pth")
