"""What no state dict tells of a network: hyperparameters without a trace in its weights, which are guessed or told.

A network that is built with another value than the one it was trained with loads without a complaint and is silently
another network. Training programs that write their hyperparameters into the file settle it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

RANGE = "img_range"
UNTOLD: Mapping[str, tuple[str, ...]] = {
    "ATD": (RANGE, "category_size"),
    "CRAFT": (RANGE,),
    "DAT": (RANGE,),
    "DCTLSA": ("num_head",),
    "DITN": ("patch_size",),
    "DRCT": (RANGE,),
    "ESRGAN": ("act",),
    "FDAT": (RANGE,),
    "GRL": (RANGE, "window_size", "stripe_size", "stripe_shift"),
    "HAT": (RANGE, "conv_scale"),
    "IPT": ("num_heads", "pos_every"),
    "PLKSR": ("norm_groups", "with_idt", "sparse_dilations"),
    "RCAN": ("rgb_range", "res_scale", "act_mode"),
    "RGT": (RANGE,),
    "SPAN": (RANGE, "rgb_mean"),
    "Swin2SR": (RANGE,),
    "SwinIR": (RANGE,),
    "catanet": ("patches", "groups", "heads"),
    "elan": ("windows",),
    "hit-sr": (RANGE, "windows", "base"),
    "mambair": (RANGE,),
    "mambairv2": (RANGE,),
    "pft": (RANGE, "kept", "heads"),
    "seemore": (RANGE, "topk", "recursive", "use_shuffle"),
    "srformer": (RANGE,),
    "x-restormer": ("window",),
}
"""Hyperparameters by architecture that change what the network computes and leave no trace in the weights."""
LARGEST_NUMBER = 4096
"""Beyond this no such hyperparameter goes; a file that tells a larger one is not believed."""


def guessed(architecture: str, hyperparameters: Mapping[str, Any]) -> dict[str, Any]:
    """The values that a network was built with although its weights tell nothing of them."""
    return {key: hyperparameters[key] for key in UNTOLD.get(architecture, ()) if key in hyperparameters}


def believed(architecture: str, hyperparameters: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """Of what a training program wrote, that which the weights do not tell and the architecture takes."""
    known = guessed(architecture, hyperparameters)
    return {key: told[key] for key in known if key in told and _is_plausible(told[key])}


def note(
    architecture: str, hyperparameters: Mapping[str, Any], told: Mapping[str, Any], *, name: str
) -> tuple[str, ...]:
    """A sentence on what was guessed and one on what the file told; none for an architecture without either."""
    settled = believed(architecture, hyperparameters, told)
    open_ones = {k: v for k, v in guessed(architecture, hyperparameters).items() if k not in settled}
    notes = []
    if settled:
        notes.append(f"{name}: {_listed(settled)} is taken from what its training program wrote into the file")
    if open_ones:
        notes.append(
            f"{name}: no weights tell {_listed(open_ones)}, the usual value for {architecture}; "
            "a network trained with another one is another network: compare its PSNR with its authors'"
        )
    return tuple(notes)


def _listed(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} = {_plain(value)}" for key, value in values.items())


def _plain(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return f"({', '.join(map(_plain, value))})" if isinstance(value, list | tuple) else str(value)


def _is_plausible(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return len(value) <= 64 and all(_is_plausible(item) for item in value)
    if isinstance(value, int | float):
        return abs(value) <= LARGEST_NUMBER
    return value is None or (isinstance(value, str) and len(value) <= 64)
