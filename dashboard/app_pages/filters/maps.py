"""Where the filters for a degradation are: layers and channels by score, then the filters of one layer, then one."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dashboard.app_pages.filters import figures, gathering
from dashboard.app_pages.filters.abilities import Chosen
from dashboard.app_pages.filters.figures import title_of
from dashboard.app_pages.filters.gathering import Subject
from dashboard.gallery.filters import shipped
from dashboard.presentation.formatting import sentence
from dashboard.presentation.plot_theme import toolbar
from dashboard.runtime.compute import reason
from dashboard.state import session, visitor
from dashboard.widgets import thumbnails
from lam_core.filters.image_requests import FilterResponse, ResponseRequest
from lam_core.filters.layer import Layer
from lam_core.filters.result import DegradationFilters
from lam_core.images.pixels import mod_crop
from lam_core.render import enlarged, png

SHOWN = 256
"""Width of a response in pixels."""


def section(subject: Subject, chosen: Chosen) -> None:
    """The section."""
    study, found = subject.study, subject.study.about(chosen.degradation)
    title = title_of(chosen.degradation)
    st.header("Where are they?", anchor="map")
    layers = {layer.name or "weight": layer for layer in study.layers}
    first = found.first(chosen.share or 0.03)
    held = {
        name: int(np.isin(first, np.arange(one.first, one.first + one.count)).sum()) for name, one in layers.items()
    }
    fullest = max(held, key=held.__getitem__)
    st.markdown(
        f"Of the first {len(first)} filters for {title}, {held[fullest]} are in `{fullest}`, the most of any layer; "
        f"{sum(count > 0 for count in held.values())} of {len(layers)} layers hold some."
    )
    left, right = st.columns(2, gap="medium")
    with right:
        place = st.container()
    with left:
        if st.session_state.get("layer") not in layers:
            st.session_state["layer"] = fullest
        st.markdown(f"**Layers by output channel: score for {title}**")
        st.session_state["filter_layers"] = list(layers)
        st.plotly_chart(
            figures.layer_map(study, found, layers[st.session_state["layer"]]),
            key="chart-layers",
            on_select=_take_layer,
            selection_mode="points",
            config=toolbar("filters-layers"),
            alt=f"Summed scores for {title} of every output channel of every layer",
        )
    with place:
        name = st.selectbox(
            "Layer", list(layers), format_func=lambda one: f"{one} ({held[one]} of the first {len(first)})", key="layer"
        )
        layer = layers[name]
        number = _filter(layer, found)
        st.plotly_chart(
            figures.filter_map(layer, found, chosen.share or 0.03, number),
            key="chart-filters",
            on_select=_take_filter,
            selection_mode="points",
            config=toolbar("filters-of-layer"),
            alt=f"Scores for {title} of the filters of {name}",
        )
    st.caption(
        "Score: FAIG on degraded minus FAIG on clean images, the mean over images. Blue: the filter changes the error "
        "more on degraded images than on clean ones; orange: less. Rings: returned at the share above. A click chooses "
        "a layer, then a filter."
    )
    _one(subject, chosen, found, layer, number)


def _take_layer() -> None:
    names = st.session_state["filter_layers"]
    for point in st.session_state["chart-layers"].selection.points:
        st.session_state["layer"] = names[round(point["y"])]


def _take_filter() -> None:
    for point in st.session_state["chart-filters"].selection.points:
        st.session_state["output"], st.session_state["input"] = round(point["y"]), round(point["x"])


def _filter(layer: Layer, found: DegradationFilters) -> int:
    """The number of the filter in question: the layer's first by score until another is chosen."""
    if st.session_state.get("filter_of") != layer.name:
        row, column = layer.place(layer.first + int(np.argmax(found.scores[layer.numbers])))
        st.session_state["filter_of"], st.session_state["output"], st.session_state["input"] = layer.name, row, column
    with st.container(horizontal=True):
        row = st.number_input("Output channel", min_value=0, max_value=layer.rows - 1, key="output", width=150)
        column = st.number_input("Input channel", min_value=0, max_value=layer.columns - 1, key="input", width=150)
    return layer.first + int(row) * layer.columns + int(column)


def _one(subject: Subject, chosen: Chosen, found: DegradationFilters, layer: Layer, number: int) -> None:
    row, column = layer.place(number)
    rank = int(np.flatnonzero(found.order == number)[0]) + 1
    score, error, change = found.scores[number], found.spread[number], subject.study.change[number]
    st.markdown(
        f"**`{layer.name}`, output {row}, input {column}**: score {score:.3g} ± {error:.1g} (standard error over "
        f"images), place {rank:,} of {len(found.scores):,}; fine-tuning changed its weights by {change:.3g} in all."
    )
    asked, key = subject.question, ("filters-response",)
    names = {picture.name: picture for picture in asked.pictures}
    picture = names[st.session_state["filters_on"]]
    try:
        target, baseline = subject.networks()
        original = shipped.middle_part(mod_crop(picture.open().pixels, target.scale), target.scale)
        (low,) = shipped.inputs(original, target.scale, (chosen.degradation,))
        request = ResponseRequest(target, baseline, number, low)
        response = visitor.service(private=asked.is_own).find(request)
    except Exception as error:
        st.warning(sentence(reason(error, "looking for a filter's response")), icon=":material/error:")
        return
    if response is None and not session.wanted(key):
        st.button(
            "Show its kernel and what it responds with", key="filters_respond", on_click=session.want, args=(key,)
        )
        return
    if response is None:
        response = gathering.computed(request, "Response", key=key, own=asked.is_own)
        if response is None:
            return
    _show(response, low, own=asked.is_own, words=f"{layer.name}, output {row}, input {column}")


def _show(response: FilterResponse, low: NDArray[np.uint8], *, own: bool, words: str) -> None:
    left, right = st.columns(2, gap="medium")
    with left:
        st.plotly_chart(
            figures.kernel_chart(response.kernels), config=toolbar("filter-kernel"), key="chart-kernel",
            alt=f"Kernel of {words}, fine-tuned, baseline and their difference",
        )  # fmt: skip
    largest = float(np.abs(response.responses).max()) or 1.0
    shown = {
        "Input": low,
        "Response, fine-tuned": _grey(response.responses[0], largest),
        "Response, baseline": _grey(response.responses[1], largest),
    }
    with right, st.grid(3, min_column_width=110, gap="small"):
        for label, pixels in shown.items():
            content = png(enlarged(pixels, SHOWN))
            image: Any = thumbnails.url(content) if own else content
            st.image(image, caption=label, width="stretch", output_format="PNG", alt=f"{label}: {words}")
    st.caption(
        "Response: the kernel on the one channel that it reads, as the fine-tuned network computes that channel; grey "
        f"is 0, black and white are ∓{largest:.2g}. A layer sums the responses of all its inputs."
    )


def _grey(values: NDArray[np.float32], largest: float) -> NDArray[np.uint8]:
    grey = np.clip(np.rint(127.5 + 127.5 * values / largest), 0, 255).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)
