"""Jobs on the workers of a Dask cluster.

A worker stays with one model, and with windows that the model is planned for but once, as long as there are such jobs;
so it loads and plans little. A model and an image are sent once, apart from the jobs that need them.
"""

from __future__ import annotations

import os
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, TypeVar

from lam_core.images import Pixels, digest
from lam_core.reference import ModelReference
from lam_core.service.device_queue import POLL
from lam_core.service.service import Service
from lam_core.service.store import Stored, key_of
from lam_core.studies.sweeps.executors import Runner, Tell, found
from lam_core.studies.sweeps.jobs import (
    FiguresRequest,
    Job,
    MapJob,
    Order,
    Outcome,
    Plan,
    QualityJob,
    perform,
)
from lam_core.studies.sweeps.scheduler import Cluster, Worker, connected

if TYPE_CHECKING:
    from distributed import Future

AT_HAND = 2
"""Jobs given to each thread of a worker: one that runs and one that waits there."""
LOOKED_AHEAD = 256 * 2**20
"""Bytes of images whose jobs are sorted at a time."""
REFRESH = 1.0
"""Seconds after which the scheduler is asked again for its workers."""
DEATHS = 2
"""Workers that may die for want of memory before an outcome comes."""
PAUSED = 8.0
"""Seconds after which workers that begin no job for want of memory are not waited for."""

T = TypeVar("T")
Group = tuple[str, Plan]
"""Fingerprint of a model, and what it is planned for."""


@contextmanager
def on_cluster(address: str, service: Service, models: Sequence[ModelReference], tell: Tell) -> Iterator[Runner]:
    """A runner on the workers of the Dask scheduler at `address`; raises `SchedulerError`, also while it runs.

    A job whose worker dies is given to another one; an outcome reaches this process once, and only this process keeps
    results. A job keeps one thread of its worker busy, with as many threads of PyTorch as the worker's
    OMP_NUM_THREADS says, one if it says nothing.
    """
    with connected(address) as cluster:
        cluster.refuse_unfit(models, service.device)
        sent = {
            model.fingerprint: cluster.client.submit(_given, model, key=f"lam-model-{model.fingerprint}")
            for model in models
        }
        run = _Dispatch(cluster, service, sent, tell)
        try:
            yield run
        finally:
            run.cancel()


class Waiting:
    """Jobs that no worker has yet, sorted so that a worker does those together that share a model and its plan."""

    def __init__(self) -> None:
        self._groups: defaultdict[Group, deque[Job]] = defaultdict(deque)
        self._of: dict[str, Group] = {}
        """The group that a worker last took a job of."""
        self._loaded: defaultdict[str, set[str]] = defaultdict(set)
        """The models that a worker has had."""

    def __bool__(self) -> bool:
        return bool(self._groups)

    def add(self, job: Job) -> None:
        """Takes a job in."""
        self._groups[job.model.fingerprint, job.plan].append(job)

    def take(self, worker: str) -> Job | None:
        """The job that a worker should do next; None if there is none."""
        if not self._groups:
            return None
        busy = Counter(model for other, (model, _) in self._of.items() if other != worker)
        of_model: Counter[str] = Counter()
        for (model, _), jobs in self._groups.items():
            of_model[model] += len(jobs)
        last = self._of.get(worker)

        def preference(group: Group) -> tuple[float, ...]:
            model = group[0]
            return (
                group == last,
                last is not None and model == last[0],
                (model in self._loaded[worker]) and not busy[model],
                -busy[model],
                of_model[model],
                len(self._groups[group]),
            )

        chosen = max(self._groups, key=preference)
        self._of[worker] = chosen
        self._loaded[worker].add(chosen[0])
        jobs = self._groups[chosen]
        job = jobs.popleft()
        if not jobs:
            del self._groups[chosen]
        return job


@dataclass
class _Sent:
    """An image that waiting jobs read."""

    pixels: Pixels
    jobs: int = 0
    """Jobs that wait for it."""
    future: Future | None = None


@dataclass(frozen=True)
class _Running:
    """A job that a worker has."""

    job: Job
    worker: str
    image: Future


