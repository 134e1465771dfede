"""The root of everything that the zoo refuses."""

from lam_core.errors import LamError


class ZooError(LamError):
    """A model that cannot be had, with the reason and the remedy in its message."""


def sentence(error: Exception) -> str:
    """The first line of a library's error, without its closing full stop, to stand inside a sentence.

    >>> sentence(ValueError("bad shape.\\n at line 3"))
    'bad shape'
    """
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].strip().rstrip(".:")
