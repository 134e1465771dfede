"""Whatever a network's code assigns, the network is afterwards as it was."""

from __future__ import annotations

import copy
import random
from collections import deque
from functools import partial
from typing import ClassVar

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lam_core import Region, SuperResolver, attribute
from lam_core.module_state import moved, replica, undisturbed

CACHE: dict[str, Tensor] = {}
COUNT = 0


def _remembered(x: Tensor, kept: list[Tensor] = []) -> Tensor:  # noqa: B006  That is what is tried.
    kept.append(x)
    return x * len(kept)


class Memory:
    """What a network may keep beside its modules."""

    def __init__(self) -> None:
        self.last: Tensor | None = None


class Restless(nn.Module):
    """A network that assigns in every way that it can, and whose output depends on what it assigned."""

    shared: ClassVar[list[int]] = []

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.norm = nn.Conv2d(3, 3, 3, padding=1), nn.BatchNorm2d(3)
        self.register_buffer("running", torch.ones(3))
        self.mean = torch.full((1, 3, 1, 1), 0.45)
        self.kept: dict[str, list] = {"features": [], "sizes": [1]}
        self.last, self.names, self.memory = deque([1.0], maxlen=4), {"one"}, Memory()
        self.array, self.generator = np.ones(3), torch.Generator().manual_seed(3)
        self.draw, self.count = random.Random(1), 0

    def forward(self, x: Tensor) -> Tensor:
        global COUNT
        COUNT += 1
        self.count += 1
        CACHE["x"] = x
        self.shared.append(1)
        self.kept["features"].append(x)
        self.last.append(2.0)
        self.names.add(f"run {self.count}")
        self.memory.last = x
        self.array += 1
        self.running.add_(1)
        self.running = self.running * 2
        self.mean = self.mean.type_as(x) * 1.5
        self.layer.weight.data.mul_(1.25)
        self.layer.bias.data = torch.ones(3, dtype=x.dtype)
        self.layer.register_forward_hook(lambda module, inputs, output: output + 1)
        self.added = x
        with torch.no_grad():
            self.norm.running_mean += 1
        factor = float(torch.rand(1, generator=self.generator)) + self.draw.random() + float(self.array.sum())
        y = self.norm(self.layer(_remembered(x - self.mean))) * self.running.view(1, 3, 1, 1)
        return F.interpolate(y * (factor + COUNT + len(self.shared) + self.count), scale_factor=2, mode="nearest")


def _state(network: Restless) -> list[str]:
    """Everything that there is to tell, in words."""
    tensors = {**dict(network.named_parameters()), **dict(network.named_buffers()), "mean": network.mean}
    values = [f"{name} {id(tensor)} {tensor.tolist()}" for name, tensor in tensors.items()]
    names = {name: id(value) for name, value in vars(network).items()}
    others = [network.kept, list(network.last), sorted(network.names), network.memory.last, network.array.tolist()]
    hooks = [len(part._forward_hooks) for part in network.modules()]
    outside = [list(CACHE), COUNT, len(Restless.shared), len(_remembered.__defaults__[0])]  # type: ignore[index]
    draws = [network.generator.get_state().tolist(), network.draw.getstate()]
    return [*values, str(names), str(others), str(hooks), str(outside), str(draws)]  # type: ignore[list-item]


@pytest.mark.parametrize("fails", [False, True])
def test_everything_is_put_back(fails: bool) -> None:
    network, x = Restless().eval(), torch.rand(1, 3, 5, 5)
    seen: list[Tensor] = []
    network.layer.register_forward_hook(partial(lambda kept, module, inputs, output: kept.append(output), seen))
    before, pointers = _state(network), [p.data_ptr() for p in network.parameters()]
    outputs = []
    for _ in range(2):
        try:
            with undisturbed(network):
                outputs.append(network(x))
                if fails:
                    raise KeyError("as any network may")
        except KeyError:
            pass
        assert _state(network) == before
        assert [p.data_ptr() for p in network.parameters()] == pointers
        assert not seen
        assert not hasattr(network, "added")
    # From the same state comes the same picture.
    assert torch.equal(outputs[0], outputs[1])
    copy.deepcopy(network).to(torch.float64)


