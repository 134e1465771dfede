"""Receptive fields of networks on a page: trained beside untrained, areas, and the response to an impulse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dashboard.gallery.fields.shipped import source_of
from dashboard.presentation.formatting import percent
from dashboard.widgets.chart import show_chart
from lam_core.fields.area import areas
from lam_core.fields.network_fields import NetworkFields, on_one_scale
from lam_core.fields.result import EffectiveField
from lam_core.images import Pixels
from lam_core.region import Region
from lam_core.render import enlarged, framed, red

FRAMED = (0.5, 0.99)
"""Shares whose squares are framed."""
WIDTH, EDGE = 320, 2
"""Pixels of a field's picture, and of the line around it."""


def show(found: Mapping[str, NetworkFields]) -> None:
    """Several networks by their keys, all fields on one scale of colours."""
    networks = list(found.values())
    shown = iter(on_one_scale([field for one in networks for field in (one.trained, one.untrained)]))
    for key, one in found.items():
        with st.container(border=True):
            _network(key, one, (next(shown), next(shown)))
    st.caption(
        "Darkest: the pixel with the largest share of all fields shown, fourth root. Frames: the smallest centred "
        "squares that hold 50 % and 99 % of the contributions. A contribution is the positive gradient of the SR "
        "pixels on the middle LR pixel, all channels, on average over the images (Luo et al. 2016, Ding et al. 2022)."
    )


def _network(key: str, one: NetworkFields, shown: tuple[NDArray[np.float64], NDArray[np.float64]]) -> None:
    st.markdown(f"**{one.name}**. {one.reading}")
    with st.grid(3, min_column_width=215):
        for words, field, plane in zip(("trained", "untrained"), (one.trained, one.untrained), shown, strict=True):
            with st.container():
                st.image(
                    _picture(plane, field),
                    width="stretch",
                    output_format="PNG",
                    alt=f"Effective receptive field of {one.name}, {words} weights",
                )
                half, most = areas(field.positive, shares=FRAMED)
                st.caption(
                    f"{words.title()} weights: half within {half.side}×{half.side} LR pixels, 99 % within "
                    f"{most.side}×{most.side}, {percent(most.ratio)} of {field.side}×{field.side}."
                )
        with st.container():
            _impulse(key, one)
    with st.expander("Areas in figures", icon=":material/table_rows:"):
        st.table(_rows(one), border="horizontal", hide_index=True, alt=f"Areas of {one.name} by share")
        st.caption(
            "Sides in LR pixels. As published: shares of log₁₀(S + 1), which moves weight outwards. "
            f"{one.trained.images} images. {source_of(one.fingerprint)}"
        )


def _impulse(key: str, one: NetworkFields) -> None:
    from dashboard.presentation.impulse_chart import impulse_chart

    found = one.impulse
    show_chart(impulse_chart(found), f"impulse-{key}", f"Response of {one.name} to an impulse on a flat image")
    st.caption(
        f"A pixel {found.impulse.amplitude:g} brighter than flat grey {found.impulse.level:g}. "
        f"{percent(found.nonlinearity)} of the response is not linear; peak {found.response.max():.2f}, bicubic "
        f"{found.bicubic.max():.2f}; brightness × {found.gain:.2f}."
    )


def _rows(one: NetworkFields) -> list[dict[str, str]]:
    columns: dict[str, Sequence] = {
        "Trained": areas(one.trained.positive),
        "Untrained": areas(one.untrained.positive),
        "Trained, magnitudes": areas(one.trained.contributions("absolute")),
        "Trained, as published": areas(one.trained.positive, "published"),
        "Untrained, as published": areas(one.untrained.positive, "published"),
    }
    return [
        {"Share": percent(row[0].share)}
        | {name: f"{area.side} ({percent(area.ratio)})" for name, area in zip(columns, row, strict=True)}
        for row in zip(*columns.values(), strict=True)
    ]


def _picture(plane: NDArray[np.float64], field: EffectiveField) -> Pixels:
    large, side = enlarged(red(plane), WIDTH), field.side
    # White at its edges, it would have none on a white page.
    large = np.pad(large, ((EDGE, EDGE), (EDGE, EDGE), (0, 0)), constant_values=190)
    for area in areas(field.positive, shares=FRAMED):
        start, size = max((side - area.side) // 2, 0), min(area.side, side)
        inner = framed(large[EDGE:-EDGE, EDGE:-EDGE], Region(start, start, size), (large.shape[1] - 2 * EDGE) / side)
        large[EDGE:-EDGE, EDGE:-EDGE] = inner
    return large
