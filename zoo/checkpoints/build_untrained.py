"""Networks built from what an entry declares, without their weights."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from typing import Any

from torch import nn

from zoo.catalog.entry import Entry
from zoo.checkpoints.errors import UnknownNetworkError
from zoo.checkpoints.out_of_place import out_of_place
from zoo.checkpoints.spandrel_registry import ZooArchitecture, spandrel_registry
from zoo.errors import ZooError
from zoo.models.classifiers import build_classifier


class HyperparameterError(ZooError):
    """Hyperparameters that the declared architecture does not take."""


def build_declared(entry: Entry) -> nn.Module:
    """The network that an entry declares, with random weights.

    Raises `UnknownNetworkError` or `HyperparameterError`.
    """
    if entry.kind == "classifier":
        return build_classifier(entry)
    support = spandrel_registry().get(entry.architecture)
    if support is None:
        raise UnknownNetworkError(
            f"{entry.id} declares the architecture {entry.architecture!r}, which is not known here"
        )
    architecture = support.architecture
    try:
        if isinstance(architecture, ZooArchitecture):
            return architecture.own.build(**entry.hyperparameters)
        return _spandrel_network(str(architecture.id), entry.hyperparameters)
    except (TypeError, ValueError, AssertionError) as error:
        raise HyperparameterError(
            f"{entry.id}: {architecture.name} does not take {dict(entry.hyperparameters)}: {error}"
        ) from None


def _spandrel_network(architecture: str, hyperparameters: Mapping[str, Any]) -> nn.Module:
    """The network of spandrel's that takes these hyperparameters; some architectures have several forms."""
    module = importlib.import_module(f"spandrel.architectures.{architecture}")
    forms = [getattr(module, name) for name in module.__all__]
    if architecture == "RealCUGAN":
        # Its form tells its scale: that of the entry is the name of a form.
        hyperparameters = dict(hyperparameters)
        name = f"UpCunet{hyperparameters.pop('scale', '')}x{'_fast' if hyperparameters.pop('fast', False) else ''}"
        forms = [form for form in forms if getattr(form, "__name__", "") == name]
    reasons = []
    for form in forms:
        if not (isinstance(form, type) and issubclass(form, nn.Module)):
            continue
        try:
            inspect.signature(form).bind(**hyperparameters)
        except TypeError as error:
            reasons.append(str(error))
            continue
        return out_of_place(form(**hyperparameters))
    raise TypeError("; ".join(reasons) or "it has no network that can be built")
