"""Imports the Python of a repository as it is meant to be: with its neighbours, in its package, apart from others'."""

from __future__ import annotations

import ast
import hashlib
import importlib
import importlib.machinery
import importlib.util
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from pathlib import Path
from types import ModuleType

from lam_core.errors import sentence
from zoo.errors import ZooError

ROOTS = (".git", "setup.py", "setup.cfg", "pyproject.toml", "requirements.txt", "LICENSE", "README.md")
"""What lies in the uppermost folder of a repository."""
HIGHEST = 5
"""Folders above a file in which its repository is looked for."""
_LOCK = threading.RLock()
_brought: dict[str, ModuleType] = {}
"""Modules that the last import from a repository brought, which the next one must not find."""
_folders: list[str] = []
"""Folders that imports from repositories left on `sys.path`, which the next one must not look into."""


class OwnNetworkError(ZooError):
    """A Python file, module or function that gives no super-resolution network."""


@contextmanager
def from_file(path: Path) -> Iterator[ModuleType]:
    """The module in a Python file, its neighbours importable while the block runs. Raises `OwnNetworkError`."""
    if not path.is_file():
        raise OwnNetworkError(f"there is no file {str(path)!r}")
    path = path.resolve()
    folder, repository, package = path.parent, _repository(path), _package(path)
    above = path.parents[len(package)] if package else folder
    with _importing([folder, above, *([repository] if repository else []), Path.cwd()]):
        name = ".".join([*package, path.stem]) if package else _free_name(path.stem)
        _enter(package, path)
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        # Dataclasses and pickle look the module up by its name, and neighbours that import it back find it half made.
        sys.modules[name] = module
        with _explained(path.name):
            spec.loader.exec_module(module)
        yield module


@contextmanager
def from_name(name: str) -> Iterator[ModuleType]:
    """The module of that dotted name, looked for in the current folder first. Raises `OwnNetworkError`."""
    with _importing([Path.cwd()]):
        with _explained(name):
            module = importlib.import_module(name)
        yield module


def digest_of_code() -> str:
    """sha256 over the files of all modules that the last import from a repository brought."""
    digest = hashlib.sha256()
    for name, module in sorted(_brought.items()):
        file = getattr(module, "__file__", None)
        if file and Path(file).is_file():
            digest.update(f"{name}\n".encode() + Path(file).read_bytes())
    return digest.hexdigest()


@contextmanager
def _importing(folders: list[Path]) -> Iterator[None]:
    """Puts folders before all others of `sys.path`; afterwards behind them, for what is imported on first use."""
    with _LOCK:
        for name, module in _brought.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]
        _brought.clear()
        importlib.invalidate_caches()
        before, known = [entry for entry in sys.path if entry not in _folders], set(sys.modules)
        first = list(dict.fromkeys(map(str, folders)))
        sys.path[:] = [*first, *(entry for entry in before if entry not in first)]
        sys.meta_path.insert(0, packages := _Packages(folders))
        try:
            yield
        except OwnNetworkError as error:
            raise OwnNetworkError(f"{error}{packages.lacking(str(error))}") from error.__cause__
        finally:
            sys.meta_path.remove(packages)
            _folders[:] = dict.fromkeys([*(entry for entry in first if entry not in before), *_folders])
            sys.path[:] = [*before, *_folders]
            own = {name.partition(".")[0] for name in known}
            for name in set(sys.modules) - known:
                if name.partition(".")[0] not in own and _is_below(sys.modules[name], folders):
                    _brought[name] = sys.modules[name]


