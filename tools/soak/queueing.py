"""How long computations waited for the device, as a server's log tells, and whether they waited alike."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import mean

from lam_core.service.device_queue import TURN

NEIGHBOURS = 2.0
"""Seconds: those came when I did who came within so long before or after.

Within ten seconds a queue fills or empties: with those as neighbours, even people served strictly in order of arrival
wait up to 2.7 times the mean of others who came when they did.
"""
AT_ONCE = 0.1
"""Seconds within which the log does not tell what came first."""
MOST = 2.0
"""The longest that anybody may wait, over the mean of those who came when they did."""


@dataclass(frozen=True)
class Wait:
    """One computation's time in the queue, in seconds."""

    came: float
    waited: float


def waits(log: str) -> list[Wait]:
    """All computations of a log that ended well, in order of coming.

    >>> waits('{"time": "1970-01-01T00:00:09.500+00:00", "seconds": 3.5, "waited": 2.0}')
    [Wait(came=6.0, waited=2.0)]
    """
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{") and '"waited"' in line]
    found = [Wait(datetime.fromisoformat(line["time"]).timestamp() - line["seconds"], line["waited"]) for line in lines]
    return sorted(found, key=lambda wait: wait.came)


def shares(all_waits: Sequence[Wait]) -> list[float]:
    """Each wait over the mean wait of those who came then, for those times when that was longer than a turn.

    >>> shares([Wait(0.0, 9.0), Wait(1.0, 10.0), Wait(2.0, 11.0), Wait(60.0, 3.0)])
    [0.9, 1.0, 1.1]
    """
    found = []
    for one in all_waits:
        theirs = [other.waited for other in all_waits if abs(other.came - one.came) <= NEIGHBOURS]
        if len(theirs) > 2 and mean(theirs) > TURN:
            found.append(one.waited / mean(theirs))
    return found


def of_queue(log: str) -> tuple[list[str], dict]:
    """What was unfair, and figures."""
    all_waits = waits(log)
    compared = shares(all_waits)
    seconds = [wait.waited for wait in all_waits]
    begun = [wait.came + wait.waited for wait in all_waits]
    most = max(compared, default=0.0)
    return [f"somebody waited {most:.1f} times as long as others who came then"] if most > MOST else [], {
        "computations": len(seconds),
        "overtaken": sum(began > min(begun[turn:]) + AT_ONCE for turn, began in enumerate(begun)),
        "mean wait s": round(mean(seconds), 2) if seconds else None,
        "longest wait s": round(max(seconds), 2) if seconds else None,
        f"came while others waited for over {TURN:g} s": len(compared),
        "largest wait over the mean of those who came then": round(most, 2) or "too little queueing to tell",
    }
