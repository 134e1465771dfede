"""Pictures of a data set on the Hugging Face Hub: plain image files of its repository, in order of name."""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from lam_core.images.decode import UnreadableImageError, decode
from lam_core.images.image_sets import Opened, Picture, PictureError
from lam_core.service.store import key_of
from lam_core.settings import settings as core_settings
from zoo.catalog.entry import Hub, check_path
from zoo.errors import ZooError
from zoo.settings import ZooSettings
from zoo.sources import connectivity, hub
from zoo.sources.transfer import OfflineError, WrongDigestError

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp"})
MOST = 100
"""Pictures that are taken of a data set where nobody says how many."""
MOST_LISTED = 20_000
"""Files of a repository that are looked through for pictures."""
_REFERENCE = re.compile(
    r"(https://(huggingface\.co|hf\.co)/datasets/)?"
    r"(?P<repo>[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)(@|/tree/)?(?P<revision>(?<=[@/])[A-Za-z0-9][\w.-]*)?/?",
    re.ASCII,
)


class ImageSetError(ZooError, ValueError):
    """Text that names no data set, or a data set without pictures that can be read."""


@dataclass(frozen=True)
class ImageFile:
    """One picture file of a repository."""

    path: str
    size: int
    """Bytes."""
    oid: str
    """sha256 of the file, 64 digits, or 40 digits of git's own digest of it, as the Hub's listing says."""


@dataclass(frozen=True)
class ImageSet:
    """The pictures of a data set that are taken, at one commit."""

    repo: str
    commit: str
    files: tuple[ImageFile, ...]
    """In order of name."""
    note: str = ""
    """One sentence if not all pictures are taken, else empty."""

    @property
    def reference(self) -> str:
        """Names the set for good."""
        return f"{self.repo}@{self.commit}"

    @property
    def digest(self) -> str:
        """sha256 over the names and digests of the pictures taken."""
        return key_of({"files": [[file.path, file.oid] for file in self.files]})


def is_reference(text: str) -> bool:
    """Whether the text looks like a data set's name.

    >>> is_reference("owner/name"), is_reference("owner/name@v1"), is_reference("pictures")
    (True, True, False)
    """
    return bool(_REFERENCE.fullmatch(text.strip()))


def image_set(text: str, settings: ZooSettings, *, most: int) -> ImageSet:
    """The first `most` pictures of the data set that `owner/name`, `owner/name@revision` or its address means.

    Only their names are asked for. Without a token, and nobody is asked for an owner who is not allowed. Raises
    `ImageSetError`, `RefusedError` or a `FetchError`.
    """
    match = _REFERENCE.fullmatch(text.strip())
    if not match:
        raise ImageSetError(f"{text!r} names no data set on the Hub; write owner/name")
    repo, revision = match["repo"], match["revision"] or "main"
    hub.check_owner(repo, settings)
    if settings.offline:
        raise OfflineError(f"the data set {repo} is not asked for while offline; choose pictures that are here")
    connectivity.check(settings.endpoint, settings, f"the data set {repo}")
    try:
        commit, listed = _listing(repo, revision, settings)
    except Exception as error:  # as in `hub.download`
        raise hub.named(error, settings, repo, revision) from error
    names = {suffix: count for suffix, count in _suffixes(listed).most_common() if suffix not in SUFFIXES}
    pictures = [file for file in listed if PurePosixPath(file.path).suffix.lower() in SUFFIXES and _is_plain(file.path)]
    if not pictures:
        raise ImageSetError(_without_pictures(repo, names))
    limit = core_settings().upload_limit
    usable = sorted((file for file in pictures if file.size <= limit), key=lambda file: file.path)
    if not usable:
        raise ImageSetError(f"every picture of {repo} is larger than the {limit:,} bytes that are read here")
    looked = f" of the first {MOST_LISTED:,} files" if len(listed) == MOST_LISTED else ""
    left_out = f"; {len(pictures) - len(usable)} are too large" if len(usable) < len(pictures) else ""
    note = f"{repo} has {len(pictures):,} pictures{looked}{left_out}: the first {min(most, len(usable))} are taken."
    taken = tuple(usable[:most])
    return ImageSet(repo, commit, taken, note if len(taken) < len(pictures) or looked else "")


