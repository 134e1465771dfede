"""The SR picture in whatever a network returns: a tensor, or one of several in a tuple, a list, a dict or an object."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from torch import Tensor

from lam_core.errors import LamError


class ModelOutputError(LamError, RuntimeError):
    """A network whose output is not an enlarged RGB picture."""


def sr_picture(output: Any, expected: Sequence[int], *, given: Sequence[int], network: str) -> tuple[Tensor, str]:
    """The tensor of the expected shape, and which of several it is in words (empty for the only one).

    Of several that fit, the last of a list is taken, as networks list their steps, and the first of anything else.
    `given` is the shape of the input. Raises `ModelOutputError` where none fits.
    """
    if isinstance(output, Tensor):
        if tuple(output.shape) != tuple(expected):
            what = f"turned {tuple(given)} into {tuple(output.shape)}"
            raise ModelOutputError(_mismatch(what, expected, given, network) + _hint(output.shape, given))
        return output, ""
    kind, tensors = type(output).__name__, list(tensors_of(output))
    fitting = [found for found in tensors if tuple(found[1].shape) == tuple(expected)]
    if not fitting:
        shapes = ", ".join(f"{tuple(tensor.shape)} at {where}" for where, tensor in tensors[:4])
        what = (
            f"a {kind} with {shapes}"
            if tensors
            else f"{output!r:.40}"
            if output is None
            else f"a {kind} without tensors"
        )
        raise ModelOutputError(_mismatch(f"returned {what} for {tuple(given)}", expected, given, network))
    where, picture = fitting[-1 if isinstance(output, list) else 0]
    several = f"; {len(fitting)} of its tensors have that shape" if len(fitting) > 1 else ""
    return picture, f"the SR picture is {where} of the {kind} that {network} returns{several}"


def tensors_of(output: Any, where: str = "") -> Iterator[tuple[str, Tensor]]:
    """All tensors in nested containers, each with the way to it, as `['out'][1]`."""
    if isinstance(output, Tensor):
        yield where, output
    elif isinstance(output, Mapping):
        for key, value in output.items():
            yield from tensors_of(value, f"{where}[{key!r}]")
    elif isinstance(output, list | tuple):
        for index, value in enumerate(output):
            yield from tensors_of(value, f"{where}[{index}]")
    elif dataclasses.is_dataclass(output) and not isinstance(output, type):
        for field in dataclasses.fields(output):
            yield from tensors_of(getattr(output, field.name), f"{where}.{field.name}")


def _mismatch(what: str, expected: Sequence[int], given: Sequence[int], network: str) -> str:
    return f"{network} {what}; at scale {expected[-1] // given[-1]} it should give {tuple(expected)}"


def _hint(output: Sequence[int], given: Sequence[int]) -> str:
    """What the shape of the only tensor says of its network; empty if nothing."""
    if len(output) != 4 or output[0] != given[0]:
        return ""
    if output[1] != given[1]:
        return (
            f"; it takes {given[1]} channels and gives {output[1]}, and a super-resolution network gives as many as it "
            "takes: wrap it so that it does"
        )
    scales = {side // old for side, old in zip(output[2:], given[2:], strict=True)}
    scale = scales.pop()
    if not scales and scale > 0 and tuple(output[2:]) == tuple(side * scale for side in given[2:]):
        return f"; its scale is {scale}: give that"
    return ""
