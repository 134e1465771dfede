"""Whatever names a model leads to it, and its fingerprint is known beforehand."""

import hashlib
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

import zoo
import zoo.catalog.registry
from lam_core.model import FeatureModel, Restorer, SuperResolver
from lam_core.reference import ModelReference
from tests.zoo.forged_checkpoints import small_state
from zoo.architectures.resnet import ResNet18
from zoo.catalog.registry import UnknownModelError
from zoo.checkpoints.errors import MismatchError, UnknownNetworkError, UnusableNetworkError
from zoo.errors import NotASuperResolverError
from zoo.models.python_file import OwnNetworkError
from zoo.models.target import NoSuchFileError
from zoo.settings import ZooSettings
from zoo.sources.transfer import OfflineError, RefusedError, WrongDigestError
from zoo.sources.weights import WeightsMissingError, state, supply

ENTRY = """
name = "Mine"
architecture = "edsr"
scale = 2
family = "psnr"
tag = "published"
licence = "MIT"
[hyperparameters]
channels = 8
blocks = 2
scale = 2
input_range = 1.0
[weights]
source = "local"
file = "mine.safetensors"
note = "trained here"
"""


@pytest.fixture
def settings(tmp_path: Path) -> ZooSettings:
    entries = tmp_path / "entries"
    entries.mkdir()
    (entries / "mine.toml").write_text(ENTRY)
    return ZooSettings(offline=True, weights=tmp_path / "weights", hub_cache=tmp_path / "hub", entries=(entries,))


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    path = tmp_path / "edsr.safetensors"
    save_file(small_state(), path)
    return path


def test_an_entry_loads_once_its_file_is_supplied(settings, checkpoint):
    entry = zoo.catalog.registry.registry(*settings.entries)["mine"]
    with pytest.raises(WeightsMissingError, match=r"lam zoo fetch mine --from mine\.safetensors"):
        zoo.load("mine", settings=settings)
    supply(entry, checkpoint, settings)
    model = zoo.super_resolver("mine", settings=settings)
    assert (model.name, model.scale, state(entry, settings)) == ("Mine", 2, "local")
    assert model.fingerprint == zoo.reference("mine", settings=settings).fingerprint


def test_a_checkpoint_loads_by_its_path(settings, checkpoint):
    reference = zoo.reference(checkpoint, settings=settings)
    model = zoo.super_resolver(checkpoint, settings=settings)
    assert (model.name, model.scale) == ("edsr.safetensors", 2)
    assert model.fingerprint == reference.fingerprint == reference.load().fingerprint
    assert model(torch.rand(1, 3, 5, 6)).shape == (1, 3, 10, 12)


def test_an_entry_loads_by_the_path_of_its_toml(settings, checkpoint, tmp_path):
    path = tmp_path / "loose.toml"
    path.write_text(ENTRY)
    model = zoo.super_resolver(path, weights=checkpoint, settings=settings)
    assert model.name == "Mine"
    assert model.fingerprint == zoo.reference(path, weights=checkpoint, settings=settings).fingerprint


def test_the_input_range_can_be_overridden_and_is_part_of_the_fingerprint(settings, checkpoint):
    plain = zoo.super_resolver(checkpoint, settings=settings)
    other = zoo.super_resolver(checkpoint, input_range=255, settings=settings)
    assert (plain.convention.input_range, other.convention.input_range) == (1.0, 255.0)
    assert plain.fingerprint != other.fingerprint
    assert other.fingerprint == zoo.reference(checkpoint, input_range=255, settings=settings).fingerprint


