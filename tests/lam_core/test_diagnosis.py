"""What fails on an image names the remedy, and the remedy works."""

from __future__ import annotations

import logging
import re

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from lam_core import Convention, Region, SuperResolver, attribute
from lam_core.convention import ConventionError
from lam_core.diagnosis import NetworkFailedError, NonFiniteMapError
from lam_core.errors import LamError
from lam_core.model import ModelError, ModelOutputError
from tests.lam_core.networks import Enlarging, Frames, Noise, Reflecting, Returning, Square

IMAGE = np.random.default_rng(0).integers(0, 256, (33, 35, 3), dtype=np.uint8)


class Single(nn.Module):
    """Makes a kernel of its own at every call, as layers that merge their branches do."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(3, 3, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.conv2d(x, torch.eye(3)[..., None, None]) * self.weight.mean()


def test_a_network_that_makes_tensors_of_single_precision_says_so() -> None:
    single = SuperResolver(Single(), 1)
    x = torch.rand(1, 3, 8, 8)
    assert single.restored(x).shape == x.shape
    with pytest.raises(NetworkFailedError, match="single precision: choose --dtype float32"):
        single.to(dtype=torch.float64).restored(x.double())


@pytest.mark.parametrize(
    ("network", "scale", "says", "remedy"),
    [
        (Enlarging(8), 2, r"multiples of 8: give Convention\(pad_multiple=8\)", Convention(pad_multiple=8)),
        (Enlarging(6), 2, r"multiples of 6: .* --pad-multiple 6", Convention(pad_multiple=6)),
        (Enlarging(64), 2, "multiples of 64", Convention(pad_multiple=64)),
        (Enlarging(8, floors=True), 2, "multiples of 8", Convention(pad_multiple=8)),
        (Enlarging(1, 1), 2, r'Convention\(colour="luma"\), or --colour luma', Convention(colour="luma")),
        (Enlarging(8, 1), 2, r'colour="luma", pad_multiple=8', Convention(colour="luma", pad_multiple=8)),
        (Square(4), 2, r"square=True, pad_multiple=4", Convention(square=True, pad_multiple=4)),
        (Reflecting(40), 1, "at least 41 pixels", Convention(minimum_size=41)),
    ],
)
def test_the_remedy_is_found_by_trying_and_works(network, scale, says, remedy) -> None:
    with pytest.raises((NetworkFailedError, ModelOutputError), match=says):
        SuperResolver(network, scale).upscale(IMAGE)
    with pytest.raises((NetworkFailedError, ModelOutputError), match=says):
        attribute(SuperResolver(network, scale), IMAGE, Region(8, 8, 8))
    repaired = SuperResolver(network, scale, convention=remedy)
    assert repaired.upscale(IMAGE).shape == (33 * scale, 35 * scale, 3)
    assert attribute(repaired, IMAGE, Region(8, 8, 8)).map.max() == 1


def test_a_channel_more_than_colours_shows_how_to_wrap() -> None:
    class Bare(Noise):
        def forward(self, x):
            return self.body(x)

    with pytest.raises(NetworkFailedError, match=r"takes 4 channels.*\n +def forward\(self, x, sigma=25\.0\):"):
        SuperResolver(Bare(), 1).upscale(IMAGE)


@pytest.mark.parametrize(
    ("network", "scale", "says"),
    [
        (Enlarging(1, 3, 1), 2, "takes 3 channels and gives 1"),
        (Enlarging(), 4, "its scale is 2: give that"),
        (nn.Flatten(), 1, r"turned \(1, 3, 33, 35\) into \(1, 3465\)"),
        (Returning("none"), 2, "returned None"),
        (Returning("empty"), 2, "returned a tuple without tensors"),
        (Returning("small"), 2, r"\(1, 3, 33, 35\) at \[0\]"),
    ],
)
def test_what_is_no_sr_picture_is_refused_in_the_same_words(network, scale, says) -> None:
    model = SuperResolver(network, scale)
    with pytest.raises(ModelOutputError, match=says):
        model.upscale(IMAGE)
    with pytest.raises(ModelOutputError, match=says):
        attribute(model, IMAGE, Region(8, 8, 8))


@pytest.mark.parametrize(
    ("form", "where"),
    [
        ("tuple", r"\[1\] of the tuple"),
        ("list", r"\[1\] of the list .*; 2 of its tensors have that shape"),
        ("dict", r"\['sr'\] of the dict"),
        ("nested", r"\['out'\]\[1\]\[0\] of the dict"),
        ("object", r"\.reconstruction of the Picture"),
    ],
)
def test_the_picture_is_found_in_what_a_network_returns(form, where) -> None:
    plain, model = SuperResolver(Enlarging(), 2), SuperResolver(Returning(form), 2)
    np.testing.assert_array_equal(model.upscale(IMAGE), plain.upscale(IMAGE))
    np.testing.assert_allclose(
        attribute(model, IMAGE, Region(8, 8, 8)).signed, attribute(plain, IMAGE, Region(8, 8, 8)).signed, atol=1e-6
    )
    assert re.search(where, model.output_note)
    assert not plain.output_note


def test_networks_that_differ_in_an_attribute_alone_are_two() -> None:
    assert SuperResolver(Returning("tuple"), 2).fingerprint != SuperResolver(Returning("list"), 2).fingerprint
    assert SuperResolver(Returning("list"), 2).fingerprint == SuperResolver(Returning("list"), 2).fingerprint


def test_nan_is_no_black_picture() -> None:
    class Broken(nn.Module):
        def forward(self, x):
            return F.interpolate(x, scale_factor=2.0) * float("nan")

    model = SuperResolver(Broken(), 2)
    with pytest.raises(NonFiniteMapError) as upscaled:
        model.upscale(IMAGE)
    with pytest.raises(NonFiniteMapError) as attributed:
        attribute(model, IMAGE, Region(8, 8, 8))
    assert str(upscaled.value) == str(attributed.value)


def test_a_failing_network_logs_no_page(caplog, capfd) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(NetworkFailedError):
        attribute(SuperResolver(Reflecting(40), 1), IMAGE, Region(8, 8, 8))
    assert not [record for record in caplog.records if record.name.startswith("torch")]
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("scale", ["4", None, 4.0, True, 0, -2, [4], 0.1])
def test_a_scale_is_a_whole_number(scale) -> None:
    with pytest.raises(ModelError, match="scale is"):
        SuperResolver(Enlarging(), scale)


def test_a_numpy_scale_is_one() -> None:
    assert SuperResolver(Enlarging(), np.int64(2)).scale == 2  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong",
    [{"colour": "gray"}, {"input_range": 0}, {"input_range": "255"}, {"mean": 0.5}, {"mean": (1, 2)},
     {"pad_multiple": 0}, {"pad_multiple": 8.0}, {"minimum_size": "64"}],
)  # fmt: skip
def test_a_convention_that_makes_no_sense_is_refused(wrong) -> None:
    with pytest.raises(ConventionError, match=next(iter(wrong))):
        Convention(**wrong)


@pytest.mark.parametrize("thing", [Enlarging(), Enlarging, None, "imdn", lambda x: x])
def test_what_is_no_model_is_refused_with_a_sentence(thing) -> None:
    with pytest.raises(LamError, match=r"SuperResolver\(network, scale\)"):
        attribute(thing, IMAGE, Region(8, 8, 8))
    if not isinstance(thing, nn.Module):
        with pytest.raises(ModelError, match=r"must be a torch\.nn\.Module"):
            SuperResolver(thing, 2)


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
def test_a_scripted_module_has_the_map_of_its_source() -> None:
    source = nn.Sequential(
        nn.Conv2d(3, 12, 3, padding=1), nn.ReLU(), nn.Conv2d(12, 12, 3, padding=1), nn.PixelShuffle(2)
    )
    plain, scripted = SuperResolver(source, 2), SuperResolver(torch.jit.script(source), 2)
    maps = [attribute(model, IMAGE, Region(8, 8, 8)).signed for model in (plain, scripted)]
    np.testing.assert_allclose(maps[1], maps[0], atol=1e-5 * np.abs(maps[0]).max())
    other = SuperResolver(torch.jit.script(nn.Sequential(*source[:1], nn.GELU(), *source[2:])), 2)
    assert other.fingerprint != scripted.fingerprint


def test_a_condition_of_an_array_leaves_sizes_untried() -> None:
    model = SuperResolver(Frames(), 1, condition={"frames": np.zeros((2, 3, 9, 9))})
    with pytest.raises(NetworkFailedError, match="AssertionError"):
        model.upscale(IMAGE)
