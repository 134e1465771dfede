"""Taps: the right numbers, and a network that nobody can tell was looked into."""

import threading

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from lam_core.model import FeatureModel, SuperResolver
from lam_core.semantics.errors import LayerError
from lam_core.semantics.taps import Tap, execution, twin
from lam_core.semantics.trunk import spread, trunk_stages
from lam_core.semantics.untrained import untrained
from tests.lam_core.semantics.networks import Recursive, Small, small


def take(layer, output):
    return output.clone()


def hooks(module):
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) + len(m._backward_hooks) for m in module.modules())


def test_a_tap_reads_what_the_layer_gives():
    model = small()
    x = torch.rand(2, 3, 10, 12)
    read = Tap(model, ["head", "body.0"], 10, 12)(x, take)
    head = model.module.head(x)
    torch.testing.assert_close(read["head"], head)
    torch.testing.assert_close(read["body.0"], torch.relu(model.module.body[0][0](head)))


def test_an_activation_in_place_does_not_change_what_was_read():
    model = small()
    x = torch.rand(1, 3, 10, 12)
    read = Tap(model, ["body.1.0"], 10, 12)(x, take)["body.1.0"]
    assert (read < 0).any()


def test_a_layer_that_runs_several_times_is_read_at_its_last_run():
    model = SuperResolver(Recursive(), 1)
    x = torch.rand(1, 3, 6, 6)
    torch.testing.assert_close(Tap(model, ["step"], 6, 6)(x, take)["step"], model(x))


def test_the_pass_ends_after_the_last_wanted_layer():
    model = small()
    ran = []
    model.module.upsampler.register_forward_hook(lambda *_: ran.append(1))
    tap = Tap(model, ["head"], 8, 8)
    ran.clear()
    tap(torch.rand(1, 3, 8, 8), take)
    assert not ran


def test_the_network_is_left_as_it_was_even_if_reading_fails():
    model = small()
    before = {key: value.clone() for key, value in model.module.state_dict().items()}
    modules = dict(model.module.named_modules())
    tap = Tap(model, ["body.2"], 8, 8)

    def fail(layer, output):
        raise RuntimeError("reading failed")

    with pytest.raises(RuntimeError, match="reading failed"):
        tap(torch.rand(1, 3, 8, 8), fail)
    assert hooks(model.module) == hooks(tap._network.module) == 0
    assert all(model.module.get_submodule(name) is module for name, module in modules.items())
    for key, value in model.module.state_dict().items():
        assert torch.equal(value, before[key])
    assert not any(p.requires_grad for p in model.module.parameters())


def test_a_twin_shares_every_weight():
    model = small()
    other = twin(model)
    assert other.module is not model.module
    for ours, theirs in zip(model.module.parameters(), other.module.parameters(), strict=True):
        assert ours is theirs


def test_a_network_in_training_is_read_in_evaluation_and_stays_in_training():
    module = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.Dropout(0.5)).train()
    model = FeatureModel(module, "n", "f")
    before = module[1].running_mean.clone()
    x = torch.rand(2, 3, 8, 8)
    first, second = (Tap(model, ["2"], 8, 8)(x, take)["2"] for _ in range(2))
    torch.testing.assert_close(first, second, rtol=0, atol=0)
    assert module.training
    assert torch.equal(module[1].running_mean, before)


