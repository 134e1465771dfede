"""The sections of the semantics page, top to bottom."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from functools import partial

import pandas as pd
import streamlit as st

from dashboard.app_pages.semantics import figures as figures
from dashboard.app_pages.semantics import scatter
from dashboard.app_pages.semantics.figures import Row
from dashboard.app_pages.semantics.images_form import Material
from dashboard.app_pages.semantics.layout_form import Choice
from dashboard.app_pages.semantics.networks import Examined, is_classifier
from dashboard.app_pages.semantics.presets import MOST, TWINS
from dashboard.components.copy_link import copy_link
from dashboard.components.linked_scatters import linked_scatters, selection
from dashboard.gallery.semantics import shipped
from dashboard.presentation import tables
from dashboard.presentation.download_kind import kind_for
from dashboard.presentation.plot_theme import toolbar
from dashboard.state import visitor
from dashboard.state.marks import marks
from dashboard.widgets.deferred import deferred
from lam_core.semantics.reading import (
    Finding,
    Subject,
    by_content,
    by_degradation,
    by_residual,
    in_words,
    with_strength,
)
from zoo.settings import settings as zoo_settings

BARS, CURVES = 300, 340
"""Height that is kept free for a chart until it is drawn, in pixels."""
SECTIONS = {
    "features": "Features of every image",
    "measures": "By degradation or by content",
    "strength": "Strength",
    "detection": "Name a degradation",
    "generalisation": "SRGA",
    "turning-off": "Ignoring what was not trained for",
}
"""Anchors of the page's sections, with their names in the index."""


def index(shown: Collection[str]) -> None:
    """Links to the sections that are on the page."""
    st.markdown(" · ".join(f"[{name}](#{anchor})" for anchor, name in SECTIONS.items() if anchor in shown))


def on_page(examined: Sequence[Examined]) -> set[str]:
    """Anchors of the sections that these networks have."""
    answered = {
        anchor
        for anchor, study in (("strength", "strength"), ("generalisation", "srga"))
        if any(shipped.is_answered(study, one.offer.key) for one in examined)
    }
    return {"detection", "turning-off", *answered, *(("features", "measures") if examined else ())}


@st.fragment
def scatters(examined: Sequence[Examined], material: Material, choice: Choice) -> None:
    """The linked scatters, the controls below them, and what was selected to take away."""
    st.header("Features of every image", anchor="features")
    design = material.design
    shown = scatter.shown(design, own=material.is_own)
    owner = visitor.visitor() if material.is_own else None
    if choice.by_layer:
        one = examined[0]
        stages = one.stages(MOST)
        panels = scatter.along_layers(one, stages, choice.plane)
    else:
        panels = scatter.across_networks(examined, choice.position, choice.plane)
    linked_scatters(shown, panels, by_content=choice.by_content, key="scatters")
    selected = selection("scatters", shown.design)
    layer = examined[0].model.layers[examined[0].stage(choice.position)]
    st.caption(
        f"{layer.n} points: {len(design.pictures)} images × {len(design.degradations)} degradations, seed "
        f"{layer.seed}. Drawn from {layer.space.partition(';')[0]}, PCA, then {choice.plane}. A plane's axes have no "
        "meaning of their own, so every panel is rotated to match the pixels’. Draw around points to select them, "
        "click one to follow its image, hold Shift to add."
    )
    with st.container(horizontal=True):
        if selected:
            st.download_button(
                f"{len(selected)} selected images, ZIP",
                lambda: scatter.exported(design, selected, examined, choice.position),
                "selection.zip",
                kind_for(owner, "application/zip"),
                icon=":material/photo_library:",
                on_click="ignore",
            )
        st.download_button(
            "All figures and points, JSON",
            lambda: _json(examined),
            "semantics.json",
            kind_for(owner, "application/json"),
            icon=":material/data_object:",
            on_click="ignore",
        )
        st.download_button(
            "Table, CSV",
            lambda: tables.csv(table(examined)),
            "semantics.csv",
            kind_for(owner, "text/csv"),
            icon=":material/table:",
            on_click="ignore",
        )
        copy_link("link-semantics", width=120)


