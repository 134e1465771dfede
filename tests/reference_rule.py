"""The published rule once more, written plainly and independently of the project: NumPy, SciPy and autograd alone."""

from __future__ import annotations

import numpy as np
import torch
from scipy.ndimage import correlate


def reference_lam(network, lr, x, y, size, *, sigma=1.2, steps=50, side=9, dtype=torch.float64):
    """Signed map [3, h, w] of the window at (x, y); `lr` is [h, w, 3] in [0, 1]."""
    axis = np.arange(-(side // 2), side // 2 + 1)
    images = []
    for width in np.linspace(sigma, 0.0, steps + 1):
        kernel = np.exp(-(axis[:, None] ** 2 + axis[None] ** 2) / (2 * (width + 1e-5) ** 2))
        kernel /= kernel.sum()
        blurred = [correlate(lr[..., c], kernel, mode="mirror") for c in range(3)]
        images.append(np.stack(blurred))
    total = np.zeros_like(images[0])
    for i in range(steps):
        point = torch.from_numpy(images[i + 1])[None].to(dtype).requires_grad_(True)
        output = network(point)[0]
        height, width = output.shape[-2:]
        patch = output[:, y : min(y + size + 1, height), x : min(x + size + 1, width)]
        down = patch[:, :-1, :-1] - patch[:, 1:, :-1]
        right = patch[:, :-1, :-1] - patch[:, :-1, 1:]
        torch.sqrt(down**2 + right**2 + 1e-12).sum().backward()
        total += point.grad[0].double().numpy() * (steps * (images[i + 1] - images[i]))
    return total / steps


def reference_display(signed):
    """|Σ channels| over its maximum."""
    plane = np.abs(signed.sum(0))
    return plane / plane.max()


def reference_index(display):
    """DI by the double sum itself."""
    values = display.ravel() + 1e-7
    differences = sum(np.abs(values - value).sum() for value in values)
    return 100 * (1 - differences / (2 * values.size**2 * values.mean()))
