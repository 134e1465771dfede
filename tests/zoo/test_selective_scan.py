"""The selective scan in chunks, against its recurrence written place by place."""

import pytest
import torch
from torch import Tensor

from zoo.architectures.selective_scan import CHUNK, by_package, selective_scan


def recurrence(u: Tensor, delta: Tensor, a: Tensor, b: Tensor, c: Tensor, d: Tensor) -> Tensor:
    state = u.new_zeros(*u.shape[:3], a.shape[-1])
    outputs = []
    for t in range(u.shape[-1]):
        step = delta[..., t, None]
        state = torch.exp(step * a) * state + step * u[..., t, None] * b[..., t].unsqueeze(2)
        outputs.append((state * c[..., t].unsqueeze(2)).sum(-1) + d * u[..., t])
    return torch.stack(outputs, -1)


def given(length: int) -> list[Tensor]:
    """Two batches of two scans of three channels with four states."""
    generator = torch.Generator().manual_seed(length)
    shapes = [(2, 2, 3, length), (2, 2, 3, length), (2, 3, 4), (2, 2, 4, length), (2, 2, 4, length), (2, 3)]
    u, delta, a, b, c, d = (torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes)
    return [x.requires_grad_() for x in (u, delta.abs() * 0.3, -a.abs() * 3, b, c, d)]


@pytest.mark.parametrize("length", [1, 2, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 40])
def test_is_the_recurrence(length: int):
    inputs = given(length)
    found, wanted = selective_scan(*inputs), recurrence(*inputs)
    torch.testing.assert_close(found, wanted, rtol=1e-12, atol=1e-12)
    weights = torch.randn(found.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for gradient, expected in zip(
        torch.autograd.grad((found * weights).sum(), inputs),
        torch.autograd.grad((wanted * weights).sum(), inputs),
        strict=True,
    ):
        torch.testing.assert_close(gradient, expected, rtol=1e-12, atol=1e-12)


def test_a_state_by_hand():
    """One channel, one state: h = 2, then e⁻¹ · 2 + 3; y = h + u."""
    one = [torch.tensor(values, dtype=torch.float64) for values in ([2.0, 3.0], [1.0, 1.0])]
    u, ones = (x.view(1, 1, 1, 2) for x in one)
    y = selective_scan(u, ones, -torch.ones(1, 1, 1).double(), ones, ones, torch.ones(1, 1).double())
    wanted = torch.tensor([4.0, 2 * torch.e**-1 + 6], dtype=torch.float64)
    torch.testing.assert_close(y.flatten(), wanted, rtol=1e-15, atol=0)


def test_the_package_is_given_its_own_shapes():
    inputs = given(5)

    def scan(u: Tensor, delta: Tensor, a: Tensor, b: Tensor, c: Tensor, d: Tensor) -> Tensor:
        """As `mamba_ssm` has it: u, delta [B, K · D, L], A [K · D, N], B, C [B, K, N, L], D [K · D]."""
        assert u.shape == delta.shape == (2, 6, 5)
        assert (a.shape, b.shape, c.shape, d.shape) == ((6, 4), (2, 2, 4, 5), (2, 2, 4, 5), (6,))
        shape = (2, 2, 3, 5)
        return recurrence(u.view(shape), delta.view(shape), a.view(2, 3, 4), b, c, d.view(2, 3)).flatten(1, 2)

    torch.testing.assert_close(by_package(scan, *inputs), recurrence(*inputs))
