"""A network as repositories hold it is used in one step, or refused in one sentence with the remedy."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

import zoo
from lam_core import AttributionSettings, Region, attribute
from lam_core.condition import ConditionError
from lam_core.errors import LamError
from zoo.inspection.measure import receptive_field
from zoo.models.user_modules import OwnNetworkError
from zoo.settings import ZooSettings

IMAGE = np.random.default_rng(0).integers(0, 256, (37, 41, 3), dtype=np.uint8)
SETTINGS = ZooSettings(offline=True)

CODE = """
from __future__ import annotations
from dataclasses import dataclass
import numpy as np, torch
from torch import nn
from torch.nn import functional as F

@dataclass
class Config:
    scale: int = 2

class Net(nn.Module):
    def __init__(self, form="tensor", given=3, taken=3, multiple=1, scale=None, reach=0):
        super().__init__()
        torch.manual_seed(0)
        self.form, self.multiple, self.reach = form, multiple, reach
        if scale is not None:
            self.scale = scale
        self.body = nn.Conv2d(taken, 4 * given, 3, padding=1)

    def forward(self, x):
        assert not any(side % self.multiple for side in x.shape[-2:]), "windows"
        if self.reach:
            x = F.pad(x, (self.reach,) * 4, mode="reflect")[..., self.reach:-self.reach, self.reach:-self.reach]
        y = F.pixel_shuffle(self.body(x), Config().scale)
        return {"tensor": y, "tuple": (y, y.mean()), "list": [y], "dict": {"sr": y}, "none": None,
                "pyramid": [y, F.interpolate(y, scale_factor=2.0)]}[self.form]

class Strict(nn.Module):
    def __init__(self, dim, upscale): super().__init__()

