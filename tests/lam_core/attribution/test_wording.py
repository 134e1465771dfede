"""Figures of a map have no more digits than their error, and one text wherever they stand."""

import pytest

from lam_core.attribution.wording import with_error


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
