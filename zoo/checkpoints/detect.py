"""From a bare state dict to a network that runs: which architecture, which sizes, which convention."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from spandrel import ImageModelDescriptor
from torch import Tensor, nn

from lam_core.convention import Convention
from lam_core.errors import LamError, sentence
from lam_core.model import SuperResolver
from zoo.architectures.architecture import Reading
from zoo.checkpoints import untold
from zoo.checkpoints.choose_convention import decide
from zoo.checkpoints.conditional import callable_module
from zoo.checkpoints.errors import MismatchError, UnknownNetworkError, UnusableNetworkError
from zoo.checkpoints.merged_branches import merge_branches
from zoo.checkpoints.network import Network, plain_values
from zoo.checkpoints.out_of_place import out_of_place
from zoo.checkpoints.own import build_own
from zoo.checkpoints.size_limits import most_weights, parameter_budget
from zoo.checkpoints.spandrel_registry import ZooArchitecture, spandrel_registry
from zoo.errors import ZooError

_NEED_MORE = frozenset({"GFPGAN", "LaMa", "RestoreFormer"})
"""Architectures that take a mask or an aligned face: nothing is built to find that out."""


def _why_unknown(state: Mapping[str, Tensor], name: str) -> str:
    """What a state dict of no known architecture may be, as an addition to a sentence; empty where nothing is seen."""
    if re.search(r"-\d{5}-of-\d{5}", name):
        return "; it is one part of several: join them into one file"
    if any(re.search(r"\.lora_(A|B|up|down)\.|\.lora_(up|down)$", key) for key in state):
        return "; it is an adapter (LoRA) of another network: merge it into that and save the sum"
    if any(key.endswith((".weight_g", ".weight_orig")) or ".parametrizations." in key for key in state):
        return (
            "; its layers are under weight or spectral normalisation: remove it, by torch.nn.utils.remove_weight_norm, "
            "remove_spectral_norm or parametrize.remove_parametrizations, before saving"
        )
    return ""


def is_known(state: Mapping[str, Tensor]) -> bool:
    """Whether a state dict has the key names of an architecture that is known here."""
    return any(support.detect(dict(state)) for support in spandrel_registry().architectures("detection"))


def is_of(architecture: str, state: Mapping[str, Tensor]) -> bool:
    """Whether a state dict has the key names of that architecture."""
    support = spandrel_registry().get(architecture)
    return support is not None and support.detect(dict(state))


def detect(
    state: Mapping[str, Tensor],
    *,
    name: str,
    input_range: float | None = None,
    scale: int | None = None,
    told: Mapping[str, Any] | None = None,
) -> Network:
    """Finds the architecture of a state dict and builds it with its weights.

    Where the weights leave several ways of use open, the one that restores a test picture best is taken, and among
    scales the file's `name` helps; `input_range` and `scale` settle them beforehand. `told` are hyperparameters that a
    training program wrote beside the weights. Raises `UnknownNetworkError` or `UnusableNetworkError`.
    """
    told = told or {}
    networks = candidates(state, name=name, input_range=input_range, scale=scale, told=told)
    _check_that_it_runs(networks[0], name)
    decided = decide(networks, name)
    notes = (*decided.notes, *untold.note(decided.architecture, decided.hyperparameters, told, name=name))
    network = replace(decided, notes=notes)
    if input_range is None:
        return network
    return replace(network, convention=replace(network.convention, input_range=float(input_range)))


def candidates(
    state: Mapping[str, Tensor],
    *,
    name: str,
    input_range: float | None = None,
    scale: int | None = None,
    told: Mapping[str, Any] | None = None,
) -> list[Network]:
    """The network of a state dict in every way of use that its weights leave open, the published one first.

    Raises `UnknownNetworkError` or `UnusableNetworkError`.
    """
    for support in spandrel_registry().architectures("detection"):
        if support.detect(dict(state)):
            break
    else:
        raise UnknownNetworkError(
            f"{name} fits no architecture known here (its layers: {', '.join(list(state)[:3])}, …)"
            f"{_why_unknown(state, name)}; load it by your own code as path.py:build"
        )
    own = support.architecture.own if isinstance(support.architecture, ZooArchitecture) else None
    readings = own.readings(state) if own else ()
    if input_range is not None:
        readings = tuple(r for r in readings if r.input_range == input_range)
    if scale is not None:
        readings = tuple(r for r in readings if r.hyperparameters.get("scale", scale) == scale)
    told = told or {}
    readings = tuple(
        r for r in readings if all(told.get(key, value) == value for key, value in r.hyperparameters.items())
    )
    networks = [_read(state, support.architecture, reading, name=name, told=told) for reading in readings]
    return networks or [_network(state, support.architecture, {}, name=name, told=told)]


def _check_that_it_runs(network: Network, name: str) -> None:
    """Sizes that no shape tells are guessed, and a wrong guess shows only as the layers meet each other."""
    model = SuperResolver(network.module, network.scale, convention=network.convention, name=name, fingerprint="tried")
    try:
        with torch.no_grad():
            model(torch.zeros(1, 3, 8, 8))
    except LamError:
        raise
    except Exception as error:  # whatever an architecture raises on sizes that do not go together
        raise UnusableNetworkError(
            f"{name} looks like {network.architecture}, but does not run: {sentence(error)}"
        ) from error


def build(state: Mapping[str, Tensor], architecture: str, hyperparameters: Mapping[str, Any], *, name: str) -> Network:
    """Builds a declared architecture with the weights; what is not declared is read from them.

    Raises `MismatchError` if the weights are not of that architecture.
    """
    support = spandrel_registry().get(architecture)
    if support is None:
        raise UnknownNetworkError(f"{name} declares the architecture {architecture!r}, which is not known here")
    if not support.detect(dict(state)):
        raise MismatchError(f"the weights of {name} are not those of {architecture}, as its entry says")
    return _network(state, support.architecture, hyperparameters, name=name)


def _read(
    state: Mapping[str, Tensor], architecture: Any, reading: Reading, *, name: str, told: Mapping[str, Any]
) -> Network:
    network = _network(state, architecture, reading.hyperparameters, name=name, told=told)
    return replace(network, convention=replace(network.convention, input_range=reading.input_range))


def _network(
    state: Mapping[str, Tensor],
    architecture: Any,
    declared: Mapping[str, Any],
    *,
    name: str,
    told: Mapping[str, Any] | None = None,
) -> Network:
    if str(architecture.id) in _NEED_MORE:
        raise _needs_more(name, architecture.name)
    if isinstance(architecture, ZooArchitecture):
        return build_own(state, architecture.own, declared, name=name, told=told)
    try:
        with parameter_budget(most_weights(state), name):
            descriptor = architecture.load(dict(state))
            model = _as_told(descriptor.model, str(architecture.id), {**declared, **(told or {})})
    except ZooError:
        raise
    except Exception as error:  # whatever an architecture raises on weights that it took for its own
        raise UnusableNetworkError(
            f"{name} looks like {architecture.name}, but its weights do not fit: {sentence(error)}"
        ) from error
    if not isinstance(descriptor, ImageModelDescriptor) or descriptor.purpose == "FaceSR":
        raise _needs_more(name, architecture.name)
    channels = (descriptor.input_channels, descriptor.output_channels)
    if channels not in ((3, 3), (1, 1)):
        raise UnusableNetworkError(
            f"{name} turns {channels[0]} channels into {channels[1]}; only RGB and luma networks are attributed"
        )
    size = descriptor.size_requirements
    convention = Convention(
        colour="luma" if channels[0] == 1 else "rgb",
        pad_multiple=size.multiple_of,
        minimum_size=max(size.minimum, 1),
        square=size.square,
    )
    module = merge_branches(out_of_place(model)).eval()
    hyperparameters = getattr(module, "hyperparameters", {})
    module = callable_module(module, str(architecture.id), descriptor)
    return Network(module, str(architecture.id), descriptor.scale, convention, plain_values(hyperparameters))


def _needs_more(name: str, architecture: str) -> UnusableNetworkError:
    kind = "" if architecture == name else f"{name} is {architecture}, which"
    return UnusableNetworkError(f"{kind or name} needs more than a picture (a mask or an aligned face)")


def _as_told(model: nn.Module, architecture: str, told: Mapping[str, Any]) -> nn.Module:
    """The network built with what is told of it where its weights tell nothing; itself if nothing differs."""
    hyperparameters = getattr(model, "hyperparameters", {})
    settled = untold.believed(architecture, hyperparameters, told)
    if all(hyperparameters[key] == value for key, value in settled.items()):
        return model
    built = type(model)(**{**hyperparameters, **settled})
    built.load_state_dict(model.state_dict())
    return built
