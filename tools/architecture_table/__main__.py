"""Makes docs/architectures.md: `python -m tools.architecture_table [--only NAME …] [--again]`.

Rows are kept in a file while the table is made, so that an interrupted run goes on where it stood.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict
from pathlib import Path

import torch

from tools.architecture_table.builds import BUILDS, OWN
from tools.architecture_table.measure import SIDE, SIZES, WINDOW, Row, row

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "docs" / "architectures.md"
KEPT = ROOT / "build" / "architecture-rows.json"

HEAD = f"""# What attribution makes of every architecture

Every architecture of this project and of spandrel, in the smallest build whose weights are still recognised, with
random weights. Made by `python -m tools.architecture_table`; do not edit.

- **Run** says whether the window's dependency cone is cropped, and which share of the multiply-adds that saves for a
  window of {WINDOW} SR pixels in the middle of {SIDE}×{SIDE} LR pixels; small builds have small cones, so the saving of
  published sizes is lower. Where the network runs whole, the reason stands instead.
- **Error** is the largest relative difference of D and its input gradient from plain autograd on an untouched copy, in
  float64, at {SIZES[0][0]}×{SIZES[0][1]} and {SIZES[1][0]}×{SIZES[1][1]} LR pixels, three points of a path in one call.
- **Batch** is the largest relative difference between those three points together and one by one.
- **Reach** is how many LR pixels beyond the window its gradient extends, measured; *global* where it is all of them.
- **State** says whether parameters, buffers and attributes are afterwards what they were.
- **Plan** is the time of the first plan of a float32 network, on one thread.
"""


def line(found: Row) -> str:
    """A row of the Markdown table."""
    where = "this project" if found.architecture in OWN else "spandrel"
    state = f"**changed**: {found.state}" if found.state else "unchanged"
    state += f"; {found.note}" if found.note else ""
    if found.refused:
        scale = found.scale or "–"
        return f"| {found.architecture} | {where} | {scale} | refused: {found.refused} | – | – | – | – | {state} | – |"
    run = f"cropped, saves {found.saving:.1%}" if not found.whole else f"whole: {found.whole}"
    reach = "global" if found.reach < 0 else f"local, {found.reach}"
    errors = " | ".join(f"{error:.1e}" for error in found.errors)
    return (
        f"| {found.architecture} | {where} | {found.scale} | {run} | {errors} | {found.alone:.1e} | {reach} | {state} "
        f"| {found.plan_seconds:.2f} s |"
    )


def table(rows: dict[str, Row]) -> str:
    """The whole page."""
    sizes = " | ".join(f"Error {h}×{w}" for h, w in SIZES)
    columns = f"| Architecture | From | Scale | Run | {sizes} | Batch | Reach | State | Plan |"
    lines = [line(rows[name]) for name in BUILDS if name in rows]
    return "\n".join([HEAD, columns, "|---" * 10 + "|", *lines, ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=list(BUILDS), help="architectures to measure again")
    parser.add_argument("--again", action="store_true", help="forget rows that were kept")
    given = parser.parse_args()
    torch.set_num_threads(1)
    kept: dict[str, Row] = {}
    if KEPT.is_file() and not given.again:
        kept = {
            name: Row(**{**fields, "errors": tuple(fields["errors"])})
            for name, fields in json.loads(KEPT.read_text()).items()
        }
    wanted = [name for name in given.only if name not in kept or given.only != list(BUILDS)]
    KEPT.parent.mkdir(exist_ok=True)
    for name in wanted:
        began = time.perf_counter()
        kept[name] = row(name)
        print(f"{time.perf_counter() - began:6.1f} s  {line(kept[name])}", flush=True)
        KEPT.write_text(json.dumps({name: asdict(found) for name, found in kept.items()}, indent=1))
    TABLE.write_text(table(kept))


if __name__ == "__main__":
    main()
