"""The one verb: complete, repeatable, cancellable, and a sentence for every design that cannot work."""

import json

import numpy as np
import pytest
import torch
from torch import nn

from lam_core.images.degradations import Degradation
from lam_core.model import FeatureModel, SuperResolver
from lam_core.semantics.analyse import analyse
from lam_core.semantics.design import Picture, cropped
from lam_core.semantics.errors import ConstantFeaturesError, DesignError, LayerError
from lam_core.semantics.result import Analysis
from lam_core.semantics.space import RAW, Space
from tests.lam_core.semantics.networks import pictures, small

PLAIN = Space(unit_norm=False)
QUICK = {"resamples": 20, "permutations": 19}


def design(contents="aabbcc", side=12):
    images = pictures(len(contents), side)
    return [Picture(f"{c}{i}", c, image) for i, (c, image) in enumerate(zip(contents, images, strict=True))]


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    return analyse([small()], design(), layers=["head", "body.2"], **QUICK)


def test_every_model_comes_with_its_controls(analysis):
    assert [(m.model, m.role) for m in analysis.models] == [
        ("Small", "model"), ("Small (untrained)", "untrained"), (RAW, "raw"),
    ]  # fmt: skip
    assert [[layer.layer for layer in m.layers] for m in analysis.models] == [["head", "body.2"]] * 2 + [[RAW]]


def test_a_layer_says_all_that_its_figures_depend_on(analysis):
    layer = analysis.models[0].layers[1]
    assert (layer.n, layer.k_content, layer.k_degradation, layer.seed) == (18, 3, 3, 0)
    assert layer.space.startswith("flattened 8 × 12 × 12, unit norm; CHI,")
    assert layer.space.endswith("PCA 17 (100% of the variance)")
    assert layer.points is not None
    assert layer.points.shape == (6, 3, 2)
    assert layer.components.shape == (6, 3, 3)
    assert sum(layer.share.to_json().values()) == pytest.approx(1)


def test_json_has_the_promised_form(analysis):
    content = json.loads(json.dumps(analysis.to_json(), allow_nan=False))
    assert [[m["model"] for m in content[part]] for part in ("models", "controls")] == [
        ["Small"], ["Small (untrained)", RAW],
    ]  # fmt: skip
    layer = content["models"][0]["layers"][0]
    assert layer.keys() >= {"layer", "n", "k_content", "k_degradation", "space", "seed", "share", "chi", "points"}
    assert layer.keys() >= {"silhouette", "intervals", "null", "accuracy", "equal_k"}
    assert layer["share"].keys() == {"content", "degradation", "interaction", "residual"}
    assert layer["chi"].keys() == {"content", "degradation"}
    assert len(layer["points"]) == 18
    assert layer["points"][4][2:] == ["a", "blur:2", "a1"]


def test_a_kept_result_comes_back_whole(analysis):
    kept = json.dumps(analysis.to_json())
    again = Analysis.from_json(json.loads(kept))
    assert json.dumps(again.to_json()) == kept
    np.testing.assert_array_equal(again.models[0].layers[0].points, analysis.models[0].layers[0].points)


def test_one_seed_gives_one_result(analysis):
    again = analyse([small()], design(), layers=["body.2"], controls=False, **QUICK)
    assert again.to_json()["models"][0]["layers"][0] == analysis.to_json()["models"][0]["layers"][1]
    other = analyse([small()], design(), layers=["head"], controls=False, scatter=False, seed=1, **QUICK)
    assert other.to_json()["models"][0]["layers"][0]["chi"] != analysis.to_json()["models"][0]["layers"][0]["chi"]


def test_the_network_that_sees_only_brightness_parts_by_content():
    class Mean(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Conv2d(3, 3, 1, bias=False)

        def forward(self, x):
            return self.scale(x.mean((2, 3), keepdim=True).expand_as(x))

    torch.manual_seed(0)
    images = [np.full((8, 8, 3), 40 * i + 20, np.uint8) + np.arange(3, dtype=np.uint8) * i for i in range(5)]
    shown = [Picture(str(i), str(i), image.astype(np.uint8)) for i, image in enumerate(images)]
    (found,) = analyse([SuperResolver(Mean(), 1)], shown, controls=False, layers=["scale"], space=PLAIN, **QUICK).models
    assert found.layers[0].share.content > 0.9
    assert found.layers[0].null.p_content == 0.05


def test_classifiers_are_taken_as_they_are():
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))
    model = FeatureModel(module.eval(), "classifier", "f")
    found = analyse([model], design(), controls=False, **QUICK)
    assert [layer.layer for layer in found.models[0].layers] == ["0", "4"]


def test_layers_may_be_named_network_by_network():
    other = SuperResolver(nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 3, padding=1)), 1, name="other")
    found = analyse([small(), other], design(), layers={"Small": ["body.1"]}, controls=False, scatter=False, **QUICK)
    assert [[layer.layer for layer in m.layers] for m in found.models] == [["body.1"], ["0", "1"]]


def test_progress_runs_to_the_end_and_may_end_the_work():
    seen = []
    analyse([small()], design(), layers=["head"], controls=False, progress=seen.append, **QUICK)
    shares = [p.share for p in seen]
    assert shares == sorted(shares)
    assert 0.95 < shares[-1] < 1
    assert max(np.diff(shares)) < 0.2, "no part of the work goes by unheard"
    assert {p.task for p in seen} == {"features", "head"}

    class Enough(Exception):
        pass

    def stop(progress):
        if progress.task == "head":
            raise Enough

    model = small()
    with pytest.raises(Enough):
        analyse([model], design(), layers=["head"], progress=stop, **QUICK)
    assert not any(m._forward_hooks for m in model.module.modules())


def test_pictures_are_cropped_in_the_middle():
    image = np.arange(6 * 8 * 3, dtype=np.uint8).reshape(6, 8, 3)
    small_one = np.zeros((4, 4, 3), np.uint8)
    np.testing.assert_array_equal(cropped([image, small_one])[0], image[1:5, 2:6])


@pytest.mark.parametrize(
    ("pictures_", "options", "error", "words"),
    [
        (design("aaa"), {}, DesignError, "two contents"),
        ([], {}, DesignError, "two contents"),
        (design("ab"), {"degradations": [Degradation()]}, DesignError, "two degradations"),
        (design("ab"), {"degradations": [Degradation.parse("blur")] * 2}, DesignError, "named twice"),
        (design("ab"), {"layers": []}, DesignError, "no layer of Small was named"),
        (design("ab"), {"layers": ["tail"]}, LayerError, "no layer 'tail'"),
        (
            [Picture(n, n, np.full((8, 8, 3), 9, np.uint8)) for n in "ab"],
            {"degradations": [Degradation(), Degradation.parse("blur")], "layers": ["head"]},
            ConstantFeaturesError,
            "nothing to tell apart",
        ),
    ],
    ids=["one content", "nothing", "one degradation", "one twice", "no layer", "unknown layer", "identical"],
)  # fmt: skip
def test_designs_that_cannot_work_get_a_sentence(pictures_, options, error, words):
    with pytest.raises(error, match=words):
        analyse([small()], pictures_, **options, **QUICK)


@pytest.mark.parametrize("contents", ["ab", "aab", "abc"])
def test_the_smallest_designs_work(contents):
    degradations = [Degradation(), Degradation.parse("noise")]
    found = analyse([small()], design(contents), degradations=degradations, layers=["head"], **QUICK)
    json.dumps(found.to_json(), allow_nan=False)
