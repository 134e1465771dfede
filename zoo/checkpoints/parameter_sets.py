"""Which weights of a checkpoint are the network's, among several sets, wrappers' prefixes and a discriminator's."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from zoo.checkpoints.errors import NotACheckpointError, ParameterSetError
from zoo.checkpoints.inert_pickle import Inert, Name

Weights = dict[str, Tensor]
Candidate = tuple["ParameterSet", str, Weights]
"""A set, the prefix that is taken off its keys, and the weights under the names that are left."""
Fits = Callable[[Mapping[str, Tensor]], bool]
"""Whether a network with these key names is known to the caller."""

DEPTH = 4
"""Mappings inside each other in which weights are looked for, and prefixes that are taken off."""
WRAPPERS = {
    "ema", "ema_model", "g", "gen", "generator", "generator_ema", "model", "model_ema", "model_state_dict", "module",
    "net", "net_g", "net_g_ema", "netg", "network", "online_model", "params", "params_ema", "sr", "sr_model", "sr_net",
    "srnet", "state_dict", "student", "weights",
}  # fmt: skip
"""Names, in small letters, under which training programs keep the network among other things."""
INTERNAL = {"_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"}
"""Parts of keys that PyTorch's own wrappers put in, wherever they stand."""
PREFIXES = ("module", "netG", "generator")
"""Prefixes that are never part of an architecture's own names."""
COUNTERS = {"n_averaged", "step_counter", "total_ops", "total_params"}
"""Last parts of keys of single numbers that profilers and averages leave among the weights."""
PROGRESS = re.compile(
    r"(best|current|global|num|total|ema)?_?(epochs?|iter(ation)?s?|steps?|updates|psnr|ssim|lpips|loss|lr|decay|best|"
    r"initted|metric|score)"
)
"""Names of single numbers at the top that say how far a training is."""
OTHERS = re.compile(
    r"(^|[^a-z])(d|net_?d|disc\w*|critic\w*|optim\w*|opt_\w*|sched\w*|lr_\w*|scaler|loss\w*|criterion|lpips|vgg\w*|"
    r"percep\w*|netf|teacher)($|[^a-z])"
)
"""Names of what is trained beside the network, or measures it."""
NUMBERS = {"pro"}
"""Numbers beside the tensors that say which network it is, not how it was trained: Real-CUGAN's `pro`."""


@dataclass(frozen=True)
class ParameterSet:
    """One set of weights in a checkpoint."""

    name: str
    """The keys under which it stands, such as `params_ema`; empty for a bare state dict."""
    weights: Weights
    left_out: tuple[str, ...] = ()
    """Keys that stand among its tensors and are none."""


@dataclass(frozen=True)
class Choice:
    """The weights that are taken from a checkpoint."""

    name: str
    """The keys and the prefix under which they stood."""
    weights: Weights
    is_default: bool
    """Whether they are also taken where nobody chooses."""
    notes: tuple[str, ...] = ()
    """What was taken and what was left, a sentence each; nothing where there was no choice."""


def parameter_sets(content: Any, *, name: str) -> tuple[ParameterSet, ...]:
    """All sets of weights in what a checkpoint holds: averaged ones first, a discriminator's last.

    Raises `NotACheckpointError` if there is none.
    """
    found = list(_sets(content, (), DEPTH))
    for least_axes in (2, 1):  # curves of the loss are no weights, unless there is nothing else
        sets = [s for s in found if any(t.dim() >= least_axes and t.numel() > 1 for t in s.weights.values())]
        if sets:
            return tuple(sorted(sets, key=lambda s: (_rank(s.name), -sum(t.numel() for t in s.weights.values()))))
    if isinstance(content, Mapping) and isinstance(content.get("shadow_params"), list | tuple):
        raise NotACheckpointError(
            f"{name} holds an average without the names of layers (shadow_params), as torch_ema and diffusers keep it; "
            "copy it into the network by copy_to(network.parameters()) and save the network's state dict"
        )
    raise NotACheckpointError(
        f"{name} holds no weights ({_described(content)}); expected a mapping of layer names to tensors"
    )


