"""What no weights tell: the scale of PAN, img_range, Real-CUGAN's `pro`; taken from where it stands, and said."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from spandrel.architectures.RealCUGAN import UpCunet2x
from spandrel.architectures.SwinIR import SwinIR
from torch import nn

import zoo
import zoo.checkpoints.choose_convention
from lam_core.convention import Convention
from zoo.architectures import architecture
from zoo.checkpoints.choose_convention import decide, scale_in_name
from zoo.checkpoints.errors import UnusableNetworkError
from zoo.checkpoints.network import Network
from zoo.inspection.inspection import inspect_file
from zoo.settings import ZooSettings

OFFLINE = ZooSettings(offline=True)


def readings() -> list[Network]:
    return [Network(nn.Identity(), "toy", scale, Convention(), {}) for scale in (2, 3)]


@pytest.mark.parametrize(
    ("name", "good", "scale", "why"),
    [
        ("net.pth", (3,), 3, "as measuring says"),
        ("net_x3.pth", (3,), 3, "as measuring says"),
        ("net_x2.pth", (3,), 3, "although its name says ×2"),
        ("net_x3.pth", (), 3, "as its name says, and measuring says nothing"),
        ("net_x3.pth", (2, 3), 3, "as its name says, and each restores it"),
        ("net.pth", (2, 3), 2, "neither its name nor measuring"),
        ("net.pth", (), 2, "neither its name nor measuring"),
    ],
)
def test_name_and_measuring_decide_between_scales(
    name: str, good: tuple[int, ...], scale: int, why: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(
        zoo.checkpoints.choose_convention, "gain_over_bicubic", lambda one: 2.0 if one.scale in good else -3.0
    )
    found = decide(readings(), name)
    assert found.scale == scale
    assert found.notes[0].startswith(f"{name} fits ×2 and ×3: ×{scale} is used, ")
    assert why in found.notes[0]


@pytest.mark.parametrize(
    ("name", "scale"),
    [
        ("PANx3_DF2K.pth", 3), ("pan-3x.pth", 3), ("X3_pan.pth", 3), ("owner/repo:x2.pth", 2), ("pan.pth", None),
        ("2x_to_4x.pth", None), ("tile64x64.pth", None), ("x16.pth", None), ("pan_×3.pth", 3),
    ],
)  # fmt: skip
def test_the_scale_in_a_name(name: str, scale: int | None):
    assert scale_in_name(name) == scale


def test_an_untrained_pan_is_read_by_its_name_and_says_so(tmp_path: Path):
    state = architecture("pan").build(channels=8, upsampling_channels=8, blocks=1, scale=3).state_dict()
    for name, scale in (("pan_x3.pth", 3), ("pan_x2.pth", 2)):
        torch.save(state, tmp_path / name)
        assert zoo.super_resolver(tmp_path / name, settings=OFFLINE).scale == scale
        reference = zoo.reference(tmp_path / name, settings=OFFLINE)
        assert reference.scale == scale
        assert f"×{scale} is used, as its name says" in reference.notes[0]


def test_what_is_guessed_of_a_swinir_is_said(tmp_path: Path):
    network = SwinIR(upscale=2, embed_dim=12, depths=[1], num_heads=[2], window_size=8, upsampler="pixelshuffledirect")
    torch.save({"params": network.state_dict()}, tmp_path / "swin.pth")
    model = zoo.super_resolver(tmp_path / "swin.pth", settings=OFFLINE)
    assert any("no weights tell img_range = 1" in note for note in model.notes)


def test_what_a_training_program_wrote_is_believed(tmp_path: Path):
    torch.manual_seed(0)
    network = SwinIR(upscale=2, embed_dim=12, depths=[1], num_heads=[2], window_size=8,
                     upsampler="pixelshuffledirect", img_range=255.0).eval()  # fmt: skip
    hyperparameters = {k: v for k, v in network.hyperparameters.items() if isinstance(v, int | float | str | list)}
    torch.save({"metadata": hyperparameters, "params": network.state_dict()}, tmp_path / "swin.pth")
    save_file(network.state_dict(), tmp_path / "swin.safetensors", {"metadata": json.dumps(hyperparameters)})
    x = torch.rand(1, 3, 16, 16)
    for name in ("swin.pth", "swin.safetensors"):
        model = zoo.super_resolver(tmp_path / name, settings=OFFLINE)
        torch.testing.assert_close(model(x), network(x))
        assert any("img_range = 255 is taken from what its training program wrote" in note for note in model.notes)
        assert inspect_file(tmp_path / name, name=name, settings=OFFLINE).hyperparameters["img_range"] == 255


def test_what_a_training_program_wrote_of_an_own_architecture_is_believed(tmp_path: Path):
    network = architecture("elan").build(channels=6, blocks=1, scale=2, shared=0, windows=[2, 4, 8], input_range=1.0)
    torch.save({"metadata": {"windows": [2, 4, 8]}, "params": network.state_dict()}, tmp_path / "elan.pth")
    model = zoo.super_resolver(tmp_path / "elan.pth", settings=OFFLINE)
    x = torch.rand(1, 3, 16, 16)
    torch.testing.assert_close(model(x), network.eval()(x))
    assert any("windows = (2, 4, 8) is taken from what its training program wrote" in note for note in model.notes)


def test_what_is_told_settles_readings_too(tmp_path: Path):
    told = {"topk": 2, "recursive": 1, "use_shuffle": False}
    torch.manual_seed(0)
    network = architecture("seemore").build(channels=8, groups=1, ranks=[2, 3], scale=2, **told).eval()
    torch.save({"metadata": told, "params": network.state_dict()}, tmp_path / "seemore.pth")
    x = torch.rand(1, 3, 32, 32)
    torch.testing.assert_close(zoo.super_resolver(tmp_path / "seemore.pth", settings=OFFLINE)(x), network(x))


def test_absurd_windows_are_refused(tmp_path: Path):
    network = architecture("elan").build(channels=6, blocks=1, scale=2, shared=0, input_range=1.0)
    torch.save({"metadata": {"windows": [1024, 512, 4]}, "params": network.state_dict()}, tmp_path / "elan.pth")
    with pytest.raises(UnusableNetworkError, match="windows of 1024 pixels a side; 1 to 256 are known"):
        zoo.super_resolver(tmp_path / "elan.pth", settings=OFFLINE)


def test_an_absurd_value_is_not_believed(tmp_path: Path):
    network = SwinIR(upscale=2, embed_dim=12, depths=[1], num_heads=[2], window_size=8, upsampler="pixelshuffledirect")
    torch.save({"metadata": {"img_range": 1e300}, "params": network.state_dict()}, tmp_path / "swin.pth")
    assert any("img_range = 1," in note for note in zoo.super_resolver(tmp_path / "swin.pth", settings=OFFLINE).notes)


def test_the_pro_of_real_cugan_is_part_of_the_network(tmp_path: Path):
    torch.manual_seed(0)
    network = UpCunet2x(pro=True).eval()
    x = torch.rand(1, 3, 40, 40)
    state = {k: v for k, v in network.state_dict().items() if k != "pro"}
    torch.save({"pro": 1, **state}, tmp_path / "pro.pth")
    torch.save(state, tmp_path / "plain.pth")
    pro, plain = (zoo.super_resolver(tmp_path / name, settings=OFFLINE) for name in ("pro.pth", "plain.pth"))
    assert np.abs((pro(x) - network(x)).detach().numpy()).max() < 1e-5
    assert np.abs((pro(x) - plain(x)).detach().numpy()).max() > 1e-3
