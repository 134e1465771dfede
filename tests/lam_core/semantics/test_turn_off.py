"""The warm-up experiment on methods whose response is known."""

import numpy as np
import pytest

from lam_core.images import bicubic
from lam_core.images.degradations import Degradation
from lam_core.model import Restorer
from lam_core.samples import sample
from lam_core.semantics.errors import DesignError
from lam_core.semantics.turn_off import Response, turn_off, turned_off
from tests.lam_core.semantics.networks import small

IMAGES = [sample(name).pixels()[:64, :96] for name in ("palace-roof", "gravel", "cat")]
DEGRADATIONS = [Degradation.parse(text) for text in ("clean", "contrast:0.5", "noise:20")]
IDLE = Restorer("idle", 2, lambda image: bicubic(image, 2))


def brighten(image):
    return np.clip(bicubic(image, 2).astype(int) + 10, 0, 255).astype(np.uint8)


def test_a_method_that_does_nothing_changes_nothing_and_gains_nothing():
    for response in turn_off([IDLE], IMAGES, DEGRADATIONS):
        assert response.change == response.gain == 0
        assert response.n == 3


def test_the_change_is_in_levels_of_luma():
    grey = [np.full((32, 32, 3), 100, np.uint8)]
    (response,) = turn_off([Restorer("bright", 2, brighten)], grey, DEGRADATIONS[:1])
    assert response.change == pytest.approx(10 * 219 / 255)
    assert response.change_interval == pytest.approx((response.change, response.change))


def test_worse_pictures_have_lower_psnr_and_methods_see_the_same_noise():
    found = turn_off([IDLE, small()], IMAGES, DEGRADATIONS)
    assert [r.model for r in found] == ["idle"] * 3 + ["Small"] * 3
    assert found[0].psnr > found[1].psnr
    assert [r.psnr_bicubic for r in found[:3]] == [r.psnr_bicubic for r in found[3:]]
    low, high = found[5].change_interval
    assert low < found[5].change < high


def test_an_empty_experiment_is_refused():
    for empty in range(3):
        lists = [[IDLE], IMAGES, DEGRADATIONS]
        lists[empty] = []
        with pytest.raises(DesignError, match="give at least one"):
            turn_off(*lists)


def response(model: str, degradation: str, change: float, gain: float = 1.0) -> Response:
    return Response(model, degradation, 30 + gain, 30, change, (change - 0.5, change + 0.5), 14)


@pytest.mark.parametrize(
    ("network", "gain", "mark"),
    [(3.0, 1, "beats"), (4.5, 1, "undecided"), (5.5, 1, "undecided"), (7.0, 1, "does not"), (3.0, -1, "does not")],
)
def test_turning_off_is_said_only_beside_the_classical_control(network: float, gain: float, mark: str) -> None:
    rows = [
        *(response("net", "noise:20", 9, gain), response("classical", "noise:20", 9)),
        *(response("net", "noise:40", 20), response("classical", "noise:40", 5)),
        *(response("net", "jpeg:70", network), response("classical", "jpeg:70", 5)),
        *(response("net", "blur:2", 1), response("classical", "blur:2", 5)),
    ]
    found = turned_off(rows, "net", "classical", "noise:20")
    assert found.mark == mark, found.sentence
    assert ("does not appear" in found.sentence) == (mark == "does not")


def test_the_bound_is_where_the_intervals_part() -> None:
    def with_change(change: float) -> str:
        rows = [response(m, "noise:20", 9) for m in ("net", "classical")]
        rows += [response("net", "blur:2", change), response("classical", "blur:2", 5)]
        return turned_off(rows, "net", "classical", "noise:20").mark

    assert [with_change(c) for c in (3.99, 4.01, 5.99, 6.01)] == ["beats", "undecided", "undecided", "does not"]
