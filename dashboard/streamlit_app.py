"""Entrypoint of the dashboard: navigation and nothing else."""

import streamlit as st

st.set_page_config(page_title="Local attribution maps", page_icon=":material/center_focus_strong:", layout="wide")

PAGES = [
    st.Page(
        "app_pages/attribution.py",
        title="Attribution",
        icon=":material/center_focus_strong:",
        help="Click a place in an image and see which input pixels made it, network by network.",
        default=True,
    ),
    st.Page(
        "app_pages/zoo.py",
        title="Zoo",
        icon=":material/dataset:",
        help="All models with source, digest, licence and published figures.",
    ),
]

st.navigation(PAGES, position="top").run()
