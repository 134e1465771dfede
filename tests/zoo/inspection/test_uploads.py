"""What is taken of a checkpoint out of a browser, and what is refused."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save

from zoo.checkpoints.errors import OversizedCheckpointError
from zoo.inspection.uploads import found_in_upload
from zoo.settings import ZooSettings
from zoo.sources.transfer import RefusedError

SAFE = save({"body.weight": torch.zeros(4, 3, 3, 3)})
PICKLE = b"\x80\x02}q\x00."
HOSTED = ZooSettings(hosted=True, uploads=True)


def test_a_file_lies_in_the_given_folder_under_a_plain_name(tmp_path: Path) -> None:
    found = found_in_upload("../../my net.pth", PICKLE, tmp_path, ZooSettings())
    assert found.path == tmp_path / "my-net.pth"
    assert found.path.read_bytes() == PICKLE
    assert found.source.source == "local"


@pytest.mark.parametrize(
    ("content", "settings", "error"),
    [
        (SAFE, ZooSettings(hosted=True), RefusedError),
        (PICKLE, HOSTED, RefusedError),
        (b"PK\x03\x04" + SAFE, HOSTED, RefusedError),
        (SAFE, ZooSettings(largest=len(SAFE) - 1), OversizedCheckpointError),
    ],
)
def test_what_is_refused_is_never_written(tmp_path: Path, content: bytes, settings: ZooSettings, error: type) -> None:
    with pytest.raises(error):
        found_in_upload("net.safetensors", content, tmp_path, settings)
    assert list(tmp_path.iterdir()) == []


def test_a_server_takes_so_much_of_one_visitor_together(tmp_path: Path) -> None:
    settings = ZooSettings(hosted=True, uploads=True, largest=2 * len(SAFE))
    for name in ("one", "two", "two"):
        found_in_upload(name, SAFE, tmp_path, settings)
    with pytest.raises(OversizedCheckpointError, match="three makes"):
        found_in_upload("three", SAFE, tmp_path, settings)
