"""How far to trust a map: checks of it, each behind a button, with what came out in one sentence."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from dashboard.app_pages.compare import comparison_exports
from dashboard.components.linked_picture import linked_picture
from dashboard.presentation import exports
from dashboard.presentation.formatting import percent
from dashboard.presentation.model_options import Offer
from dashboard.state import verdicts
from dashboard.state.target import AttributionTarget
from dashboard.widgets import run_panel, thumbnails, verdict_mark
from dashboard.widgets.chart import show_chart
from dashboard.widgets.field_frame import field_frame
from lam_core.attribution.checks.map_checks import CHECKS, CheckName, Subject
from lam_core.attribution.result import Attribution
from lam_core.attribution.wording import index_of
from lam_core.images import Pixels
from lam_core.render import difference_over, map_over, png

if TYPE_CHECKING:
    from lam_core.attribution.checks.insertion_deletion import Direction
    from lam_core.attribution.checks.verdict import Verdict


def show(target: AttributionTarget, offer: Offer, subject: Subject, *, able: bool) -> None:
    """The panel, for the map of `subject`."""
    st.markdown(
        f"Whether the map of **{offer.label}** says what the network does. Look at the marks: a check means something "
        "only where the map beats its control, and the interval says how surely."
    )
    line = st.empty()
    held = {} if subject.result is None else dict(verdicts.known(subject.result))
    _sum_up(line, held)
    if subject.result is not None:
        _errors(subject.result)
    about, news = (offer.key, target.view.question), False
    grid = st.grid(2, min_column_width=340)
    for name, check in CHECKS.items():
        span: int | Literal["all"] = "all" if name == "faithfulness" else 1
        with grid.cell(column_span=span), st.container(border=True):
            head = st.empty()
            head.markdown(f"**{check.title}** {verdict_mark.UNCHECKED}")
            st.caption(check.question)
            if check.needs_truth and subject.truth is None:
                st.caption("It compares with the HR image, which there is none of here.")
                continue
            asked = check.requests(subject)
            found = run_panel.answers(f"Check: {check.title}", target.picture, about, asked, able=able)
            if check.title not in found:
                continue
            results = [found[title].result for title in asked if title in found]
            if verdict := check.judge(results, subject):
                head.markdown(f"**{check.title}** {verdict_mark.BADGES[verdict.mark]}")
                st.markdown(verdict.sentence)
                held[check.title] = verdict
                news |= subject.result is not None and verdicts.keep(subject.result, check.title, verdict)
            DRAWN[name](results[0], subject, target)
            _take(name, results[0], subject, target, offer)
    _sum_up(line, held)
    if news:
        # The cards above show the mark too, and were drawn before it was known.
        st.rerun()


def _sum_up(line: DeltaGenerator, held: dict[str, Verdict]) -> None:
    if not held:
        line.markdown(verdict_mark.UNCHECKED)
        return
    from lam_core.attribution.checks.verdict import overall

    line.markdown(f"{verdict_mark.mark_of(held)}: {overall(held, len(CHECKS))}")


def _errors(result: Attribution) -> None:
    figures = {
        "Completeness error": (
            percent(result.completeness_error),
            "How far the map’s sum misses D’s change along the path. A weak check: 0.1 % was seen with maps 10 % off.",
        ),
        "Map error": (
            percent(result.map_error),
            "Estimated relative L2 error of the displayed map, from how much the gradient changes between nodes; it "
            "was 0.84 to 1.47 times the true error where that was measured.",
        ),
        "DI": (
            index_of(result),
            "With a 95 % interval from draws of the map’s own error. Noise in a map raises DI.",
        ),
        "Nodes": (str(result.nodes), "Gradients computed along the path."),
    }
    with st.grid(4, min_column_width=120):
        for label, (value, words) in figures.items():
            st.metric(label, value, help=words)


def _faithfulness(found: Any, subject: Subject, target: AttributionTarget) -> None:
    from dashboard.app_pages.compare.figures.insertion_deletion import curves

    random = found.advantage("deletion", "random")
    st.caption(f"Beside pixels at random the map changes the window {random:.2g} times as much: every network does so.")
    better: dict[Direction, str] = {"deletion": "Higher is better.", "insertion": "Lower is better."}
    for side, (direction, words) in zip(st.columns(2), better.items(), strict=True):
        with side:
            st.caption(f"{direction.title()}: {words.lower()}")
            show_chart(curves(found, direction), direction, f"{direction.title()} curves of the map and its controls")


def _occlusion(found: Any, subject: Subject, target: AttributionTarget) -> None:
    st.caption(f"Distance not taken out, the rank correlation is {_figure(found.agreement.spearman)}.")
    left, right = st.columns(2)
    for side, values, words in ((left, found.effect, "|change of D|"), (right, found.attributed, "sum of the map")):
        with side:
            plane = _spread(values / (values.max() or 1.0), found.block, target)
            _picture(target, map_over(_field(target), plane), f"{words} by block", f"occlusion-{words}")
            st.caption(f"{words}, by block of {found.block}×{found.block}")


def _randomisation(found: Any, subject: Subject, target: AttributionTarget) -> None:
    from dashboard.app_pages.compare.figures.randomisation import likeness

    last = next((step for step in reversed(found.steps) if step.agreement is not None), None)
    if last is not None and last.agreement is not None:
        st.caption(
            f"The chart is the first draw of the weights. Its correlation with distance left in, "
            f"{_figure(last.agreement.spearman)} at the end, says little: any two maps fall with distance."
        )
    show_chart(
        likeness(found), "randomisation", "Rank correlation with the trained network's map as layers are randomised"
    )


def _causal(found: Any, subject: Subject, target: AttributionTarget) -> None:
    strongest = float(np.abs(found.effect).max()) or 1.0
    if subject.result is None:
        st.caption("The map itself is not computed here, so these effects cannot judge it yet.")
    helps = int((found.effect > 2 * found.error).sum())
    harms = int((found.effect < -2 * found.error).sum())
    st.markdown(
        f"Of {found.effect.size} blocks {helps} help the window and {harms} harm it by more than twice their error; "
        f"the strongest is worth {strongest:.2g} dB of the window’s {found.psnr:.1f} dB."
    )
    plane = _spread(found.effect / strongest, found.settings.block, target)
    with st.container(width=320):
        _picture(target, difference_over(_field(target), plane), "Causal effects: red helps, blue harms", "causal")
    st.caption(
        f"Red helps, blue harms; the darkest is {strongest:.2g} dB. Blocks of {found.settings.block}×"
        f"{found.settings.block} LR pixels."
    )


DRAWN: dict[CheckName, Callable[[Any, Subject, AttributionTarget], None]] = {
    "faithfulness": _faithfulness,
    "occlusion": _occlusion,
    "randomisation": _randomisation,
    "causal": _causal,
}
"""What draws the figure of each check."""


def _take(name: str, result: Any, subject: Subject, target: AttributionTarget, offer: Offer) -> None:
    st.download_button(
        "Figures, JSON",
        partial(comparison_exports.checked, subject, name, result, st.context.url or ""),
        exports.file_name(target.picture, subject.request.region, ".json", f"{offer.label} {name}"),
        exports.kind(target.picture, "application/json"),
        icon=":material/data_object:",
        key=f"take-{name}",
        on_click="ignore",
        type="tertiary",
    )


def _figure(correlation: float | None) -> str:
    return "unknown" if correlation is None else f"{correlation:.2f}"


def _field(target: AttributionTarget) -> Pixels:
    return target.picture.part(target.field)[0]


def _spread(values: NDArray, block: int, target: AttributionTarget) -> NDArray:
    """Blocks over the field's pixels, [h, w]."""
    return values.repeat(block, 0).repeat(block, 1)[: target.field.height, : target.field.width]


def _picture(target: AttributionTarget, content: Pixels, label: str, key: str) -> None:
    frame = field_frame(target.picture, target.field, target.window)
    linked_picture(thumbnails.url(png(content)), frame, label=label, key=key)
