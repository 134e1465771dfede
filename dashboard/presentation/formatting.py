"""Numbers and settings as people read them."""

from __future__ import annotations

import re
from math import isfinite

from lam_core.attribution.result import Attribution
from lam_core.attribution.settings import AttributionSettings
from lam_core.region import Field, Region

NO_BREAK = "\u00a0"
"""A space at which no line breaks."""
_NAMED = re.compile(r"[^:]+\.[A-Za-z0-9]{2,5}: |[^\s:]*[\d_/@]|[^\s:]+\.\w")
"""A file's name and a colon, or a first word that is no plain word."""


def percent(share: float) -> str:
    """A share of one, with two digits at most; its sign never begins a line of its own.

    >>> [percent(share).replace(NO_BREAK, " ") for share in (0.0496, 0.0073, 0.00002, 0.281, float("inf"))]
    ['5 %', '0.7 %', 'below 0.1 %', '28 %', 'unknown']
    """
    if not isfinite(share):
        return "unknown"
    if 0 < share < 0.0005:
        return f"below 0.1{NO_BREAK}%"
    return f"{share * 100:.1f}{NO_BREAK}%" if 0 < share < 0.0095 else f"{share * 100:.0f}{NO_BREAK}%"


def decibels(psnr: float) -> str:
    """A PSNR.

    >>> decibels(27.318), decibels(float("inf"))
    ('27.3 dB', '∞ dB')
    """
    return f"{psnr:.1f} dB" if isfinite(psnr) else "∞ dB"


def megabytes(here: int, total: int | None) -> str:
    """How much of a file is here.

    >>> megabytes(1_250_000, 5_900_000), megabytes(1_250_000, None)
    ('1.2 of 5.9 MB', '1.2 MB')
    """
    whole = f" of {total / 1e6:.1f}" if total else ""
    return f"{here / 1e6:.1f}{whole} MB"


def duration(seconds: float) -> str:
    """A time span.

    >>> duration(0.0421), duration(2.34), duration(83)
    ('0.04 s', '2.3 s', '83 s')
    """
    return f"{seconds:.2f} s" if seconds < 0.1 else f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"


def settings_line(settings: AttributionSettings, region: Region, field: Field, scale: int) -> str:
    """Everything that must be equal for two DI to be compared, in one line."""
    rule = (
        f"reference rule, {settings.nodes} steps"
        if settings.rule == "reference"
        else f"error-controlled rule, tolerance {percent(settings.tolerance)}, at most {settings.nodes} nodes"
    )
    return " · ".join(
        (
            f"LR {field.width}×{field.height}",
            f"×{scale}",
            f"window {region.size}",
            f"{settings.detector} detector",
            f"{settings.path} path",
            f"σ {settings.sigma:g}",
            f"kernel {settings.kernel}",
            rule,
            settings.dtype,
        )
    )


def settings_in_short(result: Attribution) -> str:
    """The settings line as it fits below a card."""
    now = result.settings
    rule = f"reference rule, {now.nodes} steps" if now.rule == "reference" else f"tolerance {percent(now.tolerance)}"
    return " · ".join(
        (
            f"LR {result.field.width}×{result.field.height}, ×{result.scale}",
            f"window {result.region.size}",
            f"{now.path} σ {now.sigma:g}, {now.kernel}×{now.kernel}",
            now.detector,
            rule,
            now.dtype,
        )
    )


def settings_of(result: Attribution) -> str:
    """The settings line of a result."""
    return settings_line(result.settings, result.region, result.field, result.scale)


def sentence(text: str) -> str:
    """A message as a sentence of its own: full stop, capital first letter unless it begins with the name of something.

    >>> sentence("window size is 0; give at least 1 SR pixel")
    'Window size is 0; give at least 1 SR pixel.'
    >>> sentence("plane-01.png: the file is empty"), sentence("my cat.jpg: the file is empty")
    ('plane-01.png: the file is empty.', 'my cat.jpg: the file is empty.')
    >>> sentence("flat-01.png is small"), sentence("owner/set is gone"), sentence("a.png is none"), sentence("x, y.")
    ('flat-01.png is small.', 'owner/set is gone.', 'a.png is none.', 'X, y.')
    """
    text = text.strip()
    closed = text if text.endswith((".", "!", "?")) else f"{text}."
    return closed if _NAMED.match(closed) else closed[:1].upper() + closed[1:]
