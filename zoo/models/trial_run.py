"""How a network of one's own is to be used, measured by running it: scale, channels, sizes, and which output."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from typing import NoReturn

import numpy as np
import torch
from torch import Tensor, nn

from lam_core.condition import ConditionError, conditions_of, require
from lam_core.convention import Convention
from lam_core.diagnosis import runs_on, sizes
from lam_core.errors import LamError
from lam_core.model import SuperResolver
from lam_core.output import tensors_of
from zoo.models.user_modules import OwnNetworkError
from zoo.overrides import Overrides, overridden

SIDES = (64, 48, 96, 128, 32, 256)
"""Sides in pixels of the images on which a network is tried, in this order: multiples of common windows and strides."""
LARGEST_SCALE = 16
"""The largest enlargement that is looked for."""


Plain = tuple[str, ...]
"""Names of conditions that are passed as plain numbers."""
Ran = tuple[tuple[int, int], tuple[int, ...]]
"""Height and width of an image that a network took, and the whole scales of what it returned."""


@dataclass(frozen=True)
class Use:
    """How a network is used."""

    scale: int
    convention: Convention
    plain: Plain
    """Conditions that it wants as plain numbers."""
    notes: tuple[str, ...]
    """What was found by trying, a sentence each."""


def measured_use(module: nn.Module, name: str, scale: int | None, given: Convention, overrides: Overrides) -> Use:
    """Runs a network and finds what is not said of it. Raises `OwnNetworkError` or another `LamError`."""
    convention = overridden(given, overrides)
    notes: list[str] = []
    found, plain = _trial(module, name, convention, overrides)
    if found is None and overrides.get("colour") is None and convention.colour != "luma":
        luma = replace(convention, colour="luma")
        found, plain = _trial(module, name, luma, overrides)
        if found is not None:
            convention = luma
            notes.append(f"{name} takes one channel: it is given luma, as Convention(colour='luma') says")
    if found is None:
        _refuse(module, name, convention, overrides)
    (height, width), scales = found
    if scale is None:
        scale = scales[0]
        if len(scales) > 1:
            notes.append(f"{name} returns images of several scales; ×{scale} is used, --scale chooses another")
    elif scale not in scales:
        raise OwnNetworkError(
            f"{name} is said to enlarge ×{scale}, and enlarges ×{' or ×'.join(map(str, scales))}; leave the scale out"
        )
    model = _model(module, name, scale, convention, overrides, plain)
    is_free = (height, width) not in _shapes_of_arrays(overrides)
    if is_free and overrides.get("pad_multiple") is None and given.pad_multiple == 1:
        runs = runs_on(model, 1 if convention.colour == "luma" else 3)
        size = sizes(runs, shortest=height)
        if size is None:
            multiple, minimum, square = height, height, True
        else:
            multiple, minimum, square = size
        if (multiple, square) != (1, False) or minimum > convention.minimum_size:
            convention = replace(
                convention,
                pad_multiple=multiple,
                minimum_size=max(minimum, convention.minimum_size),
                square=square or convention.square,
            )
            notes.append(f"{name} takes {_sizes_in_words(multiple, minimum, square)}: images are padded by reflection")
    return Use(scale, convention, plain, tuple(notes))


def _sizes_in_words(multiple: int, minimum: int, square: bool) -> str:
    """Which sizes a network takes, as `lam_core.diagnosis.sizes` finds them.

    >>> _sizes_in_words(1, 16, False), _sizes_in_words(8, 8, True)
    ('sides of at least 16 pixels', 'square images that are multiples of 8')
    """
    shape = "square images" if square else "sides"
    if multiple > 1:
        return f"{shape} that are multiples of {multiple}" + (f", at least {minimum}" if minimum > multiple else "")
    return f"{shape} of at least {minimum} pixels" if minimum > 1 else shape


def _trial(module: nn.Module, name: str, convention: Convention, overrides: Overrides) -> tuple[Ran | None, Plain]:
    """What a network gives on the first size on which it runs, and which conditions it wants as plain numbers."""
    for plain in _ways_of_passing(module, overrides):
        if found := _runs(module, name, convention, overrides, plain):
            return found, plain
    return None, ()


def _shapes_of_arrays(overrides: Overrides) -> list[tuple[int, int]]:
    """Heights and widths of conditions that may be of the image's own size, as neighbouring frames are."""
    arrays = [value for value in (overrides.get("condition") or {}).values() if isinstance(value, np.ndarray)]
    return [(array.shape[-2], array.shape[-1]) for array in arrays if array.ndim > 2]


