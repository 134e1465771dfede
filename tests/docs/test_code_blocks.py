"""The Python blocks of README, CONTRIBUTING and docs run as they stand, top to bottom of a page."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from lam_core.samples import sample

ROOT = Path(__file__).parents[2]
PAGES = ["README.md", "CONTRIBUTING.md"]


def blocks(page: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("page", PAGES)
def test_python_blocks_run(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Image.fromarray(sample("brick-terrace").pixels()).save("photo.png")
    network = nn.Sequential(nn.Conv2d(3, 48, 3, padding=1), nn.PixelShuffle(4))
    names: dict[str, object] = {"__name__": "docs", "my_network": network}
    found = blocks(page)
    assert found
    for block in found:
        exec(compile(block, page, "exec"), names)


def test_the_architecture_of_the_guide_is_read_off_its_own_weights() -> None:
    names: dict = {"__name__": "docs"}
    exec("\n".join(blocks("CONTRIBUTING.md")), names)
    kind = names["ARCHITECTURE"]
    state = kind.build(channels=8, scale=3).state_dict()
    assert kind.detect(state)
    assert kind.infer(state) == {"channels": 8, "scale": 3}
    twin = kind.build(**kind.infer(state))
    twin.load_state_dict(state)
    assert twin(torch.zeros(1, 3, 8, 8)).shape == (1, 3, 24, 24)
    assert np.isfinite(twin(torch.rand(1, 3, 8, 8)).detach().numpy()).all()


@pytest.mark.parametrize("page", [*PAGES, *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md")))])
def test_links_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", (ROOT / page).read_text(encoding="utf-8")):
        if "://" not in target:
            assert ((ROOT / page).parent / target).exists(), target
