"""A network from the user's own Python file, `path.py:build`."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import torch
from torch import nn

from lam_core.convention import Convention
from lam_core.errors import sentence
from lam_core.model import SuperResolver
from zoo.checkpoints.read import read_state
from zoo.errors import ZooError

TRIAL = 64
"""Side in pixels of the picture on which a scale is measured: a multiple of every common window and stride."""


class OwnNetworkError(ZooError):
    """A Python file or function that gives no super-resolution network."""


def own_network(
    path: Path,
    function: str,
    *,
    input_range: float | None = None,
    weights: Path | None = None,
    params: str | None = None,
) -> SuperResolver:
    """Runs `function` of a Python file and takes what it returns for a super-resolution network.

    The function, called without arguments, returns a module, a pair of module and scale, or a `SuperResolver`. The
    scale of a module without an attribute `scale` is measured. `weights` is a state dict for the module. This runs
    the file: never for strangers. Raises `OwnNetworkError`.
    """
    name = f"{path.name}:{function}"
    build = getattr(_run(path), function, None)
    if not callable(build):
        raise OwnNetworkError(f"{path.name} has no function {function!r}")
    try:
        made = build()
    except Exception as error:  # it is the user's code
        raise OwnNetworkError(f"{name} failed: {type(error).__name__}: {sentence(error)}") from error
    convention = Convention() if input_range is None else Convention(input_range=float(input_range))
    if isinstance(made, SuperResolver):
        module, scale = made.module, made.scale
        if input_range is None:
            convention = made.convention
        name = made.name
    else:
        module, scale = made if isinstance(made, tuple) and len(made) == 2 else (made, getattr(made, "scale", None))
        if not isinstance(module, nn.Module):
            raise OwnNetworkError(
                f"{name} returned {made!r:.80}; return a torch module, (module, scale) or a SuperResolver"
            )
        scale = _measured_scale(module, name) if scale is None else scale
    if isinstance(scale, bool) or not isinstance(scale, int) or scale < 1:
        raise OwnNetworkError(f"{name} says that its scale is {scale!r}; it must be a whole number, 1 or more")
    if weights is not None:
        try:
            expected = set(module.state_dict())
            module.load_state_dict(read_state(weights, params=params, fits=lambda state: set(state) == expected))
        except RuntimeError as error:
            raise OwnNetworkError(f"{weights.name} does not fit {name}: {error}") from None
    return SuperResolver(module, scale, convention=convention, name=name)


@torch.no_grad()
def _measured_scale(module: nn.Module, name: str) -> int:
    """How many times a network enlarges a picture of `TRIAL`×`TRIAL` pixels."""
    weight = next(module.parameters(), torch.zeros(()))
    picture = torch.full((1, 3, TRIAL, TRIAL), 0.5, device=weight.device, dtype=weight.dtype)
    try:
        output = module.eval()(picture)
    except Exception as error:  # it is the user's code
        raise OwnNetworkError(
            f"{name} failed on an RGB picture of {TRIAL}×{TRIAL} pixels: {type(error).__name__}: {sentence(error)}; "
            "return (module, scale) if it needs another size"
        ) from error
    if not isinstance(output, torch.Tensor):
        raise OwnNetworkError(f"{name} returned a {type(output).__name__}; make it return the SR picture alone")
    shape = tuple(output.shape)
    scale = shape[-1] // TRIAL
    if shape != (1, 3, scale * TRIAL, scale * TRIAL) or not scale:
        raise OwnNetworkError(
            f"{name} turned {tuple(picture.shape)} into {shape}; a super-resolution network gives [1, 3, s·{TRIAL}, "
            f"s·{TRIAL}] for a scale s"
        )
    return scale


def _run(path: Path) -> ModuleType:
    if not path.is_file():
        raise OwnNetworkError(f"there is no file {str(path)!r}")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # it is the user's code
        raise OwnNetworkError(f"{path.name} failed: {type(error).__name__}: {sentence(error)}") from error
    return module
