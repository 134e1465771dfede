"""Why a network fails on an image, found by trying: how many channels and which sizes it takes."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

import torch
from torch import Tensor

from lam_core.device import ran_out_of_memory
from lam_core.errors import LamError, sentence
from lam_core.module_state import undisturbed
from lam_core.output import ModelOutputError, sr_picture

if TYPE_CHECKING:
    from lam_core.model import SuperResolver

MULTIPLES = (2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 18, 20, 24, 28, 32, 36, 40, 48, 56, 64, 96, 128)
"""Multiples of which a network may want its sides to be, as they are tried."""
SIDE = 32
"""Sides on which a multiple is tried are at least this long."""
LARGEST = 256
"""The longest side on which a network is tried."""


_OTHER_PRECISION = re.compile(r"Float but found Double|Double but found Float|double != float|same dtype")
"""What PyTorch says where tensors of two precisions meet."""


class NonFiniteMapError(LamError):
    """A network whose output or gradient is not finite."""


class NetworkFailedError(LamError):
    """A network whose own code raised."""


Runs = Callable[[int, int], bool]
"""Whether a network gives a picture of the right size for an input of that height and width."""


def not_finite(model: SuperResolver, what: str) -> NonFiniteMapError:
    """The error for an output or a gradient with NaN or infinity in it."""
    return NonFiniteMapError(
        f"{model.name} returned {what} that is not finite; check its input range "
        f"({model.convention.input_range:g} for white) and its weights"
    )


def explain(model: SuperResolver, x: Tensor, error: Exception) -> NoReturn:
    """Raises what a network's own error on a batch [B, 3, h, w] means, with a remedy that was tried where there is one.

    What already is a sentence for people, and a lack of memory, is raised as it is.
    """
    if ran_out_of_memory(error) or (isinstance(error, LamError) and not isinstance(error, ModelOutputError)):
        raise error
    height, width = x.shape[-2:]
    remedy = _remedy(model, error, height, width, len(x))
    if isinstance(error, ModelOutputError):
        raise ModelOutputError(f"{error}; {remedy}" if remedy else str(error)) from error
    of = f" in a batch of {len(x)}" if len(x) > 1 else ""
    said = f"{model.name} failed on an image of {width}×{height} pixels{of}: {type(error).__name__}: {sentence(error)}"
    raise NetworkFailedError(f"{said}; {remedy}" if remedy else said) from error


def _remedy(model: SuperResolver, error: Exception, height: int, width: int, pictures: int) -> str:
    if "NVIDIA driver" in str(error) or "not compiled with CUDA" in str(error):
        return "its code moves tensors to a GPU, as .cuda() does, and there is none: have it write .to(x) instead"
    if model.dtype == torch.float64 and _OTHER_PRECISION.search(str(error)):
        return "its code makes tensors of single precision: choose --dtype float32, or have it write .to(x) instead"
    if any(not isinstance(value, float) for value in model.condition.values()):
        return ""
    own = 1 if model.convention.colour == "luma" else 3
    if pictures > 1 and runs_on(model, own)(height, width):
        return ""
    found = sizes(runs_on(model, own), shortest=min(height, width))
    other = sizes(runs_on(model, 4 - own)) if found is None else None
    if other is not None:
        colour = "luma" if own == 3 else "rgb"
        multiple = f", pad_multiple={other[0]}" if other[0] > 1 else ""
        option = f" --pad-multiple {other[0]}" if other[0] > 1 else ""
        channels = "one channel" if own == 3 else "three channels"
        return f'it takes {channels}: give Convention(colour="{colour}"{multiple}), or --colour {colour}{option}'
    return _size_remedy(model, *found) if found else _more_channels(error, own)


def _size_remedy(model: SuperResolver, multiple: int, minimum: int, square: bool) -> str:
    if square and not model.convention.square:
        multiples = f", pad_multiple={multiple}" if multiple > 1 else ""
        return f"it wants square images: give Convention(square=True{multiples})"
    if multiple > 1 and model.convention.pad_multiple % multiple:
        return (
            f"it wants sides that are multiples of {multiple}: give Convention(pad_multiple={multiple}), or "
            f"--pad-multiple {multiple}"
        )
    if minimum > model.convention.minimum_size:
        return (
            f"it wants at least {minimum} pixels a side: choose a larger image or field, or give "
            f"Convention(minimum_size={minimum})"
        )
    return ""


def _more_channels(error: Exception, given: int) -> str:
    wanted = re.search(r"to have (\d+) channels", str(error))
    if not wanted or int(wanted[1]) <= given:
        return ""
    return (
        f"a layer of it takes {wanted[1]} channels: if the others are a condition, such as a noise level, wrap it in a "
        "module whose forward is\n"
        "    def forward(self, x, sigma=25.0):\n"
        "        level = x.new_full((len(x), 1, *x.shape[-2:]), sigma / 255)\n"
        "        return self.network(torch.cat([x, level], 1))"
    )


def runs_on(model: SuperResolver, channels: int) -> Runs:
    """Tries a model's network on grey images [1, channels, h, w], by itself, under its conditions."""

    def runs(height: int, width: int) -> bool:
        x = torch.full((1, channels, height, width), 0.5, device=model.device, dtype=model.dtype)
        expected = (1, channels, height * model.scale, width * model.scale)
        try:
            with torch.no_grad(), undisturbed(model.module):
                given = {name: model.argument(name, value, x) for name, value in model.condition.items()}
                sr_picture(model.module(x, **given), expected, given=tuple(x.shape), network="it")
        except Exception:  # it may be anybody's network
            return False
        return True

    return runs


def sizes(runs: Runs, *, shortest: int = SIDE) -> tuple[int, int, bool] | None:
    """Which sizes a network takes: (multiple, smallest side, whether square alone); None if none was found.

    A multiple counts if two neighbouring multiples of it run together as height and width.
    """
    multiple, square = _multiple(runs), False
    if multiple is None:
        multiple, square = _multiple(lambda height, width: runs(height, height) and runs(width, width)), True
    if multiple is None:
        return None
    low, high = 0, _first(multiple, runs)
    if high is None:
        return None
    if shortest >= high:
        return multiple, high if high > multiple else 1, square
    while high - low > multiple:
        middle = (low + high) // 2 // multiple * multiple
        low, high = (low, middle) if runs(middle, middle) else (max(middle, low + multiple), high)
    return multiple, high, square


def _multiple(runs: Runs) -> int | None:
    for multiple in (1, *MULTIPLES):
        for least in (SIDE, LARGEST // 2):
            times = math.ceil(least / multiple)
            if runs(multiple * times, multiple * (times + 1)):
                return multiple
    return None


def _first(multiple: int, runs: Runs) -> int | None:
    """The first of growing squares of a multiple on which a network runs."""
    side = multiple
    while side <= LARGEST * 2:
        if runs(side, side):
            return side
        side *= 2
    return None
