"""What a notebook shows of results."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from lam_core import AttributionSettings, Region, attribute, compare
from lam_core.attribution.result import Attribution
from lam_core.notebook import NoResultsError
from tests.lam_core.studies.toys import Reference, picture

MODEL = Reference("far <b>", (0.5, 0, -9)).load()
RESULT = attribute(MODEL, picture(), Region(16, 20, 8), AttributionSettings(nodes=8, tolerance=0.05))


def test_a_result_shows_map_index_and_settings() -> None:
    shown = RESULT._repr_html_()
    assert "<b>far &lt;b&gt;</b>" in shown, "a name is text, never markup"
    assert f"DI <b>{RESULT.diffusion_index:.1f}"[:10] in shown
    assert "×2, window 8, gradient detector, blur path" in shown
    (source,) = re.findall(r"data:image/png;base64,([^\"]+)", shown)
    assert base64.b64decode(source) == RESULT._repr_png_()
    with Image.open(io.BytesIO(RESULT._repr_png_())) as image:
        assert image.width == image.height >= 320


def test_the_map_lies_over_the_image_that_was_attributed() -> None:
    np.testing.assert_array_equal(RESULT.lr, picture())
    again = Attribution.restore(RESULT.summary(), RESULT.arrays())
    assert again._repr_png_() == RESULT._repr_png_()
    # Results stored before they held their LR image show the SR image reduced.
    arrays = {name: array for name, array in RESULT.arrays().items() if name != "lr"}
    assert Attribution.restore(RESULT.summary(), arrays)._repr_png_() != b""


def test_a_degraded_input_and_dashes_are_said() -> None:
    spoilt = replace(RESULT, degradation="blur:2", settings=replace(RESULT.settings, path="linear-smooth"))
    assert "input blur:2" in spoilt._repr_html_()
    assert "DI <b>–</b>" in spoilt._repr_html_()


def test_results_stand_side_by_side() -> None:
    both = compare([RESULT, RESULT])
    assert both._repr_html_().count("<img") == 2
    assert both.figure().width > 1.5 * RESULT.figure().width


def test_results_of_other_places_do_not() -> None:
    with pytest.raises(NoResultsError, match="2 different places"):
        compare([RESULT, replace(RESULT, region=Region(0, 0, 8))])
    with pytest.raises(NoResultsError, match="at least one"):
        compare([])
