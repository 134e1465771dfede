"""Every entry: its architecture is known, it builds from what it declares, and it is what it declares."""

import re
from pathlib import Path

import pytest
import torch
from torch import nn

from lam_core.model import SuperResolver
from zoo.catalog.entry import Bundled, Entry, Hub, Local
from zoo.catalog.registry import card, registry
from zoo.checkpoints.build_untrained import HyperparameterError, build_declared
from zoo.checkpoints.errors import UnknownNetworkError
from zoo.checkpoints.merged_branches import merge_branches
from zoo.checkpoints.spandrel_registry import ZooArchitecture, spandrel_registry
from zoo.models.restorers import METHODS

ENTRIES = [entry for entry in registry() if entry.kind != "classical" and entry.architecture not in ("ncnn", "onnx")]
"""Those of a known architecture: a graph is built by its file alone."""
NETWORKS = [entry for entry in ENTRIES if entry.kind == "super-resolver"]
FIRST_OF_ITS_KIND = {entry.architecture: entry.id for entry in reversed(NETWORKS)}
GROUPS = {"depth", "depths", "num_heads"}
"""Hyperparameters of transformers that list their groups."""
DI_TABLE = ["fsrcnn", "carn", "edsr-baseline", "msrn", "rrdbnet", "imdn", "rfdn", "rcan", "rnan", "san"]


@pytest.fixture
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks whose weights are whatever the memory holds: drawing millions of them proves nothing."""
    for name in dir(torch.nn.init):
        if name.endswith("_") and not name.startswith("_"):
            monkeypatch.setattr(torch.nn.init, name, lambda tensor, *args, **kwargs: tensor)


def run(entry: Entry, network: nn.Module) -> SuperResolver:
    model = SuperResolver(network, entry.scale, convention=entry.declared_convention(), fingerprint=entry.id)
    x = torch.rand(1, 3, 6, 8)
    # One gradient an architecture: some networks run and are not differentiable.
    with torch.set_grad_enabled(FIRST_OF_ITS_KIND[entry.architecture] == entry.id):
        y = model(x.requires_grad_(torch.is_grad_enabled()))
    assert y.shape == (1, 3, 6 * entry.scale, 8 * entry.scale)
    if y.requires_grad:
        torch.autograd.grad(y.sum(), x)
    return model


@pytest.mark.parametrize("entry", NETWORKS, ids=lambda entry: entry.id)
def test_is_what_it_declares(entry: Entry, unset: None):
    network = build_declared(entry)
    state = network.state_dict()
    network = merge_branches(network)
    model = SuperResolver(network, entry.scale, convention=entry.declared_convention(), fingerprint=entry.id)
    declared = card(entry).get("parameters", entry.published.parameters)
    if declared is not None:
        assert model.parameters == declared
    # One of a transformer's equal groups says as much of the output's size as all of them.
    first = {k: v[:1] for k, v in entry.hyperparameters.items() if k in GROUPS and isinstance(v, list)}
    shallow = entry.model_copy(update={"hyperparameters": {**entry.hyperparameters, **first}})
    run(shallow, build_declared(shallow) if first else network)
    check_detection(entry, state)


def check_detection(entry: Entry, state: dict[str, torch.Tensor]) -> None:
    """The weights would be recognised, and tell every hyperparameter that they can."""
    supports = spandrel_registry().architectures("detection")
    found = next(support.architecture for support in supports if support.detect(dict(state)))
    assert found.id == entry.architecture
    if isinstance(found, ZooArchitecture) and not entry.architecture.startswith("fsrcnn"):
        own = found.own
        state = {key: torch.zeros_like(value) for key, value in state.items()}
        inferred = own.infer(state)
        undecided = {key for reading in own.readings(state) for key in reading.hyperparameters}
        # Zeroed weights tell no range, a multi-scale network tells no scale, none tells how residuals are scaled.
        undecided |= {"input_range", "residual_scale"} | ({"scale"} if entry.hyperparameters.get("scales") else set())
        declared = {k: v for k, v in entry.hyperparameters.items() if k not in undecided}
        assert {key: inferred[key] for key in declared} == declared
        assert entry.convention.minimum_size >= own.minimum_size
        assert entry.convention.pad_multiple % own.pad_multiple == 0


@pytest.mark.conformance
@pytest.mark.parametrize("entry", [e for e in NETWORKS if "num_heads" in e.hyperparameters], ids=lambda entry: entry.id)
def test_the_whole_transformer_enlarges(entry: Entry, unset: None):
    run(entry, build_declared(entry))


def test_every_network_of_the_published_table_has_an_entry():
    for name in DI_TABLE:
        published = registry()[name].published
        assert published.diffusion_index is not None
        assert published.diffusion_index_psnr is not None
    assert sum(entry.published.diffusion_index is not None for entry in registry()) == len(DI_TABLE)


def test_classical_methods_are_known():
    for entry in registry():
        if entry.kind == "classical":
            assert entry.architecture in METHODS


def test_the_classifier_builds():
    network = build_declared(registry()["resnet18"])
    assert sum(p.numel() for p in network.parameters()) == registry()["resnet18"].published.parameters
    with torch.no_grad():
        assert network.eval()(torch.rand(1, 3, 64, 64)).shape == (1, 1000)


def test_the_classifier_is_that_of_torchvision():
    torchvision = pytest.importorskip("torchvision")
    torch.manual_seed(0)
    theirs = torchvision.models.resnet18().eval()
    ours = build_declared(registry()["resnet18"]).eval()
    ours.load_state_dict(theirs.state_dict())
    x = torch.rand(2, 3, 48, 40)
    with torch.no_grad():
        torch.testing.assert_close(ours(x), theirs(x))


def test_what_is_not_pinned_says_so_and_what_has_no_source_says_why():
    for entry in registry():
        if isinstance(entry.weights, Hub) and entry.weights.sha256 is None:
            assert not entry.pinned
        if isinstance(entry.weights, Local):
            assert len(entry.weights.note) > 20


def test_bundled_weights_are_what_their_cards_say():
    for entry in registry():
        if isinstance(entry.weights, Bundled) and (facts := card(entry)):
            assert facts["architecture"] == entry.architecture
            assert re.fullmatch(r"[0-9a-f]{64}", facts["sha256"])


def test_the_form_of_a_network_follows_from_its_scale():
    entry = registry()["real-esrgan"].model_copy(
        update={"architecture": "RealCUGAN", "hyperparameters": {"scale": 3, "in_channels": 3, "out_channels": 3}}
    )
    assert type(build_declared(entry)).__name__ == "UpCunet3x"


def test_faults_of_a_declaration_are_named():
    entry = registry()["edsr-baseline"]
    with pytest.raises(UnknownNetworkError, match="'edzr'"):
        build_declared(entry.model_copy(update={"architecture": "edzr"}))
    with pytest.raises(HyperparameterError, match="widht"):
        build_declared(entry.model_copy(update={"hyperparameters": {"widht": 3}}))
    swinir = registry()["swinir"]
    with pytest.raises(HyperparameterError, match="widht"):
        build_declared(swinir.model_copy(update={"hyperparameters": {"widht": 3}}))


def test_no_entry_names_a_path_of_a_machine():
    for path in (Path(__file__).parents[2] / "zoo" / "entries").glob("*.toml"):
        assert "/work/" not in path.read_text()
