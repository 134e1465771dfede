"""The designs of the bundled samples that the shipped results are of: written down before any network was run.

Content. The published figure has three contents under three degradations; so has this one: facades, foliage and roofs,
16 pictures each, so that content and degradation have equally many classes of equally many points. A picture is a
quarter of a 256×256 sample, reduced ×4 by bicubic interpolation to 32×32 pixels, the networks' input. Quarters of one
sample are alike, which intervals over pictures do not know.
Degradations. Clean, Gaussian blur of σ 2, Gaussian noise of σ 20, put on the networks' input. Seed 0.
Strength. The same pictures, from clean to a blur of σ 3, noise of σ 30 and JPEG of quality 10 in six steps.
SRGA. The recommended 300 pictures of 32×32, drawn with seed 0 from the overlapping crops of all samples.
Detection. Reduced samples of 64×64; every third sample is held out, and so are the strengths that are tried.
Turning off. The held-out pictures under the degradation that the specific network was trained for, at several
strengths, and under others.
Layers are the stages of each network's trunk; strength, SRGA and detection look at the last of them.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from lam_core.images import Pixels, downscale
from lam_core.images.degradations import Degradation
from lam_core.samples import sample, samples
from lam_core.semantics.design import Design, Picture

CONTENTS = {
    "facade": ("brick-terrace", "glass-tower", "shuttered-house", "panel-block"),
    "foliage": ("hedge", "leaves", "treetops", "grass"),
    "roof": ("palace-roof", "palace-eaves", "pantiles", "slates"),
}
SCALE = 4
SIDE = 32
"""Of a picture, in LR pixels."""
STRENGTHS = tuple(map(Degradation.parse, ("blur:3", "noise:30", "jpeg:90")))
SHIFTS = tuple(map(Degradation.parse, ("blur:2", "noise:20", "jpeg:70", "contrast:0.5")))
"""What SRGA scores."""
SHIFTED = 300
KINDS = tuple(map(Degradation.parse, ("clean", "blur:3", "noise:30", "jpeg:80")))
"""What a probe is trained on, at half, three quarters and all of each strength."""
TRIED = tuple(map(Degradation.parse, ("clean", "blur:1.8", "blur:2.7", "noise:18", "noise:27", "jpeg:50", "jpeg:70")))
"""What it is tried on: strengths between those it was trained on."""
RESTORED = tuple(
    map(Degradation.parse, ("noise:20", "noise:10", "noise:40", "clean", "blur:2", "jpeg:70", "contrast:0.5"))
)
"""What is put on pictures that are restored; the compact CinCGAN was trained for the first."""
EXAMPLE = "cat"
"""The sample that restoring is shown on."""
PLACES = ("top left", "top right", "bottom left", "bottom right")


def sample_names() -> tuple[tuple[str, str], ...]:
    """Name and content of every picture of `sample_design`."""
    return tuple(
        (f"{name}, {place}", content) for content, names in CONTENTS.items() for name in names for place in PLACES
    )


@cache
def sample_design() -> Design:
    """Three contents × 16 pictures × three degradations."""
    quarters = [quarter for names in CONTENTS.values() for name in names for quarter in _crops(name, SIDE)]
    named = zip(sample_names(), quarters, strict=True)
    return Design(tuple(Picture(name, content, quarter) for (name, content), quarter in named))


@cache
def held_out_samples() -> tuple[Pixels, ...]:
    """Every third sample as it is, [256, 256, 3]."""
    return tuple(one.pixels() for one in samples()[2::3])


@cache
def shift_pictures() -> tuple[Pixels, ...]:
    """The pictures of SRGA."""
    crops = [crop for one in samples() for crop in _crops(one.id, SIDE // 2)]
    chosen = np.random.default_rng(0).permutation(len(crops))[:SHIFTED]
    return tuple(crops[i] for i in np.sort(chosen))


@cache
def detection_pictures() -> tuple[tuple[Pixels, ...], tuple[Pixels, ...]]:
    """Pictures to train a probe on, and pictures held out."""
    reduced = [downscale(one.pixels(), SCALE) for one in samples()]
    held_out = reduced[2::3]
    return tuple(picture for i, picture in enumerate(reduced) if i % 3 != 2), tuple(held_out)


def _crops(name: str, step: int) -> list[Pixels]:
    """The 32×32 parts of a reduced sample, row by row."""
    reduced = downscale(sample(name).pixels(), SCALE)
    starts = range(0, reduced.shape[0] - SIDE + 1, step)
    return [reduced[y : y + SIDE, x : x + SIDE] for y in starts for x in starts]
