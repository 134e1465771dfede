"""Networks that lie in two files: one says what is computed, the other holds the weights."""

from __future__ import annotations

from pathlib import Path


def is_graph(path: Path) -> bool:
    """Whether the file's ending is that of a graph of operators, not of a state dict."""
    return path.suffix.lower() in (".param", ".onnx")


def companion(path: Path, *, exists: bool = True) -> Path | None:
    """The file that holds the weights of a `.param` or `.onnx`, if it has one; with `exists`, if it is there too.

    >>> companion(Path("x4.param"), exists=False)
    PosixPath('x4.bin')
    """
    match path.suffix.lower():
        case ".param":
            beside = path.with_suffix(".bin")
        case ".onnx":
            beside = path.with_name(f"{path.name}.data")
        case _:
            return None
    return beside if beside.is_file() or not exists else None


def parts(path: Path) -> tuple[Path, ...]:
    """The file itself and its companion, where it is there."""
    beside = companion(path)
    return (path,) if beside is None else (path, beside)
