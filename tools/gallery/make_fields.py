"""Makes the shipped receptive fields: `python -m tools.gallery.make_fields [folder of checkpoints] [ids left out]`.

Every compact network of the zoo and every published checkpoint that is here, over all samples that are no drawn
patterns. An answer that is there and was given to the same question stays as it is.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path

from dashboard.gallery.fields.shipped import TABLE, ShippedFields
from lam_core.fields.request import standard_request
from tools.gallery.make import made
from tools.gallery.make_studies import networks_at_hand


def make(checkpoints: Path, left_out: Collection[str] = ()) -> None:
    """Writes one file a network, and the table of areas; files of other networks go."""
    rows = []
    for network in networks_at_hand(checkpoints):
        if network.id in left_out:
            continue
        found = made(standard_request(network.reference), f"fields/{network.id}.npz")
        rows.append(ShippedFields(network.id, network.source, network.sha256, found.to_dict()))
    TABLE.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", encoding="utf-8")
    for path in set(TABLE.parent.glob("*.npz")) - {TABLE.with_name(f"{row.id}.npz") for row in rows}:
        path.unlink()


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2].parent / "shared" / "weights"
    make(folder, sys.argv[2:])
