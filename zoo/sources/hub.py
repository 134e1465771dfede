"""Fetches single files from the Hugging Face Hub or a mirror, by the Hub's own client."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from lam_core.errors import sentence
from zoo.catalog.entry import Hub, check_path
from zoo.errors import ZooError
from zoo.settings import ZooSettings
from zoo.sources import connectivity
from zoo.sources.transfer import (
    AbsentError,
    FetchError,
    GatedError,
    Progress,
    RefusedError,
    UnreachableError,
    check_size,
    disk_error,
)

_REFERENCE = re.compile(
    r"(?P<repo>[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)(@(?P<revision>[A-Za-z0-9][\w.-]*))?:(?P<file>.+)", re.ASCII
)
RepoType = Literal["model", "dataset"]
_HOSTS = {"huggingface.co", "www.huggingface.co", "hf.co"}


class HubReferenceError(ZooError, ValueError):
    """Text that names no file on the Hub."""


def parse_reference(text: str) -> Hub:
    """The file that `owner/repo:file`, `owner/repo@revision:file` or a huggingface.co address means.

    No other host is ever asked. Raises `HubReferenceError`.

    >>> parse_reference("https://huggingface.co/owner/net/resolve/main/x4.pth").file
    'x4.pth'
    """
    text = text.strip()
    if "://" in text or text.lower().startswith(tuple(f"{host}/" for host in _HOSTS)):
        text = _from_address(text)
    match = _REFERENCE.fullmatch(text)
    if not match:
        raise HubReferenceError(f"{text!r} names no file on the Hub; write owner/repo:file")
    try:
        check_path(match["file"])
    except ValueError as error:
        raise HubReferenceError(f"{match['file']!r} is not {error}") from None
    return Hub(source="hub", repo=match["repo"], file=match["file"], revision=match["revision"] or "main")


def _from_address(text: str) -> str:
    address = urlsplit(text if "://" in text else f"https://{text}")
    if address.scheme != "https" or address.netloc.lower() not in _HOSTS:
        raise HubReferenceError(
            f"{address.netloc or text!r} is not asked for models; give an address on huggingface.co"
        )
    parts = [unquote(part) for part in address.path.strip("/").split("/")]
    if len(parts) < 5 or parts[2] not in ("blob", "resolve", "raw"):
        raise HubReferenceError(f"{text!r} is no file; open the file's page on huggingface.co and copy that address")
    owner, name, _, revision, *path = parts
    return f"{owner}/{name}@{revision}:{'/'.join(path)}"


def cached(source: Hub, settings: ZooSettings, repo_type: RepoType = "model") -> Path | None:
    """The file in the Hub's cache, if it is there."""
    from huggingface_hub.constants import HF_HUB_CACHE

    # Most repositories were never fetched from, and a page that lists models does not wait for the whole client.
    folder = f"{repo_type}s--{source.repo.replace('/', '--')}"
    if not (Path(settings.hub_cache or HF_HUB_CACHE) / folder).is_dir():
        return None
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(
        source.repo, source.file, cache_dir=settings.hub_cache, revision=source.revision, repo_type=repo_type
    )
    return Path(found) if isinstance(found, str) else None


def forget(path: Path) -> None:
    """Removes a file from the Hub's cache, so that it is fetched again."""
    blob = path.resolve()
    path.unlink(missing_ok=True)
    blob.unlink(missing_ok=True)


def check_owner(repo: str, settings: ZooSettings) -> None:
    """Raises `RefusedError` unless this server loads what the repository's owner has on the Hub."""
    owner = repo.split("/")[0]
    if settings.owners and owner not in settings.owners:
        raise RefusedError(f"files of {owner!r} are not loaded here; allowed are {', '.join(sorted(settings.owners))}")


