"""Naming an image's degradation by the filters that it uses, beside a probe on deep features and chance."""

from __future__ import annotations

import math

import streamlit as st

from dashboard.app_pages.filters import gathering
from dashboard.app_pages.filters.figures import title_of
from dashboard.app_pages.filters.gathering import Subject
from dashboard.presentation.detection_charts import confusion_chart, probability_bars
from dashboard.presentation.formatting import sentence
from dashboard.runtime.compute import reason
from dashboard.state import session, uploads, visitor
from dashboard.widgets import thumbnails
from dashboard.widgets.image_uploader import image_uploader
from lam_core.errors import LamError
from lam_core.filters.image_requests import NamingRequest
from lam_core.images import Pixels, digest, downscale, middle
from lam_core.images.degradations import Degradation
from lam_core.render import enlarged, png
from lam_core.samples import sample, samples
from lam_core.semantics.detection import Detection

SIDE = 96
"""The middle of an image is looked at, in LR pixels."""
SHOWN = 260


def section(subject: Subject) -> None:
    """The section."""
    study = subject.study
    st.header("Can filters name a degradation?", anchor="naming")
    st.markdown(conclusion(study.by_filters, study.by_features))
    titles = {name: title_of(name) for name in study.by_filters.names}
    grid = st.grid(2, min_column_width=300)
    for name, found, words in (
        ("filters", study.by_filters, "By the use of filters"),
        ("features", study.by_features, "By a probe on deep features"),
    ):
        with grid.container():
            st.markdown(f"**{words}**: {found.accuracy:.0%} of {found.n} images")
            st.plotly_chart(
                confusion_chart(found, titles), config={"displayModeBar": False}, key=f"naming-{name}",
                alt=f"Confusion matrix, {words.lower()}, accuracy {found.accuracy:.0%}",
            )  # fmt: skip
    st.caption(
        "Use of a filter: its share in what fine-tuning changed on an image, which needs no original. Means of known "
        f"images, {study.scored_on} for each degradation, name {study.tried_on} others under each."
    )
    _unseen(subject)


def conclusion(by_filters: Detection, by_features: Detection) -> str:
    """Filters against chance and against the probe, in a sentence."""
    low, high = wilson(round(by_filters.accuracy * by_filters.n), by_filters.n)
    beyond = "more than" if low > by_filters.chance else "not clearly more than"
    other = wilson(round(by_features.accuracy * by_features.n), by_features.n)
    if other[0] > high:
        beside = "a probe on deep features does better"
    elif other[1] < low:
        beside = "a probe on deep features does worse"
    else:
        beside = "a probe on deep features does about as well"
    return (
        f"The use of filters names {by_filters.accuracy:.0%} [{low:.0%}, {high:.0%}] of {by_filters.n} held-out images "
        f"rightly, {beyond} chance ({by_filters.chance:.0%}); {beside} ({by_features.accuracy:.0%} "
        f"[{other[0]:.0%}, {other[1]:.0%}])."
    )


def wilson(right: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson's score interval).

    >>> [round(end, 3) for end in wilson(8, 10)]
    [0.49, 0.943]
    """
    z, share = 1.959964, right / n
    middle_ = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return middle_ - half, middle_ + half


def _unseen(subject: Subject) -> None:
    with st.expander("Name the degradation of another image", icon=":material/image_search:"):
        left, centre, right = st.columns(3, gap="medium")
        with left:
            picture, title, own = _picture(subject)
        if picture is None:
            return
        with centre:
            content = png(enlarged(picture, SHOWN))
            st.image(
                thumbnails.url(content) if own else content, caption=title, width=SHOWN, output_format="PNG", alt=title
            )
        with right:
            _verdict(subject, picture, own=own)


def _picture(subject: Subject) -> tuple[Pixels | None, str, bool]:
    for file in image_uploader("Your image, as the network would get it", key="filters_suspect"):
        try:
            return middle(uploads.decoded(file).pixels, SIDE, SIDE), file.name, True
        except LamError as error:
            st.error(f"{file.name}: {sentence(str(error))}", icon=":material/error:")
            return None, "", True
    titles = {one.id: one.title for one in samples()}
    with st.container(horizontal=True):
        name = st.selectbox("or a sample", list(titles), format_func=titles.__getitem__, key="filters_sample")
        text = st.selectbox(
            "degraded by", subject.study.by_filters.names, index=1, format_func=title_of, key="filters_by"
        )
    return (
        Degradation.parse(text).apply(downscale(sample(name).pixels(), 4), 7),
        f"{titles[name]}, {title_of(text)}",
        False,
    )


def _verdict(subject: Subject, picture: Pixels, *, own: bool) -> None:
    key = ("filters-naming", digest(picture))
    private = own or subject.question.is_own
    try:
        request = NamingRequest(*subject.networks(), subject.study.classifier, picture)
        verdict = visitor.service(private=private).find(request)
    except Exception as error:
        st.warning(sentence(reason(error, "NamingRequest")), icon=":material/error:")
        return
    if verdict is None and not session.wanted(key):
        st.button("Name its degradation", type="primary", key="filters_name", on_click=session.want, args=(key,))
        return
    if verdict is None:
        verdict = gathering.computed(request, "Use of filters", key=key, own=private)
        if verdict is None:
            return
    best = verdict.likeliest
    st.markdown(f"Likeliest: **{title_of(best)}**, {verdict.probabilities[best]:.0%}.")
    st.plotly_chart(
        probability_bars(verdict.probabilities, {name: title_of(name) for name in verdict.probabilities}),
        config={"displayModeBar": False},
        key="filters-verdict",
        alt=", ".join(f"{name} {value:.0%}" for name, value in verdict.probabilities.items()),
    )
    st.caption("It knows these alone: any other degradation gets one of their names.")
