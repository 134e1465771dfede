"""What a cone promises, whatever the network."""

from __future__ import annotations

import gc
import random
import time
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from lam_core.attribution.cone import RectangleError, SpentError, cone, independent, share
from lam_core.attribution.cone.index_sets import crop, interval, shape_of, union, whole
from lam_core.model import SuperResolver
from lam_core.randomness import seeded
from tests.lam_core.attribution.cone.oracle import Toy, check, resolver
from tests.lam_core.networks import Residual


def _stack(depth: int) -> nn.Sequential:
    return nn.Sequential(*(nn.Conv2d(3, 3, 3, padding=1) for _ in range(depth)))


def test_saving_of_a_chain_of_convolutions_by_hand() -> None:
    part = cone(resolver(_stack(3)), 20, 20, (9, 11), (9, 11))
    # Two pixels need 2², 4² and 6² outputs of the last, second and first layer; the whole network 20² of each.
    assert part.saving == pytest.approx(1 - (4 + 16 + 36) / (3 * 400))
    corner = cone(resolver(_stack(3)), 20, 20, (0, 2), (0, 2))
    assert corner.saving == pytest.approx(1 - (4 + 9 + 16) / (3 * 400))


def test_gradient_is_zero_outside_the_cone_alone() -> None:
    model = resolver(_stack(2))
    x = torch.rand(1, 3, 20, 20, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(cone(model, 20, 20, (9, 11), (4, 5))(x).sum(), x)
    reached = gradient.abs().sum((0, 1)) > 0
    assert reached[7:13, 2:7].all()
    assert reached.sum() == 6 * 5


def test_border_is_padded_with_zeros_and_inside_is_not() -> None:
    layer = nn.Conv2d(3, 3, 3, padding=1, bias=False)
    layer.weight.data = torch.ones_like(layer.weight)
    model = SuperResolver(layer.double(), 1)
    x = torch.ones(1, 3, 8, 8, dtype=torch.float64)
    assert cone(model, 8, 8, (0, 1), (0, 1))(x).unique().tolist() == [3 * 4.0]
    assert cone(model, 8, 8, (0, 1), (4, 5))(x).unique().tolist() == [3 * 6.0]
    assert cone(model, 8, 8, (4, 5), (4, 5))(x).unique().tolist() == [3 * 9.0]


def test_a_layer_needed_nearly_whole_is_computed_whole() -> None:
    one, other = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 3, padding=1)
    model = resolver(nn.Sequential(one, other))
    # The window needs 28 of the first layer's 30 rows, all its columns: that is above 85 %.
    part = cone(model, 30, 6, (2, 28), (0, 6))
    assert part.saving == 0
    assert "0.0%" in part.fallback
    x = torch.rand(1, 3, 30, 6, dtype=torch.float64)
    assert torch.allclose(part(x), model(x)[..., 2:28, :], rtol=1e-13)


UNTRACEABLE = {
    "depends on the pixels' values": lambda x: x * 2 if x.sum() > 0 else x,
    "(aten.nonzero": lambda x: x * x[x > 0.5].mean(),
    "random numbers that depend on the pixels' values": lambda x: torch.normal(x, 0.1) * 0 + x,
    "does not depend on its input": lambda x: torch.ones(x.shape, dtype=x.dtype),
}


