"""The turn-off view: whether a network restores only what it was trained for, and leaves all else as it is."""

from __future__ import annotations

import streamlit as st

from dashboard.app_pages.semantics import figures as figures
from dashboard.gallery.semantics import shipped
from dashboard.presentation.plot_theme import toolbar
from dashboard.state.marks import marks
from dashboard.widgets.deferred import deferred
from lam_core.images.degradations import Degradation
from lam_core.render import png
from lam_core.semantics.turn_off import turned_off

CONTROL = "Non-local means"
"""The classical method that a network is compared with."""
HEIGHT = 300
"""Kept free for a chart until it is drawn, in pixels."""
OWN = "noise:20"
"""What the denoiser was trained for."""


def section() -> None:
    """The section."""
    found = shipped.restoring()
    st.header("Does a network ignore what it was not trained for?", anchor="turning-off")
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
            "makes one. These are the methods that ship."
        )
    titles = {str(degradation): degradation.title for degradation in map(Degradation.parse, _texts(found))}

    def bars() -> None:
        grid = st.grid(2, min_column_width=300)
        for quantity, name in (("gain", "Improvement"), ("change", "Change to the input")):
            with grid.container():
                st.markdown(f"**{name}**")
                st.plotly_chart(
                    figures.response_bars(found.responses, titles, quantity, marks(found.methods)),
                    config=toolbar(f"turn-off {quantity}"),
                    key=f"turn-off-{quantity}",
                    alt=f"{name} by degradation and method",
                )

    deferred("turn-off", HEIGHT, bars)
    st.caption(
        f"{found.responses[0].n} held-out samples, reduced ×4 and degraded; means, and 95 % bootstrap intervals over "
        "images. Doing nothing is the degraded image itself, for networks that enlarge its bicubic enlargement; a "
        "distance of 0 is the identity."
    )
    kind = st.segmented_control(
        "Seen on one image", list(shipped.EXAMPLE_ROWS), default=shipped.EXAMPLE_ROWS[0],
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
    """What came out beside the classical control, if there is one."""
    if CONTROL not in found.methods:
        return f"{CONTROL}, the classical control, is not among the methods, so no conclusion is drawn."
    return turned_off(found.responses, found.specific, CONTROL, OWN).sentence
