"""The networks that come with the project load without any network and are better than interpolation."""

from pathlib import Path

import pytest

import zoo
from lam_core.model import FeatureModel, SuperResolver
from lam_core.readings import bicubic_psnr, measure
from zoo.catalog.entry import Bundled
from zoo.catalog.registry import COMPACT, card, registry
from zoo.settings import ZooSettings
from zoo.sources.weights import find, state

NOWHERE = ZooSettings(offline=True, endpoint="http://127.0.0.1:9", hosted=True)
CARDS = (Path(__file__).parents[2] / "docs" / "compact-networks.md").read_text()
BUNDLED = [e for e in registry() if isinstance(e.weights, Bundled) and find(e, NOWHERE)]
FOR_PSNR = [e for e in BUNDLED if e.family in ("psnr", "transformer") and e.scale > 1]


@pytest.mark.parametrize("entry", BUNDLED, ids=lambda entry: entry.id)
def test_is_as_its_card_says(entry):
    model = zoo.load(entry.id, settings=NOWHERE)
    assert state(entry, NOWHERE) == "bundled"
    assert isinstance(model, SuperResolver | FeatureModel)
    weights = [p.numel() for name, p in model.module.named_parameters() if "_mean." not in name]
    assert sum(weights) == card(entry)["parameters"]
    if isinstance(model, SuperResolver):
        assert model.fingerprint == zoo.reference(entry.id, settings=NOWHERE).fingerprint


@pytest.mark.parametrize("entry", FOR_PSNR, ids=lambda entry: entry.id)
def test_beats_interpolation(entry):
    model = zoo.super_resolver(entry.id, settings=NOWHERE)
    asked, *others = measure(model)
    assert asked.psnr > bicubic_psnr(model.scale) + 0.5
    assert asked.psnr > max(trial.psnr for trial in others) - 1


@pytest.mark.parametrize("entry", BUNDLED, ids=lambda entry: entry.id)
def test_the_page_of_compact_networks_says_what_the_card_says(entry):
    facts = card(entry)
    (row,) = [line for line in CARDS.splitlines() if line.startswith(f"| {entry.id} |")]
    assert f"| {facts['parameters']:,} |" in row
    assert all(f"{q['psnr']:.2f} dB, {q['ssim']:.4f}" in row for q in facts["quality"].values() if isinstance(q, dict))


def test_networks_trained_for_psnr_reach_30_decibels_on_set5():
    for entry in FOR_PSNR:
        assert card(entry)["quality"]["Set5"]["psnr"] >= 30.1, entry.id


def test_bundled_weights_stay_small():
    sizes = [path.stat().st_size for path in COMPACT.glob("*.safetensors")]
    assert sum(sizes) <= 40 * 2**20
    assert all(card(entry)["parameters"] <= 800_000 for entry in BUNDLED)