def download(
    source: Hub,
    settings: ZooSettings,
    *,
    committed: bool,
    progress: Progress | None = None,
    repo_type: RepoType = "model",
) -> Path:
    """Fetches a file into the Hub's cache, resuming where an earlier attempt broke off.

    The server's token goes along for committed entries alone. The digest is the caller's to check: the Hub's
    client takes any bytes for right. Raises a `FetchError` or `RefusedError`.
    """
    if not committed:
        check_owner(source.repo, settings)
    if here := cached(source, settings, repo_type):
        return here
    connectivity.check(settings.endpoint, settings, _name(source))
    from huggingface_hub import hf_hub_download

    try:
        path = hf_hub_download(
            source.repo,
            source.file,
            revision=source.revision,
            repo_type=repo_type,
            endpoint=settings.endpoint,
            cache_dir=settings.hub_cache,
            token=settings.token if committed and settings.token else False,
            etag_timeout=settings.timeout,
            tqdm_class=_reporter(progress, settings.largest, _name(source)),
        )
    except ZooError:
        raise
    except Exception as error:  # the client raises its own, httpx's and the system's errors
        raise named(error, settings, source.repo, source.revision, source.file) from error
    return Path(path)


def commit(source: Hub, settings: ZooSettings, *, committed: bool) -> str:
    """The commit that the source's revision means now. Raises a `FetchError`."""
    connectivity.check(settings.endpoint, settings, _name(source))
    from huggingface_hub import get_hf_file_metadata, hf_hub_url

    try:
        metadata = get_hf_file_metadata(
            hf_hub_url(source.repo, source.file, revision=source.revision, endpoint=settings.endpoint),
            token=settings.token if committed and settings.token else False,
            timeout=settings.timeout,
            endpoint=settings.endpoint,
        )
    except Exception as error:  # as above
        raise named(error, settings, source.repo, source.revision, source.file) from error
    if not metadata.commit_hash:
        raise UnreachableError(f"{settings.endpoint} does not say which commit {_name(source)} is of")
    return metadata.commit_hash


def _name(source: Hub) -> str:
    return f"{source.repo}:{source.file}"


def named(error: Exception, settings: ZooSettings, repo: str, revision: str, file: str = "") -> FetchError:
    """What an error of the Hub's client means, of a file or of a repository's listing."""
    from huggingface_hub import errors

    name = f"{repo}:{file}" if file else repo
    match error:
        case errors.GatedRepoError():
            return GatedError(f"{repo} is gated; its owner must grant access, and the server needs a token")
        case errors.RepositoryNotFoundError():
            return AbsentError(f"there is no repository {repo!r} at {settings.endpoint}, or it is private")
        case errors.RevisionNotFoundError():
            return AbsentError(f"{repo} has no revision {revision!r}")
        case errors.LocalEntryNotFoundError():
            return UnreachableError(f"{settings.endpoint} cannot be reached and {name} is not cached")
        case errors.EntryNotFoundError():
            return AbsentError(f"{repo} has no file {file!r} at revision {revision!r}")
        case errors.HfHubHTTPError():
            status = getattr(error.response, "status_code", "an error")
            return UnreachableError(f"{settings.endpoint} answered {status} for {name}; try again later")
        case OSError() if known := disk_error(error, name):
            return known
    return UnreachableError(
        f"{name} could not be fetched from {settings.endpoint} ({type(error).__name__}: {sentence(error)}); "
        "try again, and what has arrived is kept"
    )


def _reporter(progress: Progress | None, largest: int, name: str) -> type[Any]:
    """A progress bar class that draws nothing: it reports, and breaks off a file that is too large."""
    from tqdm import tqdm

    class Reporter(tqdm):  # type: ignore[type-arg]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            kwargs.pop("name", None)
            super().__init__(*args, **{**kwargs, "disable": True})
            self.total = kwargs.get("total")
            self.here = int(kwargs.get("initial") or 0)
            check_size(self.total, largest, name)

        def update(self, n: float | None = 1) -> None:
            self.here += int(n or 0)
            check_size(self.here, largest, name)
            if progress:
                progress(self.here, self.total)

    return Reporter
