"""An entry's claims beside what its network shows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch

from lam_core.model import SuperResolver
from zoo.entry import Entry
from zoo.loading import load_entry
from zoo.probe import Extent, Trial, bicubic_psnr, receptive_field, trials
from zoo.registry import card
from zoo.settings import ZooSettings
from zoo.transfer import Progress
from zoo.weights import fetch

Verdict = Literal["ok", "differs", "warning", "measured"]
CLEARLY = 1.0
"""dB by which another reading of the weights must be better to be warned of."""
NEAR = 0.2
"""Relative difference of receptive fields that counts as none: papers count them in different ways."""


@dataclass(frozen=True)
class Finding:
    """One fact, declared and measured."""

    fact: str
    declared: str
    """What the entry says; empty where it says nothing."""
    measured: str
    verdict: Verdict
    """`measured` stands where nothing is declared."""
    note: str = ""


@dataclass(frozen=True)
class Report:
    """All findings on one entry."""

    id: str
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing differs; a warning does not fail an entry."""
        return all(finding.verdict != "differs" for finding in self.findings)


def check(entry: Entry, settings: ZooSettings, *, progress: Progress | None = None) -> Report:
    """Fetches, loads and runs an entry's network and compares. Raises a `ZooError` where that is impossible."""
    model = load_entry(entry, fetch(entry, settings, progress=progress))
    if not isinstance(model, SuperResolver):
        loads = Finding("weights", entry.architecture, entry.architecture, "ok", "the classifier loads")
        return Report(entry.id, (loads,))
    return Report(entry.id, (_output(model), _parameters(entry, model), _extent(entry, model), *_quality(model)))


def _output(model: SuperResolver) -> Finding:
    with torch.no_grad():
        y = model(torch.rand(1, 3, 19, 22, generator=torch.Generator().manual_seed(0)))
    expected = f"{22 * model.scale}×{19 * model.scale}"
    finite = bool(torch.isfinite(y).all())
    measured = f"{y.shape[-1]}×{y.shape[-2]}" + ("" if finite else ", not finite")
    return Finding("output of 22×19", expected, measured, "ok" if measured == expected else "differs")


def _parameters(entry: Entry, model: SuperResolver) -> Finding:
    declared = card(entry).get("parameters", entry.published.parameters)
    if declared is None:
        return Finding("parameters", "", f"{model.parameters:,}", "measured")
    verdict = "ok" if declared == model.parameters else "differs"
    return Finding("parameters", f"{declared:,}", f"{model.parameters:,}", verdict)


def _extent(entry: Entry, model: SuperResolver) -> Finding:
    measured, declared = receptive_field(model), entry.published.receptive_field
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


def _quality(model: SuperResolver) -> tuple[Finding, ...]:
    asked, *others = trials(model)
    reference = bicubic_psnr(model.scale)
    beside = "" if math.isinf(reference) else f"bicubic has {reference:.2f} dB"
    quality = Finding("PSNR on bundled pictures", "", f"{asked.psnr:.2f} dB", "measured", beside)
    best = max(others, key=lambda trial: -math.inf if math.isnan(trial.psnr) else trial.psnr)
    own = -math.inf if math.isnan(asked.psnr) else asked.psnr
    if best.psnr <= own + CLEARLY:
        return quality, Finding("reading", _reading(asked), _reading(asked), "ok")
    note = f"{best.psnr:.2f} dB against {asked.psnr:.2f} dB: maps under the declared reading would be wrong"
    return quality, Finding("reading", _reading(asked), _reading(best), "warning", note)


def _reading(trial: Trial) -> str:
    return f"0 to {trial.input_range:g}, {trial.channels}"
