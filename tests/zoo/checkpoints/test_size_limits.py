"""A small file cannot make a large network."""

import threading

import pytest
import torch
from spandrel.architectures.SwinIR import SwinIR
from torch import nn

from tests.zoo.forged_checkpoints import small_state
from zoo.checkpoints.detect import detect
from zoo.checkpoints.size_limits import TooLargeToBuildError, parameter_budget


def test_layers_beyond_the_budget_are_not_built():
    with parameter_budget(1000, "x"):
        nn.Linear(10, 10)
    with pytest.raises(TooLargeToBuildError, match="x describes"), parameter_budget(1000, "x"):
        nn.Linear(5_000, 5_000)
    nn.Linear(100, 100)


def test_other_threads_build_what_they_like():
    with parameter_budget(10, "x"):
        thread = threading.Thread(target=lambda: built.append(nn.Linear(100, 100)))
        built: list[nn.Module] = []
        thread.start()
        thread.join()
    assert built


def test_a_wide_first_layer_builds_no_giant():
    state = small_state()
    state["head.0.weight"] = torch.zeros(2_000, 3, 3, 3)
    with pytest.raises(TooLargeToBuildError):
        detect(state, name="wide.pth")


def test_a_high_layer_number_builds_no_tower():
    network = SwinIR(
        img_size=16, window_size=8, depths=[2], embed_dim=60, num_heads=[6], upsampler="pixelshuffledirect"
    )
    state = dict(network.state_dict())
    for layer in range(1, 300):
        state[f"layers.{layer}.residual_group.blocks.0.attn.relative_position_bias_table"] = torch.zeros(1, 6)
    with pytest.raises(TooLargeToBuildError):
        detect(state, name="tower.pth")
