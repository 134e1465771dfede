"""Finished figures, read back by libraries that did not write them."""

import base64
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from lam_core.render.figure import FONTS, TEMPLATES, FigureError, NoMatplotlibError, RecipeError, file, read_recipe
from lam_core.render.figure.files import portable
from tests.lam_core.render.figure.made import material, recipe

pytest.importorskip("matplotlib", reason="figures are drawn by matplotlib, the extra `figure`")
MADE = material(recipe(windows=2, networks=2, width_mm=85, dpi=100, caption="Two (a) \\ windows", **TEMPLATES["lam"]))


def drawn_pixels(made) -> list[np.ndarray]:
    from lam_core.render.figure import layout

    return [picture.pixels for picture in layout(made).pictures]


def test_a_pdf_library_reads_words_as_text_and_images_at_their_own_pixels() -> None:
    pypdf = pytest.importorskip("pypdf", reason="an oracle of requirements-oracle.txt")
    page = pypdf.PdfReader(io.BytesIO(file(MADE, ".pdf"))).pages[0]
    text = page.extract_text()
    for words in ("Net 0", "Net 1", "Bicubic", "LAM", "DI 5.0 ± 0.1", "DI 6.0 ± 0.1", "tolerance 2%", "σ 1.2"):
        assert words in text
    assert float(page.mediabox.width) / 72 * 25.4 == pytest.approx(85, abs=0.1)
    found = [np.asarray(image.image.convert("RGB")) for image in page.images]
    expected = drawn_pixels(MADE)
    assert len(found) == len(expected)
    for pixels in expected:
        assert any(pixels.shape == one.shape and (pixels == one).all() for one in found)


def test_svg_has_text_as_text_and_images_at_their_own_pixels() -> None:
    content = file(MADE, ".svg").decode()
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", content)
    assert {"Net 0", "Net 1", "DI 5.0 ± 0.1"} <= {text.strip() for text in texts}
    found = [
        np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"))
        for data in re.findall(r'"data:image/png;base64,\s*([^"]+)"', content)
    ]
    for pixels in drawn_pixels(MADE):
        assert any(pixels.shape == one.shape and (pixels == one).all() for one in found)
    assert "pixelated" in content
    assert "<script" not in content


@pytest.mark.parametrize("dpi", [72, 300])
def test_png_has_the_size_that_was_asked_for(dpi: int) -> None:
    image = Image.open(io.BytesIO(file(replace(MADE, recipe=replace(MADE.recipe, dpi=dpi)), ".png")))
    assert image.width == pytest.approx(85 / 25.4 * dpi, abs=1)
    assert image.info["dpi"][0] == pytest.approx(dpi, abs=0.1)


def test_png_enlarges_by_repeating_pixels() -> None:
    made = material(
        recipe(networks=1, references=(), cells=("map",), bar=False, note=False, under=(), box=0.1, dpi=150)
    )
    image = np.asarray(Image.open(io.BytesIO(file(made, ".png"))).convert("RGB"))
    colours = {tuple(colour) for colour in drawn_pixels(made)[0].reshape(-1, 3)}
    inside = image[200:750:7, 200:750:7].reshape(-1, 3)
    strange = [colour for colour in map(tuple, inside) if colour not in colours]
    assert len(strange) < 0.05 * len(inside), "only the box and its soft edges may have other colours"


@pytest.mark.parametrize("suffix", [".pdf", ".svg", ".png", ".toml"])
def test_the_recipe_comes_back_from_every_file(suffix: str) -> None:
    words = '\\)(( "x" <b>&amp; </metadata> é 图'
    strange = replace(MADE.recipe, caption=words)
    content = file(replace(MADE, recipe=strange), suffix)
    assert read_recipe(content) == portable(replace(MADE, recipe=strange))


def test_nothing_of_this_computer_is_in_a_recipe_that_leaves_it() -> None:
    image = replace(MADE.recipe.images[0], file="/home/someone/secret/a.png")
    made = replace(MADE, recipe=replace(MADE.recipe, images=(image,)))
    for suffix in (".pdf", ".svg", ".png", ".toml", ".json"):
        assert b"secret" not in file(made, suffix)


@pytest.mark.parametrize("suffix", [".pdf", ".svg", ".png"])
def test_a_damaged_file_is_refused_in_one_sentence(suffix: str) -> None:
    content = file(MADE, suffix)
    mark = content.index(b"lam_figure")
    other = content[:mark] + b"LAM" + content[mark + 3 :]
    for damaged in (content[:mark], content[: mark + 60], other, content[:20]):
        with pytest.raises(RecipeError) as raised:
            read_recipe(damaged)
        assert "\n" not in str(raised.value)


def test_files_of_other_kinds_are_refused() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4)).save(buffer, "PNG")
    for content in (b"", b"%PDF-1.4", b"<svg></svg>", buffer.getvalue(), os.urandom(2000), b"\xff" * 3_000_000):
        with pytest.raises(RecipeError):
            read_recipe(content)


