"""What the ways of fetching a file have in common: progress, and the names of what can go wrong."""

from __future__ import annotations

import errno
from collections.abc import Callable

from zoo.errors import ZooError

Progress = Callable[[int, int | None], None]
"""Called with the bytes that are here and the bytes of the whole file, where that is known."""


class FetchError(ZooError):
    """A file that could not be had."""


class AbsentError(FetchError):
    """A repository, revision or file that does not exist, or is hidden from this server."""


class GatedError(FetchError):
    """A repository whose owner must grant access first."""


class UnreachableError(FetchError):
    """A server that does not answer, breaks off or reports a fault of its own."""


class OfflineError(FetchError):
    """A file that would have to be fetched while nothing may be fetched."""


class DiskFullError(FetchError):
    """No room, or no permission, to keep the file."""


class TooLargeError(FetchError):
    """A file larger than this server takes."""


class WrongDigestError(FetchError):
    """A file whose bytes are not those that the entry pins; nothing of it was read."""


class RefusedError(ZooError):
    """A reference that this server does not load on principle."""


def check_size(size: int | None, largest: int, name: str) -> None:
    """Raises `TooLargeError` if a file of `size` bytes is more than is taken."""
    if size is not None and size > largest:
        raise TooLargeError(f"{name} has {size:,} bytes; at most {largest:,} are fetched here")


def disk_error(error: OSError, name: str) -> DiskFullError | None:
    """The named error for a failure of this machine's disk, or nothing for any other failure."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFullError(f"no room on the disk for {name}; free some, or name another folder in LAM_WEIGHTS")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return DiskFullError(f"no permission to write {name} to {error.filename}; name a folder in LAM_WEIGHTS")
    return None
