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
    SizeRequirements,
)
from spandrel import StateDict as SpandrelStateDict
from torch import nn
from typing_extensions import override

from zoo import architectures
from zoo.architectures.architecture import Hyperparameters
from zoo.checkpoints.further_architectures import further_architectures


class ZooArchitecture(Architecture[nn.Module]):
    """An architecture of this project, as spandrel sees it."""

    def __init__(self, own: architectures.Architecture) -> None:
        super().__init__(id=own.id, name=own.name, detect=own.detect)
        self.own = own

    @override
    def load(self, state_dict: SpandrelStateDict) -> ImageModelDescriptor[nn.Module]:
        return self.load_with(state_dict, {})

    def load_with(self, state_dict: SpandrelStateDict, declared: Hyperparameters) -> ImageModelDescriptor[nn.Module]:
        """As `load`, with hyperparameters that the weights do not tell."""
        hyperparameters = {**self.own.infer(state_dict), **declared}
        network = self.own.build(**hyperparameters)
        network.hyperparameters = hyperparameters  # type: ignore[assignment]
        scale = int(hyperparameters.get("scale", 1))
        channels = self.own.channels(state_dict)
        return ImageModelDescriptor(
            network,
            state_dict,
            architecture=self,
            purpose="SR" if scale > 1 else "Restoration",
            tags=[],
            supports_half=False,
            supports_bfloat16=True,
            scale=scale,
            input_channels=channels,
            output_channels=channels,
            size_requirements=SizeRequirements(minimum=self.own.minimum_size, multiple_of=self.own.pad_multiple),
        )


@functools.cache
def spandrel_registry() -> ArchRegistry:
    """Every super-resolution architecture; this project's are tried first, as their detectors are the stricter."""
    registry = ArchRegistry()
    registry.add(*(ArchSupport.from_architecture(ZooArchitecture(own)) for own in architectures.ARCHITECTURES))
    registry.add(*MAIN_REGISTRY.architectures("detection"))
    known = {str(support.architecture.id).lower() for support in registry.architectures("detection")}
    registry.add(*further_architectures(known))
    return registry
