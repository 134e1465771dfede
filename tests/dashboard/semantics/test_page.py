"""The semantics page, run without a browser."""

import csv
import io
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.app_pages.semantics import images_form, networks, scatter
from dashboard.app_pages.semantics.gathering import gather
from dashboard.app_pages.semantics.images_form import Material
from dashboard.app_pages.semantics.networks import choices
from dashboard.app_pages.semantics.presets import PRESETS
from dashboard.gallery.semantics import shipped
from dashboard.presentation.model_options import Offer, offers
from dashboard.state.user_models import Yours
from lam_core.render import png
from lam_core.semantics.reading import percentage
from tests.dashboard.conftest import APP, at_page, opened_at, text, write_toy
from tests.zoo.mirror import COMMIT, Mirror
from zoo.catalog.registry import registry
from zoo.settings import ZooSettings
from zoo.sources.weights import find

STANDARD = Material(shipped.shipped_design(), is_standard=True, is_own=False)


@pytest.fixture
def toy(environment, tmp_path) -> str:
    key = write_toy(tmp_path, "toy", scale=2)
    environment(LAM_WITH=key)
    return key


def opened(**query: str) -> AppTest:
    return opened_at("semantics", **query)


def test_the_first_visit_shows_four_published_networks_and_their_controls(toy):
    app = opened()
    shown = text(app)
    for key in shipped.PUBLISHED:
        layer = shipped.analysis(key).models[0].layers[-1]
        assert f"{registry_name(key)} · shipped result" in shown
        assert percentage(layer.share.degradation) in shown
    assert "Published: the deepest features of SR networks separate by degradation" in shown
    # Charts come when the visitor is near them, the scatters at once.
    assert all(chart.key.startswith("confusion") for chart in app.get("plotly_chart"))


def on_offer() -> dict[str, Offer]:
    """What the page offers where nothing can be fetched."""
    settings = ZooSettings(offline=True)
    return choices(offers(settings), settings)


def test_a_network_of_this_session_is_offered_and_can_be_analysed(toy, tmp_path):
    entry = registry()["fsrcnn-c"].model_copy(update={"name": "Brought along"})
    path = find(entry, ZooSettings(offline=True))
    one = Yours("abc:mine.safetensors~1", entry, path)
    app = AppTest.from_file(str(APP), default_timeout=60)
    app.session_state["yours"] = {one.key: one}
    at_page(app, "semantics").run()
    assert not app.exception
    assert "Brought along · yours" in app.multiselect(key="nets").options
    app.multiselect(key="nets").set_value([one.key]).run()
    assert not app.exception
    assert "Not computed for these images yet: Brought along" in text(app)
    assert not app.warning


def registry_name(key: str) -> str:
    return shipped.sources()[key].name


def test_a_published_figure_says_what_is_missing_and_what_stands_in():
    available = {"srgan", "imdn", "pan", "carn-m", "edsr-c"}
    figure = next(preset for preset in PRESETS if preset.id == "figure")
    assert figure.networks(available) == ("edsr-c", "srgan")
    notes = figure.notes(available, {"edsr-c": "EDSR (compact)", "srgan": "SRGAN"})
    assert notes[0].startswith("ResNet18 is not here: it needs model.safetensors (47 MB) of timm/resnet18.a1_in1k")
    assert notes[0].endswith("no available network can stand in for it.")
    assert notes[1].endswith("EDSR (compact) stands in for it.")
    assert figure.notes({"resnet18", "srresnet-gr-c", "srgan-gr-c"}, {})[0].startswith("SRResNet-wGR is not here")


def test_panels_keep_their_place_and_controls_come_last():
    listed = on_offer()
    examined = gather([listed["srgan"], listed["pan"]], STANDARD).examined
    found = scatter.across_networks(examined, 1.0, "t-SNE")
    assert [panel.id for panel in found] == ["srgan", "pan", "raw", "untrained srgan", "untrained pan"]
    assert [panel.control for panel in found] == [False, False, True, True, True]
    assert all(len(panel.points) == 2 * 144 for panel in found)
    assert [panel.id for panel in scatter.across_networks(examined, 0.0, "PCA")] == [panel.id for panel in found]
    layers = scatter.along_layers(examined[0], examined[0].stages(4), "t-SNE")
    assert [panel.title for panel in layers[:4]] == [examined[0].model.layers[s].layer for s in examined[0].stages(4)]


