"""`lam health`: whether this installation can do its work, for a container's health check."""

from __future__ import annotations

import argparse
import json
import os
import secrets
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from lam_core.device import check_device
from lam_core.errors import LamError
from lam_core.service.store import Store
from lam_core.settings import Settings, settings

MODEL = "fsrcnn-c"
"""The smallest network that comes with the project."""
PATIENCE = 10.0
"""Seconds within which the server must answer."""


class UnhealthyError(LamError):
    """Something that does not work."""


def add(commands: Any) -> None:
    """Adds the command to a command line."""
    command = commands.add_parser(
        "health", help="check device, store and a small attribution; exit code 1 if one fails"
    )
    command.add_argument("--server", default="", metavar="ADDRESS", help="a running dashboard to ask as well")
    command.add_argument("--quick", action="store_true", help="without the attribution, and so without PyTorch")
    command.add_argument(
        "--every",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="be quick until so long after device and attribution went well here",
    )
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Prints one JSON object; ends with exit code 1 if anything failed."""
    import zoo.settings

    own, of_zoo = settings(), zoo.settings.settings()
    checks: dict[str, Callable[[], str]] = {
        "store": lambda: of_store(own),
        "entries": lambda: of_entries(of_zoo.entries),
    }
    if options.server:
        checks["server"] = lambda: of_server(options.server)
    went_well = since_last()
    whole = not options.quick and went_well >= options.every
    if not (whole or options.quick):
        checks["attribution"] = lambda: f"went well {went_well:.0f} s ago"
    if whole:
        checks |= {"device": lambda: of_device(own), "attribution": lambda: of_attribution(own)}
    report, healthy = {}, True
    for name, check in checks.items():
        began = time.perf_counter()
        try:
            report[name] = {"ok": True, "is": check()}
        except Exception as error:  # any fault at all is what is looked for here
            healthy = False
            report[name] = {"ok": False, "is": f"{type(error).__name__}: {error}"}
        report[name]["seconds"] = round(time.perf_counter() - began, 3)
    if healthy and whole:
        remember()
    print(json.dumps({"healthy": healthy, **report}))
    sys.exit(0 if healthy else 1)


def since_last() -> float:
    """Seconds since all of it went well here, for this user and since the temporary files were last removed."""
    with suppress(OSError):
        status = _mark().lstat()
        if status.st_uid == os.getuid():
            return max(time.time() - status.st_mtime, 0.0)
    return float("inf")


def remember() -> None:
    """Notes that all of it went well; where nothing can be written, the next check is a whole one again."""
    with suppress(OSError):
        mark = _mark()
        descriptor, name = tempfile.mkstemp(dir=mark.parent, prefix=mark.name)
        os.close(descriptor)
        Path(name).replace(mark)


def _mark() -> Path:
    return Path(tempfile.gettempdir()) / f"lam-health-{os.getuid()}"


def of_store(own: Settings) -> str:
    """Writes a result, reads it and removes it. Raises `StoreWriteError` or `UnhealthyError`."""
    store, request = Store(own.store, own.store_limit), {"kind": "health", "nonce": secrets.token_hex(8)}
    store.put(request, {"ok": True}, {})
    found = store.get(request)
    store.remove(request)
    if found is None:
        raise UnhealthyError(f"what was written to {own.store} could not be read back")
    return str(own.store)


def of_entries(folders: Sequence[Path]) -> str:
    """Reads all entries. Raises `UnhealthyError` with those that are set aside."""
    from zoo.catalog.registry import registry

    found = registry(*folders)
    if found.faults:
        raise UnhealthyError("; ".join(found.faults))
    return f"{len(found)} models"


def of_server(address: str) -> str:
    """Asks a dashboard whether it is up, and what it refuses its visitors now. Raises `OSError` or `UnhealthyError`."""
    if not address.startswith(("http://", "https://")):
        raise UnhealthyError(f"{address!r} is no address; give one such as http://127.0.0.1:8501")
    said = []
    for path in ("/_stcore/health", "/lam-refusals"):
        with urllib.request.urlopen(f"{address.rstrip('/')}{path}", timeout=PATIENCE) as answer:
            said.append(answer.read(1024).decode(errors="replace").strip())
    # A server that is full does its work, and starting it again would help nobody.
    return "; ".join(filter(None, said))


def of_device(own: Settings) -> str:
    """Computes a sum there. Raises `DeviceError`."""
    check_device(own.device)
    return own.device


def of_attribution(own: Settings) -> str:
    """Attributes one window of a small picture to a compact network, past the store."""
    import numpy as np

    import zoo
    from lam_core import AttributionSettings, Region, attribute

    picture = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    model = zoo.reference(MODEL).load().on(own.device)
    result = attribute(model, picture, Region(24, 24, 16), AttributionSettings(nodes=3, tolerance=0.5))
    return f"{MODEL}, {result.nodes} nodes"
