"""Where cells stand, what they show, and which boxes and numbers go with them."""

import numpy as np
import pytest

from lam_core.attribution.settings import AttributionSettings
from lam_core.images import bicubic, psnr, ssim
from lam_core.render.figure import TEMPLATES, FigureError, Inset, Slot, Spot, layout
from lam_core.render.figure.canvas import Frame, Picture
from lam_core.render.figure.cells import network_cell, reference_cell
from tests.lam_core.render.figure.made import SCALE, material, recipe


def named(made, words: str) -> Picture:
    (found,) = [picture for picture in made.pictures if picture.name.endswith(words)]
    return found


def test_a_table_has_a_column_a_network_and_a_row_a_kind() -> None:
    made = layout(material(recipe(windows=2, networks=3, **TEMPLATES["lam"])))
    assert made.width == 174
    cells = [picture for picture in made.pictures if "Net" in picture.name]
    assert len(cells) == 2 * 3 * 3
    first = [named(made, f"x24 y40 16 Net {n} sr") for n in range(3)]
    assert len({picture.y for picture in first}) == 1
    steps = np.diff([picture.x for picture in first])
    np.testing.assert_allclose(steps, first[0].width + 1.0)
    column = [named(made, f"x24 y40 16 Net 1 {kind}") for kind in ("sr", "map", "density")]
    assert len({picture.x for picture in column}) == 1
    assert column[0].y < column[1].y < column[2].y
    assert named(made, "x32 y52 16 Net 0 sr").y > column[2].y + column[2].height
    assert first[2].x + first[2].width == pytest.approx(174)
    assert max(p.y + p.height for p in made.pictures) <= made.height


def test_networks_go_down_where_kinds_go_across() -> None:
    made = layout(material(recipe(networks=2, cells=("map", "sr"), across="cells")))
    a, b = named(made, "Net 0 map"), named(made, "Net 0 sr")
    assert (a.y, a.x < b.x) == (b.y, True)
    assert named(made, "Net 1 map").x == a.x
    texts = [words.text for words in made.words]
    assert texts.count("LAM") == texts.count("SR") == texts.count("Net 1") == 1


def test_order_and_names_are_the_recipes() -> None:
    made = recipe(networks=3, cells=("map",))
    made = type(made)(**{**vars(made), "networks": made.networks[::-1]})
    shown = [words.text for words in layout(material(made)).words if words.text.startswith("Net")]
    assert shown == ["Net 2", "Net 1", "Net 0"]


