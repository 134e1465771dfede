"""A filter study in figures and sentences: what each returned share costs, against which controls."""

from __future__ import annotations

from itertools import combinations
from typing import Any

from lam_core.filters.curves import Finding, findings, mean_interval
from lam_core.filters.result import FilterStudy

SHARED = 0.03
"""Share of filters whose overlap is counted."""
CONTROLS = {
    "random": "random filters of the same layers",
    "change": "the filters that changed most",
    "plain": "gradients without a path",
}
"""What each control returns in place of the discriminative filters."""


def sentence(finding: Finding, degradation: str) -> str:
    """What one share shows, in one sentence."""
    lost, low, high = finding.own
    cost = (
        f"returning {100 * finding.share:g} % of the filters costs {lost:.2f} dB [{low:.2f}, {high:.2f}] on "
        f"{degradation} images beyond what it costs on clean ones"
    )
    if low <= 0:
        return f"{cost}: no ability is lost for certain"
    as_good = [CONTROLS[name] for name, (_, least, _) in finding.over_controls.items() if least <= 0]
    if as_good:
        return f"{cost}, but {' and '.join(as_good)} may cost as much"
    alone = "this ability more than any other" if finding.selective else "other abilities too"
    return f"{cost}, more than every control, and takes {alone}"


def summary(study: FilterStudy) -> dict[str, Any]:
    """Plain values for JSON."""
    degradations = {}
    for one in study.found:
        rows = findings(one.curves, one.degradation)
        degradations[one.degradation] = {
            "error": one.error,
            "nodes": list(one.nodes),
            "gain": list(mean_interval(one.curves.gain(one.degradation))),
            "returned": [
                {
                    "share": row.share,
                    "lost": {kind: list(interval) for kind, interval in row.lost.items()},
                    "lost_beyond_clean": list(row.own),
                    "over_controls": {name: list(interval) for name, interval in row.over_controls.items()},
                    "selective": row.selective,
                    "beats_controls": row.beats_controls,
                    "sentence": sentence(row, one.degradation),
                }
                for row in rows
            ],
        }
    shared = []
    for one, other in combinations(study.degradations, 2):
        found = study.overlap(one, other, SHARED)
        shared.append(
            {
                "degradations": [one, other],
                "share": found.share,
                "expected": found.expected / found.size if found.size else 0.0,
                "p_value": found.p_value,
            }
        )
    return {
        "filters": len(study.change),
        "images_scored": study.scored_on,
        "images_tried": study.tried_on,
        "degradations": degradations,
        "overlap_of_first_3_percent": shared,
        "named_rightly": {
            "by_filters": study.by_filters.to_json(),
            "by_features": study.by_features.to_json(),
            "chance": study.by_filters.chance,
        },
    }
