"""Where jobs are done: in this process, one after the other, or on the workers of a Dask scheduler."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lam_core.errors import LamError
from lam_core.service.device_queue import POLL, QueueFullError
from lam_core.service.service import Service, Status
from lam_core.service.store import Stored, key_of
from lam_core.studies.sweeps.jobs import (
    FiguresRequest,
    HeldReference,
    Job,
    MapJob,
    Outcome,
    QualityJob,
    fault_of,
    perform,
)

if TYPE_CHECKING:
    from distributed import Client

Tell = Callable[[], None]
"""Called now and then during a job; an exception it raises ends the sweep and is passed on."""
Runner = Callable[[Iterable[Job]], Iterator[tuple[Job, Outcome]]]
"""Finds or does jobs, in any order, and yields each exactly once."""

WAITING_PER_THREAD = 2
"""Jobs handed out for each thread of the cluster, so that none is idle and memory stays small."""
CONNECT = 15
"""Seconds within which a scheduler must answer."""


class SchedulerError(LamError):
    """A Dask scheduler that cannot be reached, or is gone."""


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


def on_cluster(address: str, service: Service, tell: Tell) -> Runner:
    """On the workers of the Dask scheduler at `address`.

    A job whose worker dies is given to another one; an outcome reaches this process once, and only this process keeps
    results. Workers need the project installed and each model's files where its reference looks for them.
    """

    def run(jobs: Iterable[Job]) -> Iterator[tuple[Job, Outcome]]:
        with _connected(address) as client:
            yield from _spread(client, iter(jobs), service, tell, address)

    return run


def _kept(service: Service, job: Job, outcome: Outcome) -> Outcome:
    """A worker's outcome, kept here; its note says why if it could not be."""
    if outcome.figures is None:
        return outcome
    figures = job if isinstance(job, QualityJob) else FiguresRequest(job.map)
    note = service.keep(figures, Stored(outcome.figures, {}, outcome.lasting))
    if isinstance(job, MapJob) and job.keeps_map:
        note = note or service.keep(job.map, Stored(outcome.figures, outcome.arrays, outcome.lasting))
    return replace(outcome, note=note)


@contextlib.contextmanager
def _connected(address: str) -> Iterator[Client]:
    from distributed import Client

    try:
        client = Client(address, timeout=CONNECT, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise SchedulerError(
            f"no Dask scheduler answers at {address!r} ({error}); start one with `dask scheduler` and give its address"
        ) from error
    try:
        yield client
    finally:
        client.close()


def _spread(
    client: Client, jobs: Iterator[Job], service: Service, tell: Tell, address: str
) -> Iterator[tuple[Job, Outcome]]:
    from distributed import wait

    running: dict[Any, Job] = {}
    job = next(jobs, None)
    try:
        while job is not None or running:
            while job is not None and len(running) < WAITING_PER_THREAD * max(_threads(client), 1):
                known = found(service, job)
                if known is not None:
                    yield job, known
                else:
                    # Equal jobs have equal names, so the cluster does them once.
                    key = f"lam-{key_of(job.request.identity(service.device))}"
                    running[client.submit(perform, job, service.device, key=key)] = job
                job = next(jobs, None)
            tell()
            with contextlib.suppress(TimeoutError), client.as_current():
                wait(list(running), timeout=POLL, return_when="FIRST_COMPLETED")
            for future in [future for future in running if future.done()]:
                job_done = running.pop(future)
                yield job_done, _kept(service, job_done, _outcome(future, address))
    finally:
        if running:
            client.cancel(list(running))


def _threads(client: Client) -> int:
    workers = client.scheduler_info(n_workers=-1)["workers"]
    return sum(worker["nthreads"] for worker in workers.values())


def _outcome(future: Any, address: str) -> Outcome:
    from distributed import KilledWorker

    if future.status in ("cancelled", "lost"):
        raise SchedulerError(f"the Dask scheduler at {address} is gone; start the sweep again, what is done is kept")
    try:
        return future.result()
    except KilledWorker:
        return Outcome(None, fault="every worker that tried it died, likely for want of memory")
    # Raised while the job travelled, such as by a reference that cannot be read on the worker's machine.
    except Exception as error:
        return Outcome(None, fault=f"it could not be done on a worker ({type(error).__name__}: {error})"[:400])