def test_images_keep_their_pixels_and_crops_lie_on_lr_pixels() -> None:
    made = material(recipe(references=("hr", "lr", "bicubic"), cells=("sr", "map")))
    spot = Spot(0, 0)
    lr, hr = made.part(spot)
    local = made.local(spot)
    result = made.results[Slot(0, 0, 0)]
    crop = {kind: reference_cell(made, spot, kind).pixels for kind in ("hr", "lr", "bicubic")}
    assert crop["hr"].shape == (64, 64, 3)
    assert crop["lr"].shape == (16, 16, 3)
    y, x = next(
        (y, x) for y in range(0, 65, 4) for x in range(0, 65, 4) if (hr[y : y + 64, x : x + 64] == crop["hr"]).all()
    )
    assert x <= local.x <= x + 48
    assert y <= local.y <= y + 48
    np.testing.assert_array_equal(crop["lr"], lr[y // 4 : y // 4 + 16, x // 4 : x // 4 + 16])
    np.testing.assert_array_equal(crop["bicubic"], bicubic(lr, 4)[y : y + 64, x : x + 64])
    np.testing.assert_array_equal(network_cell(made, Slot(0, 0, 0), "sr", ()).pixels, result.sr[y : y + 64, x : x + 64])
    cell = network_cell(made, Slot(0, 0, 0), "map", ())
    assert cell.pixels.shape == (32, 32, 3)
    top = np.unravel_index(result.map.argmax(), result.map.shape)
    assert cell.pixels[top].tolist() == [128, 0, 0]


@pytest.mark.parametrize("x", range(24, 40))
@pytest.mark.parametrize("crop", ["close", "window", "field", 24])
def test_a_window_lies_in_its_crop_wherever_it_is(x: int, crop) -> None:
    from lam_core.render.figure import ImageSource, Window

    images = (ImageSource(file="a.png", windows=(Window(x, 47, 16),)),)
    made = material(type(recipe())(**{**vars(recipe(crop=crop, insets=(Inset(),))), "images": images}))
    cell = network_cell(made, Slot(0, 0, 0), "sr", ())
    _, hr = made.part(Spot(0, 0))
    for box in cell.boxes:
        assert min(box.x, box.y) >= 0
        assert max(box.x + box.width, box.y + box.height) <= 1
    hr_cell = reference_cell(made, Spot(0, 0), "hr")
    local = made.local(Spot(0, 0))
    (inset,) = hr_cell.insets
    window = hr[local.y : local.y + 16, local.x : local.x + 16]
    np.testing.assert_array_equal(inset.pixels, window)
    (box,) = hr_cell.boxes
    height, width = hr_cell.pixels.shape[:2]
    top, left = round(box.y * height), round(box.x * width)
    np.testing.assert_array_equal(hr_cell.pixels[top : top + 16, left : left + 16], window)


def test_insets_stand_in_their_corners_in_their_colours() -> None:
    insets = (Inset(0, 0, 8, "top-left", "#00ff00"), Inset(8, 8, 8, "bottom-right", "#0000ff", 0.5))
    made = layout(material(recipe(networks=1, cells=("sr",), insets=insets)))
    cell = named(made, "Net 0 sr")
    first, second = [p for p in made.pictures if p.name.endswith("Net 0 sr inset")]
    assert first.x == pytest.approx(cell.x, abs=0.5)
    assert first.y == pytest.approx(cell.y, abs=0.5)
    assert second.x + second.width == pytest.approx(cell.x + cell.width, abs=0.5)
    assert second.width == pytest.approx(cell.width / 2)
    colours = [mark.colour for mark in made.marks if isinstance(mark, Frame)]
    assert colours.count("#00ff00") == colours.count("#0000ff") == 2, "one around the part, one around the inset"


def test_every_window_of_the_overview_has_its_colour() -> None:
    made = material(recipe(windows=3, references=("overview",), overview="image"))
    cell = reference_cell(made, Spot(0, 1), "overview")
    assert cell.pixels.shape == (160, 192, 3)
    assert len({box.colour for box in cell.boxes}) == 3
    assert [round(box.x * 192) for box in cell.boxes] == [24, 32, 40]


def test_numbers_are_those_of_the_field() -> None:
    made = material(recipe(cells=("sr", "map"), references=("bicubic",), under=("psnr", "ssim", "di")))
    _, hr = made.part(Spot(0, 0))
    sr = made.results[Slot(0, 0, 1)].sr
    texts = [words.text for words in layout(made).words]
    assert f"{psnr(sr, hr, shave=SCALE):.2f} / {ssim(sr, hr, shave=SCALE):.4f}" in texts
    assert "DI 6.0 ± 0.1" in texts
    smooth = made.bicubic(Spot(0, 0))
    assert f"Bicubic · {psnr(smooth, hr, shave=SCALE):.2f} / {ssim(smooth, hr, shave=SCALE):.4f}" in texts


def test_a_shared_scale_is_of_shares_and_its_bar_says_so() -> None:
    made = material(recipe(cells=("map", "difference"), range="shared", scale="log"))
    full = max(r.map.max() / r.map.sum() for r in made.results.values())
    assert made.full("map") == pytest.approx(full)
    assert made.values(Slot(0, 0, 1), "map").sum() == pytest.approx(1)
    assert not made.values(Slot(0, 0, 0), "difference").any(), "the baseline differs in nothing from itself"
    texts = [words.text for words in layout(made).words]
    assert any(text.startswith(f"{100 * full:.2g} % of a network's attribution") for text in texts)
    assert any("less Net 0's, logarithmic" in text for text in texts)


def test_maps_can_show_the_part_that_holds_nearly_all() -> None:
    made = material(recipe(cells=("map",), maps="area"))
    rows, columns = made.area(Spot(0, 0))
    for result in made.at(Spot(0, 0)):
        assert result.map[rows, columns].sum() >= 0.9 * result.map.sum()
    assert network_cell(made, Slot(0, 0, 0), "map", ()).pixels.shape[0] == rows.stop - rows.start


def test_a_comparison_wraps_crops_beside_the_overview() -> None:
    made = layout(material(recipe(networks=6, **TEMPLATES["comparison"])))
    overview = named(made, "overview")
    crops = [p for p in made.pictures if p.name.endswith((" sr", " hr", " bicubic"))]
    assert len(crops) == 8
    assert len({p.y for p in crops}) == 2
    assert len({p.x for p in crops}) == 4
    assert overview.x + overview.width < min(p.x for p in crops)
    assert max(p.x + p.width for p in crops) == pytest.approx(174)
    assert "Image 0 · PSNR / SSIM" in [words.text for words in made.words]


def test_informative_areas_need_every_network() -> None:
    made = recipe(networks=3, references=("informative",), cells=("map",))
    assert reference_cell(material(made), Spot(0, 0), "informative").pixels.shape == (32, 32, 3)
    without = material(made, missing=(Slot(0, 0, 2),))
    assert reference_cell(without, Spot(0, 0), "informative").pixels is None


def test_what_is_missing_leaves_a_place_of_the_same_size() -> None:
    made = recipe(networks=2)
    whole, part = layout(material(made)), layout(material(made, missing=(Slot(0, 0, 1),)))
    places = [[(p.x, p.y, p.width, p.height) for p in one.pictures if "Net" in p.name] for one in (whole, part)]
    np.testing.assert_allclose(*places)
    assert sum(p.pixels is None for p in part.pictures) == 3


def test_an_lr_image_has_no_quality_and_no_hr() -> None:
    made = recipe(references=("overview", "hr"), under=("psnr", "ssim"))
    low = type(made.images[0])(file="a.png", low_resolution=True, windows=made.images[0].windows)
    shown = material(type(made)(**{**vars(made), "images": (low,)}))
    texts = [words.text for words in layout(shown).words]
    assert not any("PSNR" in text or " / " in text for text in texts)
    assert "LR" in texts


def test_cells_that_would_be_too_small_are_refused() -> None:
    with pytest.raises(FigureError, match="choose a wider figure"):
        layout(material(recipe(networks=12, width_mm=30)))


def test_a_field_of_other_shape_fits() -> None:
    made = material(recipe(settings=AttributionSettings(field="full"), references=("overview",), cells=("sr", "map")))
    picture = named(layout(made), "Net 0 map")
    assert picture.pixels.shape == (40, 48, 3)
    assert picture.height / picture.width == pytest.approx(40 / 48)
