"""Every rule of the cone on a toy network of its own, in float64, with windows in corners, at edges and inside."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lam_core.attribution.cone import Cone
from lam_core.attribution.cone.kernels.attention import Attention
from tests.lam_core.attribution.cone.oracle import Toy, check, resolver


def _generated(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


PLANE, COLUMN, ROWS, MIX = _generated(14, 17), _generated(3, 1, 17), _generated(14, 1), _generated(3, 3)


def _to_size(x: Tensor, like: Tensor) -> Tensor:
    """Any plane at the input's size again, by a resampling that the rules know exactly."""
    return F.interpolate(x, size=like.shape[-2:], mode="nearest")


def _cropped(cones: list[Cone]) -> bool:
    return all(part.fallback == "" and part.saving > 0 for part in cones)


CONVOLUTIONS = {
    "same": {"padding": 1},
    "valid": {},
    "strided": {"stride": 2, "padding": 1},
    "dilated": {"dilation": 2, "padding": 2},
    "strided and dilated": {"stride": 3, "dilation": 2},
    "uneven": {"stride": (1, 2), "padding": (0, 1)},
    "stride beyond the kernel": {"stride": 4},
    "padding beyond the kernel": {"padding": 4},
    "grouped": {"groups": 3, "padding": 1},
    "grouped and strided": {"groups": 3, "padding": 1, "stride": 2},
}


@pytest.mark.parametrize("options", CONVOLUTIONS.values(), ids=CONVOLUTIONS)
def test_convolution(options: dict) -> None:
    outer = nn.Conv2d(6, 3, 3, padding=1)
    layer = nn.Conv2d(6, 6, 3, **options)
    first = nn.Conv2d(3, 6, 3, padding=1)
    cones = check(resolver(Toy(lambda x: outer(_to_size(layer(first(x)), x)), first, layer, outer)))
    assert _cropped(cones)


TRANSPOSED = {
    "reference": {"kernel_size": 9, "stride": 4, "padding": 4, "output_padding": 3},
    "stride beyond the kernel": {"kernel_size": 3, "stride": 5, "output_padding": 2},
    "kernel as stride": {"kernel_size": 4, "stride": 4},
    "grouped": {"kernel_size": 3, "stride": 2, "groups": 3, "padding": 1, "output_padding": 1},
    "stride 1": {"kernel_size": 3, "padding": 1},
}


@pytest.mark.parametrize("options", TRANSPOSED.values(), ids=TRANSPOSED)
def test_transposed_convolution(options: dict) -> None:
    layer = nn.ConvTranspose2d(3, 3, **options)
    bare = nn.ConvTranspose2d(3, 3, **options, bias=False)
    network = Toy(lambda x: _to_size(layer(x), x) * _to_size(bare(x), x), layer, bare)
    assert _cropped(check(resolver(network)))


def test_an_operation_without_a_rule_is_computed_in_full() -> None:
    layer, outer = nn.ConvTranspose2d(3, 3, 3, stride=2, dilation=3, padding=3), nn.Conv2d(3, 3, 3, padding=1)
    network = Toy(lambda x: outer(_to_size(layer(x), x)), layer, outer)
    assert _cropped(check(resolver(network)))


POOLING = {
    "by seven": {"kernel_size": 7, "stride": 3},
    "padded": {"kernel_size": 3, "stride": 2, "padding": 1},
    "ceiling": {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True},
    "sliding": {"kernel_size": 5, "stride": 1, "padding": 2},
}


@pytest.mark.parametrize("options", POOLING.values(), ids=POOLING)
def test_pooling(options: dict) -> None:
    def network(x: Tensor) -> Tensor:
        pooled = F.max_pool2d(x, **options) * F.avg_pool2d(x, **options)
        return _to_size(pooled + F.avg_pool2d(x.square(), count_include_pad=False, **options), x)

    assert _cropped(check(resolver(Toy(network))))


def test_dilated_pooling() -> None:
    assert _cropped(check(resolver(Toy(lambda x: _to_size(F.max_pool2d(x, 2, 3, dilation=2), x)))))


