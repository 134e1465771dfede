"""Where networks run: whether a device is there, and what is said when its memory runs out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lam_core.errors import LamError


class DeviceError(LamError):
    """A device that is not there."""


def check_device(name: str) -> None:
    """Raises `DeviceError` unless networks can run on a device. Imports PyTorch for any but the CPU."""
    if name == "cpu":
        return
    import torch

    try:
        torch.zeros(1, device=name).add(1).item()
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).strip().partition("\n")[0].rstrip(".")
        raise DeviceError(
            f"nothing can be computed on {name!r} here ({reason}); set LAM_DEVICE to cpu, or to a device that is there"
        ) from error


class OutOfMemoryError(LamError):
    """A computation that needs more memory than there is."""


_NO_MEMORY = (
    "out of memory",
    "allocate memory",
    "not enough memory",
    "bad_alloc",
    "bad allocation",
    "ALLOC_FAILED",
    "Storage size calculation overflowed",
    "Invalid buffer size",
)
"""What PyTorch, the C++ library and a GPU's libraries say when memory cannot be had."""


def ran_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that there is no memory left, in whichever way PyTorch, C++ or Python puts it.

    >>> ran_out_of_memory(RuntimeError("CUDA out of memory. Tried to …")), ran_out_of_memory(RuntimeError("bad shape"))
    (True, False)
    >>> ran_out_of_memory(RuntimeError("std::bad_alloc"))
    True
    """
    # PyTorch has a class of its own for a GPU, and on a CPU nothing but the words.
    return isinstance(error, MemoryError) or (
        isinstance(error, (RuntimeError, OSError)) and any(words in str(error) for words in _NO_MEMORY)
    )


@contextmanager
def out_of_memory(device: str) -> Iterator[None]:
    """Gives every way in which memory can run out the one name `OutOfMemoryError`, and frees what is cached."""
    try:
        yield
    except (MemoryError, RuntimeError, OSError) as error:
        if not ran_out_of_memory(error):
            raise
        if device.startswith("cuda"):
            import torch

            torch.cuda.empty_cache()
        raise OutOfMemoryError(
            f"the computation needs more memory than {device!r} has free; choose a smaller field or a smaller network"
        ) from error
