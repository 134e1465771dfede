"""What a server for strangers adds to every answer of Streamlit's, and what it does not answer."""

from __future__ import annotations

import asyncio
import ipaddress
import re
import time
from http.cookies import CookieError, SimpleCookie
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config, runtime

from dashboard.runtime.browser import COOKIE, browser_of
from dashboard.runtime.upload_memory import UploadMemoryError, upload_memory
from lam_core.settings import MEBIBYTE, settings

UPLOADS, METRICS, REFUSALS = "/_stcore/upload_file/", "/_stcore/metrics", "/lam-refusals"
ROOM_WITHIN, LOOK_EVERY = 20.0, 0.25
"""Seconds that an upload waits for memory which others are about to give back, and between two looks for it."""


class HttpGuard:
    """An ASGI application that stands before Streamlit's."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers, or lets Streamlit answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(security_headers(Headers(scope=scope).get("host", "")))
            await send(message)

        path = scope["path"]
        if path.startswith((METRICS, REFUSALS)) and not _is_operator(scope):
            await PlainTextResponse("Not Found", 404)(scope, receive, send_guarded)
        elif path == REFUSALS:
            from dashboard.runtime import process  # not at the top: the server answers before all that is imported

            await PlainTextResponse("\n".join(process.refusals()))(scope, receive, send_guarded)
        elif path.startswith(UPLOADS) and scope["method"] == "PUT":
            await self._take(path, scope, receive, send_guarded)
        else:
            await self._app(scope, receive, send_guarded)

    async def _take(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets an upload in once there is memory for all of it."""
        memory, session = upload_memory(), path.removeprefix(UPLOADS).partition("/")[0]
        server = runtime.get_instance()
        if not server.is_active_session(session):
            # Refused below; what nobody's session sends must not be counted as anybody's.
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        memory.introduce(session, _browser(headers) or session)
        most = int(config.get_option("server.maxUploadSize")) * MEBIBYTE
        told = headers.get("content-length", "")
        size = min(int(told), most) if told.isascii() and told.isdigit() else most
        until = time.monotonic() + ROOM_WITHIN
        while True:
            try:
                give_back = memory.claim(session, size)
                break
            except UploadMemoryError as error:
                if time.monotonic() > until:
                    memory.refuse(session, str(error))
                    _run_again(session)
                    await PlainTextResponse(str(error), 413)(scope, receive, send)
                    return
            await asyncio.sleep(LOOK_EVERY)
        try:
            await self._app(scope, receive, send)
        finally:
            give_back()


def security_headers(host: str) -> dict[str, str]:
    """What tells browsers to load nothing from elsewhere and to show the pages in no frame but those that may.

    `host`: the server as the browser calls it; some browsers do not count its websockets as its own.
    """
    frames = " ".join(("'self'", *settings().framed_by))
    sockets = f"ws://{host} wss://{host}" if re.fullmatch(r"[\w.\-\[\]:]+", host, re.ASCII) else ""
    policy = (
        "default-src 'self'",
        # Components bring their JavaScript as blobs; plots and tables compile theirs.
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
        "worker-src 'self' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        f"connect-src 'self' {sockets} data: blob:",
        "media-src 'self' data: blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        f"frame-ancestors {frames}",
    )
    return {
        "Content-Security-Policy": "; ".join(policy),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
    }


def _browser(headers: Headers) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        found = None
    return browser_of(found.value if found else "", headers.get("x-forwarded-for", ""))


def _is_operator(scope: Scope) -> bool:
    """Whether somebody on this computer asks, and no proxy for somebody else."""
    host: Any = (scope.get("client") or ("",))[0]
    try:
        return ipaddress.ip_address(host).is_loopback and "x-forwarded-for" not in Headers(scope=scope)
    except ValueError:
        return False


def _run_again(session: str) -> None:
    """Runs a session's page again, for it to say something."""
    info = runtime.get_instance()._session_mgr.get_active_session_info(session)
    if info is not None:
        info.session.request_rerun(None)
