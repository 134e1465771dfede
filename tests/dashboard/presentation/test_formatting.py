"""Examples inside the pure modules, and what they leave open."""

import doctest

import pytest

from dashboard.presentation import formatting, view
from dashboard.presentation.formatting import percent, sentence, with_error


@pytest.mark.parametrize("module", [view, formatting])
def test_examples_in_docstrings(module):
    result = doctest.testmod(module)
    assert result.attempted
    assert not result.failed


@pytest.mark.parametrize(
    ("value", "error", "shown"),
    [
        (9.58, 0.776, "9.6 ± 0.8"),
        (9.58, 0.097, "9.6 ± 0.1"),
        (24.08, 0.95, "24.1 ± 0.9"),
        (24.08, 0.9999, "24 ± 1"),
        (99.6, 3.0, "100 ± 3"),
        (0.443, 1e-9, "0.44 ± 0.01"),
        (5.0, float("inf"), "5 ± unknown"),
    ],
)
def test_a_value_has_no_more_digits_than_its_error(value, error, shown):
    assert with_error(value, error) == shown


def test_a_share_that_is_no_number_is_unknown():
    assert percent(float("nan")) == "unknown"
    assert percent(0.0) == "0\u00a0%"


def test_sentences_are_closed_once():
    assert sentence("no model 'x'") == "No model 'x'."
    assert sentence("Really?") == "Really?"