def choose(sets: Sequence[ParameterSet], *, name: str, params: str | None = None, fits: Fits | None = None) -> Choice:
    """The first set, or the one that `params` names, under the first key names that `fits` accepts.

    `name` is the file's. Without `fits`, or if nothing fits, only prefixes that are never an architecture's own are
    taken off. Raises `ParameterSetError` for `params` that name no set.
    """
    candidates = [(one, prefix, weights) for one in sets for prefix, weights in _readings(one.weights)]
    eligible = candidates if params is None else _named(candidates, params, name)
    chosen, prefix, weights = next((c for c in eligible if fits is None or fits(c[2])), eligible[0])
    label = _label(chosen, prefix)
    notes = []
    if len(sets) > 1:
        others = _joined(_label(one, "") or "the top level" for one in sets if one is not chosen)
        notes.append(
            f"{name} holds {len(sets)} sets of weights: {label or 'the top level'} is used, {others} not; "
            "`params` chooses another"
        )
    rest = [key for key in chosen.weights if prefix and f".{prefix}." not in f".{key}"]
    rest = [key for key in rest if not _is_counter(key, chosen.weights[key])]
    if rest:
        notes.append(f"{name}: the weights under {prefix!r} are used, {len(rest)} others, such as {rest[0]!r}, not")
    if chosen.left_out:
        notes.append(f"{name}: {_joined(map(repr, chosen.left_out))} among the weights are no tensors and are not used")
    is_default = params is None or choose(sets, name=name, fits=fits).name == label
    return Choice(label, weights, is_default, tuple(notes))


def inert_objects(content: Any, depth: int = 2) -> Iterator[tuple[str, Name]]:
    """Key and class of every object beside the weights that was not made."""
    if isinstance(content, Mapping) and depth:
        for key, value in content.items():
            if isinstance(value, Inert):
                if value.kind.name == "scalar" or _tensor(str(key), value) is not None:
                    continue
                yield (
                    str(key),
                    Name("numpy", "ndarray") if value.kind.name in ("_reconstruct", "_frombuffer") else value.kind,
                )
            else:
                yield from ((f"{key}.{inner}", kind) for inner, kind in inert_objects(value, depth - 1))


def _label(one: ParameterSet, prefix: str) -> str:
    return ".".join(part for part in (one.name, prefix) if part)


def _joined(names: Iterable[str], most: int = 5) -> str:
    listed = list(names)
    more = [f"{len(listed) - most} more"] if len(listed) > most else []
    *first, last = [*listed[:most], *more]
    return f"{', '.join(first)} and {last}" if first else last


def _named(candidates: list[Candidate], params: str, name: str) -> list[Candidate]:
    """The candidates of that name; else those of whose name it is the last part, or a word."""
    labels = [_label(one, prefix) for one, prefix, _ in candidates]
    for matches in (
        lambda label: label == params,
        lambda label: label.rpartition(".")[2] == params,
        lambda label: params.lower() in re.split(r"[^a-z0-9]+", label.lower()),
    ):
        named = {label for label in labels if matches(label)}
        roots = {label for label in named if not any(label.startswith(f"{other}.") for other in named)}
        if len(roots) > 1:
            raise ParameterSetError(f"{params!r} names {_joined(sorted(roots))} in {name}; give one of these names")
        if roots:
            (root,) = roots
            return [c for c, label in zip(candidates, labels, strict=True) if f"{label}.".startswith(f"{root}.")]
    known = _joined(dict.fromkeys(label or "a bare state dict" for label in labels), most=8)
    raise ParameterSetError(f"{name} holds no parameter set {params!r}; it holds {known}: give one of these or none")


def _sets(content: Any, path: tuple[str, ...], depth: int) -> Iterator[ParameterSet]:
    if isinstance(content, Inert):
        weights = dict(_module_weights(content, ""))
        if weights:
            yield ParameterSet(".".join(path), weights)
            return
        content = content.mapping or content.items
    if isinstance(content, list | tuple):
        content = {str(i): item for i, item in enumerate(content[:8]) if not isinstance(item, Tensor)}
    if not isinstance(content, Mapping):
        return
    named = {key: value for key, value in content.items() if isinstance(key, str)}
    weights = {key: tensor for key, value in named.items() if (tensor := _tensor(key, value)) is not None}
    if weights:
        left = tuple(k for k, v in named.items() if k not in weights and not isinstance(v, Mapping | list | tuple))
        yield ParameterSet(".".join(path), weights, left if any("." in key for key in weights) else ())
    for key, value in named.items() if depth else ():
        if not (isinstance(value, Mapping) and "param_groups" in value):  # an optimizer's state
            yield from _sets(value, (*path, key), depth - 1)


