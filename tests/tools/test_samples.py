"""The renderer still knows every picture that it drew."""

import numpy as np
import pytest

from lam_core.samples import sample
from lam_core.samples.catalogue import DRAWN
from tools.samples.__main__ import RENDERERS


def test_every_drawn_sample_has_its_renderer():
    assert RENDERERS.keys() == {path.stem for path in DRAWN.glob("*.png")}


@pytest.mark.parametrize("name", ["page", "grid-24"])
def test_what_is_drawn_now_looks_like_what_ships(name):
    """Not to the last bit: that may change with Pillow, and is why the pictures ship."""
    difference = np.abs(RENDERERS[name]().astype(int) - sample(name).pixels())
    assert difference.mean() < 1
