"""Steps keep their singular vectors and lose their sizes; pictures' own layers are Adam's."""

import pytest
import torch
from torch import nn

from zoo.training.muon import RATIO, Muon, inner_weights, orthogonalised
from zoo.training.optimisers import optimisers


@pytest.mark.parametrize("shape", [(6, 40), (40, 6), (8, 8)])
def test_singular_values_come_near_one_and_vectors_stay(shape):
    random = torch.Generator().manual_seed(0)
    u, _, v = torch.linalg.svd(torch.randn(shape, generator=random), full_matrices=False)
    sizes = torch.logspace(-1, 0.5, min(shape))
    out = orthogonalised(u * sizes @ v)
    inside = u.mT @ out @ v.mT
    assert inside.diagonal().min() > 0.65
    assert inside.diagonal().max() < 1.25
    torch.testing.assert_close(inside - inside.diagonal().diag(), torch.zeros_like(inside), atol=1e-4, rtol=0)


def test_no_gradient_is_no_direction():
    assert torch.equal(orthogonalised(torch.zeros(3, 5)), torch.zeros(3, 5))


def test_the_step_does_not_depend_on_the_loss_scale():
    ends = []
    for scale in (1e-3, 1e3):
        weight = nn.Parameter(torch.ones(4, 2, 3, 3))
        optimiser = Muon([weight], lr=0.1)
        (scale * (weight * torch.arange(weight.numel()).reshape(weight.shape)).sum()).backward()
        optimiser.step()
        ends.append(weight.detach().clone())
    torch.testing.assert_close(ends[0], ends[1])
    # One direction alone: a matrix of norm near 1, times the rate.
    assert (ends[0] - 1).norm().item() == pytest.approx(0.1, rel=0.6)


def test_a_weight_without_a_gradient_stays():
    weight = nn.Parameter(torch.ones(2, 2))
    Muon([weight], lr=1.0).step()
    assert torch.equal(weight, torch.ones(2, 2))


def test_pictures_layers_grouped_ones_and_vectors_are_adams():
    network = nn.Sequential(
        nn.Conv2d(3, 4, 3),
        nn.Conv2d(4, 4, 3),
        nn.BatchNorm2d(4),
        nn.Conv2d(4, 4, 3, groups=4),
        nn.Linear(4, 4),
        nn.ConvTranspose2d(4, 3, 9),
    )
    assert [id(w) for w in inner_weights(network)] == [id(network[1].weight), id(network[4].weight)]  # pyright: ignore[reportArgumentType]
    adam, muon = optimisers(network, "muon", 1e-3)
    assert [group["peak"] for group in adam.param_groups + muon.param_groups] == [1e-3, RATIO * 1e-3]
    moved = [p for o in (adam, muon) for group in o.param_groups for p in group["params"]]
    assert sorted(map(id, moved)) == sorted(map(id, network.parameters()))
    (alone,) = optimisers(network, "adam", 1e-3)
    assert [len(group["params"]) for group in alone.param_groups] == [len(list(network.parameters()))]
