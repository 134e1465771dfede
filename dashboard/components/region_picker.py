"""A picture on which the window is placed by click, drag or keys, zoomed if it is large; keys for the page about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from streamlit.components.v2 import component

from dashboard.components.events import as_text, fresh, nothing
from dashboard.components.linked_picture import BUTTONS_CSS, VIEWPORT_CSS, VIEWPORT_JS
from lam_core.region import Region
from lam_core.render import FRAME

_HERE = Path(__file__)
_picker = component(
    "lam_region_picker",
    html="""<div class="stage" tabindex="0" role="application">
  <div class="plane"><img draggable="false"></div>
  <div class="box field"></div><div class="marks"></div><div class="box ghost"></div><div class="box picked"></div>
  <canvas class="lens" hidden></canvas>
</div>
<div class="bar">
  <div class="group" role="group" aria-label="Zoom of the image">
    <button type="button" class="window">Window</button><button type="button" class="all">Whole</button>
    <button type="button" class="out" aria-label="Zoom out">−</button><span class="level"></span>
    <button type="button" class="in" aria-label="Zoom in">+</button>
  </div>
  <div class="whole"><img draggable="false" alt=""><div class="shown"></div></div>
</div>
<span class="spoken" aria-live="polite"></span>
<p class="hint">Click a place to see what made it<span class="marked">; of dotted ones maps are here at once</span>.
<span class="keys"> <kbd>←</kbd><kbd>↑</kbd><kbd>→</kbd><kbd>↓</kbd>
move the window, with <kbd>Shift</kbd> in large steps; <kbd>+</kbd> <kbd>−</kbd> <kbd>0</kbd><span class="wheel"> or
<kbd>Ctrl</kbd> and the wheel</span> zoom, <kbd>Shift</kbd> and a drag moves the image; <kbd>Enter</kbd> computes,
<kbd>1</kbd>–<kbd>8</kbd> switch networks.</span></p>""",
    css=VIEWPORT_CSS + BUTTONS_CSS + _HERE.with_suffix(".css").read_text(encoding="utf-8"),
    js=VIEWPORT_JS + _HERE.with_suffix(".js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True)
class Pick:
    """A place that a visitor chose."""

    x: int
    y: int
    compute: bool
    """By click or Enter; arrow keys only move the window."""


def picked(key: str) -> Pick | None:
    """A new choice of place since the last run."""
    report = fresh(key, "pick")
    if report is None:
        return None
    try:
        return Pick(int(report["x"]), int(report["y"]), bool(report.get("compute")))
    except (KeyError, TypeError, ValueError):
        return None


def pressed(key: str) -> str | None:
    """A digit from 1 to 8 that was pressed since the last run."""
    report = fresh(key, "key")
    return str(report["key"]) if report and str(report.get("key")) in set("12345678") else None


def region_picker(
    src: str,
    *,
    width: int,
    height: int,
    window: Region,
    field: tuple[int, int, int, int] | None,
    label: str,
    key: str,
    step: int = 1,
    hotkeys: bool = True,
    marks: Sequence[Region] = (),
) -> None:
    """Shows the picture at the URL `src` with the window and, where it is not all, the field (x, y, w, h).

    `width` and `height` are those of the SR picture, in whose pixels everything is given. Windows start at multiples
    of `step`. `hotkeys`: whether digits and Enter count wherever on the page they are pressed; one picker's may.
    `marks`: windows of the same size that are drawn, and taken as they are when one clicks into them.
    """
    _picker(
        key=key,
        data=as_text(
            {
                "src": src,
                "width": width,
                "height": height,
                "x": window.x,
                "y": window.y,
                "size": window.size,
                "step": step,
                "field": field,
                "label": label,
                "colour": FRAME,
                "hotkeys": hotkeys,
                "marks": [(mark.x, mark.y) for mark in marks],
            }
        ),
        on_pick_change=nothing,
        on_key_change=nothing,
    )
