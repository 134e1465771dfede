"""The root of every fault that is foreseen."""


class LamError(Exception):
    """A fault whose message is one sentence for the person who asked: the offending value, and the remedy."""


def sentence(error: BaseException, longest: int = 300) -> str:
    """The reason that a library's error gives, to stand inside a sentence: its first line, and what that announces.

    >>> sentence(ValueError("bad shape.\\n at line 3"))
    'bad shape'
    >>> sentence(RuntimeError("Error(s) in loading:\\n\\tMissing key: a.\\n\\tMissing key: b."))
    'Error(s) in loading: Missing key: a'
    """
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    said = lines[0]
    for line in lines[1:]:
        if not said.endswith(":"):
            break
        said = f"{said} {line}"
    said = said.rstrip(".:")
    return said if len(said) <= longest else f"{said[: longest - 1]}…"
