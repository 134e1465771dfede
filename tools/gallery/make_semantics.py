"""Makes the shipped results on degradation semantics: `python -m tools.gallery.make_semantics [checkpoints]`.

Every bundled network is asked, and the published ones whose checkpoints are in the folder, recognised by the digests
that the zoo's entries pin. An answer that is there and was given to the same question stays as it is; one whose
network is gone goes.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from dashboard.gallery.semantics.shipped import (
    DEVICE,
    EXAMPLE_ROWS,
    EXAMPLES,
    FOLDER,
    INDEX,
    PICTURES,
    PUBLISHED,
    QUESTIONS,
    RESPONSES,
    RESTORERS,
    SPECIFIC,
    Source,
    answer_file,
)
from lam_core.images import digest as digest_of
from lam_core.images import downscale
from lam_core.images.degradations import Degradation
from lam_core.model import Restorer, SuperResolver
from lam_core.reference import NetworkReference
from lam_core.render import enlarged, png
from lam_core.samples import sample
from lam_core.semantics.result import METHOD_VERSION
from lam_core.semantics.sample_designs import EXAMPLE, RESTORED, SCALE, held_out_samples, sample_design
from lam_core.semantics.turn_off import turn_off
from lam_core.service.store import read, write
from zoo.catalog.entry import Bundled, Entry, GitHub
from zoo.catalog.registry import pinned_digest, registry
from zoo.models.load import load
from zoo.models.reference import feature_reference
from zoo.settings import settings
from zoo.sources.weights import digest, find


def networks(checkpoints: Path) -> Iterator[tuple[Source, NetworkReference]]:
    """The networks to be asked: published ones, then bundled ones."""
    files = {digest(path): path for path in checkpoints.iterdir() if path.is_file()} if checkpoints.is_dir() else {}
    for entry in sorted(registry(), key=lambda e: (e.id not in PUBLISHED, e.id)):
        sha256 = pinned_digest(entry)
        if sha256 is None:
            continue
        path = files.get(sha256) if entry.id in PUBLISHED else None
        bundled = isinstance(entry.weights, Bundled) and find(entry, settings()) is not None
        if path is None and not bundled:
            continue
        model = feature_reference(path or entry.id)
        yield Source(entry.id, entry.name, _origin(entry), sha256, model.fingerprint, entry.scale), model


def answer(checkpoints: Path) -> None:
    """Asks every network what has not been answered yet."""
    listed, kept = [], set()
    for source, model in networks(checkpoints):
        network = None
        for question, ask in QUESTIONS.items():
            path, request = answer_file(question, source.id), ask(model)
            identity = request.identity(DEVICE)
            if not path.is_file() or read(path.read_bytes(), identity) is None:
                network = network or model.load()
                began = time.perf_counter()
                stored = request.pack(request.compute(network, lambda progress: None))
                path.write_bytes(write(identity, stored.summary, stored.arrays))
                print(f"{source.id}: {question} in {time.perf_counter() - began:.0f} s", flush=True)
            kept.add(path)
        listed.append(source)
    # Published networks whose checkpoints are not here keep the answers they have given.
    before = json.loads(INDEX.read_text(encoding="utf-8")) if INDEX.is_file() else []
    absent = [Source(**row) for row in before if row["id"] in set(PUBLISHED) - {source.id for source in listed}]
    kept |= {answer_file(question, source.id) for source in absent for question in QUESTIONS}
    for path in set(FOLDER.glob("*-*.npz")) - kept:
        path.unlink()
    rows = [asdict(source) for source in (*absent, *listed)]
    INDEX.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


def restoring() -> None:
    """Writes what several methods do to several degradations, unless that is what is there."""
    methods = _methods()
    identity = {
        "version": METHOD_VERSION,
        "methods": {name: getattr(method, "fingerprint", name) for name, method in methods.items()},
        "pictures": [digest_of(picture) for picture in held_out_samples()],
        "degradations": [str(degradation) for degradation in RESTORED],
    }
    if RESPONSES.is_file() and json.loads(RESPONSES.read_text(encoding="utf-8"))["identity"] == identity:
        return
    reduced = [downscale(picture, SCALE) for picture in held_out_samples()]
    responses = []
    for method in methods.values():
        # All see the same degraded pictures: those that do not enlarge are compared with the reduced ones.
        images = reduced if method.scale == 1 else held_out_samples()
        responses += turn_off([method], images, RESTORED)
    original = downscale(sample(EXAMPLE).pixels(), SCALE)
    rows = []
    for name in EXAMPLE_ROWS:
        spoilt = Degradation.parse(name).apply(original, (0, 0))
        outputs = [
            method.restore(spoilt) if isinstance(method, Restorer) else method.upscale(spoilt)
            for method in methods.values()
        ]
        side = SCALE * len(original)
        rows.append(np.concatenate([enlarged(one, side) for one in (original, spoilt, *outputs)], axis=1))
    EXAMPLES.write_bytes(png(np.concatenate(rows, axis=0)))
    names = {key: method.name for key, method in methods.items()}
    content = {
        "identity": identity,
        "methods": list(names.values()),
        "specific": names.get(SPECIFIC, ""),
        "rows": [asdict(response) for response in responses],
    }
    RESPONSES.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _methods() -> dict[str, SuperResolver | Restorer]:
    found = {}
    for name in RESTORERS:
        if name not in registry() or (name == "bm3d" and find_spec("bm3d") is None):
            continue
        entry = registry()[name]
        if entry.weights is None or find(entry, settings()) is not None:
            found[name] = load(name)
    return found


def pictures() -> None:
    """Writes the pictures of the sample design, clean, in a row."""
    PICTURES.write_bytes(png(np.concatenate([picture.pixels for picture in sample_design().pictures], axis=1)))


def _origin(entry: Entry) -> str:
    if isinstance(entry.weights, GitHub):
        return f"{entry.weights.repo}@{entry.weights.revision[:7]} {entry.weights.file}"
    return "trained by this project"


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2].parent / "shared" / "weights"
    pictures()
    answer(folder)
    restoring()