class _Foreign(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:
        return x * 1

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:
        return 7 * gradient


class _Reversed(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:
        return x

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:
        return -gradient


def test_a_gradient_of_the_networks_own_is_one_step_and_the_rest_is_cropped() -> None:
    head, tail = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 3, padding=1)
    kept = _Foreign.apply  # as published code keeps it: before anyone could look
    for function in (kept, _Reversed.apply, lambda x: _Reversed.apply(_Foreign.apply(x)) * 1):
        cones = check(resolver(Toy(lambda x, own=function: tail(own(head(x))), head, tail)))
        assert all(part.fallback == "" and part.saving > 0.2 for part in cones)


def test_checkpoints_of_either_kind_are_gone_through() -> None:
    layers = [nn.Conv2d(3, 3, 3, padding=1) for _ in range(2)]
    for older in (False, True):
        network = Toy(
            lambda x, older=older: checkpoint(
                layers[0], checkpoint(layers[1], x, use_reentrant=older), use_reentrant=older
            ),
            *layers,
        )
        model = resolver(network)
        part = cone(model, 12, 12, (4, 6), (4, 6))
        x = torch.rand(1, 3, 12, 12, dtype=torch.float64, requires_grad=True)
        (found,) = torch.autograd.grad(part(x).sum(), x)
        model(x)[..., 4:6, 4:6].sum().backward()
        assert part.saving > 0.5
        assert torch.allclose(found, x.grad, rtol=1e-12)


def test_running_statistics_stay_as_they_were() -> None:
    layer, norm = nn.Conv2d(3, 3, 3, padding=1), nn.BatchNorm2d(3)
    model = resolver(
        Toy(lambda x: layer(F.batch_norm(x, norm.running_mean, norm.running_var, training=True)), layer, norm)
    )
    before = norm.running_mean.clone()
    x = torch.rand(1, 3, 12, 14, dtype=torch.float64)
    expected = F.conv2d(F.batch_norm(x, None, None, training=True), layer.weight, layer.bias, padding=1)
    assert torch.allclose(cone(model, 12, 14, (3, 6), (4, 7))(x), expected[..., 3:6, 4:7], rtol=1e-12)
    assert torch.equal(norm.running_mean, before)


def test_what_is_drawn_is_the_same_at_every_pass() -> None:
    head, tail = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 3, padding=1)

    def network(x: Tensor) -> Tensor:
        y = head(x) + 0.3 * torch.randn_like(x)
        y = F.dropout(y, 0.3, training=True) * torch.rand(1, 3, 1, 1).to(x)
        return tail(y[:, torch.randperm(3)] * (1 + random.random() + np.random.rand()))  # noqa: NPY002

    model = resolver(Toy(network, head, tail))
    x = torch.rand(1, 3, 12, 14, dtype=torch.float64)
    before = torch.get_rng_state()
    part = cone(model, 12, 14, (3, 6), (4, 7))
    found, again = part(x), part(x)
    assert torch.equal(torch.get_rng_state(), before)
    with seeded(model.device) as drawn:
        expected = model(x)[..., 3:6, 4:7]
        assert drawn()
    assert part.saving > 0.2
    assert torch.equal(found, again)
    assert torch.allclose(found, expected, rtol=1e-12)
    assert not independent(model, 12, 14, 2)


def test_hooks_on_a_tensors_gradient_count() -> None:
    head, tail = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 3, padding=1)

    def network(x: Tensor) -> Tensor:
        y = head(x)
        y.register_hook(lambda gradient: 3 * gradient.clamp(min=-0.1) + 0.01)
        return tail(y.relu())

    assert all(part.saving > 0.2 for part in check(resolver(Toy(network, head, tail))))


def test_hooks_on_a_modules_gradient_count() -> None:
    head, tail = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 3, padding=1)
    head.register_full_backward_hook(lambda module, inwards, outwards: (2 * inwards[0] + 0.01,))
    tail.register_full_backward_pre_hook(lambda module, outwards: (outwards[0].clamp(max=0.2),))
    last = nn.Conv2d(3, 3, 3, padding=1)
    assert all(part.saving > 0 for part in check(resolver(Toy(lambda x: last(tail(head(x))), head, tail, last))))
    assert type(head) is nn.Conv2d


def test_pictures_of_a_batch_are_told_apart_from_those_that_meet() -> None:
    layer = nn.Conv2d(3, 3, 3, padding=1)
    apart = {
        "layers": lambda x: layer(x).relu(),
        "windows": lambda x: (
            layer(x).view(-1, 3, 2, 6, 12).permute(0, 2, 3, 4, 1).reshape(-1, 72, 3).softmax(1).reshape(x.shape)
        ),
        "spectrum": lambda x: torch.fft.irfft2(torch.fft.rfft2(layer(x)), s=x.shape[-2:]),
        "mean of each": lambda x: x - x.mean((1, 2, 3), keepdim=True),
    }
    meeting = {
        "largest of all": lambda x: layer(x) / x.max(),
        "mean of the first": lambda x: layer(x) - x[0].mean(),
        "mean over the batch": lambda x: x - x.mean(0),
        "first alone": _first_alone,
        "batch statistics": lambda x: F.batch_norm(x, None, None, training=True),
        "one noise map": lambda x: torch.cat([x[:, :2], x.new_full((1, 1, *x.shape[2:]), 0.1)], 1),
        "rolled": lambda x: x.roll(1, 0),
        "sequence": lambda x: x.cumsum(0),
        "merged": lambda x: x.reshape(-1).softmax(0).reshape(x.shape),
    }
    for functions, expected in ((apart, True), (meeting, False)):
        for name, function in functions.items():
            model = resolver(Toy(function, layer))
            assert independent(model, 12, 12, 3) == expected, name
            assert independent(model, 12, 12, 1), name


def _first_alone(x: Tensor) -> Tensor:
    y = torch.zeros_like(x)
    y[0] = x[0]
    return y


