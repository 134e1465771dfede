"""Reading variables of the environment: all faults are said at once, each with the variable and the remedy."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from lam_core.errors import LamError

T = TypeVar("T")

TRUE, FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


class EnvironmentValueError(LamError, ValueError):
    """Variables of the environment that hold no usable value; one line each."""


class Environment:
    """Variables by name. What cannot be used is remembered and raised at the end, all of it at once.

    >>> with Environment({"LAM_QUEUE": "many", "LAM_HOSTED": "perhaps"}) as variables:
    ...     variables.count("LAM_QUEUE", 64), variables.switch("LAM_HOSTED", False)
    Traceback (most recent call last):
    lam_core.environment.EnvironmentValueError: LAM_QUEUE is 'many'; give a whole number of at least 1
    LAM_HOSTED is 'perhaps'; give 1 or 0
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self._faults: list[str] = []

    def __enter__(self) -> Environment:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if self._faults and kind is None:
            raise EnvironmentValueError("\n".join(self._faults))

    def read(self, name: str, fallback: T, parse: Callable[[str], T], remedy: str) -> T:
        """What `parse` makes of a variable; the fallback where it is unset or empty, or `parse` raises `ValueError`."""
        text = self._variables.get(name, "").strip()
        if not text:
            return fallback
        try:
            return parse(text)
        except ValueError:
            shown = "not usable" if name.endswith("_TOKEN") else repr(text)
            self._faults.append(f"{name} is {shown}; {remedy}")
            return fallback

    def text(self, name: str, fallback: str, pattern: str, remedy: str) -> str:
        """A text of a certain form."""

        def parse(text: str) -> str:
            if not re.fullmatch(pattern, text):
                raise ValueError(text)
            return text

        return self.read(name, fallback, parse, remedy)

    def count(self, name: str, fallback: int, *, least: int = 1, most: int = 10**9) -> int:
        """A whole number."""

        def parse(text: str) -> int:
            if not (text.isascii() and text.isdigit() and len(text) < 16 and least <= int(text) <= most):
                raise ValueError(text)
            return int(text)

        upper = "" if most == 10**9 else f" and at most {most:,}"
        return self.read(name, fallback, parse, f"give a whole number of at least {least}{upper}")

    def switch(self, name: str, fallback: bool) -> bool:
        """Something that is on or off."""

        def parse(text: str) -> bool:
            if text.lower() not in (*TRUE, *FALSE):
                raise ValueError(text)
            return text.lower() in TRUE

        return self.read(name, fallback, parse, "give 1 or 0")

    def refuse_unknown(self, prefix: str, known: Iterable[str]) -> None:
        """Counts every variable of a prefix that nobody reads as a fault: a misspelt switch is no switch."""
        listed = sorted(known)
        for name in sorted(self._variables):
            if name.startswith(prefix) and name not in listed:
                near = difflib.get_close_matches(name, listed, n=1)
                remedy = f"did you mean {near[0]}?" if near else f"known are {', '.join(listed)}"
                self._faults.append(f"{name} is no setting; {remedy}")
