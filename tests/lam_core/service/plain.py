"""A request without network or PyTorch, and a process that makes it: `python -m tests.lam_core.service.plain`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lam_core.service.service import Service
from lam_core.service.store import Store, Stored


class Model:
    """What stands for a network."""

    name, fingerprint, scale = "plain", "f" * 64, 1

    def load(self, progress: object = None) -> Any:
        return self

    def on(self, device: str) -> Any:
        return self


@dataclass(frozen=True, eq=False)
class Plain:
    """An array that follows from a seed."""

    seed: int
    seconds: float = 0.0
    diary: Path | None = None
    model = Model()

    @property
    def expected(self) -> np.ndarray:
        """[256, 256]."""
        return np.random.default_rng(self.seed).random((256, 256))

    def identity(self, device: str) -> dict[str, Any]:
        return {"kind": "plain", "seed": self.seed, "device": device}

    def compute(self, model: Any, report: Callable[[Any], None]) -> np.ndarray:
        if self.diary is not None:
            with self.diary.open("a") as file:
                file.write(f"{self.seed}\n")
        time.sleep(self.seconds)
        report(None)
        return self.expected

    def pack(self, result: np.ndarray) -> Stored:
        return Stored({"seed": self.seed}, {"values": result})

    def restore(self, stored: Stored) -> np.ndarray:
        if stored.summary["seed"] != self.seed:
            raise ValueError(stored.summary["seed"])
        return stored.arrays["values"]


def main(store: str, diary: str, task: str, seed: str = "0", seconds: str = "0") -> None:
    """Answers one request, or requests without end."""
    service = Service(Store(Path(store)))
    if task == "answer":
        print(service.answer(Plain(int(seed), float(seconds), Path(diary))).result.sum())
        return
    order = np.random.default_rng()
    while True:
        # Again and again, so that files are replaced as well as made.
        plain = Plain(int(order.integers(40)))
        Store(Path(store)).put(plain.identity("cpu"), *_parts(plain))
        print(plain.seed, flush=True)


def _parts(plain: Plain) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    stored = plain.pack(plain.expected)
    return stored.summary, stored.arrays


if __name__ == "__main__":
    main(*sys.argv[1:])
