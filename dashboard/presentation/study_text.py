"""Figures read aloud: sentences that say what came out, whether or not it was expected."""

from __future__ import annotations

from statistics import fmean

import pandas as pd

from lam_core.studies.laboratory import NYQUIST
from lam_core.studies.published import PUBLISHED, Agreement
from lam_core.studies.statistics import Correlation, Order

SIGNIFICANT = 0.05


def association(name: str, found: Correlation | None) -> str:
    """Whether DI goes with something.

    >>> association("PSNR", Correlation(0.9, 0.002, 8))
    'DI rises with PSNR: Spearman ρ = 0.90, p = 0.002, n = 8.'
    >>> association("PSNR", Correlation(0.2, 0.61, 8))
    'No association of DI and PSNR can be told from chance: Spearman ρ = 0.20, p = 0.61, n = 8.'
    """
    if found is None:
        return f"Too few values for a correlation with {name}: it takes three."
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
    if p < 0.001:
        return "p < 0.001"
    return f"p = {p:.2f}" if p >= 0.1 else f"p = {p:.2g}"


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
    """Who looks widest, and how firm that is."""
    first = found.standings[0]
    if len(found.standings) == 1:
        return f"Mean DI of {first.model} over {found.images} images: {first.mean.mean:.2f}."
    firm = sum(s.above_next is not None and s.above_next >= 0.975 for s in found.standings)
    return (
        f"{first.model} looks widest on these {found.images} images. Of the {len(found.standings) - 1} steps from one "
        f"network to the next, {firm} hold in at least 97.5\u00a0% of the resampled sets of images."
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
        f"On stripes and grids that the LR picture can hold, below {NYQUIST:g} cycles per LR pixel, {wider} of "
        f"{len(told)} networks look farther than on the samples. Mean DI there against the samples: {'; '.join(told)}."
    ]
