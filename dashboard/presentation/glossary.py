"""The terms of the pages, each in one sentence."""

from __future__ import annotations

TERMS = {
    "LAM": "Local attribution map: how much each pixel of the LR image contributes to what the network makes of one "
    "window (Gu and Dong, 2021).",
    "DI": "Diffusion Index: how widely a map spreads, 100 · (1 − Gini coefficient); 0 is one pixel, 100 all alike.",
    "window": "The square of the SR image that is asked about, in SR pixels.",
    "field": "The part of the LR image, around the window, over which the map is computed.",
    "KDE": "Kernel density estimate: the map smoothed by a Gaussian kernel, easier to see from afar.",
    "path": "The images from a baseline without detail to the image itself, along which gradients are summed.",
    "node": "A point of the path at which a gradient is computed; more nodes, smaller error.",
    "detector": "D, the figure of the window that is explained: by default the sum of its gradients, its edges.",
    "receptive field": "The LR pixels that can reach one SR pixel at all, whatever the weights.",
    "effective receptive field": "How much each LR pixel contributes to the middle of the SR image, by gradients, on "
    "average over images (Luo et al., 2016).",
    "CHI": "Calinski–Harabasz index: spread between classes over spread within; larger is better parted.",
    "FAIG": "Filter attribution integrated gradients: how much a convolution filter contributes to a lower error, "
    "summed over the networks on the straight line from a baseline's weights to the fine-tuned ones (Xie et al., "
    "2021).",
    "PSNR": "Peak signal-to-noise ratio on luma in dB; larger is nearer the original.",
    "baseline": "The network that another was fine-tuned from.",
    "SRGA": "Super-resolution generalisation assessment: how far the distribution of a network's features moves from "
    "clean to degraded images; 0 is not at all.",
    "silhouette": "Mean over points of how much nearer the own class is than the next one; −1 to 1.",
}


def explained(terms: tuple[str, ...]) -> str:
    """The sentences of some terms, one a paragraph. Raises `KeyError` for a term that is not here.

    >>> explained(("window", "node")).splitlines()[0]
    '**window**: The square of the SR image that is asked about, in SR pixels.'
    """
    return "\n\n".join(f"**{term}**: {TERMS[term]}" for term in terms)
