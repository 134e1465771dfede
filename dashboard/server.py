"""Streamlit's server, prepared before the first visitor and ended cleanly: `python -m dashboard.server run` is
`streamlit run`.

While the first visitor's browser still loads Streamlit itself, what the first page shows is read; for strangers,
PyTorch is imported before one of them asks for a map.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from importlib import import_module

from click import ClickException
from streamlit import net_util, runtime
from streamlit.runtime import RuntimeState
from streamlit.web import cli
from streamlit.web.server import server as streamlit_server
from streamlit.web.server.starlette import starlette_server

from dashboard.runtime.http_guard import HttpGuard
from dashboard.runtime.slow_clients import TimedHttp
from dashboard.runtime.uploaded_files import CountedFiles
from lam_core.errors import LamError
from lam_core.settings import MEBIBYTE, settings
from zoo.settings import settings as zoo_settings

LOOK_EVERY = 0.05
"""Seconds between two looks at whether the server answers."""
PATIENCE = 1.5
"""Seconds that computations have to stop once the server ends."""


def main() -> None:
    """As `streamlit`, with its arguments."""
    # Streamlit asks an outside service for the server's public address while it answers a connection from another
    # origin. Where names do not resolve, every visitor would wait for that; nothing here uses the address.
    net_util.get_external_ip = lambda: None
    # Streamlit counts neither the files that visitors send nor who has them open.
    streamlit_server.MemoryUploadedFileManager = CountedFiles  # pyright: ignore[reportPrivateImportUsage]
    # Whatever is answered passes the guard, under time limits.
    make_app = starlette_server.create_starlette_app  # pyright: ignore[reportPrivateImportUsage]
    options_of = starlette_server._get_uvicorn_config_kwargs
    starlette_server.create_starlette_app = lambda server: HttpGuard(make_app(server))  # pyright: ignore[reportPrivateImportUsage]
    starlette_server._get_uvicorn_config_kwargs = lambda: {**options_of(), "http": TimedHttp}
    threading.Thread(target=_use_the_time, daemon=True).start()
    # Streamlit's limit is one for the whole server; each widget has its own besides.
    os.environ.setdefault("STREAMLIT_SERVER_MAX_UPLOAD_SIZE", str(largest_upload()))
    code = 0
    try:
        cli.main(prog_name="streamlit", standalone_mode=False)
    except BaseException as error:
        code = _exit_code(error)
    finally:
        _leave(code)


def largest_upload() -> int:
    """MiB of the largest file that visitors may bring: an image, or a checkpoint where those are taken."""
    try:
        own, models = settings(), zoo_settings()
    except LamError:
        # The page meets the same fault and shows it.
        return 1
    return -(-max(own.upload_limit, models.largest if models.takes_files else 0) // MEBIBYTE)


def _exit_code(error: BaseException) -> int:
    """Prints what a command line's fault is, as click does, and returns its exit code."""
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    if isinstance(error, ClickException):
        error.show()
        return error.exit_code
    if isinstance(error, KeyboardInterrupt):
        return 0
    logging.getLogger("lam").critical("server", exc_info=error)
    return 1


def _leave(code: int) -> None:
    """Stops what is being computed and ends the process.

    Python's own end would tear PyTorch down under threads that are still inside it, which aborts the process.
    """
    # Before the module is loaded to its end, nothing can be under way.
    stop = getattr(sys.modules.get("dashboard.runtime.process"), "stop", None)
    if stop is not None:
        stop(PATIENCE)
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _use_the_time() -> None:
    # Nothing may keep browsers from being answered.
    while not runtime.exists() or runtime.get_instance().state == RuntimeState.INITIAL:
        time.sleep(LOOK_EVERY)
    make_ready()


def make_ready() -> None:
    """Reads what the first page shows, before it is asked for; where strangers come, warms up too."""
    from dashboard.gallery.hot_spots import marked_windows
    from dashboard.gallery.shipped import first_visit
    from dashboard.runtime import process
    from lam_core.samples import sample
    from zoo.catalog.registry import registry

    try:
        process.start()
        import_module("dashboard.widgets.target_column")
        import_module("dashboard.app_pages.attribution.result_grid")
        sample(first_visit().sample).pixels()
        marked_windows(first_visit().sample)
        registry(*zoo_settings().entries)
        if zoo_settings().hosted:
            process.warm_up()
    except Exception as error:
        # The page meets the same fault and shows it.
        logging.getLogger("lam").warning("make ready", extra={"fields": {"error": type(error).__name__}})


if __name__ == "__main__":
    main()
