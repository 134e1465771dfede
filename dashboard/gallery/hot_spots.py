"""Maps that ship for marked windows of every sample, by networks whose weights are not part of the project.

Apart from the first visit's results: of these only the displayed map ships, in steps of 1/255, and its figures, so
that 44 samples with five windows each stay small.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.gallery.shipped import FOLDER, Checkpoint
from lam_core.attribution.settings import METHOD_VERSION, AttributionSettings
from lam_core.region import Region
from zoo.catalog.registry import entry_fingerprint, pinned_digest, registry

HOT_SPOTS = FOLDER / "hot_spots"
"""One file a network: `maps` uint8 [windows, h, w], 255 the largest of each map, and `about`, JSON."""
SCALE = 4
"""Scale of the samples at which windows are marked."""


@dataclass(frozen=True)
class Figures:
    """The figures of a map, from the map before it was rounded; for their meaning see `Attribution`."""

    diffusion_index: float
    diffusion_index_error: float
    map_error: float
    completeness_error: float
    nodes: int
    seconds: float
    area: float
    """Share of the LR pixels of the field that holds 95 % of the map."""
    psnr: float
    """PSNR of the network's image of the field, in dB on luma."""


@dataclass(frozen=True, eq=False)
class HotSpot:
    """What one network showed of one marked window."""

    network: Checkpoint
    sample: str
    """The sample's id."""
    image: str
    """Digest of the LR image."""
    window: Region
    steps: NDArray[np.uint8]
    """The displayed map of the whole LR image [h, w], 255 its maximum."""
    figures: Figures

    @property
    def map(self) -> NDArray[np.float64]:
        """The displayed map, [h, w] in [0, 1]."""
        return self.steps / 255


def write(network: Checkpoint, fingerprint: str, spots: Sequence[HotSpot]) -> None:
    """Keeps the maps of a network in place of those before."""
    rows = [
        {"sample": s.sample, "image": s.image, "window": list(vars(s.window).values()), **asdict(s.figures)}
        for s in spots
    ]
    about = {"network": asdict(network), "asked": _asked(fingerprint), "windows": rows}
    path = HOT_SPOTS / f"{network.id}.npz"
    path.parent.mkdir(exist_ok=True)
    maps = np.stack([spot.steps for spot in spots])
    np.savez_compressed(path, allow_pickle=False, about=np.array(json.dumps(about)), maps=maps)


def marked_windows(sample: str) -> tuple[Region, ...]:
    """The windows of a sample for which maps ship."""
    return tuple(dict.fromkeys(window for name, window in _by_place() if name == sample))


def hot_spots(sample: str, window: Region) -> dict[str, HotSpot]:
    """The maps that ship for a window of a sample, by the network's id."""
    return _by_place().get((sample, window), {})


def networks_of_hot_spots() -> set[str]:
    """The ids of the networks whose maps ship for some window."""
    return {name for spots in _by_place().values() for name in spots}


@functools.cache
def _by_place() -> dict[tuple[str, Region], dict[str, HotSpot]]:
    found: dict[tuple[str, Region], dict[str, HotSpot]] = {}
    for path in sorted(HOT_SPOTS.glob("*.npz")):
        for spot in _read(path):
            found.setdefault((spot.sample, spot.window), {})[spot.network.id] = spot
    return found


def _read(path: Path) -> list[HotSpot]:
    """The maps of a file; none where its network or the method has changed since."""
    with np.load(path, allow_pickle=False) as archive:
        about, maps = json.loads(str(archive["about"])), archive["maps"]
    network = Checkpoint(**about["network"])
    entry = registry().entries.get(network.id)
    if entry is None or pinned_digest(entry) != network.sha256:
        return []
    if about["asked"] != _asked(entry_fingerprint(entry, network.sha256)):
        return []
    return [_spot(network, row, values) for row, values in zip(about["windows"], maps, strict=True)]


def _asked(fingerprint: str) -> dict[str, Any]:
    """What a map depends on beside image and window."""
    return {"version": METHOD_VERSION, "fingerprint": fingerprint, "settings": AttributionSettings().as_dict()}


def _spot(network: Checkpoint, row: dict[str, Any], values: NDArray[np.uint8]) -> HotSpot:
    sample, image, window = row.pop("sample"), row.pop("image"), Region(*row.pop("window"))
    return HotSpot(network, sample, image, window, values, Figures(**row))
