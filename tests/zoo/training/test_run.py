"""From a folder of pictures to weights and a card: every kind of training, with nothing installed but torch."""

import dataclasses
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from torch.nn import functional as F

from lam_core.images.degradations import Degradation
from zoo.architectures import architecture
from zoo.architectures.resnet import ResNet18
from zoo.training import run as running
from zoo.training.adversary import Features
from zoo.training.classification import Scenes
from zoo.training.interpolation import begin_as_interpolation
from zoo.training.patches import TrainingDataError, TrainingSet
from zoo.training.recipe import RecipeError, all_recipes, load_recipe
from zoo.training.run import train_recipe

TINY = {"channels": 4, "blocks": 1, "scale": 4, "direct": True}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    random = np.random.default_rng(0)
    for i in range(20):
        coarse = Image.fromarray(random.integers(0, 256, (4, 12, 3), np.uint8))
        coarse.resize((336, 132), Image.Resampling.BICUBIC).save(folder / f"{i:02}.png")
    return folder


def train_tiny(name: str, pictures: Path, tmp_path: Path, **changes) -> tuple[dict, dict]:
    recipe = dataclasses.replace(load_recipe(name), steps=2, batch=2, patch=8, **changes)
    path = train_recipe(
        recipe,
        data=pictures,
        data_source="noise",
        test_sets={"Noise": pictures},
        minutes=None,
        states=tmp_path / "states",
        output=tmp_path / "out",
    )
    return load_file(path), tomllib.loads(path.with_suffix(".toml").read_text())


def test_fidelity(pictures, tmp_path):
    state, card = train_tiny("srresnet-c", pictures, tmp_path, hyperparameters=TINY)
    assert card["parameters"] == sum(t.numel() for t in state.values())
    assert card["training"]["steps"] == 2
    assert card["training"]["loss"] == "mean absolute error on RGB"
    assert {"psnr", "ssim"} == card["quality"]["Noise"].keys()
    assert card["training"]["cpu_minutes"] >= 0


def test_a_network_that_takes_even_sizes_alone_is_tested_on_pictures_of_any_size(pictures, tmp_path):
    sizes = {"channels": 4, "groups": 1, "scale": 4, "mean_shift": False, "direct": True}
    _, card = train_tiny("rnan-c", pictures, tmp_path, hyperparameters=sizes, interpolation=())
    assert np.isfinite(card["quality"]["Noise"]["psnr"])


def test_a_network_for_one_degradation(pictures, tmp_path):
    sizes = {"channels": 4, "blocks": 1, "scale": 1}
    state, card = train_tiny("cincgan-c", pictures, tmp_path, hyperparameters=sizes)
    assert card["training"]["degradation"] == "noise:20"
    assert state["tail.4.weight"].shape[0] == 3
    data = TrainingSet.read(pictures, scale=1, patch=8, reduced=4, degradation="noise:20")
    assert data.lr[3].shape == data.hr[3].shape == (33, 84, 3)
    assert (data.lr[3] == Degradation.parse("noise:20").apply(data.hr[3], 3)).all()


def test_a_gan_starts_from_its_twin_and_sees_as_the_classifier(pictures, tmp_path):
    sizes = {"classes": 3, "width": 4}
    _, card = train_tiny("resnet-c", pictures, tmp_path, hyperparameters=sizes)
    assert 0 <= card["quality"]["accuracy"] <= 100
    plain = {"hyperparameters": TINY, "features": "", "perceptual": 0.0}
    with pytest.raises(TrainingDataError, match="srresnet-none"):
        train_tiny("srgan-c", pictures, tmp_path, **{**plain, "start": "srresnet-none"})
    before, _ = train_tiny("srresnet-c", pictures, tmp_path, hyperparameters=TINY)
    after, card = train_tiny("srgan-c", pictures, tmp_path, **plain)
    assert card["training"]["start"] == "srresnet-c"
    assert "discriminator" in card["training"]["loss"]
    assert card["quality"]["Noise"]["gradient_energy"] == pytest.approx(1, abs=0.05)
    moved = max(float((after[key] - before[key]).abs().max()) for key in before)
    assert 0 < moved < 0.01


def test_a_blind_network_starts_from_its_twin_and_sees_every_degradation(pictures, tmp_path):
    train_tiny("srresnet-gr-c", pictures, tmp_path)
    weights, card = train_tiny("srresnet-blind-c", pictures, tmp_path)
    twin = load_file(tmp_path / "out" / "srresnet-gr-c.safetensors")
    assert weights.keys() == twin.keys()
    assert card["training"]["start"] == "srresnet-gr-c"
    assert card["training"]["degradation"].startswith("clean, blur:0.8")


def test_a_patch_is_degraded_as_the_whole_picture_is(pictures):
    data = TrainingSet.read(pictures, scale=4, patch=8, drawn=["blur:1"])
    spoilt = data.degraded_in_turn()
    assert not spoilt.drawn
    low, _ = data.batch(np.random.default_rng(0), size=4, patch=8)
    same, _ = spoilt.batch(np.random.default_rng(0), size=4, patch=8)
    # Both draw the same places until the seeds of the degradations: the first patch.
    assert torch.equal(low[0], same[0])


