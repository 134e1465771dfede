"""How far features separate by content and how far by degradation, on a crossed design of n pictures × k degradations.

Each picture appears under every degradation. Its content is a class that other pictures share, or the picture itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from lam_core.semantics.errors import ConstantFeaturesError, DesignError

Points = NDArray[np.floating]
"""[n pictures, k degradations, components]."""
Gram = NDArray[np.float64]
"""Inner products of all points, [k, k, n, n]: degradation, degradation, picture, picture."""


@dataclass(frozen=True)
class Shares:
    """Where the variance of features comes from; the four sum to 1."""

    content: float
    degradation: float
    interaction: float
    """What a degradation does to one content and not to another. Where every content has one picture, it holds the
    residual too: the two cannot be told apart."""
    residual: float
    """Pictures of one content that differ."""

    def to_json(self) -> dict[str, float]:
        """Plain values."""
        return asdict(self)


@dataclass(frozen=True)
class Contrast:
    """One measure by content and by degradation."""

    content: float | None
    """None where it cannot be had: see the measure."""
    degradation: float | None

    def to_json(self) -> dict[str, float | None]:
        """Plain values."""
        return asdict(self)


def check_design(pictures: int, contents: Sequence[str], degradations: int) -> None:
    """Raises `DesignError` unless there are two contents, two degradations, and a content for every picture."""
    if len(contents) != pictures:
        raise DesignError(f"{pictures} pictures have {len(contents)} contents; give one for each picture")
    if len(set(contents)) < 2:
        named = f"only {contents[0]!r}" if contents else "none"
        raise DesignError(f"there must be two contents to tell apart, and there is {named}; add pictures of another")
    if degradations < 2:
        raise DesignError(f"there must be two degradations to tell apart, and there is {degradations}; add another")


def classes_of(contents: Sequence[str]) -> NDArray[np.intp]:
    """Numbers 0, 1, … for content names, in alphabetical order."""
    return np.unique(np.asarray(contents), return_inverse=True)[1]


def variance_shares(points: Points, content: NDArray[np.intp]) -> Shares:
    """Two-way shares of variance, freed from what chance alone contributes (as ω² is; Olejnik and Algina 2003).

    A sum of squares over the total also holds noise: with 60 pictures under 3 degradations, features of pure noise
    would count as one third content. So each sum of squares gives up its degrees of freedom times the mean square of
    its own error stratum: pictures within a content for content; pictures × degradations within a content for
    degradation and interaction. Where every content has one picture, the error is picture × degradation for both.
    Contents may have different numbers of pictures. Raises `ConstantFeaturesError` if nothing varies.
    """
    return shares_of(sums_of_squares(inner_products(points), content))


def shares_of(sums: Sums) -> Shares:
    """`variance_shares` from the sums of squares: unbiased, negative ones set to 0, the rest added up to 1."""
    shares = np.clip(unbiased_shares(sums), 0, None)
    content_share, degradation, interaction = (float(share) for share in shares / max(shares.sum(), 1.0))
    rest = 1 - (content_share + degradation + interaction)
    if sums.classes == sums.n:
        return Shares(content_share, degradation, interaction + rest, 0.0)
    return Shares(content_share, degradation, interaction, rest)


def inner_products(points: Points) -> Gram:
    """All that shares and CHI depend on, however many components: products of every two centred points."""
    n, k, width = points.shape
    centred = np.asarray(points, np.float64).transpose(1, 0, 2).reshape(n * k, width)
    centred = centred - centred.mean(0)
    return (centred @ centred.T).reshape(k, n, k, n).transpose(0, 2, 1, 3)


@dataclass(frozen=True)
class Sums:
    """Sums of squares of the crossed design, which its main effects and strata share out."""

    total: float
    contents: float
    pictures: float
    """Contents, and pictures within them."""
    degradations: float
    crossing: float
    """Contents × degradations."""
    n: int
    k: int
    classes: int


def sums_of_squares(gram: Gram, content: NDArray[np.intp], weights: NDArray[np.floating] | None = None) -> Sums:
    """Of the pictures, each counted `weights` times. Raises `ConstantFeaturesError` if nothing varies.

    With weights, every count of a picture that is its own content stands for a content of its own.
    """
    k, _, n, _ = gram.shape
    classes = int(content.max()) + 1
    weights = np.ones(n) if weights is None else weights
    pictures = gram.sum((0, 1)) / k**2
    same = gram[np.arange(k), np.arange(k)]
    common = n * k * float(weights @ pictures @ weights) / n**2
    total = float(weights @ np.einsum("dii->i", same)) - common
    if not total > 1e-12 * common:
        raise ConstantFeaturesError("all features are the same, so there is nothing to tell apart; add other pictures")
    of_pictures = k * float(weights @ np.diagonal(pictures)) - common
    of_degradations = float(sum(weights @ plane @ weights for plane in same)) / n - common
    if classes == n:
        return Sums(total, of_pictures, of_pictures, of_degradations, total - of_pictures - of_degradations, n, k, n)
    member = np.zeros((classes, n))
    member[content, np.arange(n)] = weights
    counts = member.sum(1)

    def between(products: NDArray[np.float64]) -> float:
        return float((((member @ products) * member).sum(1) / counts).sum())

    of_contents = k * between(pictures) - common
    cells = sum(between(plane) for plane in same) - common
    return Sums(total, of_contents, of_pictures, of_degradations, cells - of_contents - of_degradations, n, k, classes)


def unbiased_shares(sums: Sums) -> NDArray[np.float64]:
    """Shares of content, degradation and interaction [3]; noise may take them below 0."""
    n, k, classes = sums.n, sums.k, sums.classes
    if classes == n:
        error = max(sums.crossing, 0.0) / max((n - 1) * (k - 1), 1)
        parts = [sums.contents - (n - 1) * error, sums.degradations - (k - 1) * error, 0.0]
    else:
        picture_error = max(sums.pictures - sums.contents, 0.0) / (n - classes)
        within = max(sums.total - sums.pictures - sums.degradations - sums.crossing, 0.0)
        error = within / ((n - classes) * (k - 1))
        parts = [
            sums.contents - (classes - 1) * picture_error,
            sums.degradations - (k - 1) * error,
            sums.crossing - (classes - 1) * (k - 1) * error,
        ]
    return np.array(parts) / sums.total


def chi_of(sums: Sums) -> tuple[float, float]:
    """Calinski–Harabasz index of all points by content and by degradation."""
    points = sums.n * sums.k
    return (
        _chi(sums.contents, sums.total - sums.contents, points, sums.classes),
        _chi(sums.degradations, sums.total - sums.degradations, points, sums.k),
    )


def calinski_harabasz(points: NDArray[np.floating], labels: NDArray[np.intp]) -> float:
    """CHI = [tr(B)/(k−1)] / [tr(W)/(n−k)] of points [n, components]; infinite for classes without any spread.

    Its scale depends on n, k and the space: compare only where these are equal.
    """
    names, labels, counts = np.unique(labels, return_inverse=True, return_counts=True)
    n, k = len(labels), len(names)
    centred = points - points.mean(0)
    sums = np.zeros((k, points.shape[1]))
    np.add.at(sums, labels, centred)
    between = float((np.square(sums).sum(1) / counts).sum())
    return _chi(between, float(np.square(centred).sum()) - between, n, k)


def _chi(between: float, within: float, n: int, k: int) -> float:
    if within <= 1e-12 * between:
        return float("inf") if between > 0 else 0.0
    return (between / (k - 1)) / (within / (n - k))


def silhouette(points: NDArray[np.floating], labels: NDArray[np.intp]) -> float:
    """Mean silhouette, −1 to 1 (Rousseeuw 1987), of points [n, components]."""
    from sklearn.metrics import silhouette_score

    return float(silhouette_score(points, labels))


@dataclass(frozen=True)
class EqualClasses:
    """CHI and silhouette where content and degradation have equally many classes of equally many points."""

    chi: Contrast
    silhouette: Contrast
    k: int
    """Classes of either kind."""
    n: int
    """Points of one comparison; the mean over the draws."""
    draws: int
    """Random choices of k contents (or degradations) that were averaged."""


def at_equal_classes(points: Points, content: NDArray[np.intp], *, seed: int = 0, draws: int = 20) -> EqualClasses:
    """CHI and silhouette by content and by degradation on the same points, k classes each.

    Where there are more contents than degradations, k of them are drawn, `draws` times, and the figures averaged
    (and likewise the other way round). Infinite values of CHI are left out of the mean, if any are finite.
    """
    _, degradations, _ = points.shape
    classes = int(content.max()) + 1
    k = min(classes, degradations)
    random = np.random.default_rng(seed)
    draws = 1 if classes == degradations else draws
    figures, sizes = [], []
    for _ in range(draws):
        chosen = np.sort(random.choice(classes, k, replace=False))
        spoilt = np.sort(random.choice(degradations, k, replace=False))
        part = points[np.isin(content, chosen)][:, spoilt]
        own = np.repeat(content[np.isin(content, chosen)], k)
        other = np.tile(np.arange(k), len(part))
        flat = part.reshape(-1, points.shape[2])
        figures.append(
            [measure(flat, labels) for measure in (calinski_harabasz, silhouette) for labels in (own, other)]
        )
        sizes.append(len(flat))
    table = np.array(figures)
    means = []
    for column in table.T:
        finite = column[np.isfinite(column)]
        means.append(float(finite.mean()) if len(finite) else float("inf"))
    return EqualClasses(
        Contrast(means[0], means[1]), Contrast(means[2], means[3]), k, round(float(np.mean(sizes))), draws
    )


@dataclass(frozen=True)
class Accuracy:
    """How well classifiers tell classes in pictures they have not seen; 0 to 1."""

    centroid: Contrast
    """By the nearest class mean."""
    probe: Contrast
    """By multinomial logistic regression on standardised components."""
    chance: Contrast
    """Share of the largest class."""
    folds: int


def accuracy(points: Points, content: NDArray[np.intp], *, seed: int = 0, folds: int = 5) -> Accuracy:
    """Cross-validated over pictures: all degradations of a picture stand on one side of every split.

    Content needs two pictures a class, else it is None.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    n, k, width = points.shape
    folds = min(folds, n)
    counts = np.bincount(content)
    has_classes = bool(counts.min() >= 2)
    degradation = np.tile(np.arange(k), (n, 1))
    contents = np.repeat(content[:, None], k, axis=1)

    def score(labels: NDArray[np.intp], by: NDArray[np.intp], count: int) -> tuple[float, float]:
        right = np.zeros(2)
        for train, test in StratifiedKFold(count, shuffle=True, random_state=seed).split(by, by):
            known, unknown = points[train].reshape(-1, width), points[test].reshape(-1, width)
            given, asked = labels[train].ravel(), labels[test].ravel()
            centres = np.stack([known[given == label].mean(0) for label in range(labels.max() + 1)])
            nearest = np.square(unknown[:, None] - centres).sum(-1).argmin(1)
            probe = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=300)).fit(known, given)
            right += [np.sum(nearest == asked), np.sum(probe.predict(unknown) == asked)]
        return float(right[0] / labels.size), float(right[1] / labels.size)

    by_degradation = score(degradation, np.zeros(n, np.intp), folds)
    by_content = score(contents, content, min(folds, int(counts.min()))) if has_classes else (None, None)
    return Accuracy(
        Contrast(by_content[0], by_degradation[0]),
        Contrast(by_content[1], by_degradation[1]),
        Contrast(float(counts.max() / n) if has_classes else None, 1 / k),
        folds,
    )
