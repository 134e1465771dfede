"""Does a map know more than distance? `python -m benchmarks.faithfulness MODEL [MODEL ...]`.

For every network, the geometric mean over six samples of the map's advantage over its controls under deletion and
insertion, with bootstrap intervals over the samples. Samples, windows, settings and seed stand here and were fixed
before the first run.
"""

from __future__ import annotations

import sys
import time

import zoo
from lam_core.attribution.attribute import attribute
from lam_core.attribution.checks.insertion_deletion import FaithfulnessSettings, faithfulness
from lam_core.attribution.settings import AttributionSettings
from lam_core.images import downscale
from lam_core.samples import sample
from lam_core.studies.faithfulness_study import advantages

SAMPLES = ("glass-tower", "palace-roof", "brick", "cat", "wheel", "grid-14")
SETTINGS = AttributionSettings()
CHECK = FaithfulnessSettings()
SCALE = 4


def study(name: str) -> None:
    """Prints a network's advantages, one line a control."""
    model = zoo.super_resolver(name)
    found, began = [], time.perf_counter()
    for one in map(sample, SAMPLES):
        lr = downscale(one.pixels(), SCALE)
        result = attribute(model, lr, one.window, SETTINGS)
        found.append(faithfulness(model, lr, result, CHECK))
        ring = found[-1].advantage("deletion", "ring")
        print(f"{model.name}, {one.id}: deletion over ring {ring:.2f}", file=sys.stderr, flush=True)
    for direction, controls in advantages(found, seed=0).items():
        for control, value in controls.items():
            interval = f"{value.mean:5.2f} [{value.low:.2f}, {value.high:.2f}]"
            print(f"{model.name:16} {direction:9} over {control:8} {interval}, above 1 on {value.above} of {value.n}")
    print(f"{model.name}: {len(SAMPLES)} samples in {time.perf_counter() - began:.0f} s", flush=True)


if __name__ == "__main__":
    for model in sys.argv[1:] or ("edsr-c",):
        study(model)
