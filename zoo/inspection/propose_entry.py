"""New entries from files that no entry describes yet, and pins for entries without one."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from lam_core.condition import in_words
from lam_core.convention import Convention
from zoo.catalog.entry import Entry, Family, Hub, Input, Local, Published
from zoo.catalog.registry import registry
from zoo.catalog.toml_writer import entry_text, is_written
from zoo.errors import ZooError
from zoo.models.target import Code, target_of
from zoo.overrides import Overrides
from zoo.settings import ZooSettings
from zoo.sources import hub, openmodeldb
from zoo.sources.openmodeldb import OpenModelDB
from zoo.sources.transfer import Progress, WrongDigestError, disk_error
from zoo.sources.weights import digest, entry_of_file

if TYPE_CHECKING:
    from zoo.inspection.inspection import Inspection

TRANSFORMERS = {"ATD", "CRAFT", "DAT", "DRCT", "FDAT", "GRL", "HAT", "IPT", "OmniSR", "RGT", "Swin2SR", "SwinIR"}
TO_FILL = "unknown"
"""What stands for a licence until somebody has looked it up."""
GENERIC = re.compile(r"(pytorch_)?model(_?x?\d+x?)?|weights|checkpoint|net_?g?.*|x\d+|\d+x?")
"""File names that say nothing of a network."""


class CannotPinError(ZooError):
    """An entry to which a pin means nothing."""


class NothingToAddError(ZooError):
    """A name that means no file of weights."""


@dataclass(frozen=True)
class Found:
    """A file of weights on this machine, and where it is from."""

    source: Hub | Local
    path: Path
    name: str


@dataclass(frozen=True)
class Proposal:
    """An entry for a file, and all that was found out on the way; nothing is written yet."""

    entry: Entry
    inspection: Inspection
    file: Path
    missing: tuple[str, ...] = ("licence", "family", "published")
    """What a person still has to say."""
    known: Entry | None = None
    """The entry that pins this very file already."""

    @property
    def text(self) -> str:
        """The entry as a TOML file."""
        return entry_text(self.entry)

    def read_as(self, read: Convention) -> Proposal:
        """The same with another value for white, order of channels and mean."""
        changed = {"input_range": read.input_range, "colour": read.colour, "mean": read.mean}
        convention = self.entry.convention.model_copy(update=changed)
        return replace(self, entry=self.entry.model_copy(update={"convention": convention}))


@dataclass(frozen=True)
class Added:
    """An entry as it was written, and what a person still has to say."""

    path: Path
    entry: Entry
    inspection: Inspection
    missing: tuple[str, ...]


def add(
    reference: str,
    folder: Path,
    settings: ZooSettings,
    *,
    progress: Progress | None = None,
    **overrides: Unpack[Overrides],
) -> Added:
    """Finds out what `owner/repo:file` or a file of one's own is, and writes an entry into `folder`, pinned.

    `overrides` go before what is found out, and stand in the entry. Raises a `ZooError`: whatever fetching, reading or
    detecting raises, `NothingToAddError` for a condition, which no entry holds, or `DiskFullError` for the folder.
    """
    if condition := overrides.get("condition"):
        raise NothingToAddError(
            f"an entry holds no condition, and {in_words(condition)} was given; give it where the network is used, as "
            "`lam attribute --condition`"
        )
    found = find(reference, settings, progress=progress)
    proposal = propose(found, settings, taken={path.stem for path in folder.glob("*.toml")}, **overrides)
    target = folder / f"{proposal.entry.id}.toml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        target.write_text(proposal.text, encoding="utf-8")
    except OSError as error:
        raise (disk_error(error, target.name) or error) from error
    registry.cache_clear()
    return Added(target, proposal.entry, proposal.inspection, proposal.missing)


def find(reference: str, settings: ZooSettings, *, progress: Progress | None = None) -> Found:
    """Fetches the file that `owner/repo:file` or an address on huggingface.co means, at the commit of this moment.

    Unless this serves strangers, a path to a file of one's own will do. Raises a `ZooError`.
    """
    target = target_of(reference.strip(), settings)
    match target:
        case Hub():
            hub.check_owner(target.repo, settings)
            target = target.model_copy(update={"revision": hub.commit(target, settings, committed=False)})
            path = hub.download(target, settings, committed=False, progress=progress)
            return Found(target, path, f"{target.repo}:{target.file}")
        case Path():
            source = Local(source="local", file=plain_name(target.name), note="a file of one's own; nobody serves it")
            return Found(source, target, target.name)
        case OpenModelDB():
            path = openmodeldb.fetch(target, settings, progress=progress)
            note = f"{target.name} of OpenModelDB, which `lam zoo fetch omdb:{target.name}` fetches"
            source = Local(source="local", file=plain_name(f"{target.name}{path.suffix}"), note=note)
            return Found(source, path, target.name)
        case Entry():
            raise NothingToAddError(f"{target.id} has an entry already; choose it in the list")
        case Code():
            raise NothingToAddError(f"{reference} is Python code; `lam dashboard --with {reference}` shows its network")


def propose(
    found: Found, settings: ZooSettings, *, taken: Collection[str] = (), **overrides: Unpack[Overrides]
) -> Proposal:
    """What the file is, and the entry that would say so, under an id that is not `taken`. Raises a `ZooError`."""
    # Imported here: a file that cannot be had, and a pin, need no PyTorch.
    from zoo.inspection.inspection import inspect_file

    inspection = inspect_file(found.path, name=found.name, settings=settings, **overrides)
    entry_id = _free_id(found.source, {*taken, *registry(*settings.entries).entries})
    entry = describe(found.source, inspection, entry_id).model_copy(update={"params": overrides.get("params")})
    return Proposal(entry, inspection, found.path, known=entry_of_file(found.path, settings))


def describe(source: Hub | Local, inspection: Inspection, entry_id: str) -> Entry:
    """The entry of a file that was looked at; the licence is left open."""
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
            if is_written(value)
        },
        convention=Input(
            input_range=convention.input_range,
            colour=convention.colour,
            mean=convention.mean,
            pad_multiple=convention.pad_multiple,
            minimum_size=convention.minimum_size,
            square=convention.square,
        ),
        weights=source.model_copy(
            update={"sha256": inspection.sha256} | ({"bytes": inspection.bytes} if isinstance(source, Hub) else {})
        ),
        published=Published(parameters=inspection.parameters),
        note=" ".join(f"{note}." for note in inspection.notes) or None,
        committed=False,
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


def plain_name(text: str) -> str:
    """A file's name in the characters that entries allow.

    >>> plain_name("my net (2).pth")
    'my-net-2-.pth'
    """
    return re.sub(r"[^A-Za-z0-9._]+", "-", text).lstrip("._-") or "weights"


def _free_id(source: Hub | Local, taken: Collection[str]) -> str:
    stem = re.sub(r"(\.pth|\.tar|\.safetensors|\.pt|\.ckpt|\.bin)+$", "", Path(source.file).name)
    repo = f"{source.repo.split('/')[1]}-" if isinstance(source, Hub) else ""
    wanted = _slug(f"{repo}{stem}" if GENERIC.fullmatch(stem.lower()) else stem)
    if wanted not in taken:
        return wanted
    return next(name for i in range(2, 1000) if (name := f"{wanted}-{i}") not in taken)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "model"
