"""Conditions: what a network takes beside the image, such as a noise level, a blur kernel or neighbouring frames."""

from __future__ import annotations

import hashlib
import inspect
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lam_core.errors import LamError

Value = float | NDArray
"""A number, or an array: `[..., h, w]` of the image's own size is cropped and padded with it."""


_NUMBERS = (int, float, "int", "float")
"""Annotations of plain numbers; as words where a module postpones them."""


class ConditionError(LamError, ValueError):
    """A condition that a network does not have, that is missing, or that has no such value."""


@dataclass(frozen=True)
class Condition:
    """One condition of a network: a parameter of its `forward` after the image."""

    name: str
    """The parameter's name."""
    default: float | None = None
    """The value where none is given; None: the network decides if it is `optional`, else one must be given."""
    optional: bool = False
    """Whether the network runs without a value."""
    lowest: float = -math.inf
    """The smallest value that may be given."""
    highest: float = math.inf
    """The largest value that may be given."""
    unit: str = ""
    """What the number is counted in, as `of 255`."""
    is_plain: bool = False
    """Whether a number is passed as it is; else one without a default is passed as a tensor [B, 1, 1, 1]."""

    def check(self, value: Value, network: str) -> Value:
        """The value as it is kept. Raises `ConditionError` for no number and for one out of range."""
        if isinstance(value, np.ndarray) and value.ndim:
            array = np.ascontiguousarray(value)
            if not np.issubdtype(array.dtype, np.number) or not np.isfinite(array).all():
                raise ConditionError(f"{self.name} of {network} holds what is no finite number; give finite numbers")
            return array
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise ConditionError(f"{self.name} of {network} is {value!r:.60}; give a number or an array") from None
        if not math.isfinite(number):
            raise ConditionError(f"{self.name} of {network} is {number}; give a finite number")
        if not self.lowest <= number <= self.highest:
            unit = f" {self.unit}" if self.unit else ""
            raise ConditionError(
                f"{self.name} of {network} is {number:g}; choose {self.lowest:g} to {self.highest:g}{unit}"
            )
        return number


def conditions_of(module: Any) -> tuple[Condition, ...]:
    """The conditions of a network: its attribute `conditions`, else the parameters of its `forward` after the image.

    A parameter without a default must be given, one whose default is a number or None may be; switches and words are
    no conditions. What is annotated as `int` or `float` is passed as a plain number.
    """
    declared = getattr(module, "conditions", None)
    if isinstance(declared, tuple) and all(isinstance(one, Condition) for one in declared):
        return declared
    schema = getattr(module.forward, "schema", None)
    if schema is not None:  # a scripted module
        empty = inspect.Parameter.empty
        given = [
            (a.name, a.default_value if a.has_default_value() else empty, str(a.type) in ("int", "float"))
            for a in schema.arguments
            if a.name != "self"
        ]
    else:
        try:
            parameters = inspect.signature(module.forward).parameters.values()
        except (TypeError, ValueError):
            return ()
        named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
        given = [(p.name, p.default, p.annotation in _NUMBERS) for p in parameters if p.kind in named]
    found = []
    for name, default, is_plain in given[1:]:
        if default is inspect.Parameter.empty:
            found.append(Condition(name, is_plain=is_plain))
        elif default is None:
            found.append(Condition(name, optional=True))
        elif isinstance(default, int | float) and not isinstance(default, bool):
            found.append(Condition(name, default, optional=True))
    return tuple(found)


def checked(given: Mapping[str, Value], conditions: Sequence[Condition], network: str) -> dict[str, Value]:
    """The given values by name, checked. Raises `ConditionError` for a name that the network does not have."""
    known = {condition.name: condition for condition in conditions}
    for name in given:
        if name not in known:
            others = f"it has {', '.join(known)}" if known else "it takes the image alone"
            raise ConditionError(f"{network} has no condition {name!r}; {others}")
    return {name: known[name].check(value, network) for name, value in given.items()}


def require(given: Mapping[str, Value], conditions: Sequence[Condition], network: str) -> None:
    """Raises `ConditionError` where a condition without a default is not given, with a wrapper that gives it."""
    missing = [one.name for one in conditions if not one.optional and one.name not in given]
    if missing:
        raise ConditionError(_missing(missing, network))


def complete(given: Mapping[str, Value], conditions: Sequence[Condition]) -> dict[str, Value]:
    """The given values and the defaults of the rest."""
    return {**{one.name: float(one.default) for one in conditions if one.default is not None}, **given}


def fingerprint_with(fingerprint: str, given: Mapping[str, Value]) -> str:
    """The fingerprint of a network under conditions; the network's own where none is given."""
    if not given:
        return fingerprint
    described = [f"{name}={_identity(value)}" for name, value in sorted(given.items())]
    return hashlib.sha256("\n".join([fingerprint, *described]).encode()).hexdigest()


def plain(values: Mapping[str, Value]) -> dict[str, float | str]:
    """Values for JSON: numbers as they are, arrays by shape and digest."""
    return {name: value if isinstance(value, float) else _identity(value) for name, value in values.items()}


def in_words(values: Mapping[str, Value]) -> str:
    """Values for people.

    >>> in_words({"sigma": 25.0, "kernel": np.zeros((15, 15))})
    'sigma 25, kernel 15×15'
    """
    return ", ".join(
        f"{name} {'×'.join(map(str, value.shape)) if isinstance(value, np.ndarray) else format(value, 'g')}"
        for name, value in values.items()
    )


def _identity(value: Value) -> str:
    if not isinstance(value, np.ndarray):
        return repr(float(value))
    shape = "×".join(map(str, value.shape))
    return f"{value.dtype} {shape} {hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()[:16]}"


def _missing(names: Sequence[str], network: str) -> str:
    wanted = " and ".join(names)
    if {"coord", "coords", "coordinates"} & set(names):
        return (
            f"{network} wants {wanted} beside the image; for a network that is asked at coordinates, as LIIF is, "
            "return lam_core.CoordinateNetwork(network, scale)"
        )
    first = names[0]
    return (
        f"{network} wants {wanted} beside the image; give it, as condition={{{first!r}: 0.1}} or --condition "
        f"{first}=0.1, or wrap the network in a module whose forward is\n"
        f"    def forward(self, x, {first}=25.0):\n"
        f"        level = x.new_full((len(x), 1, 1, 1), {first} / 255)\n"
        f"        return self.network(x, level)"
    )
