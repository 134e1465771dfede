"""What all visitors of this process share: the service, loaded networks, PyTorch warming up behind the first page."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

import streamlit as st

import zoo
from lam_core.device import Turnstile
from lam_core.reference import ModelReference
from lam_core.service import Service
from lam_core.settings import settings
from lam_core.store import Store

if TYPE_CHECKING:
    from lam_core.model import SuperResolver
    from zoo.pool import Pool

log = logging.getLogger("lam")

WARM_UP_AFTER = 1.0
"""Seconds after which PyTorch is imported: the first page is in the browser by then."""


@dataclass(frozen=True)
class OnDevice:
    """A network by reference that is moved to a device as it is loaded."""

    reference: ModelReference
    device: str

    @property
    def name(self) -> str:
        return self.reference.name

    @property
    def fingerprint(self) -> str:
        return self.reference.fingerprint

    @property
    def scale(self) -> int:
        return self.reference.scale

    def load(self) -> SuperResolver:
        """The network, on the device."""
        model = self.reference.load()
        return model if model.device.type == self.device else model.to(device=self.device)


@dataclass(frozen=True)
class Shared(OnDevice):
    """Such a network whose weights are read once for everybody."""

    def load(self) -> SuperResolver:
        """The network, from the pool if it is there."""
        return _pool().load(OnDevice(self.reference, self.device))


@st.cache_resource(show_spinner=False)
def service() -> Service:
    """The one service of this process."""
    own = settings()
    return Service(Store(own.store, own.store_limit), device=own.device, turnstile=Turnstile(own.queue))


@st.cache_resource(max_entries=64, show_spinner=False)
def network(key: str) -> Shared:
    """The network that `zoo.reference` gives for a key. Raises a `ZooError`."""
    return Shared(zoo.reference(key), settings().device)


@st.cache_resource(show_spinner=False)
def _pool() -> Pool:
    # Imported here: the pool's types come with PyTorch.
    from zoo.pool import Pool

    return Pool()


@st.cache_resource(show_spinner=False)
def warm_up() -> threading.Timer:
    """Imports, once and in the background, what the first computation needs."""
    timer = threading.Timer(WARM_UP_AFTER, _import_the_heavy)
    timer.daemon = True
    timer.start()
    return timer


def _import_the_heavy() -> None:
    try:
        import_module("lam_core.attribution.attribute")
        import_module("zoo.loading")
    except Exception:
        # The first computation meets the same fault and reports it.
        log.exception("warm-up")
