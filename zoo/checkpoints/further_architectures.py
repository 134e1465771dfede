"""Architectures of packages that are no dependencies, where somebody has installed them.

`spandrel-extra-arches` brings ten, some under licences that restrict use; `resselt` brings those of the communities
around traiNNer-redux and neosr. They come after all others, and only those that neither this project nor spandrel has.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from importlib import import_module
from typing import Any

from spandrel import Architecture, ArchSupport, ImageModelDescriptor, SizeRequirements
from spandrel import StateDict as SpandrelStateDict
from torch import nn
from typing_extensions import override

LOADER = "resselt"
"""The package, and what precedes its architectures' names."""


LARGEST_MIRROR = 64
"""None says which sizes it takes; several mirror a picture at its edge up to a multiple of this, and refuse less."""


class ResseltArchitecture(Architecture[nn.Module]):
    """An architecture of resselt, which gives the bare network and its scale, as spandrel sees it."""

    def __init__(self, theirs: Any) -> None:
        super().__init__(id=f"{LOADER}-{theirs.id}", name=theirs.id, detect=theirs.detect)
        self.theirs = theirs

    @override
    def load(self, state_dict: SpandrelStateDict) -> ImageModelDescriptor[nn.Module]:
        network = self.theirs.load(state_dict)
        facts = network.parameters_info
        if not isinstance(facts.upscale, int | float):
            raise ValueError(f"it enlarges by any of {', '.join(map(str, facts.upscale))}; nothing says which is meant")
        scale = int(facts.upscale)
        return ImageModelDescriptor(
            network,
            state_dict,
            architecture=self,
            purpose="SR" if scale > 1 else "Restoration",
            tags=[],
            supports_half=False,
            supports_bfloat16=True,
            scale=scale,
            input_channels=facts.in_channels,
            output_channels=facts.out_channels,
            size_requirements=SizeRequirements(minimum=LARGEST_MIRROR),
        )


def further_architectures(known: Collection[str]) -> Iterator[ArchSupport]:
    """Architectures of the installed packages whose names, in small letters, are not among those `known`."""
    for support in _of("spandrel_extra_arches", "EXTRA_REGISTRY"):
        if str(support.architecture.id).lower() not in known:
            yield support
    theirs: Mapping[str, Any] = getattr(_of("resselt.archs", "internal_registry"), "store", {})
    for name, architecture in theirs.items():
        if name.lower() not in known:
            yield ArchSupport.from_architecture(ResseltArchitecture(architecture))


def _of(module: str, name: str) -> Any:
    """What a module of an installed package calls so; nothing where it is not installed."""
    try:
        return getattr(import_module(module), name)
    except ModuleNotFoundError:
        return ()
