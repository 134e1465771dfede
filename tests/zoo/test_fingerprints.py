"""One network has one fingerprint, whatever it has computed before."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from spandrel.architectures.SPAN import SPAN

from lam_core import Region, SuperResolver, attribute
from tools.architecture_table.builds import BUILDS
from zoo.checkpoints.detect import detect

IMAGE = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)


def _span() -> SPAN:
    torch.manual_seed(0)
    return SPAN(num_in_ch=3, num_out_ch=3, feature_channels=8, upscale=4).eval()


def test_span_fuses_its_kernels_and_stays_itself() -> None:
    network = _span()
    untouched = {key: value.clone() for key, value in network.state_dict().items()}
    before = SuperResolver(network, 4).fingerprint
    with torch.no_grad():
        network(torch.rand(1, 3, 16, 16))
    fused = [key for key, value in network.state_dict().items() if not torch.equal(value, untouched[key])]
    assert fused, "SPAN no longer writes into its state dict: this test and the exception it holds may go"
    assert SuperResolver(network, 4).fingerprint == before
    network.train()(torch.rand(1, 3, 16, 16))
    assert SuperResolver(network.eval(), 4).fingerprint == before
    with torch.no_grad():
        next(p for key, p in network.named_parameters() if ".eval_conv." not in key).add_(0.1)
    assert SuperResolver(network, 4).fingerprint != before


def test_attribution_of_span_leaves_its_weights_and_its_fingerprint() -> None:
    network = _span()
    untouched = {key: value.clone() for key, value in network.state_dict().items()}
    model = SuperResolver(network, 4)
    found = attribute(model, IMAGE, Region(24, 24, 16))
    assert all(torch.equal(value, untouched[key]) for key, value in network.state_dict().items())
    assert found.fingerprint == model.fingerprint == SuperResolver(network, 4).fingerprint


@pytest.mark.parametrize(
    "name", ["ATD", "seemore", "SwinIR", "SCUNet", "FFTformer", "RealCUGAN", "MoESR", "a2n", "san"]
)
def test_a_pass_changes_no_fingerprint(name: str) -> None:
    torch.manual_seed(0)
    found = detect(BUILDS[name]().state_dict(), name=name)
    model = SuperResolver(found.module, found.scale, convention=found.convention)
    before = model.fingerprint
    with torch.no_grad():
        model(torch.rand(1, 3, 32, 32))
    assert SuperResolver(found.module, found.scale, convention=found.convention).fingerprint == before
