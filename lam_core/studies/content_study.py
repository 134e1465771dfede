"""DI against what lies around the window: a sweep's table beside content features of its pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from lam_core.errors import LamError
from lam_core.images import mod_crop
from lam_core.region import Region
from lam_core.studies.content import content
from lam_core.studies.pictures import Picture
from lam_core.studies.statistics import Correlation, correlation
from lam_core.studies.table import check_comparable

Feature = Literal["gradient_energy", "periodicity", "orientation_entropy"]
FEATURES: tuple[Feature, ...] = ("gradient_energy", "periodicity", "orientation_entropy")
COLUMNS = ["image", "x", "y", "size", *FEATURES, "period", "mean", "largest"]


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


def content_study(table: pd.DataFrame, pictures: Sequence[Picture]) -> ContentStudy:
    """Measures the content around every window of a sweep's table, in the HR pictures it was made of.

    Raises `UnequalSettingsError` if DI of the table may not be compared.
    """
    check_comparable(table)
    known = {picture.name: picture for picture in pictures}
    scale = int(table["scale"].iloc[0])
    indices: dict[str, dict[Region, list[float]]] = {}
    for image, x, y, size, index in table[["image", "x", "y", "size", "diffusion_index"]].to_numpy().tolist():
        indices.setdefault(image, {}).setdefault(Region(x, y, size), []).append(index)
    rows, means, left_out = [], [], []
    for image, windows in indices.items():
        try:
            hr = mod_crop(known[image].open().pixels, scale)
        except (KeyError, LamError):
            left_out.append(image)
            continue
        found = [content(hr, window) for window in windows]
        for window, features, values in zip(windows, found, windows.values(), strict=True):
            measured = [getattr(features, feature) for feature in FEATURES]
            mean, largest = float(np.mean(values)), max(values)
            rows.append([image, window.x, window.y, window.size, *measured, features.period, mean, largest])
        by_feature = {feature: float(np.mean([getattr(f, feature) for f in found])) for feature in FEATURES}
        means.append((by_feature, float(np.mean([np.mean(values) for values in windows.values()]))))
    correlations: dict[Feature, Correlation] = {}
    if len(means) >= 3:
        for feature in FEATURES:
            correlations[feature] = correlation([of[feature] for of, _ in means], [index for _, index in means])
    frame = pd.DataFrame(rows, columns=COLUMNS).astype({"period": "float64"})
    return ContentStudy(frame, correlations, tuple(left_out))