RESAMPLING = {
    "nearest": {"scale_factor": 2, "mode": "nearest"},
    "nearest, odd": {"size": (31, 40), "mode": "nearest"},
    "nearest exact": {"size": (9, 40), "mode": "nearest-exact"},
    "bilinear": {"scale_factor": 2, "mode": "bilinear"},
    "bilinear, aligned": {"size": (31, 40), "mode": "bilinear", "align_corners": True},
    "bilinear, odd scale": {"scale_factor": 1.7, "mode": "bilinear"},
    "bilinear, antialiased": {"size": (9, 40), "mode": "bilinear", "antialias": True},
    "bicubic": {"scale_factor": 3, "mode": "bicubic"},
    "bicubic, recomputed": {"scale_factor": 1.7, "mode": "bicubic", "recompute_scale_factor": True},
    "bicubic, antialiased up": {"scale_factor": 2, "mode": "bicubic", "antialias": True},
    "bicubic, antialiased down": {"size": (9, 8), "mode": "bicubic", "antialias": True},
}


@pytest.mark.parametrize("options", RESAMPLING.values(), ids=RESAMPLING)
def test_interpolation(options: dict) -> None:
    network = Toy(lambda x: _to_size(F.interpolate(x.square(), **options).sin(), x))
    assert _cropped(check(resolver(network)))


def test_unfolding() -> None:
    mix = nn.Conv1d(75, 12, 1)

    def network(x: Tensor) -> Tensor:
        blocks = mix(F.unfold(x.sin(), (5, 5), padding=2, stride=2))
        return F.pixel_shuffle(blocks.view(x.shape[0], 12, 7, 9), 2)[..., :17].cos()

    assert _cropped(check(resolver(Toy(network, mix))))


PADDING = {
    "reflect": {"pad": (3, 2, 4, 1), "mode": "reflect"},
    "replicate": {"pad": (3, 2, 4, 1), "mode": "replicate"},
    "constant": {"pad": (3, 2, 4, 1), "value": 0.3},
    "cut off": {"pad": (-3, 2, 4, -1)},
}


@pytest.mark.parametrize("options", PADDING.values(), ids=PADDING)
def test_padding(options: dict) -> None:
    layer = nn.Conv2d(3, 3, 3)
    network = Toy(lambda x: _to_size(layer(F.pad(x.square(), **options)), x), layer)
    assert _cropped(check(resolver(network)))


def test_window_in_padding_alone_is_still_right() -> None:
    check(resolver(Toy(lambda x: F.pad(x, (6, 0, 0, 9))[..., :14, :17].square() + x)))


def test_pixel_shuffle_and_unshuffle() -> None:
    layer = nn.Conv2d(12, 12, 3, padding=1)
    network = Toy(lambda x: F.pixel_shuffle(layer(F.pixel_unshuffle(x, 2)).relu(), 2), layer)
    assert _cropped(check(resolver(network), 14, 18))
    up = nn.Conv2d(3, 12, 3, padding=1)
    assert _cropped(check(resolver(Toy(lambda x: F.pixel_shuffle(up(x), 2), up), scale=2)))


ELEMENTWISE = {
    "relu": torch.relu,
    "leaky": lambda x: F.leaky_relu(x - 0.5, 0.05),
    "negative slope": lambda x: F.leaky_relu(x - 0.5, -0.2),
    "gelu": F.gelu,
    "sigmoid": torch.sigmoid,
    "silu": F.silu,
    "hardswish": lambda x: F.hardswish(4 * x - 2),
    "clamp": lambda x: x.clamp(0.2, 0.7),
    "powers": lambda x: x**2 + x**1.5 + x.square() * 3 + (x + 1).sqrt() / (x + 2),
    "where": lambda x: torch.where(x > 0.5, x, -2 * x),
    "chosen by comparison": lambda x: x * (x > 0.3).to(x.dtype) + x.masked_fill(x > 0.6, 0.0),
    "subtracted from": lambda x: 1 - x * 2 - (3 - x) / 4 + 5 / (x + 1),
    "scaled sum": lambda x: torch.add(x, x.square(), alpha=0.3) - torch.sub(x, x.cos(), alpha=2),
    "constant plane": lambda x: x * PLANE + COLUMN,
    "broadcast both ways": lambda x: x[:, :1] * x + x[:, :, :1] + x.mean(3, keepdim=True) * x[..., :1],
    "enlarged by a constant": lambda x: (x[:, :, :1] * ROWS + x[:, :1]).sin(),
}


@pytest.mark.parametrize("function", ELEMENTWISE.values(), ids=ELEMENTWISE)
def test_elementwise(function) -> None:
    layer = nn.Conv2d(3, 3, 3, padding=1)
    assert _cropped(check(resolver(Toy(lambda x: function(layer(x.sin()).sin() / 2 + 0.5), layer))))


def test_parametric_relu_and_batch_normalisation() -> None:
    layers = nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.PReLU(4), nn.Conv2d(4, 3, 3), nn.PReLU()
    network = nn.Sequential(nn.ReflectionPad2d(1), *layers)
    assert _cropped(check(resolver(network)))


