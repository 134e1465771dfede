"""`python -m tools.pressure`, or `make pressure`: what a public server meets beside ordinary visits, a line a trial.

Everything runs on this computer's loopback and ends by itself.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tools.pressure.deleting import delete
from tools.pressure.ending import end, stop
from tools.pressure.pictures import many_pictures
from tools.pressure.slowness import closed_doors, dribble
from tools.pressure.tabs import many_tabs

TRIALS: dict[str, Callable[[Path], tuple[list[str], dict]]] = {
    "pictures": many_pictures,
    "deleting": delete,
    "tabs": many_tabs,
    "ending": end,
    "stopping": stop,
    "slow clients": dribble,
    "closed doors": closed_doors,
}


def main() -> None:
    """Runs the trials and prints their figures; exit code 1 if one of them failed."""
    parser = argparse.ArgumentParser(prog="tools.pressure")
    parser.add_argument("trials", nargs="*", metavar="TRIAL", help=f"of {', '.join(TRIALS)}; all of them")
    chosen = parser.parse_args().trials or list(TRIALS)
    folder = Path(tempfile.mkdtemp(prefix="pressure-"))
    failed = False
    try:
        for name in chosen:
            place = folder / name.replace(" ", "-")
            place.mkdir()
            began = time.monotonic()
            faults, figures = TRIALS[name](place)
            failed |= bool(faults)
            figures = {**figures, "seconds": round(time.monotonic() - began), "faults": faults[:5]}
            print(json.dumps({name: figures}, ensure_ascii=False), flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
