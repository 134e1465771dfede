"""Entrypoint of the dashboard: navigation and nothing else."""

from pathlib import Path

import streamlit as st

from dashboard.components.page_mends import page_mends
from dashboard.runtime import process
from dashboard.state import uploads
from lam_core.environment import EnvironmentValueError

# A file, for Streamlit would fetch an icon by name from a font server.
ICON = Path(__file__).with_name("icon.png")
st.set_page_config(page_title="Local attribution maps", page_icon=str(ICON), layout="wide")

try:
    process.start()
except EnvironmentValueError as error:
    st.error(f"The server's settings are not usable:\n\n```\n{error}\n```", icon=":material/error:")
    st.stop()
uploads.use()

PAGES = [
    st.Page(
        "app_pages/attribution/page.py",
        url_path="attribution",
        title="Attribution",
        icon=":material/center_focus_strong:",
        help="Click a place in an image and see which input pixels made it, network by network.",
        default=True,
    ),
    st.Page(
        "app_pages/compare/page.py",
        url_path="compare",
        title="Compare",
        icon=":material/compare:",
        help="Two to eight networks on one window: images under one slider, maps on one scale, what they share.",
    ),
    st.Page(
        "app_pages/content/page.py",
        url_path="content",
        title="Content",
        icon=":material/texture:",
        help="Which images give a large DI: images ranked by it, and patterns.",
    ),
    st.Page(
        "app_pages/landscape/page.py",
        url_path="landscape",
        title="Landscape",
        icon=":material/scatter_plot:",
        help="DI against performance, receptive field and size of networks.",
    ),
    st.Page(
        "app_pages/semantics/page.py",
        url_path="semantics",
        title="Semantics",
        icon=":material/bubble_chart:",
        help="What deep features tell apart: content, or degradation.",
    ),
    st.Page(
        "app_pages/filters/page.py",
        url_path="filters",
        title="Filters",
        icon=":material/filter_alt:",
        help="Which filters of a fine-tuned network undo which degradation, beside controls.",
    ),
    st.Page(
        "app_pages/figure/page.py",
        url_path="figure",
        title="Figure",
        icon=":material/grid_view:",
        help="Windows and networks in one figure for a paper: PDF, SVG, PNG, LaTeX.",
    ),
    st.Page(
        "app_pages/zoo/page.py",
        url_path="zoo",
        title="Zoo",
        icon=":material/dataset:",
        help="All models with source, digest, licence and published figures.",
    ),
]

chosen = st.navigation(PAGES, position="top")
page_mends()
chosen.run()
