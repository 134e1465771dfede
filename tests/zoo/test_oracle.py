"""Our architectures against an independent implementation: the same random weights, the same picture."""

import pytest
import torch

from zoo.checkpoints.detect import build, detect

super_image = pytest.importorskip("super_image", reason="pip install --no-deps -r requirements-oracle.txt")

# The oracle's EDSR and MSRN hold a mean shift and never use it, so theirs is set to zero here.
UNSHIFTED = {"rgb_mean": (0.0, 0.0, 0.0)}
CASES = {
    "a2n": ("A2n", {"nb": 3}),
    "carn": ("Carn", {}),
    "dbpn": ("Ddbpn", {}),
    "drln": ("Drln", {}),
    "drln-bam": ("Drln", {"bam": True}),
    "edsr": ("Edsr", {"n_resblocks": 3, "n_feats": 16, **UNSHIFTED}),
    "han": ("Han", {"n_resgroups": 10, "n_resblocks": 2, "n_feats": 16}),
    "msrn": ("Msrn", {"n_blocks": 3, "n_feats": 16, **UNSHIFTED}),
    "pan": ("Pan", {"nb": 3}),
    "rcan": ("Rcan", {"n_resgroups": 2, "n_resblocks": 3, "n_feats": 32}),
    "rcan-bam": ("Rcan", {"n_resgroups": 2, "n_resblocks": 2, "n_feats": 32, "bam": True}),
    "rnan": ("Rnan", {"n_resgroups": 4, "n_feats": 16}),
}
ONLY = {"drln": (3,), "drln-bam": (3,), "dbpn": (2, 4)}
"""Scales of those that are slow, or that do not reach all."""
ONE_PASS = [(name, scale) for name in CASES for scale in (2, 3, 4) if scale in ONLY.get(name, (2, 3, 4))]


def oracle(name: str, scale: int) -> torch.nn.Module:
    kind, options = CASES[name]
    torch.manual_seed(scale)
    config = getattr(super_image, f"{kind}Config")(scale=scale, **options)
    network = getattr(super_image, f"{kind}Model")(config)
    with torch.no_grad():
        for key, value in network.named_parameters():
            # Weights that start at zero would hide whatever they multiply.
            if value.abs().max() == 0 and "_mean" not in key:
                value.normal_(0, 0.05)
    return network


@pytest.mark.parametrize(("name", "scale"), ONE_PASS)
def test_equals_the_independent_implementation(name: str, scale: int):
    network = oracle(name, scale)
    ours = build(network.state_dict(), name.removesuffix("-bam"), {"scale": scale}, name=name)
    x = torch.rand(1, 3, 8, 10, dtype=torch.float64)
    with torch.no_grad():
        # The oracle's RNAN answers in training mode alone; no layer of any of these differs between the modes.
        expected = network.double()(x)
        found = ours.module.double()(x)
    assert found.shape == (1, 3, 8 * scale, 10 * scale)
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("name", CASES)
def test_is_detected_with_its_sizes(name: str):
    network = oracle(name, 4)
    found = detect(network.state_dict(), name=name)
    assert (found.architecture, found.scale) == (name.removesuffix("-bam"), 4)
    assert sum(p.numel() for p in found.module.parameters()) == sum(p.numel() for p in network.parameters())
