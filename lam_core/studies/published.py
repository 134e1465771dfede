"""The published Diffusion Index table (Gu and Dong, CVPR 2021): x4, 150 hard images. Never mixed with measured rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

SOURCE = (
    "Jinjin Gu and Chao Dong, Interpreting Super-Resolution Networks with Local Attribution Maps, "
    "CVPR 2021, arXiv:2011.11036"
)
SCALE = 4
IMAGES = 150

Kind = Literal["fully convolutional", "residual", "global pooling", "non-local attention"]


@dataclass(frozen=True)
class PublishedRow:
    """One network as published."""

    model: str
    receptive_field: int | None
    """Side in LR pixels; None if it is the whole image."""
    psnr: float
    """Mean PSNR on the 150 images in dB."""
    diffusion_index: float
    """Mean DI on the 150 images."""
    kind: Kind


PUBLISHED: tuple[PublishedRow, ...] = (
    PublishedRow("FSRCNN", 17, 20.30, 0.797, "fully convolutional"),
    PublishedRow("CARN", 45, 21.27, 1.807, "residual"),
    PublishedRow("EDSR", 75, 20.96, 2.977, "residual"),
    PublishedRow("MSRN", 107, 21.39, 3.194, "residual"),
    PublishedRow("RRDBNet", 703, 20.96, 13.417, "residual"),
    PublishedRow("IMDN", None, 21.23, 14.643, "global pooling"),
    PublishedRow("RFDN", None, 21.40, 13.208, "global pooling"),
    PublishedRow("RCAN", None, 22.20, 16.596, "global pooling"),
    PublishedRow("RNAN", None, 21.91, 13.243, "non-local attention"),
    PublishedRow("SAN", None, 22.55, 18.642, "non-local attention"),
)


@dataclass(frozen=True)
class Agreement:
    """How far measured mean DI stand in the published order."""

    models: tuple[str, ...]
    """Networks in both, the lowest published DI first."""
    pairs: int
    reversed: tuple[tuple[str, str], ...]
    """Pairs that stand the other way round: the first has the lower published and the higher measured DI."""


def agreement(measured: Mapping[str, float]) -> Agreement:
    """Compares the order of measured mean DI, by published name, with that of the published table.

    >>> agreement({"IMDN": 20.0, "RFDN": 17.7, "FSRCNN": 0.7, "mine": 3.0}).models
    ('FSRCNN', 'RFDN', 'IMDN')
    """
    rows = sorted((row for row in PUBLISHED if row.model in measured), key=lambda row: row.diffusion_index)
    names = tuple(row.model for row in rows)
    pairs = list(combinations(names, 2))
    return Agreement(names, len(pairs), tuple((a, b) for a, b in pairs if measured[a] >= measured[b]))