@pytest.mark.parametrize("reason", UNTRACEABLE)
def test_a_network_that_cannot_be_traced_runs_uncropped_and_says_why(reason: str) -> None:
    model = resolver(Toy(UNTRACEABLE[reason]))
    part = cone(model, 9, 9, (2, 5), (3, 6))
    assert reason in part.fallback
    assert part.saving == 0
    x = torch.rand(1, 3, 9, 9, dtype=torch.float64, requires_grad=True)
    assert torch.equal(part(x), model(x)[..., 2:5, 3:6])
    if part(x).requires_grad:
        (gradient,) = torch.autograd.grad(part(x).sum(), x)
        (truth,) = torch.autograd.grad(model(x)[..., 2:5, 3:6].sum(), x)
        assert torch.equal(gradient, truth)


def test_a_network_that_no_rule_foresaw_runs_uncropped_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def unforeseen(*_: object, **__: object) -> None:
        raise ValueError("no such rule")

    monkeypatch.setattr("lam_core.attribution.cone.dependency_cone.plan", unforeseen)
    model = resolver(_stack(2))
    view = cone(model, 8, 8, (2, 4), (2, 4))
    assert view.fallback == "the network's cone cannot be planned: no such rule"
    x = torch.rand(1, 3, 8, 8, dtype=torch.float64)
    assert torch.equal(view(x), model(x)[..., 2:4, 2:4])


def test_the_networks_own_cuts_of_the_gradient_stay() -> None:
    layer = nn.Conv2d(3, 3, 3, padding=1)

    def network(x: Tensor) -> Tensor:
        with torch.no_grad():
            gate = layer(x).sigmoid()
        return layer(x * gate) + x.detach().square()

    check(resolver(Toy(network, layer)))


def test_changes_in_place_are_followed_through_views_and_without() -> None:
    layer = nn.Conv2d(3, 4, 3, padding=1)

    def without(x: Tensor) -> Tensor:
        y = layer(x)
        z = F.leaky_relu(y, 0.1, inplace=True)
        return (y * z).add_(z)[:, :3]

    def through(x: Tensor) -> Tensor:
        y = layer(x)
        y[:, :2].mul_(3)
        y[:, 3].tanh_()
        return y[:, 1:]

    def constant(x: Tensor) -> Tensor:
        y = x.new_zeros(x.shape)
        y[..., ::2] = layer(x)[:, :3, :, ::2]
        return y

    for network in (without, through, constant):
        assert not any("traced" in part.fallback for part in check(resolver(Toy(network, layer))))


def test_a_network_that_writes_into_its_input_leaves_the_callers_alone() -> None:
    model = resolver(Toy(lambda x: x.mul_(2).relu_()))
    x = torch.rand(1, 3, 9, 9, dtype=torch.float64)
    before = x.clone()
    assert torch.equal(cone(model, 9, 9, (2, 5), (3, 6))(x), 2 * before[..., 2:5, 3:6])
    assert torch.equal(x, before)


def test_output_is_memory_of_its_own() -> None:
    model = resolver(Toy(lambda x: x[..., :]))
    x = torch.rand(1, 3, 9, 9, dtype=torch.float64, requires_grad=True)
    for rows in ((0, 9), (4, 6)):
        y = cone(model, 9, 9, rows, rows)(x)
        assert torch.equal(torch.autograd.grad(y.sum(), x)[0][..., slice(*rows), slice(*rows)], torch.ones_like(y))
        assert y.untyped_storage().data_ptr() != x.untyped_storage().data_ptr()


def test_second_backward_is_refused() -> None:
    x = torch.rand(1, 3, 9, 9, dtype=torch.float64, requires_grad=True)
    y = cone(resolver(_stack(2)), 9, 9, (2, 5), (3, 6))(x).sum()
    y.backward(retain_graph=True)
    with pytest.raises(SpentError, match="compute it again"):
        y.backward()


def test_a_rectangle_outside_the_picture_is_refused() -> None:
    model = resolver(nn.Sequential(nn.Conv2d(3, 12, 3, padding=1), nn.PixelShuffle(2)), scale=2)
    for rows, columns in [((-1, 3), (0, 3)), ((0, 3), (10, 19)), ((4, 4), (0, 3))]:
        with pytest.raises(RectangleError, match="SR picture's 18"):
            cone(model, 9, 9, rows, columns)


def test_an_input_of_another_size_is_refused() -> None:
    part = cone(resolver(_stack(1)), 9, 9, (0, 3), (0, 3))
    with pytest.raises(RectangleError, match="planned for an input of 9×9"):
        part(torch.zeros(1, 3, 9, 10, dtype=torch.float64))


def test_a_plan_does_not_outlive_its_model() -> None:
    model = resolver(_stack(2))
    cone(model, 9, 9, (2, 5), (3, 6))(torch.zeros(1, 3, 9, 9, dtype=torch.float64))
    seen = weakref.ref(model), weakref.ref(model.module)
    del model
    gc.collect()
    assert [reference() for reference in seen] == [None, None]


