"""The study of a question: shipped, from the store, or computed while the visitor watches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.app_pages.filters.question import Question
from dashboard.gallery.filters import shipped
from dashboard.presentation.formatting import sentence
from dashboard.runtime.compute import reason
from dashboard.state import session, user_models, visitor
from dashboard.widgets import run_panel
from lam_core.errors import LamError
from lam_core.filters.pictures import CROP, split
from lam_core.filters.request import FilterStudyRequest
from lam_core.filters.result import FilterStudy
from lam_core.images import Pixels, middle
from lam_core.images.degradations import Degradation
from lam_core.images.image_sets import Picture
from lam_core.reference import ModelReference
from lam_core.service.request import Request

R = TypeVar("R")

FAULTS_SHOWN = 5


@dataclass(frozen=True, eq=False)
class Subject:
    """A study and what it is of."""

    question: Question
    study: FilterStudy
    origin: str
    """`shipped result`, `from the store` or `computed now`."""

    def networks(self) -> tuple[ModelReference, ModelReference]:
        """Target and baseline. Raises a `ZooError`."""
        return user_models.network(self.question.target), user_models.network(self.question.baseline)


def gather(question: Question) -> Subject | None:
    """The study, or what it takes to have it."""
    if question.is_standard and (study := shipped.study(question.target)) is not None:
        return Subject(question, study, "shipped result")
    key = question.key
    try:
        target, baseline = user_models.network(question.target), user_models.network(question.baseline)
        scored, tried = shipped.parts() if question.is_samples else split(cropped(question.pictures, target.scale))
        degradations = tuple(map(Degradation.parse, question.degradations))
        request = FilterStudyRequest(target, baseline, scored, tried, degradations)
        found = visitor.service(private=question.is_own).find(request)
    except Exception as error:
        st.warning(sentence(reason(error, "looking for a study of filters")), icon=":material/error:")
        return None
    if found is not None:
        return Subject(question, found, "from the store")
    # Two places: in one, the button that was pressed would stand beside Cancel until the run ends.
    prompt, bar = st.empty(), st.empty()
    if not session.wanted(key):
        with prompt.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                f"Not computed for these images yet. It takes minutes: scores on {len(scored)}, then "
                f"{len(question.degradations)} times what returning filters costs on {len(tried)}.",
                width="stretch",
            )
            st.button("Compute", type="primary", key="filters_compute", on_click=session.want, args=(key,))
        return None
    prompt.empty()
    result = computed(request, question.names[0], key=key, own=question.is_own, slot=bar)
    return None if result is None else Subject(question, result, "computed now")


def computed(
    request: Request[R], name: str, *, key: tuple[str, ...], own: bool, slot: DeltaGenerator | None = None
) -> R | None:
    """The result of a request while the visitor watches; none, and a sentence, if it cannot be had.

    `key` is what Cancel gives up; `own`: it is about pictures of the visitor's own.
    """
    work = run_panel.request_work(name, visitor.service(private=own), request)
    (outcome,) = run_panel.run([work], key=key[0], give_up=partial(session.give_up, key), slot=slot)
    if outcome.result is None:
        session.give_up(key)
        st.warning(sentence(outcome.failure), icon=":material/error:")
    return outcome.result


def cropped(pictures: Sequence[Picture], scale: int) -> list[Pixels]:
    """The middle of every picture that is large enough; what cannot be used of the others is said."""
    side, found, faults = CROP * scale, [], []
    for picture in pictures:
        try:
            found.append(_middle(picture, side))
        except LamError as error:
            faults.append(sentence(str(error)))
    if faults:
        more = [f"And {len(faults) - FAULTS_SHOWN} more."] if len(faults) > FAULTS_SHOWN else []
        st.warning("\n\n".join((*faults[:FAULTS_SHOWN], *more)), icon=":material/error:")
    return found


class SmallImageError(LamError):
    """An image that does not hold a crop."""


def _middle(picture: Picture, side: int) -> Pixels:
    pixels = picture.open().pixels
    height, width = pixels.shape[:2]
    if min(height, width) < side:
        raise SmallImageError(f"{picture.name} is too small: {width}×{height} pixels; use one of {side}×{side} or more")
    return middle(pixels, side, side)
