"""A checkpoint that somebody brings in their browser: checked, and written where it can be looked at."""

from __future__ import annotations

from pathlib import Path

from lam_core.settings import MEBIBYTE
from zoo.catalog.entry import Local
from zoo.checkpoints.errors import OversizedCheckpointError
from zoo.checkpoints.foreign_formats import PEEK
from zoo.checkpoints.read import is_safetensors
from zoo.inspection.propose_entry import Found, plain_name
from zoo.settings import ZooSettings
from zoo.sources.transfer import RefusedError, disk_error


def found_in_upload(name: str, content: bytes, folder: Path, settings: ZooSettings) -> Found:
    """The file as `propose` takes it, written into `folder`, which is the visitor's alone; `name` is the file's own.

    On one's own computer every format that is read will do; a server for strangers takes safetensors alone, told by the
    content, as far as `LAM_MODEL_UPLOADS` allows, and of one visitor no more than `LAM_MODEL_MIB` together.

    Raises `RefusedError`, `OversizedCheckpointError` or `DiskFullError`.
    """
    if not settings.takes_files:
        raise RefusedError(
            "this server takes no checkpoint files; paste owner/repo:file of the Hub, or run the dashboard on your own "
            "computer"
        )
    path = folder / plain_name(name)
    size = len(content)
    if settings.hosted:
        if not is_safetensors(content[:PEEK]):
            raise RefusedError(f"{path.name} is no safetensors file, and this server takes no other; convert it")
        size += sum(one.stat().st_size for one in folder.iterdir() if one != path)
    if size > settings.largest:
        raise OversizedCheckpointError(
            f"{path.name} makes {size / MEBIBYTE:.1f} MiB, more than the {settings.largest // MEBIBYTE} MiB that are "
            "taken here; save its weights alone"
        )
    try:
        path.write_bytes(content)
    except OSError as error:
        raise (disk_error(error, path.name) or error) from error
    source = Local(source="local", file=path.name, note="a file of one's own; nobody serves it")
    return Found(source, path, path.name)