def test_a_network_without_weights_here_is_said_to_have_none_for_other_pictures():
    listed = on_offer()
    found = gather([listed["srgan"]], replace(STANDARD, is_standard=False))
    assert not found.examined
    assert [offer.key for offer in found.without_weights] == ["srgan"]


def test_networks_without_weights_give_way_to_compact_ones(toy):
    app = opened(nets="SRGAN", seed="1")
    assert "SRGAN: only results on the project's own images are here" in text(app)
    app.button(key="instead").click().run()
    assert "SRGAN: only" not in text(app)
    assert "Not computed for these images yet: SRResNet-woGR (compact)" in text(app)


def test_a_selection_is_taken_away_as_pictures_and_a_table():
    listed = on_offer()
    design = shipped.shipped_design()
    examined = gather([listed["srgan"]], STANDARD).examined
    archive = zipfile.ZipFile(io.BytesIO(scatter.exported(design, [0, 5], examined, 1.0)))
    rows = list(csv.DictReader(io.TextIOWrapper(archive.open("selection.csv"))))
    assert [row["degradation"] for row in rows] == ["clean", "noise:20"]
    assert {row["file"] for row in rows} | {"selection.csv"} == set(archive.namelist())


def test_names_of_classes_follow_files():
    assert [images_form._content(name) for name in ("plane-01.png", "a_2.jpg", "7.png")] == ["plane", "a", "7"]


def test_compact_networks_are_named_so():
    listed = on_offer()
    assert networks.full_name(listed["imdn-c"]).endswith("(compact)")
    assert next(iter(listed)) in shipped.sources()


def test_the_address_says_which_networks_are_shown(toy):
    app = opened(nets="PAN", hue="Content")
    assert "PAN · shipped result" in text(app)
    assert "IMDN · shipped result" not in text(app)


def test_a_link_names_a_data_set_of_the_hub(toy, environment, tmp_path):
    with Mirror(tmp_path / "hub").running() as mirror:
        for k, name in enumerate(("roof/1.png", "roof/2.png", "wall/1.png", "wall/2.png", "wall/3.png")):
            size = (20, 200) if k == 4 else (160 + k, 150)
            pixels = np.random.default_rng(k).integers(0, 256, (*size, 3), dtype=np.uint8)
            mirror.put("owner/set", name, png(pixels))
        mirror.put("owner/table", "data.parquet", b"PAR1")
        variables = {"LAM_HUB_ENDPOINT": mirror.address, "LAM_HUB_CACHE": str(tmp_path / "cache"), "LAM_OFFLINE": "0"}
        environment(LAM_WITH=toy, **variables)
        shown = text(opened(nets="FSRCNN (compact)", pictures_from="Hub data set", hub="owner/set"))
        assert "All 5 images of owner/set." in shown
        assert f"`owner/set@{COMMIT}`" in shown
        assert "wall/3.png is too small: 50×5 pixels after reducing" in shown
        assert "4 images of 2 contents" in shown
        assert "The middle 37×40 pixels of each" in shown, "one size for all: the smallest"
        assert "Not computed for these images yet: FSRCNN (compact)" in shown
        shown = text(opened(nets="FSRCNN (compact)", pictures_from="Hub data set", hub="owner/table"))
        assert "owner/table keeps its pictures in Parquet files" in shown
        mirror.asked.clear()
        environment(LAM_WITH=toy, LAM_HUB_OWNERS="friend", **variables)
        refused = text(opened(pictures_from="Hub data set", hub="owner/other"))
        assert "Files of 'owner' are not loaded here" in refused
        assert not mirror.asked
