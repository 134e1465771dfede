"""Bounds what a state dict may make an architecture build: never much more than it holds weights for."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from torch import Tensor, nn
from torch.nn.modules.module import register_module_parameter_registration_hook

from zoo.errors import ZooError

SLACK = 1_000_000
"""Weights that any network may have beyond a multiple of what its checkpoint holds."""


class TooLargeToBuildError(ZooError):
    """Weights whose shapes and layer numbers describe a network many times their own size."""


def most_weights(state: Mapping[str, Tensor]) -> int:
    """How many weights a network of this state dict may have: some build parts twice, none many times over."""
    return 4 * sum(tensor.numel() for tensor in state.values()) + SLACK


@contextmanager
def parameter_budget(limit: int, name: str) -> Iterator[None]:
    """Within it, this thread may register parameters of `limit` numbers in all.

    A layer's memory is only reserved when its parameter is registered, and filled afterwards, so a hostile file
    costs nothing. Raises `TooLargeToBuildError`.
    """
    thread, used = threading.get_ident(), 0

    def count(module: nn.Module, key: str, parameter: nn.Parameter | None) -> None:
        nonlocal used
        if threading.get_ident() != thread or parameter is None:
            return
        used += parameter.numel()
        if used > limit:
            raise TooLargeToBuildError(
                f"{name} describes a network of more than {limit:,} weights and holds far fewer; "
                "it is damaged or hostile"
            )

    handle = register_module_parameter_registration_hook(count)
    try:
        yield
    finally:
        handle.remove()
