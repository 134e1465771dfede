"""The contract: whatever a network's own conventions, RGB in [0, 1] goes in and comes out."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lam_core.convention import Convention
from lam_core.model import ModelOutputError, SuperResolver


class Nearest(nn.Module):
    """Enlarges by repetition and remembers what it was given."""

    def __init__(self, channels: int = 3, multiple: int = 1) -> None:
        super().__init__()
        self.channels, self.multiple = channels, multiple

    def forward(self, x):
        assert x.shape[1] == self.channels
        assert not any(side % self.multiple for side in x.shape[-2:])
        self.seen = x
        return F.interpolate(x, scale_factor=2)


def picture(height: int = 12, width: int = 9) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).random((1, 3, height, width)))


def test_range_and_mean_are_undone() -> None:
    network = Nearest()
    model = SuperResolver(network, 2, convention=Convention(input_range=255.0, mean=(0.4, 0.5, 0.6)))
    x = picture()
    torch.testing.assert_close(model(x), F.interpolate(x, scale_factor=2))
    expected = (x - torch.tensor([0.4, 0.5, 0.6], dtype=x.dtype).view(1, 3, 1, 1)) * 255
    torch.testing.assert_close(network.seen, expected)


def test_a_network_that_wants_blue_first_is_fed_so_and_its_colours_put_back() -> None:
    network = Nearest()
    model = SuperResolver(network, 2, convention=Convention(255.0, "bgr", mean=(0.4, 0.5, 0.6)))
    x = picture()
    torch.testing.assert_close(model(x), F.interpolate(x, scale_factor=2))
    torch.testing.assert_close(network.seen[:, 0], (x[:, 2] - 0.6) * 255)


@pytest.mark.parametrize(("height", "width"), [(12, 9), (3, 5), (1, 2), (16, 16)])
def test_padding_to_a_multiple_is_cropped_again(height: int, width: int) -> None:
    model = SuperResolver(Nearest(multiple=8), 2, convention=Convention(pad_multiple=8, minimum_size=16))
    x = picture(height, width)
    torch.testing.assert_close(model(x), F.interpolate(x, scale_factor=2))


def test_padding_reflects() -> None:
    network = Nearest(multiple=4)
    SuperResolver(network, 2, convention=Convention(pad_multiple=4))(picture(4, 6))
    torch.testing.assert_close(network.seen[..., 6], network.seen[..., 4])
    torch.testing.assert_close(network.seen[..., 7], network.seen[..., 3])


def test_a_luma_network_sees_studio_luma_and_returns_the_colours() -> None:
    network = Nearest(channels=1)
    model = SuperResolver(network, 2, convention=Convention(colour="luma"))
    flat = torch.tensor([0.2, 0.5, 0.9], dtype=torch.float64).view(1, 3, 1, 1).expand(1, 3, 8, 8)
    y = model(flat)
    torch.testing.assert_close(y, flat.repeat_interleave(2, 2).repeat_interleave(2, 3))
    expected = (65.481 * 0.2 + 128.553 * 0.5 + 24.966 * 0.9 + 16) / 255
    assert network.seen.unique().tolist() == pytest.approx([expected])


def test_the_gradient_of_a_luma_network_reaches_every_colour() -> None:
    model = SuperResolver(Nearest(channels=1), 2, convention=Convention(colour="luma"))
    x = picture().requires_grad_(True)
    model(x)[..., 8:10, 8:10].sum().backward()
    assert x.grad is not None
    assert (x.grad[0, :, 4, 4] != 0).all()


def test_parameters_are_frozen_and_the_network_in_evaluation_mode() -> None:
    network = nn.Sequential(nn.Conv2d(3, 12, 3, padding=1), nn.BatchNorm2d(12), nn.PixelShuffle(2))
    model = SuperResolver(network, 2)
    assert not any(p.requires_grad for p in network.parameters())
    assert not network.training
    assert model.parameters == 3 * 12 * 9 + 12 + 24


def test_another_precision_is_a_copy() -> None:
    model = SuperResolver(nn.Sequential(nn.Conv2d(3, 12, 3, padding=1), nn.PixelShuffle(2)), 2)
    precise = model.to(dtype=torch.float64)
    assert (precise.dtype, model.dtype) == (torch.float64, torch.float32)
    assert precise.fingerprint == model.fingerprint
    assert model.in_precision(torch.float32) is model


def test_a_wrong_scale_is_named() -> None:
    with pytest.raises(ModelOutputError, match="its scale is 2: give that"):
        SuperResolver(Nearest(), 4, name="mine")(picture())


def test_upscale_rounds_and_clamps() -> None:
    class Bright(nn.Module):
        def forward(self, x):
            return F.interpolate(x, scale_factor=2) * 1.7

    lr = np.array([[[10, 100, 200]]], np.uint8)
    assert SuperResolver(Bright(), 2).upscale(lr)[1, 1].tolist() == [17, 170, 255]


class Doubled(Nearest):
    """The same structure and weights as `Nearest`, other code."""

    def forward(self, x):
        return 2 * super().forward(x)


def test_the_fingerprint_tells_networks_apart() -> None:
    def conv(seed: int) -> nn.Module:
        torch.manual_seed(seed)
        return nn.Sequential(nn.Conv2d(3, 12, 3, padding=1), nn.PixelShuffle(2))

    fingerprints = {
        SuperResolver(conv(0), 2).fingerprint,
        SuperResolver(conv(1), 2).fingerprint,
        SuperResolver(conv(0), 2, convention=Convention(input_range=255.0)).fingerprint,
        SuperResolver(conv(0), 3).fingerprint,
        SuperResolver(Nearest(), 2).fingerprint,
        SuperResolver(Doubled(), 2).fingerprint,
    }
    assert len(fingerprints) == 6
    assert SuperResolver(conv(0), 2).fingerprint == SuperResolver(conv(0), 2).fingerprint


class _Fused(nn.Module):
    """Writes the sum of its kernels into another layer at each call, as SPAN does."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.other, self.eval_conv = (nn.Conv2d(3, 3, 3, padding=1) for _ in range(3))
        self.sum = None

    def update_params(self) -> None:
        self.sum = self.one.weight.data + self.other.weight.data
        self.eval_conv.weight.data = self.sum
        self.eval_conv.bias.data = self.one.bias.data + self.other.bias.data

    def forward(self, x: Tensor) -> Tensor:
        self.update_params()
        return self.eval_conv(x)


def test_kernels_that_a_network_derives_from_others_are_no_part_of_its_identity() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(_Fused(), nn.Conv2d(3, 3, 1))
    before = SuperResolver(network, 1).fingerprint
    network(torch.rand(1, 3, 5, 5))
    assert SuperResolver(network, 1).fingerprint == before
    network[0].one.weight.data += 1  # type: ignore[union-attr, operator]
    assert SuperResolver(network, 1).fingerprint != before
