"""The sum along the path on gradients whose integral is known."""

from __future__ import annotations

import numpy as np
import pytest

from lam_core.attribution.quadrature import (
    Integral,
    Node,
    Piece,
    equal_lengths,
    nested_trapezoids,
    reference_sum,
    simulated,
)


def ignore(integral: Integral) -> None:
    pass


class Jumps:
    """A gradient that jumps at random places of the way, each pixel at its own; its integral is known."""

    def __init__(self, count: int, pixels: int = 400, seed: int = 0) -> None:
        random = np.random.default_rng(seed)
        self.places = random.random((count, pixels))
        self.heights = random.standard_normal((count, pixels))
        self.calls = 0

    def path(self, alpha: float) -> np.ndarray:
        return np.full((1, self.places.shape[1], 1), alpha)

    def __call__(self, points):
        self.calls += len(points)
        slopes = [(self.heights * (p.ravel()[0] >= self.places)).sum(0)[None, :, None] for p in points]
        return [(float(s.sum()), s) for s in slopes]

    @property
    def integral(self) -> np.ndarray:
        return (self.heights * (1 - self.places)).sum(0)[None, :, None]


def relative_error(integral: Integral, exact: np.ndarray) -> float:
    return float(np.linalg.norm(integral.signed.sum(2) - exact.sum(2)) / np.linalg.norm(integral.signed.sum(2)))


def test_a_linear_gradient_is_integrated_exactly() -> None:
    def gradient(points):
        return [(float((p**2).sum()), 2 * p) for p in points]

    def path(a: float) -> np.ndarray:
        return a * np.arange(6.0).reshape(1, 2, 3)

    integral = nested_trapezoids(path, lambda u: u, gradient, nodes=9, tolerance=0, report=ignore)
    np.testing.assert_allclose(integral.signed, path(1) ** 2, atol=1e-12)
    assert (integral.start, integral.end, integral.nodes) == (0.0, 55.0, 5)


class Curves:
    """A smooth gradient, of every pixel a wave of its own; its integral is known."""

    def __init__(self, pixels: int = 400, seed: int = 0, fastest: float = 6.0) -> None:
        random = np.random.default_rng(seed)
        self.speed = random.uniform(1, fastest, pixels)
        self.phase = random.uniform(0, 2 * np.pi, pixels)
        self.path = Jumps(1, pixels).path

    def __call__(self, points):
        slopes = [np.cos(self.speed * p.ravel()[0] + self.phase)[None, :, None] for p in points]
        return [(0.0, s) for s in slopes]

    @property
    def integral(self) -> np.ndarray:
        return ((np.sin(self.speed + self.phase) - np.sin(self.phase)) / self.speed)[None, :, None]


def straight(u: float) -> np.ndarray:
    return np.full((1, 4, 1), u)


def test_cubic_gradients_are_integrated_exactly_from_five_nodes() -> None:
    powers = np.random.default_rng(0).standard_normal((4, 4))

    def gradient(points):
        return [(0.0, np.polyval(powers, p.ravel()[0])[None, :, None]) for p in points]

    integral = nested_trapezoids(straight, lambda u: u, gradient, nodes=50, tolerance=0.01, report=ignore)
    exact = sum(coefficients / (4 - k) for k, coefficients in enumerate(powers))
    assert integral.nodes == 5
    assert integral.error < 1e-8
    np.testing.assert_allclose(integral.signed[0, :, 0], exact, atol=1e-13)


def test_three_and_two_nodes_are_plain_trapezoids() -> None:
    def gradient(points):
        return [(0.0, p**2) for p in points]

    for nodes, expected in ((2, 1 / 2), (3, 3 / 8), (4, 3 / 8)):
        integral = nested_trapezoids(straight, lambda u: u, gradient, nodes=nodes, tolerance=0, report=ignore)
        assert integral.nodes == min(nodes, 3)
        np.testing.assert_allclose(integral.signed, expected)
        # 1/3 is the truth; the estimates are 1/√12, as for one jump, and |3/8 − 1/2|/√3.
        stated = integral.error * expected
        assert stated == pytest.approx({2: 1 / 12**0.5}.get(nodes, 1.06 / 8 / 3**0.5))


@pytest.mark.parametrize("seed", range(5))
def test_the_estimate_is_honest_and_sharp(seed: int) -> None:
    rough = Jumps(count=200, seed=seed)
    integral = nested_trapezoids(rough.path, lambda u: u, rough, nodes=40, tolerance=0, report=ignore)
    error = relative_error(integral, rough.integral)
    assert error / 2 < integral.error < 2 * error
    assert integral.nodes == rough.calls == 39


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("nodes", [9, 13, 21])
def test_a_smooth_gradient_is_integrated_to_the_higher_order_and_said_so(seed: int, nodes: int) -> None:
    smooth = Curves(seed=seed)
    integral = nested_trapezoids(smooth.path, lambda u: u, smooth, nodes=nodes, tolerance=0, report=ignore)
    error = relative_error(integral, smooth.integral)
    points = [smooth.path(a) for a in np.linspace(0, 1, nodes)]
    slopes = np.array([slope for _, slope in smooth(points)])
    trapezoids = np.trapezoid(slopes, dx=1 / (nodes - 1), axis=0)
    plain = float(np.linalg.norm(trapezoids - smooth.integral) / np.linalg.norm(smooth.integral))
    assert error < plain / 4
    assert error / 2 < integral.error < plain


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("share", [0.02, 0.2, 0.5])
def test_of_pixels_of_both_kinds_the_estimate_is_honest_too(seed: int, share: float) -> None:
    smooth, rough = Curves(seed=seed), Jumps(count=200, seed=seed)
    scale = np.sqrt(share / 200)

    def gradient(points):
        pairs = zip(smooth(points), rough(points), strict=True)
        return [(0.0, np.concatenate([even, scale * odd], 1)) for (_, even), (_, odd) in pairs]

    exact = np.concatenate([smooth.integral, scale * rough.integral], 1)
    path = Jumps(1, 800).path
    integral = nested_trapezoids(
        lambda a: path(a),
        lambda u: u,
        lambda points: gradient([p[:, :400] for p in points]),
        nodes=21,
        tolerance=0,
        report=ignore,
    )
    error = relative_error(integral, exact)
    assert error / 2 < integral.error < 3 * error


