"""The widgets of the filters page that say which pair is asked, about which degradations, on which images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import streamlit as st

from dashboard.gallery.filters import shipped
from dashboard.presentation.formatting import sentence
from dashboard.presentation.model_options import Offer
from dashboard.state.user_models import session_offers
from dashboard.widgets import image_set_form
from lam_core.errors import LamError
from lam_core.filters.pictures import CROP, LEAST
from lam_core.images.degradations import Degradation
from lam_core.images.image_sets import Picture, of_sample
from lam_core.samples import samples
from lam_core.samples.catalogue import PATTERNS
from lam_core.semantics.detection import kind_names
from lam_core.semantics.errors import DesignError
from zoo.catalog.registry import registry
from zoo.settings import settings as zoo_settings

OTHER = "other"
"""The choice of two networks that are no bundled pair."""
MOST_IMAGES = 60
"""Images of one study: each takes some twenty passes through the network and many more without it."""
MOST_DEGRADATIONS = 3

Set = Literal["samples", "others"]


@dataclass(frozen=True)
class Question:
    """A pair of networks, degradations and HR images."""

    target: str
    """Key of the fine-tuned network."""
    baseline: str
    names: tuple[str, str]
    """Of both, as on cards."""
    degradations: tuple[str, ...]
    pictures: tuple[Picture, ...]
    title: str
    """Of the images."""
    is_samples: bool
    """They are the samples of the shipped study."""
    is_own: bool
    """The images are the visitor's own: nothing of them is anybody else's to see."""

    @property
    def is_standard(self) -> bool:
        """Whether it is the question whose answer ships, if the pair is bundled."""
        return self.is_samples and self.degradations == shipped.DEGRADATIONS

    @property
    def key(self) -> tuple[str, ...]:
        """Names it among the questions of a session."""
        images = "" if self.is_samples else " ".join(picture.name for picture in self.pictures)
        return ("filters", self.target, self.baseline, images, *self.degradations)


def ask() -> Question | None:
    """The question; None, and a sentence, where something is missing."""
    pair = _pair()
    with st.expander("Degradations and images", icon=":material/tune:", expanded=_is_linked()):
        left, right = st.columns(2, gap="medium")
        with right:
            degradations = _degradations()
        with left:
            pictures, title, own = _pictures()
    if pair is None:
        return None
    target, baseline = pair
    if len(pictures) < LEAST:
        number = {0: "No image is chosen", 1: "One image is too few"}.get(len(pictures), f"{len(pictures)} are too few")
        st.info(
            f"{number}: give {LEAST} images or more. A third of them scores filters, the others say what returning "
            "filters costs, with intervals.",
            icon=":material/photo_library:",
        )
        return None
    names = _name(target), _name(baseline)
    shown = title or f"{len(pictures)} samples"
    return Question(target.key, baseline.key, names, degradations, pictures, shown, title == "", own)


def _is_linked() -> bool:
    return bool({"filters_images", "undo"} & st.query_params.keys())


def _name(offer: Offer) -> str:
    return f"{offer.name} (compact)" if offer.tag == "compact" else offer.name


def _pair() -> tuple[Offer, Offer] | None:
    """The fine-tuned network and its baseline."""
    offers = {offer.key: offer for offer in session_offers()}
    bundled = {pair.target: pair.baseline for pair in shipped.pairs() if {pair.target, pair.baseline} <= offers.keys()}
    titles = {target: f"{_name(offers[target])} ← {_name(offers[baseline])}" for target, baseline in bundled.items()}
    titles[OTHER] = "Two other networks"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            "Fine-tuned network ← its baseline",
            list(titles),
            format_func=titles.__getitem__,
            key="pair",
            bind="query-params",
            width=520,
        )
    if chosen != OTHER:
        return offers[chosen], offers[bundled[chosen]]
    return _others(offers)


def _others(offers: dict[str, Offer]) -> tuple[Offer, Offer] | None:
    left, right = st.columns(2, gap="medium")
    keys = [key for key, offer in offers.items() if not offer.only_shipped]
    with left:
        target = st.selectbox(
            "Fine-tuned network", keys, format_func=lambda key: offers[key].label, key="tuned", index=None,
            placeholder="Choose a network", bind="query-params",
        )  # fmt: skip
    if target is None:
        st.info("Choose the network that was fine-tuned, then the one that it was fine-tuned from.")
        return None
    entries = registry(*zoo_settings().entries)
    known = entries[target].fine_tuned_from if target in entries else None
    rest = [key for key in keys if key != target]
    with right:
        baseline = st.selectbox(
            "Its baseline",
            rest,
            index=rest.index(known) if known in rest else None,
            format_func=lambda key: offers[key].label,
            key=f"baseline-{target}",
            placeholder="Choose a network",
        )
    if baseline is None:
        st.warning(
            f"No baseline of {offers[target].label} is known: choose the network that it was fine-tuned from. Without "
            "a pair there is no path between weights, hence nothing to attribute.",
            icon=":material/link_off:",
        )
        return None
    if fault := _unlike(target, baseline):
        st.warning(fault, icon=":material/error:")
        return None
    return offers[target], offers[baseline]


def _unlike(target: str, baseline: str) -> str:
    """Why there is no straight line between two networks, as far as their entries tell."""
    entries = registry(*zoo_settings().entries)
    if target not in entries or baseline not in entries:
        return ""
    one, other = entries[target], entries[baseline]
    if one.architecture != other.architecture or one.scale != other.scale:
        return (
            f"{one.name} is of the architecture {one.architecture} ×{one.scale}, {other.name} of {other.architecture} "
            f"×{other.scale}: there is no straight line between their weights. Choose the network that {one.name} was "
            "fine-tuned from."
        )
    return ""


def _degradations() -> tuple[str, ...]:
    offered = list(dict.fromkeys((*shipped.DEGRADATIONS, "blur:0.8", "noise:10", "jpeg:70")))
    texts = st.multiselect(
        "Degradations",
        offered,
        default=list(shipped.DEGRADATIONS),
        accept_new_options=True,
        select_all=False,
        max_selections=MOST_DEGRADATIONS,
        key="undo",
        bind="query-params",
        help="Name and strength, such as blur:1.5; mixtures such as blur:1+noise:10 may be typed in. Each kind once.",
    )
    try:
        found = tuple(dict.fromkeys(str(Degradation.parse(text)) for text in texts))
        kind_names([Degradation(), *map(Degradation.parse, found)])
    except DesignError:
        st.error(
            "Choose at least one degradation, and each kind once, such as blur:1.2 and noise:20. The study's three are "
            "shown.",
            icon=":material/error:",
        )
        return shipped.DEGRADATIONS
    except LamError as error:
        st.error(f"{sentence(str(error))} The study's three are shown.", icon=":material/error:")
        return shipped.DEGRADATIONS
    return found


def _pictures() -> tuple[tuple[Picture, ...], str, bool]:
    """HR images, their title, empty for those of the shipped study, and whether they are the visitor's own."""
    titles: dict[Set, str] = {"samples": "The study's samples", "others": "Others"}
    source: Set = st.segmented_control(
        "HR images",
        list(titles),
        format_func=titles.__getitem__,
        default="samples",
        required=True,
        key="filters_images",
        bind="query-params",
    )
    if source == "samples":
        taken = tuple(of_sample(one) for one in samples() if one.kind not in PATTERNS)
        third = len(taken[::3])
        st.caption(
            f"{len(taken)} samples, fixed beforehand: every third ({third}) scores filters, the other "
            f"{len(taken) - third} say what returning them costs."
        )
        return taken, "", False
    chosen = image_set_form.choose()
    if len(chosen.pictures) > MOST_IMAGES:
        st.caption(f":material/info: The first {MOST_IMAGES} of {len(chosen.pictures)} are used.")
    st.caption(f"The middle {CROP}×{CROP} LR pixels of each are used.")
    return chosen.pictures[:MOST_IMAGES], chosen.title or "Other images", chosen.private
