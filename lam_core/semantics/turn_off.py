"""The warm-up experiment: whether a network restores only what it was trained for, and leaves all else as it is.

A network for one degradation improves pictures with it and "turns off" on others, nearly the identity; classical
methods, which know no degradations, treat all alike (Liu et al., arXiv 2108.00406, section 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lam_core.attribution.checks.verdict import Mark, Verdict, joint
from lam_core.images import Pixels, bicubic, downscale, luma, mod_crop, psnr
from lam_core.images.degradations import Degradation
from lam_core.semantics.errors import DesignError
from lam_core.semantics.space import Tick

if TYPE_CHECKING:
    from lam_core.model import Restorer, SuperResolver


@dataclass(frozen=True)
class Response:
    """What one method does to one degradation; means over the pictures."""

    model: str
    degradation: str
    psnr: float
    """Of the output against the HR picture, in dB."""
    psnr_bicubic: float
    """Of the degraded picture, enlarged by bicubic interpolation: what doing nothing gives."""
    change: float
    """Root mean square difference between output and that enlargement, in luma levels: 0 is the identity."""
    change_interval: tuple[float, float]
    """95 % bootstrap interval over pictures."""
    n: int

    @property
    def gain(self) -> float:
        """PSNR over doing nothing, in dB."""
        return self.psnr - self.psnr_bicubic


def turn_off(
    methods: Sequence[SuperResolver | Restorer],
    images: Sequence[Pixels],
    degradations: Sequence[Degradation],
    *,
    seed: int = 0,
    resamples: int = 1000,
    tick: Tick = lambda done, total: None,
) -> tuple[Response, ...]:
    """Every method on every degradation of the LR counterparts of `images`, HR pictures of any size.

    Picture i is degraded with the seed (`seed`, i), the same for all methods. `tick` is called after every picture,
    and an exception it raises ends the work. Raises `DesignError` if a list is empty.
    """
    for given, what in ((methods, "method"), (images, "picture"), (degradations, "degradation")):
        if not given:
            raise DesignError(f"there is no {what}; give at least one")
    total = len(methods) * len(degradations) * len(images)
    done = 0
    responses = []
    for method in methods:
        for degradation in degradations:
            figures = []
            for i, image in enumerate(images):
                figures.append(_figures(method, image, degradation, (seed, i)))
                done += 1
                tick(done, total)
            table = np.array(figures)
            drawn = np.random.default_rng(seed).integers(0, len(images), (resamples, len(images)))
            low, high = np.quantile(table[drawn, 2].mean(axis=1), [0.025, 0.975])
            mean = table.mean(axis=0)
            responses.append(
                Response(
                    method.name,
                    str(degradation),
                    float(mean[0]),
                    float(mean[1]),
                    float(mean[2]),
                    (float(low), float(high)),
                    len(images),
                )
            )
    return tuple(responses)


def turned_off(responses: Sequence[Response], specific: str, control: str, own: str) -> Verdict:
    """Whether a network restores its own degradation and leaves others more as they are than a classical method does.

    It must gain on its own, and change pictures less than the control does on every other kind of degradation, the two
    intervals apart; where the control's lies below anywhere, it does not. Raises `StopIteration` for unknown names.
    """

    def of(model: str, degradation: str) -> Response:
        return next(r for r in responses if r.model == model and r.degradation == degradation)

    kind = own.partition(":")[0]
    names = dict.fromkeys(r.degradation for r in responses if r.model == specific)
    pairs = {name: (of(specific, name), of(control, name)) for name in names if name.partition(":")[0] != kind}
    gain = of(specific, own).gain
    marks: dict[str, Mark] = {}
    for name, (network, classical) in pairs.items():
        if network.change_interval[1] < classical.change_interval[0]:
            marks[name] = "beats"
        elif classical.change_interval[1] < network.change_interval[0]:
            marks[name] = "does not"
        else:
            marks[name] = "undecided"
    mark = joint([*marks.values(), "beats" if gain > 0 else "does not"])
    told = "; ".join(
        f"{Degradation.parse(name).title} {network.change:.1f} against {classical.change:.1f}"
        for name, (network, classical) in pairs.items()
    )
    less = sum(m == "beats" for m in marks.values())
    more = sum(m == "does not" for m in marks.values())
    meaning = {
        "beats": f"{specific} turns off: it changes other images less than {control} does",
        "does not": f"The published finding does not appear: {specific} does not turn off where {control} stays on",
        "undecided": f"Whether {specific} turns off more than {control} is undecided",
    }[mark]
    return Verdict(
        mark,
        f"{meaning}. It {'gains' if gain > 0 else 'loses'} {abs(gain):.1f} dB on its own degradation; of {len(pairs)} "
        f"others it changes {less} less and {more} more than {control}, intervals apart. Change in luma levels, "
        f"network against classical: {told}.",
    )


def _figures(
    method: SuperResolver | Restorer, image: Pixels, degradation: Degradation, seed: tuple[int, int]
) -> tuple[float, float, float]:
    """PSNR of the output, PSNR of bicubic enlargement, change; borders of `scale` pixels left out."""
    from lam_core.model import Restorer

    reference = mod_crop(image, method.scale)
    low = degradation.apply(downscale(image, method.scale), seed)
    output = method.restore(low) if isinstance(method, Restorer) else method.upscale(low)
    idle = bicubic(low, method.scale)
    inner = slice(method.scale, -method.scale)
    change = float(np.sqrt(np.mean((luma(output) - luma(idle))[inner, inner] ** 2)))
    return psnr(output, reference, shave=method.scale), psnr(idle, reference, shave=method.scale), change
