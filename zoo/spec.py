"""A network and what is said of it in one line of text, such as `net.py:build?colour=bgr&condition=sigma%3D25`.

So the pages are told of networks of one's own: by `LAM_WITH`, and by the address of a view.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args
from urllib.parse import parse_qsl, quote, urlencode

import numpy as np

from lam_core.condition import Value
from lam_core.convention import Colour
from zoo.errors import ZooError
from zoo.overrides import Overrides


class SpecError(ZooError):
    """What is said of a network in a way that cannot be read."""


@dataclass(frozen=True)
class Spec:
    """A network's name, as `zoo.reference` takes it, and what is said of it."""

    name: str
    weights: str | None
    overrides: Overrides

    @classmethod
    def parse(cls, text: str) -> Spec:
        """The inverse of `spec_text`; a plain name says nothing. Raises `SpecError`.

        >>> Spec.parse("net.py:build?scale=4&condition=sigma%3D25").overrides
        {'scale': 4, 'condition': {'sigma': 25.0}}
        """
        name, _, query = text.partition("?")
        if "://" in text or not query:
            return cls(text, None, Overrides())
        said: dict[str, Any] = {}
        weights = None
        for option, value in parse_qsl(query, keep_blank_values=True):
            if option == "weights":
                weights = value
            elif option == "condition":
                said.setdefault("condition", {}).update([parse_condition(value)])
            elif option in _READ:
                said[option] = _read(option, value)
            else:
                raise SpecError(f"{name} is said to have {option!r}; say {', '.join((*_READ, 'condition', 'weights'))}")
        return cls(name, weights, Overrides(**said))


def spec_text(name: str, said: Mapping[str, Any]) -> str:
    """The line for a network and options, those that are None or empty left out.

    >>> spec_text("net.py:build", {"scale": 4, "params": None, "condition": ["sigma=25"]})
    'net.py:build?scale=4&condition=sigma%3D25'
    """
    given = {option: value for option, value in said.items() if value not in (None, [])}
    return f"{name}?{urlencode(given, doseq=True, safe='/', quote_via=quote)}" if given else name


def split_conditions(text: str) -> tuple[str, dict[str, float]]:
    """A line without the conditions that are numbers, and these.

    >>> split_conditions("net.py:build?scale=4&condition=sigma%3D25")
    ('net.py:build?scale=4', {'sigma': 25.0})
    """
    name, _, query = text.partition("?")
    kept: list[tuple[str, str]] = []
    numbers: dict[str, float] = {}
    for option, value in parse_qsl(query, keep_blank_values=True):
        condition, _, number = value.partition("=")
        try:
            numbers |= {condition: float(number)} if option == "condition" else {}
        except ValueError:  # an array's file, or a fraction
            kept.append((option, value))
        else:
            kept += [] if option == "condition" else [(option, value)]
    return f"{name}?{urlencode(kept, safe='/', quote_via=quote)}" if kept else name, numbers


def under_conditions(text: str, **numbers: float) -> str:
    """The line of the same network under other numbers.

    >>> under_conditions("net.py:build?condition=sigma%3D25", sigma=50.0)
    'net.py:build?condition=sigma%3D50'
    """
    rest, before = split_conditions(text)
    added = urlencode([("condition", f"{n}={v:g}") for n, v in {**before, **numbers}.items()], quote_via=quote)
    return f"{rest}{'&' if '?' in rest else '?'}{added}" if added else rest


def title(text: str) -> str:
    """What a list calls the network of a line: without folders, with what was said.

    >>> title("/home/me/net.py:build?condition=sigma%3D25"), title("nets.srgan:Generator?scale=2")
    ('net.py:build, sigma=25', 'nets.srgan:Generator, scale=2')
    """
    name, _, query = text.partition("?")
    path, colon, build = name.rpartition(":")
    short = f"{Path(path).name}{colon}{build}" if path.endswith(".py") else Path(name).name
    options = [value if option == "condition" else f"{option}={Path(value).name}" for option, value in parse_qsl(query)]
    return ", ".join([short, *options])


def parse_condition(text: str) -> tuple[str, Value]:
    """The condition that `NAME=VALUE` gives: a number, a fraction, or an array of a .npy file. Raises `SpecError`.

    >>> parse_condition("sigma=25"), parse_condition("level=51/255")
    (('sigma', 25.0), ('level', 0.2))
    """
    name, _, value = text.partition("=")
    if name and value.endswith(".npy"):
        try:
            return name, np.load(value, allow_pickle=False)
        except (OSError, ValueError) as error:
            raise SpecError(f"cannot read the array {value!r}: {error}") from None
    try:
        numerator, _, denominator = value.partition("/")
        return name, float(numerator) / float(denominator or 1)
    except (ValueError, ZeroDivisionError):
        raise SpecError(
            f"--condition is {text!r}; give NAME=VALUE, such as sigma=25, sigma=15/255 or kernel=kernel.npy"
        ) from None


def _colour(text: str) -> str:
    if text not in get_args(Colour):
        raise ValueError(text)
    return text


_READ: Mapping[str, Callable[[str], Any]] = {
    "scale": int,
    "input_range": float,
    "colour": _colour,
    "pad_multiple": int,
    "params": str,
}


def _read(option: str, value: str) -> Any:
    try:
        return _READ[option](value)
    except ValueError:
        raise SpecError(f"{option} of a network is {value!r:.60}, which is no value of it") from None
