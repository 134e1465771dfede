"""First and warm maps of this tree beside those of another one: `python -m benchmarks.against_base BASE`.

BASE is a checkout of an earlier commit (`git worktree add BASE a37bf29`). Each of the nine networks is timed in one
process a tree, the two taking turns, each pair in the other order than the one before. A first map is that of a network
that nothing is known of: traced, planned, checked, tried under other readings. It may take 1.15 times the base's first
map and one forward and backward pass of the untouched network. A warm map is the same one again, repeated where it is
short. Ratios of warm maps are speeds, this tree's to the base's; the interval is that of the median over resampled
pairs.

Every map has five nodes on LR pictures of 40×40 pixels: what a map takes beside its nodes counts for more than in one
of the usual size. Some ten minutes on a quiet machine.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.two_trees import HERE, Worker, interval

SIDE, WINDOW, NODES = 40, (72, 72, 16), 5
SHORT = 0.4
"""Seconds that maps are repeated for in one timing."""
SLOWEST, LOWEST, FIRST = 0.98, 0.95, 1.15
"""Least median of a warm map's speed over the base's, least lower end of its interval, most of a first map."""


def work() -> None:
    """Times what is asked for, a line of JSON each: network and kind of run."""
    import torch

    from benchmarks.networks import NETWORKS
    from lam_core import AttributionSettings, Region, SuperResolver, attribute, downscale
    from lam_core.samples import sample

    torch.set_num_threads(1)
    image = downscale(sample("brick-terrace").pixels(), 4)[:SIDE, :SIDE]
    settings = AttributionSettings(nodes=NODES)
    top, left, size = WINDOW
    models: dict[str, SuperResolver] = {}
    for line in sys.stdin:
        name, kind, number, times = json.loads(line)
        if kind == "first":
            torch.manual_seed(0)
            # Another name is another network: nothing is remembered of it.
            models[name] = SuperResolver(NETWORKS[name](), 4, fingerprint=f"{name} {number}")
        model = models[name]
        began = time.perf_counter()
        for _ in range(times):
            if kind == "pass":
                x = torch.from_numpy(image.transpose(2, 0, 1)[None] / np.float32(255)).requires_grad_(True)
                model(x)[..., top : top + size + 1, left : left + size + 1].square().sum().backward()
            else:
                attribute(model, image, Region(*WINDOW), settings)
        print(json.dumps((time.perf_counter() - began) / times), flush=True)


def compared(ours: Worker, base: Worker, name: str, pairs: int, firsts: int) -> tuple[NDArray, NDArray, str]:
    """Warm speeds over the base's a pair, first maps over what they may take a pair, and a line of figures."""
    for worker in (ours, base):  # what a process loads at its first map belongs to neither
        worker.ask(name, "first", -1, 1)
    times = max(1, min(200, round(SHORT / base.ask(name, "warm", 0, 1))))
    taken: dict[tuple[str, str], list[float]] = {}
    for number in range(pairs):
        for who, worker in (("ours", ours), ("base", base))[:: 1 if number % 2 else -1]:
            if number < firsts:
                for kind in ("first", "pass"):
                    taken.setdefault((who, kind), []).append(worker.ask(name, kind, number, 1))
            taken.setdefault((who, "warm"), []).append(worker.ask(name, "warm", 0, times))
    arrays = {key: np.array(values) for key, values in taken.items()}
    warm = arrays["base", "warm"] / arrays["ours", "warm"]
    first = arrays["ours", "first"] / (arrays["base", "first"] * FIRST + arrays["base", "pass"])
    speed, low, high = interval(warm)
    warm_seconds, first_seconds, base_first = (
        float(np.median(arrays[key])) for key in (("ours", "warm"), ("ours", "first"), ("base", "first"))
    )
    return (
        warm,
        first,
        f"{name:14} warm {warm_seconds:7.3f} s, {speed:.3f} of the base's speed ({low:.3f} to {high:.3f}); first "
        f"{first_seconds:7.3f} s, the base's {base_first:7.3f} s, {np.median(first):.3f} of what it may take",
    )


def main() -> None:
    from benchmarks.networks import NETWORKS

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("base", type=Path)
    parser.add_argument("--pairs", type=int, default=9, help="of warm maps, of each network")
    parser.add_argument("--firsts", type=int, default=3, help="of them, how many with a first map too")
    parser.add_argument("--networks", nargs="*", default=list(NETWORKS))
    options = parser.parse_args()
    began = time.perf_counter()
    ours, base = Worker(HERE, __file__), Worker(options.base.resolve(), __file__)
    warm_ratios, first_ratios = [], []
    for name in options.networks:
        warm, first, line = compared(ours, base, name, options.pairs, options.firsts)
        warm_ratios.append(warm)
        first_ratios.append(np.median(first))
        print(line, flush=True)
    speed, low, high = interval(np.concatenate(warm_ratios))
    passed = speed >= SLOWEST and low >= LOWEST
    print(
        f"all: warm maps at {speed:.3f} of the base's speed ({low:.3f} to {high:.3f}), {options.pairs} pairs of "
        f"{len(warm_ratios)} networks: {'met' if passed else 'missed'}; first maps at most {max(first_ratios):.3f} of "
        f"what they may take: {'met' if max(first_ratios) <= 1 else 'missed'}; {time.perf_counter() - began:.0f} s"
    )


if __name__ == "__main__":
    main()
