"""Tells whether the visitor has come near a place of the page, which it keeps free until then."""

from __future__ import annotations

import streamlit as st
from streamlit.components.v2 import component

from dashboard.components.events import as_text, nothing

_nearness = component(
    "lam_nearness",
    html="<div></div>",
    js="""
export default function ({ data, parentElement, setStateValue }) {
  const { height } = JSON.parse(data.json)
  const place = parentElement.querySelector("div")
  place.style.height = `${height}px`
  if (!height) return
  let again
  const watch = new IntersectionObserver((seen) => {
    if (!seen.some((one) => one.isIntersecting)) return
    watch.disconnect()
    // Of reports that come together, Streamlit may answer but one: this one is repeated until it is answered.
    const report = () => setStateValue("near", Math.random())
    report()
    again = setInterval(report, 1000)
  }, { root: document.querySelector('[data-testid="stMain"]'), rootMargin: "300px" })
  watch.observe(place)
  return () => { watch.disconnect(); clearInterval(again) }
}
""",
)


def is_near(key: str, height: int) -> bool:
    """Whether the place was ever near what the visitor sees since the page was opened; `height`: its own, in pixels."""
    near = bool((st.session_state.get(key) or {}).get("near"))
    _nearness(key=key, data=as_text({"height": 0 if near else height}), on_near_change=nothing)
    return near