def test_several_threads_may_look_into_one_network():
    model = small(channels=16, blocks=6)
    inputs = [torch.full((1, 3, 16, 16), i / 8) for i in range(8)]
    layers = [f"body.{i % 6}" for i in range(8)]
    expected = [Tap(model, [layer], 16, 16)(x, take)[layer] for layer, x in zip(layers, inputs, strict=True)]
    faults, results = [], [None] * 8

    def look(i):
        try:
            for _ in range(10):
                results[i] = Tap(model, [layers[i]], 16, 16)(inputs[i], take)[layers[i]]
                model(inputs[i])
        except Exception as fault:
            faults.append(fault)

    threads = [threading.Thread(target=look, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    for result, value in zip(results, expected, strict=True):
        torch.testing.assert_close(result, value)


def test_layers_that_cannot_be_read_are_named():
    model = small()
    with pytest.raises(LayerError, match=r"no layer 'body\.9'; the nearest is 'body\.\d'"):
        Tap(model, ["body.9"], 8, 8)
    with pytest.raises(LayerError, match="'body' of Small does not run by itself"):
        Tap(model, ["body"], 8, 8)
    with pytest.raises(LayerError, match="'unused' of Small does not run"):
        Tap(model, ["unused"], 8, 8)


def test_execution_is_in_order():
    (height, width), runs = execution(small(), 8, 10)
    assert (height, width) == (8, 10)
    assert [run.layer for run in runs if run.layer.count(".") == 0] == ["head", "attention", "upsampler"]
    assert runs[-1].shape == (1, 3, 16, 20)


def test_the_trunk_ends_before_the_upsampler():
    assert trunk_stages(small()) == ("head", "body.0", "body.1", "body.2")
    assert trunk_stages(small(blocks=9), at_most=4) == ("head", "body.2", "body.5", "body.8")


class Shuffled(nn.Module):
    """Pixels are shuffled by a bare function behind a sequence, as in SRResNet."""

    def __init__(self):
        super().__init__()
        self.head, self.body = nn.Conv2d(3, 32, 4, stride=2, padding=1), nn.Conv2d(8, 8, 3, padding=1)
        self.last = nn.Sequential(nn.Conv2d(8, 12, 3, padding=1))

    def forward(self, x):
        # Features at half the picture's size are shuffled to its own: that enlarges nothing.
        return F.pixel_shuffle(self.last(self.body(F.pixel_shuffle(self.head(x), 2))), 2)


def test_a_layer_that_is_shuffled_into_a_larger_picture_is_no_stage():
    assert trunk_stages(SuperResolver(Shuffled(), 2)) == ("head", "body")


def test_a_trunk_wrapped_with_its_upsampler_is_opened():
    inner = nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1), nn.Conv2d(16, 16, 3, padding=1),
        nn.Sequential(nn.Conv2d(16, 12, 3, padding=1), nn.PixelShuffle(2)),
    )  # fmt: skip
    assert trunk_stages(SuperResolver(nn.Sequential(inner), 2)) == ("0.0", "0.1")


def test_a_network_that_enlarges_first_counts_as_a_whole():
    module = nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 3, 3, padding=1))
    assert trunk_stages(SuperResolver(module, 2)) == ("1", "2")


def test_a_network_without_weights_has_no_trunk():
    with pytest.raises(LayerError, match="no layer with weights"):
        trunk_stages(SuperResolver(nn.Sequential(nn.Upsample(scale_factor=2)), 2))


def test_spread_keeps_first_and_last():
    assert spread(list("abc"), 6) == ["a", "b", "c"]
    assert spread(list("abc"), 1) == ["c"]


def test_an_untrained_network_is_another_drawn_from_the_seed():
    torch.manual_seed(1)
    module = nn.Sequential(nn.Conv2d(3, 64, 3), nn.BatchNorm2d(64), nn.PReLU(), nn.Linear(5, 5)).eval()
    module[1].running_mean.fill_(3)
    model = FeatureModel(module, "n", "f")
    first, again, other = untrained(model, 4), untrained(model, 4), untrained(model, 5)
    assert first.name == "n (untrained)"
    assert first.fingerprint != model.fingerprint
    kernel = first.module[0].weight
    assert torch.equal(kernel, again.module[0].weight)
    assert not torch.equal(kernel, other.module[0].weight)
    assert kernel.abs().max() <= 27**-0.5
    # Uniform within ±b has the deviation b/√3.
    assert kernel.std().item() == pytest.approx((27 * 3) ** -0.5, rel=0.05)
    assert first.module[1].running_mean.abs().max() == 0
    assert first.module[2].weight.item() == 0.25
    assert module[1].running_mean[0] == 3


def test_fixed_mean_shifts_stay():
    module = Small()
    module.sub_mean = nn.Conv2d(3, 3, 1)
    fixed = module.sub_mean.weight.clone()
    assert torch.equal(untrained(SuperResolver(module, 2)).module.sub_mean.weight, fixed)
