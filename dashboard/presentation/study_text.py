"""Figures read aloud: sentences that say what came out, whether or not it was expected."""

from __future__ import annotations

from statistics import fmean

import pandas as pd

from lam_core.studies.laboratory import NYQUIST
from lam_core.studies.published import PUBLISHED, Agreement
from lam_core.studies.statistics import Correlation, Interval, Order

SIGNIFICANT = 0.05
FEWEST_IMAGES = 10
"""Images below which nothing is said of an order or an association."""


def too_few(images: int, what: str) -> str:
    """That so few images carry no such statement; empty if they are enough.

    >>> too_few(1, "an order"), too_few(9, "a correlation"), too_few(10, "an order")
    ('1 image is too few for an order; it takes 10.', '9 images are too few for a correlation; it takes 10.', '')
    """
    if images >= FEWEST_IMAGES:
        return ""
    return f"{images} {'image is' if images == 1 else 'images are'} too few for {what}; it takes {FEWEST_IMAGES}."


def difference(first: str, second: str, found: Interval) -> str:
    """How two networks' DI differ over the same images.

    >>> difference("IMDN", "FSRCNN", Interval(1.2, 0.4, 2.1, 33))
    'IMDN draws on more of its input than FSRCNN: DI 1.20 higher (95 % interval 0.40 to 2.10, 33 images, paired).'
    >>> difference("IMDN", "FSRCNN", Interval(0.1, -0.4, 0.6, 12))
    'No difference in DI of IMDN and FSRCNN can be told: 0.10 (95 % interval −0.40 to 0.60, 12 images, paired).'
    >>> difference("IMDN", "FSRCNN", Interval(0.1, 0.05, 0.6, 9))
    'IMDN − FSRCNN: 0.10 in mean DI. 9 images are too few for an order; it takes 10.'
    """
    if few := too_few(found.n, "an order"):
        return f"{first} − {second}: {signed(found.mean)} in mean DI. {few}"
    spread = f"(95 % interval {signed(found.low)} to {signed(found.high)}, {found.n} images, paired)"
    if found.low <= 0 <= found.high:
        return f"No difference in DI of {first} and {second} can be told: {signed(found.mean)} {spread}."
    wide, narrow = (first, second) if found.mean > 0 else (second, first)
    if found.mean < 0:
        spread = f"(95 % interval {signed(-found.high)} to {signed(-found.low)}, {found.n} images, paired)"
    return f"{wide} draws on more of its input than {narrow}: DI {abs(found.mean):.2f} higher {spread}."


def association(name: str, found: Correlation | None, images: int | None = None) -> str:
    """Whether DI goes with something; `images` behind the figures, if they are not the pairs themselves.

    >>> association("PSNR", Correlation(0.9, 0.002, 8), images=33)
    'DI rises with PSNR: Spearman ρ = 0.90, p = 0.002, n = 8.'
    >>> association("PSNR", Correlation(0.2, 0.61, 8), images=33)
    'No association of DI and PSNR can be told from chance: Spearman ρ = 0.20, p = 0.61, n = 8.'
    """
    if found is None:
        return f"Too few values for a correlation with {name}: it takes three."
    if few := too_few(found.n if images is None else images, "a correlation"):
        return few
    if found.rho is None or found.p is None:
        return f"No correlation with {name}: it is the same everywhere (n = {found.n})."
    figures = f"Spearman ρ = {signed(found.rho)}, {probability(found.p)}, n = {found.n}."
    if found.p >= SIGNIFICANT:
        return f"No association of DI and {name} can be told from chance: {figures}"
    return f"DI {'rises' if found.rho > 0 else 'falls'} with {name}: {figures}"


def probability(p: float) -> str:
    """A p value with two digits at most.

    >>> probability(0.00002), probability(0.0123), probability(0.4)
    ('p < 0.001', 'p = 0.012', 'p = 0.40')
    """
    shown = p_value(p)
    return f"p {shown}" if shown.startswith("<") else f"p = {shown}"


def p_value(p: float) -> str:
    """The same without its letter.

    >>> p_value(0.0000043), p_value(0.0123), p_value(0.4)
    ('< 0.001', '0.012', '0.40')
    """
    if p < 0.001:
        return "< 0.001"
    return f"{p:.2f}" if p >= 0.1 else f"{p:.2g}"


def signed(rho: float) -> str:
    """A correlation with a proper minus sign.

    >>> signed(-0.301)
    '−0.30'
    """
    return f"{rho:.2f}".replace("-", "−")


def order_beside_published(found: Agreement, who: str) -> str:
    """How the measured order compares with the published one.

    >>> order_beside_published(Agreement(("FSRCNN", "IMDN"), 1, (("FSRCNN", "IMDN"),)), "compact networks")
    'The published order does not appear in 1 of 1 pair of the compact networks: FSRCNN (published 0.80) lies above \
IMDN (published 14.64) here.'
    """
    if found.pairs == 0:
        return f"Fewer than two of the {who} are in the published table, so there is no order to compare."
    pairs = "pair" if found.pairs == 1 else "pairs"
    if not found.reversed:
        named = ", ".join(found.models)
        return (
            f"The published order appears: all {found.pairs} {pairs} of the {who} in the table ({named}) stand in it."
        )
    published = {row.model: row.diffusion_index for row in PUBLISHED}
    told = "; ".join(
        f"{low} (published {published[low]:.2f}) lies above {high} (published {published[high]:.2f}) here"
        for low, high in found.reversed[:6]
    )
    more = f"; and {len(found.reversed) - 6} more" if len(found.reversed) > 6 else ""
    count = f"{len(found.reversed)} of {found.pairs} {pairs}"
    return f"The published order does not appear in {count} of the {who}: {told}{more}."


def order(found: Order) -> str:
    """Which network has the largest mean DI, and how firm the order is; refused for few images."""
    first = found.standings[0]
    if len(found.standings) == 1:
        return f"Mean DI of {first.model} over {found.images} images: {first.mean.mean:.2f}."
    if few := too_few(found.images, "an order"):
        return few
    firm = sum(s.above_next is not None and s.above_next >= 0.975 for s in found.standings)
    steps = len(found.standings) - 1
    return (
        f"{first.model} has the largest mean DI on these {found.images} images. Of the {steps} "
        f"{'step' if steps == 1 else 'steps'} from one network to the next, {firm} "
        f"{'holds' if firm == 1 else 'hold'} in at least 97.5\u00a0% of the resampled sets of images."
    )


def patterns_beside_samples(curves: pd.DataFrame, samples: pd.DataFrame) -> list[str]:
    """Whether networks look farther on patterns that the LR picture can hold than on the samples."""
    columns = ["model", "frequency", "diffusion_index"]
    held = [row for row in curves[columns].to_numpy().tolist() if row[1] < NYQUIST]
    plain = samples[["model", "diffusion_index"]].to_numpy().tolist()
    told, wider = [], 0
    for model in dict.fromkeys(row[0] for row in held):
        on_samples = [value for name, value in plain if name == model]
        if on_samples:
            pattern, sample = fmean(row[2] for row in held if row[0] == model), fmean(on_samples)
            wider += pattern > sample
            told.append(f"{model} {pattern:.2f} against {sample:.2f}")
    if not told:
        return []
    return [
        f"On stripes and grids that the LR image can hold, below {NYQUIST:g} cycles per LR pixel, {wider} of "
        f"{len(told)} networks have a larger DI than on the samples. Mean DI there against the samples: "
        f"{'; '.join(told)}."
    ]
