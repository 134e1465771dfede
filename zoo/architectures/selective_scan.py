"""The selective scan of state space models: Gu and Dao, "Mamba: Linear-Time Sequence Modeling", 2023, algorithm 2.

The recurrence itself, in plain PyTorch: states of one chunk of the sequence at a time, those between chunks kept for
the gradient, which computes the states of each chunk again. Memory therefore grows with the sequence by no more than
its inputs and one state per chunk.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

CHUNK = 128
"""Places of the sequence whose states are held at once."""


def selective_scan(u: Tensor, delta: Tensor, a: Tensor, b: Tensor, c: Tensor, d: Tensor) -> Tensor:
    """Output [B, K, D, L] of K scans along sequences of L places, from zero states h of N numbers for each channel.

    h_t = exp(delta_t a) h_{t-1} + delta_t b_t u_t and y_t = c_t · h_t + d u_t, with `u` and `delta` [B, K, D, L],
    `a` [K, D, N] below zero, `b` and `c` [B, K, N, L] and `d` [K, D]. In float32 on a GPU, the CUDA package
    `mamba_ssm` computes it where it is installed.
    """
    if u.is_cuda and u.dtype == torch.float32 and (scan := _packaged_scan()) is not None:
        return by_package(scan, u, delta, a, b, c, d)
    # The sequence first: every step then works on memory in one piece.
    u_first, delta_first, b_first, c_first = (x.permute(3, 0, 1, 2).contiguous() for x in (u, delta, b, c))
    y, _ = _scan(u_first, delta_first, a, b_first, c_first)
    return y.permute(1, 2, 3, 0) + u * d[..., None]


@cache
def _packaged_scan() -> Callable[..., Tensor] | None:
    try:
        return import_module("mamba_ssm.ops.selective_scan_interface").selective_scan_fn
    except ImportError:
        return None


def by_package(
    scan: Callable[..., Tensor], u: Tensor, delta: Tensor, a: Tensor, b: Tensor, c: Tensor, d: Tensor
) -> Tensor:
    """`selective_scan` by the package's function, which has the channels of all scans in one dimension."""
    y = scan(u.flatten(1, 2), delta.flatten(1, 2), a.flatten(0, 1), b, c, d.flatten())
    return y.view_as(u)


@torch.library.custom_op("lam_zoo::selective_scan", mutates_args=())
def _scan(u: Tensor, delta: Tensor, a: Tensor, b: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """c_t · h_t and the states before each chunk, with the sequence first: u, delta [L, B, K, D], b, c [L, B, K, N].

    One operation to PyTorch, so that whatever follows a network step by step does not follow every place.
    """
    y, starts = torch.empty_like(u), u.new_zeros(len(_chunks(len(u))), *u.shape[1:], a.shape[-1])
    state = starts[0]
    for i, chunk in enumerate(_chunks(len(u))):
        starts[i] = state
        states, _ = _states(u[chunk], delta[chunk], a, b[chunk], starts[i])
        torch.matmul(states, c[chunk][..., None], out=y[chunk][..., None])
        state = states[-1]
    return y, starts


@_scan.register_fake
def _shapes(u: Tensor, delta: Tensor, a: Tensor, b: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    return torch.empty_like(u), u.new_empty(len(_chunks(len(u))), *u.shape[1:], a.shape[-1])


def _keep(ctx: Any, inputs: tuple[Tensor, ...], output: tuple[Tensor, Tensor]) -> None:
    ctx.save_for_backward(*inputs, output[1])
    ctx.mark_non_differentiable(output[1])


@torch.library.custom_op("lam_zoo::selective_scan_backward", mutates_args=())
def _gradients(
    gradient: Tensor, u: Tensor, delta: Tensor, a: Tensor, b: Tensor, c: Tensor, starts: Tensor, trains: bool
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Of u, delta, a, b and c, from the gradient of the output; of `a` zeros unless it `trains`."""
    du, ddelta, da, db, dc = (torch.zeros_like(x) for x in (u, delta, a, b, c))
    later = torch.zeros_like(starts[0])
    for chunk, start in zip(reversed(_chunks(len(u))), reversed(starts.unbind()), strict=True):
        states, decay = _states(u[chunk], delta[chunk], a, b[chunk], start)
        torch.matmul(gradient[chunk][..., None, :], states, out=dc[chunk][..., None, :])
        # What the loss changes by each state: through its own output, and through all later states.
        dstates = gradient[chunk][..., None] * c[chunk][..., None, :]
        dstates[-1] += later
        steps, decays = dstates.unbind(), decay.unbind()
        for t in range(len(steps) - 2, -1, -1):
            steps[t].addcmul_(decays[t + 1], steps[t + 1])
        later = decays[0] * steps[0]
        dinput = torch.matmul(dstates, b[chunk][..., None])[..., 0]
        torch.matmul((delta[chunk] * u[chunk])[..., None, :], dstates, out=db[chunk][..., None, :])
        du[chunk] = dinput * delta[chunk]
        # Through the decay, whose derivative by delta · a is itself.
        dstates[1:] *= states[:-1]
        dstates[0] *= start
        dstates *= decay
        ddelta[chunk] = (dstates * a).sum(-1).addcmul_(dinput, u[chunk])
        if trains:
            da += (dstates * delta[chunk][..., None]).sum((0, 1))
    return du, ddelta, da, db, dc


@_gradients.register_fake
def _shapes_of_gradients(
    gradient: Tensor, u: Tensor, delta: Tensor, a: Tensor, b: Tensor, c: Tensor, starts: Tensor, trains: bool
) -> tuple[Tensor, ...]:
    return tuple(torch.empty_like(x) for x in (u, delta, a, b, c))


def _backward(ctx: Any, gradient: Tensor, _: Tensor) -> tuple[Tensor, ...]:
    return _gradients(gradient.contiguous(), *ctx.saved_tensors, ctx.needs_input_grad[2])


_scan.register_autograd(_backward, setup_context=_keep)


def _chunks(length: int) -> list[slice]:
    return [slice(start, min(start + CHUNK, length)) for start in range(0, length, CHUNK)]


def _states(u: Tensor, delta: Tensor, a: Tensor, b: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
    """All states of a chunk, [T, B, K, D, N], and by how much each step keeps the one before."""
    decay = (delta[..., None] * a).exp_()
    states = (delta * u)[..., None] * b[..., None, :]
    steps, decays = states.unbind(), decay.unbind()
    before = start
    for step, kept in zip(steps, decays, strict=True):
        before = step.addcmul_(kept, before)
    return states, decay


def discretised(dt: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Step sizes [B, K, D, L] from their low-rank form [B, K, R, L]: positive, as Mamba has them."""
    return F.softplus(torch.einsum("bkrl,kdr->bkdl", dt, weight) + bias[..., None])
