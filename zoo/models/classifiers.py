"""Classifiers, looked at by their features alone: the contrast to super-resolution networks."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from torch import Tensor, nn

from lam_core.errors import sentence
from lam_core.model import FeatureModel
from zoo.architectures import resnet
from zoo.catalog.entry import Entry
from zoo.checkpoints.errors import MismatchError, UnknownNetworkError

ARCHITECTURES: dict[str, Callable[..., nn.Module]] = {"resnet18": resnet.ResNet18}
"""Every classifier, by the name that entries use for its architecture."""


def build_classifier(entry: Entry) -> nn.Module:
    """The classifier that an entry declares, without its weights. Raises `UnknownNetworkError`."""
    if entry.architecture not in ARCHITECTURES:
        raise UnknownNetworkError(
            f"{entry.id} names the classifier {entry.architecture!r}; there are {', '.join(ARCHITECTURES)}"
        )
    return ARCHITECTURES[entry.architecture](**entry.hyperparameters)


def classifier(entry: Entry, state: Mapping[str, Tensor], *, fingerprint: str) -> FeatureModel:
    """The classifier of an entry with its weights. Raises `UnknownNetworkError` or `MismatchError`."""
    network = build_classifier(entry)
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise MismatchError(
            f"the weights of {entry.id} are not those of {entry.architecture}: {sentence(error)}"
        ) from None
    return FeatureModel(network.eval().requires_grad_(False), entry.name, fingerprint)
