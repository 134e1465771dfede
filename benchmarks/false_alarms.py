"""How often the completeness warning is given of sound maps: `python -m benchmarks.false_alarms [--weights DIR]`.

Sound are the maps of the shipped studies, whose networks are published or bundled ones with checked plans, and those of
every architecture with random weights, whose gradients docs/architectures.md holds against plain autograd. Of the
studies' maps only those whose completeness error is above the limit can warn: they are computed again, where their
weights are here or in the folder that is given.
"""

from __future__ import annotations

import argparse
import hashlib
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
import torch

import zoo
from dashboard.gallery.shipped import FOLDER
from lam_core import Attribution, Region, SuperResolver, attribute, downscale
from lam_core.attribution.attribute import ZeroMapError
from lam_core.attribution.warnings import COMPLETENESS
from lam_core.errors import LamError
from lam_core.samples import sample
from tools.architecture_table.builds import BUILDS
from tools.architecture_table.measure import scatter
from zoo.catalog.registry import registry
from zoo.checkpoints.detect import detect

STUDIES = ("sweep", "laboratory")
PLACES = (0.2, 0.5, 0.8)
"""Where the windows lie, as shares of the free height and width."""
SIDE, WINDOW = 48, 16
SAMPLE = "brick-terrace"


def warns(result: Attribution) -> bool:
    """Whether a reader is warned of the map's completeness."""
    return any("completeness" in warning for warning in result.computation.warnings)


def of_studies(weights: Path | None) -> tuple[int, int, int, int]:
    """Maps, those above the limit, those of them that could be computed again, and those that warned."""
    rows = [row for name in STUDIES for row in parquet.read_table(FOLDER / f"{name}.parquet").to_pylist()]
    above = [row for row in rows if row["completeness_error"] > COMPLETENESS]
    entries = {entry.name: entry for entry in registry()}
    tried = warned = 0
    for row in above:
        try:
            entry = entries[row["model"]]
            model = zoo.load(entry.id, weights=_file(weights, entry.sha256))
            assert isinstance(model, SuperResolver)
            lr = downscale(sample(row["image"]).pixels(), row["scale"])
            result = attribute(model, lr, Region(row["x"], row["y"], row["size"]))
        except (LamError, KeyError) as error:
            print(f"{row['model']}, {row['image']}: not computed again ({error})")
            continue
        tried += 1
        warned += warns(result)
        print(f"{row['model']}, {row['image']}: completeness error {result.completeness_error:.2f}, {_said(result)}")
    return len(rows), len(above), tried, warned


def of_architectures(names: list[str]) -> Iterator[tuple[str, Attribution]]:
    """A map for each place of each architecture that runs in three channels."""
    for name in names:
        torch.manual_seed(0)
        try:
            found = detect(BUILDS[name]().state_dict(), name=name)
        except LamError as error:
            print(f"{name}: {error}")
            continue
        scatter(found.module)
        model = SuperResolver(found.module, found.scale, convention=found.convention, name=name, fingerprint=name)
        lr = downscale(sample(SAMPLE).pixels(), 4)[:SIDE, :SIDE]
        for place in PLACES:
            corner = int(place * (SIDE * found.scale - WINDOW))
            try:
                yield name, attribute(model, lr, Region(corner, corner, WINDOW))
            except ZeroMapError as error:
                print(f"{name}: {error}")


def _file(folder: Path | None, sha256: str | None) -> Path | None:
    """The file of a folder with that digest."""
    files = (path for path in folder.rglob("*") if path.is_file()) if folder and sha256 else ()
    return next((path for path in files if hashlib.sha256(path.read_bytes()).hexdigest() == sha256), None)


def _said(result: Attribution) -> str:
    return "warned" if warns(result) else "not warned"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--weights", type=Path, metavar="DIR", help="where weights lie that are not here")
    given = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    maps, above, tried, warned = of_studies(given.weights)
    print(f"shipped studies: {maps} maps, {above} above {COMPLETENESS:g}; of {tried} computed again {warned} warned")
    errors, alarms = [], 0
    for name, result in of_architectures(list(BUILDS)):
        errors.append(result.completeness_error)
        alarms += warns(result)
        if result.completeness_error > COMPLETENESS:
            print(f"{name}: completeness error {result.completeness_error:.2f}, {_said(result)}", flush=True)
    quantiles = ", ".join(f"{np.quantile(errors, q):.3f}" for q in (0.5, 0.9, 0.99))
    print(f"architectures with random weights: {len(errors)} maps, completeness error {quantiles} (50, 90, 99 %)")
    total = maps - above + tried + len(errors)
    print(f"false alarms: {warned + alarms} of {total} ({(warned + alarms) / total:.2%})")


if __name__ == "__main__":
    main()
