"""Makes the shipped study of degraded inputs: `python -m tools.gallery.make_degraded [folder of checkpoints]`.

Everything in it was fixed in `dashboard.gallery.degraded` before anything was computed. Results are kept in the store,
so that a run that was stopped goes on where it was.
"""

from __future__ import annotations

import sys
from pathlib import Path

from dashboard.gallery.degraded import CHECKPOINTS, DEGRADED, SETTINGS, degradations, image_ids
from lam_core.images.image_sets import of_sample
from lam_core.samples import sample
from lam_core.service.service import Service
from lam_core.service.store import Store
from lam_core.settings import settings
from lam_core.studies.sweeps.sweep import Plan, sweep
from lam_core.studies.sweeps.table import join, write_table
from tools.gallery.make_studies import networks_at_hand


def make(checkpoints: Path) -> None:
    """Writes the table of all networks under all degradations."""
    own = settings()
    service = Service(Store(own.store, own.store_limit), device=own.device)
    models = tuple(one.reference for one in networks_at_hand(checkpoints) if one.id in CHECKPOINTS)
    assert len(models) == len(CHECKPOINTS), f"{checkpoints} lacks checkpoints of {CHECKPOINTS}"
    pictures = tuple(of_sample(sample(name)) for name in image_ids())
    tables = []
    for degradation in degradations():
        swept = sweep(Plan(models, pictures, settings=SETTINGS, degradation=degradation), service)
        assert not swept.faults, swept.faults
        tables.append(swept.table)
        print(f"{degradation}: {len(swept.table)} rows", flush=True)
    write_table(join(tables), DEGRADED)


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2].parent / "shared" / "weights")
