"""What lives long is kept out of the garbage collection that Streamlit runs after every run of a page.

With PyTorch imported it would look through 400 000 objects: a fifth of a second during which no other thread of the
process gets on, three quarters of what drawing a page of stored results took.
"""

from __future__ import annotations

import ctypes
import gc
from contextlib import suppress

from streamlit import runtime


def set_aside() -> None:
    """Collects what is garbage among all objects, then lets later collections look at newer ones alone.

    Called now and then, so that whatever was in use the last time, and no longer is, goes too. Does nothing where no
    server runs.
    """
    if runtime.exists():
        gc.unfreeze()
        gc.collect()
        gc.freeze()
        give_back()


def give_back() -> None:
    """Returns freed memory to the system; C's library keeps what large images took, thread by thread, otherwise."""
    # glibc alone has it.
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
