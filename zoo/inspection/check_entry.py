"""An entry's claims beside what its network shows."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Unpack

import torch

from lam_core.diagnosis import NonFiniteMapError
from lam_core.model import SuperResolver
from lam_core.readings import Tell, bicubic_psnr, clearly_better, measure, silent, task
from zoo.catalog.entry import Entry
from zoo.catalog.registry import card
from zoo.inspection.measure import Extent, receptive_field
from zoo.inspection.report import Finding, Report
from zoo.models.from_file import load_entry
from zoo.models.load import super_resolver
from zoo.overrides import Overrides
from zoo.settings import ZooSettings
from zoo.sources.transfer import Progress
from zoo.sources.weights import fetch

NEAR = 0.2
"""Relative difference of receptive fields that counts as none: papers count them in different ways."""


def check(
    entry: Entry,
    settings: ZooSettings,
    *,
    progress: Progress | None = None,
    tell: Tell = silent,
    **overrides: Unpack[Overrides],
) -> Report:
    """Fetches, loads and runs an entry's network and compares. Raises a `ZooError` where that is impossible."""
    return check_file(entry, fetch(entry, settings, progress=progress), tell, **overrides)


def check_file(entry: Entry, path: Path, tell: Tell = silent, **overrides: Unpack[Overrides]) -> Report:
    """Loads and runs an entry's network with the weights in a file, and compares. Raises a `ZooError`."""
    model = load_entry(entry, path, **overrides)
    if not isinstance(model, SuperResolver):
        loads = Finding("weights", entry.architecture, entry.architecture, "ok", "the classifier loads")
        return Report(entry.id, (loads,))
    tell("Its output")
    first = _output(model), _parameters(entry, model)
    return Report(entry.id, (*first, _extent(entry, model, tell), *_quality(model, tell)))


def _output(model: SuperResolver) -> Finding:
    x = torch.rand(1, 3, 19, 22, generator=torch.Generator().manual_seed(0))
    expected = f"{22 * model.scale}×{19 * model.scale}"
    try:
        y = model.restored(x.to(model.device, model.dtype))
        measured = f"{y.shape[-1]}×{y.shape[-2]}"
    except NonFiniteMapError:
        measured = f"{expected}, not finite"
    return Finding("output of 22×19", expected, measured, "ok" if measured == expected else "differs")


def check_unknown(
    name: str,
    settings: ZooSettings,
    *,
    weights: Path | None = None,
    progress: Progress | None = None,
    tell: Tell = silent,
    **overrides: Unpack[Overrides],
) -> Report:
    """Loads and runs what no entry describes, a file or code of one's own. Raises a `LamError`."""
    model = super_resolver(name, weights=weights, settings=settings, progress=progress, **overrides)
    quality = _quality(model, tell)
    extent = Finding("receptive field", "", str(receptive_field(model, tell)), "measured")
    parameters = Finding("parameters", "", f"{model.parameters:,}", "measured")
    notes = [Finding("use", "", note, "measured") for note in (*model.notes, model.output_note) if note]
    return Report(name, (_output(model), parameters, extent, *quality, *notes))


def _parameters(entry: Entry, model: SuperResolver) -> Finding:
    declared = card(entry).get("parameters", entry.published.parameters)
    if declared is None:
        return Finding("parameters", "", f"{model.parameters:,}", "measured")
    verdict = "ok" if declared == model.parameters else "differs"
    return Finding("parameters", f"{declared:,}", f"{model.parameters:,}", verdict)


def _extent(entry: Entry, model: SuperResolver, tell: Tell) -> Finding:
    measured, declared = receptive_field(model, tell), entry.published.receptive_field
    if declared is None:
        return Finding("receptive field", "", str(measured), "measured")
    verdict = "ok" if _agrees(declared, measured) else "warning"
    note = "" if verdict == "ok" else "papers count receptive fields in different ways; look at it"
    return Finding("receptive field", str(declared), str(measured), verdict, note)


def _agrees(declared: int | str, measured: Extent) -> bool:
    if isinstance(declared, str):
        return not measured.complete
    if not measured.complete:
        return declared >= measured.size * (1 - NEAR)
    return math.isclose(declared, measured.size, rel_tol=NEAR)


def _quality(model: SuperResolver, tell: Tell) -> tuple[Finding, ...]:
    asked, *others = measure(model, tell)
    beside = f"{'bicubic' if model.scale > 1 else 'the noisy images'} {bicubic_psnr(model.scale):.2f} dB"
    quality = [Finding(f"PSNR on {task(model.scale)}", "", asked.decibels, "measured", beside)]
    quality += [Finding(f"PSNR read as {one.reading}", "", one.decibels, "measured") for one in others]
    better = clearly_better((asked, *others))
    if better is None:
        return *quality, Finding("reading", asked.reading, asked.reading, "ok")
    note = f"{better.decibels} against {asked.decibels}: maps under the declared reading would be wrong"
    return *quality, Finding("reading", asked.reading, better.reading, "warning", note)
