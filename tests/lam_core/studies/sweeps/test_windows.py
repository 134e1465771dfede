"""Windows of a picture: the middle, a grid, and the place that is hardest for all."""

from __future__ import annotations

import numpy as np
import pytest

from lam_core.images import ImageShapeError
from lam_core.region import Region
from lam_core.studies.sweeps.windows import WindowError, centre, grid, hard, hardest, window_psnrs


def test_a_grid_lies_in_the_middle_of_its_cells_and_inside() -> None:
    windows = grid(256, 320)
    assert len(windows) == 16
    assert {(w.x, w.y) for w in windows} == {(x, y) for x in (32, 112, 192, 272) for y in (24, 88, 152, 216)}
    assert centre(256, 256) == Region(120, 120, 16)


def test_windows_that_do_not_fit_are_refused() -> None:
    with pytest.raises(WindowError, match="4×4 windows of 16 SR pixels does not fit a picture of 200×63"):
        grid(63, 200)


def test_each_window_has_its_own_psnr() -> None:
    hr = np.full((64, 64, 3), 100, np.uint8)
    sr = hr.copy()
    windows = grid(64, 64, 16, 2)
    sr[8:24, 40:56] += 10
    psnrs = window_psnrs(sr, hr, windows)
    # A grey step of 10 is one of 10 · 219/255 in studio luma.
    assert psnrs[1] == pytest.approx(10 * np.log10(255**2 / (10 * 219 / 255) ** 2), abs=2e-4)
    assert np.isinf(psnrs[[0, 2, 3]]).all()
    with pytest.raises(ImageShapeError):
        window_psnrs(sr[1:], hr, windows)


def test_hard_is_the_lowest_mean_over_models_not_the_lowest_of_one() -> None:
    windows = grid(64, 64, 16, 2)
    assert hard(windows, [[20, 30, 24, 26], [40, 30, 25, 26]]) == windows[2]
    assert hard(windows, [[20, 20, 20, 20]]) == windows[0]
    with pytest.raises(WindowError, match="4 windows need one PSNR each"):
        hard(windows, [[20, 30]])


def test_the_hardest_of_all_windows_is_the_one_that_psnr_finds() -> None:
    rng = np.random.default_rng(0)
    sr, hr = (rng.integers(0, 256, (70, 90, 3), dtype=np.uint8) for _ in range(2))
    windows = [Region(x, y, 16) for y in range(0, 64, 16) for x in range(0, 80, 16)]
    assert hardest(sr, hr) == windows[int(window_psnrs(sr, hr, windows).argmin())]
    assert hardest(hr, hr) == Region(0, 0, 16)
    with pytest.raises(WindowError, match="a window of 71 SR pixels does not fit a picture of 90×70"):
        hardest(sr, hr, 71)
    with pytest.raises(ImageShapeError):
        hardest(sr[1:], hr)
