"""What a request's key and result say of a degraded input."""

from __future__ import annotations

import numpy as np
import pytest

from lam_core import AttributionSettings, Region, attribute
from lam_core.attribution.request import AttributionRequest
from lam_core.images import digest
from lam_core.images.degradations import CLEAN, Degradation
from tests.lam_core.studies.toys import Reference, picture, store_of

REQUEST = AttributionRequest(
    Reference("far", (0.5, 0, -9)), picture(), Region(16, 20, 8), AttributionSettings(nodes=8, tolerance=0.05)
)
BLUR = Degradation.parse("blur:1")


def test_a_clean_input_keeps_its_key_and_a_degraded_one_has_another() -> None:
    clean, blurred = REQUEST.identity("cpu"), REQUEST.under(BLUR).identity("cpu")
    assert REQUEST.under(CLEAN).identity("cpu") == clean
    assert "degradation" not in clean
    assert blurred["degradation"] == "blur:1"
    assert blurred["image"] == digest(BLUR.applied_to(REQUEST.image)) != clean["image"]


def test_the_result_is_that_of_the_degraded_image_and_says_so(tmp_path) -> None:
    service = store_of(tmp_path)
    found = service.answer(REQUEST.under(BLUR)).result
    plain = attribute(REQUEST.model.load(), BLUR.applied_to(REQUEST.image), REQUEST.region, REQUEST.settings)
    np.testing.assert_array_equal(found.signed, plain.signed)
    assert (found.degradation, found.summary()["degradation"]) == ("blur:1", "blur:1")
    again = service.find(REQUEST.under(BLUR))
    assert again is not None
    assert again.degradation == "blur:1"
    assert service.answer(REQUEST).result.degradation == "clean"


def test_an_image_is_degraded_once() -> None:
    with pytest.raises(AssertionError, match="once"):
        REQUEST.under(BLUR).under(BLUR)
