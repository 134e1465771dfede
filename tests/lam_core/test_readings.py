"""The warning about another reading is measured once, not once a process."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from lam_core import readings
from lam_core.model import SuperResolver
from lam_core.readings import warning_of
from lam_core.service.network_facts import facts_kept_in
from lam_core.service.store import Store


class Nearest(nn.Module):
    """Repeats every pixel twice, for values from 0 to 255: clamped there."""

    def __init__(self, passes: list[str]) -> None:
        super().__init__()
        self.forward_is_told = passes.append

    def forward(self, x: Tensor) -> Tensor:
        self.forward_is_told("forward")
        white = x.clamp(0, 255).round()
        return nn.functional.interpolate(white, scale_factor=2)


def model(passes: list[str] | None = None) -> SuperResolver:
    return SuperResolver(Nearest([] if passes is None else passes), 2, name="Nearest", fingerprint="nearest")


def test_another_process_reads_what_the_first_one_measured(tmp_path: Path) -> None:
    passes: tuple[list[str], ...] = [], [], []
    first, second, third = map(model, passes)
    with facts_kept_in(Store(tmp_path)):
        said = warning_of(first)
        assert "read as 0 to 255" in said
        assert said.endswith("give Convention(input_range=255.0), or --input-range 255 in the terminal")
        assert warning_of(second) == said
    assert warning_of(third) == said
    assert [bool(one) for one in passes] == [True, False, True]


def test_a_store_that_cannot_be_written_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("no folder")
    with facts_kept_in(Store(tmp_path / "file" / "store")):
        assert "read as 0 to 255" in warning_of(model())


def test_a_network_fed_rightly_is_not_warned_of() -> None:
    right = model().read_as(readings.Convention(255.0))
    assert warning_of(right) == ""
    assert torch.equal(right(torch.zeros(1, 3, 4, 4)), torch.zeros(1, 3, 8, 8))
