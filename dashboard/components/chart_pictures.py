"""A picture beside the pointer for the mark of a chart that it is on, with the mark's window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from streamlit.components.v2 import component

from dashboard.components.events import as_text
from lam_core.render import FRAME

_pictures = component(
    "lam_chart_pictures",
    html="""<div class="tip" hidden aria-hidden="true">
  <div class="picture"><img alt=""><div class="box"></div></div>
</div>""",
    css="""
.tip {
  position: fixed; z-index: 1000; width: 168px; padding: 6px; pointer-events: none;
  background: var(--st-background-color); border: 1px solid var(--st-border-color);
  border-radius: var(--st-base-radius); box-shadow: 0 2px 10px rgb(0 0 0 / 0.22);
}
.tip[hidden] { display: none; }
.picture { position: relative; overflow: hidden; }
img { display: block; width: 100%; image-rendering: pixelated; }
.box { position: absolute; outline: 2px solid var(--frame); box-shadow: 0 0 0 3px #1a1a1a; }
""",
    js="""
export default function ({ parentElement, data }) {
  const { charts, pictures, colour } = JSON.parse(data.json)
  const tip = parentElement.querySelector(".tip"), image = tip.querySelector("img"), box = tip.querySelector(".box")
  box.style.setProperty("--frame", colour)
  let plot = null
  const hide = () => { tip.hidden = true }
  const show = ({ points, event }) => {
    const point = points.find(({ customdata }) => customdata && pictures[customdata[0]])
    if (!point) return hide()
    const [name, , x, y, size] = point.customdata, { src, side } = pictures[name]
    if (image.getAttribute("src") !== src) image.src = src
    for (const [edge, value] of [["left", x], ["top", y], ["width", size], ["height", size]]) {
      box.style[edge] = `${100 * value / side}%`
    }
    tip.hidden = false
    // Below the chart's own label, or above it near the lower edge.
    const { width, height } = tip.getBoundingClientRect(), gap = 28
    const below = event.clientY + gap
    tip.style.left = `${Math.max(4, Math.min(event.clientX + gap, innerWidth - width - 4))}px`
    tip.style.top = `${below + height < innerHeight ? below : Math.max(4, event.clientY - gap - height)}px`
  }
  const leave = () => {
    // A chart that has left the page has been purged of its listeners, and of the means to remove them.
    if (!plot?.removeListener) return
    plot.removeListener("plotly_hover", show)
    plot.removeListener("plotly_unhover", hide)
  }
  // Charts come after this, and again with every change: they are looked for when the pointer moves on one.
  const selector = charts.map((name) => `.st-key-chart-${name} .js-plotly-plot`).join()
  const look = ({ target }) => {
    const found = target.closest?.(selector)
    if (!found || !found.on || found === plot) return
    leave()
    plot = found
    plot.on("plotly_hover", show)
    plot.on("plotly_unhover", hide)
  }
  parentElement.lamForget?.()
  document.addEventListener("pointermove", look, { passive: true })
  return parentElement.lamForget = () => {
    document.removeEventListener("pointermove", look)
    hide()
    leave()
  }
}
""",
)


@dataclass(frozen=True)
class Hung:
    """The upper left square of an image, small."""

    src: str
    """A data URL."""
    side: int
    """Of the square, in the image's own pixels."""


def chart_pictures(charts: Sequence[str], pictures: Mapping[str, Hung]) -> None:
    """For the charts whose keys are `chart-` and those names; their marks' customdata are image, model, x, y, size."""
    named = {name: asdict(picture) for name, picture in pictures.items()}
    _pictures(key="chart-pictures", data=as_text({"charts": charts, "pictures": named, "colour": FRAME}))
