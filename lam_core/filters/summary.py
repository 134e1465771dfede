"""A filter study in figures and sentences: what each returned share costs, against which controls."""

from __future__ import annotations

from itertools import combinations
from typing import Any

from lam_core.filters.abilities import Finding, findings
from lam_core.filters.study import FilterStudy

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
        f"returning {finding.share:.1%} of the filters costs {lost:.2f} dB [{low:.2f}, {high:.2f}] on {degradation} "
        "images beyond what it costs on clean ones"
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
            "returned": [
                {
                    "share": row.share,
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
    for i, j in combinations(range(len(study.found)), 2):
        found = study.overlap(i, j, 0.03)
        shared.append(
            {
                "degradations": [study.found[i].degradation, study.found[j].degradation],
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
            "by_filters": study.named,
            "by_features": study.named_by_features,
            "chance": 1 / study.kinds,
        },
    }
