"""Examples inside the pure modules, and what they leave open."""

import doctest

import pytest

from dashboard.presentation import formatting, view
from dashboard.presentation.formatting import percent, sentence


@pytest.mark.parametrize("module", [view, formatting])
def test_examples_in_docstrings(module):
    result = doctest.testmod(module)
    assert result.attempted
    assert not result.failed


def test_a_share_that_is_no_number_is_unknown():
    assert percent(float("nan")) == "unknown"
    assert percent(0.0) == "0\u00a0%"


def test_sentences_are_closed_once():
    assert sentence("no model 'x'") == "No model 'x'."
    assert sentence("Really?") == "Really?"
