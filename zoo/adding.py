"""New entries from files on the Hub, and pins for entries without one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from zoo import hub
from zoo.entry import Entry, Family, Hub, Input, Published
from zoo.errors import ZooError
from zoo.inspection import Inspection, inspect_file
from zoo.registry import registry
from zoo.settings import ZooSettings
from zoo.transfer import Progress, WrongDigestError, disk_error
from zoo.weights import digest
from zoo.writing import entry_text

TRANSFORMERS = {"ATD", "CRAFT", "DAT", "DRCT", "FDAT", "GRL", "HAT", "IPT", "OmniSR", "RGT", "Swin2SR", "SwinIR"}
TO_FILL = "unknown"
"""What stands for a licence until somebody has looked it up."""
GENERIC = re.compile(r"(pytorch_)?model(_?x?\d+x?)?|weights|checkpoint|net_?g?.*|x\d+|\d+x?")
"""File names that say nothing of a network."""


class CannotPinError(ZooError):
    """An entry to which a pin means nothing."""


@dataclass(frozen=True)
class Added:
    """An entry as it was written, and what a person still has to say."""

    path: Path
    entry: Entry
    inspection: Inspection
    missing: tuple[str, ...]


def add(reference: str, folder: Path, settings: ZooSettings, *, progress: Progress | None = None) -> Added:
    """Fetches `owner/repo:file`, finds out what it is, and writes an entry into `folder`, pinned.

    Raises a `ZooError`: whatever fetching, reading or detecting raises, or `DiskFullError` for the folder.
    """
    source = hub.parse_reference(reference)
    source = source.model_copy(update={"revision": hub.commit(source, settings, committed=False)})
    path = hub.download(source, settings, committed=False, progress=progress)
    inspection = inspect_file(path, name=f"{source.repo}:{source.file}", settings=settings)
    entry = describe(source, inspection, _free_id(source, folder, settings))
    target = folder / f"{entry.id}.toml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        target.write_text(entry_text(entry), encoding="utf-8")
    except OSError as error:
        raise (disk_error(error, target.name) or error) from error
    registry.cache_clear()
    return Added(target, entry, inspection, ("licence", "family", "published"))


def describe(source: Hub, inspection: Inspection, entry_id: str) -> Entry:
    """The entry of a file on the Hub that was looked at; the licence is left open."""
    family: Family = "transformer" if inspection.architecture in TRANSFORMERS else "psnr"
    convention = inspection.convention
    return Entry(
        id=entry_id,
        name=Path(source.file).stem,
        architecture=inspection.architecture,
        scale=inspection.scale,
        family=family,
        tag="published",
        licence=TO_FILL,
        hyperparameters={
            key: list(value) if isinstance(value, tuple) else value
            for key, value in inspection.hyperparameters.items()
            if value is not None
        },
        convention=Input(
            input_range=convention.input_range,
            colour=convention.colour,
            mean=convention.mean,
            pad_multiple=convention.pad_multiple,
            minimum_size=convention.minimum_size,
            square=convention.square,
        ),
        weights=source.model_copy(update={"sha256": inspection.sha256, "bytes": inspection.bytes}),
        published=Published(parameters=inspection.parameters),
    )


def pin(entry: Entry, settings: ZooSettings, *, progress: Progress | None = None) -> Entry:
    """The entry with the commit that its revision means now, and the digest of the file there.

    Raises `CannotPinError` for entries that are not on the Hub, a `FetchError`, or `WrongDigestError` if the file
    is no longer the one that was pinned.
    """
    source = entry.weights
    if not isinstance(source, Hub):
        raise CannotPinError(f"{entry.id} has no file on the Hub to pin")
    commit = hub.commit(source, settings, committed=entry.committed)
    pinned = source.model_copy(update={"revision": commit})
    path = hub.download(pinned, settings, committed=entry.committed, progress=progress)
    found = digest(path)
    if source.sha256 not in (None, found):
        raise WrongDigestError(
            f"{entry.id} pins sha256 {str(source.sha256)[:12]}…, but its source now has {found[:12]}…; "
            "remove the digest from the entry if the change is meant"
        )
    update = {"sha256": found, "bytes": path.stat().st_size}
    return entry.model_copy(update={"weights": pinned.model_copy(update=update)})


def _free_id(source: Hub, folder: Path, settings: ZooSettings) -> str:
    stem = re.sub(r"(\.pth|\.tar|\.safetensors|\.pt|\.ckpt|\.bin)+$", "", Path(source.file).name)
    repo = source.repo.split("/")[1]
    wanted = _slug(f"{repo}-{stem}" if GENERIC.fullmatch(stem.lower()) else stem)
    taken = set(registry(*settings.entries).entries) | {path.stem for path in folder.glob("*.toml")}
    if wanted not in taken:
        return wanted
    return next(name for i in range(2, 1000) if (name := f"{wanted}-{i}") not in taken)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "model"
