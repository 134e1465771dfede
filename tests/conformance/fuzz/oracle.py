"""Every network of the fuzz beside itself: plain autograd on an untouched copy, node by node, in float64."""

from __future__ import annotations

import time
import traceback
import warnings
from collections import Counter, OrderedDict
from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lam_core.attribution.cone import cone
from lam_core.attribution.detectors import Detector
from lam_core.attribution.gradients import Gradients
from lam_core.errors import LamError
from lam_core.model import SuperResolver
from lam_core.module_state import replica
from lam_core.randomness import SEED
from lam_core.region import Region
from tests.conformance.fuzz.network import Case

EXACT, SINGLE = 1e-10, 1e-5
"""Relative error allowed: in float64, and where the network itself computes in less."""
POINTS = 5
NARROW = 0.7
"""A window that depends on a smaller share of the picture than that is worth cropping."""
SHARE_CROPPED, SHARE_REFUSED = 0.95, 0.01
"""Of local networks, the share that must be cropped; of all, the share that may be refused in a sentence."""

Kind = Literal["right", "refused", "wrong", "traceback", "spoilt", "unfit"]


@dataclass(frozen=True)
class Verdict:
    """What became of one network."""

    seed: int
    kind: Kind
    detail: str
    error: float
    """Largest relative error of values and gradients."""
    local: bool
    """Whether the network is local by construction, and its window reads a small part of the picture."""
    cropped: bool
    reason: str
    """Why it is not cropped."""
    seconds: float

    def __str__(self) -> str:
        how = "cropped" if self.cropped else f"whole: {self.reason[:100]}"
        return (
            f"{self.seed:5} {self.kind:9} {self.error:8.1e} {'local ' if self.local else 'global'} {how} {self.detail}"
        )


def counts(verdicts: list[Verdict]) -> str:
    """How many of each kind, and the share of local networks that are cropped."""
    kinds = Counter(verdict.kind for verdict in verdicts)
    local = [verdict for verdict in verdicts if verdict.local]
    cropped = sum(verdict.cropped for verdict in local)
    said = ", ".join(f"{kind} {kinds[kind]}" for kind in ("right", "refused", "wrong", "traceback", "spoilt", "unfit"))
    return (
        f"{len(verdicts)} networks: {said}; refused {kinds['refused'] / len(verdicts):.1%}; local {len(local)}, "
        f"of them cropped {cropped} ({cropped / max(len(local), 1):.1%}); cropped in all "
        f"{sum(verdict.cropped for verdict in verdicts)}"
    )


def points(h: int, w: int, seed: int = 0, count: int = POINTS) -> list[NDArray[np.float64]]:
    """A picture of coarse and fine structure, from blurred to sharp."""
    random = np.random.default_rng(seed)
    coarse = cv2.resize(random.random((6, 6, 3)), (w, h), interpolation=cv2.INTER_CUBIC)
    sharp = np.clip(0.7 * coarse + 0.3 * random.random((h, w, 3)), 0, 1)
    blurred = cv2.GaussianBlur(sharp, (9, 9), 1.2)
    return [blurred + (sharp - blurred) * share for share in np.linspace(0, 1, count)]


def plain(model: SuperResolver, detector: Detector, point: NDArray) -> tuple[float, NDArray]:
    """D and its gradient [h, w, 3] by plain autograd."""
    x = torch.from_numpy(np.ascontiguousarray(point.transpose(2, 0, 1)[None])).to(model.dtype).requires_grad_(True)
    window = model(x)[..., slice(*detector.rows), slice(*detector.columns)].clone()
    value, slope = detector.with_slope(window.detach().clone())
    window.backward(slope)  # as published: the older checkpoints know no other way
    gradient = torch.zeros_like(x) if x.grad is None else x.grad
    return float(value), gradient[0].permute(1, 2, 0).numpy()


