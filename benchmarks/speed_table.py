"""Where time goes beside the steps, with this tree and with an earlier one in turns.

    python -m benchmarks.speed_table BASE [--lines windows step ...] [--pairs 5] [--weights DIR] [--images 33]

BASE is a checkout of an earlier commit (`make bench` makes one). A is the published code of `benchmarks.baselines`.
Times on one thread are of the processor, so that other processes do not count; others are of the wall. Every figure is
the median of that many pairs of neighbouring runs.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.two_trees import HERE, Worker

if TYPE_CHECKING:
    from lam_core import SuperResolver

WINDOWED = {"EDSR-baseline": 11.0, "IMDN": 3.2, "SwinIR-light": 2.7}
"""Networks of which DI of every window is timed, and how many times as fast as A it should be."""
MOST_MEMORY = 2.0
CHECKS = ("insertion and deletion", "randomisation", "causal effects")
PUBLISHED = ("fsrcnn_x4_rgb.pt", "carn_m.pth", "IMDN_x4.pth", "RFDN_AIM.pth", "PANx4_DF2K.pth", "srgan_x4.pth")
PLANNED: dict[str, Any] = {
    "channels": 60,
    "depths": [6, 6, 6, 6],
    "scale": 4,
    "heads": [6, 6, 6, 6],
    "hidden": 120,
    "variant": "SRF",
}
SIDE, WINDOW, NODES = 64, 16, 5


def work() -> None:
    """Times what is asked for, a line of JSON each: kind of work, network, threads."""
    import torch

    for line in sys.stdin:
        kind, network, threads = json.loads(line)
        torch.set_num_threads(threads)
        run = prepared(kind, network)
        began = CLOCKS[threads]()
        count = run()
        print(json.dumps((CLOCKS[threads]() - began) / count), flush=True)


CLOCKS: dict[int, Callable[[], float]] = {1: time.process_time, 2: time.perf_counter}
_models: dict[str, SuperResolver] = {}


def prepared(kind: str, network: str) -> Callable[[], int]:
    """A function that does the work and returns how many times; what it needs is loaded and warm."""
    import torch

    import zoo
    from benchmarks import baselines
    from benchmarks.networks import NETWORKS
    from lam_core import AttributionSettings, Region, SuperResolver, attribute, downscale
    from lam_core.attribution.heatmap import heatmap
    from lam_core.samples import sample

    hr = sample("brick-terrace").pixels()[: 4 * SIDE, : 4 * SIDE]
    image, corner = downscale(hr, 4), (4 * SIDE - WINDOW) // 2
    if network not in _models:
        torch.manual_seed(0)
        is_file = "." in network
        _models[network] = zoo.super_resolver(network) if is_file else SuperResolver(NETWORKS[network](), 4)
    model, region = _models[network], Region(corner, corner, WINDOW)
    few = AttributionSettings(nodes=NODES, tolerance=0)

    def plain(steps: int) -> int:
        point = torch.from_numpy(image.transpose(2, 0, 1)[None] / np.float32(255))
        for _ in range(steps):
            baselines.gradient(published, point, corner, corner, WINDOW)
        return steps

    def windows() -> int:
        return heatmap(model, image, settings=few).diffusion_index.size * NODES

    def whole_map(nodes: int) -> int:
        return attribute(model, image, region, AttributionSettings(nodes=nodes, tolerance=0)).nodes

    if kind in ("A", "A fresh"):
        published = baselines.unfrozen(model)
        return lambda: plain(NODES if kind == "A" else baselines.STEPS)
    if kind == "windows":
        return windows
    if kind == "step":
        whole_map(NODES)
        return lambda: whole_map(NODES)
    if kind == "fresh":
        return lambda: whole_map(baselines.STEPS - 1) and 1
    return lambda: check(kind, model, hr, image, region)


def check(kind: str, model: SuperResolver, hr: np.ndarray, image: np.ndarray, region: object) -> int:
    """Runs a check of a map, by the names of either tree."""
    from importlib import import_module

    from lam_core import attribute, downscale
    from lam_core.samples import sample

    def of(name: str, *modules: str) -> Callable[..., object]:
        for module in modules:
            try:
                return getattr(import_module(f"lam_core.attribution.{module}"), name)
            except ModuleNotFoundError:
                continue
        raise ModuleNotFoundError(name)

    if kind == "causal effects":
        donors = [sample(name).pixels()[: 4 * SIDE, : 4 * SIDE] for name in ("cat", "brick", "wheel", "palace-roof")]
        run = of("causal_effects", "checks.causal_effects", "trust_causal")
        run(model, image, hr, region, [downscale(one, 4) for one in donors])
        return 1
    found = attribute(model, image, region)  # type: ignore[arg-type]
    name, modules = {
        "insertion and deletion": ("faithfulness", ("checks.insertion_deletion", "trust_faithfulness")),
        "randomisation": ("randomisation", ("checks.randomisation", "trust_randomisation")),
    }[kind]
    of(name, *modules)(model, image, found)
    return 1


def process(command: Sequence[str], tree: Path) -> tuple[float, float]:
    """Wall time and the most memory in MiB of a command with the code of a tree."""
    environment = {**os.environ, "PYTHONPATH": str(tree), "LAM_OFFLINE": "1", "HF_HUB_OFFLINE": "1"}
    began = time.perf_counter()
    child = subprocess.Popen(command, cwd=tree, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert child.stderr is not None
    said = child.stderr.read()
    _, status, used = os.wait4(child.pid, 0)
    if status:
        raise RuntimeError(f"{' '.join(command)} in {tree}: {said.decode()[-500:]}")
    return time.perf_counter() - began, used.ru_maxrss / 1024


def median_ratio(first: Callable[[], float], second: Callable[[], float], pairs: int) -> tuple[float, float, float]:
    """Medians of both and of their ratio, first over second, over pairs in turns."""
    rows = []
    for number in range(pairs):
        if number % 2:
            one = first()
            other = second()
        else:
            other = second()
            one = first()
        rows.append((one, other, one / other))
    one, other, ratio = (statistics.median(column) for column in zip(*rows, strict=True))
    return one, other, ratio


class Table:
    """The lines of the table, each printed as it is measured."""

    def __init__(self, base: Path, pairs: int, weights: Path, images: int) -> None:
        self.base, self.pairs, self.weights, self.images = base, pairs, weights, images

    def _workers(self, threads: int = 1) -> tuple[Worker, Worker]:
        return Worker(HERE, __file__, threads), Worker(self.base, __file__, threads)

    def _against_a(self, kind: str, network: str) -> tuple[float, float]:
        """How many times as fast as A this tree and the base are."""
        found = []
        for worker in self._workers():
            worker.ask("A", network, 1)
            worker.ask(kind, network, 1)
            _, _, ratio = median_ratio(
                lambda worker=worker: worker.ask("A", network, 1),
                lambda worker=worker: worker.ask(kind, network, 1),
                self.pairs,
            )
            found.append(ratio)
            worker.close()
        return found[0], found[1]

    def windows(self) -> None:
        """DI of every window of an LR picture of 64×64, per window and node, over a step of A."""
        for network, asked in WINDOWED.items():
            ours, base = self._against_a("windows", network)
            print(f"DI of every window, {network}: {ours:.1f} times A, {base:.1f} before; asked {asked:g}", flush=True)

    def memory(self) -> None:
        """The most memory of the same over that of one window's step."""
        from benchmarks.memory import peak

        for network in WINDOWED:
            together, alone = peak(network, SIDE, "windows"), peak(network, SIDE, "cone")
            print(
                f"memory of it, {network}: {together:.0f} MiB, one window's {alone:.0f} MiB, "
                f"{together / alone:.2f} times; asked at most {MOST_MEMORY:g}",
                flush=True,
            )

    def step(self) -> None:
        """One node of a warm map over a step of A."""
        ours, base = self._against_a("step", "SwinIR-light")
        print(f"one step, SwinIR-light: {ours:.2f} times A, {base:.2f} before; asked 1.8", flush=True)

    def process(self) -> None:
        """`lam attribute` on a bundled network as a whole process over the import of PyTorch."""
        with tempfile.TemporaryDirectory() as folder:
            image = Path(folder) / "image.png"
            self._write_sample(image)
            command = [sys.executable, "-m", "lam_cli.main", "attribute", "--model", "fsrcnn-c", str(image)]
            command += ["--window", "120,120,16", "--no-store"]
            torch = [sys.executable, "-c", "import torch"]
            for name, tree in (("this tree", HERE), ("before", self.base)):
                process(command, tree)
                memory: dict[str, list[float]] = {"lam": [], "torch": []}

                def timed(kind: str, words: Sequence[str], tree: Path = tree, memory: dict = memory) -> float:
                    seconds, most = process(words, tree)
                    memory[kind].append(most)
                    return seconds

                ours, plain, ratio = median_ratio(
                    lambda timed=timed: timed("lam", command), lambda timed=timed: timed("torch", torch), self.pairs
                )
                more = statistics.median(memory["lam"]) - statistics.median(memory["torch"])
                print(
                    f"lam attribute, whole process, {name}: {ours:.2f} s, import torch {plain:.2f} s, "
                    f"{ratio:.2f} times, {more:+.0f} MiB; asked 1.5, +150",
                    flush=True,
                )

    def planning(self) -> None:
        """Tracing and planning of a network with window attention of 64×64 tokens, in its own steps."""
        import torch

        from lam_core import Region, SuperResolver
        from lam_core.attribution.detectors import Detector
        from lam_core.attribution.gradients import Gradients
        from zoo.architectures import architecture

        torch.set_num_threads(1)
        rows = []
        image = np.random.default_rng(0).random((SIDE, SIDE, 3))
        corner = (4 * SIDE - WINDOW) // 2
        for number in range(self.pairs):
            torch.manual_seed(number)
            model = SuperResolver(architecture("hit-sr").build(**PLANNED), 4, fingerprint=f"hit {number}")
            gradients = Gradients(model, Detector("gradient", Region(corner, corner, WINDOW), 4 * SIDE, 4 * SIDE))
            began = time.process_time()
            gradients.plan(SIDE, SIDE)
            planned = time.process_time() - began
            gradients([image])
            began = time.process_time()
            gradients([image])
            rows.append((planned, time.process_time() - began))
        planned, step = (statistics.median(column) for column in zip(*rows, strict=True))
        print(f"planning, HiT-SRF: {planned:.2f} s, {planned / step:.2f} steps; asked at most 0.5", flush=True)

    def fresh(self) -> None:
        """A map of 50 nodes in a fresh process on two threads over 50 steps of A, both with a loaded network."""
        found = []
        for tree in (HERE, self.base):

            def once(kind: str, tree: Path = tree) -> float:
                worker = Worker(tree, __file__, 2)
                seconds = worker.ask(kind, "IMDN", 2) * (50 if kind == "A fresh" else 1)
                worker.close()
                return seconds

            found.append(
                median_ratio(lambda once=once: once("A fresh"), lambda once=once: once("fresh"), self.pairs)[2]
            )
        print(
            f"IMDN, 50 nodes in a fresh process, two threads: {found[0]:.2f} times A, {found[1]:.2f} before; asked 1.8",
            flush=True,
        )

    def checks(self) -> None:
        """Checks of a map of IMDN, over the base's time."""
        ours, base = self._workers()
        for name in CHECKS:
            a, b, ratio = median_ratio(
                lambda name=name: base.ask(name, "IMDN", 1), lambda name=name: ours.ask(name, "IMDN", 1), self.pairs
            )
            print(f"{name}, IMDN: {b:.1f} s, {a:.1f} s before, {ratio:.2f} times as fast; asked 2", flush=True)

    def sweep(self) -> None:
        """A sweep of the published networks over samples as a whole process, over the base's time."""
        models = [str(self.weights / name) for name in PUBLISHED if (self.weights / name).is_file()]
        if not models:
            print(f"sweep: no published checkpoint in {self.weights}: not measured", flush=True)
            return
        from lam_core.samples import samples

        with tempfile.TemporaryDirectory() as folder:
            pictures = Path(folder) / "pictures"
            pictures.mkdir()
            for one in samples()[: self.images]:
                self._write_sample(pictures / f"{one.id}.png", one.id)

            def run(tree: Path) -> float:
                command = [sys.executable, "-m", "lam_cli.main", "sweep", "--models", ",".join(models)]
                command += ["--images", str(pictures), "--out", str(Path(folder) / "rows.csv"), "--no-store"]
                return process(command, tree)[0]

            before, ours, ratio = median_ratio(lambda: run(self.base), lambda: run(HERE), self.pairs)
        print(
            f"sweep, {len(models)} published networks × {self.images} samples, whole process: {ours:.0f} s, "
            f"{before:.0f} s before, {ratio:.2f} times as fast; asked 2",
            flush=True,
        )

    def _write_sample(self, path: Path, name: str = "brick-terrace") -> None:
        from PIL import Image

        from lam_core.samples import sample

        Image.fromarray(sample(name).pixels()).save(path)


LINES = ("windows", "memory", "step", "process", "planning", "fresh", "checks", "sweep")


def main() -> None:
    """Prints the table line by line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", type=Path)
    parser.add_argument("--lines", nargs="+", choices=LINES, default=LINES)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument(
        "--weights", type=Path, default=HERE.parent / "shared" / "weights", help="published checkpoints"
    )
    parser.add_argument("--images", type=int, default=33, help="samples of the sweep")
    options = parser.parse_args()
    table = Table(options.base.resolve(), options.pairs, options.weights, options.images)
    for line in options.lines:
        getattr(table, line)()


if __name__ == "__main__":
    main()
