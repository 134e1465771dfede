"""The zoo's table and cards for every entry there is, and bringing along a network of one's own."""

import io
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
import torch
from safetensors.torch import save
from streamlit.testing.v1 import AppTest

from dashboard.gallery.shipped import shipped_report
from dashboard.presentation.catalogue import STATES, Wanted, can_be_tried, choices, facts, rows, source
from tests.dashboard.conftest import APP, at_page
from tests.zoo.mirror import COMMIT, Mirror
from zoo.architectures import architecture
from zoo.catalog.entry import GitHub, Package, parse_entry
from zoo.catalog.registry import registry
from zoo.settings import ZooSettings
from zoo.sources.weights import State

ENTRIES = registry()


@pytest.fixture
def listed(tmp_path):
    return rows(ENTRIES, ZooSettings(weights=tmp_path, hub_cache=tmp_path))


def test_every_entry_has_a_row_and_super_resolvers_come_first(listed):
    assert {row.id for row in listed} == set(ENTRIES.entries)
    kinds = [row.kind for row in listed]
    assert kinds == sorted(kinds, key=["super-resolver", "classifier", "classical"].index)


def test_search_and_filters_leave_rows_out(listed):
    assert Wanted().among(listed) == listed
    found = Wanted("information multi-distillation", scale=(4,)).among(listed)
    assert [row.id for row in found] == ["imdn-c", "imdn-blind-c", "imdn", "study-imdn"]
    assert {row.family for row in Wanted(family=("gan",)).among(listed)} == {"gan"}
    assert {row.scale for row in Wanted(scale=(2, 3)).among(listed)} == {2, 3}
    assert {row.licence for row in Wanted(licence=("MIT",)).among(listed)} == {"MIT"}
    assert Wanted("no such network anywhere").among(listed) == []
    assert choices(listed, "scale") == [1, 2, 3, 4]


def test_receptive_fields_sort_by_size(listed):
    fields = sorted(row.receptive_field for row in listed if row.receptive_field not in ("", "global"))
    assert fields == sorted(fields, key=int)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_a_card_says_where_a_model_comes_from(entry):
    said = dict(facts(entry))
    assert said["Licence"] == entry.licence
    if entry.kind != "classical":
        assert said["Weights"]
        way = entry.declared_convention()
        colours = {"rgb": "RGB", "bgr": "BGR", "luma": "luma alone"}
        padding = f", padded to multiples of {way.pad_multiple}" if way.pad_multiple > 1 else ""
        assert said["Input"] == f"{colours[way.colour]}, 0 to {round(way.input_range)}{padding}"


def test_only_networks_that_can_be_had_are_offered_for_a_try(tmp_path):
    offline = ZooSettings(offline=True, weights=tmp_path, hub_cache=tmp_path)
    online = ZooSettings(weights=tmp_path, hub_cache=tmp_path)
    assert not can_be_tried(ENTRIES["imdn"], offline)
    assert can_be_tried(ENTRIES["imdn"], online)


NOT_AT_HAND = ("pan-x2", "pan-x3")
"""Checkpoints that nobody had where the gallery was made."""


def test_what_was_measured_of_published_checkpoints_ships_with_their_digests():
    for entry in ENTRIES:
        if isinstance(entry.weights, (GitHub, Package)) and entry.id not in NOT_AT_HAND:
            report = shipped_report(entry.id, entry.weights.sha256)
            assert report is not None, f"make gallery: {entry.id} is not measured"
            assert report.passed
            assert shipped_report(entry.id, "0" * 64) is None


def opened(query: dict[str, str] | None = None, **state: object) -> AppTest:
    app = AppTest.from_file(str(APP), default_timeout=120)
    for name, value in state.items():
        app.session_state[name] = value
    for name, value in (query or {}).items():
        app.query_params[name] = value
    return at_page(app, "zoo").run()


def words(app: AppTest) -> str:
    return " ".join(one.value for kind in (app.markdown, app.caption, app.warning, app.info) for one in kind)


def test_the_page_shows_table_and_card(environment):
    environment()
    app = opened()
    assert not app.exception
    assert len(app.dataframe[0].value) == len(ENTRIES)
    assert "Licence" in words(app)
    assert app.table[0].value["Measured"].iloc[0].startswith("88×76")


