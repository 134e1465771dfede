"""What all visitors of this process share: the service, loaded networks, PyTorch warming up behind the first page."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import streamlit as st

import zoo
from lam_core.device import Turnstile
from lam_core.reference import ModelReference
from lam_core.service import Service
from lam_core.settings import settings
from lam_core.store import Store

if TYPE_CHECKING:
    from lam_core.model import SuperResolver

log = logging.getLogger("lam")

LOADED_NETWORKS = 12
WARM_UP_AFTER = 1.0
"""Seconds after which PyTorch is imported: the first page is in the browser by then."""


@dataclass(frozen=True)
class Pooled:
    """A network by reference whose weights are read once for everybody."""

    reference: ModelReference

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
        """The network, on the process's device."""
        return _loaded(self.fingerprint, settings().device, self.reference)


@st.cache_resource(show_spinner=False)
def service() -> Service:
    """The one service of this process."""
    own = settings()
    return Service(Store(own.store, own.store_limit), device=own.device, turnstile=Turnstile(own.queue))


@st.cache_resource(max_entries=64, show_spinner=False)
def network(key: str) -> Pooled:
    """The network that `zoo.reference` gives for a key. Raises a `ZooError`."""
    return Pooled(zoo.reference(key))


@st.cache_resource(max_entries=LOADED_NETWORKS, show_spinner=False)
def _loaded(fingerprint: str, device: str, _reference: Any) -> SuperResolver:
    model = _reference.load()
    return model if model.device.type == device.partition(":")[0] else model.to(device=device)


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
