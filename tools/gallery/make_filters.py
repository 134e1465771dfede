"""Makes the shipped results on filters: `python -m tools.gallery.make_filters`.

Every bundled network that was fine-tuned from another bundled one is asked. An answer that is there and was given to
the same question stays as it is.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import zoo
from dashboard.gallery.filters.shipped import (
    DEGRADATIONS,
    DEVICE,
    FOLDER,
    example,
    pairs,
    pictures_file,
    pictures_request,
    study_file,
    study_request,
)
from lam_core.service.progress import Progress
from lam_core.service.request import Request
from lam_core.service.store import read, write


def make() -> None:
    """Writes the study of every pair, and SR images of the example for the first degradation."""
    kept = set()
    for pair in pairs():
        target, baseline = zoo.reference(pair.target), zoo.reference(pair.baseline)
        study = made(study_request(target, baseline), study_file(pair.target))
        made(pictures_request(target, baseline, study, DEGRADATIONS[0], example()), pictures_file(pair.target))
        kept |= {study_file(pair.target), pictures_file(pair.target)}
    for path in set(FOLDER.glob("*.npz")) - kept:
        path.unlink()


def made(request: Request[Any], path: Path) -> Any:
    """The result of a request, from its file or computed and written into it."""
    identity = request.identity(DEVICE)
    stored = read(path.read_bytes(), identity) if path.is_file() else None
    if stored is None:
        said = ""

        def report(progress: Progress) -> None:
            nonlocal said
            if progress.text != said:
                print(f"{path.stem}: {progress.text}", file=sys.stderr, flush=True)
                said = progress.text

        stored = request.pack(request.compute(request.model.load(), report))
        path.write_bytes(write(identity, stored.summary, stored.arrays))
        print(f"{path.stem}: {path.stat().st_size / 1024:.0f} KiB", flush=True)
    return request.restore(stored)


if __name__ == "__main__":
    make()
