"""Nothing in a checkpoint runs, and every refusal has its name."""

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from tests.zoo import forged_checkpoints as forged
from zoo.checkpoints.errors import (
    CheckpointError,
    CodeInCheckpointError,
    DamagedCheckpointError,
    NotACheckpointError,
    OversizedCheckpointError,
)
from zoo.checkpoints.parameter_sets import choose, parameter_sets
from zoo.checkpoints.read import read_state


@pytest.mark.parametrize(
    "forge",
    [
        forged.bare_pickle,
        forged.old_pickle,
        forged.torch_pickle,
        forged.legacy_torch_pickle,
        forged.torchscript,
    ],
)
def test_code_is_refused_and_not_run(tmp_path, forge):
    trace = tmp_path / "it-ran"
    path = forge(tmp_path / "model.pth", trace)
    with pytest.raises(CodeInCheckpointError, match=r"model\.pth"):
        read_state(path)
    assert not trace.exists()


def test_the_exploit_would_have_run(tmp_path):
    trace = tmp_path / "it-ran"
    path = forged.torch_pickle(tmp_path / "model.pth", trace)
    torch.load(path, weights_only=False)
    assert trace.exists()


@pytest.mark.parametrize(
    ("forge", "error"),
    [
        (forged.zip_bomb, OversizedCheckpointError),
        (forged.header_bomb, OversizedCheckpointError),
        (forged.stretched, OversizedCheckpointError),
        (forged.layer_bomb, OversizedCheckpointError),
        (forged.traversal, CodeInCheckpointError),
        (forged.truncated_safetensors, DamagedCheckpointError),
        (forged.truncated_header, DamagedCheckpointError),
        (forged.truncated_torch, DamagedCheckpointError),
        (forged.lying_safetensors, DamagedCheckpointError),
    ],
)
def test_damaged_and_hostile_files_are_named(tmp_path, forge, error):
    path = forge(tmp_path / "model.bin")
    with pytest.raises(error, match=r"model\.bin"):
        read_state(path)
    assert not (tmp_path.parent / "escaped").exists()


@pytest.mark.parametrize(
    "content", [b"", b"hello, world", b"\x89PNG\r\n\x1a\n" + b"\0" * 40, b"cats and dogs\n", b"\x80\x02]q\x00."]
)
def test_what_is_no_checkpoint_is_named(tmp_path, content: bytes):
    path = tmp_path / "model.pth"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"model\.pth"):
        read_state(path)


def test_a_mapping_without_tensors_is_no_checkpoint(tmp_path):
    torch.save({"epoch": 3}, tmp_path / "model.pth")
    with pytest.raises(NotACheckpointError, match="holds no weights"):
        read_state(tmp_path / "model.pth")


def test_a_file_over_the_limit_is_not_opened(tmp_path):
    save_file(forged.small_state(), tmp_path / "model.safetensors")
    with pytest.raises(OversizedCheckpointError, match="more than the 1,000"):
        read_state(tmp_path / "model.safetensors", largest=1000)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda s: s,
        lambda s: {"params_ema": s, "params": {k: v * 0 for k, v in s.items()}},
        lambda s: {"params": s},
        lambda s: {"state_dict": s, "epoch": 7, "best": torch.tensor(1.0)},
        lambda s: {"model": {"state_dict": s}},
        lambda s: {"anything": s},
        lambda s: {f"module.{k}": v for k, v in s.items()},
        lambda s: {"state_dict": {f"module._orig_mod.{k}": v for k, v in s.items()}},
    ],
)
def test_wrappers_are_taken_off(tmp_path, wrap):
    state = forged.small_state()
    torch.save(wrap(state), tmp_path / "model.pth")
    found = read_state(tmp_path / "model.pth")
    assert list(found) == list(state)
    assert all(torch.equal(found[key], state[key]) for key in state)


@pytest.mark.parametrize("number", [np.float64(30.1), np.float32(1), np.int64(7), np.bool_(True)])
def test_a_number_of_numpys_beside_the_weights_is_no_code(tmp_path, number):
    path = tmp_path / "model.pth"
    torch.save({"state_dict": forged.small_state(), "best_psnr": number}, path)
    assert list(read_state(path)) == list(forged.small_state())


def test_complex_weights_are_refused(tmp_path):
    torch.save({"a": torch.zeros(3, dtype=torch.complex64)}, tmp_path / "model.pth")
    with pytest.raises(CheckpointError, match="complex weights at 'a'"):
        read_state(tmp_path / "model.pth")


def test_half_precision_is_read_as_single(tmp_path):
    state = {key: value.half() for key, value in forged.small_state().items()}
    save_file(state, tmp_path / "model.safetensors")
    assert {t.dtype for t in read_state(tmp_path / "model.safetensors").values()} == {torch.float32}


def test_the_format_is_told_by_content_not_by_name(tmp_path):
    save_file(forged.small_state(), tmp_path / "model.pth")
    torch.save(forged.small_state(), tmp_path / "model.safetensors")
    assert list(read_state(tmp_path / "model.pth")) == sorted(forged.small_state())
    assert list(read_state(tmp_path / "model.safetensors")) == list(forged.small_state())


def test_only_a_prefix_of_every_key_is_taken_off():
    tensor = torch.zeros(1)
    sets = parameter_sets({"module.a": tensor, "b": tensor.expand(2)}, name="x")
    assert list(choose(sets, name="x").weights) == ["module.a", "b"]
