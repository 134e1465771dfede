"""What a user means by the name of a model: an entry, a file, a file on the Hub, or Python code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from zoo.catalog.entry import ID, Entry, Hub, read_entry
from zoo.catalog.registry import UnknownModelError, registry, unknown
from zoo.errors import ZooError
from zoo.settings import ZooSettings
from zoo.sources import hub
from zoo.sources.openmodeldb import PREFIX, OpenModelDB
from zoo.sources.transfer import RefusedError

_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)
_CODE = re.compile(r"(?P<path>.+\.py):(?P<function>[A-Za-z_]\w*)")
_MODULE = re.compile(r"(?P<module>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):(?P<function>[A-Za-z_]\w*)", re.ASCII)


class NoSuchFileError(ZooError):
    """A path where there is no file."""


@dataclass(frozen=True)
class Code:
    """A function or class of a Python file or module that builds a network."""

    path: Path | None
    """The file; None for a module that is found by its name."""
    function: str
    module: str = ""
    """The dotted name; empty for a file."""

    @property
    def source(self) -> str:
        """The file's name or the module's."""
        return self.path.name if self.path is not None else self.module

    def __str__(self) -> str:
        return f"{self.source}:{self.function}"


Target = Entry | Path | Hub | OpenModelDB | Code


def target_of(text: str | Path | Entry, settings: ZooSettings) -> Target:
    """What `text` means: an id, an entry's TOML, a checkpoint, `owner/repo:file`, `omdb:NAME`, `path.py:build` or
    `package.module:Class`.

    A hosted server takes ids and files of the Hub alone. Raises `UnknownModelError`, `NoSuchFileError`,
    `EntryError`, `HubReferenceError` or `RefusedError`.
    """
    if isinstance(text, Entry):
        return text
    name = str(text)
    entries = registry(*settings.entries)
    if name in entries:
        return entries[name]
    if name.startswith(PREFIX):
        _refuse_when_hosted(settings)
        return OpenModelDB(name.removeprefix(PREFIX))
    if code := _CODE.fullmatch(name):
        _refuse_when_hosted(settings)
        return Code(Path(code["path"]), code["function"])
    if code := _MODULE.fullmatch(name):
        _refuse_when_hosted(settings)
        return Code(None, code["function"], code["module"])
    if "://" in name or name.startswith("huggingface.co/"):
        return hub.parse_reference(name)
    if not settings.hosted and _is_file(name):
        return read_entry(Path(name), committed=False) if name.endswith(".toml") else Path(name)
    if re.match(r"[^/:\\]+/[^/:\\]+:", name):
        return hub.parse_reference(name)
    if ID.fullmatch(name.lower()) and not re.search(r"\.(pth?|safetensors|ckpt|tar|toml|py|param|onnx)$", name):
        raise UnknownModelError(unknown(name, entries.entries))
    if _REPOSITORY.fullmatch(name):
        raise hub.HubReferenceError(f"{name!r} names a repository; name its file too, as {name}:model.safetensors")
    _refuse_when_hosted(settings)
    if Path(name).is_dir():
        raise NoSuchFileError(f"{name!r} is a folder; give the file of weights in it")
    raise NoSuchFileError(
        f"there is no file {name!r}; give an id, a checkpoint, an entry, owner/repo:file, path.py:build or "
        "package.module:Class"
    )


def _is_file(name: str) -> bool:
    try:
        return Path(name).is_file()
    except OSError:  # a name that is too long to be one
        return False


def _refuse_when_hosted(settings: ZooSettings) -> None:
    if settings.hosted:
        raise RefusedError(
            "this server loads models by id or as owner/repo:file from the Hub; run your own copy for your own files"
        )
