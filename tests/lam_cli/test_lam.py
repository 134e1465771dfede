"""The `lam` command as scripts use it: JSON out, files written, one sentence and exit code 2 for bad input."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lam_cli.main import main
from lam_core import settings
from lam_core.render import png
from lam_core.studies.sweeps.table import COLUMNS
from tests.reference_rule import reference_display, reference_index, reference_lam
from tests.unshipped import IMAGES, WEIGHTS, needs_shared
from tests.zoo.mirror import COMMIT, Mirror
from zoo import settings as zoo_settings

NETWORK = """
import torch
from torch import nn

class Net(nn.Module):
    scale = 2

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.body = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 12, 3, padding=1))
        self.tail = nn.PixelShuffle(2)

    def forward(self, x):
        return self.tail(self.body(x))

def build():
    return Net()
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a network of one's own, a picture, and a store of its own."""
    monkeypatch.setenv("LAM_STORE", str(tmp_path / "store"))
    settings.settings.cache_clear()
    (tmp_path / "net.py").write_text(NETWORK)
    pixels = np.random.default_rng(0).integers(0, 256, (41, 60, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "hr.png")
    yield tmp_path
    settings.settings.cache_clear()
    zoo_settings.settings.cache_clear()


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    main([str(argument) for argument in arguments])
    return capsys.readouterr().out


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    with pytest.raises(SystemExit) as end:
        main([str(argument) for argument in arguments])
    output = capsys.readouterr()
    assert end.value.code == 2
    assert output.out == ""
    sentence = output.err.strip()
    assert "\n" not in sentence
    assert "Traceback" not in sentence
    return sentence


def test_attribute_prints_figures_and_writes_arrays(place: Path, capsys) -> None:
    model = f"{place / 'net.py'}:build"
    arguments = ("attribute", place / "hr.png", "--model", model, "--window", "10,12,8", "--rule", "reference",
                 "--dtype", "float64", "--out", place / "map.npz", "--png", place / "map.png")  # fmt: skip
    first = json.loads(run(capsys, *arguments))
    assert {"diffusion_index", "completeness_error", "map_error", "nodes", "rule", "window", "lr_size", "scale",
            "dtype", "seconds", "from_store", "model", "fingerprint"} <= first.keys()  # fmt: skip
    assert (first["nodes"], first["rule"], first["window"]) == (50, "reference", [10, 12, 8])
    assert (first["lr_size"], first["scale"], first["from_store"]) == ([20, 30], 2, False)
    arrays = np.load(place / "map.npz")
    assert arrays["signed"].shape == (3, 20, 30)
    assert arrays["map"].shape == (20, 30)
    assert arrays["map"].max() == 1
    assert Image.open(place / "map.png").width > 100

    from zoo import load

    network = load(model).to(dtype=__import__("torch").float64)
    hr = np.asarray(Image.open(place / "hr.png"))[:40]
    lr = np.asarray(Image.fromarray(hr).resize((30, 20), Image.Resampling.BICUBIC))
    expected = reference_lam(network.module, lr / 255, 10, 12, 8)
    np.testing.assert_allclose(arrays["map"], reference_display(expected), atol=1e-10)
    assert first["diffusion_index"] == pytest.approx(reference_index(reference_display(expected)), abs=1e-10)
    assert json.loads(run(capsys, *arguments))["from_store"] is True
    assert json.loads(run(capsys, *arguments, "--no-store"))["from_store"] is False


def test_attribute_says_how_it_was_computed_and_warns(place: Path, capsys) -> None:
    (place / "half.py").write_text(NETWORK.replace("return Net()", "return Net().half().float()"))
    window = ("--window", "10,12,8", "--no-store")
    main(["attribute", str(place / "hr.png"), "--model", f"{place / 'half.py'}:build", *window])
    output = capsys.readouterr()
    assert "checked against the untouched network" in output.err
    assert "warning: the weights were stored in half precision" in output.err
    how = json.loads(output.out)["computation"]
    assert how["cropped"]
    assert how["deterministic"]
    assert len(how["warnings"]) == 1
    main(["attribute", str(place / "hr.png"), "--model", f"{place / 'net.py'}:build", *window])
    output = capsys.readouterr()
    assert "warning" not in output.err
    assert json.loads(output.out)["computation"]["warnings"] == []


def test_a_low_resolution_picture_is_taken_as_it_is(place: Path, capsys) -> None:
    model = f"{place / 'net.py'}:build"
    figures = json.loads(
        run(capsys, "attribute", place / "hr.png", "--model", model, "--window", "100,70,8", "--lr", "--no-store")
    )
    assert figures["lr_size"] == [41, 60]
    assert "psnr" not in figures


def test_heatmap_writes_every_window(place: Path, capsys) -> None:
    arguments = ("heatmap", place / "hr.png", "--model", f"{place / 'net.py'}:build", "--size", 8, "--stride", 16,
                 "--out", place / "tiles.npz")  # fmt: skip
    first = json.loads(run(capsys, *arguments))
    arrays = np.load(place / "tiles.npz")
    assert arrays["diffusion_index"].shape == (3, 4)
    assert (first["windows"], first["without_map"], first["from_store"]) == (12, 0, False)
    assert first["mean"] == pytest.approx(arrays["diffusion_index"].mean())
    assert json.loads(run(capsys, *arguments))["from_store"] is True


def test_heatmap_draws_what_it_writes(place: Path, capsys) -> None:
    pytest.importorskip("matplotlib", reason="figures are drawn by matplotlib, the extra `figure`")
    arguments = ("heatmap", place / "hr.png", "--model", f"{place / 'net.py'}:build", "--size", 8, "--stride", 16)
    outs = [place / f"tiles{ending}" for ending in (".png", ".pdf", ".svg")]
    summary = run(capsys, *arguments, *(word for out in outs for word in ("--out", out)))
    assert Image.open(outs[0]).info["Description"] == summary.strip()
    assert outs[1].read_bytes().startswith(b"%PDF")
    words = " ".join(re.findall(r"<text[^>]*>([^<]*)</text>", outs[2].read_text()))
    assert "12 windows, one every 16 SR pixels · LR 30×20, ×2, window 8, gradient detector" in words
    said = refused(capsys, *arguments, "--out", place / "tiles.gif")
    assert said.endswith("tiles.gif'; give a file that ends in .npz, .pdf, .svg, .png")


def test_sweep_writes_a_table_and_goes_on_after_a_fault(place: Path, capsys) -> None:
    import pandas as pd

    folder = place / "pictures"
    folder.mkdir()
    for seed in range(2):
        pixels = np.random.default_rng(seed).integers(0, 256, (64, 64, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{seed}.png")
    (folder / "broken.png").write_bytes(b"no picture")
    figures = json.loads(
        run(capsys, "sweep", "--models", f"{place / 'net.py'}:build", "--images", folder, "--out", place / "t.parquet")
    )
    table = pd.read_parquet(place / "t.parquet")
    assert figures["rows"] == len(table) == 2
    assert "broken.png" in figures["faults"][0]
    assert list(table.columns) == list(COLUMNS)
    run(capsys, "sweep", "--models", f"{place / 'net.py'}:build", "--images", folder, "--out", place / "t.csv")
    again = pd.read_csv(place / "t.csv")
    assert again["from_store"].all()
    assert again["diffusion_index"].tolist() == pytest.approx(table["diffusion_index"].tolist())


def test_a_sweep_without_a_row_or_a_place_for_its_table_is_said(place: Path, capsys) -> None:
    folder = place / "pictures"
    folder.mkdir()
    (folder / "broken.png").write_bytes(b"no picture")
    sweep = ("sweep", "--models", f"{place / 'net.py'}:build", "--images", folder)
    assert "none of the 1 pictures gave a row" in refused(capsys, *sweep, "--out", place / "t.parquet")
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(folder / "a.png")
    assert "cannot write" in refused(capsys, *sweep, "--out", folder / "a.png" / "t.parquet")
    assert "give a file that ends in" in refused(capsys, *sweep, "--out", place / "t.txt")


def test_semantics_writes_shares(place: Path, capsys) -> None:
    for content in ("a", "b"):
        (place / "set" / content).mkdir(parents=True)
        for seed in range(2):
            pixels = np.random.default_rng(seed + ord(content)).integers(0, 256, (24, 24, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(place / "set" / content / f"{seed}.png")
    run(capsys, "semantics", "--models", f"{place / 'net.py'}:build", "--images", place / "set", "--layers", "body.1",
        "--out", place / "s.json")  # fmt: skip
    written = json.loads((place / "s.json").read_text())
    (model,) = written["models"]
    (layer,) = model["layers"]
    assert (layer["layer"], layer["n"], layer["k_content"], layer["k_degradation"]) == ("body.1", 12, 2, 3)
    assert {"content", "degradation", "interaction", "residual"} == layer["share"].keys()
    assert {"content", "degradation"} == layer["chi"].keys() == layer["silhouette"].keys()
    assert {"space", "seed", "intervals"} <= layer.keys()
    assert {tuple(point[2:]) for point in layer["points"]} >= {("a", "clean", "a/0.png"), ("b", "noise", "b/1.png")}
    assert written["strengths"] == {"clean": "clean", "blur": "blur:2", "noise": "noise:20"}
    assert len(written["controls"]) == 2


def test_semantics_that_was_stopped_goes_on_with_the_next_network(place: Path, capsys, monkeypatch) -> None:
    from lam_core.semantics import analyse as module

    (place / "other.py").write_text(NETWORK.replace("manual_seed(0)", "manual_seed(1)"))
    for k, content in enumerate("aabb"):
        (place / "set" / content).mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(k).integers(0, 256, (24, 24, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(place / "set" / content / f"{k}.png")
    one, other = f"{place / 'net.py'}:build", f"{place / 'other.py'}:build"
    whole, computed, stops = module.analyse, [], True

    def watched(models, *more, **named):
        computed.append(models[0].name)
        if stops and len(computed) == 2:
            raise KeyboardInterrupt
        return whole(models, *more, **named)

    monkeypatch.setattr(module, "analyse", watched)
    arguments = ("semantics", "--models", f"{one},{other}", "--images", place / "set", "--layers", "body.1",
                 "--out", place / "s.json")  # fmt: skip
    with pytest.raises(SystemExit):
        run(capsys, *arguments)
    stops = False
    run(capsys, *arguments)
    assert computed == ["net.py:build", "other.py:build", "other.py:build"]
    written = json.loads((place / "s.json").read_text())
    assert [model["model"] for model in written["models"]] == ["net.py:build", "other.py:build"]
    assert [control["role"] for control in written["controls"]] == ["untrained", "untrained", "raw"]
    run(capsys, *arguments, "--no-store")
    assert len(computed) == 5
    assert json.loads((place / "s.json").read_text()) == written


def test_semantics_says_what_is_wrong_with_a_design(place: Path, capsys) -> None:
    arguments = ("semantics", "--models", f"{place / 'net.py'}:build", "--images", place, "--out", place / "s.json")
    assert "two contents" in refused(capsys, *arguments)
    assert "there is no degradation 'blurr'" in refused(capsys, *arguments, "--degradations", "clean,blurr")


def test_sweep_and_semantics_take_a_data_set_of_the_hub(place: Path, capsys, monkeypatch) -> None:
    with Mirror(place / "hub").running() as mirror:
        for name in ("b/1.png", "b/2.png", "a/1.png"):
            pixels = np.random.default_rng(len(name) + ord(name[2])).integers(0, 256, (64, 64, 3), dtype=np.uint8)
            mirror.put("owner/set", name, png(pixels))
        monkeypatch.setenv("LAM_HUB_ENDPOINT", mirror.address)
        monkeypatch.setenv("LAM_HUB_CACHE", str(place / "cache"))
        monkeypatch.setenv("LAM_OFFLINE", "0")
        zoo_settings.settings.cache_clear()
        common = ("--models", f"{place / 'net.py'}:build", "--images", "owner/set")
        summary = json.loads(run(capsys, "sweep", *common, "--most", 2, "--out", place / "t.csv"))
        assert (summary["pictures"], summary["data_set"]) == (2, f"owner/set@{COMMIT}")
        assert len(summary["digest"]) == 64
        run(capsys, "semantics", *common, "--layers", "body.1", "--out", place / "s.json")
        content = json.loads((place / "s.json").read_text())
        assert (content["data_set"], content["contents"]) == (f"owner/set@{COMMIT}", ["a", "b", "b"])
        refusal = refused(capsys, "sweep", *common[:3], "owner/gone", "--out", place / "t.csv")
        assert "there is no folder 'owner/gone' here, and there is no repository 'owner/gone'" in refusal


def test_upscale_writes_the_enlarged_picture(place: Path, capsys) -> None:
    out = place / "sr.png"
    printed = run(capsys, "upscale", place / "hr.png", "--model", f"{place / 'net.py'}:build", "--out", out)
    assert printed.strip() == str(out)
    assert Image.open(out).size == (120, 82)


def test_zoo_list_and_show(capsys) -> None:
    rows = {row["id"]: row for row in json.loads(run(capsys, "zoo", "list", "--json"))}
    assert {"id", "kind", "architecture", "scale", "family", "licence", "weights", "pinned"} <= rows["imdn-c"].keys()
    assert rows["imdn-c"]["weights"] == "bundled"
    assert "imdn-c" in run(capsys, "zoo", "list")
    assert json.loads(run(capsys, "zoo", "show", "imdn-c", "--json"))["architecture"] == "imdn"


def test_zoo_check_passes_on_a_bundled_network(capsys) -> None:
    (report,) = json.loads(run(capsys, "zoo", "check", "fsrcnn-c", "--json"))
    assert report["passed"]
    assert any("PSNR" in finding["fact"] for finding in report["findings"])


def test_zoo_fetch_takes_only_the_pinned_file(place: Path, capsys, monkeypatch) -> None:
    (place / "other.pth").write_bytes(b"another file")
    assert "another file" in refused(capsys, "zoo", "fetch", "imdn", "--from", place / "other.pth")
    assert "name one" in refused(capsys, "zoo", "fetch", "imdn", "rfdn", "--from", place / "other.pth")


@pytest.mark.parametrize(
    ("window", "says"),
    [("10,12", "three whole numbers"), ("a,b,c", "three whole numbers"), ("0,0,0", "at least 1"),
     ("0,0,-4", "at least 1"), ("900,0,8", "x may be at most"), ("0,0,400", "larger than the"),
     ("nan,0,8", "three whole numbers")],
)  # fmt: skip
def test_a_wrong_window_is_one_sentence(place: Path, capsys, window: str, says: str) -> None:
    model = f"{place / 'net.py'}:build"
    assert says in refused(capsys, "attribute", place / "hr.png", "--model", model, f"--window={window}")


def test_wrong_files_and_names_are_one_sentence(place: Path, capsys) -> None:
    (place / "text.png").write_text("no picture")
    (place / "broken.pth").write_bytes(b"\x80\x04nonsense")
    own = f"{place / 'net.py'}:build"
    hr, window = place / "hr.png", ("--window", "0,0,8")
    for picture, model in (
        (place / "absent.png", own),
        (place / "text.png", own),
        (hr, "imdn-d"),
        (hr, place / "broken.pth"),
        (hr, f"{place / 'net.py'}:absent"),
        (hr, place / "absent.pth"),
    ):
        assert refused(capsys, "attribute", picture, "--model", model, *window)
    assert "--window" in refused(capsys, "attribute", hr, "--model", own)
    assert "cannot write" in refused(
        capsys, "upscale", hr, "--model", own, "--out", place / "no" / "such" / "folder.png"
    )


@needs_shared
@pytest.mark.parametrize(("index", "expected"), [(1, 20.34), (2, 25.44)])
def test_published_imdn_has_its_measured_index(tmp_path: Path, capsys, index: int, expected: float) -> None:
    figures = json.loads(
        run(capsys, "attribute", IMAGES / "lam" / f"{index}.png", "--model", WEIGHTS / "IMDN_x4.pth",
            "--window", "120,120,16", "--rule", "reference", "--no-store")
    )  # fmt: skip
    assert figures["diffusion_index"] == pytest.approx(expected, abs=0.1)


def test_field_writes_figures_planes_and_a_figure(place: Path, capsys) -> None:
    model, folder = f"{place / 'net.py'}:build", place / "pictures"
    folder.mkdir()
    (place / "hr.png").rename(folder / "hr.png")
    outs = [place / f"field{suffix}" for suffix in (".json", ".npz", ".png", ".pdf")]
    arguments = ("field", "--models", f"{model},{model}", "--images", folder)
    found = json.loads(run(capsys, *arguments, *(part for out in outs for part in ("--out", out))))
    assert found == json.loads(outs[0].read_text())
    first = found["networks"][0]
    # Two convolutions of 3×3: no more than 5×5 LR pixels; 41 HR rows are 20 LR ones, and so 19 at most.
    assert (first["images"], first["lr_side"]) == (1, 19)
    assert [area["share"] for area in first["trained"]["areas"]] == [0.2, 0.3, 0.5, 0.99]
    assert 1 < first["trained"]["areas"][-1]["side"] <= 5
    planes = np.load(outs[1])
    assert planes["network2_untrained_positive"].shape == (19, 19)
    with Image.open(outs[2]) as figure:
        assert figure.width > figure.height > 100
    assert outs[3].read_bytes().startswith(b"%PDF")
    assert "ends in .json, .npz, .png, .pdf, .svg" in refused(capsys, *arguments, "--out", place / "field.txt")
    assert "choose an odd number" in refused(capsys, *arguments, "--side", 8, "--out", place / "f.json")


def test_degraded_inputs_are_attributed_and_swept(place: Path, capsys) -> None:
    import pandas as pd

    model = f"{place / 'net.py'}:build"
    attribute = ("attribute", place / "hr.png", "--model", model, "--window", "10,12,8")
    clean, blurred = (json.loads(run(capsys, *attribute, *more)) for more in ((), ("--degrade", "blur=2")))
    assert (clean["degradation"], blurred["degradation"]) == ("clean", "blur:2")
    assert blurred["psnr_bicubic"] < clean["psnr_bicubic"]
    assert "there is no degradation 'blurr'; did you mean 'blur'" in refused(capsys, *attribute, "--degrade", "blurr=2")
    folder = place / "pictures"
    folder.mkdir()
    (place / "hr.png").rename(folder / "hr.png")
    sweep = ("sweep", "--models", model, "--images", folder, "--out", place / "t.parquet")
    run(capsys, *sweep, "--degrade", "noise=0,10")
    assert pd.read_parquet(place / "t.parquet")["degradation"].tolist() == ["clean", "noise:10"]
    assert "give a kind and strengths" in refused(capsys, *sweep, "--degrade", "noise=much")
    assert "another window at each strength" in refused(capsys, *sweep, "--windows", "hard", "--degrade", "blur=0,1")


def test_restoration_gives_no_index_that_says_nothing(place: Path, capsys) -> None:
    (place / "denoiser.py").write_text(
        "import torch\n\n\ndef build():\n    torch.manual_seed(0)\n    return torch.nn.Conv2d(3, 3, 5, padding=2)\n"
    )
    arguments = ("attribute", place / "hr.png", "--model", f"{place / 'denoiser.py'}:build", "--scale", 1)
    arguments += ("--window", "10,12,8", "--detector", "intensity", "--dtype", "float64", "--degrade", "noise=25")
    found = json.loads(run(capsys, *arguments, "--path", "linear-smooth"))
    assert found["diffusion_index"] is None
    assert found["completeness_error"] <= 1e-6
    assert found["settings"]["path"] == "linear-smooth"
    # The clean image is there: how well it is restored can be told.
    assert found["psnr"] > 0
    blurred = json.loads(run(capsys, *arguments, "--path", "linear-degraded", "--damage", "blur:1"))
    assert blurred["diffusion_index"] > 0
    assert "damage is 'fog:2'" in refused(capsys, *arguments, "--damage", "fog:2")
