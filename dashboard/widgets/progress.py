"""The progress of a request as a share and a sentence."""

from __future__ import annotations

from dashboard.presentation.formatting import megabytes
from lam_core.service.service import Status


def how_far(status: Status) -> tuple[float, str]:
    """How much is done, and the same in words; while one waits, how much of the weights is here, and why one waits."""
    now = status.progress
    if now is None:
        return share_fetched(status), waiting_for(status)
    return min(max(now.share, 0.0), 1.0), waiting_for(status) if status.stage == "queue" else now.text


def waiting_for(status: Status) -> str:
    """Why there is nothing to see yet."""
    if status.stage == "queue":
        place = f"{status.ahead} before you in the queue" if status.ahead else "next in the queue"
        return place.capitalize() if status.progress is None else f"Paused for others: {place}"
    if status.stage == "shared":
        return "Being computed for someone else; shared with you"
    if status.fetched:
        return f"Fetching its weights: {megabytes(*status.fetched)}"
    return "Loading the network"


def share_fetched(status: Status) -> float:
    """How much of the network's weights is here, while they are fetched."""
    here, total = status.fetched or (0, None)
    return min(here / total, 1.0) if total else 0.0
