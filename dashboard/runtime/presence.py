"""Who is still here: what is a visitor's own goes soon after they do, without waiting for another visitor.

Streamlit lets go of a closed session only when the next one is closed, which may take for ever.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotInTimeError

from streamlit import config, runtime
from streamlit.runtime import Runtime
from streamlit.runtime.app_session import AppSession, AppSessionState
from streamlit.runtime.scriptrunner import get_script_run_ctx

from dashboard.runtime.upload_memory import upload_memory
from dashboard.runtime.uploaded_files import CountedFiles

PATIENCE = 10.0
"""Seconds within which the server's event loop looks after its sessions."""


class Presence:
    """The server's sessions, the names of their owners, and when each was last used."""

    def __init__(self) -> None:
        self._names: defaultdict[str, set[str]] = defaultdict(set)
        self._used: dict[str, tuple[float, float]] = {}
        self._left: dict[str, tuple[AppSession, float]] = {}
        self._lock = threading.Lock()

    def here(self, name: str) -> None:
        """Notes that a name is that of the session whose script runs now."""
        context = get_script_run_ctx(suppress_warning=True)
        if context is not None:
            with self._lock:
                self._names[context.session_id].add(name)

    def forget(self, name: str) -> None:
        """Notes that a name is nobody's any more."""
        with self._lock:
            for names in self._names.values():
                names.discard(name)

    def use(self) -> None:
        """Notes that a page of the session whose script runs now is run from its beginning."""
        context = get_script_run_ctx(suppress_warning=True)
        if context is not None:
            with self._lock:
                before = self._used.get(context.session_id, (0.0, 0.0))[1]
                self._used[context.session_id] = before, time.monotonic()

    def names(self) -> set[str]:
        """The names of all who are here."""
        with self._lock:
            return {name for names in self._names.values() for name in names}

    def look(self, idle: float) -> set[str]:
        """Closes sessions that cannot come back, and returns the names of their owners, each once.

        Pages that were not used for `idle` seconds are run again, so that they notice it. Does nothing where no server
        runs.
        """
        if not runtime.exists():
            return set()
        server = runtime.get_instance()
        gone: Future[set[str]] = Future()

        def close() -> None:
            try:
                gone.set_result(self._look(server, idle))
            except Exception as error:  # for whoever waits for the result
                gone.set_exception(error)

        # Sessions belong to the event loop's thread.
        server._get_async_objs().eventloop.call_soon_threadsafe(close)
        try:
            return gone.result(PATIENCE)
        except NotInTimeError:
            return set()

    def _look(self, server: Runtime, idle: float) -> set[str]:
        now, patience = time.monotonic(), config.get_option("server.disconnectedSessionTTL")
        for info in server._session_mgr.list_sessions():
            session = info.session
            if not server.is_active_session(session.id):
                self._left.setdefault(session.id, (session, now))
                continue
            self._left.pop(session.id, None)
            if session._state != AppSessionState.APP_IS_RUNNING:
                self._tend(server, session, now - idle)
        gone = [session for session, since in self._left.values() if now - since >= patience]
        return {name for session in gone for name in self._close(server, session)}

    def _tend(self, server: Runtime, session: AppSession, oldest: float) -> None:
        """Lets files go that no widget of a waiting page shows; runs the page again if it was used before `oldest`."""
        with self._lock:
            used = self._used.get(session.id)
            owns = bool(self._names.get(session.id))
        if used is None:
            return
        before, last = used
        files = server.uploaded_file_mgr
        if isinstance(files, CountedFiles):
            # A widget may ask for its files before the page itself begins, to see whether they have changed.
            files.remove_unshown(session.id, before)
        if owns and last < oldest:
            session.request_rerun(None)

    def _close(self, server: Runtime, session: AppSession) -> set[str]:
        server.close_session(session.id)
        # Again, for a session that Streamlit has lost sight of by now; what it holds must not wait for the collection
        # of garbage.
        session.shutdown()
        session.session_state.clear()
        session._fragment_storage.clear()
        upload_memory().forget(session.id)
        self._left.pop(session.id, None)
        with self._lock:
            self._used.pop(session.id, None)
            return self._names.pop(session.id, set())
