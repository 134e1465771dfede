"""The table of attribution settings that command lines, forms and addresses are made from, read off the dataclass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from lam_core.attribution.settings import AttributionSettings
from lam_core.region import FieldSize


@dataclass(frozen=True)
class Words:
    """How one setting is explained, and what a form offers for it."""

    label: str
    help: str
    names: Mapping[Any, str] = field(default_factory=lambda: MappingProxyType({}))
    """Of values that need one."""
    span: tuple[float, float, float] | None = None
    """Least, largest and step of a number in a form."""
    suggested: tuple[Any, ...] = ()
    """Values that a form offers where others are possible too."""


_WORDS: dict[str, Words] = {
    "rule": Words(
        "Integration rule",
        "Error-controlled: as many gradients as the tolerance takes, with an error estimate. Reference: evenly spaced "
        "steps, as in the published code.",
        {"default": "error-controlled", "reference": "reference"},
    ),
    "nodes": Words(
        "Nodes, at most",
        "Gradients along the path. The error-controlled rule stops earlier once the tolerance is met.",
        span=(2, 1000, 10),
    ),
    "tolerance": Words(
        "Tolerance of the map error",
        "Relative error of the map at which the error-controlled rule stops; 0 uses all nodes.",
        span=(0.0, 0.9, 0.01),
    ),
    "detector": Words(
        "Detector",
        "What is asked of the window: its edges, its brightness, or its response to Gabor filters.",
        {"gradient": "edges (gradient)", "intensity": "brightness", "gabor": "Gabor response"},
    ),
    "path": Words(
        "Path",
        "From which baseline to the image, and on which way. LAM restores detail by less and less blur.",
        {
            "blur": "progressive blur",
            "linear-blur": "line from a blurred image",
            "linear-black": "line from black",
            "linear-smooth": "line from a smoothed image, edges kept",
            "linear-degraded": "line from a degraded image",
        },
    ),
    "damage": Words(
        "Damage of the degraded baseline",
        "What is done to the image to make the baseline of the path linear-degraded: noise:25, blur:2, jpeg:70.",
        suggested=("noise:15", "noise:25", "noise:50", "blur:1", "blur:2", "jpeg:70"),
    ),
    "sigma": Words(
        "σ of the blur, LR pixels",
        "Standard deviation of the baseline's Gaussian blur: how much detail the path starts without.",
        span=(0.1, 10.0, 0.1),
    ),
    "kernel": Words("Kernel, LR pixels", "Side of the square over which the blur is computed; odd.", span=(3, 61, 2)),
    "field": Words(
        "Field, LR pixels",
        "Side of the LR square around the window that is attributed, or full for the whole image; DI depends on it.",
        {"full": "whole image"},
        suggested=(48, 64, 96, 128, "full"),
    ),
    "dtype": Words(
        "Precision",
        "float32 is quicker; float64 for networks whose gradients lose digits; tf32 needs a GPU.",
        {"tf32": "tf32, on a GPU alone"},
    ),
}


@dataclass(frozen=True)
class Setting:
    """One field of `AttributionSettings`."""

    name: str
    default: Any
    kind: Any
    """Its type: a `Literal`, `int`, `float` or `FieldSize`."""
    words: Words

    @property
    def choices(self) -> tuple[Any, ...]:
        """All its values, where they can be listed."""
        return get_args(self.kind) if get_origin(self.kind) is Literal else ()

    @property
    def takes(self) -> str:
        """What it takes, as a command line says it."""
        if self.choices:
            return "|".join(self.choices)
        return "N|full" if self.kind == FieldSize else "N" if self.kind is int else "X"

    def parse(self, text: str) -> Any:
        """The value that a command line or an address writes as `text`. Raises `ValueError`.

        >>> [SETTINGS[name].parse(text) for name, text in (("field", "full"), ("field", "48"), ("sigma", "2"))]
        ['full', 48, 2.0]
        """
        if self.choices:
            if text not in self.choices:
                raise ValueError(text)
            return text
        if self.kind == FieldSize:
            return "full" if text == "full" else int(text)
        return self.kind(text)


def _table() -> dict[str, Setting]:
    kinds = get_type_hints(AttributionSettings)
    return {
        one.name: Setting(one.name, one.default, kinds[one.name], _WORDS[one.name])
        for one in fields(AttributionSettings)
    }


SETTINGS = _table()
"""Every setting by its name, in the order of the dataclass."""
