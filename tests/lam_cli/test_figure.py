"""`lam figure`: from one line to files, and from a finished figure to the same figure again."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lam_core import settings
from lam_core.images import downscale
from lam_core.render.figure import ImageSource, RecipeError, read_recipe
from lam_core.samples import sample
from tests.lam_cli.test_lam import NETWORK, refused, run
from zoo import settings as zoo_settings

pytest.importorskip("matplotlib", reason="figures are drawn by matplotlib, the extra `figure`")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with four networks, an image, and a store of its own."""
    monkeypatch.setenv("LAM_STORE", str(tmp_path / "store"))
    settings.settings.cache_clear()
    for number in range(4):
        (tmp_path / f"net{number}.py").write_text(NETWORK.replace("manual_seed(0)", f"manual_seed({number})"))
    pixels = np.random.default_rng(0).integers(0, 256, (96, 120, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "hr.png")
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    settings.settings.cache_clear()
    zoo_settings.settings.cache_clear()


MODELS = ",".join(f"net{number}.py:build" for number in range(4))
LINE = ("figure", "hr.png", "--models", MODELS, "--window", "10,12,8", "--window", "40,50,8", "--window", "80,20,8",
        "--inset", "window", "--field", "24", "--width", "100", "--dpi", "80")  # fmt: skip


def test_an_lr_image_with_its_own_hr_gives_what_the_hr_image_gives(place: Path, capsys) -> None:
    hr = np.ascontiguousarray(sample("cat").pixels()[:96, :120])
    Image.fromarray(hr).save("hr.png")
    Image.fromarray(downscale(hr, 2)).save("lr.png")
    rest = ("--models", "net0.py:build", "--window", "10,12,8", "--field", "24", "--dpi", "80")
    expected = json.loads(run(capsys, "figure", "hr.png", *rest, "--out", "a.npz"))["results"][0]
    pair = json.loads(run(capsys, "figure", "lr.png", "--hr", "hr.png", *rest, "--out", "b.png"))["results"][0]
    assert {**pair, "image": "hr"} == expected
    assert expected["psnr"] is not None
    (image,) = read_recipe(Path("b.png").read_bytes()).images
    assert (image.file, image.hr, image.low_resolution) == ("lr.png", "hr.png", True)
    again = json.loads(run(capsys, "figure", "--from", "b.png", "--models", "net0.py:build", "--out", "c.npz"))
    assert again["results"] == [pair]

    Image.fromarray(hr // 2 * 2).save("hr.png")
    other = refused(capsys, "figure", "--from", "b.png", "--models", "net0.py:build", "--out", "c.npz")
    assert "hr.png is not the image of this figure" in other
    twice = refused(capsys, "figure", "lr.png", "--hr", "hr.png", "--hr", "hr.png", *rest, "--out", "b.png")
    assert "--hr names 2 HR images for 1 images; give one for each" in twice
    with pytest.raises(RecipeError, match="add low_resolution = true"):
        ImageSource("lr.png", hr="hr.png", windows=image.windows)


def test_one_line_makes_four_networks_by_three_windows_and_the_file_makes_them_again(place: Path, capsys) -> None:
    first = json.loads(run(capsys, *LINE, "--out", "fig.pdf", "--out", "fig.npz", "--out", "fig.png"))
    assert (first["maps"], first["computed"]) == (12, 12)
    again = json.loads(
        run(capsys, "figure", "--from", "fig.pdf", "--models", MODELS, "--out", "two.pdf", "--out", "two.npz")
    )
    assert (again["maps"], again["computed"]) == (12, 0)
    assert (place / "fig.pdf").read_bytes() == (place / "two.pdf").read_bytes()
    one, two = np.load("fig.npz"), np.load("two.npz")
    assert one.files == two.files
    for name in one.files:
        np.testing.assert_array_equal(one[name], two[name])
    run(capsys, "figure", "--from", "fig.png", "--models", MODELS, "--no-store", "--out", "three.npz")
    three = np.load("three.npz")
    for name in one.files:
        if name.endswith(("_signed", "_map")):
            np.testing.assert_allclose(three[name], one[name], atol=1e-6 * np.abs(one[name]).max())

    pypdf = pytest.importorskip("pypdf", reason="an oracle of requirements-oracle.txt")
    page = pypdf.PdfReader("fig.pdf").pages[0]
    text = page.extract_text()
    for network in range(4):
        assert f"net{network}" in text
    assert text.count("DI ") == 12
    found = [np.asarray(image.image.convert("RGB")) for image in page.images]
    sr = one["image1_window3_network4_sr"]
    crops = [pixels for pixels in found if pixels.shape == (32, 32, 3)]
    assert any(
        (sr[y : y + 32, x : x + 32] == crop).all() for crop in crops for y in range(0, 17, 2) for x in range(0, 17, 2)
    )


def test_options_change_what_a_file_says(place: Path, capsys) -> None:
    small = ("figure", "hr.png", "--models", "net0.py:build,net1.py:build", "--field", "24", "--dpi", "80")
    run(capsys, *small, "--window", "10,12,8", "--out", "a.toml", "--names", "Ours,Theirs")
    run(capsys, "figure", "--recipe", "a.toml", "--models", small[3], "--template", "comparison", "--cells", "sr,map",
        "--under", "psnr,di", "--colour-scale", "log", "--range", "shared", "--maps", "area", "--crop", "16",
        "--no-note", "--label", "sr=Output", "--inset", "0,0,4,top-left,#00ff00", "--window", "20,20,8",
        "--window-names", "b", "--out", "b.svg")  # fmt: skip
    made = read_recipe((place / "b.svg").read_bytes())
    assert [network.name for network in made.networks] == ["Ours", "Theirs"]
    assert (made.template, made.cells, made.scale, made.maps, made.crop) == (
        "comparison",
        ("sr", "map"),
        "log",
        "area",
        16,
    )
    assert (made.images[0].windows[0].x, made.images[0].windows[0].name) == (20, "b")
    assert (made.insets[0].colour, made.labels, made.note) == ("#00ff00", {"sr": "Output"}, False)
    assert "Output" in (place / "b.svg").read_text()


def test_several_images_have_their_own_windows(place: Path, capsys) -> None:
    summary = json.loads(
        run(capsys, "figure", "hr.png", "cat", "--models", "net0.py:build", "--window", "1:10,12,8", "--window",
            "2:100,100,16", "--window", "2:40,40,16", "--field", "24", "--out", "a.json", "--out", "a.tex")
    )  # fmt: skip
    assert [row["window"] for row in summary["results"]] == [[10, 12, 8], [100, 100, 16], [40, 40, 16]]
    assert [row["image"] for row in summary["results"]] == ["hr", "Chelsea the cat", "Chelsea the cat"]
    assert "includegraphics" in (place / "a.tex").read_text()


def test_no_file_chooses_which_code_runs(place: Path, capsys) -> None:
    run(capsys, *LINE[:4], "--window", "10,12,8", "--field", "24", "--out", "a.svg")
    (place / "net1.py").write_text("raise SystemExit('ran')")
    assert "no file may choose which code runs" in refused(capsys, "figure", "--from", "a.svg", "--out", "b.npz")


def test_another_image_or_other_weights_than_the_figures_are_refused(place: Path, capsys) -> None:
    run(capsys, "figure", "hr.png", "--models", "fsrcnn-c", "--window", "12,12,8", "--field", "24", "--out", "a.toml")
    text = (place / "a.toml").read_text()
    (place / "b.toml").write_text(re.sub('fingerprint = "[0-9a-f]{64}"', f'fingerprint = "{"0" * 64}"', text))
    said = refused(capsys, "figure", "--from", "b.toml", "--out", "b.npz")
    assert "fsrcnn-c is not the network of this figure (fingerprint" in said
    Image.fromarray(np.zeros((96, 120, 3), np.uint8)).save(place / "hr.png")
    assert "hr.png is not the image of this figure" in refused(capsys, "figure", "--from", "a.toml", "--out", "b.npz")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--window", "10,12,8"), "no networks"),
        (("--models", "net0.py:build"), "no window"),
        (("--models", "net0.py:build", "--window", "3:1,1,8"), "N from 1 to 1"),
        (("--models", "net0.py:build", "--window", "900,1,8"), "x may be at most"),
        (("--models", "net0.py:build", "--window", "1,1,8", "--names", "a,b"), "2 names for 1 networks"),
        (("--models", "net0.py:build", "--window", "1,1,8", "--cells", "heat"), "--cells names 'heat'"),
        (("--models", "net0.py:build", "--window", "1,1,8", "--inset", "a"), "--inset is 'a'"),
        (("--models", "net0.py:build", "--window", "1,1,8", "--inset", "1,1,8,middle"), "its corner is one of"),
        (("--models", "net0.py:build", "--window", "1,1,8", "--label", "x=y"), "--label is 'x=y'"),
        (("--models", "net0.py:build", "--window", "1,1,8", "--crop", "far"), "--crop is 'far'"),
        (("--models", "net0.py:build", "--window", "1,1,8", "--width", "5"), "width_mm is 5"),
        (("--models", "net0.py:build", "--window", "1,1,8", "--font", "Nosuch"), "there is no font 'Nosuch'"),
        (("--models", "net0.py:build,net0.py:build", "--window", "1,1,8"), "named twice"),
        (("--models", "nosuch", "--window", "1,1,8"), "nosuch"),
        (("--from", "hr.png"), "hr.png: this file holds no recipe"),
        (("--from", "absent.pdf"), "cannot read 'absent.pdf'"),
        (("--models", "net0.py:build", "--window", "1,1,8", "--out", "a.doc"), "give a file that ends in"),
        (("--models", "net0.py:build", "--window", "1,1,8", "--out", "no/such/a.pdf"), "there is no such folder"),
    ],
)
def test_every_fault_is_one_sentence(place: Path, capsys, arguments: tuple[str, ...], says: str) -> None:
    assert says in refused(capsys, "figure", "hr.png", "--out", "a.pdf", *arguments)


def test_a_window_without_a_map_is_named(place: Path, capsys) -> None:
    Image.fromarray(np.full((96, 120, 3), 99, np.uint8)).save(place / "flat.png")
    sentence = refused(
        capsys, "figure", "flat.png", "--models", "net0.py:build", "--window", "8,8,8", "--out", "a.npz", "--names", "N"
    )
    assert sentence.startswith("lam: N at 8,8 of flat: ")


def test_attribute_gives_the_published_figure(place: Path, capsys) -> None:
    run(capsys, "attribute", "hr.png", "--model", "net0.py:build", "--window", "10,12,8", "--png", "a.png")
    made = read_recipe((place / "a.png").read_bytes())
    assert made.images[0].file == "hr.png"
    assert Image.open(io.BytesIO((place / "a.png").read_bytes())).width > 500
