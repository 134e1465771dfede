"""Which convention a network restores images best under, measured: input range, order of channels, mean and luma.

A network trained on 0 to 255 and fed 0 to 1 gives images, and attribution maps, that are plausible and wrong.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor, nn

from lam_core.attribution.settings import METHOD_VERSION
from lam_core.convention import Colour, Convention
from lam_core.errors import LamError
from lam_core.images.pixels import Pixels, bicubic, downscale, middle, psnr
from lam_core.model import SuperResolver, fed, read
from lam_core.module_state import undisturbed
from lam_core.samples import samples
from lam_core.service import network_facts

CLEARLY = 1.0
"""dB by which another reading must be better to be warned of."""
COMPETENT = -6.0
"""dB against bicubic interpolation below which a figure says nothing, as that of an untrained network."""
CONVINCING = 2.5
"""dB over bicubic interpolation from which nothing else is tried: the best networks reach 3.3."""
HOPELESS = COMPETENT - 3.0
"""The same as `COMPETENT` for a glimpse."""
SAME = 0.01
"""dB by which a picture's figure in a batch may differ from that by itself."""
Trial = tuple[tuple[int, ...], int]
"""Which bundled photographs, and the side of the part of each that is used; scales 1 to 4 and 8 divide it."""
WHOLE: Trial = ((0, 1, 2), 96)
GLIMPSE: Trial = ((2,), 48)
NOISE = 15.0
"""Standard deviation, of 255, of the noise that a network at scale 1 is given to remove."""
DIV2K_MEAN = (0.4488, 0.4371, 0.4040)
"""The mean that many published networks subtract, red first."""

Tell = Callable[[str], None]
"""Called before every pass of a network with what it is for; may raise, to go no further."""


def silent(words: str) -> None:
    """Tells nobody."""


@dataclass(frozen=True)
class Reading:
    """How a network restores the bundled photographs under one convention."""

    convention: Convention
    psnr: float
    """Mean PSNR in dB on luma; NaN for an output that is not finite."""

    @property
    def input_range(self) -> float:
        """White at the network's input."""
        return self.convention.input_range

    @property
    def colour(self) -> Colour:
        """Order of channels."""
        return self.convention.colour

    @property
    def reading(self) -> str:
        """In words, as `0 to 255, RGB`."""
        return in_words(self.convention)

    @property
    def decibels(self) -> str:
        """The PSNR in words."""
        return "not finite" if math.isnan(self.psnr) else f"{self.psnr:.2f} dB"


def in_words(convention: Convention) -> str:
    """Range, colours and mean.

    >>> in_words(Convention(255.0, "bgr")), in_words(Convention(2.0, mean=(0.5, 0.5, 0.5)))
    ('0 to 255, BGR', '-1 to 1, RGB')
    """
    colour = convention.colour if convention.colour == "luma" else convention.colour.upper()
    if (convention.input_range, convention.mean) == (2.0, (0.5, 0.5, 0.5)):
        return f"-1 to 1, {colour}"
    mean = f", mean {' '.join(f'{m:.3g}' for m in convention.mean)} subtracted" if any(convention.mean) else ""
    return f"0 to {convention.input_range:g}, {colour}{mean}"


def readings(given: Convention) -> tuple[Convention, ...]:
    """The given convention, then all others that networks of as many channels are published with."""
    ranges = (given.input_range, *({1.0, 255.0} - {given.input_range}))
    if given.colour == "luma":
        colours: tuple[Colour, ...] = ("luma",)
        means = ((0.0, 0.0, 0.0),)
    else:
        colours = (given.colour, "bgr" if given.colour == "rgb" else "rgb")
        means = (given.mean, *({(0.0, 0.0, 0.0), DIV2K_MEAN} - {given.mean}))
    plain = [(white, mean) for mean in means for white in ranges]
    if given.colour != "luma":
        plain.append((2.0, (0.5, 0.5, 0.5)))
    found = [replace(given, input_range=w, colour=colour, mean=mean) for w, mean in plain for colour in colours]
    return tuple(dict.fromkeys([given, *found]))


