"""What lives long is kept out of the garbage collection that Streamlit runs after every run of a page.

With PyTorch imported it would look through 400 000 objects: a fifth of a second during which no other thread of the
process gets on, three quarters of what drawing a page of stored results took.
"""

from __future__ import annotations

import gc

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