class _Packages(MetaPathFinder):
    """Finds the packages of a repository, and enters them although their `__init__` wants what is not here.

    That of a repository often imports all of it, and with it what one network does not need.
    """

    def __init__(self, folders: list[Path]) -> None:
        self.folders = folders
        self.missing: list[str] = []
        """Modules that are not here and were wanted by an `__init__`."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The package of that name in the repository; None for all else, which others find."""
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is None or spec.origin is None or spec.submodule_search_locations is None:
            return None
        if isinstance(spec.loader, importlib.machinery.SourceFileLoader) and lies_below(
            Path(spec.origin), self.folders
        ):
            spec.loader = _Tolerant(name, spec.origin, self.missing)
            return spec
        return None

    def lacking(self, said: str) -> str:
        """What to add to an error that may be for want of these modules."""
        missing = [name for name in dict.fromkeys(self.missing) if repr(name) not in said]
        return f"; it may be for want of {', '.join(map(repr, missing))}, not installed here" if missing else ""


class _Tolerant(importlib.machinery.SourceFileLoader):
    """Runs the `__init__` of a package as far as what it imports is here."""

    def __init__(self, name: str, path: str, missing: list[str]) -> None:
        super().__init__(name, path)
        self.missing = missing

    def exec_module(self, module: ModuleType) -> None:
        """Runs it; a module that is not here ends it, and the package stays as it is by then."""
        try:
            super().exec_module(module)
        except ModuleNotFoundError as error:
            self.missing.append(error.name or "")


@contextmanager
def _explained(what: str) -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        name = error.name or ""
        missing = name.partition(".")[0]
        if missing in ("zoo", "dashboard", "lam_core", "lam_cli"):
            raise OwnNetworkError(
                f"{what} imports {name!r}, and a package of that name belongs to this project; rename or inline it"
            ) from error
        raise OwnNetworkError(
            f"{what} imports {name!r}, which is not here; install it, or put the folder that holds it on PYTHONPATH"
        ) from error
    except (Exception, SystemExit) as error:  # it is the user's code
        raise OwnNetworkError(f"{what} failed: {type(error).__name__}: {sentence(error)}") from error


def _repository(path: Path) -> Path | None:
    """The uppermost folder of the repository that a file lies in; none if it lies in none."""
    above = path.parents[:HIGHEST]
    named = [folder for folder in above if (folder / ".git").exists()]
    marked = named or [folder for folder in above if any((folder / mark).exists() for mark in ROOTS)]
    return marked[0] if marked else None


def _package(path: Path) -> tuple[str, ...]:
    """The packages that a file's relative imports need around it, outermost first; empty if it has none."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, UnicodeDecodeError, ValueError):
        return ()
    depth = max((node.level for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)), default=0)
    if not depth:
        return ()
    folders = [path.parent]
    while len(folders) < depth or (folders[-1] / "__init__.py").is_file():
        if len(folders) >= HIGHEST or folders[-1].parent == folders[-1]:
            break
        if len(folders) >= depth and not (folders[-1].parent / "__init__.py").is_file():
            break
        folders.append(folders[-1].parent)
    return tuple(folder.name for folder in reversed(folders))


def _enter(package: tuple[str, ...], path: Path) -> None:
    """Makes a file's packages importable: as they are, or bare where their `__init__` fails.

    That of a repository often imports all of it, and with it what need not be installed.
    """
    try:
        if package:
            importlib.import_module(".".join(package))
    except Exception:  # it is the user's code
        for depth in range(1, len(package) + 1):
            name = ".".join(package[:depth])
            module = ModuleType(name)
            module.__path__ = [str(path.parents[len(package) - depth])]
            module.__package__ = name
            sys.modules[name] = module


def _free_name(stem: str) -> str:
    """The file's own name, unless a module of that name is here already."""
    return f"{stem}_file" if stem in sys.modules or stem in sys.stdlib_module_names else stem


def _is_below(module: ModuleType, folders: list[Path]) -> bool:
    places = [getattr(module, "__file__", None), *getattr(module, "__path__", ())]
    place = next((Path(one) for one in places if one), None)
    return place is not None and lies_below(place, folders)


def lies_below(place: Path, folders: list[Path]) -> bool:
    """Whether a file lies in one of the folders, and is not installed there."""
    if {"site-packages", "dist-packages"} & set(place.parts):
        return False
    return any(place.is_relative_to(folder) for folder in folders)
