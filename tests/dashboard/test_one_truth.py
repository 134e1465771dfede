"""What several widgets offer is the same in each, and all that the core takes."""

import argparse
import ast
import io
from dataclasses import fields
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

import dashboard
import zoo
from dashboard.presentation import exports
from dashboard.presentation.decoded_image import IMAGE_TYPES, from_upload
from dashboard.presentation.model_options import COMPACT, offers
from dashboard.presentation.view import from_query
from lam_cli.arguments import attribution_settings
from lam_cli.main import main, parser
from lam_cli.serving import service
from lam_core.attribution.request import AttributionRequest
from lam_core.attribution.settings import AttributionSettings, Precision
from lam_core.images.decode import decode
from lam_core.images.image_sets import SUFFIXES
from lam_core.region import Region
from lam_core.render import png
from lam_core.samples import sample
from lam_core.service.owner import Owner
from zoo.catalog.registry import registry
from zoo.settings import ZooSettings


def test_every_upload_of_pictures_takes_the_same_types():
    assert {f".{ending}" for ending in IMAGE_TYPES} == SUFFIXES
    taken = [
        ast.unparse(keyword.value)
        for path in Path(dashboard.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("file_uploader")
        for keyword in node.keywords
        if keyword.arg == "type"
    ]
    no_pictures = {"draft.RECIPE_TYPES", "['parquet']", "['safetensors'] if own.hosted else None"}
    assert set(taken) - no_pictures == {"IMAGE_TYPES"}


def form() -> None:
    import streamlit as st

    from dashboard.presentation.view import View
    from dashboard.widgets.settings_form import attribution_settings

    st.session_state["settings"] = True
    st.session_state.setdefault("view", View())
    attribution_settings(st.session_state.view)


def test_the_form_has_every_setting_and_every_precision():
    app = AppTest.from_function(form)
    # The damage of a degraded baseline is shown where it counts.
    app.session_state["view"] = from_query({"path": "linear-degraded"})[0]
    app.run()
    assert not app.exception
    shown = {one.key.removeprefix("set_") for one in [*app.selectbox, *app.number_input]}
    assert shown == {one.name for one in fields(AttributionSettings)}
    precision = app.selectbox(key="set_dtype")
    assert [option.split(",")[0] for option in precision.options] == list(get_args(Precision))


def test_a_compact_network_has_one_name():
    listed = {offer.key: offer.label for offer in offers(ZooSettings(offline=True))}
    assert {key: listed[key] for key in COMPACT} == {key: registry()[key].name for key in COMPACT}


def test_commands_have_every_setting_with_the_defaults_of_pages_and_python():
    for command in ("attribute", "figure", "heatmap", "sweep"):
        choose = next(one for one in parser()._actions if isinstance(one, argparse._SubParsersAction))
        options = {flag for action in choose.choices[command]._actions for flag in action.option_strings}
        assert {f"--{one.name}" for one in fields(AttributionSettings)} <= options, command
    text = ["attribute", "a.png", "--model", "m", "--window", "0,0,16", "--rule", "reference"]
    asked = attribution_settings(parser().parse_args(text), AttributionSettings())
    view, faults = from_query({"rule": "reference"})
    assert asked == AttributionSettings(rule="reference") == view.settings
    assert not faults


def test_a_link_may_bring_what_the_form_does_not_offer():
    app = AppTest.from_function(form)
    app.session_state["view"] = from_query({"nodes": "5000", "sigma": "0.05", "field": "40"})[0]
    app.run()
    assert not app.exception
    assert app.number_input(key="set_nodes").value == 5000
    assert app.selectbox(key="set_field").value == 40


def test_the_terminal_and_a_card_write_the_same_arrays_and_the_same_figure(environment, tmp_path, monkeypatch):
    pytest.importorskip("matplotlib", reason="figures are drawn by matplotlib, the extra `figure`")
    environment()
    monkeypatch.chdir(tmp_path)
    Path("cat.png").write_bytes(png(sample("cat").pixels()))
    main(
        [
            "attribute",
            "cat.png",
            "--model",
            "fsrcnn-c",
            "--window",
            "64,32,16",
            "--nodes",
            "5",
            "--out",
            "a.npz",
            "--png",
            "a.png",
        ]
    )
    own = decode(Path("cat.png").read_bytes())
    picture = from_upload(own, "cat.png", low_resolution=False, scale=4, owner=Owner())
    request = AttributionRequest(zoo.reference("fsrcnn-c"), picture.lr, Region(64, 32), AttributionSettings(nodes=5))
    result = service().find(request)
    assert result is not None, "the page finds what the terminal computed"
    with np.load("a.npz") as terminal, np.load(io.BytesIO(result.to_npz())) as card:
        assert set(terminal) == set(card) == {"signed", "map", "sr"}
        for name in card:
            np.testing.assert_array_equal(terminal[name], card[name])
    drawn = exports.figure(picture, ["fsrcnn-c"], [result])
    np.testing.assert_array_equal(np.asarray(Image.open("a.png")), np.asarray(Image.open(io.BytesIO(drawn))))
