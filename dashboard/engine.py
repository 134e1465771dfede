"""What all visitors of this process share: the service, loaded networks, PyTorch warming up behind the first page.

None of it lies in Streamlit's own caches, which any visitor's browser may ask the server to clear for everybody.
"""

from __future__ import annotations

import atexit
import functools
import logging
import threading
import time
import weakref
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from importlib import import_module
from typing import Any, TypeVar

import streamlit as st

import zoo
from dashboard import logs, memory
from dashboard.gallery.shipped import first_visit
from dashboard.models import COMPACT
from dashboard.pictures import Picture
from dashboard.presence import Presence
from dashboard.yours import Yours, mine
from lam_core.reference import NetworkReference
from lam_core.samples import sample
from lam_core.service.device_queue import Turnstile
from lam_core.service.owner import Owner
from lam_core.service.service import Service
from lam_core.service.store import Store
from lam_core.settings import settings
from zoo.catalog.registry import registry
from zoo.models.pool import Pool, PooledReference
from zoo.models.reference import Reference, feature_reference
from zoo.settings import settings as zoo_settings

log = logging.getLogger("lam")

T = TypeVar("T")
Turn = Callable[[Callable[[int], None]], AbstractContextManager[Any]]
"""Holds the device; called with what is told of how many come first."""

WARM_UP_AFTER = 1.0
"""Seconds after which PyTorch is imported: what was asked for is in the browser by then."""
TIDY_EVERY = 30.0
"""Seconds between two looks for what visitors who have left, or time, have made superfluous: results and objects."""

_presence = Presence()


_first = threading.RLock()


def once(make: Callable[[], T]) -> Callable[[], T]:
    """What `make` gives, made once however many ask for it at the same time; `cache_clear` forgets it."""
    kept = functools.cache(make)

    @functools.wraps(make)
    def give() -> T:
        with _first:
            return kept()

    give.cache_clear = kept.cache_clear  # pyright: ignore[reportAttributeAccessIssue]
    return give


@once
def start() -> None:
    """Reads the settings, lets log lines out, and has expired results removed from now on.

    Raises `EnvironmentValueError` for settings that make no sense.
    """
    own, hosted = settings(), zoo_settings().hosted
    logs.start()
    log.info("start", extra={"fields": {"device": own.device, "store": str(own.store), "hosted": hosted}})
    threading.Thread(target=_tidy, daemon=True).start()


def service(picture: Picture | None = None, *, private: bool = False) -> Service:
    """The service as this session's visitor meets it, for questions about a picture.

    What is asked about a visitor's own picture, or of a `private` service, is theirs alone; everything else is shared.
    """
    return _service().of(visitor(), private=private or (picture is not None and picture.owner is not None))


def visitor() -> Owner:
    """Who this session is; what is theirs is removed when the session ends."""
    if "owner" not in st.session_state:
        owner = Owner()
        weakref.finalize(owner, _service().remove, owner.name)
        st.session_state.owner = owner
        _presence.here(owner.name)
    return st.session_state.owner


def turn_of_visitor() -> Turn:
    """The way to the device for this session's tasks, which outlive its scripts: behind everybody's clicks."""
    return partial(service().turnstile.turn, priority=1, who=visitor().name)


def forget_visitor() -> None:
    """Removes everything that is this session's alone; from now on it goes by another name."""
    if "owner" in st.session_state:
        _service().forget(st.session_state.pop("owner"))


@once
def _service() -> Service:
    own = settings()
    turnstile = Turnstile(own.queue, each=own.session_queue)
    return Service(Store(own.store, own.store_limit), device=own.device, turnstile=turnstile, seconds=own.seconds)


def network(key: str) -> PooledReference:
    """The network of a key: one of this session's own, or what `zoo.reference` takes. Raises a `ZooError`."""
    return _network(key, mine().get(key))


@functools.lru_cache(maxsize=64)
def _network(key: str, own: Yours | None) -> PooledReference:
    reference = zoo.reference(own.entry, weights=own.file) if own else zoo.reference(key)
    return _pool().pooled(reference)


def looked_into(key: str) -> NetworkReference:
    """As `network`, and classifiers too: networks to be looked at by their features. Raises a `ZooError`."""
    return network(key) if key in mine() else _looked_into(key)


@functools.lru_cache(maxsize=64)
def _looked_into(key: str) -> NetworkReference:
    found = feature_reference(key)
    return _pool().pooled(found) if isinstance(found, Reference) else found


@once
def _pool() -> Pool:
    return Pool(device=settings().device)


def _tidy() -> None:
    while True:
        try:
            for name in _presence.gone():
                _service().remove(name)
            _service().expire(settings().upload_hours * 3600)
        except Exception:
            # Whatever is wrong with the disk today may be right in five minutes.
            log.exception("tidy")
        memory.set_aside()
        time.sleep(TIDY_EVERY)


def make_ready() -> None:
    """Reads what the first page shows, before it is asked for; where strangers come, warms up too."""
    try:
        start()
        import_module("dashboard.aiming")
        import_module("dashboard.results")
        sample(first_visit().sample).pixels()
        registry(*zoo_settings().entries)
        if zoo_settings().hosted:
            warm_up()
    except Exception as error:
        # The page meets the same fault and shows it.
        log.warning("make ready", extra={"fields": {"error": type(error).__name__}})


@once
def warm_up() -> threading.Timer:
    """Imports and loads, once and in the background, what the first computation needs."""
    timer = threading.Timer(WARM_UP_AFTER, _import_the_heavy)
    timer.daemon = True
    timer.start()
    # PyTorch aborts the process if Python ends in the middle of its import.
    atexit.register(timer.join)
    atexit.register(timer.cancel)
    return timer


def _import_the_heavy() -> None:
    try:
        import_module("lam_core.attribution.attribute")
        import_module("zoo.models.load")
        for key in COMPACT:
            _network(key, None).load()
    except Exception:
        # The first computation meets the same fault and reports it.
        log.exception("warm-up")
    memory.set_aside()


def forget() -> None:
    """Makes all of it anew when it is next asked for: settings have changed."""
    for made in (start, _service, _pool, warm_up, _network, _looked_into):
        made.cache_clear()  # pyright: ignore[reportFunctionMemberAccess]
