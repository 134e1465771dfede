"""PSNR and SSIM of an entry's network on benchmark sets, beside what its card or its authors say."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lam_core.model import SuperResolver
from zoo.catalog.entry import Entry
from zoo.catalog.registry import card
from zoo.inspection.check_entry import Finding
from zoo.models.from_file import load_entry
from zoo.settings import ZooSettings
from zoo.sources.weights import fetch
from zoo.training.evaluation import mean_quality
from zoo.training.patches import TrainingSet

SAME = 0.02
"""dB within which a bundled network must reach what its card says: machines add up in different orders."""
NEAR = 0.2
"""dB by which a published figure may differ: papers round, shave and reduce in their own ways."""


def on_benchmarks(entry: Entry, settings: ZooSettings, sets: Mapping[str, Path]) -> tuple[Finding, ...]:
    """A finding for each set, name to folder of HR pictures; none for a classifier.

    Pictures are degraded as the card says for training. Raises a `LamError` for a folder without pictures, or if the
    network cannot be loaded.
    """
    model = load_entry(entry, fetch(entry, settings))
    if not isinstance(model, SuperResolver):
        return ()
    return tuple(_finding(entry, model, name, folder) for name, folder in sets.items())


def _finding(entry: Entry, model: SuperResolver, name: str, folder: Path) -> Finding:
    facts = card(entry)
    training = facts.get("training", {})
    pictures = TrainingSet.read(
        folder,
        scale=model.scale,
        patch=8,
        reduced=training.get("reduced", 1),
        degradation=training.get("degradation", "clean"),
    )
    quality = mean_quality(model, pictures, model.device)
    measured = f"{quality.psnr:.2f} dB, SSIM {quality.ssim:.4f}"
    if declared := facts.get("quality", {}).get(name):
        verdict = "ok" if abs(declared["psnr"] - quality.psnr) <= SAME else "differs"
        return Finding(name, f"{declared['psnr']:.2f} dB, SSIM {declared['ssim']:.4f}", measured, verdict)
    published = entry.published.psnr.get(name)
    if published is None:
        return Finding(name, "", measured, "measured")
    verdict = "ok" if abs(published - quality.psnr) <= NEAR else "warning"
    return Finding(name, f"{published:.2f} dB", measured, verdict)
