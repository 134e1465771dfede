"""One table: attribution against two plain implementations, side by side in one run.

    python -m benchmarks.table [--networks edsr fsrcnn] [--sizes 64 96 128] [--threads 1 2] [--rounds 3] [--gpu]
        [--no-memory] [--no-click] [--no-windows]

Every ratio is a median of ratios of neighbouring runs, so that whatever else the machine does weighs on both sides
alike. A and B are described in `benchmarks.baselines`.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch

from benchmarks import baselines, memory
from benchmarks.networks import NETWORKS
from lam_core import AttributionSettings, Region, SuperResolver, attribute
from lam_core.attribution.cone import cone
from lam_core.attribution.detectors import Detector
from lam_core.attribution.gradients import Gradients
from lam_core.attribution.heatmap import heatmap

WINDOW = memory.WINDOW
WINDOWED = ("EDSR-baseline", "IMDN", "SwinIR-light")
"""Networks of which all windows of a picture are timed."""
HEADER = (
    f"{'network':14s} {'LR':>4s} {'on':>6s} {'A/ours':>7s} {'B/ours':>7s} {'ms/step':>8s} {'first':>6s} "
    f"{'click':>6s} {'nodes':>5s} {'MiB':>6s} {'A MiB':>6s} {'plan s':>6s} {'saved':>5s}"
)
KEY = """
A/ours, B/ours: time of a step of the plain implementation, over ours, plan cached; small networks take several
nodes at once
first: time of A's 50 steps over that of planning and 50 steps, when nothing is planned yet
click: time of A's 50 steps over that of a whole map at the standard settings, of so many nodes
MiB: most memory above the loaded network, ours and A's; saved: share of the multiply-adds that the cone leaves out
"""


@dataclass(frozen=True)
class Place:
    """Where something runs."""

    device: str
    threads: int

    @property
    def name(self) -> str:
        """For the table."""
        return "gpu" if self.device == "cuda" else f"{self.threads} cpu"

    def seconds(self, run: Callable[[], object]) -> float:
        """Time of one call: of the processor on one thread, so that other processes do not count; else on the wall."""
        clock = time.process_time if self.device == "cpu" and self.threads == 1 else time.perf_counter
        self._wait()
        start = clock()
        run()
        self._wait()
        return clock() - start

    def _wait(self) -> None:
        if self.device == "cuda":
            torch.cuda.synchronize()


def row(name: str, size: int, place: Place, rounds: int, *, with_memory: bool, with_click: bool) -> str:
    """One line of the table."""
    torch.manual_seed(0)
    torch.set_num_threads(place.threads)
    model = SuperResolver(NETWORKS[name](), 4).to(device=place.device)
    published = baselines.unfrozen(model)
    image = np.random.default_rng(0).integers(0, 256, (size, size, 3), dtype=np.uint8)
    point = torch.from_numpy(image.transpose(2, 0, 1)[None] / 255).to(device=place.device, dtype=torch.float32)
    corner = (size * 4 - WINDOW) // 2
    span = (corner, corner + WINDOW + 1)
    gradients = Gradients(model, Detector("gradient", Region(corner, corner, WINDOW), 4 * size, 4 * size))

    planning = place.seconds(lambda: gradients.plan(size, size))
    at_once = gradients.at_once

    def ours() -> object:
        return gradients([image / 255] * at_once)

    def plain(network: SuperResolver) -> Callable[[], object]:
        return lambda: baselines.gradient(network, point, corner, corner, WINDOW)

    plain(published)()
    first = place.seconds(ours) / at_once
    saved = cone(model, size, size, span, span).saving
    ratios: tuple[list[float], list[float]] = ([], [])
    steps, plain_steps = [], []
    for _ in range(rounds):
        for kind, network in zip(ratios, (published, model), strict=True):
            before = place.seconds(ours) / at_once
            other = place.seconds(plain(network))
            after = place.seconds(ours) / at_once
            kind.append(2 * other / (before + after))
            steps += [before, after]
            plain_steps += [other] if network is published else []
    settings = AttributionSettings(field=size)
    click, nodes = np.nan, 0
    if with_click:
        results = []
        click = place.seconds(lambda: results.append(attribute(model, image, Region(corner, corner, WINDOW), settings)))
        nodes = results[0].nodes
    peaks = [memory.peak(name, size, kind, place.device) if with_memory else np.nan for kind in ("cone", "A")]
    step, run_of_a = statistics.median(steps), baselines.STEPS * statistics.median(plain_steps)
    against_a, against_b = (statistics.median(kind) for kind in ratios)
    first_run = planning + first + (baselines.STEPS - 1) * step
    return (
        f"{name:14s} {size:4d} {place.name:>6s} {against_a:7.1f} {against_b:7.1f} {step * 1e3:8.1f} "
        f"{run_of_a / first_run:6.1f} {run_of_a / click:6.1f} {nodes:5d} "
        f"{peaks[0]:6.0f} {peaks[1]:6.0f} {planning:6.2f} {saved:5.0%}"
    )


def windows(name: str, place: Place, stride: int = WINDOW, nodes: int = 5) -> str:
    """DI of every window of a 256×256 picture, plans and intervals included, against as many steps of A."""
    torch.manual_seed(0)
    torch.set_num_threads(place.threads)
    model = SuperResolver(NETWORKS[name](), 4).to(device=place.device)
    published = baselines.unfrozen(model)
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    point = torch.from_numpy(image.transpose(2, 0, 1)[None] / 255).to(device=place.device, dtype=torch.float32)
    found = []

    def together() -> None:
        found.append(heatmap(model, image, stride=stride, settings=AttributionSettings(nodes=nodes, tolerance=0)))

    def step() -> object:
        return baselines.gradient(published, point, 120, 120, WINDOW)

    step()
    steps = [place.seconds(step) for _ in range(3)]
    taken = place.seconds(together)
    steps += [place.seconds(step) for _ in range(3)]
    count = found[0].diffusion_index.size
    each, plain = taken / count / nodes, statistics.median(steps)
    return (
        f"{name}, {count} windows, {place.name}: {each * 1e3:.1f} ms a window and node, a step of A {plain * 1e3:.1f} "
        f"ms, {plain / each:.1f} times"
    )


def places(threads: list[int], *, gpu: bool) -> Iterator[Place]:
    """Where to measure."""
    yield from (Place("cpu", count) for count in threads)
    if gpu:
        yield Place("cuda", 1)


def main() -> None:
    """Prints the table row by row."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[64, 96, 128], help="sides of the LR field")
    parser.add_argument("--networks", nargs="+", default=[""], help="parts of names")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--gpu", action="store_true", help="on a CUDA GPU too, if there is one")
    parser.add_argument("--no-memory", action="store_true", help="leave out peak memory, which takes more processes")
    parser.add_argument("--no-click", action="store_true", help="leave out whole maps, minutes each on deep networks")
    parser.add_argument("--stride", type=int, default=WINDOW, help="SR pixels between the heat map's windows")
    parser.add_argument("--no-windows", action="store_true", help="leave out the heat map")
    arguments = parser.parse_args()
    gpu = arguments.gpu and torch.cuda.is_available()
    if arguments.gpu and not gpu:
        print("no CUDA GPU here: its rows are left out")
    print(HEADER)
    for name in NETWORKS:
        if not any(part.lower() in name.lower() for part in arguments.networks):
            continue
        for size in arguments.sizes:
            for place in places(arguments.threads, gpu=gpu):
                with_memory = not arguments.no_memory and (place.device == "cuda" or place.threads == 1)
                with_click = not arguments.no_click
                line = row(name, size, place, arguments.rounds, with_memory=with_memory, with_click=with_click)
                print(line, flush=True)
    print(KEY)
    for name in WINDOWED if not arguments.no_windows else ():
        if any(part.lower() in name.lower() for part in arguments.networks):
            for place in places(arguments.threads, gpu=gpu):
                print(windows(name, place, arguments.stride), flush=True)


if __name__ == "__main__":
    main()
