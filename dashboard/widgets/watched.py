"""A request computed while the visitor watches a bar, with Cancel beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import streamlit as st

from dashboard.presentation.formatting import sentence
from dashboard.runtime.compute import computed
from dashboard.widgets.progress import share_fetched, waiting_for
from lam_core.service.request import Request
from lam_core.service.service import Service, Status

R = TypeVar("R")


def watched(
    request: Request[R], service: Service, title: str, slot: Any, *, key: str, give_up: Callable[[], None]
) -> R | str:
    """The result of a request while a bar in `slot` shows how far it is; one sentence if there is none.

    Its progress has a `task` and a `share`. Cancel, a button of that key, calls `give_up`.
    """
    with slot.container(horizontal=True, vertical_alignment="center"):
        bar = st.progress(0.0, f"{title}: starting", width="stretch")
        st.button("Cancel", key=key, on_click=give_up)

    def tell(status: Status) -> None:
        if status.progress is None:
            bar.progress(share_fetched(status), f"{title}: {waiting_for(status)}")
        else:
            words = waiting_for(status) if status.stage == "queue" else status.progress.task
            bar.progress(min(status.progress.share, 1.0), f"{title}: {words}")

    outcome = computed(service, request, tell)
    slot.empty()
    return outcome.result if outcome.result is not None else sentence(outcome.failure)
