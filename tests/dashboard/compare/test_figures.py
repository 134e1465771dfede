"""Charts of checks say what the results say."""

import numpy as np

from dashboard.app_pages.compare.figures.insertion_deletion import curves
from dashboard.app_pages.compare.figures.randomisation import likeness
from dashboard.app_pages.compare.figures.saturation import detector_chart, gradient_chart
from lam_core.attribution.checks.insertion_deletion import DIRECTIONS, ORDERS, Curve, Faithfulness, FaithfulnessSettings
from lam_core.attribution.checks.randomisation import Randomisation, RandomisationStep
from lam_core.attribution.checks.rank_agreement import Agreement
from lam_core.attribution.methods import Saturation


def test_both_lines_of_the_saturation_end_where_the_way_does():
    alphas = np.linspace(0, 1, 5)
    found = Saturation(alphas, 3 + 2 * alphas, 2 * alphas, np.ones(5))
    detector, integral, half = detector_chart(found).data
    np.testing.assert_allclose(detector.y, alphas)
    np.testing.assert_allclose(integral.y, alphas)
    assert half.x == (0.5,)
    np.testing.assert_allclose(gradient_chart(found).data[0].y, 1.0)


def test_a_detector_that_ends_where_it_began_has_no_half_way():
    flat = Saturation(np.linspace(0, 1, 3), np.ones(3), np.zeros(3), np.ones(3))
    assert len(detector_chart(flat).data) == 2


def test_curves_have_a_line_a_ranking_and_a_band_for_each_that_is_drawn():
    share = np.array([0.001, 0.01, 0.1])
    of = {order: Curve(share, share / 2, share * 2) for order in ORDERS}
    found = Faithfulness(share, np.array([1, 10, 100]), dict.fromkeys(DIRECTIONS, of), FaithfulnessSettings())
    figure = curves(found, "deletion")
    assert [trace.name for trace in figure.data if trace.showlegend is None] == [
        *("by the map", "shuffled within rings", "by closeness", "at random")
    ]
    assert sum(trace.fill == "toself" for trace in figure.data) == 2
    assert figure.layout.xaxis.type == "log"


def test_likeness_starts_at_the_trained_network_and_leaves_out_maps_that_are_none():
    steps = (RandomisationStep(0.5, "tail", Agreement(0.4, 0.1, 9)), RandomisationStep(1.0, "head", None))
    figure = likeness(Randomisation(steps, Agreement(0.2, None, 9), 0))
    assert [list(trace.y) for trace in figure.data] == [[1.0, 0.4], [1.0, 0.1], [0.2, 0.2]]
