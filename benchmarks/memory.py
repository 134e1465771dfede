"""The most memory that one step takes, each measured in a process of its own.

python -m benchmarks.memory NETWORK SIZE A|cone|windows [cuda]
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import torch

from benchmarks import baselines
from benchmarks.networks import NETWORKS
from lam_core.attribution.detectors import Detector
from lam_core.attribution.gradients import Gradients
from lam_core.attribution.heatmap import heatmap
from lam_core.attribution.settings import AttributionSettings
from lam_core.model import SuperResolver
from lam_core.region import Region

STEPS = 3
WINDOW = 16


def peak(network: str, size: int, kind: str, device: str = "cpu") -> float:
    """MiB that steps of `kind` (A or cone), or windows together, take above the loaded network, with all plans."""
    command = [sys.executable, "-m", "benchmarks.memory", network, str(size), kind, device]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1])


def measure(network: str, size: int, kind: str, device: str) -> float:
    """The same in this process, which should have done nothing else."""
    torch.set_num_threads(1)
    model = SuperResolver(NETWORKS[network](), 4).to(device=device)
    corner = (4 * size - WINDOW) // 2
    gradients = Gradients(model, Detector("gradient", Region(corner, corner, WINDOW), 4 * size, 4 * size))
    thawed = model
    if kind == "A":
        thawed.module.requires_grad_(True)
    image = np.random.default_rng(0).random((size, size, 3))
    point = torch.from_numpy(image.transpose(2, 0, 1)[None]).to(device=device, dtype=torch.float32)
    before = _in_use(device)
    if kind == "windows":
        pixels = np.round(image * 255).astype(np.uint8)
        heatmap(model, pixels, stride=2 * WINDOW, settings=AttributionSettings(nodes=9, tolerance=0, field=size))
        return _most(device) - before
    if kind != "A":
        gradients.plan(size, size)
    for _ in range(STEPS):
        if kind == "A":
            baselines.gradient(thawed, point, corner, corner, WINDOW)
        else:
            gradients([image] * gradients.at_once)
    return _most(device) - before


def _in_use(device: str) -> float:
    """What is in use now; the most so far is counted from here."""
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
        return torch.cuda.memory_allocated() / 2**20
    Path("/proc/self/clear_refs").write_text("5")
    return _status("VmRSS")


def _most(device: str) -> float:
    return torch.cuda.max_memory_allocated() / 2**20 if device == "cuda" else _status("VmHWM")


def _status(name: str) -> float:
    """One of Linux's figures on this process's memory."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) / 1024


if __name__ == "__main__":
    name, side, which, where = (*sys.argv[1:], "cpu")[:4]
    print(measure(name, int(side), which, where))
