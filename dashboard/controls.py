"""The widgets of the attribution page. Each shows what the view says and, when touched, changes the view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from dashboard import session, uploads
from dashboard.components.image_strip import Kind, image_strip
from dashboard.gallery.shipped import thumbnails
from dashboard.models import Offer
from dashboard.pictures import Picture
from dashboard.presets import Preset
from dashboard.uploads import Upload
from dashboard.view import FIRST_SAMPLE, MOST_MODELS, View
from dashboard.wording import DETECTORS, PATHS, RULES, sentence
from lam_core.attribution.settings import AttributionSettings, SettingsError
from lam_core.errors import LamError
from lam_core.images import digest
from lam_core.images.decode import decode
from lam_core.region import Region, RegionError
from lam_core.samples import samples
from lam_core.settings import MEBIBYTE, settings

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
FIELDS = (48, 64, 96, 128, "full")


def samples_strip(selected: str) -> None:
    """The samples by kind."""
    urls = thumbnails()
    kinds: dict[str, Kind] = {}
    for sample in samples():
        kind = kinds.setdefault(sample.kind, {"title": KIND_TITLES.get(sample.kind, sample.kind.title()), "images": []})
        images = [*kind["images"], {"id": sample.id, "title": sample.title, "src": urls.get(sample.id, "")}]
        kinds[sample.kind] = {"title": kind["title"], "images": images}  # pyright: ignore[reportArgumentType]
    ordered = [kinds[name] for name in KIND_TITLES if name in kinds]
    image_strip(ordered, selected=selected, key="strip")


def upload(view: View) -> None:
    """A popover that takes a picture of the visitor's own."""
    limits = settings()
    with st.popover("Your picture", icon=":material/upload:", width="stretch"):
        st.file_uploader(
            "Picture",
            type=["png", "jpg", "jpeg", "webp", "gif", "bmp", "tif", "tiff", "ppm"],
            key=(key := uploads.widget_key()),
            max_upload_size=max(1, limits.upload_limit // MEBIBYTE),
            on_change=_take_upload,
            args=(key,),
            label_visibility="collapsed",
        )
        st.session_state["low"] = view.low_resolution
        st.toggle("It is already low-resolution", key="low", on_change=_take_kind)
        st.caption(
            "Otherwise it counts as the HR picture and is reduced by bicubic interpolation. Nobody else sees "
            f"picture and results; they go when you close the tab, after {limits.upload_hours} h without use, or at "
            "once if you say so. Links carry the picture's digest alone."
        )
        if uploads.held() is not None:
            st.button(
                "Delete my picture and its results", icon=":material/delete:", on_click=_delete_upload, key="delete"
            )


def upload_fault() -> None:
    """Why the last file was not taken, or what is remarkable about it."""
    if fault := st.session_state.get("upload_fault"):
        st.error(fault, icon=":material/error:")


def _delete_upload() -> None:
    uploads.discard()
    session.give_up()
    session.change(image=FIRST_SAMPLE, low_resolution=False, window=None)


def _take_upload(key: str) -> None:
    file = st.session_state.get(key)
    st.session_state.upload_fault = ""
    if file is None:
        return
    limits = settings()
    try:
        if file.size > limits.upload_limit:
            raise SettingsError(
                f"{file.name} has {file.size / MEBIBYTE:.1f} MiB; choose a file of at most "
                f"{limits.upload_limit / MEBIBYTE:g} MiB"
            )
        decoded = decode(file.getvalue(), pixel_limit=limits.pixel_limit)
    except LamError as error:
        st.session_state.upload_fault = f"{file.name}: {sentence(str(error))}"
        return
    name = f"upload-{digest(decoded.pixels)}"
    expected = st.session_state.view.upload
    if expected and f"upload-{expected}" != name and uploads.held() is None:
        st.session_state.upload_fault = f"{file.name} is not the picture of this link; it is shown all the same."
    if name != st.session_state.view.image:
        session.change(image=name, window=None)
    uploads.hold(Upload(decoded, file.name))


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
    """The window's corner and size as numbers."""
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


def _take_place(width: int, height: int) -> None:
    x, y, size = (st.session_state[f"window_{name}"] for name in ("x", "y", "size"))
    try:
        size = min(int(size), width, height)
        session.change(window=Region(min(int(x), width - size), min(int(y), height - size), size))
    except (RegionError, TypeError, ValueError) as error:
        st.session_state.faults = (sentence(str(error)),)


def model_choice(listed: Sequence[Offer], selected: Sequence[Offer], shelf: Sequence[Offer]) -> None:
    """A row of networks to switch on and off, and behind it all of them."""
    names = {offer.key: offer for offer in listed}
    numbers = {offer.key: number for number, offer in enumerate(shelf, 1)}
    st.session_state["shelf"] = [offer.key for offer in selected if offer in shelf]
    st.pills(
        "Networks",
        [offer.key for offer in shelf],
        selection_mode="multi",
        format_func=lambda key: f"{numbers.get(key, '')} {names[key].label}",
        key="shelf",
        on_change=_take_shelf,
        args=([offer.key for offer in listed],),
        label_visibility="collapsed",
        wrap=True,
    )
    if len(listed) > len(shelf):
        with st.popover("", icon=":material/add:", help="More networks"):
            st.session_state["all"] = [offer.key for offer in selected]
            st.multiselect(
                "Up to eight networks",
                list(names),
                format_func=lambda key: names[key].label + (" · to be fetched" if names[key].remote else ""),
                max_selections=MOST_MODELS,
                key="all",
                on_change=_take_all,
            )


def _take_shelf(order: list[str]) -> None:
    _choose([key for key in order if key in st.session_state["shelf"]])


def _take_all() -> None:
    _choose(st.session_state["all"])


def _choose(keys: Sequence[str]) -> None:
    # No network at all is no choice: the last one stays.
    if keys:
        session.change(models=tuple(keys)[:MOST_MODELS])


def toggle(shelf: Sequence[Offer], selected: Sequence[Offer], number: int) -> None:
    """Switches the network of that number, counted from 1, on or off."""
    if number > len(shelf):
        return
    key, keys = shelf[number - 1].key, [offer.key for offer in selected]
    _choose([k for k in keys if k != key] if key in keys else [*keys, key])


def preset_choice(listed: Sequence[Preset], needed: str) -> None:
    """Ready comparisons, and what others would need."""
    with st.popover("Presets", icon=":material/playlist_play:"):
        for number, preset in enumerate(listed):
            st.button(
                preset.title,
                key=f"preset-{number}",
                on_click=_take_preset,
                args=(preset,),
                help=preset.note or None,
                width="stretch",
            )
        if needed:
            st.caption(needed)
        elif not listed:
            st.caption("No ready comparison for this place.")


def _take_preset(preset: Preset) -> None:
    session.change(models=preset.models, comparison=preset.comparison)
    session.ask()


def density_switch(view: View) -> None:
    """Maps as they are, or as kernel densities."""
    st.session_state["density"] = "KDE" if view.density else "Map"
    st.segmented_control(
        "Shown as",
        ["Map", "KDE"],
        key="density",
        required=True,
        on_change=_take_density,
        help="The map as it is, pixel by pixel; or a kernel density estimate of it, which is easier to see from afar.",
        label_visibility="collapsed",
    )


def _take_density() -> None:
    session.change(density=st.session_state["density"] == "KDE")


def attribution_settings(view: View) -> None:
    """Everything else that decides a map, folded away and made only once it is unfolded."""
    now = view.settings
    folded = st.expander("Settings of the attribution", icon=":material/tune:", key="settings", on_change="rerun")
    if not folded.open:
        return
    with folded:
        columns = st.columns(3)
        with columns[0]:
            _choice("rule", now, list(RULES), RULES)
            _number("nodes", "nodes, at most" if now.rule == "default" else "steps", now, 2, 1000, 10)
            if now.rule == "default":
                _number("tolerance", "tolerance of the map error", now, 0.0, 0.9, 0.01)
        with columns[1]:
            _choice("detector", now, list(DETECTORS), DETECTORS)
            _choice("path", now, ["blur"] if now.rule == "reference" else list(PATHS), PATHS)
            _choice("field", now, FIELDS, {"full": "whole picture"}, "field, LR pixels")
        with columns[2]:
            _number("sigma", "σ of the blur, LR pixels", now, 0.1, 10.0, 0.1)
            _number("kernel", "kernel, LR pixels", now, 3, 61, 2)
            _choice("dtype", now, ["float32", "float64"], {}, "precision")


def _choice(name: str, now: AttributionSettings, options: Sequence, words: dict, label: str = "") -> None:
    key, value = f"set_{name}", getattr(now, name)
    st.session_state[key] = value
    st.selectbox(
        label or name,
        options if value in options else [*options, value],
        format_func=lambda option: words.get(option, str(option)),
        key=key,
        on_change=_take_setting,
        args=(name,),
    )


def _number(name: str, label: str, now: AttributionSettings, low: float, high: float, step: float) -> None:
    key = f"set_{name}"
    st.session_state[key] = getattr(now, name)
    st.number_input(label, min_value=low, max_value=high, step=step, key=key, on_change=_take_setting, args=(name,))


def _take_setting(name: str) -> None:
    value = st.session_state[f"set_{name}"]
    changes = {name: round(value, 6) if isinstance(value, float) else value}
    if changes == {"rule": "reference"}:
        changes["path"] = "blur"
    try:
        session.change(settings=replace(st.session_state.view.settings, **changes))
    except SettingsError as error:
        st.session_state.faults = (sentence(str(error)),)
