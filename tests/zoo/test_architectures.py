"""Every architecture of this project: built, written out, recognised from its weights alone, and run."""

import subprocess
import sys

import pytest
import torch

from lam_core.model import SuperResolver
from tools.architecture_table.builds import OWN as SMALL
from zoo.architectures import FILES, UnknownArchitectureError, all_architectures, architecture
from zoo.checkpoints.detect import detect

SCALES = {
    "cincgan": (1,),
    "dbpn": (2, 4, 8),
    "edsr": (1, 2, 3, 4, 8),
    "rnan": (1, 2, 3, 4),
    # The scales 2 and 3 of these have the same weights, and only a picture can tell them apart.
    "a2n": (2, 4),
    "pan": (2, 4),
    # Their deconvolution's stride is told by trained weights alone.
    "fsrcnn": (),
    "fsrcnn-rgb": (),
    "dbpn-original": (2, 4, 8),
    "lapsrn": (2, 4, 8),
    # Its weights are the same at every scale.
    "srcnn": (),
    "srdensenet": (2, 4, 8),
    "srresnet-instance": (4,),
    "srgan-blocks": (2, 4, 8),
    "srresnet-classic": (2, 4, 8),
    # No weights tell its scale.
    "x-restormer": (4,),
}
CASES = [(kind.id, scale) for kind in all_architectures() for scale in SCALES.get(kind.id, (2, 3, 4))]


def test_every_architecture_is_covered():
    assert sorted(SMALL) == sorted(kind.id for kind in all_architectures())
    assert [kind.id for kind in all_architectures()] == [file.replace("_", "-") for file in FILES]


@pytest.mark.parametrize(("name", "scale"), CASES)
def test_is_rebuilt_from_its_weights_alone(name: str, scale: int):
    torch.manual_seed(0)
    network = architecture(name).build(**{**SMALL[name], "scale": scale}).eval()
    found = detect(network.state_dict(), name=name)
    assert (found.architecture, found.scale) == (name, scale)
    assert {key: found.hyperparameters[key] for key in SMALL[name]} == SMALL[name]
    x = torch.rand(1, 3, 20, 24) * found.convention.input_range
    with torch.no_grad(), torch.random.fork_rng([]):
        torch.manual_seed(1)
        once = found.module(x)
        torch.manual_seed(1)
        torch.testing.assert_close(once, network(x))


@pytest.mark.parametrize(("name", "scale"), CASES)
def test_enlarges_any_size_and_passes_gradients(name: str, scale: int):
    torch.manual_seed(0)
    network = architecture(name).build(**{**SMALL[name], "scale": scale})
    found = detect(network.state_dict(), name=name)
    model = SuperResolver(found.module, scale, convention=found.convention)
    x = torch.rand(1, 3, 7, 11, requires_grad=True)
    y = model(x)
    assert y.shape == (1, 3, 7 * scale, 11 * scale)
    (gradient,) = torch.autograd.grad(y.sum(), x)
    assert torch.isfinite(gradient).all()
    assert gradient.abs().max() > 0


@pytest.mark.parametrize("name", ["carn", "edsr", "msrn", "rcan", "rnan", "san", "srresnet"])
@pytest.mark.parametrize("scale", [2, 3, 4])
def test_a_direct_upsampler_is_recognised(name: str, scale: int):
    torch.manual_seed(0)
    network = architecture(name).build(**{**SMALL[name], "scale": scale}, direct=True).eval()
    found = detect(network.state_dict(), name=name)
    assert (found.architecture, found.scale) == (name, scale)
    assert found.hyperparameters["direct"] is True
    x = torch.rand(1, 3, 8, 10) * found.convention.input_range
    with torch.no_grad():
        torch.testing.assert_close(found.module(x), network(x))


@pytest.mark.parametrize(
    "name",
    [
        "bsrn",
        "catanet",
        "csnln",
        "edsr",
        "elan",
        "esc",
        "han",
        "hit-sr",
        "imdn",
        "mambair",
        "mambairv2",
        "pft",
        "rcan",
        "rfdn",
        "rlfn",
        "rnan",
        "san",
        "seemore",
        "smfanet",
        "srformer",
        "vapsr",
        "x-restormer",
    ],
)
def test_a_flat_picture_gives_finite_gradients(name: str):
    network = architecture(name).build(**SMALL[name], scale=2)
    model = SuperResolver(network, 2)
    x = torch.zeros(1, 3, 16, 16, requires_grad=True)
    (gradient,) = torch.autograd.grad(model(x).sum(), x)
    assert torch.isfinite(gradient).all()


@pytest.mark.parametrize("name", ["fsrcnn", "fsrcnn-rgb"])
@pytest.mark.parametrize("scale", [2, 3, 4])
def test_a_deconvolution_that_keeps_grey_tells_its_stride(name: str, scale: int):
    torch.manual_seed(scale)
    kind = architecture(name)
    network = kind.build(**{**SMALL[name], "scale": scale})
    last = "last_part" if name == "fsrcnn" else "deconv"
    with torch.no_grad():
        # Nearest neighbour of one feature: every tap of the stride's own square is one, all others zero.
        layer = getattr(network, last)
        layer.weight.zero_()
        layer.bias.fill_(0.5)
        offset = 4 - (scale - 1) // 2
        layer.weight[:, :, offset : offset + scale, offset : offset + scale] = 0.01
    assert kind.infer(network.state_dict())["scale"] == scale


def test_an_unknown_architecture_is_named():
    with pytest.raises(UnknownArchitectureError, match=r"edzr.*edsr"):
        architecture("edzr")


def test_architectures_need_torch_alone():
    blocked = ["pydantic", "spandrel", "huggingface_hub", "safetensors", "skimage"]
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({blocked}));"
        "import zoo.architectures as a; a.architecture('rcan').build(**"
        f"{SMALL['rcan']}, scale=2)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
