"""A model that is not loaded yet; its fingerprint is known, so that results of it are found without torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from lam_core.convention import fingerprint_of
from zoo import hub
from zoo.entry import Entry, Hub
from zoo.errors import ZooError
from zoo.registry import pinned_digest, registry
from zoo.settings import ZooSettings
from zoo.settings import settings as process_settings
from zoo.targets import Code, resolve
from zoo.transfer import Progress
from zoo.weights import digest, fetch

if TYPE_CHECKING:
    from lam_core.model import SuperResolver


class NotASuperResolverError(ZooError):
    """A classifier or a classical method where a super-resolution network is needed."""


@dataclass(frozen=True)
class Reference:
    """A super-resolution network by name; `lam_core.model.ModelReference`."""

    name: str
    fingerprint: str
    scale: int
    id: str | None = None
    """The entry's id, for a model that has one."""
    _load: Callable[[], SuperResolver] = field(repr=False, compare=False, kw_only=True)

    def load(self) -> SuperResolver:
        """The network itself, fetched and read now. Raises a `ZooError`."""
        return self._load()


def reference(
    x: str | Path,
    *,
    input_range: float | None = None,
    weights: str | Path | None = None,
    settings: ZooSettings | None = None,
    progress: Progress | None = None,
) -> Reference:
    """What `zoo.load(x, ...)` would load, with the same fingerprint.

    An entry whose digest is known costs nothing: no torch, no file, no network. An entry without a digest is
    fetched, to know it; a checkpoint that no entry describes, and a network of one's own, are loaded.
    Raises a `ZooError`, `NotASuperResolverError` for other kinds of models.
    """
    settings = settings or process_settings()
    target = resolve(x, settings)
    file = Path(weights) if weights is not None else None
    if isinstance(target, Entry):
        return _of_entry(target, file, input_range, settings, progress)
    if not isinstance(target, Code):
        if isinstance(target, Hub):
            target = hub.download(target, settings, committed=False, progress=progress)
        if known := entry_of_file(target, settings):
            return _of_entry(known, target, input_range, settings, progress)
    from zoo.loading import super_resolver

    model = super_resolver(x, input_range=input_range, weights=weights, settings=settings)
    return Reference(model.name, model.fingerprint, model.scale, _load=lambda: model)


def _of_entry(
    entry: Entry,
    file: Path | None,
    input_range: float | None,
    settings: ZooSettings,
    progress: Progress | None,
) -> Reference:
    if entry.kind != "super-resolver":
        raise NotASuperResolverError(
            f"{entry.name} is a {entry.kind}, not a super-resolution network; nothing can be attributed to it"
        )

    def load() -> SuperResolver:
        from lam_core.model import SuperResolver
        from zoo.loading import load_entry

        path = file or fetch(entry, settings, progress=progress)
        model = load_entry(entry, path, input_range=input_range)
        assert isinstance(model, SuperResolver)
        return model

    sha256 = pinned_digest(entry) or digest(file or fetch(entry, settings, progress=progress))
    return Reference(entry.name, entry_fingerprint(entry, sha256, input_range), entry.scale, entry.id, _load=load)


def entry_fingerprint(entry: Entry, sha256: str, input_range: float | None = None) -> str:
    """The fingerprint of an entry's model whose weights' file has that digest."""
    return fingerprint_of(sha256, entry.network, entry.scale, entry.declared_convention(input_range))


def entry_of_file(path: Path, settings: ZooSettings) -> Entry | None:
    """The entry that pins this very file, whatever it is called."""
    return registry(*settings.entries).with_digest(digest(path))
