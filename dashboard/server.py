"""Streamlit's server, which uses the time until it is asked: `python -m dashboard.server run` is `streamlit run`.

While the first visitor's browser still loads Streamlit itself, what the first page shows is read; for strangers,
PyTorch is imported before one of them asks for a map.
"""

from __future__ import annotations

import logging
import threading
import time
from importlib import import_module

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
    make_ready()


def make_ready() -> None:
    """Reads what the first page shows, before it is asked for; where strangers come, warms up too."""
    from dashboard.gallery.shipped import first_visit
    from dashboard.runtime import process
    from lam_core.samples import sample
    from zoo.catalog.registry import registry
    from zoo.settings import settings as zoo_settings

    try:
        process.start()
        import_module("dashboard.widgets.target_column")
        import_module("dashboard.app_pages.attribution.result_grid")
        sample(first_visit().sample).pixels()
        registry(*zoo_settings().entries)
        if zoo_settings().hosted:
            process.warm_up()
    except Exception as error:
        # The page meets the same fault and shows it.
        logging.getLogger("lam").warning("make ready", extra={"fields": {"error": type(error).__name__}})


if __name__ == "__main__":
    main()
