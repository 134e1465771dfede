"""Causal effect map: which parts of the input help or harm the window (Hu et al., arXiv 2407.19789).

CE(b) = PSNR(window) − mean over k of PSNR(window with block b replaced by patch k): above 0 the block helps, below 0 it
harms. Forward passes only, so it needs no gradient and knows nothing of paths. Every block is tried with a few patches;
those that matter are measured again with many fresh ones, so that being picked does not colour the figure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lam_core.attribution.checks.occlusion import Blocks, blocks_of
from lam_core.attribution.checks.scene import Report, Scene, ignore, scene_of
from lam_core.attribution.path import Image
from lam_core.attribution.settings import AttributionSettings, SettingsError
from lam_core.images import ImageShapeError, Pixels, as_pixels, luma
from lam_core.model import SuperResolver
from lam_core.region import Region

BEST_PSNR = 100.0
"""dB that stand for a perfect window."""


@dataclass(frozen=True)
class CausalSettings:
    """How a causal effect map is measured. Raises `SettingsError` for values that nothing can be measured with."""

    block: int = 8
    """Side of a block in LR pixels."""
    coarse: int = 3
    """Patches every block is tried with."""
    fine: int = 50
    """Patches of the blocks that matter."""
    threshold: float = 0.01
    """dB from which on a coarse effect matters."""
    seed: int = 0

    def __post_init__(self) -> None:
        if self.coarse < 2 or self.fine < 2 or self.threshold < 0:
            raise SettingsError(
                f"{self.coarse} coarse and {self.fine} fine patches from {self.threshold} dB on; "
                "choose at least two patches each and 0 dB"
            )


@dataclass(frozen=True, eq=False)
class CausalEffects:
    """What each block of the field does for the window."""

    effect: Blocks
    """CE in dB: above 0 the block helps, below 0 it harms."""
    error: Blocks
    """Standard error of CE over the patches, in dB."""
    patches: NDArray[np.int64]
    """Patches behind each block's figure."""
    psnr: float
    """PSNR of the undisturbed window on luma, in dB."""
    settings: CausalSettings

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values."""
        return {
            "effect": self.effect.tolist(),
            "error": self.error.tolist(),
            "patches": self.patches.tolist(),
            "psnr": self.psnr,
            "settings": asdict(self.settings),
        }

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> CausalEffects:
        """The inverse of `to_dict`."""
        return cls(
            effect=np.array(content["effect"]),
            error=np.array(content["error"]),
            patches=np.array(content["patches"]),
            psnr=float(content["psnr"]),
            settings=CausalSettings(**content["settings"]),
        )


def causal_effects(
    model: SuperResolver,
    image: Pixels,
    truth: Pixels,
    region: Region,
    donors: Sequence[Pixels],
    settings: AttributionSettings | None = None,
    causal: CausalSettings = CausalSettings(),
    *,
    report: Report = ignore,
) -> CausalEffects:
    """The causal effect map of a window of an LR picture [h, w, 3] whose HR picture [s·h, s·w, 3] is `truth`.

    Patches are cut at random places out of `donors`, LR pictures of other scenes. Raises `ImageShapeError` if `truth`
    does not fit the LR picture or a donor is smaller than a block, `RegionError`, `SettingsError`.
    """
    expected = tuple(side * model.scale for side in image.shape[:2])
    if as_pixels(truth).shape[:2] != expected:
        raise ImageShapeError(
            f"the high-resolution picture is {truth.shape[1]}×{truth.shape[0]}; "
            f"at scale {model.scale} it should be {expected[1]}×{expected[0]}"
        )
    scene = scene_of(model, image, region, settings)
    hr = truth[region.y : region.y + region.size, region.x : region.x + region.size]
    rows, columns = blocks_of(scene.lr.shape[:2], causal.block)
    blocks = [(row, column) for row in rows for column in columns]
    random = np.random.default_rng(causal.seed)

    def effects_of(chosen: list[int], count: int, done: float, weight: float) -> NDArray[np.float64]:
        """CE of every patch tried on the chosen blocks, [chosen, count]."""
        patches = (patch_of(donors, causal.block, random) for _ in range(len(chosen) * count))
        windows = scene.windows(_with_patches(scene, [blocks[k] for k in chosen], count, patches))
        effects = []
        for window in windows:
            effects.append(whole - window_psnr(window, hr))
            report(done + weight * len(effects) / (len(chosen) * count))
        return np.array(effects).reshape(len(chosen), count)

    whole = window_psnr(next(scene.windows([scene.lr])), hr)
    everything = list(range(len(blocks)))
    # Until it is known how many blocks matter, the coarse round counts as the share it has if half of them do.
    share = causal.coarse / (causal.coarse + causal.fine / 2)
    coarse = effects_of(everything, causal.coarse, 0.0, share)
    effect, count = coarse.mean(1), np.full(len(blocks), causal.coarse)
    error = _standard_error(coarse)
    matter = [k for k in everything if abs(effect[k]) >= causal.threshold]
    if matter:
        fine = effects_of(matter, causal.fine, share, 1 - share)
        effect[matter], error[matter], count[matter] = fine.mean(1), _standard_error(fine), causal.fine
    shape = (len(rows), len(columns))
    return CausalEffects(effect.reshape(shape), error.reshape(shape), count.reshape(shape), whole, causal)


def patch_of(donors: Sequence[Pixels], side: int, random: np.random.Generator) -> Image:
    """A square of a random place in a random donor, [side, side, 3] in [0, 1]. Raises `ImageShapeError`."""
    if not donors:
        raise ImageShapeError("causal effects need at least one other picture to take patches from")
    donor = donors[int(random.integers(len(donors)))]
    if min(donor.shape[:2]) < side:
        raise ImageShapeError(
            f"a picture of {donor.shape[1]}×{donor.shape[0]} gives no patch of {side}×{side}; use larger ones"
        )
    y, x = (int(random.integers(length - side + 1)) for length in donor.shape[:2])
    return donor[y : y + side, x : x + side].astype(np.float64) / 255


def window_psnr(window: NDArray[np.float64], truth: Pixels) -> float:
    """PSNR in dB on BT.601 luma of a window [s, s, 3] in [0, 1], clamped, not rounded; at most `BEST_PSNR`."""
    error = float(((luma(window.clip(0, 1) * 255) - luma(truth)) ** 2).mean())
    return float(min(10 * np.log10(255**2 / error), BEST_PSNR)) if error else BEST_PSNR


def _with_patches(
    scene: Scene, blocks: list[tuple[slice, slice]], count: int, patches: Iterator[Image]
) -> Iterator[Image]:
    for row, column in blocks:
        for _ in range(count):
            changed = scene.lr.copy()
            target = changed[row, column]
            target[:] = next(patches)[: target.shape[0], : target.shape[1]]
            yield changed


def _standard_error(effects: NDArray[np.float64]) -> NDArray[np.float64]:
    return effects.std(1, ddof=1) / np.sqrt(effects.shape[1])
