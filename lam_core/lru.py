"""Least-recently-used cache of bounded size, safe among threads."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

V = TypeVar("V")


class Lru(Generic[V]):
    """The values used last, up to a limit; the newest stays however large it is.

    >>> kept = Lru(2)
    >>> [kept.get_or_make(key, lambda: key.upper()) for key in "abac"], "b" in kept
    (['A', 'B', 'A', 'C'], False)
    """

    def __init__(self, limit: float, size: Callable[[V], float] = lambda value: 1) -> None:
        """`limit`: of the sum of all sizes, of their number where `size` is not given."""
        self._limit, self._size = limit, size
        self._values: OrderedDict[Hashable, V] = OrderedDict()
        self._used = 0.0
        self._lock = threading.RLock()

    def get(self, key: Hashable) -> V | None:
        """The value of a key, which counts as used now; None if it is not kept."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def get_or_make(self, key: Hashable, make: Callable[[], V]) -> V:
        """The value of a key, made if it is not kept; two who ask at once may both make it."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
        value = make()
        self.put(key, value)
        return value

    def put(self, key: Hashable, value: V) -> None:
        """Keeps a value as the one used last, letting go those used longest ago."""
        with self._lock:
            self._drop(key)
            self._values[key] = value
            self._used += self._size(value)
            while len(self._values) > 1 and self._used > self._limit:
                self._drop(next(iter(self._values)))

    def drop(self, is_due: Callable[[V], bool]) -> None:
        """Lets those values go."""
        with self._lock:
            for key in [key for key, value in self._values.items() if is_due(value)]:
                self._drop(key)

    def clear(self) -> None:
        """Lets everything go."""
        self.drop(lambda value: True)

    @property
    def used(self) -> float:
        """The sum of all sizes."""
        return self._used

    def _drop(self, key: Hashable) -> None:
        if key in self._values:
            self._used -= self._size(self._values.pop(key))

    def __contains__(self, key: object) -> bool:
        return key in self._values

    def __len__(self) -> int:
        return len(self._values)