def test_a_pinned_file_is_its_entry_under_any_name(settings, checkpoint, tmp_path):
    digest = hashlib.sha256(checkpoint.read_bytes()).hexdigest()
    pinned = ENTRY.replace('note = "trained here"', f'note = "x"\nsha256 = "{digest}"') + (
        "\n[convention]\ninput_range = 255\n"
    )
    (settings.entries[0] / "pinned.toml").write_text(pinned.replace('"Mine"', '"Pinned"'))
    zoo.catalog.registry.registry.cache_clear()
    model = zoo.super_resolver(checkpoint, settings=settings)
    assert (model.name, model.convention.input_range) == ("Pinned", 255)
    reference = zoo.reference("pinned", settings=settings)
    assert reference.fingerprint == model.fingerprint
    save_file(small_state(channels=4), tmp_path / "other.safetensors")
    with pytest.raises(WrongDigestError, match="pinned"):
        zoo.load("pinned", weights=tmp_path / "other.safetensors", settings=settings)
    entry = zoo.catalog.registry.registry(*settings.entries)["pinned"]
    with pytest.raises(WrongDigestError, match="another file"):
        supply(entry, tmp_path / "other.safetensors", settings)


def test_a_known_digest_costs_no_torch_no_file_and_no_network():
    code = (
        "import sys, zoo; r = zoo.reference('imdn'); print(r.fingerprint, r.scale, r.name);"
        "sys.exit('torch' in sys.modules or 'spandrel' in sys.modules)"
    )
    environment = {**os.environ, "LAM_OFFLINE": "1", "LAM_WEIGHTS": "/nonexistent"}
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [zoo.reference("imdn").fingerprint, "4", "IMDN"]


def test_a_reference_is_what_the_core_expects(settings, checkpoint):
    reference: ModelReference = zoo.reference(checkpoint, settings=settings)
    assert isinstance(reference.load(), SuperResolver)
    known = zoo.reference("imdn", settings=settings)
    assert pickle.loads(pickle.dumps(known)) == known


NETWORKS = """
import torch
from lam_core.model import SuperResolver

class Twice(torch.nn.Upsample):
    scale = 2

def as_module(): return Twice(scale_factor=2)
def as_pair(): return torch.nn.Upsample(scale_factor=3), 3
def as_model(): return SuperResolver(Twice(scale_factor=2), 2, name="ready")
def weighted():
    network = torch.nn.Conv2d(3, 12, 1)
    return torch.nn.Sequential(network, torch.nn.PixelShuffle(2)), 2
def unscaled(): return torch.nn.Upsample(scale_factor=3)
def grey(): return torch.nn.Conv2d(3, 1, 1)
def several(): return torch.nn.Sequential(torch.nn.Conv2d(3, 3, 1), Several())
class Several(torch.nn.Module):
    def forward(self, x): return x, x
def narrow(): return torch.nn.Conv2d(4, 3, 1)
def wrong(): return 42
def failing(): raise RuntimeError("no such file")
"""


@pytest.fixture
def code(tmp_path: Path) -> Path:
    path = tmp_path / "networks.py"
    path.write_text(NETWORKS)
    return path


@pytest.mark.parametrize(("function", "scale"), [("as_module", 2), ("as_pair", 3), ("as_model", 2), ("unscaled", 3)])
def test_a_network_of_ones_own(settings, code, function: str, scale: int):
    model = zoo.super_resolver(f"{code}:{function}", settings=settings)
    assert model.scale == scale
    assert model(torch.rand(1, 3, 4, 5)).shape == (1, 3, 4 * scale, 5 * scale)
    assert model.fingerprint == zoo.reference(f"{code}:{function}", settings=settings).fingerprint


def test_weights_for_a_network_of_ones_own(settings, code, tmp_path):
    state_dict = {"0.weight": torch.ones(12, 3, 1, 1), "0.bias": torch.zeros(12)}
    save_file(state_dict, tmp_path / "w.safetensors")
    model = zoo.super_resolver(f"{code}:weighted", weights=tmp_path / "w.safetensors", settings=settings)
    torch.testing.assert_close(model(torch.ones(1, 3, 1, 1)), torch.full((1, 3, 2, 2), 3.0))
    with pytest.raises(OwnNetworkError, match=r"does not fit .*: 2 are unknown to it \(first '0\.(bias|weight)'\)"):
        zoo.load(f"{code}:as_module", weights=tmp_path / "w.safetensors", settings=settings)


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        ("wrong", "returned 42"),
        ("failing", "no such file"),
        ("absent", "no function or class 'absent'; it has Twice, as_module"),
        ("grey", r"turned an image of \(1, 3, 64, 64\) into \(1, 1, 64, 64\)"),
        ("narrow", "failed on an image of 64×64 pixels.*a layer of it takes 4 channels"),
    ],
)
def test_faults_of_ones_own_code_are_named(settings, code, function: str, reason: str):
    with pytest.raises(OwnNetworkError, match=reason):
        zoo.load(f"{code}:{function}", settings=settings)


