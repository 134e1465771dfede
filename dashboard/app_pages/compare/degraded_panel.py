"""Clean beside degraded input. Does a network look elsewhere when its input is worse?

Maps and DI by strength of one window here; below it what the shipped study found over a set of images.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import streamlit as st

from dashboard.components.linked_picture import linked_picture
from dashboard.gallery.degraded import IMAGES, STRENGTHS, shipped_degraded
from dashboard.presentation.formatting import percent
from dashboard.presentation.model_options import Offer
from dashboard.presentation.strength_chart import Point, strength_chart
from dashboard.runtime.compute import Outcome
from dashboard.state.marks import marks
from dashboard.state.target import AttributionTarget
from dashboard.widgets import run_panel, thumbnails
from dashboard.widgets.chart import show_chart
from dashboard.widgets.degradation_choice import KINDS, STEPS, short
from dashboard.widgets.field_frame import field_frame
from dashboard.widgets.target_window import clean_picture
from lam_core.attribution.request import AttributionRequest
from lam_core.attribution.result import Attribution
from lam_core.attribution.wording import index_of
from lam_core.diffusion.informative import unit_mass
from lam_core.images.degradations import CLEAN, Degradation
from lam_core.render import map_over, png
from lam_core.studies.degraded_inputs import against_strength, ladder


def show(target: AttributionTarget) -> None:
    """The panel, for all selected networks."""
    st.markdown(
        "Each network on the clean LR image and on the same image degraded, all else equal. DI says how far it looks; "
        "the share in common says whether it looks at the same pixels."
    )
    kind = st.segmented_control(
        "Degradation", list(STRENGTHS), format_func=KINDS.__getitem__, default="blur", required=True, key="ladder_kind"
    )
    kind = kind if kind in STRENGTHS else "blur"
    rungs = ladder(kind, STRENGTHS[kind])
    able = [offer for offer in target.selected if not offer.only_shipped]
    questions = {_name(offer, rung): partial(_request, target, offer, rung) for offer in able for rung in rungs}
    about = (kind, tuple(offer.key for offer in able), target.view.question)
    found = run_panel.answers("Compute clean beside degraded", target.picture, about, questions)
    complete = [offer for offer in able if all(_name(offer, rung) in found for rung in rungs)]
    for offer in complete:
        _maps(target, offer, [(rung, found[_name(offer, rung)]) for rung in rungs])
    if complete:
        lines = {offer.label: [_point(rung, found[_name(offer, rung)].result) for rung in rungs] for offer in complete}
        figure = strength_chart(lines, marks(lines), STEPS[kind][3])
        show_chart(figure, "degraded-window", f"DI of this window against the strength of {kind}")
        st.caption("Bars: 95 % intervals of each map's own error.")
    if target.picture.scale == 4:
        _study(kind)


def _study(kind: str) -> None:
    table = shipped_degraded()
    st.markdown(
        f"**Over {IMAGES} images**: four published networks, the central window of each image, fixed beforehand."
    )
    lines = {
        model: [Point(rung.strength, rung.index.mean, rung.index.low, rung.index.high) for rung in rungs]
        for model in dict.fromkeys(table["model"].tolist())
        if (rungs := against_strength(table, model, kind))
    }
    figure = strength_chart(lines, marks(lines), STEPS[kind][3])
    show_chart(figure, "degraded-study", f"Mean DI over {IMAGES} images against the strength of {kind}")
    st.caption("Bars: 95 % bootstrap intervals over images. Figures: docs/studies.md.")


def _name(offer: Offer, rung: Degradation) -> str:
    return f"{offer.label}, {short(rung)}"


def _request(target: AttributionTarget, offer: Offer, rung: Degradation) -> AttributionRequest:
    """The map of the clean image under a degradation, whatever degradation the page shows."""
    clean = clean_picture(target.view)
    assert clean is not None, "the page shows this picture"
    asked = target.request(offer.key)
    return AttributionRequest(asked.model, clean.lr, asked.region, asked.settings).under(rung)


def _maps(target: AttributionTarget, offer: Offer, found: Sequence[tuple[Degradation, Outcome[Attribution]]]) -> None:
    clean = clean_picture(target.view)
    first = found[0][1].result
    assert clean is not None
    assert first is not None
    st.markdown(f"**{offer.label}**")
    maps = [outcome.result for _, outcome in found if outcome.result is not None]
    frame = field_frame(clean, target.field, target.window, maps)
    with st.grid(4, min_column_width=190) as grid:
        for rung, outcome in found:
            result = outcome.result
            assert result is not None
            lr, _ = clean.degraded(rung).part(target.field)
            with grid.cell():
                linked_picture(
                    thumbnails.url(png(map_over(lr, result.map))),
                    frame,
                    label=f"Attribution map of {offer.label}, {short(rung)} input, the window framed",
                    key=f"degraded-{offer.key}-{rung}",
                )
                common = float(np.minimum(unit_mass(first.map), unit_mass(result.map)).sum())
                shared = "" if rung == CLEAN else f" · {percent(common)} where the clean image's map is"
                st.caption(f"**{short(rung)}** · DI {index_of(result)}{shared}")


def _point(rung: Degradation, result: Attribution | None) -> Point:
    assert result is not None
    index, error = result.diffusion_index, result.diffusion_index_error
    strength = rung.steps[0].strength if rung.steps else 0.0
    return Point(strength, index, max(index - error, index / 2), index + error)
