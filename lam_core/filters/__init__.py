"""Filter attribution: which convolution filters of a fine-tuned network undo which degradation.

Xie, Wang, Dong, Qi and Shan, "Finding Discriminative Filters for Specific Degradations in Blind Super-Resolution",
NeurIPS 2021 (FAIG): the gradient of a restoration loss, integrated along the straight line from the weights of a
baseline network to those of a target network that was fine-tuned from it.
"""

from lam_core.filters.attribution import FilterScores, FilterSettings, attribute_filters
from lam_core.filters.layout import FilterLayout, Layer
from lam_core.filters.pair import FilterPairError, NetworkPair
from lam_core.filters.pictures import ImagePair, degraded_pairs

__all__ = [
    "FilterLayout",
    "FilterPairError",
    "FilterScores",
    "FilterSettings",
    "ImagePair",
    "Layer",
    "NetworkPair",
    "attribute_filters",
    "degraded_pairs",
]
