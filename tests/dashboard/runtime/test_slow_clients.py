"""A request has its time; a server closes the connection of who does not end it."""

from __future__ import annotations

import asyncio

import pytest
import uvicorn
from uvicorn.server import ServerState

from dashboard.runtime import slow_clients
from dashboard.runtime.slow_clients import TimedHttp
from tests.dashboard.conftest import finished

WHOLE = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
BEGUN = b"GET / HTTP/1.1\r\nHo"
THINKING = 0.5
"""Seconds that an answer takes, longer than a request may."""
PUT = b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n"


async def answer(scope, receive, send):
    while scope["type"] == "http":
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        if not message["more_body"]:
            break
    await asyncio.sleep(THINKING)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


async def answered(*parts: bytes, pause: float = 0.0) -> bytes:
    """What the server says until it closes the connection, which it does within a second of the last part."""
    config = uvicorn.Config(answer, http=TimedHttp, lifespan="off", log_config=None)
    config.load()
    server = await asyncio.get_running_loop().create_server(
        lambda: TimedHttp(config=config, server_state=ServerState(), app_state={}), "127.0.0.1", 0
    )
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    said = b""
    try:
        for part in parts:
            writer.write(part)
            await asyncio.sleep(pause)
        while part := await asyncio.wait_for(reader.read(1000), 1):
            said += part
    except ConnectionError:
        pass
    finally:
        writer.close()
        server.close()
    return said


@pytest.fixture(autouse=True)
def hurry(monkeypatch):
    monkeypatch.setattr(slow_clients, "HEADERS_WITHIN", 0.3)
    monkeypatch.setattr(slow_clients, "BODY_WITHIN", 0.3)


@pytest.mark.parametrize(
    "parts",
    [(), (BEGUN,), (PUT,), (PUT, b"12345")],
    ids=["nothing", "half of the headers", "no body", "half of a body"],
)
def test_a_request_without_end_is_closed(parts):
    assert finished(answered(*parts)) == b""


def test_a_dribble_is_no_progress():
    assert finished(answered(*[b"G"] * 8, pause=0.1)) == b""


@pytest.mark.parametrize("parts", [(WHOLE,), (PUT, b"1234567890"), (WHOLE, WHOLE)])
def test_who_has_asked_is_answered_however_long_that_takes(parts):
    assert finished(answered(*parts)).count(b"200 OK") == len([part for part in parts if b"HTTP" in part])
