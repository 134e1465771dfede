"""The turn-off view: does a network restore only what it was trained for, and leave all else as it is?"""

from __future__ import annotations

import streamlit as st

from dashboard.app_pages.semantics import figures as figures
from dashboard.gallery.semantics import shipped
from dashboard.presentation.plot_theme import toolbar
from lam_core.images.degradations import Degradation
from lam_core.render import png


def section() -> None:
    """The section."""
    found = shipped.restoring()
    st.subheader("Turning off")
    if found.specific:
        st.markdown(
            f"{found.specific} was trained for Gaussian noise of σ 20 alone. Published: such a network restores what "
            "it was trained for and leaves all else nearly as it is, while classical methods treat all alike. "
            f"{_finding(found)}"
        )
    else:
        st.markdown(
            "Published: a network trained for one degradation restores that and leaves all else nearly as it is, while "
            "classical methods treat all alike. No network trained for one degradation is here; `lam train cincgan-c` "
            "makes one. These are the methods at hand."
        )
    titles = {str(degradation): degradation.title for degradation in map(Degradation.parse, _texts(found))}
    grid = st.grid(2, min_column_width=300)
    for quantity, name in (("gain", "Improvement"), ("change", "Distance from doing nothing")):
        with grid.container():
            st.markdown(f"**{name}**")
            st.plotly_chart(
                figures.response_bars(found.responses, titles, quantity),
                config=toolbar(f"turn-off {quantity}"),
                key=f"turn-off-{quantity}",
                alt=f"{name} by degradation and method",
            )
    st.caption(
        f"{found.responses[0].n} held-out samples, reduced ×4 and degraded; means, and 95 % bootstrap intervals over "
        "pictures. Doing nothing is the degraded picture itself, for networks that enlarge its bicubic enlargement; a "
        "distance of 0 is the identity."
    )
    kind = st.segmented_control(
        "Seen on one picture", list(shipped.EXAMPLE_ROWS), default=shipped.EXAMPLE_ROWS[0],
        format_func=lambda text: Degradation.parse(text).title, required=True, key="turned_off",
    )  # fmt: skip
    pictures = shipped.examples()[str(kind)]
    names = ("Clean", "Degraded", *found.methods)
    with st.grid(len(names), min_column_width=140, gap="small"):
        for name, picture in zip(names, pictures, strict=True):
            st.image(png(picture), caption=name, width="stretch", output_format="PNG", alt=f"{name}, {kind}")


def _texts(found: shipped.Restoring) -> tuple[str, ...]:
    return tuple(dict.fromkeys(response.degradation for response in found.responses))


def _finding(found: shipped.Restoring) -> str:
    own = next(r for r in found.responses if r.model == found.specific and r.degradation == "noise:20")
    others = [
        r
        for r in found.responses
        if r.model == found.specific and r.degradation.partition(":")[0] not in ("noise", "clean")
    ]
    stays = all(r.change_interval[1] < own.change_interval[0] for r in others)
    helps = own.gain > 0
    improves = (
        f"Here it gains {own.gain:.1f} dB on its own degradation"
        if helps
        else f"Here it loses {-own.gain:.1f} dB even on its own degradation"
    )
    least, most = min(r.change for r in others), max(r.change for r in others)
    return (
        f"{improves} and changes pictures by {own.change:.1f} levels there, by {least:.1f} to {most:.1f} on others: "
        + ("it turns off." if helps and stays else "the published finding does not appear.")
    )
