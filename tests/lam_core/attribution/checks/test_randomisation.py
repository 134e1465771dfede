"""Forgetting layer by layer, and what it must not touch."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from torch import nn

from lam_core import AttributionSettings, Region, SuperResolver, attribute
from lam_core.attribution.checks.randomisation import Randomisation, layers_of, randomisation, shuffle
from lam_core.attribution.checks.rank_agreement import agreement
from lam_core.attribution.checks.scene import scene_of
from lam_core.attribution.settings import SettingsError
from tests.lam_core.studies.toys import picture

SETTINGS = AttributionSettings(dtype="float64", field="full", nodes=9, tolerance=0)
WINDOW = Region(16, 20, 8)


def network() -> nn.Sequential:
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Conv2d(3, 8, 5, padding=2), nn.ReLU(), nn.Conv2d(8, 12, 5, padding=2), nn.PixelShuffle(2))
    with torch.no_grad():
        for layer in (layers[0], layers[2]):
            # What was "learnt": one tap that looks two pixels aside.
            layer.weight.mul_(0.01)[..., 0, 4].add_(0.3)
    return layers


def test_the_map_changes_as_the_layers_are_forgotten() -> None:
    model, lr = SuperResolver(network(), 2, name="net"), picture()
    before = {key: value.clone() for key, value in model.module.state_dict().items()}
    result, seen = attribute(model, lr, WINDOW, SETTINGS), []
    found = randomisation(model, lr, result, steps=2, report=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1
    assert [(step.share, step.layer) for step in found.steps] == [(0.5, "2"), (1.0, "0")]
    first, last = (step.agreement for step in found.steps)
    assert first is not None
    assert last is not None
    assert first.beyond_distance is not None
    assert last.beyond_distance is not None
    assert first.beyond_distance < 0.9
    assert last.beyond_distance < 0.6
    for key, value in model.module.state_dict().items():
        assert torch.equal(value, before[key])
    scene = scene_of(model, lr, WINDOW, SETTINGS)
    assert found.picture == agreement(result.map, np.abs((scene.lr - scene.blurred).sum(2)), scene.distance)
    assert found.picture.n == 24 * 24
    assert Randomisation.from_dict(json.loads(json.dumps(found.to_dict()))) == found
    # It is seeded, and more steps than layers are as many as layers.
    assert randomisation(model, lr, result, steps=9) == found


def test_shuffling_keeps_the_values() -> None:
    layer = nn.Conv2d(3, 8, 3)
    values = layer.weight.detach().flatten().clone()
    shuffle(layer, torch.Generator().manual_seed(0))
    assert not torch.equal(layer.weight.flatten(), values)
    assert torch.equal(layer.weight.flatten().sort().values, values.sort().values)


def test_mean_shifts_are_no_layers() -> None:
    class Shifted(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.sub_mean, self.head = nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1)

    assert [name for name, _ in layers_of(Shifted())] == ["head"]


def test_a_network_without_weights_is_refused() -> None:
    nearest, lr = SuperResolver(nn.Upsample(scale_factor=2), 2, name="nearest"), picture()
    with pytest.raises(SettingsError, match="nearest has no weights"):
        randomisation(nearest, lr, attribute(nearest, lr, WINDOW, SETTINGS))
