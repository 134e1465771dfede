"""How honest the error estimates are: many windows against sums of a thousand nodes.

    python -m benchmarks.calibration --pictures DIR [DIR ...] --out cases.jsonl MODEL=CASES [...]

Networks, pictures and windows are drawn by a fixed seed before anything is computed. Each case is one line of the
output, and a run that was stopped goes on after the last line.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

import zoo
from lam_core import AttributionSettings, Region, SuperResolver, downscale
from lam_core.attribution.attribute import ZeroMapError, index_of, integrate
from lam_core.attribution.quadrature import Integral
from lam_core.images import middle
from lam_core.images.decode import decode

TRUTH = 1025
"""Nodes of the sum that counts as the truth. Nodes are added in pairs, so every smaller sum is on the way to it."""
SEED = 20
WATCHED = 100
"""Nodes up to which every sum on the way is compared with the truth."""
TOLERANCES = (0.1, 0.05, 0.02)
COUNTS = (9, 17, 25, 49)
BUDGET = 49
"""Nodes after which a run with a tolerance ends, as by default: they come in pairs."""
WINDOW = 16
PICTURE = 256
"""Side in HR pixels of the middle part that is used of every picture."""


@dataclass(frozen=True)
class Case:
    """One window of one picture under one network."""

    model: str
    picture: str
    x: float
    """Place of the window between the left border, 0, and the right one, 1."""
    y: float


def draw(counts: dict[str, int], pictures: Sequence[Path], seed: int = SEED) -> list[Case]:
    """So many cases of each network, the same for equal arguments; windows anywhere, borders included."""
    random = np.random.default_rng(seed)
    cases = []
    for model, count in counts.items():
        for turn in range(count):
            picture = pictures[int(random.integers(len(pictures)))]
            x, y = (float(random.random()) for _ in range(2))
            cases.append(((turn + 0.5) / count, Case(model, f"{picture.parent.name}/{picture.name}", x, y)))
    # Networks in turn, so that a run cut short is still about all of them.
    return [case for _, case in sorted(cases, key=lambda placed: placed[0])]


def shown(integral: Integral) -> NDArray[np.float64]:
    """What is displayed of a sum, before the division by its maximum, [h, w]."""
    return np.abs(integral.signed.sum(2))


def distance(plane: NDArray, truth: NDArray) -> float:
    """Relative L2 distance of a displayed map from the true one."""
    return float(np.linalg.norm(plane - truth) / np.linalg.norm(truth))


def measure(
    model: SuperResolver,
    lr: np.ndarray,
    region: Region,
    settings: AttributionSettings,
    watch: Callable[[Integral], None] = lambda integral: None,
) -> dict[str, Any]:
    """Estimates and true errors of both rules on one window; `watch` hears of every sum on the way to the truth."""
    on_the_way: dict[int, tuple[float, NDArray]] = {}
    asked: dict[str, Integral] = {}

    def hear(integral: Integral) -> None:
        watch(integral)
        if integral.nodes > WATCHED:
            return
        on_the_way[integral.nodes] = integral.error, shown(integral)
        if integral.nodes in COUNTS:
            asked[f"{integral.nodes} nodes"] = integral
        for tolerance in TOLERANCES:
            if integral.nodes <= BUDGET and (integral.error <= tolerance or integral.nodes == BUDGET):
                asked.setdefault(f"tolerance {tolerance:.0%}", integral)

    long = replace(settings, nodes=TRUTH, tolerance=0.0)
    truth = integrate(model, lr, region, long, hear).integral
    published = replace(settings, rule="reference", nodes=50)
    asked["reference"] = integrate(model, lr, region, published, lambda integral: None).integral
    true_plane, (true_index, _) = shown(truth), index_of(truth)
    rows: dict[str, Any] = {"truth": {"di": true_index, "estimate": truth.error}}
    for name, integral in asked.items():
        index, half_width = index_of(integral)
        rows[name] = {
            "nodes": integral.nodes,
            "estimate": integral.error,
            "true": distance(shown(integral), true_plane),
            "di": index,
            "di_error": half_width,
        }
    errors = {nodes: distance(plane, true_plane) for nodes, (_, plane) in on_the_way.items()}
    reached = [nodes for nodes, error in errors.items() if error <= rows["reference"]["true"]]
    rows["passes to the reference's error"] = min(reached, default=None)
    return rows


def summarise(lines: list[dict[str, Any]]) -> None:
    """Prints coverage and sharpness over all cases, then by network."""
    print(f"{len(lines)} cases")
    for name in (*(f"tolerance {t:.0%}" for t in TOLERANCES), *(f"{count} nodes" for count in COUNTS), "reference"):
        rows = [line[name] for line in lines]
        ratio = np.array([row["estimate"] / row["true"] for row in rows])
        off = np.array([abs(row["di"] - line["truth"]["di"]) for row, line in zip(rows, lines, strict=True)])
        allowed = np.array([row["di_error"] for row in rows])
        print(
            f"{name:15} nodes {np.median([row['nodes'] for row in rows]):4.0f}  "
            f"true error {np.median([row['true'] for row in rows]):.4f}  "
            f"within twice the estimate {np.mean(ratio >= 0.5):4.0%}  estimate over true {np.median(ratio):.2f}  "
            f"DI in its interval {np.mean(off <= allowed):4.0%}  interval over distance {np.median(allowed / off):.2f}"
        )
    for model in dict.fromkeys(line["model"] for line in lines):
        of_model = [line for line in lines if line["model"] == model]
        rows = [line[f"tolerance {TOLERANCES[-1]:.0%}"] for line in of_model]
        ratio = np.array([row["estimate"] / row["true"] for row in rows])
        passes = np.median([line["passes to the reference's error"] or np.inf for line in of_model])
        print(
            f"{Path(model).name:20} {len(rows):2} cases at {TOLERANCES[-1]:.0%}: "
            f"nodes {np.median([row['nodes'] for row in rows]):3.0f}  "
            f"true error {np.median([row['true'] for row in rows]):.4f}  "
            f"within twice the estimate {np.mean(ratio >= 0.5):4.0%}  estimate over true {np.median(ratio):.2f}  "
            f"passes to the published rule's error {passes:3.0f} of 50"
        )


def main() -> None:
    """Measures what is left to measure and prints the figures."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("models", nargs="+", metavar="MODEL=CASES")
    arguments.add_argument("--pictures", type=Path, nargs="+", required=True)
    arguments.add_argument("--field", type=int, default=48, help="side of the LR field")
    arguments.add_argument("--seed", type=int, default=SEED, help="draws networks' pictures and windows")
    arguments.add_argument("--out", type=Path, required=True)
    options = arguments.parse_args()
    torch.set_num_threads(1)
    pictures = sorted(path for folder in options.pictures for path in folder.iterdir())
    files = {f"{path.parent.name}/{path.name}": path for path in pictures}
    settings = AttributionSettings(field=options.field)
    lines = [json.loads(line) for line in options.out.read_text().splitlines()] if options.out.exists() else []
    counts = {name: int(count) for name, _, count in (argument.rpartition("=") for argument in options.models)}
    for case in draw(counts, pictures, options.seed)[len(lines) :]:
        model = zoo.super_resolver(case.model)
        lr = downscale(middle(decode(files[case.picture].read_bytes()).pixels, PICTURE, PICTURE), model.scale)
        height, width = (side * model.scale - WINDOW for side in lr.shape[:2])
        region = Region(round(case.x * width), round(case.y * height), WINDOW)
        try:
            figures = measure(model, lr, region, settings)
        except ZeroMapError as error:
            figures = {"no map": str(error)}
        lines.append({**vars(case), **figures})
        with options.out.open("a") as file:
            file.write(json.dumps(lines[-1]) + "\n")
        print(case, figures.get("49 nodes"), file=sys.stderr, flush=True)
    summarise([line for line in lines if "no map" not in line])


if __name__ == "__main__":
    main()
