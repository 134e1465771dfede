"""Who is still here: sessions by whose closing something is to be done.

Streamlit lets go of a closed session only when the next one is closed, which may take for ever; what is a visitor's own
should not wait for that.
"""

from __future__ import annotations

import threading
import time

from streamlit import config, runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx


class Presence:
    """Names by session; each is gone once its session can no longer come back."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()

    def here(self, name: str) -> None:
        """Notes that a name is that of the session whose script runs now."""
        context = get_script_run_ctx(suppress_warning=True)
        if context is not None:
            with self._lock:
                self._seen[name] = (context.session_id, time.monotonic())

    def gone(self) -> list[str]:
        """The names whose sessions have been disconnected for as long as a server waits for them; each once."""
        if not runtime.exists():
            return []
        server, patience = runtime.get_instance(), config.get_option("server.disconnectedSessionTTL")
        now, left = time.monotonic(), []
        with self._lock:
            for name, (session, seen) in list(self._seen.items()):
                if server.is_active_session(session):
                    self._seen[name] = (session, now)
                elif now - seen > patience:
                    del self._seen[name]
                    left.append(name)
        return left
