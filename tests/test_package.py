"""The package as it is installed: what its wheel holds, what it declares, and whose modules its names import."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from setuptools import Distribution
from setuptools.command.build_py import build_py

import lam_cli.dashboard
from lam_cli.arguments import InputError
from lam_cli.import_names import ForeignModuleError, check_import_names

ROOT = Path(__file__).parents[1]
PACKAGES = ("lam_core", "zoo", "dashboard", "lam_cli")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
GROUPS = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
DECLARED = [Requirement(text) for group in GROUPS for text in group]
PINNED = {
    canonicalize_name(pin.name): pin
    for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    if line[:1].isalpha()
    for pin in [Requirement(line)]
}
OPTIONAL = {"mamba_ssm", "bm3d"}
"""Modules that are used where they are installed, and may be missing in the tests."""


def tracked() -> set[str]:
    """The packages' files that git knows."""
    listed = subprocess.run(["git", "ls-files", *PACKAGES], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("needs a git checkout")
    return {name for name in listed.stdout.splitlines() if (ROOT / name).exists()}


def wheel_files(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The files that setuptools would put into the wheel, by the project's own configuration."""
    monkeypatch.chdir(ROOT)
    distribution = Distribution({"script_name": "setup.py"})
    distribution.parse_config_files()
    distribution.set_defaults()
    command = build_py(distribution)
    command.ensure_finalized()
    modules = {str(Path(file)) for _, _, file in command.find_all_modules()}
    data = {str(Path(folder, name)) for _, folder, _, names in command.data_files for name in names}
    return {str(Path(name).relative_to(ROOT)) if Path(name).is_absolute() else name for name in modules | data}


def test_the_wheel_holds_every_file_of_the_packages(monkeypatch):
    files = wheel_files(monkeypatch)
    assert sorted(tracked() - files) == []
    for name in (
        "zoo/compact/imdn-c.safetensors",
        "zoo/entries/imdn-c.toml",
        "dashboard/streamlit_app.py",
        "dashboard/.streamlit/config.toml",
        "dashboard/app_pages/attribution/page.py",
        *(f"{package}/py.typed" for package in PACKAGES),
    ):
        assert name in files
    assert any(name.startswith("dashboard/gallery/") and name.endswith(".npz") for name in files)
    assert any(name.startswith("dashboard/gallery/hot_spots/") for name in files)


def imported() -> set[str]:
    """The top-level modules that the packages import, at the start or later, but their own and Python's."""
    names: set[str] = set()
    for path in (path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names.update(alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names.add(str(node.module).split(".")[0])
    return names - sys.stdlib_module_names - set(PACKAGES)


def test_every_module_that_is_imported_comes_with_a_declared_package():
    homes = packages_distributions()
    declared = {canonicalize_name(one.name) for one in DECLARED}
    brought = {
        canonicalize_name(Requirement(text).name) for name in declared & PINNED.keys() for text in requires(name) or ()
    }
    unknown = {
        module
        for module in imported() - OPTIONAL
        if not {canonicalize_name(name) for name in homes.get(module, [])} & (declared | brought)
    }
    assert unknown == set()


def test_every_pin_lies_in_its_declared_range():
    ranges = [one for one in DECLARED if canonicalize_name(one.name) in PINNED]
    assert len(ranges) > 15
    for one in ranges:
        version = next(iter(PINNED[canonicalize_name(one.name)].specifier)).version
        assert one.specifier.contains(version), one


def test_the_dashboard_says_in_one_sentence_what_is_not_installed(monkeypatch):
    lam_cli.dashboard.check_installed()
    monkeypatch.setattr(lam_cli.dashboard, "NEEDED", ("streamlit", "absent_module"))
    with pytest.raises(InputError, match=r"^the dashboard needs absent_module, .*sr-lam\[dashboard\]'`$"):
        lam_cli.dashboard.check_installed()


@pytest.mark.parametrize("name", ["lam_core", "zoo", "dashboard"])
@pytest.mark.parametrize("form", ["module", "package", "folder"])
def test_a_foreign_module_of_our_name_ends_in_one_sentence(tmp_path, name, form):
    if form == "module":
        (tmp_path / f"{name}.py").touch()
    else:
        (tmp_path / name).mkdir()
        if form == "package":
            (tmp_path / name / "__init__.py").touch()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (tmp_path, ROOT)))}
    ended = subprocess.run(
        [sys.executable, "-c", "import lam_cli"], cwd=ROOT.parent, env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    if form == "folder":
        # Without __init__.py it is a package only where no other of its name is found.
        assert (ended.returncode, ended.stderr) == (0, "")
        return
    assert (ended.returncode, ended.stdout) == (2, "")
    sentence = ended.stderr.strip()
    assert sentence.startswith(f"lam: {tmp_path}")
    assert f"is imported as '{name}'" in sentence
    assert "\n" not in sentence


def test_packages_of_another_place_are_foreign(tmp_path):
    check_import_names()
    with pytest.raises(ForeignModuleError, match="is imported as 'lam_core'"):
        check_import_names(tmp_path)


def test_the_zoo_takes_no_foreign_core(tmp_path):
    (tmp_path / "lam_core.py").touch()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (tmp_path, ROOT)))}
    ended = subprocess.run(
        [sys.executable, "-c", "import zoo"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.stderr.splitlines()[-1].startswith(
        f"ImportError: {tmp_path / 'lam_core.py'} is imported as 'lam_core'"
    )
