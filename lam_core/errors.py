"""The root of every fault that is foreseen."""


class LamError(Exception):
    """A fault whose message is one sentence for the person who asked: the offending value, and the remedy."""
