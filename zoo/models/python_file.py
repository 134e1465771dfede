"""A network from the user's own Python, `path.py:build` or `package.module:Class`."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from contextlib import AbstractContextManager
from numbers import Integral
from pathlib import Path
from types import ModuleType
from typing import Any, Unpack

from torch import Tensor, nn

from lam_core.convention import Convention, fingerprint_of
from lam_core.errors import LamError, sentence
from lam_core.model import SuperResolver
from zoo.checkpoints.read import read_checkpoint
from zoo.models.target import Code
from zoo.models.trial_run import measured_use
from zoo.models.user_modules import OwnNetworkError, digest_of_code, from_file, from_name
from zoo.overrides import Overrides, overridden


def own_network(code: Code, weights: Path | None = None, **overrides: Unpack[Overrides]) -> SuperResolver:
    """Runs a function or class of one's own and takes what it returns for a super-resolution network.

    It is called without arguments and returns a module, a pair of module and scale, or a `SuperResolver`. What is not
    said by it or by `overrides` is measured: scale, channels, which sizes it takes. `weights` is a state dict for the
    module. This runs the user's code: never for strangers. Raises `OwnNetworkError` or another `LamError`.
    """
    name = str(code)
    with _module(code) as module:
        made = _built(module, code)
        if isinstance(made, SuperResolver):
            return _as_it_is(made, name, weights, overrides)
        network, scale = made if isinstance(made, tuple) and len(made) == 2 else (made, None)
        if not isinstance(network, nn.Module):
            raise OwnNetworkError(
                f"{name} returned {made!r:.80}; return a torch module, (module, scale) or a SuperResolver"
            )
        notes = load_weights(network, weights, overrides.get("params"), name) if weights is not None else ()
        use = measured_use(network, name, _scale(scale, name, overrides), Convention(), overrides)
        model = SuperResolver(
            network,
            use.scale,
            convention=use.convention,
            name=name,
            notes=(*notes, *use.notes),
            condition=overrides.get("condition"),
            plain=use.plain,
        )
    # Functions that a class calls are part of the network as much as the class.
    fingerprint = fingerprint_of(
        model.replaced(condition=None).fingerprint, digest_of_code(), use.scale, use.convention
    )
    return model.replaced(fingerprint=fingerprint)


def load_weights(network: nn.Module, path: Path, params: str | None, name: str) -> tuple[str, ...]:
    """Puts the weights in a file into a network; returns what is to be said of it. Raises `OwnNetworkError`."""
    own = network.state_dict()
    chosen = read_checkpoint(path).weights(params, lambda state: set(state) == set(own))
    if misfit := _misfit(own, chosen.weights):
        raise OwnNetworkError(f"{path.name} does not fit {name}: {misfit}; give the weights of this very network")
    try:
        network.load_state_dict(chosen.weights)
    except RuntimeError as error:
        raise OwnNetworkError(f"{path.name} does not fit {name}: {sentence(error)}") from None
    return chosen.notes


def _misfit(own: Mapping[str, Tensor], given: Mapping[str, Tensor]) -> str:
    """What parts a state dict from the one that a network has, in a few words; empty if nothing does."""
    missing = [key for key in own if key not in given]
    unknown = [key for key in given if key not in own]
    other = [key for key in own if key in given and own[key].shape != given[key].shape]
    parts = []
    if missing:
        parts.append(f"{len(missing)} of its {len(own)} tensors are missing (first {missing[0]!r})")
    if unknown:
        parts.append(f"{len(unknown)} are unknown to it (first {unknown[0]!r})")
    if other:
        shapes = tuple(given[other[0]].shape), tuple(own[other[0]].shape)
        parts.append(f"{len(other)} have another shape (first {other[0]!r}: {shapes[0]} for {shapes[1]})")
    return ", ".join(parts)


def _module(code: Code) -> AbstractContextManager[ModuleType]:
    return from_file(code.path) if code.path is not None else from_name(code.module)


def _built(module: ModuleType, code: Code) -> Any:
    build = getattr(module, code.function, None)
    if not callable(build):
        near = [name for name, value in vars(module).items() if _builds(value, module)]
        offered = f"; it has {', '.join(near[:8])}" if near else ""
        raise OwnNetworkError(f"{code.source} has no function or class {code.function!r}{offered}")
    if isinstance(build, nn.Module):
        return build
    try:
        needed = [
            p.name
            for p in inspect.signature(build).parameters.values()
            if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
        ]
    except (TypeError, ValueError):
        needed = []
    if needed:
        raise OwnNetworkError(
            f"{code} wants {', '.join(needed)}; name a function without arguments that calls it, as\n"
            f"    def build():\n        return {code.function}({', '.join(f'{name}=…' for name in needed)})"
        )
    try:
        return build()
    except LamError:
        raise
    except (Exception, SystemExit) as error:  # it is the user's code
        raise OwnNetworkError(f"{code} failed: {type(error).__name__}: {sentence(error)}") from error


def _builds(value: Any, module: ModuleType) -> bool:
    is_class = isinstance(value, type) and issubclass(value, nn.Module)
    return (is_class or inspect.isfunction(value)) and value.__module__ == module.__name__


def _as_it_is(made: SuperResolver, name: str, weights: Path | None, overrides: Overrides) -> SuperResolver:
    """A model that says itself how it is used, with what the overrides say instead."""
    if (asked := overrides.get("scale")) not in (None, made.scale):
        raise OwnNetworkError(
            f"{name} says that it enlarges ×{made.scale}, and scale {asked} was asked for; leave it out"
        )
    notes = load_weights(made.module, weights, overrides.get("params"), name) if weights is not None else ()
    condition = overrides.get("condition")
    return SuperResolver(
        made.module,
        made.scale,
        convention=overridden(made.convention, overrides),
        name=made.plain_name,
        condition=made.condition if condition is None else {**made.condition, **condition},
        notes=(*made.notes, *notes),
    )


def _scale(told: Any, name: str, overrides: Overrides) -> int | None:
    """The scale that is said, not measured."""
    scale = overrides.get("scale") if overrides.get("scale") is not None else told
    if scale is None:
        return None
    if isinstance(scale, bool) or not isinstance(scale, Integral) or scale < 1:
        raise OwnNetworkError(
            f"{name} says that its scale is {scale!r}; give a whole number, or leave it to be measured"
        )
    return int(scale)


__all__ = ["OwnNetworkError", "load_weights", "own_network"]
