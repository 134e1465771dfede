"""Fetches one file from a server of plain files, for a digest that is known beforehand."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterable
from http.client import HTTPException, HTTPMessage
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from filelock import FileLock

from zoo.settings import ZooSettings
from zoo.sources import connectivity
from zoo.sources.transfer import (
    AbsentError,
    Progress,
    RefusedError,
    UnreachableError,
    check_size,
    disk_error,
)

CHUNK = 1 << 18


class ElsewhereError(RefusedError):
    """A server that points to a host that is not asked for files."""


def download(
    address: str,
    path: Path,
    settings: ZooSettings,
    *,
    name: str,
    redirects: Iterable[str] = (),
    size: int | None = None,
    progress: Progress | None = None,
) -> Path:
    """Fetches the file at an address to `path`, resuming where an earlier attempt broke off.

    One redirect is followed, to the hosts in `redirects` alone. `name` stands in messages, `size` is what the file
    should have if the server does not say it. The digest is the caller's to check. Raises a `FetchError` or
    `RefusedError`.
    """
    if path.is_file():
        return path
    host = urlsplit(address).hostname or address
    _check_scheme(address)
    check_size(size, settings.largest, name)
    connectivity.check(address, settings, name)
    partial = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Two that append to one partial file would spoil it for both.
        with FileLock(path.with_name(path.name + ".lock")):
            if not path.is_file():
                _stream(address, partial, settings, name, frozenset(redirects), size, progress)
                partial.replace(path)
    except urllib.error.HTTPError as error:
        if error.code in (404, 410):
            raise AbsentError(f"{host} has no file {name}") from None
        raise UnreachableError(f"{host} answered {error.code} for {name}; try again later") from None
    except (OSError, HTTPException) as error:
        if isinstance(error, OSError) and (known := disk_error(error, name)):
            raise known from error
        reason = getattr(error, "reason", None) or error
        raise UnreachableError(
            f"{name} could not be fetched from {host} ({reason}); try again, what has arrived is kept"
        ) from error
    return path


def _check_scheme(address: str) -> None:
    where = urlsplit(address)
    if where.scheme != "https" and where.hostname != "127.0.0.1":
        raise RefusedError(f"{address.split('?')[0]} is not an https address; weights are fetched over https alone")


class _Redirect(urllib.request.HTTPRedirectHandler):
    """Follows one redirect, to hosts that are known to serve what was asked for."""

    def __init__(self, hosts: frozenset[str], name: str) -> None:
        self.hosts = hosts
        self.name = name
        self.followed = 0

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        self.followed += 1
        host = urlsplit(newurl).hostname or "an address without a host"
        if host not in self.hosts or self.followed > 1:
            raise ElsewhereError(
                f"{urlsplit(req.full_url).hostname} points to {host} for {self.name}, which is not asked for files"
            )
        _check_scheme(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _stream(
    address: str,
    partial: Path,
    settings: ZooSettings,
    name: str,
    redirects: frozenset[str],
    size: int | None,
    progress: Progress | None,
) -> None:
    here = partial.stat().st_size if partial.is_file() else 0
    headers = {"User-Agent": "sr-lam", **({"Range": f"bytes={here}-"} if here else {})}
    opener = urllib.request.build_opener(_Redirect(redirects, name))
    try:
        response = opener.open(urllib.request.Request(address, headers=headers), timeout=settings.timeout)
    except urllib.error.HTTPError as error:
        if error.code == 416 and here:  # all of it is here already; the digest decides whether it is right
            return
        raise
    with response:
        resumed = response.status == 206
        here = here if resumed else 0
        length = response.headers.get("Content-Length")
        total = here + int(length) if length else size
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
