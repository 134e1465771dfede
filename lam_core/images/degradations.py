"""Degradations of 8-bit RGB pictures: named, of a given strength, seeded, and nothing at all at strength 0.

A degradation is written `blur:2`, with its usual strength `blur`, as a mixture applied from left to right
`blur:2+noise:10`; `clean` is none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from io import BytesIO
from math import ceil, isfinite

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lam_core.errors import LamError
from lam_core.images import ImageShapeError, Pixels, digest, luma

Seed = int | Sequence[int]
"""A seed, or several that make one: give each picture its own, or all of them share one noise pattern."""


class UnknownDegradationError(LamError, ValueError):
    """A name that no degradation has."""


class StrengthError(LamError, ValueError):
    """A strength that a degradation cannot have."""


@dataclass(frozen=True)
class DegradationKind:
    """One way to spoil a picture."""

    name: str
    title: str
    unit: str
    """What the strength counts; a format string for one value."""
    default: float
    limit: float
    """The largest strength that has a meaning."""
    spoil: Callable[[NDArray[np.float64], float, np.random.Generator], NDArray[np.float64]]
    """Picture [h, w, 3] in [0, 255], strength above 0, randomness; to a picture that is rounded and clamped later."""


@dataclass(frozen=True)
class Step:
    """A kind of degradation with its strength. Raises `UnknownDegradationError` or `StrengthError`."""

    kind: str
    strength: float

    def __post_init__(self) -> None:
        limit = degradation_kind(self.kind).limit
        if not isfinite(self.strength) or not 0 <= self.strength <= limit:
            raise StrengthError(f"{self.kind} has strength {self.strength}; choose a value from 0 to {limit:g}")


@dataclass(frozen=True)
class Degradation:
    """Steps applied one after the other; none of them is the clean picture.

    >>> str(Degradation.parse("blur + noise:5"))
    'blur:2+noise:5'
    """

    steps: tuple[Step, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Degradation:
        """Reads `clean`, `blur`, `blur:2.0` or `blur:2+noise`; a strength left out is the usual one.

        Raises `UnknownDegradationError` for a name that does not exist, `StrengthError` for a strength out of range.
        """
        if text.strip() == "clean":
            return cls()
        steps = []
        for part in text.split("+"):
            name, colon, strength = (piece.strip() for piece in part.partition(":"))
            kind = degradation_kind(name)
            try:
                steps.append(Step(name, float(strength) if colon else kind.default))
            except ValueError as error:
                if isinstance(error, StrengthError):
                    raise
                raise StrengthError(
                    f"{name} has strength {strength!r}; write a number such as {name}:{kind.default:g}"
                ) from None
        return cls(tuple(steps))

    def __str__(self) -> str:
        return "+".join(f"{step.kind}:{step.strength:g}" for step in self.steps) or "clean"

    @property
    def title(self) -> str:
        """For people: `Gaussian blur (σ 2 px)`."""
        kinds = [(degradation_kind(step.kind), step.strength) for step in self.steps]
        return " + ".join(f"{kind.title} ({kind.unit.format(strength)})" for kind, strength in kinds) or "Clean"

    def scaled(self, factor: float) -> Degradation:
        """The same degradation with all strengths multiplied, at most up to their limits."""
        return Degradation(
            tuple(Step(s.kind, min(s.strength * factor, degradation_kind(s.kind).limit)) for s in self.steps)
        )

    def applied_to(self, image: Pixels) -> Pixels:
        """The degraded picture, its noise drawn by a seed that is made of the picture's own digest.

        Equal pictures get equal noise wherever they are degraded, and two different ones do not share a pattern.
        Raises what `apply` raises.
        """
        return self.apply(image, int(digest(image)[:8], 16)) if self.steps else image

    def apply(self, image: Pixels, seed: Seed = 0) -> Pixels:
        """The degraded picture, uint8 [h, w, 3]; `image` itself is left alone.

        Equal seeds give equal pictures; between strengths of one seed the noise pattern stays and grows.
        Raises `ImageShapeError` unless `image` is uint8 [h, w, 3].
        """
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
            raise ImageShapeError(f"expected an 8-bit RGB picture, got {image.dtype} of shape {image.shape}")
        result = image.copy()
        for index, step in enumerate(self.steps):
            if step.strength == 0:
                continue
            rng = np.random.default_rng([*np.atleast_1d(seed).tolist(), index])
            spoilt = degradation_kind(step.kind).spoil(result.astype(np.float64), step.strength, rng)
            result = np.clip(np.rint(spoilt), 0, 255).astype(np.uint8)
        return result


CLEAN = Degradation()


def preview(degradation: Degradation, image: Pixels, *, count: int = 5, seed: Seed = 0) -> Pixels:
    """`count` copies of a picture side by side, from clean to the full strength; uint8 [h, count · w, 3]."""
    return np.concatenate([degradation.scaled(share).apply(image, seed) for share in np.linspace(0, 1, count)], axis=1)


def degradation_kind(name: str) -> DegradationKind:
    """The kind of that name. Raises `UnknownDegradationError`, which names the nearest, if there is none."""
    by_name = {kind.name: kind for kind in DEGRADATION_KINDS}
    if name not in by_name:
        nearest = get_close_matches(name, ["clean", *by_name], n=1, cutoff=0)[0]
        raise UnknownDegradationError(
            f"there is no degradation {name!r}; did you mean {nearest!r}? Known are clean, {', '.join(by_name)}"
        )
    return by_name[name]


def _blur(image: NDArray[np.float64], sigma: float, rng: np.random.Generator) -> NDArray[np.float64]:
    radius = ceil(4 * sigma)
    taps = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    taps /= taps.sum()
    for axis in (0, 1):
        margins = [(radius, radius) if i == axis else (0, 0) for i in range(3)]
        padded = np.moveaxis(np.pad(image, margins, mode="symmetric"), axis, 0)
        length = image.shape[axis]
        blurred = sum(tap * padded[i : i + length] for i, tap in enumerate(taps))
        image = np.moveaxis(np.asarray(blurred), 0, axis)
    return image


def _noise(image: NDArray[np.float64], sigma: float, rng: np.random.Generator) -> NDArray[np.float64]:
    return image + sigma * rng.standard_normal(image.shape)


def _poisson(image: NDArray[np.float64], sigma: float, rng: np.random.Generator) -> NDArray[np.float64]:
    # Beyond this the noise is far below rounding, and the generator would refuse.
    photons = min((255 / sigma) ** 2, 1e15)
    counts = rng.poisson(image / 255 * photons)
    return counts.astype(np.float64) * (255 / photons)


def _jpeg(image: NDArray[np.float64], strength: float, rng: np.random.Generator) -> NDArray[np.float64]:
    file = BytesIO()
    Image.fromarray(image.astype(np.uint8)).save(file, "JPEG", quality=max(1, round(100 - strength)))
    with Image.open(file) as decoded:
        return np.asarray(decoded, np.float64)


def _contrast(image: NDArray[np.float64], lost: float, rng: np.random.Generator) -> NDArray[np.float64]:
    # Studio-range luma back to grey levels: the mean brightness stays what it was.
    mean = float(luma(image).mean() - 16) * 255 / 219
    return mean + (1 - lost) * (image - mean)


def _resampled(
    image: NDArray[np.float64], strength: float, rng: np.random.Generator, *, method: Image.Resampling
) -> NDArray[np.float64]:
    height, width = image.shape[:2]
    small = (max(1, round(width / (1 + strength))), max(1, round(height / (1 + strength))))
    reduced = Image.fromarray(image.astype(np.uint8)).resize(small, method)
    return np.asarray(reduced.resize((width, height), Image.Resampling.BICUBIC), np.float64)


DEGRADATION_KINDS: tuple[DegradationKind, ...] = (
    DegradationKind("blur", "Gaussian blur", "σ {:g} px", 2.0, 50.0, _blur),
    DegradationKind("noise", "Gaussian noise", "σ {:g} of 255", 20.0, 255.0, _noise),
    DegradationKind("jpeg", "JPEG", "100 − quality = {:g}", 70.0, 99.0, _jpeg),
    DegradationKind("poisson", "Poisson noise", "σ {:g} of 255 at white", 20.0, 255.0, _poisson),
    DegradationKind("contrast", "Lower contrast", "{:.0%} lost", 0.5, 1.0, _contrast),
    DegradationKind(
        "nearest", "Downsampling without a filter", "1 + {:g} times", 1.0, 15.0,
        partial(_resampled, method=Image.Resampling.NEAREST),
    ),
    DegradationKind(
        "area", "Downsampling by area average", "1 + {:g} times", 1.0, 15.0,
        partial(_resampled, method=Image.Resampling.BOX),
    ),
)  # fmt: skip
"""All kinds, in the order in which they are shown. `nearest` and `area` reduce and enlarge (bicubic) again."""
