"""The widgets of the semantics page that say what is compared: networks, layers, colours, pictures, degradations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from dashboard.gallery.semantics.shipped import shipped_design
from dashboard.models import Offer
from dashboard.semantics.networks import full_name
from dashboard.semantics.presets import MOST, PRESETS, Preset
from dashboard.semantics.scatter import PLANES
from dashboard.wording import sentence
from lam_core.decode import decode
from lam_core.degradations import DEGRADATION_KINDS, Degradation
from lam_core.errors import LamError
from lam_core.images import digest, downscale
from lam_core.semantics.design import DEGRADATIONS, Design, Picture
from lam_core.settings import MEBIBYTE, settings

DEPTHS = ("first", "2", "3", "4", "5", "last")
BY_NETWORK, BY_LAYER = "Networks", "Layers of one"
HUES = ("Degradation", "Content")
MOST_PICTURES = 60
SIDE = 64
"""Of a visitor's pictures, in pixels of the networks' input: larger ones are cropped in the middle."""


@dataclass(frozen=True, eq=False)
class Material:
    """What the networks are shown."""

    design: Design
    is_standard: bool
    """It is the design of the shipped results."""
    is_own: bool
    """The pictures are the visitor's own: nothing of them is anybody else's to see."""


@dataclass(frozen=True)
class Choice:
    """How the scatters are laid out."""

    networks: tuple[Offer, ...]
    by_layer: bool
    position: float
    """Of the layer shown, 0 the first and 1 the last stage."""
    by_content: bool
    plane: str
    preset: Preset | None


def presets(offers: dict[str, Offer]) -> None:
    """Comparisons to start from."""
    st.pills(
        "Comparisons",
        [preset.id for preset in PRESETS],
        format_func=lambda key: next(preset.title for preset in PRESETS if preset.id == key),
        key="preset",
        on_change=_take_preset,
        args=(tuple(offers),),
        label_visibility="collapsed",
        wrap=True,
    )


def _take_preset(available: tuple[str, ...]) -> None:
    chosen = next((preset for preset in PRESETS if preset.id == st.session_state["preset"]), None)
    if chosen is not None:
        if networks := chosen.networks(available):
            st.session_state["nets"] = list(networks)
        st.session_state["panels"] = BY_LAYER if chosen.by_layer else BY_NETWORK
        st.session_state["depth"] = DEPTHS[-1]


def layout(offers: dict[str, Offer]) -> Choice:
    """Networks, layer, colours and plane."""
    standard = PRESETS[0].networks(offers) or tuple(offers)[:MOST]
    networks = st.multiselect(
        "Networks, up to four",
        list(offers),
        default=list(standard),
        format_func=lambda key: _label(offers[key]),
        max_selections=MOST,
        key="nets",
        bind="query-params",
        placeholder="Choose up to four networks",
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        panels = st.segmented_control(
            "Side by side", [BY_NETWORK, BY_LAYER], default=BY_NETWORK, required=True, key="panels", bind="query-params"
        )
        hue = st.segmented_control(
            "Colour", HUES, default=HUES[0], required=True, key="hue", bind="query-params",
            help="The other one is told by the shape.",
        )  # fmt: skip
        plane = st.segmented_control(
            "Plane", PLANES, default=PLANES[0], required=True, key="plane", bind="query-params",
            help="t-SNE keeps neighbours together and lets distances go; PCA shows the directions of largest variance.",
        )  # fmt: skip
        depth = DEPTHS[-1]
        if panels != BY_LAYER:
            depth = st.select_slider(
                "Stage of the trunk", DEPTHS, value=DEPTHS[-1], key="depth", bind="query-params", width=320,
                help="Networks have different numbers of layers: the slider goes from the first stage to the last "
                "before the upsampler.",
            )  # fmt: skip
    preset = next(
        (p for p in PRESETS if p.networks(offers) == tuple(networks) and p.by_layer == (panels == BY_LAYER)), None
    )
    return Choice(
        tuple(offers[key] for key in networks),
        panels == BY_LAYER,
        DEPTHS.index(depth) / (len(DEPTHS) - 1),
        hue == HUES[1],
        str(plane),
        preset or _asked(offers),
    )


def _asked(offers: dict[str, Offer]) -> Preset | None:
    """The preset that was pressed though nothing of it is here."""
    chosen = next((preset for preset in PRESETS if preset.id == st.session_state.get("preset")), None)
    return chosen if chosen is not None and not chosen.networks(offers) else None


def _label(offer: Offer) -> str:
    return full_name(offer) + (" · yours" if offer.tag == "yours" else "")


def material() -> Material:
    """Pictures and degradations."""
    with st.expander("Pictures and degradations", icon=":material/tune:"):
        left, right = st.columns(2, gap="medium")
        with right:
            texts = st.multiselect(
                "Degradations",
                ["clean", *(f"{kind.name}:{kind.default:g}" for kind in DEGRADATION_KINDS), "blur:2+noise:20"],
                default=[str(degradation) for degradation in DEGRADATIONS],
                accept_new_options=True,
                key="spoil",
                bind="query-params",
                help="Name and strength, such as blur:1.5; mixtures such as blur:2+noise:10 may be typed in.",
            )
            seed = int(st.number_input("Seed", min_value=0, max_value=10**6, value=0, key="seed", bind="query-params"))
        with left:
            own = _own_pictures()
        pictures = own or shipped_design().pictures
        degradations = _parsed(texts)
        st.caption(
            f"{len(pictures)} pictures of {len({picture.content for picture in pictures})} contents under "
            f"{', '.join(degradation.title for degradation in degradations)}; seed {seed}. The degradations are put on "
            "the networks' low-resolution input."
        )
    standard = shipped_design()
    if not own and degradations == standard.degradations and seed == standard.seed:
        return Material(standard, is_standard=True, is_own=False)
    return Material(Design(pictures, degradations, seed), is_standard=False, is_own=bool(own))


def _parsed(texts: Sequence[str]) -> tuple[Degradation, ...]:
    try:
        found = tuple(dict.fromkeys(Degradation.parse(text) for text in texts))
    except LamError as error:
        st.error(f"{sentence(str(error))} The published figure's three are shown.", icon=":material/error:")
        return DEGRADATIONS
    if len(found) < 2:
        st.warning("Choose two degradations at least; the published figure's three are shown.", icon=":material/info:")
        return DEGRADATIONS
    return found


def _own_pictures() -> tuple[Picture, ...]:
    """Pictures that the visitor brought, if any can be used."""
    limits = settings()
    files = st.file_uploader(
        f"Pictures of your own, {MOST_PICTURES} at most, instead of the sample set",
        type=["png", "jpg", "jpeg", "webp", "bmp", "tif", "tiff"],
        accept_multiple_files=True,
        key="own",
        max_upload_size=max(1, limits.upload_limit // MEBIBYTE),
    )
    reduce = st.toggle(
        "Reduce them ×4 first", value=True, key="reduce", help="Off where they are low-resolution already."
    )
    st.caption(
        "A picture's content is its file's name without the number: plane-01.png and plane-02.png are both “plane”. "
        f"The middle {SIDE}×{SIDE} pixels of each are used. They stay in this session."
    )
    pictures: list[Picture] = []
    faults = []
    for file in files[:MOST_PICTURES]:
        try:
            pixels = decode(file.getvalue(), pixel_limit=limits.pixel_limit).pixels
            pixels = downscale(pixels, 4) if reduce else pixels
        except LamError as error:
            faults.append(f"{file.name}: {sentence(str(error))}")
            continue
        top, left = (max(0, (side - SIDE) // 2) for side in pixels.shape[:2])
        pictures.append(Picture(file.name, _content(file.name), pixels[top : top + SIDE, left : left + SIDE]))
    if len(files) > MOST_PICTURES:
        faults.append(f"{len(files)} pictures were given; the first {MOST_PICTURES} are used.")
    unlike = {digest(picture.pixels): picture for picture in pictures}
    if len(unlike) < len(pictures):
        faults.append(f"{len(pictures) - len(unlike)} pictures are copies of others and count once.")
    for fault in faults:
        st.warning(fault, icon=":material/error:")
    return tuple(unlike.values())


def _content(name: str) -> str:
    """`plane` for `plane-01.png`.

    >>> _content("plane-01.png"), _content("cat.jpg"), _content("007.png")
    ('plane', 'cat', '007')
    """
    stem = name.rpartition(".")[0] or name
    return stem.rstrip("0123456789").rstrip(" -_.") or stem
