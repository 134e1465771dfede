"""DI over a grid is that of its windows."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from lam_core import AttributionSettings, Region, SuperResolver, attribute
from lam_core.attribution.heatmap import GridError, heatmap


def model() -> SuperResolver:
    torch.manual_seed(0)
    return SuperResolver(nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 12, 3, padding=1),
                                       nn.PixelShuffle(2)), 2)  # fmt: skip


def test_every_tile_is_the_map_of_its_window() -> None:
    lr = np.random.default_rng(0).integers(0, 256, (16, 20, 3), dtype=np.uint8)
    # On a straight path the nodes of windows that share them are those of windows alone.
    settings = AttributionSettings(nodes=5, path="linear-black")
    seen: list[tuple[int, int]] = []
    tiles = heatmap(
        model(), lr, size=8, stride=12, settings=settings, on_progress=lambda done, total: seen.append((done, total))
    )
    assert (tiles.x.tolist(), tiles.y.tolist()) == ([0, 12, 24], [0, 12, 24])
    for i, y in enumerate(tiles.y):
        for j, x in enumerate(tiles.x):
            single = attribute(model(), lr, Region(int(x), int(y), 8), settings)
            assert tiles.diffusion_index[i, j] == pytest.approx(single.diffusion_index, rel=1e-6)
    assert seen[-1] == (9, 9)


def test_flat_places_have_no_index() -> None:
    lr = np.full((24, 64, 3), 99, np.uint8)
    lr[:, 40:] = np.random.default_rng(0).integers(0, 256, (24, 24, 3))
    tiles = heatmap(model(), lr, size=16, stride=16, settings=AttributionSettings(nodes=9))
    assert np.isnan(tiles.diffusion_index[:, :3]).all()
    assert np.isfinite(tiles.diffusion_index[:, 6:]).all()


@pytest.mark.parametrize(("size", "stride"), [(64, 8), (8, 0)])
def test_a_grid_that_does_not_fit_is_refused(size: int, stride: int) -> None:
    with pytest.raises(GridError):
        heatmap(model(), np.zeros((16, 16, 3), np.uint8), size=size, stride=stride)
