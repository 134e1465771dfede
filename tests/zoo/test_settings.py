import re
from pathlib import Path

import pytest

from lam_core.environment import EnvironmentValueError
from lam_core.settings import VARIABLES as CORE
from lam_core.settings import Settings
from zoo.settings import VARIABLES as ZOO
from zoo.settings import ZooSettings


def test_an_empty_environment_gives_the_defaults():
    assert ZooSettings.from_environment({}) == ZooSettings()


def test_every_variable_of_the_zoo_is_read(tmp_path):
    read = ZooSettings.from_environment(
        {
            "LAM_HOSTED": "yes",
            "LAM_HUB_ENDPOINT": "http://127.0.0.1:9000/hub/",
            "LAM_GITHUB_ENDPOINT": "https://mirror.example",
            "LAM_OFFLINE": "0",
            "LAM_HUB_TOKEN": "hf_abc",
            "LAM_HUB_OWNERS": "a, b-c",
            "LAM_WEIGHTS": "/data/weights",
            "LAM_ENTRIES": str(tmp_path),
            "LAM_MODEL_MIB": "100",
        }
    )
    assert read == ZooSettings(
        hosted=True,
        endpoint="http://127.0.0.1:9000/hub",
        github="https://mirror.example",
        token="hf_abc",
        owners=frozenset({"a", "b-c"}),
        weights=Path("/data/weights"),
        entries=(tmp_path,),
        largest=100 * 1024**2,
    )
    assert "hf_abc" not in repr(read)


def test_the_hubs_own_variables_count_where_ours_are_silent():
    theirs = {"HF_ENDPOINT": "https://mirror.example", "HF_HUB_OFFLINE": "1", "HF_TOKEN": "hf_x"}
    read = ZooSettings.from_environment({**theirs, "LAM_OFFLINE": "0"})
    assert (read.endpoint, read.offline, read.token) == ("https://mirror.example", False, "hf_x")


NONSENSE = [
    ("LAM_HOSTED", "perhaps", "1 or 0"),
    ("LAM_OFFLINE", "2", "1 or 0"),
    ("LAM_HUB_ENDPOINT", "huggingface.co", "http"),
    ("LAM_HUB_ENDPOINT", "ftp://huggingface.co", "http"),
    ("LAM_HUB_ENDPOINT", "https://user:word@mirror.example", "without a user"),
    ("LAM_GITHUB_ENDPOINT", "https://", "http"),
    ("LAM_HUB_OWNERS", "a/b", "commas"),
    ("LAM_HUB_OWNERS", ",", "commas"),
    ("LAM_ENTRIES", "/nowhere/at/all", "exist"),
    ("LAM_MODEL_MIB", "0", "at least 1"),
    ("LAM_HOSTD", "1", "did you mean LAM_HOSTED"),
    ("LAM_COLOUR", "1", "is no setting"),
]


@pytest.mark.parametrize(("name", "text", "remedy"), NONSENSE)
def test_nonsense_about_the_zoo_names_variable_and_remedy(name, text, remedy):
    with pytest.raises(EnvironmentValueError) as raised:
        ZooSettings.from_environment({name: text})
    assert name in str(raised.value)
    assert remedy in str(raised.value)


def test_a_token_is_never_repeated():
    with pytest.raises(EnvironmentValueError) as raised:
        ZooSettings.from_environment({"LAM_HUB_TOKEN": "hf_secret word"})
    assert "hf_secret" not in str(raised.value)


def test_the_page_of_settings_lists_every_variable_with_its_default():
    page = (Path(__file__).parents[2] / "docs" / "settings.md").read_text(encoding="utf-8")
    table = dict(re.findall(r"^\| `(LAM_\w+)` \| ([^ |]+)", page, re.MULTILINE))
    assert set(table) == {*CORE, *ZOO} - {"LAM_TRAINING_DATA"}
    own, zoo = Settings(), ZooSettings()
    counts = {
        "LAM_STORE_MIB": own.store_limit // 1024**2,
        "LAM_QUEUE": own.queue,
        "LAM_SESSION_QUEUE": own.session_queue,
        "LAM_SECONDS": own.seconds,
        "LAM_UPLOAD_MIB": own.upload_limit // 1024**2,
        "LAM_UPLOAD_PIXELS": own.pixel_limit,
        "LAM_UPLOAD_HOURS": own.upload_hours,
        "LAM_MODEL_MIB": zoo.largest // 1024**2,
    }
    assert {name: table[name] for name in counts} == {name: str(value) for name, value in counts.items()}
