"""Fetches files of GitHub repositories, for committed entries alone: at a commit, out of its LFS store, of a release.

The LFS store serves a file under the path that holds its pointer; the pointer names the file's sha256.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from zoo.catalog.entry import GitHub, Lfs, Release
from zoo.settings import ZooSettings
from zoo.sources import pinned_file
from zoo.sources.transfer import Progress


def download(
    source: GitHub | Lfs | Release, settings: ZooSettings, folder: Path, *, progress: Progress | None = None
) -> Path:
    """Fetches a file into `folder` under its digest, resuming where an earlier attempt broke off.

    The digest is the caller's to check. Raises a `FetchError` or `RefusedError`.
    """
    redirects: tuple[str, ...] = ()
    match source:
        case GitHub():
            address = f"{settings.github}/{source.repo}/{source.revision}/{quote(source.file)}"
            name = f"{source.repo}@{source.revision[:7]}:{source.file}"
        case Lfs():
            address = f"{settings.github_lfs}/{source.repo}/{source.revision}/{quote(source.file)}"
            name = f"{source.repo}@{source.revision[:7]}:{source.file}"
        case Release():
            address = f"{settings.github_releases}/{source.repo}/releases/download/{source.tag}/{quote(source.file)}"
            name = f"{source.repo}, release {source.tag}: {source.file}"
            redirects = settings.release_hosts
    return pinned_file.download(
        address,
        folder / cached_name(source),
        settings,
        name=name,
        redirects=redirects,
        size=source.bytes,
        progress=progress,
    )


def cached_name(source: GitHub | Lfs | Release) -> str:
    """The file's name in the folder of weights: its digest, and its own ending."""
    return source.sha256 + Path(source.file).suffix
