"""Names that notebooks and scripts outside this project import."""

import ast
from importlib import import_module

import pytest

from tests.unshipped import SHARED

OURS = ("lam_core", "zoo", "benchmarks")
NAMES = [
    ("lam_core", "AttributionSettings Attribution Convention Region SuperResolver attribute diffusion_index downscale"),
    ("lam_core.attribution.heatmap", "heatmap"),
    ("lam_core.attribution.gradients", "Gradients"),
    ("lam_core.attribution.detectors", "Detector"),
    ("lam_core.samples", "sample samples"),
    ("lam_core.images", "downscale digest psnr ssim"),
    ("lam_core.decode", "decode"),
    ("benchmarks.networks", "NETWORKS"),
    ("zoo", "load reference super_resolver Reference"),
]


@pytest.mark.parametrize(("module", "names"), NAMES)
def test_a_name_stays_where_it_was(module, names):
    assert [name for name in names.split() if not hasattr(import_module(module), name)] == []


def test_the_import_lines_of_shared_cases_hold():
    files = sorted((SHARED / "cases").glob("*.py"))
    if not files:
        pytest.skip("needs the folder `shared` beside the tree")
    for path in files:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and str(node.module).split(".")[0] in OURS:
                home = import_module(str(node.module))
                assert [f"{path.name}: {alias.name}" for alias in node.names if not hasattr(home, alias.name)] == []
