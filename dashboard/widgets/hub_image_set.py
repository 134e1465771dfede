"""Pictures of a data set on the Hub, which a link can name; asked for when a visitor names one."""

from __future__ import annotations

import streamlit as st

from dashboard.presentation.formatting import sentence
from dashboard.runtime.compute import reason
from zoo.settings import settings
from zoo.sources.image_sets import ImageSet, image_set

LISTED_FOR = 600
"""Seconds that a listing is held: a branch may move on."""


def choose(key: str, *, most: int) -> ImageSet | None:
    """The data set that the visitor names, if it can be had; one sentence otherwise."""
    text = st.text_input(
        "Data set on the Hugging Face Hub",
        key=key,
        bind="query-params",
        max_chars=300,
        placeholder="owner/name",
        help="Or owner/name@revision. Only PNG, JPEG and WebP files of the repository are read, none inside Parquet "
        "files or archives.",
    )
    if not text.strip():
        st.caption(
            f"The first {most} PNG, JPEG and WebP files of the repository, in order of name. They are public, and so "
            "are results about them."
        )
        return None
    try:
        with st.spinner(f"Asking for the files of {text}"):
            found = _listed(text, most)
    except Exception as error:
        st.error(sentence(reason(error, "listing a data set")), icon=":material/error:")
        return None
    st.caption(
        f"{found.note or f'All {len(found.files)} images of {found.repo}.'} Digest of the set {found.digest[:12]}. "
        f"To name it for good, as branches move on: `{found.reference}`"
    )
    return found


@st.cache_data(ttl=LISTED_FOR, max_entries=64, show_spinner=False)
def _listed(text: str, most: int) -> ImageSet:
    return image_set(text, settings(), most=most)
