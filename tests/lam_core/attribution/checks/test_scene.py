"""The window of many images is that of the untouched network, one image at a time."""

import numpy as np
import pytest
import torch
from torch import nn

from lam_core import AttributionSettings, Region, SuperResolver
from lam_core.attribution.checks.scene import scene_of


class Local(nn.Module):
    """Two convolutions, of which a window needs a part."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 12, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.pixel_shuffle(self.last(self.first(x).relu()), 2)


class Mixing(Local):
    """One whose images of a batch meet."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x - x.amax())


class Untraceable(Local):
    """One whose way depends on the pixels."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x) * (2 if float(x.detach().mean()) > 0.5 else 1)


@pytest.mark.parametrize("network", [Local, Mixing, Untraceable])
def test_windows_of_many_images_are_those_of_each_alone(network: type[Local]) -> None:
    torch.manual_seed(0)
    model = SuperResolver(network().double(), 2)
    region = Region(21, 10, 8)
    images = [np.random.default_rng(seed).random((24, 28, 3)) * (seed + 1) / 12 for seed in range(12)]
    pixels = np.zeros((24, 28, 3), np.uint8)
    scene = scene_of(model, pixels, region, AttributionSettings(dtype="float64", field="full"))
    windows, detected = list(scene.windows(images)), list(scene.detected(images))
    assert len(windows) == len(detected) == len(images)
    for image, window, value in zip(images, windows, detected, strict=True):
        y = model.restored(torch.from_numpy(image.transpose(2, 0, 1)[None].copy()))
        expected = y[0, :, 10:18, 21:29].permute(1, 2, 0).numpy()
        np.testing.assert_allclose(window, expected, rtol=0, atol=1e-14)
        part = y[..., slice(*scene.detector.rows), slice(*scene.detector.columns)]
        assert value == pytest.approx(float(scene.detector(part)), rel=1e-13)
