"""Where weights can be read in several ways, the way that restores a picture best is meant.

The commonest case is the input range: a network trained on 0 to 255 and fed 0 to 1 gives pictures, and attribution
maps, that are plausible and wrong.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from PIL import Image, ImageDraw

from lam_core.images import Pixels, bicubic, downscale, psnr
from lam_core.model import SuperResolver
from zoo.checkpoints.network import Network

CLEARLY = 1.0
"""dB by which another reading must beat the published one."""
COMPETENT = -6.0
"""dB against bicubic below which a picture says nothing, as that of an untrained network."""
SKILLED = 0.25
"""dB against bicubic that a network must gain before its scale is read off a picture: an untrained network that
adds its output to an interpolated picture is as good as that at every scale."""


def decide(networks: Sequence[Network], name: str) -> Network:
    """The network to use among the readings of a file of that name; a decision between scales is told in its notes.

    Where weights fit several scales, a scale at which they restore the test picture is taken, among several such the
    one in the file's name, and where none restores it the one in the name. Without any sign the first is taken.
    """
    scales = list(dict.fromkeys(network.scale for network in networks))
    if len(scales) == 1:
        return best(networks)
    gains = [gain_over_bicubic(network) for network in networks]
    leaders = {s: max((i for i, n in enumerate(networks) if n.scale == s), key=gains.__getitem__) for s in scales}
    able = [scale for scale in scales if gains[leaders[scale]] >= SKILLED]
    named = scale_in_name(name)
    measured = ", ".join(f"×{scale} {gains[leaders[scale]]:+.1f} dB" for scale in scales)
    if len(able) == 1:
        scale = able[0]
        why = "as measuring says" if named in (None, scale) else f"although its name says ×{named}"
    elif named in (able or scales):
        scale, why = named, "as its name says" + (", and each restores it" if able else ", and measuring says nothing")
    else:
        scale, why = (able or scales)[0], "and neither its name nor measuring says which is meant"
    fit = " and ".join(f"×{one}" for one in sorted(scales))
    note = f"{name} fits {fit}: ×{scale} is used, {why} (a test picture against bicubic: {measured})"
    return replace(networks[leaders[scale]], notes=(note,))


def scale_in_name(name: str) -> int | None:
    """The scale that a file's name says, as `x3`, `3x` or `X3`; none if it says none or several.

    >>> scale_in_name("PANx3_DF2K.pth"), scale_in_name("2x3x.pth"), scale_in_name("64x64.pth")
    (3, None, None)
    """
    found = {int(a or b) for a, b in re.findall(r"(?<![0-9])(?:[xX×]([1-9])|(?<![xX×])([1-9])[xX×])(?![0-9])", name)}
    return found.pop() if len(found) == 1 else None


def best(networks: Sequence[Network]) -> Network:
    """The first of the networks, or another one that restores the test picture clearly better."""
    if len(networks) == 1:
        return networks[0]
    scores = [gain_over_bicubic(network) for network in networks]
    leader = int(np.argmax(scores))
    if networks[leader].scale != networks[0].scale:
        trusted = scores[leader] >= SKILLED
    else:
        trusted = scores[leader] >= COMPETENT and scores[leader] >= scores[0] + CLEARLY
    return networks[leader if trusted else 0]


def gain_over_bicubic(network: Network, picture: Pixels | None = None) -> float:
    """PSNR in dB by which a network's enlargement of a downscaled picture exceeds bicubic interpolation's.

    At scale 1 there is nothing to gain: the PSNR to the picture itself, less 40 dB. An output that is not finite
    scores minus infinity.
    """
    high = dead_leaves() if picture is None else picture
    scale = network.scale
    low = downscale(high, scale) if scale > 1 else high
    high = high[: low.shape[0] * scale, : low.shape[1] * scale]
    model = SuperResolver(network.module, scale, convention=network.convention, fingerprint="unnamed")
    x = torch.from_numpy(low.transpose(2, 0, 1)[None].copy()).float() / 255
    with torch.no_grad():
        y = model(x)[0].clamp(0, 1).numpy().transpose(1, 2, 0) * 255.0
    if not np.isfinite(y).all():
        return -np.inf
    reference = 40.0 if scale == 1 else psnr(bicubic(low, scale), high, shave=scale)
    return min(psnr(y, high, shave=scale), 100.0) - reference


@functools.cache
def dead_leaves(side: int = 96) -> Pixels:
    """Discs of random size, place and colour that hide one another: edges as photographs have them."""
    random = np.random.default_rng(7)
    canvas = Image.new("RGB", (side * 4, side * 4), (128, 128, 128))
    draw = ImageDraw.Draw(canvas)
    for _ in range(220):
        x, y = random.uniform(0, side * 4, 2)
        radius = 6 / random.uniform(0.06, 1)
        colour = tuple(int(v) for v in random.integers(0, 256, 3))
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
    return np.asarray(canvas.resize((side, side), Image.Resampling.BOX))
