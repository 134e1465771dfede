"""Fetches a file at a pinned commit of a GitHub repository, for committed entries alone."""

from __future__ import annotations

import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path
from urllib.parse import quote, urlsplit

from filelock import FileLock

from zoo.catalog.entry import GitHub
from zoo.settings import ZooSettings
from zoo.sources.transfer import (
    AbsentError,
    OfflineError,
    Progress,
    RefusedError,
    UnreachableError,
    check_size,
    disk_error,
)

CHUNK = 1 << 18


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A pinned file is served where it is asked for; whatever points elsewhere is not followed."""

    def redirect_request(self, *args: object, **kwargs: object) -> None:
        return None


def download(source: GitHub, settings: ZooSettings, folder: Path, *, progress: Progress | None = None) -> Path:
    """Fetches a file into `folder` under its digest, resuming where an earlier attempt broke off.

    The digest is the caller's to check. Raises a `FetchError`.
    """
    path = folder / cached_name(source)
    if path.is_file():
        return path
    name = f"{source.repo}@{source.revision[:7]}:{source.file}"
    if settings.offline:
        raise OfflineError(f"{name} is not here and nothing is fetched while offline")
    address = f"{settings.github}/{source.repo}/{source.revision}/{quote(source.file)}"
    where = urlsplit(address)
    if where.scheme != "https" and where.hostname != "127.0.0.1":
        raise RefusedError(f"{settings.github} is not an https address; weights are fetched over https alone")
    partial = path.with_name(path.name + ".part")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Two that append to one partial file would spoil it for both.
        with FileLock(path.with_name(path.name + ".lock")):
            if not path.is_file():
                _stream(address, partial, settings, name, progress)
                partial.replace(path)
    except urllib.error.HTTPError as error:
        if error.code == 404:
            raise AbsentError(f"there is no file {name} on GitHub") from None
        raise UnreachableError(f"{where.hostname} answered {error.code} for {name}; try again later") from None
    except (OSError, HTTPException) as error:
        if isinstance(error, OSError) and (known := disk_error(error, name)):
            raise known from error
        raise UnreachableError(
            f"{name} could not be fetched ({type(error).__name__}: {error}); try again, what has arrived is kept"
        ) from error
    return path


def cached_name(source: GitHub) -> str:
    """The file's name in the folder of weights: its digest, and its own ending."""
    return source.sha256 + Path(source.file).suffix


def _stream(address: str, partial: Path, settings: ZooSettings, name: str, progress: Progress | None) -> None:
    here = partial.stat().st_size if partial.is_file() else 0
    request = urllib.request.Request(address, headers={"Range": f"bytes={here}-"} if here else {})
    opener = urllib.request.build_opener(_NoRedirect)
    try:
        response = opener.open(request, timeout=settings.timeout)
    except urllib.error.HTTPError as error:
        if error.code == 416 and here:  # all of it is here already; the digest decides whether it is right
            return
        raise
    with response:
        resumed = response.status == 206
        here = here if resumed else 0
        length = response.headers.get("Content-Length")
        total = here + int(length) if length else None
        check_size(total, settings.largest, name)
        with partial.open("ab" if resumed else "wb") as file:
            while chunk := response.read(CHUNK):
                here += len(chunk)
                check_size(here, settings.largest, name)
                file.write(chunk)
                if progress:
                    progress(here, total)
    if total is not None and here != total:
        raise ConnectionError(f"the connection ended after {here:,} of {total:,} bytes")
