"""Every model that has an entry, by id; torch is not needed to look."""

from __future__ import annotations

import difflib
import functools
import logging
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lam_core.convention import fingerprint_of
from zoo.catalog.entry import Bundled, Entry, EntryError, read_entry
from zoo.errors import ZooError
from zoo.overrides import Overrides, overridden

ENTRIES = Path(__file__).parents[1] / "entries"
COMPACT = Path(__file__).parents[1] / "compact"


log = logging.getLogger("lam")


class UnknownModelError(ZooError, LookupError):
    """No entry of that id; the message suggests the nearest."""


@dataclass(frozen=True)
class Registry:
    """Entries by id, in the order of their names."""

    entries: Mapping[str, Entry]
    faults: tuple[str, ...] = ()
    """One sentence for every file of a further folder that is set aside: broken, or of a name that is taken."""

    @classmethod
    def read(cls, folder: Path, *further: Path) -> Registry:
        """Every `<id>.toml` of the folders; an id in a later folder replaces that of an earlier one.

        Raises `EntryError` with all faults of the first folder, the project's own. What is wrong in a further folder
        is set aside and named in `faults`: one broken file must not take the other models away.
        """
        entries, faults = _read(folder)
        if faults:
            raise EntryError("\n".join(faults))
        aside: list[str] = []
        for one in further:
            found, broken = _read(one)
            aside += broken
            for entry_id, entry in found.items():
                taken = next((k for k, e in entries.items() if e.name == entry.name and k != entry_id), None)
                if taken is not None:
                    aside.append(
                        f"{entry_id}.toml: name: {entry.name!r} is that of {taken}; give every model a name of its own"
                    )
                    continue
                entries[entry_id] = entry
        return cls(dict(sorted(entries.items())), tuple(aside))

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries.values())

    def __len__(self) -> int:
        return len(self.entries)

    def __contains__(self, entry_id: object) -> bool:
        return entry_id in self.entries

    def __getitem__(self, entry_id: str) -> Entry:
        try:
            return self.entries[entry_id]
        except KeyError:
            raise UnknownModelError(unknown(entry_id, self.entries)) from None

    def with_digest(self, sha256: str) -> Entry | None:
        """The entry whose weights have that digest: a known checkpoint is recognised under any file name."""
        return next((entry for entry in self if pinned_digest(entry) == sha256), None)


def _read(folder: Path) -> tuple[dict[str, Entry], list[str]]:
    """The entries of a folder by id, and the faults of its other files."""
    entries: dict[str, Entry] = {}
    faults: list[str] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            entries[path.stem] = read_entry(path)
        except EntryError as error:
            faults.append(str(error))
    return entries, faults


def unknown(entry_id: str, known: Iterable[str]) -> str:
    """The sentence for an id that nobody has.

    >>> unknown("edrs", ["edsr", "imdn"])
    "no model 'edrs'; did you mean edsr? `lam zoo list` shows all"
    """
    near = difflib.get_close_matches(entry_id.lower(), list(known), n=3, cutoff=0.6)
    guess = f"; did you mean {' or '.join(near)}?" if near else ";"
    return f"no model {entry_id!r}{guess} `lam zoo list` shows all"


@functools.cache
def registry(*folders: Path) -> Registry:
    """The entries that come with this project, and those of further folders; read once."""
    found = Registry.read(ENTRIES, *folders)
    for fault in found.faults:
        log.warning("entry", extra={"fields": {"reason": fault}})
    return found


def card(entry: Entry) -> Mapping[str, Any]:
    """What the training run wrote beside bundled weights; empty for other entries and before any run."""
    if not isinstance(entry.weights, Bundled):
        return {}
    path = (COMPACT / entry.weights.file).with_suffix(".toml")
    try:
        return _card(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        return {}


@functools.lru_cache(maxsize=256)
def _card(path: Path, stamp: int) -> Mapping[str, Any]:
    """A card as it was written at `stamp`: every page asks for those of all networks, at every click."""
    return tomllib.loads(path.read_text(encoding="utf-8"))


def baseline_of(entry_id: str) -> str | None:
    """Id of the network that an entry's was fine-tuned from; None where it is not known or there is no such entry."""
    entry = registry().entries.get(entry_id)
    return entry.fine_tuned_from if entry else None


def pinned_digest(entry: Entry) -> str | None:
    """The digest that the weights must have, as far as it is known without them."""
    return card(entry).get("sha256") if isinstance(entry.weights, Bundled) else entry.sha256


def entry_fingerprint(entry: Entry, sha256: str, overrides: Overrides | None = None) -> str:
    """The fingerprint of an entry's model, without conditions, whose weights' file has that digest."""
    convention = overridden(entry.declared_convention(), overrides or {})
    return fingerprint_of(sha256, entry.network, entry.scale, convention)
