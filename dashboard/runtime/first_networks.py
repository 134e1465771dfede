"""The published networks of the first cards, fetched when the dashboard starts: some 5 MB, in the background.

Nobody waits for them and no page speaks of it: sessions that start once all are here have them on their first cards.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable

from dashboard.presentation.model_options import FIRST
from zoo.catalog.entry import Entry
from zoo.catalog.registry import registry
from zoo.errors import ZooError
from zoo.settings import ZooSettings
from zoo.sources.weights import fetch, reach

log = logging.getLogger("lam")


def fetch_in_background(settings: ZooSettings) -> threading.Thread:
    """Starts to fetch those of them that are not here, where anything may be fetched."""
    networks = [registry()[name] for name in FIRST[4][0]]
    thread = threading.Thread(target=fetch_missing, args=(networks, settings), name="first networks", daemon=True)
    thread.start()
    return thread


def fetch_missing(networks: Iterable[Entry], settings: ZooSettings) -> None:
    """Fetches the weights that are not here and may be fetched, digests checked; the log alone hears what fails."""
    for entry in networks:
        if reach(entry, settings) != "fetchable":
            continue
        try:
            path = fetch(entry, settings)
        except ZooError as error:
            fields = {"model": entry.id, "error": type(error).__name__, "reason": str(error)}
            log.warning("first networks", extra={"fields": fields})
        except Exception:
            log.exception("first networks", extra={"fields": {"model": entry.id}})
        else:
            log.info("first networks", extra={"fields": {"model": entry.id, "bytes": path.stat().st_size}})
