"""Random numbers that a network draws: the same in every run, and nobody else's sequence disturbed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch

SEED = 0
"""Seed of every run of a network."""


@contextmanager
def seeded(device: torch.device) -> Iterator[Callable[[], bool]]:
    """Seeds PyTorch, NumPy and Python alike, and puts their generators back afterwards; no other thread is stopped.

    Gives a function that tells whether any number was drawn since.
    """
    generators = _generators(device)
    before = [generator.get_state() for generator in generators], random.getstate(), np.random.get_state()  # noqa: NPY002
    # Not `torch.manual_seed`, which keeps the stack of each call for GPUs that nobody has used yet.
    for generator in generators:
        generator.manual_seed(SEED)
    random.seed(SEED)
    np.random.seed(SEED)  # noqa: NPY002  Foreign code draws from the global generators.

    def states() -> tuple[object, ...]:
        _, keys, *place = np.random.get_state()  # noqa: NPY002
        drawn = (generator.get_state().numpy().tobytes() for generator in generators)
        return *drawn, random.getstate(), np.asarray(keys).tobytes(), tuple(place)

    at_first = states()
    try:
        yield lambda: states() != at_first
    finally:
        for generator, state in zip(generators, before[0], strict=True):
            generator.set_state(state)
        random.setstate(before[1])
        np.random.set_state(before[2])  # noqa: NPY002


def _generators(device: torch.device) -> list[torch.Generator]:
    """PyTorch's own, on the processor and on a device."""
    match device.type:
        case "cuda":
            index = torch.cuda.current_device() if device.index is None else device.index
            return [torch.default_generator, torch.cuda.default_generators[index]]
        case "mps":
            return [torch.default_generator, torch.mps._get_default_mps_generator()]
    return [torch.default_generator]
