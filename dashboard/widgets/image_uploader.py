"""The field that takes image files, with this server's limits, on every page that takes any."""

from __future__ import annotations

from typing import Any

import streamlit as st
from streamlit.runtime.uploaded_file_manager import DeletedFile, UploadedFile

from dashboard.presentation.decoded_image import IMAGE_TYPES
from dashboard.presentation.formatting import sentence
from dashboard.state import uploads
from lam_core.settings import MEBIBYTE, settings


def image_uploader(label: str, *, key: str, **more: Any) -> list[UploadedFile]:
    """The files in the field, none or one if `more`, as of `st.file_uploader`, does not say several.

    A sentence under it says why a file was not taken.
    """
    limit = max(1, settings().upload_limit // MEBIBYTE)
    found = st.file_uploader(label, type=IMAGE_TYPES, key=key, max_upload_size=limit, **more)
    if refusal := uploads.refusal():
        st.error(sentence(refusal), icon=":material/error:")
    files = found if isinstance(found, list) else [found]
    return [file for file in files if file is not None and not isinstance(file, DeletedFile)]
