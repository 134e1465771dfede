"""What the guard before Streamlit's application adds, hides and lets in."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.runtime import http_guard
from dashboard.runtime.http_guard import HttpGuard
from dashboard.runtime.upload_memory import UploadMemory
from tests.dashboard.conftest import finished


async def page(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
    await send({"type": "http.response.body", "body": b"page"})


def asked(path: str, *, client: str = "127.0.0.1", method: str = "GET", app: Any = page, **headers: str):
    """Status, headers and body of the answer."""
    sent: list[dict[str, Any]] = []
    scope = {
        "type": "http",
        "path": path,
        "method": method,
        "client": (client, 5),
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
    }

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    finished(HttpGuard(app)(scope, receive, send))
    return sent[0]["status"], {k.decode(): v.decode() for k, v in sent[0]["headers"]}, sent[1]["body"].decode()


def test_pages_load_nothing_from_elsewhere_and_stand_in_no_frame(environment):
    environment()
    _, headers, _ = asked("/", host="lam.example.org:8443")
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'self'"
    assert policy["frame-ancestors"] == "'self'"
    assert "wss://lam.example.org:8443" in policy["connect-src"]
    assert not any("http" in sources or "*" in sources for sources in policy.values())
    assert headers["x-content-type-options"] == "nosniff"


def test_a_host_that_is_none_does_not_get_into_the_policy(environment):
    environment()
    assert "evil" not in asked("/", host="a; script-src evil")[1]["content-security-policy"]


def test_a_site_that_may_show_the_pages_in_a_frame_is_named(environment):
    environment(LAM_FRAMED_BY="https://huggingface.co")
    assert asked("/")[1]["content-security-policy"].endswith("frame-ancestors 'self' https://huggingface.co")


@pytest.mark.parametrize("path", ["/_stcore/metrics", "/lam-refusals"])
def test_figures_about_the_server_are_its_operators_alone(path, environment):
    environment()
    assert asked(path)[0] == 200
    assert asked(path, client="203.0.113.1")[0] == 404
    assert asked(path, x_forwarded_for="203.0.113.1")[0] == 404, "somebody else asks through a proxy here"


class Streamlit:
    def is_active_session(self, session: str) -> bool:
        return session != "nobody"


@pytest.fixture
def memory(monkeypatch) -> UploadMemory:
    own = UploadMemory(each=100, total=150)
    monkeypatch.setattr(http_guard, "upload_memory", lambda: own)
    monkeypatch.setattr(http_guard.runtime, "get_instance", Streamlit)
    monkeypatch.setattr(http_guard, "_run_again", lambda session: None)
    monkeypatch.setattr(http_guard, "ROOM_WITHIN", 0.3)
    monkeypatch.setattr(http_guard, "LOOK_EVERY", 0.02)
    return own


def test_an_upload_is_let_in_with_memory_for_all_of_it(memory):
    used = []

    async def keep(scope, receive, send):
        used.append(memory.used)
        await page(scope, receive, send)

    assert asked("/_stcore/upload_file/a/1", method="PUT", app=keep, content_length="90")[0] == 200
    assert (used, memory.used) == ([90], 0)


def test_an_upload_without_memory_for_it_is_refused_and_its_page_says_so(memory):
    memory.claim("b", 100)
    status, _, body = asked("/_stcore/upload_file/a/1", method="PUT", content_length="90")
    assert status == 413
    assert memory.refusal("a") == body
    assert "try again" in body


def test_nobody_claims_memory_in_anothers_name(memory):
    assert asked("/_stcore/upload_file/nobody/1", method="PUT", content_length="99")[0] == 200
    assert memory._visitors == {}
