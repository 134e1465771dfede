"""Makes what ships: `python -m tools.gallery.make [folder of published checkpoints]`.

The checkpoints are recognised by the digests that the zoo's entries pin, whatever the files are called. Results and
thumbnails are written beside this file; the checkpoints are read and nothing of them is kept. A result that is there
already and answers the same request is left as it is.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

import zoo
from dashboard.gallery.shipped import DEVICE, FIRST, FOLDER, MEASURED, THUMBNAILS, Checkpoint
from dashboard.presentation import questions
from dashboard.presentation.decoded_image import Picture, from_sample
from dashboard.presentation.view import FIRST_SAMPLE
from dashboard.widgets.thumbnails import thumbnail
from lam_core.attribution.checks.map_checks import CHECKS, Subject
from lam_core.attribution.request import AttributionRequest
from lam_core.attribution.settings import AttributionSettings
from lam_core.samples import sample, samples
from lam_core.service.request import Request
from lam_core.service.store import canonical, read, request_of, write
from zoo.catalog.entry import Bundled, GitHub, Package
from zoo.catalog.registry import pinned_digest, registry
from zoo.inspection.check_entry import check_file
from zoo.models.reference import Reference
from zoo.settings import ZooSettings
from zoo.sources.weights import digest, find

SHOWN = ("fsrcnn", "carn-m", "imdn")
"""On the first page: published networks of growing receptive field: 17 LR pixels, some forty, all of the input."""
FURTHER = ("fsrcnn-rgb", "srgan", "pan", "rfdn", "craft")
"""Beside them on the compare page."""
PACKAGED = ("span-ch48", "realesr-animevideov3", "realesrgan-x4plus-anime")
"""Networks inside packages of the package index, which the first page shows where they are installed."""
EXAMINED = "imdn"
"""The network whose other methods and checks ship as well."""
MAPPED = ("fsrcnn", "carn-m")
"""Networks whose DI of every window of the first picture ships."""
SETTINGS = AttributionSettings()
"""The same as for visitors' own maps: only so may their DI be compared."""
THUMBNAIL = 84


def results(checkpoints: Path) -> None:
    """Writes the shipped results. Raises `FileNotFoundError` for a checkpoint that is not in the folder."""
    picture = from_sample(sample(FIRST_SAMPLE), 4)
    files = {digest(path): path for path in checkpoints.iterdir() if path.is_file()}
    found, requests = [], {}
    for name in (*SHOWN, *FURTHER):
        weights = registry()[name].weights
        assert isinstance(weights, GitHub)
        if weights.sha256 not in files:
            raise FileNotFoundError(f"no file in {checkpoints} has the sha256 {weights.sha256} of {name}")
        reference = zoo.reference(files[weights.sha256])
        assert isinstance(reference, Reference)
        request = AttributionRequest(reference, picture.lr, picture.suggested, SETTINGS)
        made(request, f"first-{name}.npz")
        found.append(Checkpoint(name, f"{weights.repo}@{weights.revision[:7]} {weights.file}", weights.sha256))
        if name in MAPPED:
            made(questions.tiles(reference, picture, picture.suggested.size, SETTINGS), f"{name}-tiles.npz")
        requests[name] = request
    packaged = []
    for name in PACKAGED:
        source = registry()[name].weights
        assert isinstance(source, Package)
        reference = zoo.reference(name)
        assert isinstance(reference, Reference)
        made(AttributionRequest(reference, picture.lr, picture.suggested, SETTINGS), f"first-{name}.npz")
        packaged.append(Checkpoint(name, f"{source.distribution} {source.version}, {source.file}", source.sha256))
    window = picture.suggested
    content = {
        "sample": FIRST_SAMPLE,
        "window": [window.x, window.y, window.size],
        "shown": SHOWN,
        "examined": EXAMINED,
        "checkpoints": [asdict(one) for one in found],
        "packaged": [asdict(one) for one in packaged],
        "mapped": MAPPED,
    }
    FIRST.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    for file, question in _questions(requests[EXAMINED], picture):
        made(question, f"{EXAMINED}-{file}.npz")


def _questions(request: AttributionRequest, picture: Picture) -> Iterator[tuple[str, Request[Any]]]:
    """Every other method and every check of a map, each with a name for its file."""
    for name in questions.METHODS:
        if name != "lam":
            yield name, questions.method(request, name)
    for detector in ("intensity", "gabor"):
        yield detector, questions.method(request, "lam", detector)
    yield "saturation", questions.saturation(request)
    subject = Subject(request, made(request, f"first-{EXAMINED}.npz"), picture.hr, picture.id)
    for name, check in CHECKS.items():
        yield name, check.request(subject)


def made(request: Request[Any], name: str) -> Any:
    """The result of a request, from the file of that name or computed and written into it."""
    path, identity = FOLDER / name, request.identity(DEVICE)
    if path.is_file():
        content = path.read_bytes()
        stored_for = request_of(content)
        if stored_for is not None and canonical(stored_for) == canonical(identity):
            stored = read(content)
            if stored is not None:
                return request.restore(stored)
    began = time.perf_counter()
    result = request.compute(request.model.load(), lambda progress: None)
    packed = request.pack(result)
    # The displayed map follows from the signed one, whose error is far above that of single precision.
    arrays = {
        key: array.astype(np.float32) if key == "signed" else array
        for key, array in packed.arrays.items()
        if key != "map"
    }
    path.write_bytes(write(identity, packed.summary, arrays))
    print(f"{name}: {time.perf_counter() - began:.0f} s, {path.stat().st_size / 1024:.0f} KiB", flush=True)
    return result


def reports(checkpoints: Path) -> None:
    """Writes what a check finds on every entry whose weights are bundled, in an installed package or in the folder."""
    files = {digest(path): path for path in checkpoints.iterdir() if path.is_file()}
    found = {}
    for entry in registry():
        sha256 = pinned_digest(entry)
        at_hand = isinstance(entry.weights, (Bundled, Package))
        path = find(entry, ZooSettings(offline=True)) if at_hand else files.get(sha256 or "")
        if sha256 is not None and path is not None:
            found[entry.id] = {"sha256": sha256, "report": check_file(entry, path).as_dict()}
            print(f"{entry.id}: checked", flush=True)
    MEASURED.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def thumbnails() -> None:
    """Writes the small pictures of all samples."""
    urls = {one.id: thumbnail(one.pixels()) for one in samples()}
    THUMBNAILS.write_text(json.dumps(urls, indent=0) + "\n", encoding="utf-8")


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2].parent / "shared" / "weights"
    thumbnails()
    results(folder)
    reports(folder)
