"""Badges of networks, and the help texts of figures."""

from __future__ import annotations

from dashboard.presentation.model_options import Tag

HELP = {
    "DI": "Diffusion Index: how widely the network draws on its input, from 0 (one pixel) to 100 (all pixels alike). "
    "Compare it only at equal settings, named below, and together with PSNR: untrained networks score 1 to 2.",
    "PSNR": "Of the network's image of the field against HR, on luma.",
    "95 % area": "The smallest area that holds 95 % of the map, as a share of the field's LR pixels.",
    "Map error": "Estimated relative error of the map itself, from how much the gradient changes between nodes.",
}


COMPLETENESS = (
    "Completeness error: how far the map's sum misses the detector's change along the path; a weak check, small even "
    "for poor maps."
)


TAGS: dict[Tag, str] = {
    "published": ":blue-badge[published]",
    "compact": ":gray-badge[compact]",
    "yours": ":violet-badge[yours]",
}
