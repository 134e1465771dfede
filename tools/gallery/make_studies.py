"""Makes the studies that ship: `python -m tools.gallery.make_studies [folder of checkpoints] [ids left out]`.

What is studied was fixed before anything was computed: every compact network of the zoo at ×4 and the published
checkpoints that are here; the central window of 16 SR pixels of every sample that is no drawn pattern, for patterns
have the laboratory; the settings of visitors' own maps. Only what changed since the last time is computed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

import zoo
from dashboard.gallery import study_maps
from dashboard.gallery.studies import CONTENT, LABORATORY, NETWORKS, PATTERNS, SWEEP, StudiedNetwork, studied_networks
from lam_core.attribution.checks.check import examine
from lam_core.attribution.checks.requests import build_of
from lam_core.attribution.request import AttributionRequest
from lam_core.attribution.settings import METHOD_VERSION, AttributionSettings
from lam_core.images import digest, downscale, mod_crop
from lam_core.images.image_sets import Picture, of_sample
from lam_core.reference import ModelReference
from lam_core.region import Region
from lam_core.samples import samples
from lam_core.samples.catalogue import PATTERNS as PATTERN_KINDS
from lam_core.service.service import Service
from lam_core.service.store import Store
from lam_core.settings import settings
from lam_core.studies.content_study import features_of
from lam_core.studies.sweeps.sweep import Plan, sweep
from lam_core.studies.sweeps.table import join, read_table, write_table
from zoo.catalog.entry import GitHub
from zoo.catalog.registry import pinned_digest, registry
from zoo.sources.weights import digest as file_digest

SCALE = 4
IN_LABORATORY = ("fsrcnn", "carn-m", "imdn", "fsrcnn-c")
"""Networks of growing receptive field whose curves ship; the page computes those of others."""


@dataclass(frozen=True)
class Network:
    """A network to study."""

    id: str
    reference: ModelReference
    source: str
    sha256: str


def make(checkpoints: Path, left_out: Collection[str] = ()) -> None:
    """Writes the tables and what is known of their networks; entries of the ids in `left_out` are not studied."""
    own = settings()
    service = Service(Store(own.store, own.store_limit), device=own.device)
    networks = [network for network in networks_at_hand(checkpoints) if network.id not in left_out]
    pictures = [of_sample(sample) for sample in samples() if sample.kind not in PATTERN_KINDS]
    table = refreshed(SWEEP, networks, pictures, service)
    features_of(table, pictures).to_parquet(CONTENT, index=False)
    maps(table, networks, pictures, service)
    chosen = [network for network in networks if network.id in IN_LABORATORY]
    refreshed(LABORATORY, chosen, [pattern.picture for pattern in PATTERNS], service)
    known = {n.fingerprint: n for n in studied_networks()} if NETWORKS.exists() else {}
    facts = [known.get(n.reference.fingerprint) or measured(n, service) for n in networks]
    rows = [{**vars(fact), "build": fact.build.to_dict()} for fact in facts]
    NETWORKS.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


def networks_at_hand(checkpoints: Path) -> list[Network]:
    """The compact networks, then the published ones whose checkpoint lies in the folder under any name."""
    files = {file_digest(path): path for path in checkpoints.iterdir() if path.is_file()}
    found = []
    for entry in registry():
        sha256 = pinned_digest(entry)
        if entry.kind != "super-resolver" or entry.scale != SCALE or sha256 is None:
            continue
        if entry.tag == "compact":
            found.append(Network(entry.id, zoo.reference(entry.id), "trained by this project", sha256))
        elif isinstance(entry.weights, GitHub) and sha256 in files:
            source = f"{entry.weights.repo}@{entry.weights.revision[:7]} {entry.weights.file}"
            found.append(Network(entry.id, zoo.reference(files[sha256]), source, sha256))
    return sorted(found, key=lambda network: (registry()[network.id].tag, network.id))


def refreshed(path: Path, networks: Sequence[Network], pictures: Sequence[Picture], service: Service) -> pd.DataFrame:
    """The table at `path`, written again with the rows of networks that it lacks or that have changed."""
    old = read_table(path) if path.exists() else None
    digests = {picture.name: digest(mod_crop(picture.open().pixels, SCALE)) for picture in pictures}
    parts = []
    for network in networks:
        part = None if old is None else _kept(old, network.reference, digests)
        if part is None:
            swept = sweep(Plan((network.reference,), tuple(pictures)), service)
            print(
                f"{path.stem}, {network.id}: {len(swept.table)} rows", *map(str, swept.faults), sep="\n  ", flush=True
            )
            part = swept.table
        parts.append(part)
    table = join(parts)
    write_table(table, path)
    return table


def _kept(old: pd.DataFrame, reference: ModelReference, digests: dict[str, str]) -> pd.DataFrame | None:
    about = old.attrs["about"]
    asked = (METHOD_VERSION, AttributionSettings().as_dict(), digests, reference.fingerprint)
    held = (about["method_version"], about["settings"], about["images"], about["models"].get(reference.name))
    if asked != held:
        return None
    part = old.iloc[np.flatnonzero(old["model"] == reference.name)].reset_index(drop=True)
    part.attrs["about"] = {**about, "models": {reference.name: reference.fingerprint}}
    return part


def maps(table: pd.DataFrame, networks: Sequence[Network], pictures: Sequence[Picture], service: Service) -> None:
    """Writes the maps of a table's windows, one an image, for some networks; those that did not change stay."""
    windows = {row[0]: Region(*row[1:]) for row in table[["image", "x", "y", "size"]].to_numpy().tolist()}
    hr = {picture.name: mod_crop(picture.open().pixels, SCALE) for picture in pictures if picture.name in windows}
    about = {
        "method_version": METHOD_VERSION,
        "settings": AttributionSettings().as_dict(),
        "images": {image: digest(pixels) for image, pixels in hr.items()},
    }
    held, old = study_maps.read()
    found = {}
    for network in networks:
        reference = network.reference
        if held == about and reference.fingerprint in old:
            found[reference.fingerprint] = old[reference.fingerprint]
            continue
        requests = [
            AttributionRequest(reference, downscale(pixels, reference.scale), windows[image], AttributionSettings())
            for image, pixels in hr.items()
        ]
        drawn = [np.rint(255 * service.answer(request).result.map) for request in requests]
        found[reference.fingerprint] = np.stack(drawn).astype(np.uint8)
        print(f"maps, {network.id}: {len(drawn)}", flush=True)
    study_maps.write(about, found)


def measured(network: Network, service: Service) -> StudiedNetwork:
    """A network with its depth, width, parameters and probed receptive field."""
    build = examine(service, build_of(network.reference)).result
    reference = network.reference
    return StudiedNetwork(network.id, reference.name, reference.fingerprint, network.source, network.sha256, build)


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2].parent / "shared" / "weights"
    make(folder, sys.argv[2:])
