"""What all visitors of this process share: the service, loaded networks, PyTorch warming up behind the first page."""

from __future__ import annotations

import logging
import threading
from importlib import import_module

import streamlit as st

import zoo
from lam_core.device import Turnstile
from lam_core.service import Service
from lam_core.settings import settings
from lam_core.store import Store
from zoo.pool import Pool, PooledReference

log = logging.getLogger("lam")

WARM_UP_AFTER = 1.0
"""Seconds after which PyTorch is imported: the first page is in the browser by then."""


@st.cache_resource(show_spinner=False)
def service() -> Service:
    """The one service of this process."""
    own = settings()
    return Service(Store(own.store, own.store_limit), device=own.device, turnstile=Turnstile(own.queue))


@st.cache_resource(max_entries=64, show_spinner=False)
def network(key: str) -> PooledReference:
    """The network that `zoo.reference` gives for a key. Raises a `ZooError`."""
    return _pool().pooled(zoo.reference(key))


@st.cache_resource(show_spinner=False)
def _pool() -> Pool:
    return Pool(device=settings().device)


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
