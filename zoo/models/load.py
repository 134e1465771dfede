"""`load`, the one way to a model, whatever names it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from lam_core.model import SuperResolver
from zoo.catalog.entry import Entry
from zoo.errors import NotASuperResolverError
from zoo.models.source import resolve
from zoo.overrides import Overrides
from zoo.settings import ZooSettings
from zoo.settings import settings as process_settings
from zoo.sources.transfer import Progress

if TYPE_CHECKING:
    from zoo.models.source import Model


def load(
    x: str | Path | Entry,
    *,
    weights: str | Path | None = None,
    settings: ZooSettings | None = None,
    progress: Progress | None = None,
    **overrides: Unpack[Overrides],
) -> Model:
    """The model that `x` names: an entry's id, an entry's TOML file, a checkpoint, `owner/repo:file` on the Hub,
    `path.py:build`, or `package.module:Class`, what builds a network of one's own. An entry itself is its own name.

    A super-resolution network comes as a `SuperResolver`: float RGB [B, 3, h, w] in [0, 1] to [B, 3, s·h, s·w],
    differentiable. A classifier comes as a `FeatureModel`, a classical method as a `Restorer`.

    A checkpoint whose digest an entry pins is that entry's model, with its conventions.

    Args:
        x: the name.
        weights: a file to use in place of the entry's own, or the state dict of one's own code.
        settings: offline, hosted, caches, further entries; those of the process (environment variables) by default.
        progress: called while weights are fetched.
        overrides: scale, input_range, colour, pad_multiple, params, condition: they go before what the entry says, the
            weights tell or measuring finds; what was decided is said in the model's `notes`.

    Returns:
        The model, on the CPU in float32.

    Raises:
        LamError: of a kind whose message says what to do.
    """
    return resolve(x, settings or process_settings(), weights=weights, **overrides).load(progress)


def super_resolver(
    x: str | Path | Entry,
    *,
    weights: str | Path | None = None,
    settings: ZooSettings | None = None,
    progress: Progress | None = None,
    **overrides: Unpack[Overrides],
) -> SuperResolver:
    """The super-resolution network that `x` names, as `load` returns it.

    Args:
        x, weights, settings, progress, overrides: as for `load`.

    Returns:
        The network, on the CPU in float32.

    Raises:
        NotASuperResolverError: another kind of model.
        LamError: of the kinds that `load` raises.
    """
    model = load(x, weights=weights, settings=settings, progress=progress, **overrides)
    if not isinstance(model, SuperResolver):
        raise NotASuperResolverError(f"{model.name} is no super-resolution network; nothing can be attributed to it")
    return model
