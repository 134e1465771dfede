"""What takes a while to make, kept for those who look again: for everybody, or for one visitor until they delete it.

By reference, so nothing that is kept may be changed. Not in Streamlit's caches, for the reason
in `dashboard.runtime.process`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from lam_core.lru import Lru

T = TypeVar("T")


class Kept:
    """Values of one kind: those that are everybody's, and those of what is a visitor's own, which nobody else finds."""

    def __init__(self, kind: str, *, everybody: int, visitor: int) -> None:
        """`everybody`, `visitor`: how many are kept for all, and for each one's own."""
        self._kind, self._visitor = kind, visitor
        self._everybody: Lru[Any] = Lru(everybody)

    def get(self, key: Hashable, make: Callable[[], T], *, own: bool) -> T:
        """The value of a key, computed if it is not cached."""
        return (self._own() if own else self._everybody).get_or_make(key, make)

    def _own(self) -> Lru[Any]:
        if get_script_run_ctx(suppress_warning=True) is None:
            # A file that is downloaded is made outside of every session, where all sessions' state would be one.
            return Lru(1)
        return st.session_state.setdefault("kept", {}).setdefault(self._kind, Lru(self._visitor))


def forget_own() -> None:
    """Lets go what is kept of the visitor's own."""
    st.session_state.pop("kept", None)