def measures(examined: Sequence[Examined], choice: Choice) -> None:
    """Shares, CHI and silhouette at the layer shown, and the shares along the layers."""
    st.header("By degradation or by content?", anchor="measures")
    subjects = _subjects(examined)
    for finding in (by_degradation(subjects), by_content(subjects), _residual(examined)):
        if finding.sentence:
            st.markdown(finding.sentence)
    rows = _rows(examined, choice)
    deferred("measures", BARS, partial(_bars, rows))
    first = rows[0].layer
    st.caption(
        "Bars with stripes are controls. Shares are of the whole feature space, freed from what chance contributes; "
        "what is left of 100 % is how images of one content differ. Lines: 95 % bootstrap intervals over images; "
        f"{first.equal.n} points and {first.equal.k} classes on both sides"
        + ("" if first.equal.draws == 1 else f", the mean of {first.equal.draws} random choices, without an interval")
        + f". Space of the first: {first.space}. Compare CHI only at equal n, k and space."
    )
    st.markdown("**Layer by layer**")
    st.caption(", ".join(f"{one.name} · {one.origin}" for one in examined))
    top = max(
        max(layer.intervals.degradation[1], layer.intervals.content[1])
        for one in examined
        for model in (one.model, one.untrained)
        for layer in model.layers
    )
    deferred("layers", CURVES, partial(_layer_curves, examined, top))
    st.caption(
        ":blue[●] degradation and :orange[■] content with 95 % intervals; dotted: the same network before training; "
        "dashed: the pixels."
    )
    with st.expander("Every figure in words and numbers", icon=":material/table_rows:"):
        for subject in subjects:
            st.markdown(f"- {in_words(subject)}")
        st.dataframe(table(examined), hide_index=True, alt="All measures of all layers")
        st.caption("Accuracy: a linear probe on held-out images. p: permutation null of 199 shuffles.")
        for one in examined:
            st.caption(f"{one.name}: {_source(one)}")


def _bars(rows: Sequence[Row]) -> None:
    grid = st.grid(3, min_column_width=300)
    alike = rows[0].layer.equal
    for title, make, words in (
        ("Shares of variance", figures.share_bars, _shares_words),
        (f"CHI, {alike.k} classes each", figures.chi_bars, _chi_words),
        (f"Silhouette, {alike.k} classes each", figures.silhouette_bars, _chi_words),
    ):
        with grid.container():
            st.markdown(f"**{title}**")
            st.plotly_chart(make(rows), config=toolbar(title), alt=words(rows))


def _layer_curves(examined: Sequence[Examined], top: float) -> None:
    grid = st.grid(min(len(examined), 2), min_column_width=300)
    for one in examined:
        with grid.container():
            st.markdown(one.name)
            st.plotly_chart(
                figures.layer_curves(one.model, one.untrained, one.raw, top),
                config=toolbar(f"layers {one.name}"),
                key=f"layers-{one.offer.key}",
                alt=f"Shares of variance along the layers of {one.name}",
            )