def test_joining_and_splitting_channels() -> None:
    first, second = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(5, 3, 3, padding=1)

    def network(x: Tensor) -> Tensor:
        part, rest = first(x).split((3, 5), 1)
        one, two, three = second(F.leaky_relu(rest, 0.1)).chunk(3, 1)
        joined = torch.cat([part, three, one, two], 1)
        a, b = joined.unbind(1)[4:]
        return joined[:, ::2] * torch.stack([a, b, a], 1)

    assert _cropped(check(resolver(Toy(network, first, second))))


def test_parts_of_which_nothing_is_left() -> None:
    def network(x: Tensor) -> Tensor:
        return torch.cat([x[:, :, 14:][:, :, 0:], F.avg_pool2d(x, 3, 1, 1)], 2)

    assert _cropped(check(resolver(Toy(network))))


def test_joining_planes() -> None:
    assert _cropped(check(resolver(Toy(lambda x: torch.cat([x[:, :, 5:].square(), x[:, :, :5].cos()], 2)))))


MOVES = {
    "roll": lambda x: torch.roll(x, (3, -2), (2, 3)),
    "flip": lambda x: x.flip(3),
    "every other": lambda x: _to_size(x[:, :, ::2, 1::3], x),
    "transpose": lambda x: x.permute(0, 1, 3, 2).contiguous().transpose(2, 3),
    "tokens": lambda x: x.flatten(2).transpose(1, 2).cos().transpose(1, 2).reshape(x.shape),
    "expand": lambda x: x.mean(1, keepdim=True).expand(-1, 3, -1, -1),
    "repeat": lambda x: x.repeat(1, 2, 1, 1)[:, 1:4],
    "select": lambda x: torch.stack([x[:, 0], x[:, -1], x[:, 1]], 1),
    "mix of channels": lambda x: torch.einsum("ij,bjhw->bihw", MIX, x),
    "written in place": lambda x: _written(x),
}


def _written(x: Tensor) -> Tensor:
    y = x.clone()
    y[:, 1, 3:8] *= 2
    y[:, :, :, 4] = x[:, :, :, 5].square()
    canvas = x.new_zeros(x.shape)
    canvas[:, :2] = y[:, 1:]
    return canvas + y.relu_()


@pytest.mark.parametrize("function", MOVES.values(), ids=MOVES)
def test_moves(function) -> None:
    layer = nn.Conv2d(3, 3, 3, padding=1)
    assert _cropped(check(resolver(Toy(lambda x: function(layer(x)).sin() + function(x), layer))))


WHOLE_PLANE = {
    "mean": lambda x: x * x.mean((2, 3), keepdim=True),
    "mean of rows": lambda x: x * x.mean(3, keepdim=True) + x.mean(2)[:, :, None],
    "deviation": lambda x: x / x.std((2, 3), keepdim=True) + x.var((2, 3))[..., None, None],
    "contrast": lambda x: x * (x - x.mean((2, 3), keepdim=True)).pow(2).mean((2, 3), keepdim=True).sqrt(),
    "adaptive": lambda x: x * F.adaptive_avg_pool2d(x, 1) + F.adaptive_max_pool2d(x, 1),
    "adaptive grid": lambda x: x * _to_size(F.adaptive_avg_pool2d(x, (2, 5)), x),
    "instance norm": lambda x: F.instance_norm(x) * x,
    "non-local": lambda x: _non_local(x, -1),
    "non-local, summed over those that ask": lambda x: _non_local(x, 1),
    "norm": lambda x: x / torch.linalg.vector_norm(x, dim=(2, 3), keepdim=True),
    "softmax over the plane": lambda x: x * x.flatten(2).softmax(-1).reshape(x.shape),
}


def _non_local(x: Tensor, normalised: int) -> Tensor:
    tokens = x.flatten(2)
    similarity = (tokens.transpose(1, 2) @ tokens).softmax(normalised)
    return x + (tokens @ similarity.transpose(1, 2)).reshape(x.shape)


@pytest.mark.parametrize("function", WHOLE_PLANE.values(), ids=WHOLE_PLANE)
def test_whole_planes_are_kept_and_the_tail_is_cropped(function) -> None:
    head, tail = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 3, padding=1)
    assert _cropped(check(resolver(Toy(lambda x: tail(function(head(x))), head, tail))))


