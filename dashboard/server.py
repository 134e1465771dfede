"""Streamlit's server, which uses the time until it is asked: `python -m dashboard.server run` is `streamlit run`.

While the first visitor's browser still loads Streamlit itself, what the first page shows is read; for strangers,
PyTorch is imported before one of them asks for a map.
"""

from __future__ import annotations

import threading
import time

from streamlit import runtime
from streamlit.runtime import RuntimeState
from streamlit.web import cli

LOOK_EVERY = 0.05
"""Seconds between two looks at whether the server answers."""


def main() -> None:
    """As `streamlit`, with its arguments."""
    threading.Thread(target=_use_the_time, daemon=True).start()
    cli.main(prog_name="streamlit")


def _use_the_time() -> None:
    # Nothing may keep browsers from being answered.
    while not runtime.exists() or runtime.get_instance().state == RuntimeState.INITIAL:
        time.sleep(LOOK_EVERY)
    from dashboard import engine

    engine.make_ready()


if __name__ == "__main__":
    main()
