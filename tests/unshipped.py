"""Where published checkpoints and test images lie on machines that have them."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[1].parent / "shared"
WEIGHTS = SHARED / "weights"
IMAGES = SHARED / "images"

needs_shared = pytest.mark.skipif(
    not WEIGHTS.is_dir(), reason="published checkpoints are not on this machine (../shared/weights)"
)
