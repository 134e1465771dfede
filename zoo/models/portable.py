"""Networks for other machines: what exists on this one alone goes along, or is refused."""

from __future__ import annotations

from dataclasses import replace

from zoo.catalog.entry import Entry, Local
from zoo.errors import ZooError
from zoo.models.reference import Reference
from zoo.models.source import resolve
from zoo.models.target import Code
from zoo.settings import settings as process_settings


class OnlyHereError(ZooError):
    """A network that another machine can neither load nor be sent."""


def portable(reference: Reference) -> Reference:
    """The same network, as a machine can load it that has the project and none of this machine's files.

    An entry goes along as it is read here; another machine fetches its weights itself. Weights that lie here alone go
    along as the loaded network. Raises `OnlyHereError` for code in a file, and a `ZooError` for weights that cannot be
    loaded here.
    """
    settings = reference.settings or process_settings()
    source = resolve(reference.asked, settings, weights=reference.weights, **reference.overrides)
    target = source.target
    if isinstance(target, Code) and target.path is not None:
        raise OnlyHereError(
            f"{reference.name} is code in a file of this machine; install its package on the workers and name it "
            "package.module:Class, or sweep without --scheduler"
        )
    if reference.model is not None:
        return reference
    if isinstance(target, Entry) and reference.weights is None and not isinstance(target.weights, Local):
        return replace(reference, asked=target, settings=None)
    return replace(reference, model=reference.load(), settings=None)
