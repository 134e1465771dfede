"""Progress on standard error: one line that is rewritten on a terminal, a line now and then in a log."""

from __future__ import annotations

import sys
import time
from types import TracebackType

from lam_core.service.service import Listener, Status

PAUSE = 10.0
"""Seconds between two lines where standard error is no terminal."""


def in_words(status: Status) -> str:
    """What a computation is at."""
    if status.progress is not None:
        return status.progress.text
    return "loading the model" if status.stage == "model" else "waiting"


class ProgressLine:
    """Says how far a command has come; used as a context, which leaves a clean line for what is printed next."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._clear = "\r\033[K" if self._terminal else ""
        self._said = time.monotonic()

    def say(self, text: str) -> None:
        """Replaces what was said before; in a log only after a pause."""
        if self._terminal:
            print(f"{self._clear}{text}", end="", file=sys.stderr, flush=True)
        elif time.monotonic() - self._said >= PAUSE:
            self._said = time.monotonic()
            print(text, file=sys.stderr, flush=True)

    def follow(self, before: str = "") -> Listener:
        """A listener for a request's computation, which is told after `before`; what a large run takes stays."""

        def heard(status: Status) -> None:
            if getattr(status.progress, "announces", False):
                print(self._clear + before + in_words(status), file=sys.stderr, flush=True)
            else:
                self.say(before + in_words(status))

        return heard

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._terminal:
            print(self._clear, end="", file=sys.stderr, flush=True)