@pytest.mark.parametrize("normalised", [1, 2])
@pytest.mark.parametrize("block", [1, 700, 10**6])
def test_large_attention_is_worked_off_in_blocks(normalised: int, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lam_core.attribution.cone.plan.MANY", 2)
    monkeypatch.setattr("lam_core.attribution.cone.kernels.attention.BLOCK", block)
    used = []
    forward = Attention.forward
    monkeypatch.setattr(Attention, "forward", lambda self, *inputs: used.append(self) or forward(self, *inputs))
    head, tail = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 3, padding=1)

    def network(x: Tensor) -> Tensor:
        y = head(x)
        tokens, pooled = y.flatten(2), F.avg_pool2d(y, 2).flatten(2)
        weights = torch.bmm(tokens.transpose(1, 2), 3 * pooled).softmax(normalised)
        return tail(y + torch.bmm(weights, pooled.transpose(1, 2)).transpose(1, 2).reshape(x.shape))

    assert _cropped(check(resolver(Toy(network, head, tail)), 8, 10, batch=2))
    assert used[0].over_queries == (normalised == 1)


def test_attention_whose_weights_are_read_elsewhere_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lam_core.attribution.cone.plan.MANY", 2)
    monkeypatch.setattr(Attention, "forward", lambda self, *inputs: pytest.fail("its weights are needed"))
    head, tail = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 3, padding=1)

    def network(x: Tensor) -> Tensor:
        y = head(x)
        tokens = y.flatten(2).transpose(1, 2)
        weights = torch.bmm(tokens, tokens.transpose(1, 2)).softmax(2)
        return tail(y * weights.amax() + torch.bmm(weights, tokens).transpose(1, 2).reshape(x.shape))

    check(resolver(Toy(network, head, tail)), 8, 10)


def test_normalisation_over_channels() -> None:
    norm = nn.LayerNorm(6)
    layer = nn.Conv2d(3, 6, 3, padding=1)

    def network(x: Tensor) -> Tensor:
        y = norm(layer(x).permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return (y.softmax(1) * F.normalize(y, dim=1))[:, :3]

    assert _cropped(check(resolver(Toy(network, norm, layer))))


def test_window_attention_is_cropped_to_its_windows() -> None:
    size, channels = 4, 6
    embed, project, out = nn.Linear(3, channels), nn.Linear(channels, 3 * channels), nn.Linear(channels, 3)
    bias = _generated(5 * 4, size**2, size**2)

    def network(x: Tensor) -> Tensor:
        tokens = torch.roll(embed(x.permute(0, 2, 3, 1)), (-2, -2), (1, 2))
        batch, height, width, _ = tokens.shape
        grid = tokens.view(batch, height // size, size, width // size, size, channels)
        windows = grid.permute(0, 1, 3, 2, 4, 5).reshape(-1, size**2, channels)
        q, k, v = project(windows).reshape(-1, size**2, 3, 2, channels // 2).permute(2, 0, 3, 1, 4).unbind(0)
        scores = q @ k.transpose(-2, -1) + bias[:, None]
        mixed = (scores.softmax(-1) @ v + F.scaled_dot_product_attention(q, k, v)).transpose(1, 2)
        back = mixed.reshape(batch, height // size, width // size, size, size, channels).permute(0, 1, 3, 2, 4, 5)
        back = torch.roll(back.reshape(batch, height, width, channels), (2, 2), (1, 2))
        return out(back).permute(0, 3, 1, 2)

    cones = check(resolver(Toy(network, embed, project, out)), 20, 16)
    assert _cropped(cones)
    # A window of 3 pixels meets at most 4 of the 20 attention windows.
    assert min(part.saving for part in cones) > 0.75


def test_several_examples_at_once() -> None:
    layer = nn.Conv2d(3, 3, 3, padding=1)
    network = Toy(lambda x: layer(x).relu() * x.mean((2, 3), keepdim=True), layer)
    assert _cropped(check(resolver(network), batch=3))


@pytest.mark.parametrize("dtype", [torch.int64, torch.float32], ids=str)
@pytest.mark.parametrize("way", ["quotient", "sum"])
def test_constants_of_another_type_are_as_exact_as_the_network(way: str, dtype: torch.dtype) -> None:
    layer = nn.Conv2d(3, 3, 3, padding=1)

    def forward(x: Tensor) -> Tensor:
        ramp = torch.arange(3, 3 + x.shape[-1]).to(dtype)
        return layer(x) / ramp if way == "quotient" else torch.add(layer(x), ramp, alpha=0.3).square()

    assert _cropped(check(resolver(Toy(forward, layer))))
