"""Comparisons worth looking at first, among them the published figures; what is not here is named, with a stand-in."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

MOST = 4
"""Networks, or layers, side by side."""


@dataclass(frozen=True)
class Place:
    """One place in a comparison: the network meant, and what may stand for it."""

    meant: str
    needed: str
    """What it takes to have the network meant."""
    candidates: tuple[str, ...]
    """Entries by preference; the first is the network meant, unless `substitutes`."""
    substitutes: bool = False
    """No entry is the network meant."""


@dataclass(frozen=True)
class Preset:
    """Networks to compare, or one network layer by layer."""

    id: str
    title: str
    places: tuple[Place, ...]
    by_layer: bool = False

    def networks(self, available: Collection[str]) -> tuple[str, ...]:
        """The entries that are shown: of every place the first candidate that is available."""
        found = (next((c for c in place.candidates if c in available), None) for place in self.places)
        return tuple(dict.fromkeys(key for key in found if key))

    def notes(self, available: Collection[str], names: dict[str, str]) -> tuple[str, ...]:
        """A sentence for every network that is not the one meant, and what it takes to have that."""
        sentences = []
        for place in self.places:
            shown = next((c for c in place.candidates if c in available), None)
            if shown == place.candidates[0] and not place.substitutes:
                continue
            stand_in = (
                f"{names.get(shown, shown)} stands in for it" if shown else "no available network can stand in for it"
            )
            sentences.append(f"{place.meant} is not here: {place.needed}. Meanwhile {stand_in}.")
        return tuple(sentences)


def _itself(entry: str, name: str) -> Place:
    return Place(name, "its checkpoint must be fetched", (entry,))


_RESNET = Place(
    "ResNet18",
    "it needs model.safetensors (47 MB) of timm/resnet18.a1_in1k on the Hugging Face Hub, which is fetched when the "
    "Hub can be reached, or supplied by `lam zoo fetch resnet18 --from FILE`",
    ("resnet18", "resnet-c"),
)
_UNPUBLISHED = "no weights of it are known to be public"
PRESETS = (
    Preset(
        "published",
        "Four published networks",
        (_itself("srgan", "SRGAN"), _itself("imdn", "IMDN"), _itself("pan", "PAN"), _itself("carn-m", "CARN-M")),
    ),
    Preset(
        "figure",
        "Published figure: ResNet18, SRResNet-wGR, SRGAN-wGR",
        (
            _RESNET,
            Place("SRResNet-wGR", _UNPUBLISHED, ("srresnet-gr-c", "edsr-c"), substitutes=True),
            Place("SRGAN-wGR", _UNPUBLISHED, ("srgan-gr-c", "srgan"), substitutes=True),
        ),
    ),
    Preset("layers", "Published figure: ResNet18 layer by layer", (_RESNET,), by_layer=True),
    Preset(
        "residual",
        "With and without global residual",
        tuple(
            Place(name, "`lam train` makes it", (entry,))
            for entry, name in (
                ("srresnet-c", "SRResNet (compact)"),
                ("srresnet-gr-c", "SRResNet-wGR (compact)"),
                ("srgan-c", "SRGAN (compact)"),
                ("srgan-gr-c", "SRGAN-wGR (compact)"),
            )
        ),
    ),
)
TWINS = (("srresnet-gr-c", "srresnet-c"), ("srgan-gr-c", "srgan-c"))
"""Networks with a global residual, each with its twin without."""


def stand_ins(available: Collection[str]) -> tuple[str, ...]:
    """Networks that can be asked about any picture: those of this project that show most."""
    return next(preset for preset in PRESETS if preset.id == "residual").networks(available)
