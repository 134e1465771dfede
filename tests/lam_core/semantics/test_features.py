"""Features: the right numbers, distances kept by the sketch, memory that does not grow with the pictures."""

import numpy as np
import pytest
import torch
from sklearn.manifold import TSNE

from lam_core.images.degradations import CLEAN, Degradation
from lam_core.semantics.errors import ConstantFeaturesError, DesignError, TooManyPointsError
from lam_core.semantics.features import collect
from lam_core.semantics.projection import STEPS, plane, principal_components
from lam_core.semantics.space import RAW, Features, Space
from tests.lam_core.semantics.networks import pictures, small

NOISE = Degradation.parse("noise:30")
PLAIN = Space(unit_norm=False, width=0)


def test_raw_pixels_are_the_pixels():
    images = pictures(3)
    (raw,) = collect(None, images, [CLEAN], [RAW], space=PLAIN)
    np.testing.assert_allclose(raw.values[1, 0], images[1].transpose(2, 0, 1).ravel() / 255, atol=1e-7)
    assert raw.space == "flattened 3 × 12 × 12"


def test_every_picture_has_a_noise_of_its_own():
    same = [pictures(1)[0]] * 2
    (raw,) = collect(None, same, [CLEAN, NOISE], [RAW], space=PLAIN)
    first, second = (raw.values[i, 1] - raw.values[i, 0] for i in (0, 1))
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.2


def test_features_do_not_depend_on_the_batch():
    model, images = small(), pictures(5)
    by_one = collect(model, images, [CLEAN, NOISE], ["head", "body.2"], batch=1)
    by_many = collect(model, images, [CLEAN, NOISE], ["head", "body.2"], batch=7)
    for one, many in zip(by_one, by_many, strict=True):
        np.testing.assert_allclose(one.values, many.values, atol=1e-6)


def test_pooled_features_are_mean_and_log_deviation_of_each_channel():
    model, images = small(), pictures(1)
    (pooled,) = collect(model, images, [CLEAN], ["head"], space=Space("pooled", unit_norm=False))
    head = model.module.head(torch.from_numpy(images[0].transpose(2, 0, 1)[None] / np.float32(255)))[0]
    expected = torch.cat([head.mean((1, 2)), head.std((1, 2), correction=0).log()])
    np.testing.assert_allclose(pooled.values[0, 0], expected.numpy(), rtol=1e-4)


def test_unit_norm_makes_every_point_equally_long():
    (features,) = collect(small(), pictures(3), [CLEAN, NOISE], ["body.1"])
    np.testing.assert_allclose(np.linalg.norm(features.values, axis=-1), 1, rtol=1e-5)


def test_the_sketch_keeps_distances():
    images = pictures(12, side=32)
    (whole,) = collect(None, images, [CLEAN], [RAW], space=PLAIN)
    (sketch,) = collect(None, images, [CLEAN], [RAW], space=Space(unit_norm=False, width=1500))
    assert sketch.values.shape[-1] == 1500
    assert "sketched to 1500" in sketch.space
    distances = [
        np.linalg.norm(f.values[:, None, 0] - f.values[None, :, 0], axis=-1)[np.triu_indices(12, 1)]
        for f in (whole, sketch)
    ]
    np.testing.assert_allclose(distances[1] / distances[0], 1, atol=0.1)


def test_memory_is_bounded_whatever_the_number_of_pictures():
    model = small()
    budget = 200_000
    for count in (5, 40, 150):
        found = collect(model, pictures(count, side=8), [CLEAN, NOISE], ["head", "body.0"], memory=budget)
        assert sum(f.values.nbytes for f in found) <= budget
    with pytest.raises(TooManyPointsError, match="fewer pictures or fewer layers"):
        collect(model, pictures(500, side=8), [CLEAN, NOISE], ["head", "body.0"], memory=budget)


def test_a_tick_may_end_the_work():
    class Enough(Exception):
        pass

    seen = []

    def tick(done, total):
        seen.append((done, total))
        if done >= 4:
            raise Enough

    with pytest.raises(Enough):
        collect(small(), pictures(9), [CLEAN], ["head"], batch=2, tick=tick)
    assert seen == [(2, 9), (4, 9)]


def test_pictures_of_several_sizes_are_refused():
    with pytest.raises(DesignError, match="2 sizes"):
        collect(None, [*pictures(1), *pictures(1, side=9)], [CLEAN], [RAW])
    with pytest.raises(DesignError, match="no picture"):
        collect(None, [], [CLEAN], [RAW])


def made(values):
    return Features("layer", np.asarray(values, np.float32), "made up")


def test_principal_components_keep_the_distances_they_can():
    random = np.random.default_rng(0)
    flat = random.normal(size=(10, 3, 4)) @ random.normal(size=(4, 200))
    found = principal_components(made(flat))
    assert found.explained == pytest.approx(1)
    ours, theirs = (a.reshape(30, -1) - a.reshape(30, -1).mean(0) for a in (found.scores, flat))
    np.testing.assert_allclose(ours @ ours.T, theirs @ theirs.T, rtol=1e-4, atol=1e-2)


def test_projection_is_repeatable():
    values = np.random.default_rng(0).normal(size=(20, 3, 300))
    first, second = (principal_components(made(values), seed=3) for _ in range(2))
    np.testing.assert_array_equal(first.scores, second.scores)
    np.testing.assert_array_equal(plane(first, seed=3), plane(second, seed=3))


def test_the_plane_keeps_clear_groups_apart():
    random = np.random.default_rng(0)
    centres = np.array([0, 20, 40])[None, :, None]
    points = plane(principal_components(made(random.normal(size=(15, 3, 30)) + centres)))
    middles = points.mean(0)
    spread = np.linalg.norm(points - middles, axis=-1).max()
    assert np.linalg.norm(middles[0] - middles[1]) > spread


def test_the_plane_is_scikit_learns_and_every_step_of_it_is_heard():
    found = principal_components(made(np.random.default_rng(0).normal(size=(20, 3, 30))))
    steps = []
    points = plane(found, seed=3, tick=lambda: steps.append(1))
    theirs = TSNE(2, perplexity=59 / 3, init="pca", random_state=3).fit_transform(found.scores.reshape(60, -1))
    np.testing.assert_array_equal(points.reshape(60, 2), theirs)
    assert 250 < len(steps) <= STEPS

    class Enough(Exception):
        pass

    def stop():
        steps.append(1)
        if len(steps) == 10:
            raise Enough

    steps.clear()
    with pytest.raises(Enough):
        plane(found, seed=3, tick=stop)
    assert len(steps) == 10


def test_the_smallest_plane_has_four_points():
    values = np.random.default_rng(0).normal(size=(2, 2, 5))
    assert plane(principal_components(made(values))).shape == (2, 2, 2)
    with pytest.raises(DesignError, match="too few for a t-SNE"):
        plane(principal_components(made(values[:1])))


@pytest.mark.parametrize("value", [0.0, 1.0, 1e6])
def test_constant_features_are_refused(value):
    with pytest.raises(ConstantFeaturesError, match="same features for all 6"):
        principal_components(made(np.full((3, 2, 10), value)))


def test_features_that_are_not_finite_are_refused():
    values = np.random.default_rng(0).normal(size=(3, 2, 10))
    values[1, 1, 1] = np.nan
    with pytest.raises(ConstantFeaturesError, match="not finite"):
        principal_components(made(values))
