"""Maps on a CUDA GPU beside the same on the CPU, and the table of steps there: `python -m benchmarks.gpu`.

In float64 the map of a GPU should be the CPU's to 1e-9, in float32 to the map's own stated error. Ends after ten
minutes at most; what is left then is named as not measured.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import torch

from benchmarks import table
from benchmarks.networks import NETWORKS
from lam_core import AttributionSettings, Region, SuperResolver, attribute, downscale
from lam_core.samples import sample

SECONDS = 600
SIDE, WINDOW, NODES = 48, 16, 9
EXACT = 1e-9
"""Largest relative L2 difference of the float64 map."""


def difference(name: str, dtype: str) -> tuple[float, float]:
    """Relative L2 difference of the GPU's signed map from the CPU's, and the error that the map states."""
    torch.manual_seed(0)
    module = NETWORKS[name]()
    image = downscale(sample("brick-terrace").pixels(), 4)[:SIDE, :SIDE]
    corner = (4 * SIDE - WINDOW) // 2
    settings = AttributionSettings(nodes=NODES, tolerance=0, dtype=dtype)  # type: ignore[arg-type]
    cpu, gpu = (
        attribute(SuperResolver(module, 4).to(device=device), image, Region(corner, corner, WINDOW), settings)
        for device in ("cpu", "cuda")
    )
    apart = np.linalg.norm(cpu.signed - gpu.signed) / np.linalg.norm(cpu.signed)
    return float(apart), gpu.map_error


def main() -> int:
    """Prints both; 1 if a map differs by more than it may."""
    if not torch.cuda.is_available():
        print("no CUDA GPU here: nothing was measured")
        return 0
    print(f"{torch.cuda.get_device_name()}, PyTorch {torch.__version__}")
    began, wrong = time.monotonic(), False
    for name in NETWORKS:
        exact, _ = difference(name, "float64")
        rough, stated = difference(name, "float32")
        wrong |= exact > EXACT or rough > max(stated, 1e-3)
        print(
            f"{name}: maps apart {exact:.1e} in float64, {rough:.1e} in float32 (stated error {stated:.1e})", flush=True
        )
    print(table.HEADER)
    place = table.Place("cuda", 1)
    rows = [(name, size) for size in (64, 128) for name in NETWORKS]
    for done, (name, size) in enumerate(rows):
        if time.monotonic() - began > SECONDS:
            print(f"not measured: {', '.join(f'{name} at {size}' for name, size in rows[done:])}")
            break
        print(table.row(name, size, place, 3, with_memory=False, with_click=True), flush=True)
    print(table.KEY)
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