def measure(model: SuperResolver, tell: Tell = silent) -> tuple[Reading, ...]:
    """The model as it is, then under every other reading. Raises what `SuperResolver.restored` raises of the first."""
    first, *others = readings(model.convention)
    return (_measured(model, first, tell, refuse=True), *(_measured(model, other, tell) for other in others))


def clearly_better(tried: Sequence[Reading]) -> Reading | None:
    """The best of the others, if it beats the first of `measure` by so much that the first must be wrong."""

    def figure(reading: Reading) -> float:
        return -math.inf if math.isnan(reading.psnr) else reading.psnr

    best = max(tried[1:], key=figure, default=None)
    return best if best and figure(best) > figure(tried[0]) + CLEARLY else None


_WARNINGS: weakref.WeakKeyDictionary[nn.Module, dict[str, str]] = weakref.WeakKeyDictionary()


def warning_of(model: SuperResolver) -> str:
    """A sentence if another reading restores the bundled photographs clearly better, else empty; measured once.

    Nothing is tried where somebody checked the convention, and nothing is said of a network that cannot be tried.
    """
    if model.reading_is_known:
        return ""
    known = _WARNINGS.setdefault(model.module, {})
    if model.fingerprint not in known:
        identity = {"kind": "reading", "version": METHOD_VERSION, "fingerprint": model.fingerprint, "name": model.name}
        fact = network_facts.look_up(identity)
        if fact is None:
            fact = {"warning": _found(model)}
            network_facts.keep(identity, fact)
        known[model.fingerprint] = fact["warning"]
    return known[model.fingerprint]


def _found(model: SuperResolver) -> str:
    try:
        # What a network assigns while it is tried concerns nobody, and is put back once for all passes.
        with undisturbed(model.module):
            tried = _contenders(model)
    except LamError:
        return ""
    better = clearly_better(tried)
    if better is None or better.psnr < bicubic_psnr(model.scale) + COMPETENT:
        return ""
    return _warning(model, tried[0], better)


def _contenders(model: SuperResolver) -> tuple[Reading, ...]:
    """What `measure` gives; the first alone if it convinces or if a glimpse of all others is hopeless."""
    first, *others = readings(model.convention)
    least = bicubic_psnr(model.scale, GLIMPSE) + HOPELESS
    try:
        glimpse = _measured(model, first, silent, GLIMPSE, refuse=True)
    except LamError:  # it may take no pictures so small
        return measure(model)
    own = _measured(model, first, silent) if glimpse.psnr >= least else glimpse
    if own is not glimpse and own.psnr >= bicubic_psnr(model.scale) + CONVINCING:
        return (own,)
    likely = _likely(model, first, others, glimpse, least)
    if likely and own is glimpse:
        own = _measured(model, first, silent)
    return (own, *(_measured(model, other, silent) for other in likely))


def _likely(
    model: SuperResolver, first: Convention, others: Sequence[Convention], glimpse: Reading, least: float
) -> list[Convention]:
    """Those of the others under which a glimpse reaches so many dB, given that of the first.

    An exchange of red and blue alone makes no picture hopeless: it is tried where the rest of a convention is likely.
    """
    alike = [other for other in others if other.colour == first.colour]
    figures = _glimpses(model, [first, *alike])
    if figures is None or not math.isclose(figures[0], glimpse.psnr, abs_tol=SAME):
        figures = [glimpse.psnr, *(_measured(model, other, silent, GLIMPSE).psnr for other in alike)]
    likely = [other for other, figure in zip([first, *alike], figures, strict=True) if figure >= least]
    return [other for other in others if replace(other, colour=first.colour) in likely]


