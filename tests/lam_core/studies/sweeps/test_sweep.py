"""A sweep's rows, its resumption after a kill, and what it does about faults."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from lam_core import AttributionSettings, Region, attribute
from lam_core.attribution import verification
from lam_core.attribution.request import AttributionRequest
from lam_core.images import downscale, psnr, ssim
from lam_core.images.image_sets import Opened, Picture, PictureError, pictures_in
from lam_core.service.service import Service
from lam_core.service.store import Store
from lam_core.studies.sweeps.progress import Progress
from lam_core.studies.sweeps.sweep import Plan, SweepError, sweep
from lam_core.studies.sweeps.table import COLUMNS
from lam_core.studies.sweeps.windows import grid
from tests.lam_core.studies.toys import Reference, picture, store_of

SETTINGS = AttributionSettings(nodes=2, tolerance=0)


class Enough(Exception):
    """Raised by a listener that has seen what it wanted."""


def pictures(count: int = 2, side: int = 64) -> tuple[Picture, ...]:
    return tuple(Picture(f"p{k}", partial(Opened, picture(side, side, k))) for k in range(count))


def plan(*models: Reference, **options) -> Plan:
    chosen = models or (Reference("near"), Reference("far", (0.5, 0, -9)))
    return Plan(chosen, **{"pictures": pictures(), "settings": SETTINGS} | options)


def test_a_row_says_what_attribute_and_the_figures_of_merit_say(tmp_path: Path) -> None:
    swept = sweep(plan(), store_of(tmp_path))
    assert list(swept.table.columns) == list(COLUMNS)
    assert swept.table[["image", "model"]].to_numpy().tolist() == [
        ["p0", "near"],
        ["p0", "far"],
        ["p1", "near"],
        ["p1", "far"],
    ]
    row = swept.table.iloc[3]
    hr = picture(64, 64, 1)
    lr, model = downscale(hr, 2), Reference("far", (0.5, 0, -9)).load()
    expected = attribute(model, lr, Region(24, 24, 16), SETTINGS)
    assert (row.x, row.y, row["size"], row.lr_height, row.lr_width, row.scale) == (24, 24, 16, 32, 32, 2)
    assert row.diffusion_index == expected.diffusion_index
    assert (row.map_error, row.completeness_error) == (expected.map_error, expected.completeness_error)
    assert (row.rule, row.nodes, row.tolerance, row.sigma) == ("default", 2, 0.0, 1.2)
    assert row.psnr == psnr(model.upscale(lr), hr, shave=2)
    assert row.ssim == ssim(model.upscale(lr), hr, shave=2)
    assert row.seconds > 0
    assert not row.from_store
    assert (swept.faults, swept.notes) == ((), ())
    assert swept.table.attrs["about"]["models"]["far"] == Reference("far", (0.5, 0, -9)).fingerprint


def test_the_second_time_nothing_is_computed_and_the_page_finds_the_maps(tmp_path: Path) -> None:
    log = tmp_path / "log"
    models = Reference("near", log=log), Reference("far", (0.5, 0, -9), log=log)
    first = sweep(plan(*models), store_of(tmp_path / "s"))
    calls = log.read_text()
    second = sweep(plan(*models), store_of(tmp_path / "s"))
    assert log.read_text() == calls
    assert second.table["from_store"].all()
    pd.testing.assert_frame_equal(second.table.drop(columns="from_store"), first.table.drop(columns="from_store"))
    request = AttributionRequest(models[1], downscale(picture(64, 64, 0), 2), Region(24, 24, 16), SETTINGS)
    found = store_of(tmp_path / "s").find(request)
    assert found is not None
    assert found.diffusion_index == first.table.diffusion_index[1]


def test_a_map_made_by_a_click_is_not_made_again(tmp_path: Path) -> None:
    model, service = Reference("near"), store_of(tmp_path)
    service.answer(AttributionRequest(model, downscale(picture(64, 64, 0), 2), Region(24, 24, 16), SETTINGS))
    assert sweep(plan(model), service).table["from_store"].tolist() == [True, False]


def test_grid_takes_one_window_after_the_other(tmp_path: Path) -> None:
    rows = []

    def two(progress: Progress) -> None:
        assert progress.total == 1 + 16
        if progress.row is not None:
            rows.append(Region(*(progress.row[name] for name in ("x", "y", "size"))))
        if len(rows) == 2:
            raise Enough

    with pytest.raises(Enough):
        sweep(plan(Reference("near"), windows="grid", pictures=pictures(1)), store_of(tmp_path), on_progress=two)
    assert rows == list(grid(64, 64))[:2]


def test_hard_takes_the_window_with_the_lowest_mean_psnr_over_the_models(tmp_path: Path) -> None:
    hr = np.full((64, 64, 3), 128, np.uint8)
    # Noise that no enlargement brings back at (32, 16), and a lesser one at (0, 48).
    hr[16:32, 32:48] = picture(16, 16)
    hr[48:, :16] = picture(16, 16) // 4 + 96
    swept = sweep(
        plan(windows="hard", pictures=(Picture("p", lambda: Opened(hr)),)),
        store_of(tmp_path),
    )
    assert swept.table[["x", "y"]].to_numpy().tolist() == [[32, 16], [32, 16]]


def test_a_killed_sweep_goes_on_where_it_was(tmp_path: Path) -> None:
    script = """
