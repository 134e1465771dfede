"""Facts about networks that take passes to find out, in a store: whether a plan is sound, how a network is best fed.

What finds such a fact looks here first, so that each is found once, not once a process.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any

from lam_core.service.store import Store, StoreWriteError

_STORE: ContextVar[Store | None] = ContextVar("network facts", default=None)


@contextmanager
def facts_kept_in(store: Store | None) -> Iterator[None]:
    """Has `look_up` and `keep` use a store; None for no store, as at first."""
    token = _STORE.set(store)
    try:
        yield
    finally:
        _STORE.reset(token)


def look_up(identity: dict[str, Any]) -> dict[str, Any] | None:
    """The fact of that identity as plain values, or None where there is no store or no such fact."""
    store = _STORE.get()
    stored = store.get(identity) if store else None
    return stored.summary if stored else None


def keep(identity: dict[str, Any], fact: dict[str, Any]) -> None:
    """Puts a fact, plain values, into the store; does nothing where there is none or it cannot be written."""
    if (store := _STORE.get()) is not None:
        with suppress(StoreWriteError):
            store.put(identity, fact, {})
