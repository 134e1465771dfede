"""Time of one attribution step on the dependency cone, against the two plain baselines, side by side in one run.

    python -m benchmarks.cone_bench [--sizes 64 96 128] [--networks edsr fsrcnn] [--rounds 7]

Networks have random weights: nothing but time is measured. Every figure is a median of ratios of neighbouring runs, so
that whatever else the machine does weighs on both sides alike.
"""

from __future__ import annotations

import argparse
import importlib
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from benchmarks import baselines
from lam_core.attribution.cone import Cone, cone
from lam_core.model import SuperResolver

WINDOW = 16


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


def cone_gradient(part: Cone, point: Tensor) -> Tensor:
    """One step on the cone: the detector sees the window and the row and column after it alone.

    The detector's own gradient, 17 × 17 pixels, is written out: autograd would take longer over it than FSRCNN does
    over the window.
    """
    point = point.detach().requires_grad_(True)
    y = part(point)
    with torch.no_grad():
        side = y.shape[-1] - 1
        down, right = y.diff(dim=2).narrow(3, 0, side), y.diff(dim=3).narrow(2, 0, side)
        inverse = torch.addcmul(down.square(), right, right).add_(1e-12).rsqrt_()
        down, right = down * inverse, right * inverse
        slope = torch.zeros_like(y)
        slope.narrow(2, 0, side).narrow(3, 0, side).sub_(down).sub_(right)
        slope.narrow(2, 1, side).narrow(3, 0, side).add_(down)
        slope.narrow(2, 0, side).narrow(3, 1, side).add_(right)
    return torch.autograd.grad(y, point, slope)[0]


def seconds(run: Callable[[], object]) -> float:
    """Time of one call: of the processor on one thread, so that other processes do not count; else on the wall."""
    clock = time.process_time if torch.get_num_threads() == 1 else time.perf_counter
    start = clock()
    run()
    return clock() - start


def measure(build: Callable[[], nn.Module], size: int, rounds: int) -> str:
    """One row of the table: ratios to both baselines, and what planning costs."""
    torch.manual_seed(0)
    model = SuperResolver(build(), 4)
    published = baselines.unfrozen(model)
    point = torch.rand(1, 3, size, size)
    corner = (size * 4 - WINDOW) // 2
    span = (corner, corner + WINDOW + 1)
    planning = seconds(lambda: cone(model, size, size, span, span))
    part = cone(model, size, size, span, span)

    def one_step() -> object:
        return cone_gradient(part, point)

    one_step()
    ratios: tuple[list[float], list[float]] = ([], [])
    ours = []
    for _ in range(rounds):
        for kind, network in zip(ratios, (published, model), strict=True):
            before = statistics.median(seconds(one_step) for _ in range(3))
            plain = seconds(lambda network=network: baselines.gradient(network, point, corner, corner, WINDOW))
            after = statistics.median(seconds(one_step) for _ in range(3))
            kind.append(2 * plain / (before + after))
            ours += [before, after]
    against_a, against_b = (statistics.median(kind) for kind in ratios)
    return (
        f"{against_a:7.1f} {against_b:7.1f} {statistics.median(ours) * 1e3:9.1f} "
        f"{part.saving:7.0%} {planning:8.2f}  {part.fallback}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[64, 96, 128], help="sides of the LR field")
    parser.add_argument("--networks", nargs="+", default=list(NETWORKS), help="parts of names")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    print(f"{'network':15s} {'LR':>4s} {'A / cone':>7s} {'B / cone':>7s} {'ms a step':>9s} {'saved':>7s} plan [s]")
    for name, build in NETWORKS.items():
        if not any(part.lower() in name.lower() for part in arguments.networks):
            continue
        for size in arguments.sizes:
            try:
                row = measure(build, size, arguments.rounds)
            except KeyError as error:
                row = f"not in this zoo: {error}"
            print(f"{name:15s} {size:4d} {row}", flush=True)


if __name__ == "__main__":
    main()
