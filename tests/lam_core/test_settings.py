import os
from pathlib import Path

import pytest

from lam_core.settings import EnvironmentValueError, Settings


def test_an_empty_environment_gives_the_defaults():
    assert Settings.from_environment({}) == Settings()


def test_every_variable_is_read():
    read = Settings.from_environment(
        {
            "LAM_STORE": "/data/results",
            "LAM_STORE_MIB": "10",
            "LAM_UPLOAD_MIB": "3",
            "LAM_UPLOAD_PIXELS": "1000",
            "LAM_QUEUE": "5",
            "LAM_DEVICE": "cuda",
            "LAM_WITH": f"a.py:build{os.pathsep}b.py:make",
        }
    )
    assert read == Settings(
        Path("/data/results"), 10 * 1024**2, 3 * 1024**2, 1000, 5, "cuda", ("a.py:build", "b.py:make")
    )


@pytest.mark.parametrize("text", ["0", "-3", "many", "1.5"])
def test_a_count_that_is_none_names_variable_and_value(text):
    with pytest.raises(EnvironmentValueError, match=f"LAM_QUEUE.*{text}"):
        Settings.from_environment({"LAM_QUEUE": text})


def test_a_network_without_its_function_is_refused():
    with pytest.raises(EnvironmentValueError, match=r"LAM_WITH.*net\.py"):
        Settings.from_environment({"LAM_WITH": "net.py"})
