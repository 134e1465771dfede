"""Measured facts of networks: those that ship, those measured here before, and measuring them now."""

from __future__ import annotations

from contextlib import suppress

from dashboard.app_pages.zoo.background_task import Tell, fetching
from dashboard.gallery.shipped import shipped_report
from dashboard.state import visitor
from lam_core.service.store import Store, StoreWriteError
from zoo.catalog.entry import Entry
from zoo.catalog.registry import entry_fingerprint, pinned_digest
from zoo.inspection.report import Report
from zoo.settings import settings as zoo_settings
from zoo.sources.weights import digest, find

VERSION = 1
"""Part of every report's key: raised whenever the same weights would be reported on otherwise."""


def at_hand(entry: Entry) -> Report | None:
    """What is known already of a network whose weights are known."""
    sha256 = pinned_digest(entry)
    if sha256 is not None and (report := shipped_report(entry.id, sha256)):
        return report
    if sha256 is None and (path := find(entry, zoo_settings())):
        sha256 = digest(path)
    store = visitor.service().store
    if sha256 is None or store is None:
        return None
    stored = store.get(_identity(entry, sha256))
    return Report.restore(stored.summary) if stored else None


def measured_now(entry: Entry, turn: visitor.Turn, store: Store | None, tell: Tell) -> Report:
    """Fetches the weights if need be, runs the network in its turn, and keeps what was found. Raises a `LamError`."""
    from zoo.inspection.check_entry import check
    from zoo.sources.weights import fetch

    settings = zoo_settings()
    path = fetch(entry, settings, progress=fetching(tell))
    with turn(lambda ahead: tell(f"{ahead} before you in the queue", None)):
        report = check(entry, settings, tell=lambda words: tell(words, None))
    if store is not None:
        with suppress(StoreWriteError):
            store.put(_identity(entry, digest(path)), report.as_dict(), {})
    return report


def _identity(entry: Entry, sha256: str) -> dict[str, object]:
    return {"kind": "check", "version": VERSION, "id": entry.id, "fingerprint": entry_fingerprint(entry, sha256)}
