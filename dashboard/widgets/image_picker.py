"""Widgets that choose a picture: the samples by kind, an upload, the scale, and the window as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from dashboard.components.image_strip import Kind, image_strip
from dashboard.gallery.shipped import thumbnails
from dashboard.presentation.decoded_image import Picture
from dashboard.presentation.formatting import sentence
from dashboard.presentation.view import FIRST_SAMPLE, View
from dashboard.state import session, uploads
from dashboard.state.uploads import Upload
from dashboard.widgets.image_uploader import image_uploader
from dashboard.widgets.thumbnails import own_thumbnail
from lam_core.errors import LamError
from lam_core.images.decode import Decoded
from lam_core.region import Region, RegionError
from lam_core.samples import samples
from lam_core.settings import settings

POPOVER = "upload_popover"
KIND_TITLES = {
    "facade": "Facades",
    "roof": "Roofs",
    "texture": "Textures",
    "photograph": "Photographs",
    "foliage": "Foliage",
    "text": "Print",
    "stripes": "Stripes",
    "grid": "Grids",
    "checkerboard": "Checkerboards",
    "plate": "Plates",
}


def samples_strip(selected: str) -> None:
    """The visitor's own image, and the samples by kind."""
    urls = thumbnails()
    kinds: dict[str, Kind] = {}
    if own := uploads.held():
        kinds["own"] = {"title": "Yours", "images": [{"id": own.id, "title": own.name, "src": own_thumbnail(own)}]}
    for sample in samples():
        kind = kinds.setdefault(sample.kind, {"title": KIND_TITLES.get(sample.kind, sample.kind.title()), "images": []})
        images = [*kind["images"], {"id": sample.id, "title": sample.title, "src": urls.get(sample.id, "")}]
        kinds[sample.kind] = {"title": kind["title"], "images": images}  # pyright: ignore[reportArgumentType]
    ordered = [kinds[name] for name in ("own", *KIND_TITLES) if name in kinds]
    image_strip(ordered, selected=selected, key="strip")


def upload(view: View) -> None:
    """A popover that takes a picture of the visitor's own."""
    with st.popover("Your image", icon=":material/upload:", width="stretch", key=POPOVER, on_change="rerun"):
        key = uploads.widget_key()
        image_uploader("Image", key=key, on_change=_take_upload, args=(key,), label_visibility="collapsed")
        if fault := st.session_state.get("upload_fault"):
            st.error(f"{fault} The image shown before stays.", icon=":material/error:")
        st.session_state["low"] = view.low_resolution
        st.toggle(
            "This image is already LR",
            key="low",
            on_change=_take_kind,
            help="Otherwise it is taken for the HR image and reduced by bicubic interpolation.",
        )
        if view.low_resolution and uploads.held() is not None:
            hr_key = f"hr-{key}"
            image_uploader(
                "Its HR image, if you have it: PSNR is then against it, and how the LR image was made is told",
                key=hr_key,
                on_change=_take_hr,
                args=(hr_key,),
            )
        st.caption(
            f"Nobody else sees image and results; they go when you close the tab, after {settings().upload_hours} h "
            "without use, or at once if you say so. Links contain only a hash. On a large image the maps are computed "
            "over the bright square around the window, the attributed field; its side is among the settings."
        )
        if uploads.held() is not None:
            st.button(
                "Delete my image and its results", icon=":material/delete:", on_click=_delete_upload, key="delete"
            )


def upload_fault() -> None:
    """What is remarkable about the last file that was taken."""
    if note := st.session_state.get("upload_note"):
        st.warning(note, icon=":material/info:")


def _delete_upload() -> None:
    uploads.discard()
    session.give_up(st.session_state.view.question)
    session.change(image=FIRST_SAMPLE, low_resolution=False, window=None)


def _take_upload(key: str) -> None:
    file, found = _decoded(key)
    if file is None or found is None:
        return
    own = Upload(found, file.name)
    expected = st.session_state.view.upload
    if expected and f"upload-{expected}" != own.id and uploads.held() is None:
        st.session_state.upload_note = f"{file.name} is not the image of this link; it is shown all the same."
    if own.id != st.session_state.view.image:
        session.change(image=own.id, window=None)
    uploads.hold(own)
    # Closed, so that what it covers is seen.
    st.session_state[POPOVER] = False


def _take_hr(key: str) -> None:
    file, found = _decoded(key)
    own = uploads.held()
    if own is not None and (file is None or found is not None):
        uploads.hold(replace(own, hr=found))


def _decoded(key: str) -> tuple[UploadedFile | None, Decoded | None]:
    """The file in a widget and the picture in it; where there is none, the fault is kept to be shown."""
    file = st.session_state.get(key)
    st.session_state.upload_fault = st.session_state.upload_note = ""
    if file is None:
        return None, None
    try:
        return file, uploads.decoded(file)
    except LamError as error:
        st.session_state.upload_fault = f"{file.name}: {sentence(str(error))}"
        return file, None
    finally:
        uploads.let_go(file)


def _take_kind() -> None:
    session.change(low_resolution=bool(st.session_state["low"]), window=None)


def scale_choice(view: View, scales: Sequence[int]) -> None:
    """The scale, where there is a choice."""
    if len(scales) < 2 and view.scale in scales:
        return
    st.session_state["scale"] = view.scale
    st.segmented_control(
        "Scale",
        sorted({*scales, view.scale}),
        format_func=lambda scale: f"×{scale}",
        key="scale",
        required=True,
        on_change=_take_scale,
        label_visibility="collapsed",
    )


def _take_scale() -> None:
    if st.session_state["scale"]:
        session.change(scale=int(st.session_state["scale"]), window=None, models=())


def place(window: Region, picture: Picture) -> None:
    """The window's corner and size as numbers, and the way to the hardest one."""
    limits = {"x": picture.width - window.size, "y": picture.height - window.size}
    largest = min(picture.height, picture.width)
    grid = st.grid(3, min_column_width=80, gap="small")
    for name in ("x", "y", "size"):
        st.session_state[f"window_{name}"] = getattr(window, name)
        grid.number_input(
            "size" if name == "size" else f"{name}, up to {limits[name]}",
            min_value=1 if name == "size" else 0,
            max_value=largest if name == "size" else limits[name],
            step=1,
            key=f"window_{name}",
            on_change=_take_place,
            args=(picture.width, picture.height),
        )
    st.button(
        "Hardest window",
        icon=":material/my_location:",
        key="hardest",
        disabled=picture.hr is None,
        on_click=_take_hardest,
        args=(picture, window.size),
        help="Goes to the window that bicubic interpolation fails most: easy ones say little of what a network knows.",
        width="stretch",
    )


def _take_hardest(picture: Picture, size: int) -> None:
    session.change(window=picture.hardest(size))


def _take_place(width: int, height: int) -> None:
    x, y, size = (st.session_state[f"window_{name}"] for name in ("x", "y", "size"))
    try:
        size = min(int(size), width, height)
        session.change(window=Region(min(int(x), width - size), min(int(y), height - size), size))
    except (RegionError, TypeError, ValueError) as error:
        st.session_state.faults = (sentence(str(error)),)
