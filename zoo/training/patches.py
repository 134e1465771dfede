"""Training patches: random aligned LR/HR crops of a folder of pictures, flipped and turned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from lam_core.errors import LamError
from lam_core.images import Pixels, downscale, mod_crop
from lam_core.images.degradations import CLEAN, Degradation

SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp"}

MARGIN = 8
"""LR pixels around a patch that are degraded with it, so that a blur sees what lies beyond its border."""


class TrainingDataError(LamError):
    """A folder that cannot be trained on."""


def read_pictures(folder: Path) -> list[Pixels]:
    """Every picture of a folder as RGB, in the order of the file names."""
    files = sorted(p for p in folder.glob("*") if p.suffix.lower() in SUFFIXES)
    return [np.asarray(Image.open(path).convert("RGB")) for path in files]


def digest(pictures: Sequence[Pixels]) -> str:
    """sha256 over all pixels."""
    hash_ = sha256()
    for picture in pictures:
        hash_.update(np.ascontiguousarray(picture).tobytes())
    return hash_.hexdigest()


@dataclass(frozen=True)
class TrainingSet:
    """HR pictures beside their LR counterparts, decoded once."""

    hr: tuple[Pixels, ...]
    lr: tuple[Pixels, ...]
    scale: int
    digest: str
    """sha256 over all HR pixels, for the card."""
    drawn: tuple[Degradation, ...] = ()
    """Of which every patch of a batch gets one at random; none: patches are as `lr` is."""

    @classmethod
    def read(
        cls,
        folder: Path,
        *,
        scale: int,
        patch: int,
        reduced: int = 1,
        degradation: str = "clean",
        drawn: Sequence[str] = (),
    ) -> TrainingSet:
        """Reads every picture that holds a patch; `reduced` times smaller, its LR counterpart with the degradation.

        Picture i is degraded with the seed i. Raises `TrainingDataError` if no picture is large enough.
        """
        side = patch * scale * reduced
        hr = [downscale(p, reduced) if reduced > 1 else p for p in read_pictures(folder) if min(p.shape[:2]) >= side]
        spoil = Degradation.parse(degradation).apply
        if not hr:
            raise TrainingDataError(
                f"{folder} holds no picture of at least {side}×{side} pixels; "
                "name a folder of PNG, JPEG or BMP files with --data"
            )
        return cls(
            tuple(mod_crop(p, scale) for p in hr),
            tuple(spoil(downscale(p, scale) if scale > 1 else p, i) for i, p in enumerate(hr)),
            scale,
            digest(hr),
            tuple(Degradation.parse(text) for text in drawn),
        )

    def degraded_in_turn(self) -> TrainingSet:
        """The set with the drawn degradations applied for good, one after the other from picture to picture."""
        if not self.drawn:
            return self
        lr = tuple(self.drawn[i % len(self.drawn)].apply(picture, i) for i, picture in enumerate(self.lr))
        return replace(self, lr=lr, drawn=())

    def batch(self, random: np.random.Generator, *, size: int, patch: int) -> tuple[Tensor, Tensor]:
        """`size` random pairs: LR [size, 3, patch, patch] and HR [size, 3, s·patch, s·patch], in [0, 1]."""
        areas = np.array([p.shape[0] * p.shape[1] for p in self.lr], float)
        chosen = random.choice(len(self.lr), size, p=areas / areas.sum())
        low, high = [], []
        for index in chosen:
            lr, hr = self.lr[index], self.hr[index]
            y, x = (int(random.integers(0, side - patch + 1)) for side in lr.shape[:2])
            turns, flip = int(random.integers(4)), bool(random.integers(2))
            f = self.scale
            parts = (self._low(lr, y, x, patch, random), hr[y * f : (y + patch) * f, x * f : (x + patch) * f])
            for part, target in zip(parts, (low, high), strict=True):
                part = np.rot90(part[:, ::-1] if flip else part, turns)
                target.append(np.ascontiguousarray(part.transpose(2, 0, 1)))
        return tuple(torch.from_numpy(np.stack(t)).float() / 255 for t in (low, high))  # type: ignore[return-value]

    def _low(self, lr: Pixels, y: int, x: int, patch: int, random: np.random.Generator) -> Pixels:
        """The LR patch whose top left corner is at (y, x)."""
        degradation = self.drawn[int(random.integers(len(self.drawn)))] if self.drawn else CLEAN
        top, left = max(y - MARGIN, 0), max(x - MARGIN, 0)
        around = lr[top : y + patch + MARGIN, left : x + patch + MARGIN]
        seed = int(random.integers(2**32)) if degradation.steps else 0
        return degradation.apply(around, seed)[y - top : y - top + patch, x - left : x - left + patch]
