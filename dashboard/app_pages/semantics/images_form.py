"""What the networks are shown: the sample set, or pictures that the visitor names, under some degradations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import streamlit as st

from dashboard.gallery.semantics.shipped import shipped_design
from dashboard.presentation.formatting import sentence
from dashboard.state import uploads
from dashboard.state.cache import Kept
from dashboard.widgets import hub_image_set, image_set_form
from dashboard.widgets.image_uploader import image_uploader
from lam_core.errors import LamError
from lam_core.images import Pixels, digest, downscale, middle
from lam_core.images.degradations import DEGRADATION_KINDS, Degradation
from lam_core.images.image_sets import Picture as Source
from lam_core.semantics.design import DEGRADATIONS, Design, Picture, cropped
from zoo.settings import settings as zoo_settings
from zoo.sources.image_sets import pictures_of

MOST_PICTURES = 60
SMALLEST, LARGEST = 32, 64
"""Sides of a picture, in pixels of the networks' input: smaller ones are left out, larger ones cropped."""
FAULTS_SHOWN = 5

From = Literal["samples", "files", "hub"]
_TILES = Kept("tiles", everybody=20 * MOST_PICTURES, visitor=4 * MOST_PICTURES)

SOURCES: dict[From, str] = {"samples": "Sample set", "files": "Your own", "hub": "Hub data set"}


@dataclass(frozen=True, eq=False)
class Material:
    """What the networks are shown."""

    design: Design
    is_standard: bool
    """It is the design of the shipped results."""
    is_own: bool
    """The pictures are the visitor's own: nothing of them is anybody else's to see."""


def choose() -> Material:
    """Pictures and degradations."""
    opened = st.session_state.get("pictures_from", st.query_params.get("pictures_from", "")) not in ("", "samples")
    with st.expander("Images and degradations", icon=":material/tune:", expanded=opened):
        left, right = st.columns(2, gap="medium")
        with right:
            texts = st.multiselect(
                "Degradations",
                ["clean", *(f"{kind.name}:{kind.default:g}" for kind in DEGRADATION_KINDS), "blur:2+noise:20"],
                default=[str(degradation) for degradation in DEGRADATIONS],
                accept_new_options=True,
                select_all=False,
                key="spoil",
                bind="query-params",
                help="Name and strength, such as blur:1.5; mixtures such as blur:2+noise:10 may be typed in.",
            )
            seed = int(st.number_input("Seed", min_value=0, max_value=10**6, value=0, key="seed", bind="query-params"))
        with left:
            source, brought = _brought()
        pictures = brought or shipped_design().pictures
        degradations = _parsed(texts)
        st.caption(
            f"{len(pictures)} images of {len({picture.content for picture in pictures})} contents under "
            f"{', '.join(degradation.title for degradation in degradations)}; seed {seed}. The degradations are put on "
            "the networks' low-resolution input."
        )
    standard = shipped_design()
    if not brought and degradations == standard.degradations and seed == standard.seed:
        return Material(standard, is_standard=True, is_own=False)
    own = bool(brought) and source == "files"
    return Material(Design(pictures, degradations, seed), is_standard=False, is_own=own)


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


def _brought() -> tuple[From, tuple[Picture, ...]]:
    """Where pictures come from, and those that can be used; none for the sample set."""
    source: From = st.segmented_control(
        "Images",
        list(SOURCES),
        format_func=SOURCES.__getitem__,
        default="samples",
        required=True,
        key="pictures_from",
        bind="query-params",
    )
    if source == "samples":
        st.caption("48 quarters of 12 samples: facades, foliage and roofs.")
        return source, ()
    named = _files() if source == "files" else _of_hub()
    reduce = st.toggle(
        "Reduce them ×4 first", value=True, key="reduce", bind="query-params",
        help="Off where they are low-resolution already.",
    )  # fmt: skip
    return source, _usable(named, reduce=reduce, own=source == "files")


def _files() -> dict[str, tuple[Source, str]]:
    """By an id of the file: the visitor's pictures and what each shows."""
    files = image_uploader(f"{MOST_PICTURES} images at most", accept_multiple_files=True, key="own")
    if len(files) > MOST_PICTURES:
        st.caption(f":material/info: {len(files)} images were given; the first {MOST_PICTURES} are used.")
    st.caption(
        "An image's content is its file's name without the number: plane-01.png and plane-02.png are both “plane”. "
        "They stay in this session, and no link leads to them."
    )
    taken = image_set_form.uploaded(files[:MOST_PICTURES])
    return {file.file_id: (picture, _content(file.name)) for file, picture in zip(files, taken, strict=False)}


def _of_hub() -> dict[str, tuple[Source, str]]:
    """By a digest of the file: pictures of a data set and what each shows, its folder if they lie in folders."""
    found = hub_image_set.choose("hub", most=MOST_PICTURES)
    if found is None:
        return {}
    st.caption("An image's content is its folder, or its file's name without the number.")
    pictures = pictures_of(found, zoo_settings())
    folders = {picture.name.rpartition("/")[0] for picture in pictures}
    return {
        file.oid: (picture, picture.name.rpartition("/")[0] if len(folders) > 1 else _content(picture.name))
        for file, picture in zip(found.files, pictures, strict=True)
    }


def _usable(named: dict[str, tuple[Source, str]], *, reduce: bool, own: bool) -> tuple[Picture, ...]:
    """The pictures as the networks see them, all of one size; what cannot be used is said."""
    tiles, faults = [], []
    place = st.empty()
    for i, (key, (picture, content)) in enumerate(named.items()):
        if not own:
            place.progress(i / len(named), f"Fetching {picture.name}")
        try:
            pixels = _TILES.get((key, reduce), partial(_made, picture, reduce), own=own)
            tiles.append(Picture(picture.name, content, pixels))
        except LamError as error:
            faults.append(sentence(str(error)))
    place.empty()
    unlike = {digest(tile.pixels): tile for tile in tiles}
    if len(unlike) < len(tiles):
        faults.append(f"{len(tiles) - len(unlike)} images are copies of others and count once.")
    if faults:
        more = [f"And {len(faults) - FAULTS_SHOWN} more."] if len(faults) > FAULTS_SHOWN else []
        st.warning("\n\n".join((*faults[:FAULTS_SHOWN], *more)), icon=":material/error:")
    parts = cropped([tile.pixels for tile in unlike.values()])
    if parts:
        height, width = parts[0].shape[:2]
        st.caption(f"The middle {width}×{height} pixels of each{', reduced,' if reduce else ''} are used.")
    return tuple(Picture(tile.name, tile.content, part) for tile, part in zip(unlike.values(), parts, strict=True))


class SmallPictureError(LamError):
    """A picture of which too little is left."""


def _made(picture: Source, reduce: bool) -> Pixels:
    with uploads.one_at_a_time:
        pixels = picture.open().pixels
        height, width = (side // 4 if reduce else side for side in pixels.shape[:2])
        if min(height, width) < SMALLEST:
            raise SmallPictureError(
                f"{picture.name} is too small: {width}×{height} pixels{' after reducing' if reduce else ''}; "
                f"use one of at least {SMALLEST}×{SMALLEST}"
            )
        return middle(downscale(pixels, 4) if reduce else pixels, LARGEST, LARGEST)


def _content(name: str) -> str:
    """`plane` for `plane-01.png`.

    >>> _content("plane-01.png"), _content("cat.jpg"), _content("007.png")
    ('plane', 'cat', '007')
    """
    stem = name.rpartition("/")[2].rpartition(".")[0] or name
    return stem.rstrip("0123456789").rstrip(" -_.") or stem
