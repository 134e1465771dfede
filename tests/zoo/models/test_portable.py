"""What goes along to another machine when a network is sent there."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import torch

import zoo
from zoo.catalog.entry import Entry
from zoo.catalog.registry import COMPACT
from zoo.models.portable import OnlyHereError, portable

OWN = """
import torch

def build():
    return torch.nn.Upsample(scale_factor=2)
"""


def test_an_entry_goes_along_as_it_is_read_here() -> None:
    sent = portable(zoo.reference("fsrcnn-c"))
    assert isinstance(sent.asked, Entry)
    assert sent.model is None
    assert len(pickle.dumps(sent)) < 10_000
    assert sent.load().fingerprint == zoo.reference("fsrcnn-c").fingerprint


def test_a_file_of_this_machine_goes_along_as_the_network_in_it(tmp_path: Path) -> None:
    file = tmp_path / "mine.safetensors"
    file.write_bytes((COMPACT / "fsrcnn-c.safetensors").read_bytes())
    named = zoo.reference("fsrcnn-c", weights=file)
    packed = pickle.dumps(portable(named))
    file.unlink()
    sent = pickle.loads(packed)
    x = torch.rand(1, 3, 12, 12)
    assert sent.fingerprint == named.fingerprint
    assert torch.equal(sent.load()(x), zoo.load("fsrcnn-c")(x))


def test_code_in_a_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "own.py"
    file.write_text(OWN)
    with pytest.raises(OnlyHereError, match=r"own\.py:build.*is code in a file of this machine"):
        portable(zoo.reference(f"{file}:build", scale=2))
