"""Time and memory of an analysis: `python -m benchmarks.semantics_bench [--pictures 300] [--models M1,M2,...]`.

Pictures × three degradations through the networks, each with its untrained self and the pixels as controls, every
figure and t-SNE included. Memory is the highest resident size over that with the networks loaded and PyTorch warm.
"""

from __future__ import annotations

import argparse
import resource
import time
from contextlib import suppress
from pathlib import Path

import torch

import zoo
from lam_core.model import Restorer
from lam_core.semantics.analyse import analyse
from lam_core.semantics.design import Picture
from lam_core.semantics.progress import Progress
from lam_core.semantics.sample_designs import shift_pictures

CONTENTS = 3
MEBIBYTE = 1024**2


class Enough(Exception):
    """Ends an analysis on purpose."""


def resident() -> float:
    """Resident size of this process, MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / MEBIBYTE


def main() -> None:
    """Prints time, memory, the longest silence of the progress and how soon a cancel is heard."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=300)
    parser.add_argument("--models", default="fsrcnn-c,edsr-c,imdn-c,fsrcnn-c")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    networks = [model for model in map(zoo.load, options.models.split(",")) if not isinstance(model, Restorer)]
    pixels = shift_pictures()[: options.pictures]
    pictures = [Picture(f"{i}", f"{i % CONTENTS}", picture) for i, picture in enumerate(pixels)]
    analyse(networks[:1], pictures[:6], resamples=2, permutations=2)

    heard: list[float] = []
    before, began = resident(), time.perf_counter()

    def listen(progress: Progress) -> None:
        heard.append(time.perf_counter())

    found = analyse(networks, pictures, progress=listen)
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    silence = max(b - a for a, b in zip([began, *heard], heard, strict=False))

    def stop(progress: Progress) -> None:
        raise Enough

    asked = time.perf_counter()
    with suppress(Enough):
        analyse(networks, pictures, progress=stop)
    cancelled = time.perf_counter() - asked
    layers = sum(len(model.layers) for model in found.models)
    print(f"{len(pictures)} pictures × 3 degradations × {len(networks)} networks, {layers} layers with controls")
    print(f"time            {seconds:8.0f} s on {options.threads} threads")
    print(f"memory          {peak - before:8.0f} MiB over {before:.0f} MiB with the networks loaded")
    print(f"progress        {len(heard):8d} reports, {silence:.1f} s between two at most")
    print(f"cancelled after {cancelled:8.1f} s")


if __name__ == "__main__":
    main()
