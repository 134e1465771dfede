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
    on_gpu = device.type == "cuda"
    others = random.getstate(), np.random.get_state()  # noqa: NPY002  Foreign code draws from the global generators.
    with torch.random.fork_rng([device] if on_gpu else []):
        torch.manual_seed(SEED)
        random.seed(SEED)
        np.random.seed(SEED)  # noqa: NPY002

        def states() -> tuple[object, ...]:
            _, keys, *place = np.random.get_state()  # noqa: NPY002
            found = torch.get_rng_state().numpy().tobytes(), random.getstate(), np.asarray(keys).tobytes(), tuple(place)
            return (*found, torch.cuda.get_rng_state(device).numpy().tobytes()) if on_gpu else found

        before = states()
        try:
            yield lambda: states() != before
        finally:
            random.setstate(others[0])
            np.random.set_state(others[1])  # noqa: NPY002
