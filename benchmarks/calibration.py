"""How honest the error estimates are: many windows against sums of a thousand nodes.

    python -m benchmarks.calibration --pictures DIR --out cases.jsonl MODEL [MODEL ...]

Networks, pictures and windows are drawn by a fixed seed before anything is computed, each case is one line of the
output, and a run that was stopped goes on after the last line.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

import zoo
from lam_core import Attribution, AttributionSettings, Region, SuperResolver, attribute, downscale
from lam_core.decode import decode

TRUTH = 1025
"""Nodes of the sum that counts as the truth."""
SEED = 20
ASKED = {
    "tolerance 5 %": AttributionSettings(tolerance=0.05),
    "tolerance 2 %": AttributionSettings(tolerance=0.02),
    "17 nodes": AttributionSettings(nodes=17, tolerance=0),
    "50 nodes": AttributionSettings(nodes=50, tolerance=0),
    "reference": AttributionSettings(rule="reference"),
}
TARGETS = (17, 21, 25, 30, 35, 42, 50)
"""Numbers of nodes among which the smallest that reaches the published rule's error is looked for."""


@dataclass(frozen=True)
class Case:
    """One window of one picture under one network."""

    model: str
    picture: str
    x: int
    y: int


def draw(models: list[str], pictures: list[Path], per_model: int) -> list[Case]:
    """The cases, the same for equal arguments; windows anywhere in the middle 256×256 pixels, borders included."""
    random = np.random.default_rng(SEED)
    cases = []
    for model in models:
        for _ in range(per_model):
            picture = pictures[int(random.integers(len(pictures)))]
            x, y = (int(random.integers(0, 241)) for _ in range(2))
            cases.append(Case(model, picture.name, x, y))
    # Networks in turn, so that a run cut short is still about all of them.
    return [case for turn in range(per_model) for case in cases[turn::per_model]]


def middle(pixels: np.ndarray, side: int = 256) -> np.ndarray:
    """The middle `side`×`side` pixels of a picture."""
    top, left = ((length - side) // 2 for length in pixels.shape[:2])
    return pixels[top : top + side, left : left + side]


def relative_error(result: Attribution, truth: Attribution) -> float:
    """Relative L2 distance of two displayed maps before their division by the maximum."""
    shown, true = (np.abs(r.signed.sum(0)) for r in (result, truth))
    return float(np.linalg.norm(shown - true) / np.linalg.norm(true))


def measure(model: SuperResolver, lr: np.ndarray, region: Region) -> dict[str, Any]:
    """Estimates and true errors of every rule on one window."""
    truth = attribute(model, lr, region, AttributionSettings(nodes=TRUTH, tolerance=0))
    rows: dict[str, Any] = {"truth": {"di": truth.diffusion_index, "estimate": truth.map_error}}
    for name, settings in ASKED.items():
        result = attribute(model, lr, region, settings)
        rows[name] = {
            "nodes": result.nodes,
            "estimate": result.map_error,
            "true": relative_error(result, truth),
            "di": result.diffusion_index,
            "di_error": result.diffusion_index_error,
        }
    for nodes in TARGETS:
        result = attribute(model, lr, region, AttributionSettings(nodes=nodes, tolerance=0))
        if relative_error(result, truth) <= rows["reference"]["true"]:
            rows["passes to the reference's error"] = nodes
            break
    return rows


def report(lines: list[dict[str, Any]]) -> None:
    """Prints coverage and sharpness over all cases."""
    print(f"{len(lines)} cases")
    for name in ASKED:
        rows = [line[name] for line in lines]
        ratio = np.array([row["estimate"] / row["true"] for row in rows])
        distance = np.array([abs(row["di"] - line["truth"]["di"]) for row, line in zip(rows, lines, strict=True)])
        allowed = np.array([row["di_error"] for row in rows])
        print(
            f"{name:15} nodes {np.median([row['nodes'] for row in rows]):4.0f}  "
            f"true error {np.median([row['true'] for row in rows]):.4f}  "
            f"within twice the estimate {np.mean(ratio >= 0.5):.0%}  estimate over true {np.median(ratio):.2f}  "
            f"DI in its interval {np.mean(distance <= allowed):.0%}"
        )
    reached = [line.get("passes to the reference's error", np.inf) for line in lines]
    print(f"passes to the reference's own error at 50 steps: median {np.median(reached):.0f}")


def main() -> None:
    """Measures what is left to measure and prints the figures."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("models", nargs="+")
    arguments.add_argument("--pictures", type=Path, required=True)
    arguments.add_argument("--per-model", type=int, default=12)
    arguments.add_argument("--out", type=Path, required=True)
    options = arguments.parse_args()
    torch.set_num_threads(1)
    pictures = sorted(options.pictures.glob("*.png"))
    lines = [json.loads(line) for line in options.out.read_text().splitlines()] if options.out.exists() else []
    for case in draw(options.models, pictures, options.per_model)[len(lines) :]:
        hr = middle(decode((options.pictures / case.picture).read_bytes()).pixels)
        model = zoo.super_resolver(case.model)
        lines.append({**vars(case), **measure(model, downscale(hr, model.scale), Region(case.x, case.y, 16))})
        with options.out.open("a") as file:
            file.write(json.dumps(lines[-1]) + "\n")
        print(case, lines[-1]["50 nodes"], file=sys.stderr, flush=True)
    report(lines)


if __name__ == "__main__":
    main()
