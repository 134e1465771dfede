"""How a network of one's own is to be used, measured by running it: scale, channels, sizes, and which output."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NoReturn

import torch
from torch import Tensor, nn

from lam_core.condition import ConditionError, require
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


@dataclass(frozen=True)
class Use:
    """How a network is used."""

    scale: int
    convention: Convention
    notes: tuple[str, ...]
    """What was found by trying, a sentence each."""


def measured_use(module: nn.Module, name: str, scale: int | None, given: Convention, overrides: Overrides) -> Use:
    """Runs a network and finds what is not said of it. Raises `OwnNetworkError` or another `LamError`."""
    convention = overridden(given, overrides)
    notes: list[str] = []
    found = _runs(module, name, convention, overrides)
    if found is None and overrides.get("colour") is None and convention.colour != "luma":
        luma = replace(convention, colour="luma")
        found = _runs(module, name, luma, overrides)
        if found is not None:
            convention = luma
            notes.append(f"{name} takes one channel: it is given luma, as Convention(colour='luma') says")
    if found is None:
        _refuse(module, name, convention, overrides)
    side, scales = found
    if scale is None:
        scale = scales[0]
        if len(scales) > 1:
            notes.append(f"{name} returns images of several scales; ×{scale} is used, --scale chooses another")
    elif scale not in scales:
        raise OwnNetworkError(
            f"{name} is said to enlarge ×{scale}, and enlarges ×{' or ×'.join(map(str, scales))}; leave the scale out"
        )
    model = _model(module, name, scale, convention, overrides)
    if overrides.get("pad_multiple") is None and given.pad_multiple == 1:
        runs = runs_on(model, 1 if convention.colour == "luma" else 3)
        size = sizes(runs, shortest=side)
        if size is None:
            multiple, minimum, square = side, side, True
        else:
            multiple, minimum, square = size
        if (multiple, square) != (1, False) or minimum > convention.minimum_size:
            convention = replace(
                convention,
                pad_multiple=multiple,
                minimum_size=max(minimum, convention.minimum_size),
                square=square or convention.square,
            )
            shape = "square images" if square else "sides"
            least = f", at least {minimum}" if minimum > multiple else ""
            notes.append(
                f"{name} takes {shape} that are multiples of {multiple}{least}: images are padded by reflection"
            )
    return Use(scale, convention, tuple(notes))


def _runs(
    module: nn.Module, name: str, convention: Convention, overrides: Overrides
) -> tuple[int, tuple[int, ...]] | None:
    """A side on which the network runs, and the whole scales of the images that it returns, the likeliest first."""
    for side in SIDES:
        try:
            with torch.no_grad():
                output = _call(module, name, convention, overrides, side)
        except ConditionError:
            raise
        except Exception:  # it may be anybody's network
            continue
        found = _scales(output, side, 1 if convention.colour == "luma" else 3)
        if found:
            return side, found
    return None


def _call(module: nn.Module, name: str, convention: Convention, overrides: Overrides, side: int) -> object:
    model = _model(module, name, 1, convention, overrides)
    require(model.condition, model.conditions, name)
    x = torch.full((1, 1 if convention.colour == "luma" else 3, side, side), 0.5 * convention.input_range)
    x = x.to(model.device, model.dtype)
    return module(x, **{key: model.argument(key, value, x) for key, value in model.condition.items()})


def _scales(output: object, side: int, channels: int) -> tuple[int, ...]:
    """Whole scales of what looks like an SR picture; of a list the last first, as `lam_core.output` takes them."""
    tensors = [tensor for _, tensor in tensors_of(output)]
    fitting = [t for t in tensors if t.dim() == 4 and t.shape[:2] == (1, channels) and t.shape[2] == t.shape[3]]
    scales = [tensor.shape[-1] / side for tensor in fitting]
    whole = [int(scale) for scale in scales if scale >= 1 and scale == int(scale) <= LARGEST_SCALE]
    return tuple(dict.fromkeys(reversed(whole) if isinstance(output, list) else whole))


def _refuse(module: nn.Module, name: str, convention: Convention, overrides: Overrides) -> NoReturn:
    """Raises the reason why a network gives no SR picture of an image of 64×64 pixels."""
    side = SIDES[0]
    try:
        with torch.no_grad():
            output = _call(module, name, convention, overrides, side)
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
    raise OwnNetworkError(
        f"{name} turned an image of (1, 3, {side}, {side}) into {what}; a super-resolution network gives "
        f"(1, 3, s·{side}, s·{side}) for a whole scale s"
    )


def _model(module: nn.Module, name: str, scale: int, convention: Convention, overrides: Overrides) -> SuperResolver:
    return SuperResolver(
        module, scale, convention=convention, name=name, fingerprint="tried", condition=overrides.get("condition")
    )
