"""Where jobs are done: in this process, one after the other, or on the workers of a Dask scheduler."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from lam_core.errors import LamError
from lam_core.service.device_queue import POLL, Turnstile
from lam_core.service.store import key_of
from lam_core.studies.sweeps.jobs import Job, Outcome, Tell, perform

if TYPE_CHECKING:
    from distributed import Client

Find = Callable[[Job], Outcome | None]
"""The outcome of a job if it is at hand."""
Runner = Callable[[Iterable[Job], Find, Tell], Iterator[tuple[Job, Outcome]]]
"""Finds or does jobs, in any order, and yields each exactly once; what `Tell` raises ends it all."""

WAITING_PER_THREAD = 2
"""Jobs handed out for each thread of the cluster, so that none is idle and memory stays small."""
CONNECT = 15
"""Seconds within which a scheduler must answer."""


class SchedulerError(LamError):
    """A Dask scheduler that cannot be reached, or is gone."""


def here(device: str, turnstile: Turnstile) -> Runner:
    """One job after the other in this process; each waits its turn, and steps aside for everyone who clicks."""

    def run(jobs: Iterable[Job], find: Find, tell: Tell) -> Iterator[tuple[Job, Outcome]]:
        for job in jobs:
            outcome = find(job)
            if outcome is None:
                with turnstile.turn(lambda ahead: tell(), priority=1) as give_way:
                    outcome = perform(job, device, partial(_step, tell, give_way))
            yield job, outcome

    return run


def _step(tell: Tell, give_way: Callable[[], None]) -> None:
    tell()
    give_way()


def on_cluster(address: str, device: str) -> Runner:
    """On the workers of the Dask scheduler at `address`.

    A job whose worker dies is given to another one; an outcome reaches this process once, and only this process keeps
    results. Workers need the project installed and each model's files where its reference looks for them.
    """

    def run(jobs: Iterable[Job], find: Find, tell: Tell) -> Iterator[tuple[Job, Outcome]]:
        with _connected(address) as client:
            yield from _spread(client, iter(jobs), find, tell, device, address)

    return run


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
    client: Client, jobs: Iterator[Job], find: Find, tell: Tell, device: str, address: str
) -> Iterator[tuple[Job, Outcome]]:
    from distributed import wait

    running: dict[Any, Job] = {}
    job = next(jobs, None)
    try:
        while job is not None or running:
            while job is not None and len(running) < WAITING_PER_THREAD * max(_threads(client), 1):
                found = find(job)
                if found is not None:
                    yield job, found
                else:
                    # Equal jobs have equal names, so the cluster does them once.
                    running[client.submit(perform, job, device, key=f"lam-{key_of(job.identity(device))}")] = job
                job = next(jobs, None)
            tell()
            with contextlib.suppress(TimeoutError), client.as_current():
                wait(list(running), timeout=POLL, return_when="FIRST_COMPLETED")
            for future in [future for future in running if future.done()]:
                yield running.pop(future), _outcome(future, address)
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