def test_the_address_names_a_model_and_what_is_searched(environment):
    environment()
    app = opened({"search": "distillation", "model": "imdn"})
    assert not app.exception
    assert set(app.dataframe[0].value["id"]) >= {"imdn", "imdn-c", "rfdn"}
    assert "**IMDN** :blue-badge[published]" in words(app)
    assert "nothing is fetched while this server is offline" in words(app)
    assert list(opened({"model": "san"}).table[0].value["Measured"]) == ["not yet", "not yet"]
    app.text_input(key="search").set_value("no such thing").run()
    assert not app.exception
    assert "No model is like that" in words(app)


@pytest.fixture
def mirror(tmp_path) -> Iterator[Mirror]:
    with Mirror(tmp_path / "root").running() as running:
        yield running


@pytest.fixture
def served(mirror, environment, tmp_path) -> Mirror:
    """A dashboard whose Hub is the mirror."""
    (tmp_path / "entries").mkdir()
    environment(
        LAM_OFFLINE="0",
        LAM_HUB_ENDPOINT=mirror.address,
        LAM_GITHUB_ENDPOINT=mirror.address,
        LAM_WEIGHTS=str(tmp_path / "weights"),
        LAM_HUB_CACHE=str(tmp_path / "hub"),
        LAM_ENTRIES=str(tmp_path / "entries"),
    )
    return mirror


def small_network() -> bytes:
    torch.manual_seed(0)
    buffer = io.BytesIO()
    torch.save(architecture("edsr").build(channels=4, blocks=2, scale=2, input_range=1.0).state_dict(), buffer)
    return buffer.getvalue()


def asked_for(reference: str) -> AppTest:
    app = opened({"tab": "Add yours"})
    app.text_input[0].set_value(reference)
    return app.button[0].click().run()


def test_a_pasted_network_is_looked_at_and_used_at_once_on_every_page(served, tmp_path):
    served.put("someone/nets", "out/Sharp Net.pth", small_network())
    app = asked_for("https://huggingface.co/someone/nets/blob/main/out/Sharp%20Net.pth?download=true")
    assert not app.exception
    shown = {one.label: one.value for one in app.metric}
    assert (shown["Architecture"], shown["Parameters"], shown["Receptive field"]) == ("edsr ×2", "1,555", "17")
    assert list(app.table[0].value["Read as"]) == [
        "0 to 1, RGB",
        "0 to 1, BGR",
        "0 to 255, RGB",
        "0 to 255, BGR",
        "0 to 1, RGB, mean 0.449 0.437 0.404 subtracted",
        "0 to 1, BGR, mean 0.449 0.437 0.404 subtracted",
        "0 to 255, RGB, mean 0.449 0.437 0.404 subtracted",
        "0 to 255, BGR, mean 0.449 0.437 0.404 subtracted",
        "-1 to 1, RGB",
        "-1 to 1, BGR",
    ]
    assert "No reading of it comes near bicubic interpolation" in words(app)
    app.text_input(key="entry-licence").set_value("MIT").run()
    entry = parse_entry(app.code[0].value, name="sharp-net.toml")
    assert (entry.licence, entry.scale, entry.pinned, entry.weights.revision) == ("MIT", 2, True, COMMIT)  # type: ignore[union-attr]
    next(one for one in app.button if one.label == "See its maps").click().run()
    assert not app.exception
    (key,) = app.session_state["yours"]
    assert key == f"someone/nets@{COMMIT}:out/Sharp%20Net.pth~1"
    assert app.query_params["models"] == key
    assert app.query_params["scale"] == "2"
    assert any("Sharp Net (yours)" in option for one in app.button_group for option in one.options)
    table = opened(yours=app.session_state["yours"]).dataframe[0].value
    assert list(table["tag"])[:2] == ["yours", "compact"]
    assert len(table) == len(ENTRIES) + 1


def test_read_in_another_way_it_is_another_entry_and_another_network(served):
    served.put("someone/nets", "x2.pth", small_network())
    app = asked_for("someone/nets:x2.pth")
    next(one for one in app.button_group if one.label == "Read it as").set_value(3).run()
    assert tomllib.loads(app.code[0].value)["convention"] == {"input_range": 255, "colour": "bgr"}
    next(one for one in app.button if one.label == "See its maps").click().run()
    (one,) = app.session_state["yours"].values()
    assert one.key == f"someone/nets@{COMMIT}:x2.pth~255-bgr"
    assert one.entry.declared_convention().colour == "bgr"


