"""The service that commands compute with: the dashboard's own, on the same device and the same store."""

from __future__ import annotations

import argparse

from lam_core.service.device_queue import Turnstile
from lam_core.service.service import Service
from lam_core.service.store import Store
from lam_core.settings import settings


def add_store(command: argparse.ArgumentParser) -> None:
    """Adds the option that leaves the store alone."""
    command.add_argument("--no-store", action="store_true", help="neither look for a stored result nor keep this one")


def service(*, keeps: bool = True) -> Service:
    """A service on the configured device; `keeps` says whether it looks into the store and adds to it."""
    own = settings()
    store = Store(own.store, own.store_limit) if keeps else None
    return Service(store, device=own.device, turnstile=Turnstile(own.queue))
