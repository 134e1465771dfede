"""A strip of small pictures by kind, one of which is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

from streamlit.components.v2 import component

from dashboard.components.events import as_text, fresh, nothing
from dashboard.components.roving import ROVING_JS

_HERE = Path(__file__)
_strip = component(
    "lam_image_strip",
    html="""<div class="around">
  <div class="strip" role="group" aria-label="Sample images"></div>
  <button class="turn back" type="button" aria-label="Earlier images" hidden>‹</button>
  <button class="turn on" type="button" aria-label="Further images">›</button>
</div>""",
    css=_HERE.with_suffix(".css").read_text(encoding="utf-8"),
    js=ROVING_JS + _HERE.with_suffix(".js").read_text(encoding="utf-8"),
)


class Thumbnail(TypedDict):
    """One small picture; `src` is its URL."""

    id: str
    title: str
    src: str


class Kind(TypedDict):
    """Pictures of one kind."""

    title: str
    images: Sequence[Thumbnail]


def chosen_image(key: str) -> str | None:
    """The id of a picture chosen since the last run."""
    report = fresh(key, "choice")
    return str(report["id"]) if report and "id" in report else None


def image_strip(kinds: Sequence[Kind], *, selected: str, key: str) -> None:
    """Shows the strip."""
    _strip(key=key, data=as_text({"kinds": kinds, "selected": selected}), on_choice_change=nothing)
