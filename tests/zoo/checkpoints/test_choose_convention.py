"""The picture decides where the weights do not."""

import pytest
from torch import nn
from torch.nn import functional as F

from lam_core.convention import Convention
from tests.unshipped import WEIGHTS, needs_shared
from zoo.checkpoints.choose_convention import best, dead_leaves, gain_over_bicubic
from zoo.checkpoints.detect import detect
from zoo.checkpoints.network import Network
from zoo.checkpoints.read import read_state


class Sharpened(nn.Module):
    """Bicubic interpolation with an offset that means little at 255 and everything at 1."""

    def __init__(self, scale: int, offset: float) -> None:
        super().__init__()
        self.scale, self.offset = scale, offset

    def forward(self, x):
        return F.interpolate(x, scale_factor=self.scale, mode="bicubic") + self.offset


def network(offset: float, input_range: float, scale: int = 2) -> Network:
    return Network(Sharpened(scale, offset), "toy", scale, Convention(input_range=input_range), {})


def test_the_better_range_is_taken():
    candidates = [network(0.5, 1.0), network(0.5, 255.0)]
    assert best(candidates) is candidates[1]


def test_the_published_range_stays_where_the_other_is_no_better():
    candidates = [network(0.0, 1.0), network(0.0, 255.0)]
    assert best(candidates) is candidates[0]


def test_a_picture_of_no_use_decides_nothing():
    candidates = [network(1e6, 1.0), network(1e4, 255.0)]
    assert best(candidates) is candidates[0]


def test_interpolation_at_another_scale_proves_no_scale():
    candidates = [network(0.0, 1.0, scale=2), network(0.0, 1.0, scale=3)]
    assert best(candidates) is candidates[0]


def test_an_output_that_is_not_finite_scores_last():
    assert gain_over_bicubic(network(float("nan"), 1.0)) == -float("inf")


def test_the_identity_scores_highest_at_scale_one():
    same = Network(nn.Identity(), "toy", 1, Convention(), {})
    assert gain_over_bicubic(same) == pytest.approx(60)


def test_the_picture_is_always_the_same():
    assert dead_leaves().shape == (96, 96, 3)
    assert dead_leaves().std() > 40


@needs_shared
@pytest.mark.parametrize(("file", "expected"), [("RFDN_AIM.pth", 255.0), ("IMDN_x4.pth", 1.0)])
def test_published_networks_reveal_their_range(file: str, expected: float):
    state = read_state(WEIGHTS / file)
    assert detect(state, name=file).convention.input_range == expected
    assert detect(state, name=file, input_range=1.0).convention.input_range == 1.0
