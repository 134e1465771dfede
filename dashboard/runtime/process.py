"""What the process holds for all its visitors: the service, the pool of loaded networks, the import of PyTorch.

None of it lies in Streamlit's own caches, which any visitor's browser may ask the server to clear for everybody.
"""

from __future__ import annotations

import atexit
import functools
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Generic, TypeVar

import zoo
from dashboard.presentation.model_options import COMPACT
from dashboard.runtime import downloads, first_networks, garbage, json_logs
from dashboard.runtime.presence import Presence
from dashboard.runtime.upload_memory import upload_memory
from lam_core.reference import NetworkReference
from lam_core.service.device_queue import Turnstile
from lam_core.service.service import Service
from lam_core.service.store import Store
from lam_core.settings import settings
from zoo.models.pool import Pool, PooledReference
from zoo.models.reference import Reference, feature_reference
from zoo.settings import settings as zoo_settings
from zoo.spec import Spec

if TYPE_CHECKING:
    from lam_core.model import SuperResolver

log = logging.getLogger("lam")

T = TypeVar("T")

WARM_UP_AFTER = 1.0
"""Seconds after which PyTorch is imported: what was asked for is in the browser by then."""
TIDY_EVERY = 30.0
"""Seconds between two looks for what time has made superfluous: results that expire, and objects."""
LOOK_EVERY = 1.0
"""Seconds between two looks for visitors who have left."""

presence = Presence()
_first = threading.RLock()


class Once(Generic[T]):
    """A function without arguments that is run once, however many threads call it at the same time."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._kept = functools.cache(make)
        functools.update_wrapper(self, make)

    def __call__(self) -> T:
        with _first:
            return self._kept()

    @property
    def made(self) -> bool:
        """Whether it has run since it was last forgotten."""
        return self._kept.cache_info().currsize > 0

    def cache_clear(self) -> None:
        """Forgets what it returned: the next call runs it again."""
        self._kept.cache_clear()


@Once
def start() -> threading.Event:
    """Reads the settings, lets log lines out, has the first cards' networks fetched in the background, and removes
    what has expired until the event that it returns is set.

    Raises `EnvironmentValueError` for settings that make no sense.
    """
    own, sources = settings(), zoo_settings()
    json_logs.start()
    log.info("start", extra={"fields": {"device": own.device, "store": str(own.store), "hosted": sources.hosted}})
    first_networks.fetch_in_background(sources)
    ended = threading.Event()
    for task in (_tidy, _see_off):
        threading.Thread(target=task, args=(ended,), name=task.__name__, daemon=True).start()
    return ended


@Once
def shared_service() -> Service:
    """The service as nobody in particular meets it; `Service.of` makes it a visitor's."""
    own = settings()
    turnstile = Turnstile(own.queue, each=own.session_queue)
    return Service(Store(own.store, own.store_limit), device=own.device, turnstile=turnstile, seconds=own.seconds)


@functools.lru_cache(maxsize=64)
def network(name: str) -> PooledReference:
    """The network of that name, as a `zoo.spec` has it, loaded through the pool. Raises a `ZooError`."""
    spec = Spec.parse(name)
    if zoo_settings().hosted and (spec.weights or set(spec.overrides) - {"condition"} or ".npy" in name):
        # Strangers name entries, files on the Hub and numbers, and no file here.
        return pooled(zoo.reference(name))
    return pooled(zoo.reference(spec.name, weights=spec.weights, **spec.overrides))


def loaded(found: PooledReference) -> SuperResolver | None:
    """The network of a reference if it is loaded already; None otherwise."""
    is_here = found.fingerprint in _pool() or getattr(found.reference, "model", None) is not None
    return found.load() if is_here else None


@functools.lru_cache(maxsize=64)
def feature_network(key: str) -> NetworkReference:
    """As `network`, and classifiers too: networks to be looked at by their features. Raises a `ZooError`."""
    found = network(key) if "?" in key else feature_reference(key)
    return pooled(found) if isinstance(found, Reference) else found


def pooled(reference: Reference) -> PooledReference:
    """A network whose model comes from this process's pool."""
    return _pool().pooled(reference)


@Once
def _pool() -> Pool:
    return Pool(device=settings().device)


def _tidy(ended: threading.Event) -> None:
    while not ended.is_set():
        with _logged("tidy"):
            shared_service().expire(settings().upload_hours * 3600)
        garbage.set_aside()
        ended.wait(TIDY_EVERY)


def _see_off(ended: threading.Event) -> None:
    """Removes what belongs to visitors who have left or deleted it."""
    while not ended.wait(LOOK_EVERY):
        with _logged("visitors who left"):
            for name in presence.look(idle=settings().upload_hours * 3600):
                shared_service().remove(name)
            downloads.drop_all_but(presence.names())


@contextmanager
def _logged(task: str) -> Iterator[None]:
    """Keeps a repeated task going: whatever is wrong, with a disk for instance, may be right the next time."""
    try:
        yield
    except Exception:
        log.exception(task)


@Once
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
        import_module("zoo.models.from_file")
        for key in COMPACT:
            network(key).load()
    except Exception:
        # The first computation meets the same fault and reports it.
        log.exception("warm-up")
    garbage.set_aside()


def refusals() -> tuple[str, ...]:
    """What visitors are refused at this moment, and why, a sentence each; none as long as there is room."""
    found = []
    if shared_service.made and shared_service().turnstile.is_full:
        found.append("the queue is full: further computations are refused")
    if upload_memory().refuses:
        found.append("the memory for uploads is in use: further images are refused")
    return tuple(found)


def stop(patience: float) -> None:
    """Cancels all computations, waits at most `patience` seconds for them, and gives up their claims."""
    if shared_service.made:
        shared_service().stop(patience)


def forget() -> None:
    """Stops background work and drops the shared objects, so that they are built with the changed settings."""
    if start.made:
        start().set()
    if warm_up.made:
        warm_up().cancel()
    for made in (start, shared_service, _pool, warm_up, network, feature_network, upload_memory):
        made.cache_clear()
