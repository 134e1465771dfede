"""A Dask scheduler with its workers: connecting to it, what is refused before a sweep, and what is said of faults."""

from __future__ import annotations

import logging
import pickle
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from threading import Thread
from typing import TYPE_CHECKING, Any

from lam_core.device import DeviceError, check_device
from lam_core.errors import LamError, sentence
from lam_core.reference import ModelReference

if TYPE_CHECKING:
    from distributed import Client

CONNECT = 8
"""Seconds within which a scheduler must answer, and have a worker."""
DISTRIBUTION = "sr-lam"
TALKATIVE = ("distributed", "tornado", "asyncio")
"""Libraries whose loggers say in their own words what is said here in one sentence."""


class SchedulerError(LamError):
    """A Dask cluster that cannot be reached, cannot do a sweep, or is gone."""


@dataclass(frozen=True)
class Worker:
    """A worker of a cluster as its scheduler last heard of it."""

    address: str
    threads: int
    """Jobs that it does at once."""
    paused: bool
    """Whether it begins no job for want of memory."""
    used: int
    """Bytes of memory."""
    limit: int
    """Bytes of memory that it may take; 0 for no limit."""

    @property
    def is_strained(self) -> bool:
        """Whether it used more than half of the memory that it may take."""
        return bool(self.limit) and self.used > self.limit / 2


@dataclass(frozen=True)
class Cluster:
    """A scheduler that answered."""

    client: Client
    address: str

    def workers(self) -> tuple[Worker, ...]:
        """The workers that it knows of. Raises `SchedulerError` if it does not answer."""
        try:
            identity: Any = self.client.sync(self.client.scheduler.identity, n_workers=-1, callback_timeout=CONNECT)  # pyright: ignore
        except (OSError, RuntimeError, AttributeError) as error:
            raise self.gone() from error
        return tuple(_worker(address, said) for address, said in identity["workers"].items())

    def gone(self) -> SchedulerError:
        """What is said of a scheduler that was there."""
        return SchedulerError(
            f"the Dask scheduler at {self.address} went away or was started again; give the same command once it is "
            "there: what is done is kept"
        )

    def out_of_memory(self, what: str) -> SchedulerError:
        """What is said of workers that cannot go on for want of memory."""
        with suppress(SchedulerError):
            limits = [worker.limit for worker in self.workers() if worker.limit]
            what = f"{what} (limit of a worker: {min(limits) / 2**20:,.0f} MiB)" if limits else what
        return SchedulerError(
            f"{what}; start workers with a higher --memory-limit or fewer --nthreads, or leave that network out: "
            "what is done is kept"
        )

    def refuse_unfit(self, models: Sequence[ModelReference], device: str) -> None:
        """Raises `SchedulerError` unless there are workers, all with this project, the device and the models' code."""
        self._wait_for_workers()
        here = version(DISTRIBUTION)
        for worker, there in self._ask(version, DISTRIBUTION):
            if isinstance(there, Exception):
                raise SchedulerError(f"the worker at {worker} is without this project; install sr-lam {here} there")
            if there != here:
                raise SchedulerError(
                    f"the worker at {worker} has sr-lam {there}, this machine {here}; install one of them"
                )
        for worker, fault in self._ask(_fault_of_device, device):
            if fault:
                raise SchedulerError(f"the worker at {worker} cannot be used: {_reason(fault)}")
        for model in models:
            for worker, fault in self._ask(_fault_of_model, _packed(model)):
                if fault:
                    raise SchedulerError(
                        f"{model.name} cannot be read by the worker at {worker} ({_reason(fault)}); install there what "
                        "it needs, or sweep without --scheduler"
                    )

    def _ask(self, question: Any, argument: Any) -> list[tuple[str, Any]]:
        """What each worker answers; an exception is an answer too."""
        try:
            answers: Any = self.client.run(question, argument, on_error="return")
            return list(answers.items())
        except OSError as error:
            raise self.gone() from error

    def _wait_for_workers(self) -> None:
        until = time.monotonic() + CONNECT
        while not self.workers():
            if time.monotonic() > until:
                raise SchedulerError(
                    f"the Dask scheduler at {self.address} has no workers; start one with `dask worker {self.address}`"
                )
            time.sleep(0.2)


@contextmanager
def connected(address: str) -> Iterator[Cluster]:
    """The scheduler at an address; what the library would log or warn of is left out. Raises `SchedulerError`."""
    with _quiet():
        try:
            client = _client(address)
        # Each kind of address has errors of its own, and so has each server of another protocol.
        except Exception as error:
            raise SchedulerError(
                f"no Dask scheduler answers at {address!r} ({_reason(error)}); start one with `dask scheduler` and "
                "give its address, such as tcp://127.0.0.1:8786"
            ) from error
        try:
            yield Cluster(client, address)
        finally:
            with suppress(Exception):
                client.close(timeout=2)


def _client(address: str) -> Client:
    """A client within the time that a scheduler is given; the library's own may wait for ever for another server."""
    from distributed import Client

    made: Future[Client] = Future()

    def make() -> None:
        try:
            made.set_result(Client(address, timeout=CONNECT, set_as_default=False))
        except BaseException as error:
            made.set_exception(error)

    Thread(target=make, daemon=True).start()
    return made.result(CONNECT + 1)


@contextmanager
def _quiet() -> Iterator[None]:
    import distributed  # noqa: F401  its import sets up its loggers

    names = [name for name in logging.root.manager.loggerDict if name.partition(".")[0] in TALKATIVE]
    loggers = [logger for logger in map(logging.getLogger, names) if not logger.disabled]
    for logger in loggers:
        logger.disabled = True
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="distributed|dask")
            yield
    finally:
        for logger in loggers:
            logger.disabled = False


def _worker(address: str, said: Mapping[str, Any]) -> Worker:
    used = said.get("metrics", {}).get("memory", 0)
    return Worker(address, said["nthreads"], said.get("status") == "paused", used, said.get("memory_limit") or 0)


def _reason(error: Exception) -> str:
    return f"no answer in {CONNECT} s" if isinstance(error, TimeoutError) else sentence(error, 160)


def _packed(model: ModelReference) -> bytes:
    from distributed.protocol.pickle import dumps

    try:
        return dumps(model)
    # A network is foreign code and may refuse to be pickled in any way.
    except Exception as error:
        raise SchedulerError(
            f"{model.name} cannot be sent to other machines ({_reason(error)}); sweep without --scheduler"
        ) from error


def _fault_of_device(device: str) -> Exception | None:
    """On a worker: why nothing can be computed on a device there."""
    try:
        check_device(device)
    except DeviceError as error:
        return error
    return None


def _fault_of_model(packed: bytes) -> Exception | None:
    """On a worker: why a model that was sent cannot be read there."""
    try:
        pickle.loads(packed)
    except Exception as error:
        return error
    return None
