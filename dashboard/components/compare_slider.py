"""Two pictures of one field under a divider, zoomed and moved together with all linked pictures of the page."""

from __future__ import annotations

from dataclasses import dataclass

from streamlit.components.v2 import component

from dashboard.components.events import as_text
from dashboard.components.linked_picture import BUTTONS_CSS, HERE, VIEWPORT_CSS, VIEWPORT_JS, Frame

_slider = component(
    "lam_compare_slider",
    html="""<div class="stage" tabindex="0" role="slider" aria-valuemin="0" aria-valuemax="100">
  <div class="side right"><div class="plane"><img draggable="false" alt=""></div><div class="box"></div></div>
  <div class="side left"><div class="plane"><img draggable="false" alt=""></div><div class="box"></div></div>
  <span class="name left"></span><span class="name right"></span><div class="divider"></div>
</div>
<div class="bar">
  <div class="group" role="group" aria-label="What is shown">
    <button type="button" class="left"></button><button type="button" class="half" title="Both halves">½</button>
    <button type="button" class="right"></button>
  </div>
</div>
<p class="hint">Drag the divider. <kbd>←</kbd> <kbd>→</kbd> move it, <kbd>Space</kbd> shows one image or the other;
<kbd>+</kbd> <kbd>−</kbd> <kbd>0</kbd> or a double click<span class="wheel">, or <kbd>Ctrl</kbd> and the wheel,</span>
zoom all images of this page at once.</p>""",
    css=VIEWPORT_CSS + BUTTONS_CSS + (HERE / "compare_slider.css").read_text(encoding="utf-8"),
    js=VIEWPORT_JS + (HERE / "compare_slider.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True)
class Side:
    """One of the two pictures."""

    name: str
    src: str
    """Its URL; the picture covers the field."""


def compare_slider(left: Side, right: Side, frame: Frame, *, key: str) -> None:
    """Shows the two pictures; where the divider stands is the browser's affair."""
    _slider(
        key=key,
        data=as_text(
            {
                "left": {"name": left.name, "src": left.src},
                "right": {"name": right.name, "src": right.src},
                **frame.as_data(),
            }
        ),
    )
