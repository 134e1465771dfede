"""A picture of the field that is zoomed and moved together with all others on the page."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from streamlit.components.v2 import component

from dashboard.components.events import as_text
from lam_core.region import Region
from lam_core.render import FRAME

HERE = Path(__file__).parent
VIEWPORT_JS = (HERE / "viewport.js").read_text(encoding="utf-8")
VIEWPORT_CSS = (HERE / "viewport.css").read_text(encoding="utf-8")
BUTTONS_CSS = (HERE / "buttons.css").read_text(encoding="utf-8")

_picture = component(
    "lam_linked_picture",
    html="""<div class="stage" tabindex="0" role="img">
  <div class="plane"><img draggable="false" alt=""></div><div class="box"></div>
  <div class="whole"><img draggable="false" alt=""><div class="shown"></div></div>
</div>""",
    css=VIEWPORT_CSS,
    js=VIEWPORT_JS + (HERE / "linked_picture.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True)
class Opening:
    """The square of a field that its pictures show until the visitor looks elsewhere, in shares of its width."""

    about: str
    """What is looked at; where it changes, pictures open there again."""
    x: float
    """Of the centre."""
    y: float
    """Of the centre, in shares of the height."""
    share: float


@dataclass(frozen=True)
class Frame:
    """The window on a picture of the field, in the field's SR pixels."""

    window: Region
    width: int
    """Of the field."""
    height: int
    opening: Opening | None = None
    """None where the other pictures of the page say it."""

    def as_data(self) -> dict[str, Any]:
        """What a component needs to draw it."""
        return {
            "x": self.window.x,
            "y": self.window.y,
            "size": self.window.size,
            "width": self.width,
            "height": self.height,
            "colour": FRAME,
            "opening": self.opening and asdict(self.opening),
        }


def linked_picture(src: str, frame: Frame, *, label: str, key: str) -> None:
    """Shows the picture at the URL `src`, which covers the field; `label` is its alternative text."""
    _picture(key=key, data=as_text({"src": src, "label": label, **frame.as_data()}))
