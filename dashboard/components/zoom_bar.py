"""Buttons that zoom all linked pictures of a page: to the window, to where the attribution is, to the whole field."""

from __future__ import annotations

from streamlit.components.v2 import component

from dashboard.components.events import as_text
from dashboard.components.linked_picture import BUTTONS_CSS, HERE, VIEWPORT_JS, Frame

_bar = component(
    "lam_zoom_bar",
    html="""<div class="group" role="group" aria-label="Zoom">
  <button type="button" class="window">Window</button>
  <button type="button" class="area" title="The square around the window that holds 99 % of every map">99 %</button>
  <button type="button" class="all">Whole</button>
  <button type="button" class="out" aria-label="Zoom out">−</button><span class="level"></span>
  <button type="button" class="in" aria-label="Zoom in">+</button>
</div>""",
    css=BUTTONS_CSS,
    js=VIEWPORT_JS + (HERE / "zoom_bar.js").read_text(encoding="utf-8"),
)


def zoom_bar(frame: Frame, *, key: str) -> None:
    """Shows the buttons."""
    _bar(key=key, data=as_text(frame.as_data()))