class Level(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.body = nn.Conv2d(4, 3, 3, padding=1)
    def forward(self, x, sigma):
        return self.body(torch.cat([x, sigma.expand(len(x), 1, *x.shape[-2:])], 1))

class Nan(Net):
    def forward(self, x): return super().forward(x) * float("nan")

def plain(): return Net()
def residual(): return Net(scale=0.1)
def listed(): return Net(scale=[2])
def pair(): return Net(scale=(2, 2))
def numpy(): return Net(), np.int64(2)
def wrong_scale(): return Net(), 4
def text_scale(): return Net(), "2"
def tuple_(): return Net("tuple")
def list_(): return Net("list"), 2
def dict_(): return Net("dict")
def none(): return Net("none"), 2
def pyramid(): return Net("pyramid")
def grey(): return Net(given=1), 2
def luma(): return Net(given=1, taken=1)
def windows(): return Net(multiple=8)
def reflecting(): return Net(reach=70)
def scripted(): return torch.jit.script(nn.Sequential(nn.Conv2d(3, 12, 3, padding=1), nn.PixelShuffle(2)))
def a_class(): return Net
def leaves(): raise SystemExit(3)

class Kernel(nn.Module):
    # Takes a kernel, a scale that must be a number and a level that must be a tensor, as USRNet does.
    def forward(self, x, k, sf, sigma):
        sides = torch.Size((x.shape[-2] * sf, x.shape[-1] * sf))
        y = F.conv2d(x, k.repeat(3, 1, 1, 1), padding="same", groups=3)
        return F.interpolate(y, sides) + sigma[:, :1]

class Annotated(nn.Module):
    def forward(self, x, sf: int): return F.pixel_shuffle(x.repeat_interleave(sf ** 2, 1), sf)

class Frames(nn.Module):
    def forward(self, x, frames): return torch.cat([x[:, None], frames], 1).square().mean(1)

class OnGpu(Net):
    def forward(self, x): return super().forward(x.cuda())

class Overwriting(Net):
    # Writes over half of its features unless it trains, as partial convolutions do.
    def forward(self, x):
        y = F.gelu(self.body(x))
        y[:, :6] = F.gelu(y[:, :6].clone())
        return F.pixel_shuffle(y, 2)

def fractional(): return nn.Upsample(scale_factor=2.5)
"""


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "nets.py"
    path.write_text(CODE)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return path


def loaded(code: Path, function: str, **said):
    return zoo.super_resolver(f"{code}:{function}", settings=SETTINGS, **said)


@pytest.mark.parametrize(
    ("function", "note"),
    [
        ("plain", ""), ("Net", ""), ("residual", ""), ("listed", ""), ("pair", ""), ("numpy", ""), ("tuple_", ""),
        ("list_", ""), ("dict_", ""), ("luma", "takes one channel"), ("windows", "multiples of 8"),
        ("reflecting", "takes sides of at least 71 pixels: images"), ("scripted", ""),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
def test_it_is_measured_how_a_network_is_used(code, function, note) -> None:
    model = loaded(code, function)
    assert model.scale == 2
    assert note in " ".join(model.notes)
    assert bool(note) == bool(model.notes)
    assert model.upscale(IMAGE).shape == (74, 82, 3)


def test_of_a_pyramid_the_last_is_taken_and_scale_chooses_another(code) -> None:
    last = loaded(code, "pyramid")
    assert last.scale == 4
    assert "×4 is used" in last.notes[0]
    assert loaded(code, "pyramid", scale=2).upscale(IMAGE).shape == (74, 82, 3)


@pytest.mark.parametrize(
    ("function", "says"),
    [
        ("grey", r"\(1, 3, 64, 64\) into \(1, 1, 128, 128\)"),
        ("none", "NoneType with no tensors"),
        ("wrong_scale", "is said to enlarge ×4, and enlarges ×2"),
        ("text_scale", "its scale is '2'; give a whole number"),
        ("Strict", r"wants dim, upscale; name a function(.|\n)*return Strict\(dim=…, upscale=…\)"),
        ("a_class", "return a torch module"),
        ("absent", "it has Net, Strict, Level"),
        ("leaves", "SystemExit"),
        ("OnGpu", r"its code moves tensors to a GPU, as \.cuda\(\) does, and there is none"),
        ("fractional", r"enlarges ×2\.5, and this maps whole scales alone: ask it at ×2 or ×3, or .*attribute_tensor"),
    ],
)
def test_what_cannot_be_used_says_why(code, function, says) -> None:
    with pytest.raises(OwnNetworkError, match=says):
        loaded(code, function)


def test_a_condition_is_asked_for_and_given(code) -> None:
    with pytest.raises(ConditionError, match=r"--condition sigma(.|\n)*def forward\(self, x, sigma=25\.0\)"):
        loaded(code, "Level")
    model = loaded(code, "Level", condition={"sigma": 0.1})
    reference = zoo.reference(f"{code}:Level", settings=SETTINGS, condition={"sigma": 0.1})
    assert model.fingerprint == reference.fingerprint
    assert reference.name == "nets.py:Level, sigma 0.1"
    assert attribute(model, IMAGE, Region(8, 8, 8)).condition == {"sigma": 0.1}
    assert loaded(code, "Level", condition={"sigma": 0.2}).fingerprint != model.fingerprint


def test_a_number_is_passed_as_tensor_or_number_as_the_network_wants_it(code) -> None:
    kernel = np.zeros((1, 5, 5))
    kernel[0, 2, 2] = 1
    model = loaded(code, "Kernel", condition={"k": kernel, "sf": 2, "sigma": 0.25})
    assert (model.scale, model.plain, model.convention.pad_multiple) == (2, {"sf"}, 1)
    x = torch.rand(1, 3, 9, 11)
    torch.testing.assert_close(model(x), torch.nn.functional.interpolate(x, scale_factor=2) + 0.25)
    assert loaded(code, "Annotated", condition={"sf": 3}).scale == 3


def test_frames_of_the_size_of_the_image_alone(code) -> None:
    frames = np.random.default_rng(1).random((2, 3, 37, 41))
    model = loaded(code, "Frames", condition={"frames": frames})
    assert (model.scale, model.notes) == (1, ())
    result = attribute(model, IMAGE, Region(8, 8, 8), AttributionSettings(field=24))
    assert result.field.width == 24


def test_the_extent_of_a_network_that_its_own_backward_pass_refuses(code) -> None:
    assert str(receptive_field(loaded(code, "Overwriting"))) == "3"


def test_what_is_said_goes_before_what_is_measured(code) -> None:
    model = loaded(code, "windows", input_range=255, colour="bgr", pad_multiple=16)
    convention = model.convention
    assert (convention.input_range, convention.colour, convention.pad_multiple) == (255, "bgr", 16)
    for wrong in ({"colour": "gray"}, {"pad_multiple": 0}, {"scale": 0}, {"condition": {"sigma": 3}}):
        with pytest.raises(LamError):
            loaded(code, "plain", **wrong)


def test_upscaling_is_refused_in_the_words_of_attribution(code) -> None:
    model = loaded(code, "Nan")
    with pytest.raises(LamError) as refused:
        model.upscale(IMAGE)
    with pytest.raises(LamError) as attributed:
        attribute(model, IMAGE, Region(8, 8, 8))
    assert str(refused.value) == str(attributed.value)
    assert "not finite" in str(refused.value)


def test_wrong_weights_are_one_sentence(code, tmp_path) -> None:
    network = nn.Sequential(*(nn.Conv2d(3, 3, 3) for _ in range(60)))
    save_file(network.state_dict(), tmp_path / "other.safetensors")
    with pytest.raises(OwnNetworkError, match="2 of its 2 tensors are missing") as missing:
        loaded(code, "plain", weights=tmp_path / "other.safetensors")
    assert len(str(missing.value)) < 300
    save_file({"body.weight": torch.zeros(8, 3, 3, 3), "body.bias": torch.zeros(8)}, tmp_path / "shape.safetensors")
    with pytest.raises(OwnNetworkError, match=r"'body\.weight': \(8, 3, 3, 3\) for \(12, 3, 3, 3\)"):
        loaded(code, "plain", weights=tmp_path / "shape.safetensors")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "path", list(sys.path))
    files = {
        "README.md": "a repository",
        "blocks.py": """
            from torch import nn
            class Up(nn.Upsample):
                def __init__(self): super().__init__(scale_factor=2)
            """,
        "flat.py": "from blocks import Up\ndef build(): return Up()",
        "arch/__init__.py": "import a_library_that_is_not_installed",
        "arch/common.py": "from blocks import Up\nFACTOR = 1",
        "arch/net.py": """
            from .common import Up as Base
            class Net(Base):
                def forward(self, x):
                    from . import late
                    return super().forward(x) * late.FACTOR
            """,
        "arch/late.py": "FACTOR = 1.0",
        "sound/__init__.py": "from .sizes import SCALE",
        "sound/sizes.py": "SCALE = 3",
        "sound/deep/__init__.py": "",
        "sound/deep/net.py": """
            from torch import nn
            from .. import SCALE
            from ..sizes import SCALE as again
            class Net(nn.Upsample):
                def __init__(self): super().__init__(scale_factor=SCALE)
            """,
        "absent.py": "import a_library_that_is_not_installed\ndef build(): pass",
        "ours.py": "import zoo.unheard_of\ndef build(): pass",
        "torch_shadow/torch.py": "raise RuntimeError('shadowed')",
        "broken.py": "def build(:\n",
        "archs/__init__.py": "from blocks import Up\nfrom archs import other, registry",
        "archs/other.py": "import a_library_that_is_not_installed",
        "archs/registry.py": "KNOWN = {}",
        "archs/net.py": "from blocks import Up",
        "whole.py": "from archs.net import Up\ndef build(): return Up()",
        "registered.py": "import archs\ndef build(): return archs.registry.KNOWN['net']()",
    }
    for name, text in files.items():
        path = tmp_path / "repo" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
    return tmp_path / "repo"


@pytest.mark.parametrize(
    ("file", "scale"),
    [("flat.py:build", 2), ("arch/net.py:Net", 2), ("sound/deep/net.py:Net", 3), ("whole.py:build", 2)],
)
def test_neighbours_and_packages_are_found_from_any_folder(repository, file, scale) -> None:
    model = zoo.super_resolver(f"{repository}/{file}", settings=SETTINGS)
    assert model.upscale(IMAGE).shape == (37 * scale, 41 * scale, 3)


def test_a_class_in_a_package_is_named_from_its_repository(repository, monkeypatch) -> None:
    monkeypatch.chdir(repository)
    model = zoo.super_resolver("sound.deep.net:Net", settings=SETTINGS)
    assert (model.scale, model.name) == (3, "sound.deep.net:Net")
    with pytest.raises(OwnNetworkError, match=r"imports 'sound\.gone'"):
        zoo.load("sound.gone:Net", settings=SETTINGS)


@pytest.mark.parametrize(
    ("file", "says"),
    [
        ("absent.py:build", "'a_library_that_is_not_installed', which is not here; install it"),
        ("ours.py:build", "belongs to this project"),
        ("broken.py:build", "SyntaxError"),
        ("registered.py:build", "for want of 'a_library_that_is_not_installed', not installed here"),
    ],
)
def test_imports_that_fail_say_what_to_do(repository, file, says) -> None:
    with pytest.raises(OwnNetworkError, match=says):
        zoo.load(f"{repository}/{file}", settings=SETTINGS)


def test_two_repositories_with_modules_of_one_name_stay_apart(repository, tmp_path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "blocks.py").write_text((repository / "blocks.py").read_text().replace("=2", "=4"))
    (other / "flat.py").write_text((repository / "flat.py").read_text())
    kept = {name: sys.modules[name] for name in ("zoo", "lam_core", "torch", "numpy")}
    scales = [
        zoo.super_resolver(f"{r}/flat.py:build", settings=SETTINGS).scale for r in (repository, other, repository)
    ]
    assert scales == [2, 4, 2]
    # A folder without __init__ gives way to a package of that name anywhere later on the path.
    (other / "sound").mkdir()
    (other / "sound" / "sizes.py").write_text("from blocks import Up")
    (other / "bare.py").write_text("from sound.sizes import Up\ndef build(): return Up()")
    assert zoo.super_resolver(f"{other}/bare.py:build", settings=SETTINGS).scale == 4
    assert all(sys.modules[name] is module for name, module in kept.items())


def test_code_that_a_class_calls_is_part_of_its_fingerprint(repository) -> None:
    before = zoo.super_resolver(f"{repository}/arch/net.py:Net", settings=SETTINGS).fingerprint
    assert zoo.super_resolver(f"{repository}/arch/net.py:Net", settings=SETTINGS).fingerprint == before
    (repository / "arch/late.py").write_text("FACTOR = 0.5")
    assert zoo.super_resolver(f"{repository}/arch/net.py:Net", settings=SETTINGS).fingerprint != before


def test_a_hosted_server_imports_nothing(repository) -> None:
    for name in (f"{repository}/flat.py:build", "sound.deep.net:Net", "os:getcwd"):
        with pytest.raises(LamError, match="this server loads"):
            zoo.load(name, settings=ZooSettings(hosted=True, offline=True))
