"""Naming a picture's degradation from a network's features: a probe that is trained, tried, saved and loaded."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile, ZipFile

import numpy as np
from numpy.typing import NDArray

from lam_core.images import Pixels
from lam_core.images.degradations import Degradation
from lam_core.semantics.errors import DesignError, ProbeFileError
from lam_core.semantics.space import Space, Tick

if TYPE_CHECKING:
    from lam_core.semantics.taps import Network

POOLED = Space("pooled", unit_norm=False)
"""Mean and log deviation of each channel: pictures of any size. Such features tell degradations apart even where a
network has learned nothing of them, so a probe's accuracy says how useful it is, and nothing about semantics."""

_FORMAT = "lam-degradation-probe-1"
_LARGEST = 16 * 1024**2
"""Bytes of the largest probe that is read, unpacked."""


@dataclass(frozen=True)
class Verdict:
    """What a probe makes of one picture."""

    probabilities: dict[str, float]
    """Of every degradation it knows; they sum to 1."""

    @property
    def likeliest(self) -> str:
        """The degradation of the highest probability."""
        return max(self.probabilities, key=self.probabilities.__getitem__)


@dataclass(frozen=True)
class Detection:
    """How a probe does on pictures and strengths that it has not seen."""

    accuracy: float
    chance: float
    """1 / number of degradations."""
    confusion: tuple[tuple[int, ...], ...]
    """Rows: the true degradation; columns: the probe's verdict."""
    names: tuple[str, ...]
    n: int

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Detection:
        """The inverse of `to_json`."""
        table = tuple(tuple(row) for row in content["confusion"])
        return cls(**{**content, "confusion": table, "names": tuple(content["names"])})


