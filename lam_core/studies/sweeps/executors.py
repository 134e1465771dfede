"""What does jobs: a runner. Here that of this process, one job after the other; `cluster` has another."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from lam_core.service.device_queue import QueueFullError
from lam_core.service.service import Service, Status
from lam_core.studies.sweeps.jobs import (
    FiguresRequest,
    HeldReference,
    Job,
    Outcome,
    QualityJob,
    fault_of,
)

Tell = Callable[[], None]
"""Called now and then during a job; an exception it raises ends the sweep and is passed on."""
Runner = Callable[[Iterable[Job]], Iterator[tuple[Job, Outcome]]]
"""Finds or does jobs, in any order, and yields each exactly once."""


def found(service: Service, job: Job) -> Outcome | None:
    """The outcome of a job whose figures are kept, or the map that they are read off."""
    if isinstance(job, QualityJob):
        figures = service.find(job)
    else:
        figures = service.find(FiguresRequest(job.map))
        if figures is None and (kept := service.find(job.map)) is not None:
            figures = kept.summary()
    return None if figures is None else Outcome(figures, from_store=True)


def here(service: Service, tell: Tell) -> Runner:
    """One job after the other in this process, by the service: each waits its turn behind everyone who clicks."""

    def run(jobs: Iterable[Job]) -> Iterator[tuple[Job, Outcome]]:
        for job in jobs:
            yield job, found(service, job) or _answered(service, job, tell)

    return run


def _answered(service: Service, job: Job, tell: Tell) -> Outcome:
    listener = _Listener(tell)
    request = replace(job, model=HeldReference(job.model, service.device)).request
    try:
        answer = service.answer(request, listener, priority=1)
    except QueueFullError:
        raise
    # A network is foreign code and may raise anything; one that fails must not end a sweep of others.
    except Exception as error:
        if error is listener.raised:
            raise
        return Outcome(None, fault=fault_of(error), seconds=listener.seconds)
    if isinstance(job, QualityJob) or not job.keeps_map:
        return Outcome(answer.result, from_store=answer.from_store, seconds=listener.seconds, note=answer.note)
    figures = answer.result.summary()
    # Figures outlive their map in a store that is full.
    note = service.keep(FiguresRequest(job.map), FiguresRequest(job.map).pack(figures))
    return Outcome(figures, from_store=answer.from_store, seconds=listener.seconds, note=answer.note or note)


class _Listener:
    """Hears of one job: how long it has worked, and what `tell` raised, to know that from a network's own errors."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._began = time.perf_counter()
        self.raised: Exception | None = None

    @property
    def seconds(self) -> float:
        """Since it was last waited for others."""
        return time.perf_counter() - self._began

    def __call__(self, status: Status) -> None:
        if status.stage in ("queue", "shared"):
            self._began = time.perf_counter()
        try:
            self._tell()
        except Exception as error:
            self.raised = error
            raise
