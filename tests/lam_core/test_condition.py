"""What a network takes beside the image is given, kept in its identity, and moves with the field."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lam_core import AttributionSettings, Region, SuperResolver, attribute
from lam_core.attribution.request import AttributionRequest
from lam_core.attribution.result import Attribution
from lam_core.condition import Condition, ConditionError, conditions_of
from lam_core.convention import Convention
from tests.lam_core.networks import Coordinates, DefaultLevel, Enlarging, Frames, Kernel, Level, Noise

IMAGE = np.random.default_rng(0).integers(0, 256, (40, 48, 3), dtype=np.uint8)
REGION = Region(16, 12, 8)


def test_conditions_are_the_parameters_after_the_image() -> None:
    assert conditions_of(Enlarging()) == ()
    assert conditions_of(Level()) == (Condition("sigma"),)
    assert conditions_of(DefaultLevel()) == (Condition("sigma", 15.0, optional=True),)


def test_a_level_that_must_be_given_is_a_tensor_and_one_with_a_default_a_number() -> None:
    x = torch.rand(2, 3, 8, 8)
    given = SuperResolver(Level(), 1, condition={"sigma": 25 / 255})
    by_default = SuperResolver(DefaultLevel(), 1).conditioned(sigma=25)
    torch.testing.assert_close(given(x), by_default(x))
    torch.testing.assert_close(SuperResolver(DefaultLevel(), 1)(x), by_default.conditioned(sigma=15)(x))


def test_a_missing_condition_shows_the_wrapper() -> None:
    with pytest.raises(ConditionError, match=r"--condition sigma=0\.1(.|\n)*def forward\(self, x, sigma=25\.0\)"):
        attribute(SuperResolver(Level(), 1), IMAGE, REGION)
    with pytest.raises(ConditionError, match=r"CoordinateNetwork\(network, scale\)"):
        attribute(SuperResolver(Coordinates(), 1), IMAGE, REGION)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"noise": 25}, "no condition 'noise'; it has sigma"),
        ({"sigma": "much"}, "give a number"),
        ({"sigma": float("inf")}, "finite"),
        ({"sigma": 100}, "choose 0 to 75 of 255"),
        ({"sigma": np.array([np.nan])}, "finite"),
    ],
)
def test_values_are_checked(values, says) -> None:
    class Bounded(DefaultLevel):
        conditions = (Condition("sigma", 15.0, optional=True, lowest=0, highest=75, unit="of 255"),)

    with pytest.raises(ConditionError, match=says):
        SuperResolver(Bounded(), 1).conditioned(**values)
    with pytest.raises(ConditionError, match="takes the image alone"):
        SuperResolver(Enlarging(), 2, condition={"sigma": 1})


def test_a_condition_is_part_of_the_key_and_stands_beside_the_result() -> None:
    plain = SuperResolver(DefaultLevel(), 1)
    noisy, noisier = plain.conditioned(sigma=25), plain.conditioned(sigma=50)
    keys = {str(AttributionRequest(model, IMAGE, REGION).identity("cpu")) for model in (plain, noisy, noisier)}
    assert len(keys) == 3
    assert noisy.name == "DefaultLevel, sigma 25"
    assert noisy.to(dtype=torch.float64).fingerprint == noisy.fingerprint == plain.conditioned(sigma=25.0).fingerprint
    results = [attribute(model, IMAGE, REGION) for model in (plain, noisy)]
    assert [result.summary()["condition"] for result in results] == [{"sigma": 15.0}, {"sigma": 25.0}]
    restored = Attribution.restore(results[1].summary(), results[1].arrays())
    assert restored.condition == {"sigma": 25.0}


def test_an_array_of_the_images_size_is_cut_and_padded_with_it() -> None:
    frames = np.random.default_rng(1).random((2, 3, 40, 48))
    settings = AttributionSettings(field=16, dtype="float64", detector="intensity")
    padded = Convention(pad_multiple=12)
    whole = attribute(SuperResolver(Frames(), 1, condition={"frames": frames}), IMAGE, REGION, settings)
    cut = whole.field.slices
    alone = SuperResolver(Frames(), 1, convention=padded, condition={"frames": frames[(..., *cut)]})
    np.testing.assert_allclose(attribute(alone, IMAGE[cut], Region(4, 4, 8), settings).signed, whole.signed, atol=1e-12)
    x = torch.rand(1, 3, 40, 48, dtype=torch.float64)
    expected = torch.cat([x[:, None], torch.from_numpy(frames)[None]], 1).square().mean(1)
    torch.testing.assert_close(SuperResolver(Frames(), 1, condition={"frames": frames})(x), expected)


def test_a_kernel_stays_as_it_is() -> None:
    kernel = np.full((3, 3), 1 / 9)
    settings = AttributionSettings(field=16, dtype="float64", detector="intensity")
    result = attribute(SuperResolver(Kernel(), 1, condition={"kernel": kernel}), IMAGE, REGION, settings)
    assert result.condition["kernel"].startswith("float64 3×3 ")  # type: ignore[union-attr]
    rows, columns = np.nonzero(result.map)
    local = result.field.local(REGION, 1)
    assert (rows.min(), rows.max()) == (local.y - 1, local.y + local.size)
    assert (columns.min(), columns.max()) == (local.x - 1, local.x + local.size)


def test_levels_make_different_maps() -> None:
    class Branching(Noise):
        def forward(self, x, sigma: float = 0.0):
            return self.with_level(x, x.new_full((1, 1, 1, 1), sigma)).relu() + x

    maps = [attribute(SuperResolver(Branching(), 1, condition={"sigma": s}), IMAGE, REGION).map for s in (0.0, 3.0)]
    assert np.abs(maps[0] - maps[1]).max() > 0.05
