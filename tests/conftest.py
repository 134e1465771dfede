"""What holds for every test of the process."""

import sys

import pytest

_MAIN = sys.modules["__main__"]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Gives the process its own `__main__` back: a page that ran in it leaves itself there, and a new process of
    multiprocessing would run that page first."""
    sys.modules["__main__"] = _MAIN
