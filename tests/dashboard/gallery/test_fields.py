"""Shipped receptive fields are those of the networks that are named beside them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import zoo
from dashboard.gallery.fields.shipped import TABLE, shipped_fields, source_of
from dashboard.gallery.shipped import find
from lam_core.fields.request import standard_request
from zoo.catalog.registry import pinned_digest, registry


def test_every_row_is_of_the_weights_that_its_entry_pins() -> None:
    assert {path.stem for path in TABLE.parent.glob("*.npz")} == {one.id for one in shipped_fields()}
    for one in shipped_fields():
        assert one.sha256 == pinned_digest(registry()[one.id])
        assert one.figures["fingerprint"] == zoo.reference(one.id).fingerprint
        assert one.sha256 in source_of(one.figures["fingerprint"])


def test_compact_networks_and_published_checkpoints_ship() -> None:
    ids = {one.id for one in shipped_fields()}
    compact = {entry.id for entry in registry() if entry.tag == "compact" and entry.scale == 4}
    assert compact - ids <= {"resnet-c", "cincgan-c"}
    assert {"fsrcnn", "fsrcnn-rgb", "carn-m", "imdn", "rfdn", "pan", "srgan", "craft"} <= ids


@pytest.mark.parametrize("name", ["fsrcnn-c", "edsr-b2-c"])
def test_planes_equal_a_plain_loop(name: str) -> None:
    request = standard_request(zoo.reference(name))
    found = find(request)
    assert found is not None, "`python -m tools.gallery.make_fields` again: networks or samples have changed"
    model, side = request.model.load(), request.side
    total = np.zeros((side, side))
    for image in request.images:
        top = (image.shape[0] - side) // 2
        part = image[top : top + side, top : top + side].astype(np.float64) / 255
        x = torch.from_numpy(part.transpose(2, 0, 1)[None].copy()).to(model.dtype).requires_grad_(True)
        at = slice(side // 2 * 4, side // 2 * 4 + 4)
        (slope,) = torch.autograd.grad(model(x)[:, :, at, at].sum(), x)
        total += slope[0].clamp(min=0).sum(0).double().numpy() / len(request.images)
    assert np.abs(found.trained.positive - total).max() <= 1e-6 * total.max()
    areas = next(one.figures["trained"]["areas"] for one in shipped_fields() if one.id == name)
    assert areas[-1]["side"] == found.to_dict()["trained"]["areas"][-1]["side"]
