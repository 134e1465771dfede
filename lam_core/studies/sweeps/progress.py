"""What a sweep has behind it and what is left: progress, faults, and an estimate of the time."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lam_core.studies.sweeps.jobs import Job, Outcome, QualityJob


@dataclass(frozen=True)
class Fault:
    """Something that gave no row."""

    picture: str
    model: str | None
    """None if the picture itself is at fault."""
    message: str

    def __str__(self) -> str:
        if self.model is not None:
            return f"{self.picture}, {self.model}: {self.message}"
        return self.message if Path(self.picture).name in self.message else f"{self.picture}: {self.message}"


@dataclass(frozen=True, eq=False)
class Progress:
    """How far a sweep is."""

    done: int
    """Jobs behind it, those that came to nothing included."""
    total: int
    from_store: int
    """Jobs whose result was stored."""
    faults: int
    """Pictures and jobs that came to nothing."""
    seconds: float
    """Time so far."""
    seconds_left: float | None
    """Estimate of the time left if nothing of the rest is stored; None while nothing is known."""
    row: dict[str, Any] | None = None
    """The table's newest row, on the call that brings one."""
    preview: None = None

    @property
    def share(self) -> float:
        """Of all jobs."""
        return self.done / max(self.total, 1)

    @property
    def text(self) -> str:
        """One line for people.

        >>> Progress(120, 640, 20, 0, 60.0, 250.0).text
        '120 of 640 steps, 20 from the store, about 4 minutes left'
        """
        parts = [f"{self.done} of {self.total} steps"]
        if self.from_store:
            parts.append(f"{self.from_store} from the store")
        if self.faults:
            parts.append(f"{self.faults} could not be done")
        if self.done < self.total and self.seconds_left is not None:
            parts.append(f"{duration(self.seconds_left)} left")
        return ", ".join(parts)


Listener = Callable[[Progress], None]
"""Called at every job's end and several times a second; an exception it raises ends the sweep, which can be resumed."""


def ignore(progress: Progress) -> None:
    """A listener that does not care."""


def duration(seconds: float) -> str:
    """A length of time in the unit that suits it.

    >>> duration(8), duration(200), duration(9000), duration(4e5)
    ('less than a minute', 'about 3 minutes', 'about 2.5 hours', 'about 5 days')
    """
    if seconds < 45:
        return "less than a minute"
    if seconds < 5400:
        minutes = max(round(seconds / 60), 1)
        return f"about {minutes} minute{'s' if minutes > 1 else ''}"
    hours = seconds / 3600
    return f"about {hours:.1f} hours" if hours < 48 else f"about {hours / 24:.0f} days"


class Ledger:
    """Counts a sweep's jobs by kind and model, since models differ a hundredfold in time."""

    def __init__(self, models: list[str], pictures: int, windows: int, listener: Listener) -> None:
        """`windows`: windows of each picture."""
        self._listener, self._windows = listener, windows
        self._left = Counter(
            {("quality", m): pictures for m in models} | {("map", m): pictures * windows for m in models}
        )
        self._total = self._left.total()
        self._spent: defaultdict[tuple[str, str], float] = defaultdict(float)
        self._computed: Counter[tuple[str, str]] = Counter()
        self._from_store = 0
        self._began = time.monotonic()
        self._first: float | None = None
        self.faults: list[Fault] = []
        self.notes: list[str] = []

    def note(self, sentence: str) -> None:
        """Keeps a sentence for the table's reader, once."""
        if sentence and sentence not in self.notes:
            self.notes.append(sentence)

    def unusable(self, picture: str, message: str) -> None:
        """A picture that no job can be made of."""
        self.faults.append(Fault(picture, None, message))
        for kind, model in self._left:
            self._left[kind, model] -= 1 if kind == "quality" else self._windows
        self._tell(None)

    def vanished(self, picture: str, models: list[str], message: str) -> None:
        """A picture that could be read for the quality of these models and cannot be read for their maps."""
        self.faults.append(Fault(picture, None, message))
        for model in models:
            self._left["map", model] -= self._windows
        self._tell(None)

    def finished(self, job: Job, outcome: Outcome, row: dict[str, Any] | None = None) -> None:
        """A job that is done, and the row it brought."""
        kind = _kind(job)
        self._left[kind] -= 1
        if outcome.from_store:
            self._from_store += 1
        elif outcome.figures is not None:
            self._spent[kind] += outcome.seconds
            self._computed[kind] += 1
        if outcome.figures is None:
            self.faults.append(Fault(job.picture, job.model.name, outcome.fault))
            if isinstance(job, QualityJob):
                self._left["map", job.model.name] -= self._windows
        self._tell(row)

    def tell(self) -> None:
        """Says where it stands while a job is under way."""
        if self._first is None:
            self._first = time.monotonic()
        self._tell(None)

    def _tell(self, row: dict[str, Any] | None) -> None:
        self._listener(
            Progress(
                done=self._total - self._left.total(),
                total=self._total,
                from_store=self._from_store,
                faults=len(self.faults),
                seconds=time.monotonic() - self._began,
                seconds_left=self._seconds_left(),
                row=row,
            )
        )

    def _seconds_left(self) -> float | None:
        """Jobs left times what their like took, at the pace of the clock against the jobs' own seconds."""
        if not self._computed or self._first is None:
            return None
        mean = {kind: self._spent[kind] / count for kind, count in self._computed.items()}
        usual = sum(mean.values()) / len(mean)
        pace = (time.monotonic() - self._first) / max(sum(self._spent.values()), 1e-9)
        return pace * sum(count * mean.get(kind, usual) for kind, count in self._left.items())


def _kind(job: Job) -> tuple[str, str]:
    return ("quality" if isinstance(job, QualityJob) else "map"), job.model.name
