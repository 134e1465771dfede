"""A chart on the page, and the buttons that save it as a picture."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard.components.chart_export import chart_export


def show_chart(figure: Any, name: str, alt: str) -> None:
    """A plotly figure; `name`, plain letters and hyphens, is unique on the page and that of its files."""
    from dashboard.presentation.plot_theme import toolbar

    st.plotly_chart(figure, key=f"chart-{name}", config=toolbar(name), alt=alt)
    chart_export(name)
