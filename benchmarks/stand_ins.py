"""What stands for the modules that the authors' files import and this project has not, and the import of such files.

Each stand-in does what the original does as far as the built network can tell; kernels are written out in PyTorch.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Registry:
    """basicsr's registry of classes: the class is returned as it is."""

    @staticmethod
    def register() -> Callable[[type], type]:
        """A decorator that changes nothing."""
        return lambda kind: kind


def pair(x: Any) -> Any:
    """timm's `to_2tuple`."""
    return x if isinstance(x, tuple | list) else (x, x)


def unchanged(x: Any, *_: Any, **__: Any) -> Any:
    """Its first argument: checkpointing, tracing and initial values leave the computation as it is."""
    return x


def selective_scan(
    u: Tensor,
    delta: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor,
    z: None = None,
    delta_bias: Tensor | None = None,
    delta_softplus: bool = False,
    return_last_state: bool = False,
) -> Tensor:
    """mamba_ssm's scan of u [b, K·d, L] by the recurrence, place by place; A [K·d, N], B and C [b, K, N, L]."""
    assert z is None
    assert delta_bias is not None
    assert delta_softplus
    assert not return_last_state
    delta = F.softplus(delta + delta_bias[:, None])
    B, C = (x.repeat_interleave(u.shape[1] // x.shape[1], 1) for x in (B, C))
    state, outputs = torch.zeros_like(B[..., 0]), []
    for t in range(u.shape[-1]):
        state = (delta[..., t, None] * A).exp() * state + (delta * u)[..., t, None] * B[..., t]
        outputs.append((state * C[..., t]).sum(-1))
    return torch.stack(outputs, -1) + u * D[:, None]


def spread(a: Tensor, index: Tensor, columns: int) -> Tensor:
    """a [b, n, k] in the columns that `index` names, zero elsewhere: [b, n, columns]."""
    return a.new_zeros(*a.shape[:2], columns).scatter_add(-1, index.long(), a)


def scores(q: Tensor, k: Tensor, index: Tensor) -> Tensor:
    """PFT's sparse product q [b, n, c] · k [b, c, m] at the columns of `index` [b, n, kept]."""
    return (q @ k).gather(-1, index.long())


def scores_backward(gradient: Tensor, q: Tensor, k: Tensor, index: Tensor) -> tuple[Tensor, Tensor]:
    """Gradients of `scores` by q and k."""
    full = spread(gradient, index, k.shape[-1])
    return full @ k.mT, q.mT @ full


def mixture(a: Tensor, v: Tensor, index: Tensor) -> Tensor:
    """PFT's sparse product of a [b, n, kept] with the rows of v [b, m, c] that `index` names."""
    return spread(a, index, v.shape[1]) @ v


def mixture_backward(gradient: Tensor, a: Tensor, v: Tensor, index: Tensor) -> tuple[Tensor, Tensor]:
    """Gradients of `mixture` by a and v."""
    return (gradient @ v.mT).gather(-1, index.long()), spread(a, index, v.shape[1]).mT @ gradient


_LAYERS = {"DropPath": nn.Identity, "to_2tuple": pair, "trunc_normal_": nn.init.trunc_normal_, "_assert": unchanged}
STAND_INS: dict[str, dict[str, Any]] = {
    "basicsr.utils.registry": {"ARCH_REGISTRY": Registry},
    "basicsr.archs.arch_util": {**_LAYERS, "default_init_weights": unchanged},
    "timm.models.layers": _LAYERS,
    "timm.models.fx_features": {"register_notrace_function": unchanged},
    "fairscale.nn": {"checkpoint_wrapper": unchanged},
    "torchstat": {"stat": unchanged},
    "mamba_ssm.ops.selective_scan_interface": {"selective_scan_fn": selective_scan, "selective_scan_ref": None},
    "smm_cuda": {
        "SMM_QmK_forward_cuda": scores,
        "SMM_QmK_backward_cuda": scores_backward,
        "SMM_AmV_forward_cuda": mixture,
        "SMM_AmV_backward_cuda": mixture_backward,
    },
}
"""What stands for each module."""


@contextmanager
def standing_in(checkout: Path) -> Iterator[None]:
    """For a while a checkout's modules can be imported, without what its packages run when they are entered."""
    before = dict(sys.modules)
    try:
        for name, content in STAND_INS.items():
            module = ModuleType(name)
            module.__dict__.update(content)
            _put(name, module, checkout)
        yield
    finally:
        for name in sys.modules.keys() - before.keys():
            del sys.modules[name]
        sys.modules.update(before)


def import_from(checkout: Path, name: str, edits: tuple[tuple[str, str], ...] = ()) -> ModuleType:
    """A module of a checkout, with some words of its source replaced. Raises `ValueError` where they are not there."""
    file = checkout / f"{name.replace('.', '/')}.py"
    source = file.read_text(encoding="utf-8")
    for old, new in edits:
        if old not in source:
            raise ValueError(f"{file} has no {old!r}")
        source = source.replace(old, new)
    module = ModuleType(name)
    module.__file__, module.__package__ = str(file), name.rpartition(".")[0]
    with standing_in(checkout):
        _put(name, module, checkout)
        exec(compile(source, str(file), "exec"), module.__dict__)
    return module


def _put(name: str, module: ModuleType, checkout: Path) -> None:
    """Enters a module below bare packages, whose other modules are found in the checkout."""
    parts = name.split(".")
    for depth in range(1, len(parts)):
        package = ModuleType(".".join(parts[:depth]))
        package.__path__ = [str(checkout.joinpath(*parts[:depth]))]
        sys.modules.setdefault(package.__name__, package)
    sys.modules[name] = module
