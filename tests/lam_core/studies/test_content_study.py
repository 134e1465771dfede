"""Windows of a table beside the content that lies around them."""

from __future__ import annotations

import numpy as np
import pytest

from lam_core.images.image_sets import Opened, Picture, PictureError
from lam_core.region import Region
from lam_core.studies.content import content
from lam_core.studies.content_study import COLUMNS, content_study, features_of
from tests.lam_core.studies.toys import picture, table


def textured(amplitude: int) -> np.ndarray:
    return (128 + (picture(64, 64).astype(int) - 128) * amplitude // 128).astype(np.uint8)


def test_features_are_those_of_the_windows_surroundings_and_correlate_by_image() -> None:
    heights = {"calm": 10, "middle": 40, "rough": 100}
    rows = {(m, i): v * f for m, f in (("a", 1.0), ("b", 3.0)) for i, v in zip(heights, (1, 2, 9), strict=True)}
    pictures = [Picture(name, lambda a=a: Opened(textured(a))) for name, a in heights.items()]
    found = content_study(table(rows), features_of(table(rows), pictures))
    assert list(found.windows.columns) == COLUMNS
    assert found.windows[["image", "mean", "largest"]].to_numpy().tolist() == [
        ["calm", 2.0, 3.0],
        ["middle", 4.0, 6.0],
        ["rough", 18.0, 27.0],
    ]
    expected = content(textured(40), Region(8, 8, 16))
    assert found.windows["gradient_energy"].tolist()[1] == expected.gradient_energy
    assert found.correlations["gradient_energy"].rho == pytest.approx(1)
    assert found.correlations["gradient_energy"].n == 3
    assert found.left_out == ()


def test_pictures_that_are_not_there_are_named_and_the_rest_goes_on() -> None:
    def broken() -> Opened:
        raise PictureError("j is damaged")

    rows = {("a", name): 1.0 for name in "ijk"}
    pictures = [Picture("i", lambda: Opened(textured(40))), Picture("j", broken)]
    found = content_study(table(rows), features_of(table(rows), pictures))
    assert found.windows["image"].tolist() == ["i"]
    assert found.left_out == ("j", "k")
    assert found.to_dict() == {}