def pictures_of(found: ImageSet, settings: ZooSettings) -> tuple[Picture, ...]:
    """The set's pictures for a study; each is fetched, checked and decoded when it is opened."""
    return tuple(Picture(file.path, partial(_opened, found, file, settings)) for file in found.files)


def _opened(found: ImageSet, file: ImageFile, settings: ZooSettings) -> Opened:
    limits = core_settings()
    source = Hub(source="hub", repo=found.repo, file=file.path, revision=found.commit)
    narrow = replace(settings, largest=limits.upload_limit, hub_cache=settings.pictures)
    known = hub.cached(source, narrow, "dataset")
    path = known or hub.download(source, narrow, committed=False, repo_type="dataset")
    content = path.read_bytes()
    os.utime(path)
    if not known:
        prune(settings.pictures, settings.pictures_limit)
    if _oid(content, len(file.oid)) != file.oid:
        hub.forget(path)
        raise WrongDigestError(f"{file.path} of {found.repo} is not the file that the Hub's listing names; try again")
    try:
        decoded = decode(content, pixel_limit=limits.pixel_limit)
    except UnreadableImageError as error:
        raise PictureError(f"{file.path}: {error}") from None
    return Opened(decoded.pixels, f"{file.path}: {' '.join(decoded.notes)}" if decoded.notes else "")


def prune(folder: Path, limit: int) -> None:
    """Removes files of a folder laid out as the Hub's cache, those used longest ago first, down to a limit of bytes."""
    files = []
    for pattern in ("*/blobs/*", "*/snapshots/**/*"):
        for path in folder.glob(pattern):
            with suppress(OSError):
                if path.is_file() and not path.is_symlink():
                    status = path.stat()
                    files.append((status.st_mtime, status.st_size, path))
    total = sum(size for _, size, _ in files)
    for _, size, path in sorted(files):
        if total <= limit:
            break
        with suppress(OSError):
            path.unlink()
        total -= size
    for path in folder.glob("*/snapshots/**/*"):
        # A name of a file that is gone.
        if path.is_symlink() and not path.exists():
            path.unlink(missing_ok=True)


def _oid(content: bytes, digits: int) -> str:
    if digits == 64:
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _listing(repo: str, revision: str, settings: ZooSettings) -> tuple[str, list[ImageFile]]:
    """The commit that a revision means and the repository's files there."""
    from huggingface_hub import HfApi
    from huggingface_hub.utils import build_hf_headers, paginate

    api = HfApi(endpoint=settings.endpoint, token=False)
    commit = api.dataset_info(repo, revision=revision, timeout=settings.timeout, expand=["sha"]).sha or revision
    # The client's own listing waits for ever for a server that is silent.
    address = f"{settings.endpoint}/api/datasets/{repo}/tree/{quote(commit, safe='')}"
    entries = paginate(address, {"recursive": True}, build_hf_headers(token=False), timeout=settings.timeout)
    files = (entry for entry in entries if entry.get("type") == "file")
    return commit, [_file(entry) for entry in islice(files, MOST_LISTED)]


def _file(entry: Mapping[str, Any]) -> ImageFile:
    return ImageFile(entry["path"], int(entry["size"]), (entry.get("lfs") or entry)["oid"])


def _is_plain(path: str) -> bool:
    try:
        return bool(check_path(path))
    except ValueError:
        return False


def _suffixes(files: list[ImageFile]) -> Counter[str]:
    return Counter(PurePosixPath(file.path).suffix.lower() for file in files)


def _without_pictures(repo: str, others: Mapping[str, int]) -> str:
    remedy = "only PNG, JPEG and WebP files of the repository are read; download it and save its pictures in a folder"
    if ".parquet" in others:
        return f"{repo} keeps its pictures in Parquet files; {remedy}"
    kinds = ", ".join([suffix for suffix in others if suffix][:3])
    return f"{repo} has no picture files{f', but {kinds}' if kinds else ''}; {remedy}"
