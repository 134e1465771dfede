"""Models of OpenModelDB by name: its list says where each lies and which digest it has.

Files are fetched from hosts that serve files alone, for users of this computer; for any other host the address is
said, and a file that was fetched by hand is taken if it has the digest.
"""

from __future__ import annotations

import difflib
import json
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from zoo.catalog.registry import UnknownModelError
from zoo.settings import ZooSettings
from zoo.sources import hub, pinned_file
from zoo.sources.transfer import AbsentError, FetchError, Progress, UnreachableError, WrongDigestError, disk_error
from zoo.sources.weights import digest

PREFIX = "omdb:"
FRESH = 24 * 3600
"""Seconds for which the list is not fetched again."""
LARGEST_LIST = 64 * 2**20
"""Bytes of the largest list; that of 671 models has 3 million."""
TYPES = ("safetensors", "pth", "pt", "onnx")
"""Types of files that are read here, in the order in which they are preferred."""


class ByHandError(FetchError):
    """A model whose file is handed out to browsers alone."""


@dataclass(frozen=True)
class OpenModelDB:
    """A model of OpenModelDB."""

    name: str


@dataclass(frozen=True)
class Resource:
    """One file of a model."""

    name: str
    kind: str
    sha256: str
    size: int | None
    addresses: tuple[str, ...]


def fetch(target: OpenModelDB, settings: ZooSettings, *, progress: Progress | None = None) -> Path:
    """The model's file, fetched unless it is here, its digest checked.

    Raises `UnknownModelError`, `ByHandError`, a `FetchError` or `RefusedError`.
    """
    resource = find(target, settings)
    path = _kept(resource, settings)
    if not path.is_file():
        address = next((one for one in resource.addresses if _is_direct(one, settings)), None)
        if address is None:
            raise ByHandError(
                f"{target.name} lies at {resource.addresses[0]}, which hands files to browsers "
                f"alone; fetch it there and `lam zoo fetch {PREFIX}{target.name} --from FILE` "
                f"(sha256 {resource.sha256})"
            )
        _download(address, path, resource, settings, progress)
    found = digest(path)
    if found != resource.sha256:
        path.unlink(missing_ok=True)
        raise WrongDigestError(
            f"the file of {target.name} has sha256 {found[:12]}…, OpenModelDB says {resource.sha256[:12]}…; nothing "
            "of it was read, and it was removed"
        )
    return path


def supply(target: OpenModelDB, file: Path, settings: ZooSettings) -> Path:
    """Takes a file that was fetched by hand. Raises `AbsentError`, `WrongDigestError` or a `FetchError`."""
    resource = find(target, settings)
    if not file.is_file():
        raise AbsentError(f"there is no file {str(file)!r}")
    if (found := digest(file)) != resource.sha256:
        raise WrongDigestError(
            f"{file.name} has sha256 {found[:12]}…, OpenModelDB says {resource.sha256[:12]}… of {target.name}; it is "
            "another file"
        )
    path = _kept(resource, settings)
    partial = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, partial)
        partial.replace(path)
    except OSError as error:
        raise (disk_error(error, path.name) or error) from error
    return path


def find(target: OpenModelDB, settings: ZooSettings) -> Resource:
    """The file of a model that is read here. Raises `UnknownModelError`, `AbsentError` or a `FetchError`."""
    models = _models(settings)
    described = models.get(target.name)
    if not isinstance(described, Mapping):
        near = difflib.get_close_matches(target.name, list(models), n=3, cutoff=0.4)
        guess = f"; did you mean {' or '.join(PREFIX + name for name in near)}?" if near else ""
        raise UnknownModelError(f"OpenModelDB has no model {target.name!r}{guess}")
    resources = sorted(_resources(target.name, described), key=lambda resource: TYPES.index(resource.kind))
    if not resources:
        raise AbsentError(f"OpenModelDB names no file of {target.name} that is read here, with a digest")
    return resources[0]


def _resources(name: str, described: Mapping[str, Any]) -> Iterator[Resource]:
    listed = described.get("resources")
    for resource in listed if isinstance(listed, list) else []:
        if not isinstance(resource, Mapping) or resource.get("type") not in TYPES:
            continue
        sha256, size, urls = (resource.get(key) for key in ("sha256", "size", "urls"))
        addresses = tuple(url for url in urls if isinstance(url, str)) if isinstance(urls, list) else ()
        if isinstance(sha256, str) and re.fullmatch(r"[0-9a-f]{64}", sha256) and addresses:
            yield Resource(
                name, resource["type"], sha256, size if isinstance(size, int) and size > 0 else None, addresses
            )


def _models(settings: ZooSettings) -> Mapping[str, Any]:
    """The list, fetched again after a day; without a connection the one that is here."""
    path = settings.weights / "openmodeldb.json"
    old = path.is_file()
    if not old or time.time() - path.stat().st_mtime > FRESH:
        fresh = path.with_name("openmodeldb.new.json")
        fresh.unlink(missing_ok=True)
        try:
            pinned_file.download(
                f"{settings.openmodeldb}/api/v1/models.json",
                fresh,
                replace(settings, largest=LARGEST_LIST),
                name="the list of OpenModelDB",
            )
            fresh.replace(path)
        except FetchError:
            if not old:
                raise
    try:
        models = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        path.unlink(missing_ok=True)
        raise UnreachableError("the list of OpenModelDB cannot be read; try again") from error
    return models if isinstance(models, Mapping) else {}


def _is_direct(address: str, settings: ZooSettings) -> bool:
    """Whether an address is that of a file itself: of GitHub or the Hub."""
    where = urlsplit(address)
    if where.scheme != "https" and where.hostname != "127.0.0.1":
        return False
    if where.hostname == "huggingface.co":
        return "/resolve/" in where.path
    if where.hostname == urlsplit(settings.github_releases).hostname:
        return "/releases/download/" in where.path or "/raw/" in where.path
    return where.hostname in {urlsplit(settings.github).hostname, urlsplit(settings.github_lfs).hostname}


def _download(address: str, path: Path, resource: Resource, settings: ZooSettings, progress: Progress | None) -> None:
    if urlsplit(address).hostname == "huggingface.co":
        here = hub.download(hub.parse_reference(address), settings, committed=False, progress=progress)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(here, path)
        return
    served = (urlsplit(one).hostname or "" for one in (settings.github, settings.github_lfs))
    pinned_file.download(
        address,
        path,
        settings,
        name=resource.name,
        redirects=(*settings.release_hosts, *served),
        size=resource.size,
        progress=progress,
    )


def _kept(resource: Resource, settings: ZooSettings) -> Path:
    return settings.weights / f"{resource.sha256}.{resource.kind}"