def test_equal_input_gives_equal_bytes_in_another_process() -> None:
    here = hashes()
    environment = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"}
    program = "from tests.lam_core.render.figure.test_files import hashes; print(*hashes())"
    there = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True)
    assert there.stdout.split() == here


def hashes() -> list[str]:
    """Of a figure in all its forms."""
    made = material(recipe(networks=2, width_mm=85, dpi=100, **TEMPLATES["lam"]))
    return [hashlib.sha256(file(made, suffix)).hexdigest() for suffix in (".pdf", ".svg", ".png", ".npz")]


def test_arrays_and_numbers_hold_all_that_is_drawn() -> None:
    arrays = np.load(io.BytesIO(file(MADE, ".npz")))
    first = MADE.results[(0, 1, 1)]
    np.testing.assert_array_equal(arrays["image1_window2_network2_signed"], first.signed)
    np.testing.assert_array_equal(arrays["image1_window2_network2_sr"], first.sr)
    np.testing.assert_array_equal(arrays["image1_hr"], MADE.sources[0].hr)
    assert arrays["networks"].tolist() == ["Net 0", "Net 1"]
    content = json.loads(file(MADE, ".json"))
    assert [row["diffusion_index"] for row in content["results"]] == [5.0, 6.0, 5.0, 6.0]
    assert content["results"][3]["arrays"] == "image1_window2_network2"
    assert content["recipe"]["networks"][1]["fingerprint"] == f"{1:064x}"


def test_the_archive_holds_every_cell_and_every_form() -> None:
    made = material(recipe(windows=2, networks=3, images=2, cells=("map",)))
    with zipfile.ZipFile(io.BytesIO(file(made, ".zip", "fig"))) as folder:
        names = folder.namelist()
        maps = [name for name in names if name.endswith("-map.png")]
        assert len(maps) == len(set(names) & set(maps)) == 2 * 2 * 3
        assert {"fig.pdf", "fig.svg", "fig.png", "fig.tex", "fig.toml", "fig.json", "fig.npz"} <= set(names)
        pixels = np.asarray(Image.open(io.BytesIO(folder.read(maps[0]))))
        assert pixels.shape == (32, 32, 3)
        assert folder.testzip() is None


def test_the_latex_snippet_escapes_what_latex_reads_as_its_own() -> None:
    made = replace(MADE, recipe=replace(MADE.recipe, caption="50 % of $x_1$ & {y} ~ \\z", width_mm=84))
    text = file(made, ".tex", "fig").decode()
    assert r"50 \% of \$x\_1\$ \& \{y\} \textasciitilde{} \textbackslash{}z" in text
    assert r"\includegraphics[width=84mm]{fig.pdf}" in text
    assert r"\begin{figure}" in text


def test_words_that_look_like_mathematics_stay_words() -> None:
    made = replace(MADE, names=("$\\frac{1}", "a_b^c $x$"))
    pypdf = pytest.importorskip("pypdf", reason="an oracle of requirements-oracle.txt")
    text = pypdf.PdfReader(io.BytesIO(file(made, ".pdf"))).pages[0].extract_text()
    assert "$\\frac{1}" in text
    assert "a_b^c $x$" in text


@pytest.mark.parametrize("font", FONTS)
def test_every_font_that_is_offered_draws(font: str) -> None:
    assert file(replace(MADE, recipe=replace(MADE.recipe, font=font)), ".pdf").startswith(b"%PDF")


def test_fonts_and_signs_that_are_not_there_are_said() -> None:
    with pytest.raises(FigureError, match="there is no font 'Nosuch'"):
        file(replace(MADE, recipe=replace(MADE.recipe, font="Nosuch")), ".pdf")
    with pytest.raises(FigureError, match="has no sign '图'"):
        file(replace(MADE, names=("图像", "b")), ".pdf")
    with pytest.raises(FigureError, match="million pixels"):
        file(material(recipe(6, 2, dpi=1200, **TEMPLATES["lam"])), ".png")


def test_long_names_are_shortened_to_their_column() -> None:
    made = replace(MADE, names=("an exceedingly long name of a network " * 3, "b"))
    pypdf = pytest.importorskip("pypdf", reason="an oracle of requirements-oracle.txt")
    assert "an exceedingly" in pypdf.PdfReader(io.BytesIO(file(made, ".pdf"))).pages[0].extract_text()


def test_without_matplotlib_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(NoMatplotlibError, match=r"pip install 'sr-lam\[figure\]'"):
        file(MADE, ".pdf")
    assert file(MADE, ".npz")


def test_importing_the_builder_loads_no_matplotlib() -> None:
    program = "import sys, lam_core.render.figure; print('matplotlib' in sys.modules, 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