def _glimpses(model: SuperResolver, conventions: Sequence[Convention]) -> list[float] | None:
    """PSNR in dB of a glimpse under each of these, all pictures in one batch; None where the network takes none."""
    if model.convention.colour == "luma" or len(conventions) < 2:
        return None
    ((low, high),) = pairs(model.scale, GLIMPSE)
    x = _pixels(low, model)
    plain = model.read_as(replace(model.convention, input_range=1.0, colour="rgb", mean=(0.0, 0.0, 0.0)))
    try:
        y = plain.restored(torch.cat([fed(x, convention) for convention in conventions]))
    except LamError:
        return None
    pictures = [read(one[None], convention) for one, convention in zip(y, conventions, strict=True)]
    return [_fidelity(picture, high, model.scale) for picture in pictures]


def _warning(model: SuperResolver, first: Reading, better: Reading) -> str:
    named = {"input_range": better.input_range, "colour": better.colour, "mean": better.convention.mean}
    changed = {name: value for name, value in named.items() if value != getattr(model.convention, name)}
    remedy = f"give Convention({', '.join(f'{name}={value!r}' for name, value in changed.items())})"
    if "mean" not in changed:
        options = (
            f"--{name.replace('_', '-')} {f'{v:g}' if isinstance(v, float) else v}" for name, v in changed.items()
        )
        remedy += f", or {' '.join(options)} in the terminal"
    return (
        f"{model.name} restores {task(model.scale)} {better.psnr - first.psnr:.1f} dB better read as {better.reading} "
        f"({better.decibels}) than as {first.reading} ({first.decibels}), as it is read here: the map is probably that "
        f"of a network fed wrongly; {remedy}"
        if not math.isnan(first.psnr)
        else f"{model.name} is not finite read as {first.reading}; {remedy}"
    )


def task(scale: int) -> str:
    """What networks of a scale are tried on, in words."""
    return "bundled photographs" if scale > 1 else f"bundled photographs with noise of σ {NOISE:g} of 255"


@lru_cache(32)
def bicubic_psnr(scale: int, trial: Trial = WHOLE) -> float:
    """Mean PSNR in dB of bicubic interpolation on the bundled photographs; at scale 1 that of the noisy ones."""
    enlarged = [(bicubic(low, scale) if scale > 1 else low, high) for low, high in pairs(scale, trial)]
    return float(np.mean([psnr(image, high, shave=scale) for image, high in enlarged]))


def _measured(
    model: SuperResolver, convention: Convention, tell: Tell, trial: Trial = WHOLE, *, refuse: bool = False
) -> Reading:
    fed_so = model if convention == model.convention else model.read_as(convention)
    figures = []
    for low, high in pairs(model.scale, trial):
        tell(f"How it restores {task(model.scale)}, read as {in_words(convention)}")
        try:
            figures.append(_fidelity(fed_so.restored(_pixels(low, model)), high, model.scale))
        except LamError:
            if refuse:
                raise
            return Reading(convention, math.nan)
    return Reading(convention, float(np.mean(figures)))


def _pixels(low: Pixels, model: SuperResolver) -> Tensor:
    return torch.from_numpy(low.transpose(2, 0, 1)[None].copy()).to(model.device, model.dtype) / 255


def _fidelity(picture: Tensor, high: Pixels, scale: int) -> float:
    """PSNR in dB of a restored picture [1, 3, h, w]."""
    return psnr(picture[0].clamp(0, 1).double().cpu().numpy().transpose(1, 2, 0) * 255.0, high, shave=scale)


@lru_cache(16)
def pairs(scale: int, trial: Trial = WHOLE) -> tuple[tuple[Pixels, Pixels], ...]:
    """LR and HR of the middles of bundled photographs; at scale 1 the LR is the HR with noise."""
    return tuple(_pairs(scale, *trial))


def _pairs(scale: int, chosen: Sequence[int], side: int) -> Iterator[tuple[Pixels, Pixels]]:
    random = np.random.default_rng(0)
    photographs = [sample for sample in samples() if sample.kind == "photograph"]
    for number in chosen:
        high = middle(photographs[number].pixels(), side, side)
        if scale > 1:
            low = downscale(high, scale)
        else:
            low = (high + random.normal(0, NOISE, high.shape)).round().clip(0, 255).astype(np.uint8)
        yield low, high[: low.shape[0] * scale, : low.shape[1] * scale]
