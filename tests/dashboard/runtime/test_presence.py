"""Sessions that cannot come back are closed without waiting for others; idle ones are run again."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from streamlit.runtime.app_session import AppSessionState

from dashboard.runtime import presence as module
from dashboard.runtime.presence import Presence

PATIENCE = 120.0


@dataclass
class Session:
    id: str
    is_active: bool = True
    calls: list[str] = field(default_factory=list)
    session_state: dict = field(default_factory=lambda: {"picture": 1})
    _fragment_storage: dict = field(default_factory=lambda: {"fragment": 1})
    _state: AppSessionState = AppSessionState.APP_NOT_RUNNING

    @property
    def session(self):
        return self

    def shutdown(self):
        self.calls.append("shutdown")

    def request_rerun(self, client_state):
        self.calls.append("rerun")


@dataclass
class Server:
    sessions: list[Session]
    uploaded_file_mgr: None = None

    @property
    def _session_mgr(self):
        return self

    def list_sessions(self):
        return self.sessions

    def is_active_session(self, session_id):
        return any(one.id == session_id and one.is_active for one in self.sessions)

    def close_session(self, session_id):
        self.sessions[:] = [one for one in self.sessions if one.id != session_id]


class Clock:
    now = 1000.0


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module.time, "monotonic", lambda: clock.now)
    monkeypatch.setattr(module.config, "get_option", lambda name: PATIENCE)
    return clock


def within(monkeypatch, session: str):
    """As if a script of that session ran."""
    monkeypatch.setattr(module, "get_script_run_ctx", lambda **more: type("Context", (), {"session_id": session}))


def look(presence: Presence, server: Server, idle: float = 7200.0) -> set[str]:
    return presence._look(server, idle)  # pyright: ignore[reportArgumentType]


def test_a_session_is_closed_once_it_cannot_come_back(clock, monkeypatch):
    presence, left, other = Presence(), Session("a"), Session("b")
    for session, name in ((left, "of a"), (other, "of b")):
        within(monkeypatch, session.id)
        presence.here(name)
    server = Server([left, other])
    left.is_active = False
    assert look(presence, server) == set()
    clock.now += PATIENCE - 1
    assert look(presence, server) == set()
    clock.now += 1
    assert look(presence, server) == {"of a"}
    assert left.calls == ["shutdown"]
    assert left.session_state == left._fragment_storage == {}
    assert presence.names() == {"of b"}
    assert look(presence, server) == set()


def test_one_that_comes_back_stays(clock, monkeypatch):
    presence, session = Presence(), Session("a", is_active=False)
    server = Server([session])
    look(presence, server)
    session.is_active = True
    clock.now += PATIENCE / 2
    look(presence, server)
    session.is_active = False
    clock.now += PATIENCE / 2
    look(presence, server)
    assert session.calls == []


def test_a_page_with_something_of_its_visitors_is_run_again_when_it_was_not_used(clock, monkeypatch):
    presence, busy, idle, empty = Presence(), Session("a"), Session("b"), Session("c")
    for session in (busy, idle, empty):
        within(monkeypatch, session.id)
        presence.use()
        if session is not empty:
            presence.here(f"of {session.id}")
    busy._state = AppSessionState.APP_IS_RUNNING
    clock.now += 7201
    look(presence, Server([busy, idle, empty]))
    assert [session.calls for session in (busy, idle, empty)] == [[], ["rerun"], []]
