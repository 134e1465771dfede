"""The root of every fault that is foreseen."""


class LamError(Exception):
    """A fault whose message is one sentence for the person who asked: the offending value, and the remedy."""


def sentence(error: Exception) -> str:
    """The first line of a library's error, without its closing full stop, to stand inside a sentence.

    >>> sentence(ValueError("bad shape.\\n at line 3"))
    'bad shape'
    """
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].strip().rstrip(".:")
