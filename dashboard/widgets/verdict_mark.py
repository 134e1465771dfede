"""The small mark of a map's verdicts: beats its controls, does not, undecided, or not checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from dashboard.state import verdicts
from lam_core.attribution.result import Attribution

if TYPE_CHECKING:
    from lam_core.attribution.checks.verdict import Mark, Verdict

BADGES: dict[Mark, str] = {
    "beats": ":green-badge[beats its control]",
    "does not": ":red-badge[does not beat its control]",
    "undecided": ":orange-badge[undecided]",
}
UNCHECKED = ":gray-badge[not checked]"
WHERE = "How far to trust a map is checked on the Compare page, below the maps, when you ask for it."


def mark_of(found: Mapping[str, Verdict]) -> str:
    """The badge of all verdicts together: the worst of them, and how many checks there were.

    >>> mark_of({})
    ':gray-badge[not checked]'
    """
    if not found:
        return UNCHECKED
    from lam_core.attribution.checks.verdict import joint

    checks = "1 check" if len(found) == 1 else f"{len(found)} checks"
    return f"{BADGES[joint([verdict.mark for verdict in found.values()])]} {checks}"


def card_line(result: Attribution) -> tuple[str, str]:
    """The mark of a map as its card shows it, and what stands behind it."""
    found = verdicts.known(result)
    told = " ".join(f"{name}: {verdict.sentence}" for name, verdict in found.items())
    return mark_of(found), told or WHERE
