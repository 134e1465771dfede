"""Makes the hot spots that ship: `python -m tools.gallery.make_hot_spots [folder of checkpoints] [ids]`.

In every sample five windows are marked: the suggested one and, in each quarter of the image, the one where bicubic
interpolation is furthest from the HR image, which is where a network is needed most. For each the maps of the
published checkpoints in the folder and of those inside installed packages are computed, by the settings of visitors'
own maps, or those of the given ids alone. Results are kept in the store: an interrupted run goes on where it ended.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import zoo
from dashboard.gallery.hot_spots import SCALE, Figures, HotSpot, write
from dashboard.gallery.shipped import Checkpoint
from dashboard.presentation.decoded_image import Picture, from_sample
from lam_core.attribution.request import AttributionRequest
from lam_core.diffusion.area import area
from lam_core.images import bicubic
from lam_core.reference import ModelReference
from lam_core.region import Region
from lam_core.samples import samples
from lam_core.service.service import Service
from lam_core.service.store import Store
from lam_core.settings import settings
from zoo.catalog.entry import GitHub, Package
from zoo.catalog.registry import registry
from zoo.sources.package import installed
from zoo.sources.weights import digest

SIZE, STRIDE, MARGIN, APART = 16, 8, 16, 40
"""In SR pixels: side of a window, distance of candidates, least distance from the edge, and between two windows."""
LEFT_OUT = ("realesrgan-x4plus",)
"""Its maps take 20 to 60 s each on one core: hours for all samples."""


def make(checkpoints: Path, ids: tuple[str, ...] = ()) -> None:
    """Writes a file for every network, and again after every sample."""
    own = settings()
    service = Service(Store(own.store, own.store_limit), device=own.device)
    pictures = [from_sample(sample, SCALE) for sample in samples()]
    for checkpoint, reference in networks_at_hand(checkpoints):
        if ids and checkpoint.id not in ids:
            continue
        spots: list[HotSpot] = []
        for picture in pictures:
            spots += [_computed(checkpoint, reference, picture, window, service) for window in marked(picture)]
            write(checkpoint, reference.fingerprint, spots)
        print(f"{checkpoint.id}: {len(spots)} maps", flush=True)


def networks_at_hand(checkpoints: Path) -> Iterator[tuple[Checkpoint, ModelReference]]:
    """The published networks whose checkpoint lies in the folder under any name, or in an installed package."""
    files = {digest(path): path for path in checkpoints.iterdir() if path.is_file()}
    for entry in registry():
        if entry.kind != "super-resolver" or entry.scale != SCALE or entry.id in LEFT_OUT:
            continue
        match entry.weights:
            case GitHub(sha256=sha256, repo=repo, revision=revision, file=file) if sha256 in files:
                yield Checkpoint(entry.id, f"{repo}@{revision[:7]} {file}", sha256), zoo.reference(files[sha256])
            case Package() as source if installed(source):
                where = f"{source.distribution} {source.version}, {source.file}"
                yield Checkpoint(entry.id, where, source.sha256), zoo.reference(entry.id)


def marked(picture: Picture) -> tuple[Region, ...]:
    """The suggested window and four others, one a quarter of the image."""
    assert picture.hr is not None
    lost = ((picture.hr - bicubic(picture.lr, picture.scale).astype(float)) ** 2).sum(2)
    chosen = [picture.suggested]
    rows, columns = (range(MARGIN, side - SIZE - MARGIN + 1, STRIDE) for side in lost.shape)
    candidates = sorted(
        (Region(x, y, SIZE) for y in rows for x in columns),
        key=lambda window: -lost[window.y : window.y + SIZE, window.x : window.x + SIZE].sum(),
    )
    for top in (False, True):
        for left in (False, True):
            inside = (w for w in candidates if top == _is_first(w.y, picture.height))
            inside = (w for w in inside if left == _is_first(w.x, picture.width))
            chosen.append(next(w for w in inside if all(_apart(w, other) for other in chosen)))
    return tuple(chosen)


def _is_first(start: int, side: int) -> bool:
    """Whether the middle of a window lies in the first half of a side."""
    return start + SIZE / 2 < side / 2


def _apart(one: Region, other: Region) -> bool:
    return max(abs(one.x - other.x), abs(one.y - other.y)) >= APART


def _computed(
    checkpoint: Checkpoint, reference: ModelReference, picture: Picture, window: Region, service: Service
) -> HotSpot:
    result = service.answer(AttributionRequest(reference, picture.lr, window)).result
    quality = picture.quality(result)
    assert quality is not None
    figures = Figures(
        diffusion_index=round(result.diffusion_index, 4),
        diffusion_index_error=round(result.diffusion_index_error, 4),
        map_error=round(result.map_error, 5),
        completeness_error=round(result.completeness_error, 5),
        nodes=result.nodes,
        seconds=round(result.seconds, 3),
        area=round(area(result.map) / result.map.size, 5),
        psnr=round(quality[0], 3),
    )
    return HotSpot(checkpoint, picture.id, result.image, window, np.rint(255 * result.map).astype(np.uint8), figures)


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2].parent / "shared" / "weights"
    make(folder, tuple(sys.argv[2:]))
