"""What several commands read from the command line: a picture, a window, a model."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from lam_core.decode import decode
from lam_core.errors import LamError
from lam_core.images import Pixels
from lam_core.region import Region


class InputError(LamError):
    """A command line that cannot be carried out."""


def add_benchmarks(command: argparse.ArgumentParser) -> None:
    """Adds `--test`."""
    command.add_argument(
        "--test", action="append", default=[], metavar="NAME=DIR", help="folder of HR pictures to test on; repeatable"
    )


def benchmarks(options: argparse.Namespace) -> dict[str, Path]:
    """Name to folder, in the order given. Raises `InputError` for what is no folder."""
    sets = {name: Path(folder) for name, _, folder in (test.partition("=") for test in options.test)}
    if missing := [name for name, folder in sets.items() if not folder.is_dir()]:
        raise InputError(f"no folder for test set {missing[0]!r}; give --test NAME=DIR")
    return sets


def add_model(command: argparse.ArgumentParser) -> None:
    """Adds the options that name a model."""
    command.add_argument(
        "--model",
        required=True,
        metavar="M",
        help="an id of `lam zoo list`, an entry's TOML, a checkpoint, owner/repo:file on the Hub, or path.py:build",
    )
    command.add_argument(
        "--input-range", type=float, choices=(1.0, 255.0), help="white at the network's input, if not as detected"
    )
    command.add_argument("--weights", type=Path, metavar="FILE", help="state dict for path.py:build")


def read_picture(path: Path) -> Pixels:
    """The picture in a file; what was changed to make it plain RGB is told on standard error.

    Raises `InputError` if there is no such file and `UnreadableImageError` if it is no picture.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {str(path)!r}: {error.strerror or error}") from None
    decoded = decode(content)
    for note in decoded.notes:
        print(f"{path.name}: {note}", file=sys.stderr)
    return decoded.pixels


def window(text: str) -> Region:
    """The window that `X,Y,SIZE` names. Raises `InputError` or `RegionError`."""
    try:
        x, y, size = (int(part) for part in text.split(","))
    except ValueError:
        raise InputError(
            f"window is {text!r}; give X,Y,SIZE in SR pixels, three whole numbers, such as 120,120,16"
        ) from None
    return Region(x, y, size)


def write_file(path: Path, content: bytes) -> None:
    """Writes a file the user asked for. Raises `InputError` if it cannot be written."""
    try:
        path.write_bytes(content)
    except OSError as error:
        raise InputError(f"cannot write {str(path)!r}: {error.strerror or error}") from None