@dataclass(frozen=True, eq=False)
class Probe:
    """Multinomial logistic regression on one layer's pooled features."""

    fingerprint: str
    """Of the network it was trained on; features of another mean nothing to it."""
    layer: str
    names: tuple[str, ...]
    """The kinds it tells apart, such as `clean`, `blur`, `noise`."""
    mean: NDArray[np.float64]
    """[features]; with `scale`, what standardises them."""
    scale: NDArray[np.float64]
    coefficients: NDArray[np.float64]
    """[kinds, features]."""
    intercept: NDArray[np.float64]
    """[kinds]."""

    def verdicts(self, network: Network, images: Sequence[Pixels]) -> tuple[Verdict, ...]:
        """The likely degradation of every picture, uint8 [h, w, 3] of any size.

        Raises `ProbeFileError` if the probe was trained on another network.
        """
        if network.fingerprint != self.fingerprint:
            raise ProbeFileError(
                f"the probe was trained on a network other than {network.name}; train one for {network.name}"
            )
        from lam_core.semantics.features import collect

        verdicts = []
        for image in images:
            (features,) = collect(network, [image], [Degradation()], [self.layer], space=POOLED)
            probabilities = self._probabilities(features.values[0].astype(np.float64))[0]
            verdicts.append(Verdict(dict(zip(self.names, probabilities.tolist(), strict=True))))
        return tuple(verdicts)

    def _probabilities(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        scores = (features - self.mean) / self.scale @ self.coefficients.T + self.intercept
        odds = np.exp(scores - scores.max(axis=1, keepdims=True))
        return odds / odds.sum(axis=1, keepdims=True)

    def arrays(self) -> dict[str, NDArray[np.float64]]:
        """What it has learned, by name."""
        return {name: getattr(self, name) for name in ("mean", "scale", "coefficients", "intercept")}

    def to_bytes(self) -> bytes:
        """An `.npz` without pickle."""
        header = {"format": _FORMAT, "fingerprint": self.fingerprint, "layer": self.layer, "names": list(self.names)}
        buffer = BytesIO()
        np.savez(buffer, allow_pickle=False, header=np.array(json.dumps(header)), **self.arrays())
        return buffer.getvalue()

    def save(self, path: str | Path) -> None:
        """Writes `to_bytes` to a file."""
        Path(path).write_bytes(self.to_bytes())

    @classmethod
    def load(cls, path: str | Path) -> Probe:
        """Reads what `save` wrote. Raises `ProbeFileError` for any other file."""
        try:
            with ZipFile(path) as archive:
                size = sum(member.file_size for member in archive.infolist())
            if size > _LARGEST:
                raise ProbeFileError(f"{path} unpacks to {size} bytes; a probe has at most {_LARGEST}")
            with np.load(Path(path), allow_pickle=False) as file:
                header = json.loads(str(file["header"]))
                arrays = {
                    name: np.asarray(file[name], np.float64) for name in ("mean", "scale", "coefficients", "intercept")
                }
            names = tuple(map(str, header["names"]))
            if header["format"] != _FORMAT:
                raise ProbeFileError(f"{path} is a probe of format {header['format']!r}; train it again")
            probe = cls(str(header["fingerprint"]), str(header["layer"]), names, **arrays)
        except (OSError, ValueError, KeyError, TypeError, EOFError, MemoryError, BadZipFile) as fault:
            if isinstance(fault, ProbeFileError):
                raise
            raise ProbeFileError(f"{path} holds no degradation probe; give a file that a probe was saved to") from fault
        width = probe.mean.shape
        whole = (
            len(width) == 1
            and probe.scale.shape == width
            and probe.coefficients.shape == (len(names), *width)
            and probe.intercept.shape == (len(names),)
        )
        if not whole or not all(np.isfinite(array).all() for array in arrays.values()) or not (probe.scale > 0).all():
            raise ProbeFileError(f"{path} holds a damaged degradation probe; train it again")
        return probe


@dataclass(frozen=True, eq=False)
class Trained:
    """A probe, and how well it does on what was held out."""

    probe: Probe
    detection: Detection
    untrained: Detection
    """The same on the features of the same network before training, the control."""


def train_probe(
    network: Network,
    images: Sequence[Pixels],
    degradations: Sequence[Degradation],
    layer: str,
    *,
    shares: Sequence[float] = (0.5, 0.75, 1.0),
    seed: int = 0,
    tick: Tick = lambda done, total: None,
) -> Probe:
    """A probe that tells the degradations apart at several strengths.

    `images` are the network's inputs, all of one size. Every degradation is shown at `shares` of its strength; it is
    named by its kinds (`blur`, `blur+noise`, `clean`). Raises `DesignError` for fewer than two names or pictures.
    """
    from sklearn.linear_model import LogisticRegression

    from lam_core.semantics.features import collect

    names = kind_names(degradations)
    if len(images) < 2:
        raise DesignError(f"{len(images)} picture is too few to train on; give at least two")
    shown = [degradation.scaled(share) for degradation in degradations for share in shares]
    (features,) = collect(network, images, shown, [layer], space=POOLED, seed=seed, tick=tick)
    labels = np.tile(np.repeat(np.arange(len(names)), len(shares)), len(images))
    points = features.values.reshape(len(labels), -1).astype(np.float64)
    mean, deviation = points.mean(axis=0), points.std(axis=0)
    scale = np.where(deviation > 1e-9 * np.abs(mean).max(), deviation, 1.0)
    model = LogisticRegression(C=1.0, max_iter=1000).fit((points - mean) / scale, labels)
    coefficients, intercept = model.coef_, model.intercept_
    if len(names) == 2:
        # Two classes have one score; as two opposite halves the same softmax serves all.
        coefficients = np.concatenate([-coefficients / 2, coefficients / 2])
        intercept = np.concatenate([-intercept / 2, intercept / 2])
    return Probe(network.fingerprint, layer, names, mean, scale, coefficients, intercept)


def try_probe(
    probe: Probe,
    network: Network,
    images: Sequence[Pixels],
    degradations: Sequence[Degradation],
    *,
    seed: int = 1,
    tick: Tick = lambda done, total: None,
) -> Detection:
    """The probe's verdicts on pictures and strengths that were held out from its training.

    Several degradations may have one name, at several strengths. Raises `DesignError` for a name that the probe does
    not know.
    """
    from lam_core.semantics.features import collect

    true = [_name(degradation) for degradation in degradations]
    for name in true:
        if name not in probe.names:
            raise DesignError(f"the probe does not know {name!r}; it tells {', '.join(probe.names)} apart")
    (features,) = collect(network, images, degradations, [probe.layer], space=POOLED, seed=seed, tick=tick)
    points = features.values.reshape(len(images) * len(true), -1).astype(np.float64)
    said = probe._probabilities(points).argmax(axis=1)
    meant = np.tile([probe.names.index(name) for name in true], len(images))
    confusion = np.zeros((len(probe.names), len(probe.names)), int)
    np.add.at(confusion, (meant, said), 1)
    return Detection(
        float(np.mean(said == meant)),
        1 / len(probe.names),
        tuple(tuple(row) for row in confusion.tolist()),
        probe.names,
        len(meant),
    )


def _name(degradation: Degradation) -> str:
    return "+".join(step.kind for step in degradation.steps if step.strength) or "clean"


def kind_names(degradations: Sequence[Degradation]) -> tuple[str, ...]:
    """What a probe calls the degradations: `clean`, `blur`, `blur+noise`. Raises `DesignError` unless they are two or
    more of different kinds."""
    names = tuple(map(_name, degradations))
    if len(set(names)) < max(len(names), 2):
        raise DesignError(
            f"the degradations {', '.join(names) or '(none)'} are not two or more different kinds; name each kind once"
        )
    return names
