"""The networks that are timed, with random weights: nothing but time and memory is measured."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from torch import nn


def _zoo(name: str, **hyperparameters: object) -> Callable[[], nn.Module]:
    def build() -> nn.Module:
        architectures = importlib.import_module("zoo.architectures")
        return architectures.architecture(name).build(**hyperparameters)

    return build


def _spandrel(path: str, name: str, **hyperparameters: object) -> Callable[[], nn.Module]:
    def build() -> nn.Module:
        return getattr(importlib.import_module(f"spandrel.architectures.{path}"), name)(**hyperparameters)

    return build


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "FSRCNN": _zoo("fsrcnn", d=56, s=12, m=4, channels=3, scale=4),
    "CARN": _zoo("carn", channels=64, scale=4, scales=[2, 3, 4]),
    "EDSR-baseline": _zoo("edsr", channels=64, blocks=16, scale=4),
    "RCAN": _zoo("rcan", channels=64, groups=10, blocks=20, hidden=4, scale=4),
    "RRDBNet": _spandrel("ESRGAN", "ESRGAN", num_filters=64, num_blocks=23, scale=4),
    "RNAN": _zoo("rnan", channels=64, groups=10, scale=4),
    "SAN": _zoo("san", channels=64, groups=20, blocks=10, hidden=4, hidden_non_local=8, hidden_unused=8, scale=4),
    "IMDN": _zoo("imdn", channels=64, modules=6, scale=4),
    "SwinIR-light": _spandrel(
        "SwinIR",
        "SwinIR",
        upscale=4,
        img_size=64,
        window_size=8,
        img_range=1.0,
        depths=[6, 6, 6, 6],
        embed_dim=60,
        num_heads=[6, 6, 6, 6],
        mlp_ratio=2,
        upsampler="pixelshuffledirect",
    ),
}
