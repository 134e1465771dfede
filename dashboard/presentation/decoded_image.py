"""The picture that is looked at: a sample, or what a visitor brought; HR where there is one, and LR."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import PurePath

from dashboard.presentation.formatting import sentence
from lam_core.attribution.result import Attribution
from lam_core.errors import LamError
from lam_core.images import Pixels, bicubic, digest, downscale, mod_crop, psnr
from lam_core.images.decode import Decoded
from lam_core.images.degradations import CLEAN, Degradation
from lam_core.images.image_sets import SUFFIXES
from lam_core.images.pair import PairError, pair
from lam_core.region import Field, Region
from lam_core.samples import Sample
from lam_core.service.owner import Owner
from lam_core.studies.sweeps.windows import hardest

IMAGE_TYPES = tuple(sorted(suffix.removeprefix(".") for suffix in SUFFIXES))
"""Endings of image files that every upload takes."""
SHORTEST_LR = 8
"""LR pixels a side below which a map says nothing."""
MOST_SR_PIXELS = 64_000_000


class PictureSizeError(LamError, ValueError):
    """A picture that is too small or too large for the scale."""


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture at one scale."""

    id: str
    """As in the address."""
    title: str
    credit: str
    lr: Pixels
    """[h, w, 3]."""
    hr: Pixels | None
    """[s·h, s·w, 3]; none where the LR picture itself was given, without its HR one."""
    scale: int
    suggested: Region
    """Where to look first."""
    notes: tuple[str, ...] = ()
    owner: Owner | None = None
    """Whose alone it is; none for what everybody sees."""
    low_resolution: bool = False
    """The LR picture itself was given."""
    degradation: Degradation = CLEAN
    """What was done to `lr`."""

    def degraded(self, degradation: Degradation) -> Picture:
        """This picture, its LR image degraded; HR stays what the SR image is held against."""
        if degradation == CLEAN:
            return self
        note = f"The LR image was degraded before it was attributed: {degradation.title}."
        lr = degradation.applied_to(self.lr)
        return replace(self, lr=lr, degradation=degradation, notes=(*self.notes, note))

    @property
    def height(self) -> int:
        """Of the SR picture."""
        return self.lr.shape[0] * self.scale

    @property
    def width(self) -> int:
        """Of the SR picture."""
        return self.lr.shape[1] * self.scale

    @property
    def name(self) -> str:
        """In figures, as the terminal has it: a sample's title, a file's name without its ending."""
        return self.title if self.owner is None else PurePath(self.title).stem

    def shown(self) -> Pixels:
        """What the window is placed on: HR, or LR with every pixel repeated; [s·h, s·w, 3]."""
        return self.lr.repeat(self.scale, 0).repeat(self.scale, 1) if self.hr is None else self.hr

    def window(self, wanted: Region | None) -> Region:
        """The wanted window, or the suggested one. Raises `RegionError` if the wanted one is not inside."""
        if wanted is None:
            return self.suggested
        wanted.check_inside(self.height, self.width)
        return wanted

    def part(self, field: Field) -> tuple[Pixels, Pixels | None]:
        """LR and HR of a field."""
        rows, columns = field.slices
        s = self.scale
        hr = None
        if self.hr is not None:
            hr = self.hr[rows.start * s : rows.stop * s, columns.start * s : columns.stop * s]
        return self.lr[rows, columns], hr

    def hardest(self, size: int) -> Region | None:
        """The window of that size that bicubic interpolation fails most; none without an HR picture."""
        return None if self.hr is None else hardest(bicubic(self.lr, self.scale), self.hr, size)

    def quality(self, result: Attribution) -> tuple[float, float] | None:
        """PSNR in dB of a result's SR and of bicubic interpolation on the field, if there is an HR picture."""
        _, hr = self.part(result.field)
        interpolated = self.bicubic_quality(result.field)
        if hr is None or interpolated is None:
            return None
        return psnr(result.sr, hr, shave=self.scale), interpolated

    def bicubic_quality(self, field: Field) -> float | None:
        """PSNR in dB of bicubic interpolation on a field, if there is an HR picture."""
        lr, hr = self.part(field)
        if hr is None or min(hr.shape[:2]) <= 2 * self.scale:
            return None
        return psnr(bicubic(lr, self.scale), hr, shave=self.scale)


def from_sample(sample: Sample, scale: int) -> Picture:
    """A sample at a scale."""
    pixels = sample.pixels()
    suggested = sample.window
    hr = mod_crop(pixels, scale)
    return Picture(
        sample.id,
        sample.title,
        f"{sample.credit}, {sample.licence}",
        downscale(pixels, scale),
        hr,
        scale,
        Region(
            min(suggested.x, hr.shape[1] - suggested.size),
            min(suggested.y, hr.shape[0] - suggested.size),
            suggested.size,
        ),
    )


def from_upload(
    decoded: Decoded,
    name: str,
    *,
    low_resolution: bool,
    scale: int,
    owner: Owner | None,
    own_hr: Decoded | None = None,
) -> Picture:
    """A visitor's picture at a scale; `own_hr` is the HR picture of an LR one. Raises `PictureSizeError`.

    An HR picture that is none of this LR picture at this scale is left out, and a note says why.
    """
    pixels = decoded.pixels
    height, width = pixels.shape[:2]
    least = SHORTEST_LR if low_resolution else SHORTEST_LR * scale
    if min(height, width) < least:
        kind = "an LR image" if low_resolution else f"an HR image for ×{scale}"
        raise PictureSizeError(f"{name} has {width}×{height} pixels; {kind} needs at least {least}×{least}")
    if low_resolution and height * width * scale**2 > MOST_SR_PIXELS:
        raise PictureSizeError(
            f"{name} enlarged ×{scale} would have {width * scale}×{height * scale} pixels; crop it, or switch off "
            "“This image is already LR” if it is the HR image"
        )
    lr = pixels if low_resolution else downscale(pixels, scale)
    hr, notes = (None, decoded.notes) if low_resolution else (mod_crop(pixels, scale), decoded.notes)
    if low_resolution and own_hr is not None:
        try:
            both = pair(lr, own_hr.pixels, scale)
        except PairError as error:
            notes = (*notes, f"The HR image is not used: {error}.")
        else:
            hr, notes = both.hr, (*notes, *own_hr.notes, *map(sentence, both.notes))
    side = min(16, lr.shape[0] * scale, lr.shape[1] * scale)
    return Picture(
        f"upload-{digest(pixels)}",
        name,
        "your image, kept for this visit alone",
        lr,
        hr,
        scale,
        Region.centred(lr.shape[0] * scale, lr.shape[1] * scale, side),
        notes,
        owner,
        low_resolution,
    )
