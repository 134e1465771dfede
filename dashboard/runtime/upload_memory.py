"""Memory for what visitors bring: the bytes of files and decoded images, bounded for each visitor and in all.

Every claim on it is made before the bytes are kept and ends when they are let go, so the bound holds however many
visitors come at once.
"""

from __future__ import annotations

import functools
import sys
import threading
import weakref
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from lam_core.errors import LamError
from lam_core.settings import MEBIBYTE, settings
from zoo.settings import settings as zoo_settings

if TYPE_CHECKING:
    from numpy.typing import NDArray


class UploadMemoryError(LamError):
    """Files or images for which there is no memory now."""


class UploadMemory:
    """Bytes in use, by visitor."""

    def __init__(self, each: int, total: int) -> None:
        """`each`, `total`: the most bytes of one visitor, and of all."""
        self._each, self._total = each, total
        self._used: Counter[str] = Counter()
        self._visitors: dict[str, str] = {}
        self._refusals: dict[str, str] = {}
        # Claims end wherever the garbage collection happens to run, even in here.
        self._changed = threading.RLock()

    @property
    def used(self) -> int:
        """Bytes of all visitors."""
        return self._used.total()

    @property
    def refuses(self) -> bool:
        """Whether all of it is in use, so that nothing more is taken of anybody."""
        return self.used >= self._total

    def introduce(self, session: str, visitor: str) -> None:
        """Says whose session it is, so that all tabs of one browser count as one; a session alone counts as one."""
        with self._changed:
            self._visitors.setdefault(session, visitor)

    def forget(self, session: str) -> None:
        """Forgets whose session it was; claims that are left end as they would have."""
        with self._changed:
            self._visitors.pop(session, None)
            self._refusals.pop(session, None)

    def refuse(self, session: str, reason: str) -> None:
        """Notes why a file of a session was not taken, for its page to say."""
        with self._changed:
            self._refusals[session] = reason

    def refusal(self, session: str) -> str:
        """Why a file of a session was not taken, once; empty if none was refused."""
        with self._changed:
            return self._refusals.pop(session, "")

    def claim(self, session: str, size: int) -> Callable[[], None]:
        """Takes `size` bytes; what is returned gives them back, once. Raises `UploadMemoryError` beyond a bound."""
        with self._changed:
            visitor = self._visitors.get(session, session)
            if self._used[visitor] + size > self._each:
                raise UploadMemoryError(
                    f"images and files of yours would take more than the {self._each // MEBIBYTE} MiB of memory that "
                    "one visitor has here; delete those that you no longer need, or use smaller ones"
                )
            if self.used + size > self._total:
                raise UploadMemoryError(
                    f"visitors' images take nearly all of the {self._total // MEBIBYTE} MiB of memory that this server "
                    "has for them; try again in a few minutes, or use a smaller image"
                )
            return self._counted(visitor, size)

    def count(self, session: str, size: int) -> Callable[[], None]:
        """As `claim`, of bytes for which there is a claim already that ends now: never refused."""
        with self._changed:
            return self._counted(self._visitors.get(session, session), size)

    def hold(self, session: str, pixels: NDArray) -> None:
        """Claims the bytes of an array for as long as anything refers to it. Raises `UploadMemoryError`."""
        weakref.finalize(pixels, self.claim(session, pixels.nbytes))

    def _counted(self, visitor: str, size: int) -> Callable[[], None]:
        self._used[visitor] += size
        left = [size]

        def give_back() -> None:
            with self._changed:
                self._used[visitor] -= left.pop() if left else 0
                if not self._used[visitor]:
                    del self._used[visitor]

        return give_back


@functools.cache
def upload_memory() -> UploadMemory:
    """The memory for uploads of this process; without bounds where nobody but this computer's user comes."""
    own = settings()
    if not zoo_settings().hosted:
        return UploadMemory(sys.maxsize, sys.maxsize)
    return UploadMemory(own.visitor_memory, own.upload_memory)