def _tensor(key: str, value: Any) -> Tensor | None:
    """A weight: a tensor, an array under a layer's name, or a number that is part of a network."""
    if isinstance(value, Tensor):
        return value
    if key in NUMBERS and isinstance(value, int | float):
        return torch.tensor(float(value))
    if isinstance(value, np.ndarray):
        return torch.from_numpy(value) if value.dtype.kind in "fiub" else None
    return _array(value) if isinstance(value, Inert) and "." in key else None


def _array(value: Inert) -> Tensor | None:
    """The numbers of a NumPy array that was not made."""
    match value:
        case Inert(kind=Name(name="_reconstruct"), state=(_, shape, kind, fortran, raw)):
            order = "F" if fortran else "C"
        case Inert(kind=Name(name="_frombuffer"), arguments=(raw, kind, shape, order)):
            pass
        case _:
            return None
    if not (isinstance(kind, Inert) and isinstance(raw, bytes | bytearray) and isinstance(shape, tuple)):
        return None
    code = str(kind.arguments[0])
    is_swapped = isinstance(kind.state, tuple) and kind.state[1:2] == (">",)
    if not re.fullmatch(r"[fiu][1248]|b1", code):
        return None
    numbers = np.frombuffer(raw, np.dtype(code).newbyteorder(">" if is_swapped else "<"))
    if numbers.size != math.prod(shape):
        return None
    array = numbers.reshape(shape, order="F" if order == "F" else "C")
    return torch.from_numpy(array.astype(np.dtype(code)).copy())


def _module_weights(module: Any, prefix: str, depth: int = 32) -> Iterator[tuple[str, Tensor]]:
    """Parameters and buffers of a whole network that was pickled with its code, none of which is run."""
    state = module.state if isinstance(module, Inert) and isinstance(module.state, Mapping) else {}
    if not depth or "_modules" not in state:
        return
    passing = state.get("_non_persistent_buffers_set") or ()
    for group in ("_parameters", "_buffers"):
        for key, value in (state.get(group) or {}).items():
            if isinstance(value, Tensor) and not (group == "_buffers" and key in passing):
                yield f"{prefix}{key}", value
    for key, inner in (state["_modules"] or {}).items():
        yield from _module_weights(inner, f"{prefix}{key}.", depth - 1)


def _readings(weights: Weights) -> Iterator[tuple[str, Weights]]:
    """The same weights under every key names that they may have had before a wrapper: prefix and weights."""
    clean = {_without_internal(k): tensor for k, tensor in weights.items() if not _is_counter(k, tensor)}
    while (first := _only_prefix(clean)) in PREFIXES:
        clean = _under(clean, first)
    queue: list[tuple[str, Weights, int]] = [("", clean, 0)]
    while queue:
        prefix, state, depth = queue.pop(0)
        yield prefix, state
        parts = dict.fromkeys(key.partition(".")[0] for key in state if "." in key)
        inner = [p for p in parts if p.lower() in WRAPPERS or (_only_prefix(state) == p and not p.isdigit())]
        if depth < DEPTH:
            queue += [(f"{prefix}.{p}".lstrip("."), _under(state, p), depth + 1) for p in sorted(inner, key=_rank)]


def _only_prefix(state: Weights) -> str:
    """The first part that all keys share; empty if they do not."""
    parts = {key.partition(".")[0] if "." in key else "" for key in state}
    return parts.pop() if len(parts) == 1 else ""


def _under(state: Weights, prefix: str) -> Weights:
    return {k.removeprefix(f"{prefix}."): tensor for k, tensor in state.items() if k.startswith(f"{prefix}.")}


def _without_internal(key: str) -> str:
    return ".".join(part for part in key.split(".") if part not in INTERNAL)


def _is_counter(key: str, tensor: Tensor) -> bool:
    name = key.rpartition(".")[2]
    return tensor.numel() == 1 and (name in COUNTERS or PROGRESS.fullmatch(key.removeprefix("module.")) is not None)


def _rank(name: str) -> int:
    """Averaged weights come first, then what is called a network, then any other name, a discriminator's last."""
    low = name.lower()
    last = low.rpartition(".")[2]
    if OTHERS.search(low):
        return 3
    if "ema" in re.split(r"[^a-z]+", low) or last.endswith(("modelema", "netema")):
        return 0
    return 1 if last in WRAPPERS or not last else 2


def _described(content: Any) -> str:
    if isinstance(content, Mapping):
        return f"its keys: {', '.join(repr(key)[:40] for key in list(content)[:4])}" if content else "an empty mapping"
    kind = content.kind if isinstance(content, Inert) else type(content).__name__
    return f"it holds one object, a {kind}"
