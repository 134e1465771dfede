"""What is at hand of a sweep, and where its results go: the store, seen from its jobs."""

from __future__ import annotations

from lam_core.service.service import Service
from lam_core.service.store import StoreWriteError
from lam_core.studies.sweeps.jobs import Job, MapJob, Outcome


class Shelf:
    """Finds and keeps outcomes of jobs. Without a store nothing is found and nothing kept."""

    def __init__(self, service: Service) -> None:
        self._store, self._service = service.store, service

    def find(self, job: Job) -> Outcome | None:
        """The outcome of a job if its figures are kept, or the map that they are read off."""
        if self._store is None:
            return None
        stored = self._store.get(self._service.identity(job))
        if stored is None and isinstance(job, MapJob):
            stored = self._store.get(self._service.identity(job.request))
        return stored and Outcome(stored.summary, from_store=True)

    def keep(self, job: Job, outcome: Outcome) -> str:
        """Keeps a new outcome; one sentence if that fails, else empty."""
        if self._store is None or outcome.figures is None or outcome.from_store:
            return ""
        try:
            self._store.put(self._service.identity(job), outcome.figures, {})
            if isinstance(job, MapJob) and outcome.arrays:
                self._store.put(self._service.identity(job.request), outcome.figures, outcome.arrays)
        except StoreWriteError as error:
            return str(error)
        return ""
