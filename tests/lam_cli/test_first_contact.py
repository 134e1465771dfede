"""What `lam attribute` loads on a bundled network: what it does not use would be most of the time it takes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from lam_core.samples import sample

UNUSED = (
    *("torch._dynamo", "torch._inductor", "spandrel", "torchvision", "timm", "einops", "onnx"),
    *("scipy", "sklearn", "skimage", "pandas", "matplotlib", "streamlit", "altair", "huggingface_hub"),
)
"""Modules that a map of a bundled network needs nothing of."""


@pytest.mark.parametrize("model", ["fsrcnn-c", "imdn-c", "swinir-c"])
def test_nothing_is_loaded_that_is_not_used(model: str, tmp_path: Path) -> None:
    Image.fromarray(sample("brick-terrace").pixels()[:96, :96]).save(tmp_path / "hr.png")
    program = (
        "import sys; from lam_cli.main import main; main(sys.argv[1:]); import json; "
        "print(json.dumps(sorted(name for name in sys.modules if '.' not in name or name.count('.') == 1)))"
    )
    command = ["attribute", "hr.png", "--model", model, "--window", "40,40,16", "--nodes", "3", "--no-store"]
    done = subprocess.run(
        [sys.executable, "-c", program, *command], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=120
    )
    answer, modules = done.stdout.splitlines()
    assert json.loads(answer)["computation"]["cropped"]
    loaded = set(json.loads(modules))
    assert sorted(loaded.intersection(UNUSED)) == []
    # PyTorch loads it for gradients of operations that have none of their own here.
    assert model != "fsrcnn-c" or "sympy" not in loaded