def strength(examined: Sequence[Examined]) -> None:
    """Separability against strength, and the path of every picture."""
    known = [one for one in examined if shipped.is_answered("strength", one.offer.key)]
    if not known:
        return
    st.header("The stronger, the further apart?", anchor="strength")
    curves = {one.name: shipped.strength(one.offer.key) for one in known}
    degradations = [curve.degradations[-1] for curve in next(iter(curves.values()))]
    st.markdown(with_strength(curves.items()).sentence)

    def along_strength() -> None:
        grid = st.grid(3, min_column_width=280)
        for i, text in enumerate(degradations):
            with grid.container():
                st.plotly_chart(
                    figures.strength_curves(
                        [(name, three[i]) for name, three in curves.items()], _axis(text), marks(curves)
                    ),
                    config=toolbar(f"strength {text}"),
                    key=f"strength-{i}",
                    alt=f"Separability against strength of {text}",
                )
                st.caption(", ".join(f"{name} ρ = {three[i].spearman:.2f}" for name, three in curves.items()))

    deferred("strength", CURVES, along_strength)
    first = next(iter(curves.values()))[0]
    st.caption(
        f"CHI of {first.n // 2} clean and {first.n // 2} degraded images at the last stage before the upsampler; "
        f"k = 2 and n = {first.n} throughout; ρ is Spearman's correlation with the strength. {first.space}, seed "
        f"{first.seed}."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox("Path of the images in", list(curves), key="path_of", width=260)
        kind = st.segmented_control(
            "from clean to", degradations, default=degradations[0], required=True, key="path_to"
        )
    curve = curves[name][degradations.index(kind)]

    def path() -> None:
        st.plotly_chart(
            figures.path_chart(curve),
            config=toolbar(f"path {name} {kind}"),
            key="path",
            alt=f"Features of every image from clean to {kind} in {name}",
        )

    deferred("path", CURVES, path)
    st.caption(
        "Each thin line is one image, each dot one strength, in the first two principal components of all strengths; "
        "the thick line is their mean. Lines that run side by side mean that the degradation moves all images alike."
    )


def generalisation(examined: Sequence[Examined]) -> None:
    """SRGA, where it ships."""
    known = [
        (one.name, shipped.scores(one.offer.key)) for one in examined if shipped.is_answered("srga", one.offer.key)
    ]
    if not known:
        return
    st.header("How far do the features move? SRGA", anchor="generalisation")
    score = known[0][1][0]
    st.markdown(
        "SRGA needs no labels: it compares the distribution of a network's features on degraded images with that on "
        "clean ones. The lower, the less the features move; 0 is not at all."
    )
    titles = {row.degradation: row.degradation for row in known[0][1]}

    def bars() -> None:
        st.plotly_chart(
            figures.srga_bars(known, titles, marks(name for name, _ in known)),
            config=toolbar("srga"),
            key="srga",
            alt="SRGA by degradation",
        )

    deferred("srga", CURVES, bars)
    st.caption(
        f"{score.n} images of 32×32 pixels, {score.components} components, the last stage before the upsampler. A "
        "network that does not react to a degradation scores low too: read it together with how well it restores."
    )


def table(examined: Sequence[Examined]) -> pd.DataFrame:
    """All measures of all layers, controls too."""
    rows = []
    for one in examined:
        for role, model in (("network", one.model), ("untrained", one.untrained)):
            rows += [_line(one.name, role, layer) for layer in model.layers]
    if examined:
        rows.append(_line("raw pixels", "control", examined[0].raw))
    return pd.DataFrame(rows)


def _line(name: str, role: str, layer) -> dict[str, object]:
    spans = layer.intervals
    return {
        "network": name,
        "role": role,
        "layer": layer.layer,
        "n": layer.n,
        "k content": layer.k_content,
        "k degradation": layer.k_degradation,
        "degradation": layer.share.degradation,
        "degradation low": spans.degradation[0],
        "degradation high": spans.degradation[1],
        "content": layer.share.content,
        "content low": spans.content[0],
        "content high": spans.content[1],
        "interaction": layer.share.interaction,
        "residual": layer.share.residual,
        "CHI degradation": layer.equal.chi.degradation,
        "CHI content": layer.equal.chi.content,
        "silhouette degradation": layer.equal.silhouette.degradation,
        "silhouette content": layer.equal.silhouette.content,
        "accuracy degradation": layer.accuracy.probe.degradation,
        "accuracy content": layer.accuracy.probe.content,
        "p degradation": layer.null.p_degradation,
        "p content": layer.null.p_content,
        "space": layer.space,
        "seed": layer.seed,
    }


def _rows(examined: Sequence[Examined], choice: Choice) -> list[Row]:
    if choice.by_layer:
        one = examined[0]
        rows = []
        for stage in one.stages(MOST):
            rows.append(Row(one.model.layers[stage].layer, one.model.layers[stage]))
            rows.append(Row(f"{one.model.layers[stage].layer}, untrained", one.untrained.layers[stage], control=True))
        return [*rows, Row("raw pixels", one.raw, control=True)]
    rows = []
    for one in examined:
        stage = one.stage(choice.position)
        rows.append(Row(one.name, one.model.layers[stage]))
        rows.append(Row(f"{one.name}, untrained", one.untrained.layers[stage], control=True))
    return [*rows, Row("raw pixels", examined[0].raw, control=True)]


def _subjects(examined: Sequence[Examined]) -> list[Subject]:
    return [one.subject(classifier=is_classifier(one.offer.key, zoo_settings())) for one in examined]


def _residual(examined: Sequence[Examined]) -> Finding:
    found = {one.offer.key: one.subject(classifier=False) for one in examined}
    return by_residual((found[a], found[b]) for a, b in TWINS if a in found and b in found)


def _shares_words(rows: Sequence[Row]) -> str:
    return "; ".join(
        f"{row.name}: degradation {row.layer.share.degradation:.1%}, content {row.layer.share.content:.1%}"
        for row in rows
    )


def _chi_words(rows: Sequence[Row]) -> str:
    return "By degradation and by content, for " + ", ".join(row.name for row in rows)


def _axis(text: str) -> str:
    units = {"blur": "blur, σ in pixels", "noise": "noise, σ of 255", "jpeg": "JPEG, 100 − quality"}
    kind = text.partition(":")[0]
    return units.get(kind, kind)


def _source(one: Examined) -> str:
    source = shipped.sources().get(one.offer.key)
    if one.origin != "shipped result" or source is None:
        return f"{one.origin}, fingerprint {one.model.fingerprint[:16]}…"
    return f"{one.origin}; {source.source}, sha256 {source.sha256}"


def _json(examined: Sequence[Examined]) -> str:
    content = []
    for one in examined:
        source = shipped.sources().get(one.offer.key)
        row = {"source": source.source, "sha256": source.sha256} if source else {}
        content.append({**one.analysis.to_json(), **row})
    return json.dumps(content, indent=1, allow_nan=False) + "\n"
