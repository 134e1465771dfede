"""The long matrix: cropped and uncropped passes of every architecture in the zoo, twenty windows each, in float64."""

from __future__ import annotations

import pytest
import torch

from tests.lam_core.attribution.cone.oracle import TOLERANCE, check, resolver
from zoo.catalog.entry import Entry
from zoo.catalog.registry import registry
from zoo.checkpoints.build_untrained import build_declared

pytestmark = pytest.mark.conformance

WINDOWS = 20
GROUPS = {"depth", "depths", "num_heads"}
"""Hyperparameters of transformers that list their equal groups: one of them crops as all do."""

UNTRACEABLE = {"OmniSR"}
"""Architectures with a gradient of their own, which run uncropped and say so."""

ROUNDING = {"rnan": 1e-9}
"""Networks whose rounding errors grow: with these weights the whole RNAN itself differs by 2e-10 between two layouts of
its input in memory."""


def one_of_each() -> list[Entry]:
    """The smallest entry of every architecture."""
    entries = [entry for entry in registry() if entry.kind == "super-resolver"]
    entries.sort(key=lambda entry: (entry.published.parameters or 0, entry.id))
    return list({entry.architecture: entry for entry in reversed(entries)}.values())


@pytest.mark.parametrize("entry", one_of_each(), ids=lambda entry: entry.id)
def test_cropped_equals_uncropped(entry: Entry) -> None:
    torch.manual_seed(0)
    first = {k: v[:1] for k, v in entry.hyperparameters.items() if k in GROUPS and isinstance(v, list)}
    network = build_declared(entry.model_copy(update={"hyperparameters": {**entry.hyperparameters, **first}}))
    model = resolver(network, entry.scale, entry.declared_convention())
    tolerance = ROUNDING.get(entry.architecture, TOLERANCE)
    cones = check(model, 20, 24, min(17, 10 * entry.scale), count=WINDOWS, tolerance=tolerance)
    assert len(cones) == WINDOWS
    assert all(("cannot be" in cone.fallback) == (entry.architecture in UNTRACEABLE) for cone in cones)
