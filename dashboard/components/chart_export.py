"""Two buttons that save a chart of the page as PNG or SVG, made in the browser from what is on the screen."""

from __future__ import annotations

from streamlit.components.v2 import component

from dashboard.components.events import as_text

_export = component(
    "lam_chart_export",
    html="""<button type="button" data-format="png">Chart, PNG</button>
<button type="button" data-format="svg">Chart, SVG</button>
""",
    css="""
:host { display: flex; gap: 1rem; }
button {
  all: unset; box-sizing: border-box; cursor: pointer; text-align: center; padding: 0.45rem 0.75rem;
  font-size: 0.875rem; line-height: 1.5; white-space: nowrap; border: 1px solid var(--st-border-color);
  border-radius: var(--st-button-radius); font-family: var(--st-font); color: var(--st-text-color);
}
button:hover, button:focus-visible { border-color: var(--st-primary-color); color: var(--st-primary-color); }
""",
    js="""
export default function ({ parentElement, data }) {
  const name = JSON.parse(data.json).chart
  const chart = () => document.querySelector(`.st-key-chart-${name} .js-plotly-plot`)
  for (const button of parentElement.querySelectorAll("button")) {
    button.onclick = () => {
      const plot = chart()
      const camera = plot && plot.querySelector('.modebar-btn[data-title^="Download"]')
      if (!camera) return
      // Plotly's own camera reads the format when it is pressed.
      plot._context.toImageButtonOptions = { ...plot._context.toImageButtonOptions, format: button.dataset.format }
      camera.click()
    }
  }
}
""",
)


def chart_export(chart: str) -> None:
    """Shows the buttons for the chart whose key is `chart-` and that name."""
    _export(key=f"export-{chart}", data=as_text({"chart": chart}), width="content")
