"""One registry for every architecture: this project's own, as spandrel Architectures, then all of spandrel's, then
those of further packages where they are installed."""

from __future__ import annotations

import functools

from spandrel import (
    MAIN_REGISTRY,
    Architecture,
    ArchRegistry,
    ArchSupport,
    ImageModelDescriptor,
)
from spandrel import StateDict as SpandrelStateDict
from torch import nn
from typing_extensions import override

from zoo import architectures
from zoo.checkpoints.further_architectures import further_architectures


class ZooArchitecture(Architecture[nn.Module]):
    """An architecture of this project among spandrel's, for the order in which they are tried."""

    def __init__(self, own: architectures.Architecture) -> None:
        super().__init__(id=own.id, name=own.name, detect=own.detect)
        self.own = own

    @override
    def load(self, state_dict: SpandrelStateDict) -> ImageModelDescriptor[nn.Module]:
        raise NotImplementedError("zoo.checkpoints.own.build_own builds it, without spandrel")


@functools.cache
def spandrel_registry() -> ArchRegistry:
    """Every super-resolution architecture; this project's are tried first, as their detectors are the stricter."""
    registry = ArchRegistry()
    registry.add(*(ArchSupport.from_architecture(ZooArchitecture(own)) for own in architectures.all_architectures()))
    registry.add(*MAIN_REGISTRY.architectures("detection"))
    known = {str(support.architecture.id).lower() for support in registry.architectures("detection")}
    registry.add(*further_architectures(known))
    return registry