@pytest.mark.parametrize(
    ("reference", "sentence"),
    [
        ("someone/nets:gone.pth", "There is no repository 'someone/nets'"),
        ("https://evil.example/someone/nets/blob/main/x.pth", "'evil.example' is not asked for models"),
        ("https://huggingface.co@evil.example/a/b/blob/main/x.pth", "is not asked for models"),
        ("someone/nets", "names a repository"),
        ("a/b:../../x.pth", "leading slash"),
        ("imdn", "Imdn has an entry already"),
        ("/nowhere/x.pth", "There is no file"),
    ],
)
def test_what_cannot_be_looked_at_is_one_sentence(served, reference, sentence):
    app = asked_for(reference)
    assert not app.exception
    assert sentence in words(app), words(app)


def test_a_hosted_server_reads_no_files_of_its_own(served, environment, tmp_path):
    environment(LAM_HOSTED="1")
    file = tmp_path / "x.pth"
    file.write_bytes(small_network())
    app = asked_for(str(file))
    assert not app.exception
    assert "This server loads models by id" in words(app)


def test_a_file_of_ones_own_serves_a_local_dashboard(served, tmp_path):
    file = tmp_path / "my net.pth"
    file.write_bytes(small_network())
    app = asked_for(str(file))
    assert not app.exception
    assert tomllib.loads(app.code[0].value)["weights"]["source"] == "local"
    next(one for one in app.button if one.label == "Keep it in this session").click().run()
    (one,) = app.session_state["yours"].values()
    assert one.file == file


def as_safetensors() -> bytes:
    return save(torch.load(io.BytesIO(small_network()), weights_only=True))


def dropped(name: str, content: bytes) -> AppTest:
    app = opened({"tab": "Add yours"})
    return app.file_uploader[0].upload(name, content).run()


def test_a_dropped_checkpoint_is_looked_at_and_used(served):
    app = dropped("my net.pth", small_network())
    assert not app.exception
    assert {one.label: one.value for one in app.metric}["Architecture"] == "edsr ×2"
    assert app.session_state["checkpoint-1"] is None, "the widget lets go of the file"
    next(one for one in app.button if one.label == "See its maps").click().run()
    assert not app.exception
    (one,) = app.session_state["yours"].values()
    assert one.file.parent == Path(app.session_state["model_folder"].name)
    assert any("my-net (yours)" in option for one in app.button_group for option in one.options)


def test_a_dropped_file_that_is_none_is_one_sentence(served):
    app = dropped("notes.pth", b"some words")
    assert not app.exception
    assert "notes.pth is text ('some words'); give a .safetensors file" in words(app)


def test_a_dropped_file_goes_with_its_session(served):
    app = dropped("net.pth", small_network())
    folder = Path(app.session_state["model_folder"].name)
    assert (folder / "net.pth").is_file()
    app.session_state["model_folder"].cleanup()
    assert not folder.exists()


def test_a_hosted_server_takes_files_where_its_owner_allows_and_safetensors_alone(served, environment):
    environment(LAM_HOSTED="1")
    assert not opened({"tab": "Add yours"}).file_uploader
    environment(LAM_HOSTED="1", LAM_MODEL_UPLOADS="1")
    app = dropped("net.safetensors", as_safetensors())
    assert not app.exception
    next(one for one in app.button if one.label == "See its maps").click().run()
    assert not app.exception
    assert any("net (yours)" in option for one in app.button_group for option in one.options)
    app = dropped("net.safetensors", small_network())
    assert "is no safetensors file, and this server takes no other" in words(app)


ENTRY = """name = "Far"
architecture = "edsr"
scale = 2
family = "psnr"
tag = "published"
licence = "MIT"
[weights]
source = "github"
repo = "someone/nets"
revision = "{commit}"
file = "x.pth"
sha256 = "{digest}"
"""


def test_weights_are_fetched_and_measured_on_the_card(served, tmp_path):
    digest = served.put("someone/nets", "x.pth", small_network())
    (tmp_path / "entries" / "far.toml").write_text(ENTRY.format(commit=COMMIT, digest=digest))
    registry.cache_clear()
    app = opened({"model": "far"})
    app.button(key="fetch-far").click().run()
    assert not app.exception
    app.button(key="measure-far").click().run()
    assert not app.exception
    table = app.table[0].value
    assert list(table["Measured"])[:3] == ["44×38 :green[✓]", "1,555", "17"]
    registry.cache_clear()


def test_every_source_of_weights_has_words():
    assert STATES.keys() == set(get_args(State))
    assert all(source(entry) != source(registry()["bicubic"]) for entry in registry() if entry.weights is not None)
