"""DI against what lies around the window: a sweep's table beside content features of its pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from lam_core.errors import LamError
from lam_core.images import Pixels, mod_crop
from lam_core.images.image_sets import Picture
from lam_core.region import Region
from lam_core.studies.content import content
from lam_core.studies.statistics import Correlation, correlation
from lam_core.studies.sweeps.table import check_comparable

Feature = Literal["gradient_energy", "periodicity", "orientation_entropy"]
FEATURES: tuple[Feature, ...] = ("gradient_energy", "periodicity", "orientation_entropy")
PLACE = ["image", "x", "y", "size"]
COLUMNS = [*PLACE, *FEATURES, "period", "mean", "largest"]


@dataclass(frozen=True, eq=False)
class ContentStudy:
    """Windows with their content features and their DI over models."""

    windows: pd.DataFrame
    """`COLUMNS`: place, features, mean and largest DI over the models; one row a window."""
    correlations: dict[Feature, Correlation]
    """Spearman's ρ of each feature with the mean DI, each image's windows averaged first; empty below three images."""
    left_out: tuple[str, ...]
    """Images whose picture was not given or could not be read."""

    def to_dict(self) -> dict[str, Any]:
        """The correlations as plain values."""
        return {feature: asdict(found) for feature, found in self.correlations.items()}


def content_study(table: pd.DataFrame, features: pd.DataFrame) -> ContentStudy:
    """Puts a sweep's DI beside the features that `features_of` measured of its windows.

    Raises `UnequalSettingsError` if DI of the table may not be compared.
    """
    check_comparable(table)
    measured = {tuple(row[:4]): row[4:] for row in features[COLUMNS[:-2]].to_numpy().tolist()}
    indices: dict[str, dict[tuple[int, int, int], list[float]]] = {}
    for image, x, y, size, index in table[[*PLACE, "diffusion_index"]].to_numpy().tolist():
        indices.setdefault(image, {}).setdefault((x, y, size), []).append(index)
    rows, means, left_out = [], [], []
    for image, windows in indices.items():
        found = [
            [*measured[image, *at], float(np.mean(v)), max(v)] for at, v in windows.items() if (image, *at) in measured
        ]
        if len(found) < len(windows):
            left_out.append(image)
            continue
        rows += [[image, *at, *values] for at, values in zip(windows, found, strict=True)]
        # Windows of one image are not independent: an image counts once.
        means.append(np.mean(found, 0))
    correlations: dict[Feature, Correlation] = {}
    if len(means) >= 3:
        for k, feature in enumerate(FEATURES):
            correlations[feature] = correlation([row[k] for row in means], [row[-2] for row in means])
    frame = pd.DataFrame(rows, columns=COLUMNS).astype({"period": "float64"})
    return ContentStudy(frame, correlations, tuple(left_out))


def features_of(table: pd.DataFrame, pictures: Sequence[Picture]) -> pd.DataFrame:
    """Content features around every window of a sweep's table, in the HR pictures it was made of.

    Columns: image, x, y, size, the features and the period. Pictures that are not given or not readable are left out.
    """
    known = {picture.name: picture for picture in pictures}
    places = dict.fromkeys(map(tuple, table[[*PLACE, "scale"]].to_numpy().tolist()))
    hr: dict[str, Pixels | None] = {}
    rows = []
    for image, x, y, size, scale in places:
        if image not in hr:
            hr[image] = _opened(known.get(image), scale)
        pixels = hr[image]
        if pixels is not None:
            found = content(pixels, Region(x, y, size))
            rows.append([image, x, y, size, *(getattr(found, feature) for feature in FEATURES), found.period])
    return pd.DataFrame(rows, columns=COLUMNS[:-2]).astype({"period": "float64"})


def _opened(picture: Picture | None, scale: int) -> Pixels | None:
    try:
        return picture and mod_crop(picture.open().pixels, scale)
    except LamError:
        return None