def test_features_are_the_classifiers_and_pass_gradients():
    torch.manual_seed(0)
    classifier = ResNet18(classes=3, width=4).eval()
    features = Features(classifier.state_dict(), classes=3, width=4)
    x = torch.rand(1, 3, 32, 32, requires_grad=True)
    torch.testing.assert_close(features(x), classifier.stages(x, last=2))
    features(x).sum().backward()
    assert x.grad is not None
    assert all(parameter.grad is None for parameter in features.parameters())


def test_held_out_crops_share_no_pixel_with_training():
    picture = np.zeros((100, 500, 3), np.uint8)
    picture[:, :, 0], picture[:, :, 1] = np.arange(500) % 256, np.arange(500) // 256
    scenes = Scenes((picture,), classes=1, crop=64)
    seen = {x + i for side in (45, 64, 96) for x in scenes.places(0, side) for i in range(side)}
    crops, labels = scenes.held_out()
    assert crops.shape[1:] == (3, 64, 64)
    assert len(labels) == len(crops) == 3
    kept = set((255 * (crops[:, 0] + 256 * crops[:, 1])).round().int().ravel().tolist())
    assert seen | kept <= set(range(500))
    assert len(kept) == 3 * 64
    assert len(seen) >= 3 * 96
    assert not seen & kept
    for seed in range(3):
        batch, labels = scenes.batch(np.random.default_rng(seed), 4)
        assert batch.shape == (4, 3, 64, 64)
        # No square reaches from one part into the next: its columns, zoomed and mirrored, are a run of trained ones.
        columns = 255 * (batch[:, 0, 32, 2:-2] + 256 * batch[:, 1, 32, 2:-2])
        assert all(min(abs(c - t) for t in seen) < 2 for c in columns.ravel().tolist())
    with pytest.raises(TrainingDataError, match="needs 2"):
        Scenes((np.zeros((100, 500, 3), np.uint8),), classes=2, crop=64)


def test_every_recipe_builds_and_is_small():
    recipes = all_recipes()
    assert len(recipes) > 20
    done: set[str] = set()
    for recipe in recipes:
        assert {recipe.start, recipe.features} - {""} <= done, f"{recipe.id} comes before what it builds on"
        done.add(recipe.id)
        classifier = recipe.objective == "classification"
        build = ResNet18 if classifier else architecture(recipe.architecture).build
        network = build(**recipe.hyperparameters)
        assert sum(p.numel() for p in network.parameters()) <= 800_000
        Degradation.parse(recipe.degradation)


@pytest.mark.parametrize("recipe", [r for r in all_recipes() if r.interpolation], ids=lambda recipe: recipe.id)
def test_begins_as_interpolation(recipe):
    torch.manual_seed(0)
    network = architecture(recipe.architecture).build(**recipe.hyperparameters).eval()
    begin_as_interpolation(network, recipe.interpolation, 4)
    x = torch.rand(1, 3, 16, 16)
    wanted = F.interpolate(x, scale_factor=4, mode="bilinear", align_corners=False)
    with torch.no_grad():
        # Convolutions see zeros beyond the borders, interpolation the last row.
        torch.testing.assert_close(network(x)[..., 4:-4, 4:-4], wanted[..., 4:-4, 4:-4], rtol=0, atol=1e-5)


def test_faults_of_a_recipe_are_named(tmp_path, monkeypatch):
    with pytest.raises(RecipeError, match="edsr-c"):
        load_recipe("edsr")
    with pytest.raises(RecipeError, match="no objective 'beauty'"):
        dataclasses.replace(load_recipe("edsr-c"), objective="beauty")
    with pytest.raises(RecipeError, match="starts from"):
        dataclasses.replace(load_recipe("srgan-c"), start="")
    with pytest.raises(RecipeError, match="perceptual"):
        dataclasses.replace(load_recipe("srgan-c"), features="")


def test_training_needs_torch_numpy_pillow_and_safetensors_alone(pictures, tmp_path):
    pinned = re.findall(r"^([\w-]+)", (Path(__file__).parents[3] / "requirements.txt").read_text(), re.MULTILINE)
    names = {"opencv-python-headless": "cv2", "scikit-image": "skimage", "scikit-learn": "sklearn"}
    blocked = {names.get(name, name.replace("-", "_")) for name in pinned} | {"scipy", "pandas", "einops"}
    blocked -= {"torch", "numpy", "pillow", "safetensors"}
    assert {"spandrel", "torchvision", "pydantic", "huggingface_hub"} <= blocked
    command = ["train", "srresnet-c", "--data", str(pictures), "--minutes", "0.001", "--threads", "1"]
    command += ["--states", str(tmp_path / "states"), "--out", str(tmp_path / "out")]
    code = (
        f"import runpy, sys; sys.modules.update(dict.fromkeys({sorted(blocked)})); sys.argv = {json.dumps(command)};"
        "runpy.run_module('lam_cli.train', run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "srresnet-c.safetensors").is_file()


def test_too_few_pictures(tmp_path):
    with pytest.raises(TrainingDataError, match="no picture"):
        TrainingSet.read(tmp_path, scale=4, patch=8)
    few = TrainingSet((), (), 4, "")
    with pytest.raises(TrainingDataError, match="at least 20"):
        running.split(few)