def test_a_plan_is_made_once() -> None:
    model = SuperResolver(Residual(64, 16, 4), 4)
    cone(model, 32, 32, (0, 17), (0, 17))
    start = time.process_time()
    for _ in range(20):
        cone(model, 32, 32, (0, 17), (0, 17))
    assert (time.process_time() - start) / 20 < 0.002


def test_threads_share_a_cone() -> None:
    model = resolver(Residual(8, 2, 2), scale=2)
    inputs = [torch.rand(1, 3, 12, 12, dtype=torch.float64) for _ in range(12)]

    def gradient(x: Tensor) -> Tensor:
        x = x.clone().requires_grad_(True)
        return torch.autograd.grad(cone(model, 12, 12, (6, 11), (7, 12))(x).square().sum(), x)[0]

    expected = [gradient(x) for x in inputs]
    fresh = resolver(Residual(8, 2, 2), scale=2)
    fresh.module.load_state_dict(model.module.state_dict())
    model = fresh
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(gradient, inputs))
    assert all(torch.equal(one, other) for one, other in zip(expected, found, strict=True))


def test_single_precision_agrees_to_single_precision() -> None:
    torch.manual_seed(0)
    model = SuperResolver(Residual(16, 3, 4), 4)
    x = torch.rand(1, 3, 24, 20, requires_grad=True)
    part = cone(model, 24, 20, (30, 47), (0, 17))
    y, expected = part(x), model(x)[..., 30:47, 0:17]
    (gradient,) = torch.autograd.grad(y.square().sum(), x)
    (truth,) = torch.autograd.grad(expected.square().sum(), x)
    assert (y - expected).abs().max() < 1e-5 * expected.abs().max()
    assert (gradient - truth).abs().max() < 1e-4 * truth.abs().max()


def test_what_is_kept_for_the_way_back_goes_with_it() -> None:
    relus = nn.Sequential(*(nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), nn.ReLU()) for _ in range(4)))
    x = torch.rand(1, 3, 12, 12, dtype=torch.float64, requires_grad=True)
    y = cone(resolver(relus), 12, 12, (5, 6), (5, 6))(x)
    assert y.grad_fn is not None
    kept = y.grad_fn.kept  # type: ignore[attr-defined]
    # A frozen convolution keeps nothing; each ReLU keeps its own value, of 1², 3², 5² and 7² pixels.
    assert sorted(keep.numel() for keep in kept if isinstance(keep, Tensor)) == [3, 27, 75, 147]
    y.sum().backward()
    assert kept == []


def test_extents() -> None:
    assert union(interval(0, 4), interval(3, 9)) is interval(0, 9)
    assert union(np.array([5, 1, 1]), interval(2, 3)).tolist() == [1, 2, 5]
    tensor = torch.arange(20.0).view(4, 5)
    held = (np.array([2, 3, 7, 9]), interval(10, 15))
    for rows, columns in [([3, 7], [11, 12]), ([9, 2], [14, 14]), ([2, 7], [10, 12, 14])]:
        cut = crop(held, (np.array(rows), np.array(columns)), torch.device("cpu"))
        assert cut is not None
        at = [held[0].tolist().index(r) for r in rows], [c - 10 for c in columns]
        assert torch.equal(cut.take(tensor), tensor[at[0]][:, at[1]])
        gradient, leaf = torch.zeros(4, 5), tensor.clone().requires_grad_(True)
        taken = leaf[at[0]][:, at[1]]
        taken.backward(torch.full_like(taken, 2.0))
        cut.add(gradient, torch.full_like(taken, 2.0))
        assert torch.equal(gradient, leaf.grad)
    assert crop(held, held, torch.device("cpu")) is None
    assert shape_of(whole((2, 3))) == (2, 3)


def test_networks_of_other_sizes_than_planes() -> None:
    """Channel attention by a one-dimensional convolution, and a fully connected gate."""
    mix, gate, layer = nn.Conv1d(1, 1, 3, padding=1), nn.Linear(3, 3), nn.Conv2d(3, 3, 3, padding=1)

    def network(x: Tensor) -> Tensor:
        y = layer(x)
        mean = F.adaptive_avg_pool2d(y, 1)
        weights = mix(mean.squeeze(-1).transpose(1, 2)).transpose(1, 2).unsqueeze(-1)
        return layer(y * weights.sigmoid() * gate(mean.flatten(1)).view(-1, 3, 1, 1))

    assert all(part.saving > 0.2 for part in check(resolver(Toy(network, mix, gate, layer))))


def test_windows_of_one_picture_share_a_forward_pass() -> None:
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.PReLU(8), nn.Conv2d(8, 12, 3, padding=1), nn.PixelShuffle(2)
    )
    cones = check(resolver(network, 2))
    assert share(cones) is not None
