"""From a mark in a study to the page that shows its map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboard.presentation import study as studies
from dashboard.presentation.catalogue import can_be_tried
from dashboard.presentation.study import Study
from dashboard.state import uploads
from dashboard.state.uploads import Upload
from lam_core.errors import LamError
from lam_core.images import digest
from lam_core.images.decode import Decoded
from zoo.settings import settings

ATTRIBUTION = "app_pages/attribution/page.py"


def query(study: Study, image: str, model: str, x: int, y: int, size: int) -> dict[str, str]:
    """The query of the attribution page for one window of a study.

    A network whose weights cannot be had here is left out: the page then shows its standard ones.
    """
    asked = {"image": image, "scale": str(int(study.table["scale"].iloc[0])), "window": f"{x},{y},{size}"}
    entry = studies.entry_of(model)
    if entry is not None and can_be_tried(entry, settings()):
        asked["models"] = entry.id
    return asked


def open_chosen(study: Study, points: Sequence[Any]) -> None:
    """Goes to the place of the first of the points that were clicked in a chart, if any was."""
    for point in points:
        chosen = point.get("customdata") or []
        if len(chosen) == 5:
            image, model, x, y, size = chosen
            go(study, str(image), str(model), int(x), int(y), int(size))
            return


def go(study: Study, image: str, model: str, x: int, y: int, size: int) -> None:
    """Goes to one window of a study on the attribution page; says why not if its image is not available."""
    name = image
    if study.own:
        try:
            opened = study.pictures[image].open()
        except (KeyError, LamError):
            st.warning(f"{image} is no longer available: it was read from a table or a file that is gone.")
            return
        name = f"upload-{digest(opened.pixels)}"
        uploads.hold(Upload(Decoded(opened.pixels, (opened.note,) if opened.note else ()), image))
    st.switch_page(ATTRIBUTION, query_params=query(study, name, model, x, y, size))
