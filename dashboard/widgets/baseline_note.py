"""What the baseline of the maps on a page means, where it is not plainly an image without detail."""

from __future__ import annotations

import streamlit as st

from dashboard.presentation.formatting import sentence
from lam_core.attribution.baseline import index_fault, meaning
from lam_core.attribution.settings import AttributionSettings


def show(settings: AttributionSettings, scale: int) -> None:
    """A caption at ×1 and on every path but LAM's own; what DI does not say is said with it."""
    if scale > 1 and settings.path == "blur":
        return
    fault = index_fault(settings)
    told = f" No DI is shown: {fault}." if fault else ""
    st.caption(f":material/info: {sentence(meaning(settings, scale))}{told}")