def examine(what: Case) -> Verdict:
    """Tries one network."""
    began = time.perf_counter()
    seed = what.seed
    network = what.build()
    scale, h, w = network.scale, what.height, what.width
    top, left = (int(share * (side * scale - what.size)) for share, side in zip(what.corner, (h, w), strict=True))
    detector = Detector("gradient", Region(left, top, what.size), h * scale, w * scale)
    nodes = points(h, w, seed)

    def verdict(kind: Kind, detail: str = "", error: float = 0.0, local: bool = False, why: str = "?") -> Verdict:
        return Verdict(seed, kind, detail, error, local, why == "", why, time.perf_counter() - began)

    def truth(point: NDArray) -> tuple[float, NDArray]:
        network = what.build(twin=True).double()
        twin = SuperResolver(network, scale, convention=what.convention, fingerprint="plain")
        with torch.random.fork_rng([]):
            torch.manual_seed(SEED)
            return plain(twin, detector, point)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        unfit, wanted, local = "", [], False
        try:
            wanted = [truth(point) for point in nodes]
        except Exception as error:
            unfit = f"plain: {type(error).__name__}: {str(error)[:200]}"
        if wanted and not all(np.isfinite(value) and np.isfinite(gradient).all() for value, gradient in wanted):
            unfit = "plain: not finite"
        elif wanted and max(np.abs(gradient).max() for _, gradient in wanted) < 1e-9:
            unfit = "plain: no gradient"
        elif wanted:
            local = network.local and _support(wanted[-1][1]) < NARROW
        torch.manual_seed(0)
        original = SuperResolver(network, scale, convention=what.convention, fingerprint=f"fuzz {what}")
        untouched = replica(network)
        why, model, before = "?", original, untouched

        def spoilt() -> str:
            """What is no longer as it was, of the network itself or of its copy in float64."""
            pairs = ("copy", model.module, before), ("network", network, untouched)
            return next((f"{n}: {s}" for n, a, b in pairs if (s := changed(a, b) or _runs(a, what, scale))), "")

        try:
            model = original.to(dtype=torch.float64)
            before = replica(model.module)
            gradients = Gradients(model, detector)
            gradients.plan(h, w)
            why = cone(model, h, w, detector.rows, detector.columns).fallback
            if unfit:
                got = wanted = []
                gradients(nodes)
            elif network.chance:
                wanted, got = wanted[::2], [found for point in nodes[::2] for found in gradients([point])]
                if largest_error(gradients([nodes[0]]), got[:1]) > EXACT:
                    return verdict("wrong", "twice the same point gives two gradients", 1.0, local, why)
            else:
                got = gradients(nodes)
        except LamError as error:
            kind: Kind = "traceback" if "\n" in str(error) else "unfit" if unfit else "refused"
            kind, said = ("spoilt", spoilt()) if spoilt() else (kind, f"{type(error).__name__}: {error}")
            return verdict(kind, said, 0, local, why)
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{place.filename.rpartition('/')[2]}:{place.lineno}"
            return verdict("traceback", f"{type(error).__name__}: {str(error)[:200]} ({where})", 0, local, why)
        error = largest_error(got, wanted) if wanted else 0.0
        if not error <= (SINGLE if network.single else EXACT):
            return verdict("wrong", "", error, local, why)
        if said := spoilt():
            return verdict("spoilt", said, error, local, why)
        return verdict("unfit" if unfit else "right", unfit, error, local, why)


def _runs(network: nn.Module, what: Case, scale: int) -> str:
    """What fails of a network that was attributed: a copy, another type, a pass."""
    try:
        model = SuperResolver(network, scale, convention=what.convention, fingerprint="afterwards")
        other = model.to(dtype=torch.float32)
        with torch.no_grad():
            other(torch.rand(1, 3, what.height, what.width)).numpy()
            replica(network).double()(torch.rand(1, 3, what.height, what.width).double()).numpy()
    except Exception as error:
        return f"does not run afterwards: {type(error).__name__}: {str(error)[:120]}"
    return ""


def largest_error(got: list[tuple[float, NDArray]], wanted: list[tuple[float, NDArray]]) -> float:
    if len(got) != len(wanted):
        return float("inf")
    errors = []
    for (value, gradient), (true_value, true_gradient) in zip(got, wanted, strict=True):
        errors.append(abs(value - true_value) / abs(true_value))
        errors.append(np.abs(gradient - true_gradient).max() / max(np.abs(true_gradient).max(), 1e-300))
    return float(np.max(errors))


def _support(gradient: NDArray) -> float:
    """Share of the picture inside the box around everything that is not zero."""
    rows, columns = (np.flatnonzero(np.abs(gradient).sum(axis)) for axis in ((1, 2), (0, 2)))
    return (np.ptp(rows) + 1) * (np.ptp(columns) + 1) / (gradient.shape[0] * gradient.shape[1])


def changed(now: Any, before: Any, path: str = "") -> str:
    """The first attribute, buffer, list, dictionary or hook in which two modules differ; empty if none."""
    if isinstance(before, Tensor) or isinstance(now, Tensor):
        if type(now) is not type(before):
            return f"{path} is {type(now).__name__}, was {type(before).__name__}"
        same = now.shape == before.shape and now.dtype == before.dtype and torch.equal(now, before)
        return "" if same and now.requires_grad == before.requires_grad else f"{path} has other values or another type"
    if isinstance(before, torch.jit.ScriptModule) and isinstance(now, torch.jit.ScriptModule):
        # Copies of scripts lack methods that the original has looked up.
        return changed(dict(now.state_dict()), dict(before.state_dict()), path)
    if isinstance(before, nn.Module):
        return changed(vars(now), vars(before), path) if type(now) is type(before) else f"{path} is another module"
    if isinstance(before, (dict, OrderedDict)):
        if not isinstance(now, dict) or set(now) != set(before):
            keys = sorted(map(str, set(now) ^ set(before))) if isinstance(now, dict) else [type(now).__name__]
            return f"{path} differs in {', '.join(keys)}"
        return next((d for k in before if (d := changed(now[k], before[k], f"{path}.{k}"))), "")
    if isinstance(before, (list, tuple)):
        if len(now) != len(before):
            return f"{path} holds {len(now)}, held {len(before)}"
        return next(
            (d for i, (a, b) in enumerate(zip(now, before, strict=True)) if (d := changed(a, b, f"{path}[{i}]"))), ""
        )
    if isinstance(before, (int, float, str, bool, type(None), torch.dtype)):
        return "" if now == before else f"{path} is {str(now)[:40]}, was {before}"
    return "" if type(now) is type(before) else f"{path} is {type(now).__name__}, was {type(before).__name__}"
