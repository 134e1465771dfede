"""What a caller may say of a network instead of what its entry, its file or measuring says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypedDict

from lam_core.condition import Value, fingerprint_with, in_words
from lam_core.convention import Colour, Convention


class Overrides(TypedDict, total=False):
    """Keywords of `zoo.load` and `zoo.reference`; None is as good as not said."""

    scale: int | None
    """Enlargement: of weights that fit several, or of one's own code."""
    input_range: float | None
    """White at the network's input: 1 or 255."""
    colour: Colour | None
    pad_multiple: int | None
    """Sides are padded to multiples of this."""
    params: str | None
    """The parameter set of a file that holds several, such as `ema`."""
    condition: Mapping[str, Value] | None
    """Values for what the network takes beside the image, such as `{"sigma": 25}`."""


def overridden(convention: Convention, overrides: Overrides) -> Convention:
    """The convention with what the overrides say of it. Raises `ConventionError`."""
    said: dict[str, Any] = {
        name: overrides.get(name)
        for name in ("input_range", "colour", "pad_multiple")
        if overrides.get(name) is not None
    }
    return replace(convention, **said) if said else convention


def says_of_convention(overrides: Overrides) -> bool:
    """Whether the overrides change how the network is fed."""
    return any(overrides.get(name) is not None for name in ("input_range", "colour"))


def conditioned_fingerprint(fingerprint: str, overrides: Overrides) -> str:
    """The fingerprint of the network under the conditions."""
    return fingerprint_with(fingerprint, overrides.get("condition") or {})


def conditioned_name(name: str, overrides: Overrides) -> str:
    """The name with the conditions, as `SuperResolver.name` has it."""
    condition = overrides.get("condition")
    return f"{name}, {in_words(condition)}" if condition else name