def test_a_hosted_server_runs_no_code_and_reads_no_file(settings, code, checkpoint):
    hosted = ZooSettings(hosted=True, offline=True, hub_cache=settings.hub_cache)
    for name in (f"{code}:as_module", str(checkpoint), "/etc/passwd"):
        with pytest.raises(RefusedError, match="this server loads"):
            zoo.load(name, settings=hosted)
    with pytest.raises(OfflineError):
        zoo.load("owner/repo:file.pth", settings=hosted)
    assert zoo.reference("imdn", settings=hosted).scale == 4


def test_a_loose_entry_fetches_nothing_from_github(settings, tmp_path):
    text = (zoo.catalog.registry.ENTRIES / "imdn.toml").read_text()
    (tmp_path / "loose.toml").write_text(text)
    with pytest.raises(RefusedError, match="LAM_ENTRIES"):
        zoo.load(tmp_path / "loose.toml", settings=settings)


def test_classical_methods_load_and_cannot_be_attributed(settings):
    assert isinstance(zoo.load("bicubic", settings=settings), Restorer)
    with pytest.raises(NotASuperResolverError, match="nothing can be attributed"):
        zoo.reference("bicubic", settings=settings)
    with pytest.raises(NotASuperResolverError):
        zoo.super_resolver("bicubic", settings=settings)


def test_unknown_names_are_answered(settings, tmp_path):
    with pytest.raises(UnknownModelError, match="did you mean imdn"):
        zoo.load("imdm", settings=settings)
    with pytest.raises(NoSuchFileError, match=r"gone\.pth"):
        zoo.load(tmp_path / "gone.pth", settings=settings)
    with pytest.raises(NoSuchFileError):
        zoo.load("gone.pth", settings=settings)


def test_weights_of_no_known_architecture_are_named(settings, tmp_path):
    save_file({"layer.weight": torch.zeros(3)}, tmp_path / "odd.safetensors")
    with pytest.raises(UnknownNetworkError, match=r"odd\.safetensors.*layer\.weight"):
        zoo.load(tmp_path / "odd.safetensors", settings=settings)


def test_weights_that_contradict_themselves_are_named(settings, tmp_path):
    broken = small_state()
    broken["body.1.body.2.weight"] = torch.zeros(5, 5, 3, 3)
    save_file(broken, tmp_path / "broken.safetensors")
    with pytest.raises(UnusableNetworkError, match="looks like EDSR"):
        zoo.load(tmp_path / "broken.safetensors", settings=settings)


def test_weights_that_contradict_their_entry_are_named(settings, tmp_path):
    torch.manual_seed(0)
    save_file(small_state(scale=4), tmp_path / "x4.safetensors")
    with pytest.raises((MismatchError, UnusableNetworkError), match="mine"):
        zoo.load("mine", weights=tmp_path / "x4.safetensors", settings=settings)
    save_file(small_state("rcan", groups=1, hidden=2), tmp_path / "rcan.safetensors")
    with pytest.raises(MismatchError, match="not those of edsr"):
        zoo.load("mine", weights=tmp_path / "rcan.safetensors", settings=settings)


def test_a_classifier_loads_as_a_feature_model(settings, tmp_path):
    torch.manual_seed(0)
    network = ResNet18().eval()
    save_file(network.state_dict(), tmp_path / "model.safetensors")
    model = zoo.load("resnet18", weights=tmp_path / "model.safetensors", settings=settings)
    assert isinstance(model, FeatureModel)
    x = torch.rand(1, 3, 40, 40)
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    with torch.no_grad():
        torch.testing.assert_close(model(x), network((x - mean) / std))
    save_file(small_state(), tmp_path / "edsr.safetensors")
    with pytest.raises(MismatchError, match="not those of resnet18"):
        zoo.load("resnet18", weights=tmp_path / "edsr.safetensors", settings=settings)
