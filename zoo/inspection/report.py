"""What a check of an entry found: claims beside measurements, as plain values that can be kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

Verdict = Literal["ok", "differs", "warning", "measured"]


@dataclass(frozen=True)
class Finding:
    """One fact, declared and measured."""

    fact: str
    declared: str
    """What the entry says; empty where it says nothing."""
    measured: str
    verdict: Verdict
    """`measured` stands where nothing is declared."""
    note: str = ""


@dataclass(frozen=True)
class Report:
    """All findings on one entry."""

    id: str
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing differs; a warning does not fail an entry."""
        return all(finding.verdict != "differs" for finding in self.findings)

    def as_dict(self) -> dict[str, Any]:
        """Plain values; `restore` reads them back."""
        return {**asdict(self), "findings": [asdict(one) for one in self.findings], "passed": self.passed}

    @classmethod
    def restore(cls, content: Mapping[str, Any]) -> Report:
        """The inverse of `as_dict`. Raises `KeyError` or `TypeError` on foreign content."""
        return cls(content["id"], tuple(Finding(**one) for one in content["findings"]))
