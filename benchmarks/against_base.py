"""First and warm maps of this tree beside those of another one: `python -m benchmarks.against_base BASE [--pairs 9]`.

BASE is a checkout of an earlier commit (`git worktree add BASE a37bf29`). Each of the nine networks is timed in one
process a tree, the two taking turns, each pair in the other order than the one before. A first map is that of a network
that nothing is known of: traced, planned and checked. It is set beside the base's first map and one forward and
backward pass of the untouched network. A warm map is the same one again. Ratios are speeds, this tree's to the base's;
the interval is that of the median over resampled pairs.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SIDE, WINDOW = 64, (120, 120, 16)
RESAMPLES = 10_000


def work() -> None:
    """Times what is asked for, a line of JSON each: network and kind of run."""
    import torch

    from benchmarks.networks import NETWORKS
    from lam_core import Region, SuperResolver, attribute, downscale
    from lam_core.samples import sample

    torch.set_num_threads(1)
    image = downscale(sample("brick-terrace").pixels(), 4)[:SIDE, :SIDE]
    models: dict[str, SuperResolver] = {}
    for line in sys.stdin:
        name, kind, number = json.loads(line)
        if kind == "first":
            torch.manual_seed(0)
            # Another name is another network: nothing is remembered of it.
            models[name] = SuperResolver(NETWORKS[name](), 4, fingerprint=f"{name} {number}")
        model = models[name]
        began = time.perf_counter()
        if kind == "pass":
            x = torch.from_numpy(image.transpose(2, 0, 1)[None] / np.float32(255)).requires_grad_(True)
            model(x)[..., 120:137, 120:137].square().sum().backward()
        else:
            attribute(model, image, Region(*WINDOW))
        print(json.dumps(time.perf_counter() - began), flush=True)


class Worker:
    """A process that times the networks with the code of one tree."""

    def __init__(self, tree: Path) -> None:
        # Of both trees the same networks are timed, by the same program.
        here = Path(__file__).resolve().parents[1]
        program = f"import sys; sys.path[:0] = [{str(tree)!r}, {str(here)!r}]; import runpy; "
        program += f"runpy.run_path({__file__!r}, run_name='worker')['work']()"
        environment = {**os.environ, "PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=tree,
            env=environment,
        )

    def seconds(self, name: str, kind: str, number: int) -> float:
        """Of one run."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(json.dumps([name, kind, number]), file=self.process.stdin, flush=True)
        return float(json.loads(self.process.stdout.readline()))


def interval(ratios: NDArray[np.float64]) -> tuple[float, float, float]:
    """Median and the 95 % interval of the median over resampled pairs."""
    draws = np.random.default_rng(0).choice(ratios, (RESAMPLES, len(ratios)))
    low, high = np.percentile(np.median(draws, axis=1), [2.5, 97.5])
    return float(np.median(ratios)), float(low), float(high)


def main() -> None:
    from benchmarks.networks import NETWORKS

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("base", type=Path)
    parser.add_argument("--pairs", type=int, default=9)
    parser.add_argument("--networks", nargs="*", default=list(NETWORKS))
    options = parser.parse_args()
    ours, base = Worker(Path(__file__).resolve().parents[1]), Worker(options.base.resolve())
    warm_ratios = []
    for name in options.networks:
        for worker in (ours, base):  # what a process loads at its first map belongs to neither
            worker.seconds(name, "first", -1)
        times: dict[tuple[str, str], list[float]] = {}
        for number in range(options.pairs):
            for who in ("ours", "base")[:: 1 if number % 2 else -1]:
                worker = ours if who == "ours" else base
                for kind in ("first", "warm", "pass"):
                    times.setdefault((who, kind), []).append(worker.seconds(name, kind, number))
        taken = {key: np.array(values) for key, values in times.items()}
        warm = taken["base", "warm"] / taken["ours", "warm"]
        first = taken["ours", "first"] / (taken["base", "first"] * 1.15 + taken["base", "pass"])
        warm_ratios.append(warm)
        speed, low, high = interval(warm)
        print(
            f"{name:14} warm {np.median(taken['ours', 'warm']):7.3f} s, {speed:.3f} of the base's speed "
            f"({low:.3f} to {high:.3f}); first {np.median(taken['ours', 'first']):7.3f} s, "
            f"{np.median(first):.3f} of what it may take",
            flush=True,
        )
    speed, low, high = interval(np.concatenate(warm_ratios))
    print(f"all            warm {speed:.3f} of the base's speed ({low:.3f} to {high:.3f}), {options.pairs} pairs each")


if __name__ == "__main__":
    main()
