"""A button that puts the page's address on the clipboard."""

from __future__ import annotations

from typing import Literal

from streamlit.components.v2 import component

_link = component(
    "lam_copy_link",
    html="""<button type="button">
  <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M10 8H7a4 4 0 0 0 0 8h3M14 8h3a4 4 0 0 1 0 8h-3M8 12h8"/></svg>
  <span>Copy link</span>
</button>""",
    css="""
button {
  all: unset; box-sizing: border-box; width: 100%; cursor: pointer; text-align: center; padding: 0.5rem 0.75rem;
  font-size: 0.875rem; line-height: 1.5;
  border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius); font-family: var(--st-font);
  color: var(--st-text-color);
}
svg { width: 1.25em; fill: none; stroke: currentColor; stroke-width: 2; vertical-align: -0.3em; }
button:hover, button:focus-visible { border-color: var(--st-primary-color); color: var(--st-primary-color); }
""",
    js="""
export default function ({ parentElement }) {
  const button = parentElement.querySelector("button"), words = button.querySelector("span")
  const say = (text) => {
    words.textContent = text
    setTimeout(() => { words.textContent = "Copy link" }, 1600)
  }
  button.onclick = async () => {
    const address = window.location.href
    try {
      await navigator.clipboard.writeText(address)
      say("Copied")
    } catch {
      // Browsers keep the clipboard from pages without https: the visitor copies by hand.
      window.prompt("The address of this view:", address)
    }
  }
}
""",
)


def copy_link(key: str, width: Literal["stretch"] | int = "stretch") -> None:
    """Shows the button."""
    _link(key=key, width=width)