def test_blocks_inside_each_other_act_as_the_outermost() -> None:
    network = Restless().eval()
    with undisturbed(network):
        with undisturbed(network):
            network(torch.rand(1, 3, 5, 5))
        assert network.count == 1
    assert network.count == 0


def test_attribution_leaves_a_network_as_it_was_and_gives_its_map_again() -> None:
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (24, 24, 3), np.uint8)
    network = Restless()
    model = SuperResolver(network, 2)
    before = _state(network)
    first = attribute(model, image, Region(16, 16, 8))
    assert _state(network) == before
    again = attribute(model, image, Region(16, 16, 8))
    assert np.array_equal(first.signed, again.signed)
    assert np.array_equal(first.sr, again.sr)
    copy.deepcopy(network)


def test_a_replica_copies_what_deepcopy_refuses() -> None:
    network = Restless()
    network.feature = network.layer(torch.rand(1, 3, 5, 5))  # type: ignore[assignment]
    network.module = np  # type: ignore[assignment]
    network.lock = __import__("threading").Lock()  # type: ignore[assignment]
    with pytest.raises((RuntimeError, TypeError)):
        copy.deepcopy(network)
    twin = replica(network)
    assert isinstance(twin, Restless)
    assert torch.equal(twin.layer.weight, network.layer.weight)
    assert twin.layer.weight.data_ptr() != network.layer.weight.data_ptr()
    assert torch.equal(twin.feature, network.feature)  # type: ignore[arg-type]


def test_a_copy_in_another_precision_keeps_imaginary_parts() -> None:
    network = torch.nn.Conv2d(3, 3, 1)
    network.spectrum = torch.nn.Parameter(torch.randn(4, dtype=torch.complex64))
    network.register_buffer("phase", torch.randn(4, dtype=torch.complex64))
    network.register_buffer("index", torch.arange(3))
    twin = moved(network, None, torch.float64)
    assert twin.weight.dtype == torch.float64
    assert torch.equal(twin.spectrum, network.spectrum.to(torch.complex128))
    assert torch.equal(twin.phase, network.phase.to(torch.complex128))
    assert twin.index.dtype == torch.int64
    assert isinstance(twin.spectrum, torch.nn.Parameter)
    assert network.spectrum.dtype == torch.complex64


class _Named(Tensor):
    """Says nothing of how it is copied, so that `copy.deepcopy` refuses it."""

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return super().__torch_function__(func, types, args, kwargs or {})

    def new_empty(self, *size, **options):  # another class
        return torch.empty(0)


def test_weights_of_a_foreign_class_are_copied_with_their_class() -> None:
    network = nn.Conv2d(3, 3, 1)
    network.gain = nn.Parameter(torch.rand(3, 1, 1).as_subclass(_Named))
    with pytest.raises(RuntimeError):
        copy.deepcopy(network)
    twin = replica(network)
    assert type(twin.gain) is type(network.gain)
    assert torch.equal(twin.gain.as_subclass(Tensor), network.gain.as_subclass(Tensor))
    assert twin.gain.data_ptr() != network.gain.data_ptr()
    assert set(dict(twin.named_parameters())) == {"weight", "bias", "gain"}
    double = moved(network, None, torch.float64)
    assert double.gain.dtype == torch.float64
    assert network.gain.dtype == torch.float32


class _Forgetful(nn.Identity):
    """Is made anew when it is copied, as layers of einops are."""

    def __getstate__(self):
        return {}

    def __setstate__(self, state) -> None:
        self.__init__()


def test_copies_keep_the_mode_of_every_layer() -> None:
    network = nn.Sequential(_Forgetful(), nn.Dropout(), nn.BatchNorm2d(3)).eval()
    network[2].train()
    assert copy.deepcopy(network)[0].training
    assert [part.training for part in replica(network).modules()] == [False, False, False, True]
