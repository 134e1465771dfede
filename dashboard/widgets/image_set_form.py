"""Pictures to be swept: files or a folder that a visitor brings, a data set on the Hub, or the project's samples."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from dashboard.presentation.formatting import sentence
from dashboard.runtime.upload_memory import UploadMemoryError
from dashboard.state import uploads
from dashboard.widgets import hub_image_set
from dashboard.widgets.image_uploader import image_uploader
from lam_core.errors import LamError
from lam_core.images.decode import UnreadableImageError
from lam_core.images.image_sets import Opened, Picture, PictureError, of_sample, pictures_in
from lam_core.samples import samples
from zoo.settings import settings as zoo_settings
from zoo.sources.image_sets import MOST, pictures_of

MOST_UPLOADED = 300
"""Files that a session holds in memory; a folder on the computer itself has no such limit."""

Source = Literal["files", "folder", "path", "hub", "samples"]
SOURCES: dict[Source, str] = {
    "files": "Files",
    "folder": "Folder",
    "path": "Folder on this computer",
    "hub": "Hub data set",
    "samples": "Samples",
}


@dataclass(frozen=True)
class Chosen:
    """The pictures to be swept."""

    pictures: tuple[Picture, ...] = ()
    title: str = ""
    private: bool = True
    """They are the visitor's own: nobody else sees results about them, and no link names them."""


def is_linked() -> bool:
    """Whether a link leads to a choice of pictures."""
    return "own_source" in st.query_params


def choose() -> Chosen:
    """The pictures chosen so far; what cannot be used of them is said."""
    sources: list[Source] = [name for name in SOURCES if name != "path" or not zoo_settings().hosted]
    source = st.segmented_control(
        "Images",
        sources,
        format_func=lambda name: SOURCES[name],
        default="files",
        required=True,
        key="own_source",
        bind="query-params",
        label_visibility="collapsed",
    )
    if source == "samples":
        taken = tuple(of_sample(sample) for sample in samples())
        st.caption(f"All {len(taken)} samples, drawn patterns among them. The address names the choice.")
        return Chosen(taken, f"{len(taken)} samples", private=False)
    if source == "hub":
        return _of_hub()
    taken = _from_path() if source == "path" else _uploaded(folder=source == "folder")
    return Chosen(taken, f"Your {len(taken)} images" if len(taken) > 1 else "Your image")


def _of_hub() -> Chosen:
    found = hub_image_set.choose("hub", most=MOST)
    if found is None:
        return Chosen(private=False)
    title = f"{len(found.files)} images of {found.repo}" if len(found.files) > 1 else f"An image of {found.repo}"
    return Chosen(pictures_of(found, zoo_settings()), title, private=False)


def _uploaded(*, folder: bool) -> tuple[Picture, ...]:
    files = image_uploader(
        "HR images",
        accept_multiple_files="directory" if folder else True,
        key="own_folder" if folder else "own_files",
        label_visibility="collapsed",
    )
    taken = uploaded(files)
    if len(files) > len(taken):
        st.warning(
            f"{len(files)} files were chosen; the first {len(taken)} are taken, for a visit holds no more in memory. "
            "`lam sweep` takes folders of any size.",
            icon=":material/info:",
        )
    st.caption(
        "They count as HR images and are reduced by bicubic interpolation; they stay in this visit's memory, and no "
        "link leads to them."
    )
    return taken


def _from_path() -> tuple[Picture, ...]:
    text = st.text_input("Folder", key="own_path", placeholder="/home/me/pictures", label_visibility="collapsed")
    if not text:
        return ()
    try:
        pictures = pictures_in(Path(text).expanduser())
    except LamError as error:
        st.error(sentence(str(error)), icon=":material/error:")
        return ()
    st.caption(f"{len(pictures):,} images there and in the folders below; each is read when its turn comes.")
    return pictures


def uploaded(files: Sequence[UploadedFile]) -> tuple[Picture, ...]:
    """Uploaded files as pictures of a study, each under a name of its own, decoded when they are needed."""
    names = _distinct(file.name for file in files[:MOST_UPLOADED])
    return tuple(Picture(name, partial(_opened, file, name)) for file, name in zip(files, names, strict=False))


def _distinct(names: Iterable[str]) -> list[str]:
    found: dict[str, None] = {}
    for name in names:
        given, count = name, 1
        while given in found:
            count += 1
            given = f"{name} ({count})"
        found[given] = None
    return list(found)


def _opened(file: UploadedFile, name: str) -> Opened:
    try:
        decoded = uploads.decoded(file)
    except (UnreadableImageError, UploadMemoryError) as error:
        raise PictureError(f"{name}: {error}") from None
    return Opened(decoded.pixels, f"{name}: {' '.join(decoded.notes)}" if decoded.notes else "")