@dataclass(eq=False)
class _Dispatch:
    """Gives jobs to workers as they become free. A `Runner`."""

    cluster: Cluster
    service: Service
    models: dict[str, Future]
    tell: Tell
    running: dict[Future, _Running] = field(default_factory=dict)
    waiting: Waiting = field(default_factory=Waiting)
    images: dict[str, _Sent] = field(default_factory=dict)
    done: SimpleQueue[Future] = field(default_factory=SimpleQueue)
    workers: tuple[Worker, ...] = ()
    asked: float = 0.0
    """When the scheduler was last asked for its workers."""
    began: float = 0.0
    """Since when workers do not begin jobs for want of memory."""
    strained: int = 0
    """Workers that went with much of their memory used since the last outcome."""

    def __call__(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, Outcome]]:
        rest = iter(jobs)
        is_more = True
        while is_more or self.waiting or self.running:
            while is_more and sum(image.pixels.nbytes for image in self.images.values()) < LOOKED_AHEAD:
                job = next(rest, None)
                if job is None:
                    is_more = False
                elif (known := found(self.service, job)) is not None:
                    yield job, known
                else:
                    self._wait(job)
            self.tell()
            self._watch()
            self._hand_out()
            for future in self._finished():
                if future.status == "lost":
                    # Its worker died before the outcome was fetched: it is done again.
                    future.add_done_callback(self.done.put)
                elif (ended := self.running.pop(future, None)) is not None:
                    self.strained = 0
                    yield ended.job, self._kept(ended.job, self._outcome(future, ended.job))

    def cancel(self) -> None:
        """Takes back what workers have not done yet."""
        if self.running and self.cluster.client.status == "running":
            self.cluster.client.cancel(list(self.running))
        self.running.clear()

    def _wait(self, job: Job) -> None:
        self.waiting.add(job)
        self.images.setdefault(digest(job.image), _Sent(job.image)).jobs += 1

    def _hand_out(self) -> None:
        held = Counter(one.worker for one in self.running.values())
        for worker in self.workers:
            while held[worker.address] < AT_HAND * worker.threads and (job := self.waiting.take(worker.address)):
                held[worker.address] += 1
                self._submit(job, worker.address)

    def _submit(self, job: Job, worker: str) -> None:
        client, name = self.cluster.client, digest(job.image)
        image = self.images[name]
        if image.future is None:
            # Not `scatter`: what that sends is lost with the worker that holds it, a task is done again elsewhere.
            image.future = client.submit(_given, image.pixels, key=f"lam-image-{name}")
        # Equal jobs have equal names, so the cluster does them once. Any worker may do them if this one dies.
        future = client.submit(
            _performed,
            job.order,
            self.models[job.model.fingerprint],
            image.future,
            self.service.device,
            key=f"lam-{key_of(job.request.identity(self.service.device))}",
            workers=[worker],
            allow_other_workers=True,
        )
        self.running[future] = _Running(job, worker, image.future)
        future.add_done_callback(self.done.put)
        image.jobs -= 1
        if not image.jobs:
            del self.images[name]

    def _finished(self) -> Iterator[Future]:
        try:
            yield self.done.get(timeout=POLL if self.running else 0)
            while True:
                yield self.done.get_nowait()
        except Empty:
            return

    def _watch(self) -> None:
        """Looks after the cluster. Raises `SchedulerError` if it cannot go on."""
        if self.cluster.client.status != "running" or any(f.cancelled() for f in self.running):
            raise self.cluster.gone()
        now = time.monotonic()
        if now - self.asked < REFRESH:
            return
        before, self.asked, self.workers = self.workers, now, self.cluster.workers()
        here = {worker.address for worker in self.workers}
        self.strained += sum(worker.is_strained for worker in before if worker.address not in here)
        if self.strained >= DEATHS:
            raise self.cluster.out_of_memory(f"{self.strained} workers died one after the other with memory used up")
        if not self.workers or not all(worker.paused for worker in self.workers):
            self.began = now
        elif now - self.began > PAUSED:
            used = max(worker.used for worker in self.workers) / 2**20
            raise self.cluster.out_of_memory(f"all workers wait for memory, {used:,.0f} MiB used by one of them")

    def _outcome(self, future: Future, job: Job) -> Outcome:
        from distributed import KilledWorker

        if future.cancelled():
            raise self.cluster.gone()
        try:
            return future.result()
        except KilledWorker as error:
            raise self.cluster.out_of_memory(
                f"every worker that tried {job.model.name} on {job.picture} died, likely for want of memory"
            ) from error
        # Raised while the job travelled, such as by a network that cannot be sent.
        except Exception as error:
            return Outcome(None, fault=f"it could not be done on a worker ({type(error).__name__}: {error})"[:400])

    def _kept(self, job: Job, outcome: Outcome) -> Outcome:
        """A worker's outcome, kept here; its note says why if it could not be."""
        if outcome.figures is None:
            return outcome
        figures = job if isinstance(job, QualityJob) else FiguresRequest(job.map)
        note = self.service.keep(figures, Stored(outcome.figures, {}, outcome.lasting))
        if isinstance(job, MapJob) and job.keeps_map:
            note = note or self.service.keep(job.map, Stored(outcome.figures, outcome.arrays, outcome.lasting))
        return replace(outcome, note=note)


def _given(value: T) -> T:
    """A value as a task, which the cluster holds for the tasks that need it."""
    return value


def _performed(order: Order, model: ModelReference, image: Pixels, device: str) -> Outcome:
    """On a worker: a job done with as many threads as the worker was given for one."""
    import torch

    # A worker's own threads do jobs side by side, each of which would otherwise take every core.
    if "OMP_NUM_THREADS" not in os.environ and torch.get_num_threads() != 1:
        torch.set_num_threads(1)
    return perform(order(model, image), device)
