"""The networks that come with the project load without any network and are better than interpolation."""

import pytest

import zoo
from zoo.entry import Bundled
from zoo.probe import bicubic_psnr, trials
from zoo.registry import card, registry
from zoo.settings import ZooSettings
from zoo.weights import find, state

NOWHERE = ZooSettings(offline=True, endpoint="http://127.0.0.1:9", hosted=True)
BUNDLED = [e for e in registry() if isinstance(e.weights, Bundled) and find(e, NOWHERE)]


@pytest.mark.parametrize("entry", BUNDLED, ids=lambda entry: entry.id)
def test_is_as_its_card_says_and_beats_interpolation(entry):
    model = zoo.super_resolver(entry.id, settings=NOWHERE)
    assert state(entry, NOWHERE) == "bundled"
    assert model.parameters == card(entry)["parameters"]
    assert model.fingerprint == zoo.reference(entry.id, settings=NOWHERE).fingerprint
    asked, *others = trials(model)
    assert asked.psnr > bicubic_psnr(model.scale) + 0.5
    assert asked.psnr > max(trial.psnr for trial in others) - 1
