"""The zoo's table and cards, for every entry there is."""

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.catalogue import can_be_tried, facts, rows
from tests.dashboard.conftest import APP
from zoo.registry import registry
from zoo.settings import ZooSettings

ENTRIES = registry()


def test_every_entry_has_a_row_and_super_resolvers_come_first(tmp_path):
    listed = rows(ENTRIES, ZooSettings(weights=tmp_path, hub_cache=tmp_path))
    assert {row.id for row in listed} == set(ENTRIES.entries)
    kinds = [row.kind for row in listed]
    assert kinds == sorted(kinds, key=["super-resolver", "classifier", "classical"].index)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_a_card_says_where_a_model_comes_from(entry):
    said = dict(facts(entry))
    assert said["Licence"] == entry.licence
    if entry.kind != "classical":
        assert said["Weights"]
        assert said["Input"].endswith(("1", "255")) or "padded" in said["Input"]


def test_only_networks_that_can_be_had_are_offered_for_a_try(tmp_path):
    offline = ZooSettings(offline=True, weights=tmp_path, hub_cache=tmp_path)
    online = ZooSettings(weights=tmp_path, hub_cache=tmp_path)
    assert not can_be_tried(ENTRIES["imdn"], offline)
    assert can_be_tried(ENTRIES["imdn"], online)


def test_the_page_shows_table_and_card(environment):
    environment()
    app = AppTest.from_file(str(APP), default_timeout=60).run()
    app.switch_page("app_pages/zoo.py").run()
    assert not app.exception
    assert len(app.dataframe[0].value) == len(ENTRIES)
    assert any("Licence" in one.value for one in app.caption)