def _ways_of_passing(module: nn.Module, overrides: Overrides) -> Iterator[Plain]:
    """Conditions to be passed as plain numbers: none, then every choice of those that may be tensors or numbers."""
    given = overrides.get("condition") or {}
    either = [
        one.name
        for one in conditions_of(module)
        if one.default is None and not one.is_plain and isinstance(given.get(one.name), int | float)
    ]
    for count in range(len(either) + 1):
        yield from combinations(either, count)


def _runs(module: nn.Module, name: str, convention: Convention, overrides: Overrides, plain: Plain) -> Ran | None:
    """A size on which the network runs, and the whole scales of the images that it returns, the likeliest first."""
    for size in (*((side, side) for side in SIDES), *_shapes_of_arrays(overrides)):
        try:
            with torch.no_grad():
                output = _call(module, name, convention, overrides, size, plain)
        except ConditionError:
            raise
        except Exception:  # it may be anybody's network
            continue
        found = _scales(output, size, 1 if convention.colour == "luma" else 3)
        if found:
            return size, found
    return None


def _call(
    module: nn.Module,
    name: str,
    convention: Convention,
    overrides: Overrides,
    size: tuple[int, int],
    plain: Plain = (),
) -> object:
    model = _model(module, name, 1, convention, overrides, plain)
    require(model.condition, model.conditions, name)
    x = torch.full((1, 1 if convention.colour == "luma" else 3, *size), 0.5 * convention.input_range)
    x = x.to(model.device, model.dtype)
    return module(x, **{key: model.argument(key, value, x) for key, value in model.condition.items()})


def _scales(output: object, size: tuple[int, int], channels: int) -> tuple[int, ...]:
    """Whole scales of what looks like an SR picture; of a list the last first, as `lam_core.output` takes them."""
    tensors = [tensor for _, tensor in tensors_of(output)]
    enlarged = [t.shape[2:] for t in tensors if t.dim() == 4 and t.shape[:2] == (1, channels)]
    scales = [height / size[0] for height, width in enlarged if height * size[1] == width * size[0]]
    whole = [int(scale) for scale in scales if scale >= 1 and scale == int(scale) <= LARGEST_SCALE]
    return tuple(dict.fromkeys(reversed(whole) if isinstance(output, list) else whole))


def _refuse(module: nn.Module, name: str, convention: Convention, overrides: Overrides) -> NoReturn:
    """Raises the reason why a network gives no SR picture of an image of 64×64 pixels."""
    side = SIDES[0]
    try:
        with torch.no_grad():
            output = _call(module, name, convention, overrides, (side, side))
    except LamError:
        raise
    except Exception as error:  # it may be anybody's network
        from lam_core.diagnosis import explain

        x = torch.full((1, 3, side, side), 0.5)
        try:
            explain(_model(module, name, 1, convention, overrides), x, error)
        except LamError as explained:
            raise OwnNetworkError(str(explained)) from error
    shapes = [str(tuple(tensor.shape)) for _, tensor in tensors_of(output)]
    what = (
        shapes[0]
        if isinstance(output, Tensor)
        else f"a {type(output).__name__} with {', '.join(shapes) or 'no tensors'}"
    )
    picture = output if isinstance(output, Tensor) and output.dim() == 4 else torch.empty(0, 0, 0, 0)
    scale = picture.shape[-1] / side
    if picture.shape[1] in (1, 3) and picture.shape[-1] == picture.shape[-2] and scale > 1 and scale != int(scale):
        raise OwnNetworkError(
            f"{name} enlarges ×{scale:g}, and this maps whole scales alone: ask it at ×{math.floor(scale)} or "
            f"×{math.ceil(scale)}, or give it to lam_core.attribute_tensor, which takes any scale"
        )
    raise OwnNetworkError(
        f"{name} turned an image of (1, 3, {side}, {side}) into {what}; a super-resolution network gives "
        f"(1, 3, s·{side}, s·{side}) for a whole scale s"
    )


def _model(
    module: nn.Module,
    name: str,
    scale: int,
    convention: Convention,
    overrides: Overrides,
    plain: Plain = (),
) -> SuperResolver:
    return SuperResolver(
        module,
        scale,
        convention=convention,
        name=name,
        fingerprint="tried",
        condition=overrides.get("condition"),
        plain=plain,
    )
