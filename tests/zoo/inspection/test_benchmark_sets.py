"""Figures on test sets stand beside what cards and authors say."""

from pathlib import Path

import pytest
from PIL import Image

from lam_core.samples import samples
from zoo.catalog.registry import card, registry
from zoo.inspection import benchmark_sets
from zoo.inspection.benchmark_sets import on_benchmarks
from zoo.settings import ZooSettings
from zoo.training.patches import TrainingDataError

NOWHERE = ZooSettings(offline=True, endpoint="http://127.0.0.1:9", hosted=True)
ENTRY = registry()["fsrcnn-c"]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    sample = next(sample for sample in samples() if sample.kind == "photograph")
    Image.fromarray(sample.pixels()[:64, :64]).save(tmp_path / "one.png")
    return tmp_path


def test_a_set_of_ones_own_is_measured(pictures):
    (finding,) = on_benchmarks(ENTRY, NOWHERE, {"Mine": pictures})
    assert (finding.fact, finding.declared, finding.verdict) == ("Mine", "", "measured")
    assert " dB, SSIM 0." in finding.measured


def test_the_card_and_the_authors_are_taken_at_their_word(pictures, monkeypatch):
    published = ENTRY.published.model_copy(update={"psnr": {"Mine": 10.0}})
    (finding,) = on_benchmarks(ENTRY.model_copy(update={"published": published}), NOWHERE, {"Mine": pictures})
    assert (finding.declared, finding.verdict) == ("10.00 dB", "warning")
    facts = {**card(ENTRY), "quality": {"Mine": {"psnr": 10.0, "ssim": 0.5}}}
    monkeypatch.setattr(benchmark_sets, "card", lambda entry: facts)
    (finding,) = on_benchmarks(ENTRY, NOWHERE, {"Mine": pictures})
    assert (finding.declared, finding.verdict) == ("10.00 dB, SSIM 0.5000", "differs")


def test_an_empty_folder_is_named(tmp_path):
    with pytest.raises(TrainingDataError, match=tmp_path.name):
        on_benchmarks(ENTRY, NOWHERE, {"Set5": tmp_path})