import sys
from pathlib import Path
from tests.lam_core.studies.sweeps.test_sweep import *
folder = Path(sys.argv[1])
model = Reference("near", log=folder / "log", seconds=0.04)
sweep(plan(model, pictures=pictures(6)), store_of(folder / "s"))
"""
    process = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], cwd=Path(__file__).resolve().parents[4])
    while len(list((tmp_path / "s").glob("??/*.npz"))) < 10 and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    model = Reference("near", log=tmp_path / "log")
    swept = sweep(plan(model, pictures=pictures(6)), store_of(tmp_path / "s"))
    assert 0 < swept.table["from_store"].sum() < 6
    # A process checks every plan of its own once; this one has not checked any.
    verification._KNOWN.clear()
    fresh = sweep(plan(Reference("near", log=tmp_path / "fresh"), pictures=pictures(6)), Service(None))
    passes, needed = (len((tmp_path / name).read_text().splitlines()) for name in ("log", "fresh"))
    # What the kill caught half-way is done again, a map at most, and nothing else.
    assert needed <= passes <= needed + needed / 6
    same = [name for name in COLUMNS if name not in ("from_store", "seconds")]
    pd.testing.assert_frame_equal(swept.table[same], fresh.table[same])


def test_a_sweep_that_is_given_up_keeps_what_it_has(tmp_path: Path) -> None:
    def give_up(progress: Progress) -> None:
        if progress.row is not None:
            raise Enough

    with pytest.raises(Enough):
        sweep(plan(), store_of(tmp_path), on_progress=give_up)
    assert sweep(plan(), store_of(tmp_path)).table["from_store"].sum() == 1


def test_what_the_listener_raises_within_a_job_is_no_fault_of_the_job(tmp_path: Path) -> None:
    def give_up(progress: Progress) -> None:
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        sweep(plan(), store_of(tmp_path), on_progress=give_up)


def test_progress_counts_every_job_and_knows_the_time_left(tmp_path: Path) -> None:
    seen: list[Progress] = []
    models = Reference("near", seconds=0.004), Reference("far", (0.5, 0, -9), seconds=0.02)
    sweep(plan(*models, pictures=pictures(4)), store_of(tmp_path), on_progress=seen.append)
    assert (seen[-1].done, seen[-1].total, seen[-1].seconds_left) == (16, 16, 0)
    assert [p.row["image"] for p in seen if p.row] == ["p0", "p0", "p1", "p1", "p2", "p2", "p3", "p3"]
    halfway = next(p for p in seen if p.done == 12)
    left = seen[-1].seconds - halfway.seconds
    assert halfway.seconds_left is not None
    assert left / 2 < halfway.seconds_left < 2 * left
    assert seen[-1].text == "16 of 16 steps"


def test_faults_are_said_and_the_rest_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    Image.fromarray(picture(64, 64)).save(folder / "a.png")
    (folder / "b.png").write_text("no picture")
    Image.fromarray(picture(64, 64)[..., 0]).save(folder / "grey.png")
    Image.fromarray(np.full((64, 64, 3), 7, np.uint8)).save(folder / "flat.png")
    Image.fromarray(picture(200, 200)).save(folder / "large.png")

    class Gone(Reference):
        def load(self, progress: object = None):
            raise OSError("no such weights")

    seen: list[Progress] = []
    swept = sweep(
        plan(Reference("near"), Gone("gone"), pictures=pictures_in(folder)), store_of(tmp_path), on_progress=seen.append
    )
    assert swept.table["image"].tolist() == ["a.png", "grey.png", "large.png"]
    said = [str(fault) for fault in swept.faults]
    assert any(s.startswith("b.png: this file is not a picture") for s in said)
    assert "a.png, gone: OSError: no such weights" in said
    assert any(s.startswith("flat.png, near: the field around this window is one flat colour") for s in said)
    assert "grey.png: The picture is grey: its three channels are equal." in swept.notes
    assert any("unequal LR size, 32×32 (a.png), 64×64 (large.png)" in note for note in swept.notes)
    assert seen[-1].done == seen[-1].total == 20


def test_a_picture_that_vanishes_midway_is_a_fault(tmp_path: Path) -> None:
    reads = []

    def once() -> Opened:
        reads.append(1)
        if len(reads) > 1:
            raise PictureError("p is not there any more")
        return Opened(picture(64, 64))

    seen: list[Progress] = []
    swept = sweep(plan(pictures=(Picture("p", once), *pictures(1))), store_of(tmp_path), on_progress=seen.append)
    assert [str(fault) for fault in swept.faults] == ["p is not there any more"]
    assert swept.table["image"].tolist() == ["p0", "p0"]
    assert seen[-1].done == seen[-1].total


def test_a_picture_too_small_for_the_windows_is_a_fault(tmp_path: Path) -> None:
    swept = sweep(plan(windows="grid", pictures=pictures(1, 40)), store_of(tmp_path))
    assert str(swept.faults[0]).startswith("p0: a grid of 4×4 windows of 16 SR pixels does not fit a picture of 40×40")
    assert swept.table.empty
    tiny = sweep(plan(size=4, pictures=pictures(1, 14)), store_of(tmp_path))
    assert "too small for SSIM at ×2; use one of at least 15 pixels a side" in str(tiny.faults[0])


def test_maps_that_do_not_fit_the_store_leave_their_figures(tmp_path: Path) -> None:
    service = Service(Store(tmp_path, limit=1_000_000))
    swept = sweep(plan(), service)
    assert "4 maps do not fit into the store" in swept.notes[0]
    request = AttributionRequest(Reference("near"), downscale(picture(64, 64, 0), 2), Region(24, 24, 16), SETTINGS)
    assert Service(service.store).find(request) is None
    assert sweep(plan(), service).table["from_store"].all()


def test_a_disk_that_is_full_costs_only_the_resumption(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    swept = sweep(plan(), store_of(tmp_path / "file" / "s"))
    assert len(swept.table) == 4
    assert len(swept.notes) == 1
    assert "could not be kept" in swept.notes[0]


def test_a_folder_of_thousands_is_read_one_by_one(tmp_path: Path) -> None:
    held = 0

    def refuse(k: int) -> Opened:
        nonlocal held
        held += 1
        raise PictureError(f"{k} is damaged")

    many = tuple(Picture(f"q{k}", partial(refuse, k)) for k in range(5000))
    began = time.monotonic()
    swept = sweep(plan(pictures=(*many, *pictures(1))), store_of(tmp_path))
    assert (held, len(swept.faults), len(swept.table)) == (5000, 5000, 2)
    assert time.monotonic() - began < 20


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"models": ()}, "0 models on 2 pictures"),
        ({"pictures": ()}, "give at least one of each"),
        ({"windows": "hardest"}, "choose centre, grid or hard"),
        ({"models": (Reference("a"), Reference("a", (1.0, 0, 1)))}, "two models are called 'a'"),
        ({"pictures": pictures(1) * 2}, "two pictures are called 'p0'"),
    ],
)
def test_a_sweep_that_makes_no_sense_is_refused(options, says) -> None:
    with pytest.raises(SweepError, match=says):
        Plan(**{"models": (Reference("a"),), "pictures": pictures()} | options)


def test_one_scale_at_a_time() -> None:
    other = Reference("b")
    other.scale = 4
    with pytest.raises(SweepError, match="×2, ×4"):
        Plan((Reference("a"), other), pictures())
