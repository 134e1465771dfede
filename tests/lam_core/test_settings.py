import os
from pathlib import Path

import pytest

from lam_core.environment import EnvironmentValueError
from lam_core.settings import Settings

NETWORKS = (
    "a.py:build",
    "b.py:make?scale=4&condition=sigma%3D25",
    "nets.span:SPAN",
    "/x/net.pth",
    "/y/net.pth?colour=bgr",
)
"""A network of one's own in each way in which `LAM_WITH` names one."""


def test_an_empty_environment_gives_the_defaults():
    assert Settings.from_environment({}) == Settings()


def test_every_variable_is_read():
    read = Settings.from_environment(
        {
            "LAM_STORE": "/data/results",
            "LAM_STORE_MIB": "10",
            "LAM_UPLOAD_MIB": "3",
            "LAM_UPLOAD_PIXELS": "1000",
            "LAM_UPLOAD_HOURS": "1",
            "LAM_QUEUE": "5",
            "LAM_SESSION_QUEUE": "1",
            "LAM_SECONDS": "30",
            "LAM_DEVICE": "cuda:1",
            "LAM_PROXIED": "1",
            "LAM_FRAMED_BY": "https://huggingface.co, https://*.example.org:8443",
            "LAM_VISITOR_MEMORY_MIB": "100",
            "LAM_UPLOAD_MEMORY_MIB": "200",
            "LAM_WITH": os.pathsep.join(NETWORKS),
        }
    )
    assert read == Settings(
        store=Path("/data/results"),
        store_limit=10 * 1024**2,
        upload_limit=3 * 1024**2,
        pixel_limit=1000,
        upload_hours=1,
        queue=5,
        session_queue=1,
        seconds=30,
        device="cuda:1",
        proxied=True,
        framed_by=("https://huggingface.co", "https://*.example.org:8443"),
        visitor_memory=100 * 1024**2,
        upload_memory=200 * 1024**2,
        networks=NETWORKS,
    )


NONSENSE = [
    ("LAM_QUEUE", "0", "at least 1"),
    ("LAM_QUEUE", "-3", "at least 1"),
    ("LAM_QUEUE", "many", "whole number"),
    ("LAM_QUEUE", "1.5", "whole number"),
    ("LAM_QUEUE", "9" * 30, "whole number"),
    ("LAM_QUEUE", "２", "whole number"),
    ("LAM_UPLOAD_MIB", "5000", "at most 1,024"),
    ("LAM_SECONDS", "forever", "whole number"),
    ("LAM_DEVICE", "gpu", "cuda"),
    ("LAM_DEVICE", "cuda:", "cuda:N"),
    ("LAM_STORE", __file__, "folder"),
    ("LAM_STORE", f"{__file__}/below", "folder"),
    ("LAM_WITH", "net.py", "path.py:build"),
    ("LAM_FRAMED_BY", "https://a.org; script-src *", "joined by commas"),
    ("LAM_FRAMED_BY", "*", "joined by commas"),
]


@pytest.mark.parametrize(("name", "text", "remedy"), NONSENSE)
def test_nonsense_names_variable_value_and_remedy(name, text, remedy):
    with pytest.raises(EnvironmentValueError) as raised:
        Settings.from_environment({name: text})
    assert name in str(raised.value)
    assert text in str(raised.value)
    assert remedy in str(raised.value)


def test_all_faults_are_said_at_once():
    with pytest.raises(EnvironmentValueError, match=r"(?s)LAM_QUEUE.*\n.*LAM_DEVICE"):
        Settings.from_environment({"LAM_QUEUE": "0", "LAM_DEVICE": "abacus"})
