"""The checkpoints of the published Diffusion Index study: what their pins say of architectures whose files were not
read."""

import pytest

from zoo.catalog.entry import GitHub, Lfs
from zoo.catalog.registry import registry

STUDY = [entry for entry in registry() if isinstance(entry.weights, Lfs)]
HEADER = 5_000
"""Bytes that a file has beyond four for each weight: names and shapes, which weigh more in a file of 34 thousand."""


@pytest.mark.parametrize("entry", STUDY, ids=lambda entry: entry.id)
def test_a_pinned_size_is_that_of_the_declared_network(entry):
    assert isinstance(entry.weights, Lfs)
    assert entry.untested
    beyond = entry.weights.bytes - 4 * entry.published.parameters
    assert 0 < beyond <= max(0.02 * entry.weights.bytes, HEADER)


def test_the_whole_scale_figure_and_the_table_are_pinned():
    ids = {entry.id for entry in STUDY}
    assert {f"study-edsr-{width}-16" for width in (32, 64, 96, 128, 160, 192, 224, 256)} <= ids
    assert {f"study-edsr-64-{depth}" for depth in range(10, 26, 2)} <= ids
    assert {f"study-fsrcnn-{width}-6" for width in (16, 32, 48, 64, 80, 96, 112, 128)} <= ids
    assert {f"study-fsrcnn-48-{depth}" for depth in range(2, 18, 2)} <= ids
    assert {"rcan", "rnan", "san", "study-carn", "study-msrn", "study-rrdbnet", "study-imdn", "study-csnln"} <= ids
    assert all(
        isinstance(registry()[name].weights, GitHub) for name in ("pan", "pan-x2", "pan-x3", "rfdn", "carn-m-x3")
    )
