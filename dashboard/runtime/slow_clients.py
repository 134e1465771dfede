"""Time limits for requests that come slower than any browser sends them; a proxy in front would have its own."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADERS_WITHIN = 15.0
"""Seconds from the connection, or from a further request's first byte, to the end of the headers."""
BODY_WITHIN, SLOWEST = 15.0, 100_000
"""Seconds for a request's body, and as many more as its bytes take at so many a second."""

log = logging.getLogger("lam")


class TimedHttp(H11Protocol):
    """uvicorn's HTTP/1.1, which closes a connection whose request does not come to its end in time."""

    _timer: asyncio.TimerHandle | None = None
    _watched: Any = None

    def connection_made(self, transport: Any) -> None:
        """Starts the time for the first request."""
        super().connection_made(transport)
        self._watch()

    def handle_events(self) -> None:
        """Starts the time for each part of a request, and ends it with the request."""
        super().handle_events()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Ends the time: the client has gone."""
        self._stop()
        super().connection_lost(exc)

    def _watch(self) -> None:
        if self.transport.get_protocol() is not self:
            # A websocket, whose protocol asks by itself who is still there.
            self._stop()
            return
        if self.conn.their_state is self._watched:
            return
        self._stop()
        self._watched = self.conn.their_state
        if self._watched is h11.IDLE:
            self._give(HEADERS_WITHIN)
        elif self._watched is h11.SEND_BODY:
            size = dict(self.headers).get(b"content-length", b"0")
            self._give(BODY_WITHIN + int(size) / SLOWEST)

    def _give(self, seconds: float) -> None:
        self._timer = self.loop.call_later(seconds, self._close)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _close(self) -> None:
        log.warning("slow client")
        self.transport.abort()
