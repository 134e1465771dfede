"""The oracle of every cone: the whole network by plain autograd, cropped afterwards."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from lam_core.attribution.cone import Cone, cone, share
from lam_core.model import Convention, SuperResolver
from lam_core.randomness import seeded

TOLERANCE = 1e-12


class Toy(nn.Module):
    """A function as a network, with such layers as it uses."""

    def __init__(self, function: Callable[[Tensor], Tensor], *layers: nn.Module) -> None:
        super().__init__()
        self.function = function
        self.layers = nn.ModuleList(layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


def resolver(network: nn.Module, scale: int = 1, convention: Convention | None = None) -> SuperResolver:
    """The network in float64 with weights of every sign, biases and statistics included."""
    generator = torch.Generator().manual_seed(7)
    network = network.double()
    for tensor in network.parameters():
        if tensor.dim() < 2:
            tensor.data = torch.rand(tensor.shape, generator=generator, dtype=tensor.dtype) * 0.5 + 0.1
    for name, tensor in network.named_buffers():
        if name.endswith(("running_mean", "running_var")):
            tensor.copy_(torch.rand(tensor.shape, generator=generator, dtype=tensor.dtype) + 0.5)
    return SuperResolver(network, scale, convention=convention or Convention())


Window = tuple[tuple[int, int], tuple[int, int]]


def windows(height: int, width: int, size: int) -> list[Window]:
    """Four corners, four edges, the centre, and one at odd offsets, in rows from the top left."""
    tops, lefts = (0, (height - size) // 2, height - size), (0, (width - size) // 2, width - size)
    places = [(top, left) for top in tops for left in lefts] + [(height // 3 + 1, width // 4 + 1)]
    return [((top, top + size), (left, left + size)) for top, left in places]


def more_windows(height: int, width: int, size: int, count: int) -> list[Window]:
    """Those of `windows`, and places drawn by a fixed seed, `count` in all."""
    places = windows(height, width, size)
    generator = torch.Generator().manual_seed(5)
    while len(places) < count:
        top, left = (int(torch.randint(side - size + 1, (), generator=generator)) for side in (height, width))
        places.append(((top, top + size), (left, left + size)))
    return places


def check(
    model: SuperResolver,
    height: int = 14,
    width: int = 17,
    size: int = 3,
    *,
    batch: int = 1,
    every: int = 1,
    count: int = 10,
    tolerance: float = TOLERANCE,
) -> list[Cone]:
    """Asserts that values and gradients of cones everywhere are those of the whole network; gives the cones.

    Every `every`th one of `count` windows is looked at, by itself and, of one picture, in a forward pass shared by all.
    """
    generator = torch.Generator().manual_seed(3)
    x = torch.rand(batch, 3, height, width, generator=generator, dtype=torch.float64)
    plain = x.clone().requires_grad_(True)
    with seeded(torch.device("cpu")):
        whole = model(plain)
    cones, weighted, truths = [], [], []
    for rows, columns in more_windows(height * model.scale, width * model.scale, size, count)[::every]:
        part = cone(model, height, width, rows, columns)
        cropped = x.clone().requires_grad_(True)
        value = part(cropped)
        expected = whole[..., slice(*rows), slice(*columns)]
        weights = torch.randn(value.shape, generator=generator, dtype=torch.float64)
        (gradient,) = torch.autograd.grad((value * weights).sum(), cropped)
        (truth,) = torch.autograd.grad((expected * weights).sum(), plain, retain_graph=True)
        with torch.no_grad():
            assert torch.equal(part(x), value)
        assert value.shape == expected.shape
        assert (value - expected).abs().max() <= tolerance * expected.abs().max()
        assert truth.abs().max() > 0
        assert (gradient - truth).abs().max() <= tolerance * truth.abs().max()
        cones.append(part)
        weighted.append(weights)
        truths.append(truth)
    planned = cones[0].program
    if planned and planned.takes[:2] == (x.shape, x.dtype) and (shared := share(cones)) is not None:
        picture, values = shared(x)
        box = whole[..., slice(*shared.rows), slice(*shared.columns)]
        assert (picture - box).abs().max() <= tolerance * box.abs().max()
        for way, weights, truth in zip(shared.ways, weighted, truths, strict=True):
            for _ in range(2):  # A way back leaves the shared values as they are.
                assert (way(weights, values) - truth).abs().max() <= tolerance * truth.abs().max()
    return cones