def test_smooth_and_rough_stretches_of_one_path_are_told_apart() -> None:
    smooth, rough = Curves(), Jumps(count=400)

    def gradient(points):
        jumps = [slope for _, slope in rough([np.maximum(p, 0.5) for p in points])]
        return [(0.0, 5 * even + odd) for (_, even), odd in zip(smooth(points), jumps, strict=True)]

    def node(u: float) -> Node:
        image = smooth.path(u)
        return Node(u, image, *gradient([image])[0])

    for start, expected in ((0.0, "smooth"), (0.5, "rough")):
        low, left, middle, right, high = (node(start + quarter / 8) for quarter in range(5))
        for half in Piece(low, middle, high).halves(left, right):
            assert half.smooth > 0.9 if expected == "smooth" else half.smooth < 0.1


def test_halving_goes_where_the_gradient_jumps() -> None:
    def gradient(points):
        return [(0.0, np.full((1, 1, 1), float(p.item() > 0.3))) for p in points]

    def path(a: float) -> np.ndarray:
        return np.full((1, 1, 1), a)

    integral = nested_trapezoids(path, lambda u: u, gradient, nodes=25, tolerance=0, report=ignore)
    assert abs(integral.signed.item() - 0.7) < 1 / 2**11


def test_refinement_stops_at_the_tolerance() -> None:
    rough = Jumps(count=200)
    integral = nested_trapezoids(rough.path, lambda u: u, rough, nodes=1000, tolerance=0.05, report=ignore)
    assert integral.error <= 0.05
    assert 9 < integral.nodes < 200


@pytest.mark.parametrize(("nodes", "tolerance"), [(41, 0.0), (44, 0.0), (200, 0.05)])
def test_batches_give_the_same_sum(nodes: int, tolerance: float) -> None:
    alone, together = Jumps(count=200), Jumps(count=200)
    one = nested_trapezoids(alone.path, lambda u: u, alone, nodes=nodes, tolerance=tolerance, report=ignore)
    many = nested_trapezoids(
        together.path, lambda u: u, together, nodes=nodes, tolerance=tolerance, report=ignore, batch=8
    )
    assert many.nodes == one.nodes
    assert np.array_equal(many.signed, one.signed)
    assert many.nodes <= together.calls < many.nodes + 8
    if not tolerance:
        assert together.calls == one.nodes == nodes - (nodes + 1) % 2


def test_the_reference_rule_knows_its_bias() -> None:
    rough = Jumps(count=200)
    points = [rough.path(a) for a in np.linspace(0, 1, 51)]
    integral = reference_sum(points, rough, report=ignore)
    error = relative_error(integral, rough.integral)
    assert error / 1.5 < integral.error < 1.5 * error
    unbiased = integral.signed.sum(2) - integral.bias
    exact = rough.integral.sum(2)
    assert np.linalg.norm(unbiased - exact) < 0.6 * np.linalg.norm(integral.signed.sum(2) - exact)


def test_what_the_listener_raises_ends_the_computation() -> None:
    rough = Jumps(count=10)

    def give_up(integral: Integral) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        nested_trapezoids(rough.path, lambda u: u, rough, nodes=100, tolerance=0, report=give_up)
    assert rough.calls == 5


def test_equal_lengths_halves_the_way() -> None:
    spacing = equal_lengths(lambda a: np.full((1, 1, 1), a**2))
    assert spacing(0) == 0
    assert spacing(1) == 1
    assert spacing(0.25) == pytest.approx(0.5, abs=5e-3)


def test_equal_lengths_survives_a_path_that_stands_still() -> None:
    assert equal_lengths(lambda a: np.zeros((1, 1, 1)))(0.3) == 0.3


def test_simulated_spread_of_a_linear_figure() -> None:
    jumps = np.full((12, 1, 100), 1.0)
    integral = Integral(np.full((1, 100, 1), 50.0), 0.0, jumps, np.zeros((1, 100)), 13, 0, 1)
    for mean, deviation in simulated(integral, lambda plane: float(plane[0, 0])):
        assert mean == pytest.approx(50, abs=0.5)
        assert deviation == pytest.approx(1.0, abs=0.3)


def test_jumps_that_lie_together_spread_a_sum_over_pixels_further_than_those_that_lie_apart() -> None:
    jumps = np.full((12, 1, 100), 1.0)
    integral = Integral(np.full((1, 100, 1), 50.0), 0.0, jumps, np.zeros((1, 100)), 13, 0, 1)
    (_, together), (_, apart) = simulated(integral, lambda plane: float(plane.mean()))
    assert together == pytest.approx(1.0, abs=0.3)
    assert apart == pytest.approx(0.1, abs=0.03)
