"""A random secret id that separates one user's private results."""

from __future__ import annotations

import secrets


class Owner:
    """Someone whose results nobody else can name: their secret is part of every key of theirs.

    The same question of another person has another key, so neither a key nor the time that an answer takes tells
    anyone that somebody has the same picture.
    """

    def __init__(self, visitor: str = "") -> None:
        """`visitor`: the same for all sessions of one person, as far as they can be told; for turns in rotation."""
        self.visitor = visitor
        self.name = secrets.token_hex(32)
        """256 random bits; never shown, logged or put into an address."""
        self.gone = False
        """Nothing is kept for them any more."""

    def __repr__(self) -> str:
        return "Owner()"
