"""Scatters side by side over the same pictures: point at, click or draw around points in one, see them in all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st
from streamlit.components.v2 import component

from dashboard.components.events import as_text, nothing
from dashboard.components.roving import ROVING_JS
from dashboard.presentation.plot_theme import PALETTE, SHAPES

_HERE = Path(__file__)
_scatters = component(
    "lam_linked_scatters",
    html="""<div class="linked">
  <div class="legend" role="group" aria-label="Select by degradation or content"></div>
  <div class="panels"></div>
  <p class="apart">Controls: what the pixels themselves and the same networks before training tell apart.</p>
  <div class="controls"></div>
  <p class="below"><span class="count" aria-live="polite"></span>
  <button class="clear" type="button" hidden>Clear</button></p>
  <div class="tiles" role="group" aria-label="Pictures"></div>
  <div class="tip" hidden><div></div><span></span></div>
</div>""",
    css=_HERE.with_suffix(".css").read_text(encoding="utf-8"),
    js=ROVING_JS + _HERE.with_suffix(".js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True)
class Panel:
    """One scatter."""

    id: str
    """Panels of one id move their points when the data changes."""
    title: str
    tag: str
    note: str
    """One line of figures."""
    label: str
    """What is seen, for those who do not see it."""
    points: Sequence[float]
    """x and y in turn, of every picture under every degradation."""
    control: bool = False
    """Shown small, below the others."""


@dataclass(frozen=True)
class Shown:
    """The pictures that the points stand for."""

    design: str
    """Names the design: another one forgets what was selected."""
    pictures: Sequence[str]
    contents: Sequence[str]
    content_of: Sequence[int]
    degradations: Sequence[str]
    sprite: str
    """URL of a picture of all tiles, every picture under every degradation, row by row."""
    side: int
    columns: int


def selection(key: str, design: str) -> tuple[int, ...]:
    """The points that are selected: picture × number of degradations + degradation."""
    report = (st.session_state.get(key) or {}).get("selection") or {}
    if report.get("design") != design:
        return ()
    return tuple(int(point) for point in report.get("points", ()))


def linked_scatters(shown: Shown, panels: Sequence[Panel], *, by_content: bool, key: str) -> None:
    """Shows the panels; colour tells the degradation and shape the content, or the other way round."""
    _scatters(
        key=key,
        data=as_text(
            {
                **asdict(shown),
                "panels": [asdict(panel) for panel in panels],
                "palette": PALETTE,
                "shapes": SHAPES,
                "colour": "content" if by_content else "degradation",
                "selected": selection(key, shown.design),
            }
        ),
        on_selection_change=nothing,
    )
