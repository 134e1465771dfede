"""Receptive fields asked of the service: computed once, found again, given up."""

from __future__ import annotations

import io

import numpy as np
import pytest

from lam_core.fields.network_fields import on_one_scale, to_npz
from lam_core.fields.request import FieldsRequest, standard_images, standard_side
from lam_core.fields.result import EffectiveField, Impulse
from lam_core.service.service import Cancelled
from tests.lam_core.studies.toys import Reference, picture, store_of

IMAGES = [picture(), picture(30, 40, 1)]
FAR = Reference("far", (0.5, 0, -3))
REQUEST = FieldsRequest(FAR, IMAGES, 9, Impulse(side=9))


def test_is_answered_once_and_found_again(tmp_path) -> None:
    service = store_of(tmp_path)
    first = service.answer(REQUEST).result
    again = service.find(REQUEST)
    assert again is not None
    assert {**again.to_dict(), "impulse": None} == {**first.to_dict(), "impulse": None}
    assert again.impulse.figures() == pytest.approx(first.impulse.figures(), abs=1e-6)
    # x(p) itself and half of x(p + 3), as a place moved by −3 draws on that: 3 channels, 4 SR pixels each.
    assert (first.trained.positive[4, 4], first.trained.positive[4, 7]) == (12, 6)
    # The impulse comes out where it is and, halved, three LR pixels before.
    assert (first.impulse.response[8, 8], first.impulse.response[8, 2]) == pytest.approx((1, 0.5))
    assert first.impulse.nonlinearity == pytest.approx(0, abs=1e-9)
    assert set(np.load(io.BytesIO(to_npz([first])))) >= {"names", "network1_untrained_positive"}


def test_each_question_has_a_key_of_its_own() -> None:
    asked = [
        REQUEST,
        FieldsRequest(Reference("near"), IMAGES, 9, Impulse(side=9)),
        FieldsRequest(FAR, IMAGES[:1], 9, Impulse(side=9)),
        FieldsRequest(FAR, IMAGES, 7, Impulse(side=9)),
        FieldsRequest(FAR, IMAGES, 9, Impulse(side=9, level=0.4)),
    ]
    assert len({repr(one.identity("cpu")) for one in asked}) == len(asked)


def test_can_be_given_up(tmp_path) -> None:
    def give_up(status) -> None:
        if status.progress is not None and "untrained weights" in status.progress.text:
            assert 0.5 < status.progress.share <= 1
            raise Cancelled

    service = store_of(tmp_path)
    with pytest.raises(Cancelled):
        service.answer(REQUEST, give_up)
    assert service.find(REQUEST) is None


def test_a_wide_field_is_paler_on_one_scale() -> None:
    narrow, wide = np.zeros((3, 3)), np.full((3, 3), 1 / 9)
    narrow[1, 1] = 1
    shown = on_one_scale([EffectiveField(plane, 0 * plane, 1) for plane in (narrow, wide)])
    assert shown[0][1, 1] == 1
    np.testing.assert_allclose(shown[1], (1 / 9) ** 0.25)


def test_the_standard_images_are_scenes_of_the_largest_odd_side() -> None:
    images = standard_images(4)
    assert len(images) == 33
    assert (standard_side(images), standard_side([picture(300, 300)]), standard_side([])) == (63, 127, 1)
