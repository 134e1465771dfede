"""What a loaded network shows of itself: how far it looks, and how well it restores."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from lam_core.convention import Colour
from lam_core.images import Pixels, bicubic, downscale, middle, psnr
from lam_core.model import SuperResolver
from lam_core.samples import samples

WIDTHS = (64, 256)
"""Lengths in LR pixels of the strips on which a receptive field is looked for."""
NEARLY_ALL = 0.9
"""Share of a strip beyond which it is too short: strides leave a few columns at its ends out."""
CLEARLY = 1.0
"""dB by which another reading of the weights must be better to be warned of."""
PICTURES = 3
"""Bundled photographs on which networks are tried."""
SIDE = 96
"""Side of the part of a photograph that is used; scales 1 to 4 and 8 divide it."""


Tell = Callable[[str], None]
"""Called before every pass of a network with what it is for; may raise, to go no further."""


def silent(words: str) -> None:
    """Tells nobody."""


@dataclass(frozen=True)
class Extent:
    """How far a network looks along a row."""

    size: int
    """LR pixels that an output pixel's block depends on."""
    complete: bool
    """Whether the network looks no further; else `size` is what was tried, and a global network looks that far."""

    def __str__(self) -> str:
        return str(self.size) if self.complete else f"at least {self.size}"


@dataclass(frozen=True)
class Trial:
    """How one way of feeding a network restores the bundled pictures."""

    input_range: float
    colour: Colour
    psnr: float
    """Mean PSNR in dB on luma; NaN for an output that is not finite."""

    @property
    def reading(self) -> str:
        """In words, as `0 to 255, RGB`."""
        return f"0 to {self.input_range:g}, {self.colour if self.colour == 'luma' else self.colour.upper()}"

    @property
    def decibels(self) -> str:
        """The PSNR in words."""
        return "not finite" if math.isnan(self.psnr) else f"{self.psnr:.2f} dB"


def receptive_field(model: SuperResolver, tell: Tell = silent) -> Extent:
    """The extent along a row of the LR pixels on which the middle of the output depends, by its gradient.

    A lower bound in principle (a gradient may vanish by chance), so three random pictures are joined.
    """
    width = size = 0
    for width in WIDTHS:
        touched = np.zeros(width, bool)
        for seed in range(3):
            tell(f"How far it looks in {width} pixels")
            touched |= _touched(model, width, seed)
            places = np.flatnonzero(touched)
            size = int(places[-1] - places[0] + 1) if len(places) else 0
            if size > width * NEARLY_ALL:
                break
        else:
            return Extent(size, complete=True)
    return Extent(width, complete=False)


def _touched(model: SuperResolver, width: int, seed: int) -> NDArray[np.bool_]:
    """Which columns of a random strip the middle of the output depends on."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand(1, 3, 16, width, generator=generator).to(model.device).requires_grad_(True)
    scale = model.scale
    middle = model(x)[..., 8 * scale : 9 * scale, width // 2 * scale : (width // 2 + 1) * scale]
    weights = torch.randn(middle.shape, generator=generator).to(middle)
    (gradient,) = torch.autograd.grad((middle * weights).sum(), x)
    return (gradient.abs().sum((0, 1, 2)) != 0).cpu().numpy()


def trials(model: SuperResolver, tell: Tell = silent) -> tuple[Trial, ...]:
    """The model as it is, then with the other order of channels and the other input range."""
    given = model.convention
    ranges = (given.input_range, *{1.0, 255.0} - {given.input_range})
    other: dict[Colour, tuple[Colour, ...]] = {"rgb": ("bgr",), "bgr": ("rgb",), "luma": ()}
    colours = (given.colour, *other[given.colour])
    return tuple(_trial(model, white, colour, tell) for white in ranges for colour in colours)


def clearly_better(tried: Sequence[Trial]) -> Trial | None:
    """The best of the others, if it beats the first of `trials` by so much that the first must be wrong."""

    def figure(trial: Trial) -> float:
        return -math.inf if math.isnan(trial.psnr) else trial.psnr

    best = max(tried[1:], key=figure)
    return best if figure(best) > figure(tried[0]) + CLEARLY else None


def bicubic_psnr(scale: int) -> float:
    """Mean PSNR in dB of bicubic interpolation on the bundled pictures; infinite at scale 1."""
    return float(np.mean([psnr(bicubic(low, scale), high, shave=scale) for low, high in _pairs(scale)]))


def _trial(model: SuperResolver, white: float, colour: Colour, tell: Tell) -> Trial:
    convention = replace(model.convention, input_range=white, colour=colour)
    fed = SuperResolver(model.module, model.scale, convention=convention, fingerprint="trial")
    figures = []
    for low, high in _pairs(model.scale):
        tell(f"How it restores bundled pictures, read as {Trial(white, colour, math.nan).reading}")
        x = torch.from_numpy(low.transpose(2, 0, 1)[None].copy()).to(model.device).float() / 255
        with torch.no_grad():
            y = fed(x)[0].clamp(0, 1).cpu().numpy().transpose(1, 2, 0) * 255.0
        figures.append(psnr(y, high, shave=model.scale) if np.isfinite(y).all() else np.nan)
    return Trial(white, colour, float(np.mean(figures)))


def _pairs(scale: int) -> list[tuple[Pixels, Pixels]]:
    """LR and HR of the middles of bundled photographs; at scale 1 both are the same."""
    photographs = [sample.pixels() for sample in samples() if sample.kind == "photograph"][:PICTURES]
    pairs = []
    for picture in photographs:
        high = middle(picture, SIDE, SIDE)
        low = downscale(high, scale) if scale > 1 else high
        pairs.append((low, high[: low.shape[0] * scale, : low.shape[1] * scale]))
    return pairs
