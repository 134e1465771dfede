"""Networks small enough to know every answer."""

from __future__ import annotations

import os
import time
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import nn

from lam_core import SuperResolver
from lam_core.service.service import Service
from lam_core.service.store import Store
from lam_core.studies.sweeps.table import table_of


class Coupled(nn.Module):
    """Nearest-neighbour enlargement ×2 of x + Σ weight · (x moved by (down, right)); a place draws on far pixels."""

    def __init__(self, *couplings: tuple[float, int, int]) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.tensor([weight for weight, _, _ in couplings]))
        self.moves = [(down, right) for _, down, right in couplings]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = x
        for weight, move in zip(self.weights, self.moves, strict=True):
            y = y + weight * torch.roll(x, move, (2, 3))
        return nn.functional.interpolate(y, scale_factor=2)


def coupled(*couplings: tuple[float, int, int]) -> SuperResolver:
    return SuperResolver(Coupled(*couplings), 2, name="coupled")


def picture(height: int = 24, width: int = 24, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


class Reference:
    """A toy network by name; says in a log, one line each, when it computes a picture."""

    scale = 2

    def __init__(self, name: str, *couplings: tuple[float, int, int], log: Path | None = None, seconds: float = 0.0):
        self.name, self.couplings, self.log, self.seconds = name, couplings, log, seconds
        self.fingerprint = sha256(repr((name, couplings, log)).encode()).hexdigest()

    def load(self, progress: object = None) -> SuperResolver:
        network = Coupled(*self.couplings)
        network.register_forward_pre_hook(self._note)
        return SuperResolver(network, 2, name=self.name, fingerprint=self.fingerprint)

    def _note(self, network: nn.Module, args: tuple[torch.Tensor]) -> None:
        time.sleep(self.seconds)
        if self.log:
            with self.log.open("a") as file:
                file.write(f"{self.name} {os.getpid()}\n")


def store_of(folder: Path) -> Service:
    return Service(Store(folder))


def table(rows: dict[tuple[str, str], float]) -> pd.DataFrame:
    """A table of DI by model and image, all else equal."""
    alike = {"x": 8, "y": 8, "size": 16, "lr_height": 64, "lr_width": 64, "scale": 4, "rule": "default", "nodes": 30}
    alike |= {"tolerance": 0.05, "sigma": 1.2, "map_error": 0.04, "completeness_error": 0.001, "psnr": 20.0}
    alike |= {"ssim": 0.5, "degradation": "clean", "seconds": 1.0, "from_store": False}
    return table_of([alike | {"model": m, "image": i, "diffusion_index": v} for (m, i), v in rows.items()], {})
