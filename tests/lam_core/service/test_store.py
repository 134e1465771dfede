"""The store keeps whole results, finds them again, and trusts nothing that is not what was asked for."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest

from lam_core.service.store import Store, StoreWriteError, key_of, read, write

REQUEST = {"kind": "test", "window": [1, 2, 3]}
ARRAYS = {"signed": np.arange(12.0).reshape(3, 2, 2), "sr": np.zeros((4, 4, 3), np.uint8)}


def test_what_is_put_is_found(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert store.get(REQUEST) is None
    store.put(REQUEST, {"di": 1.5}, ARRAYS)
    found = store.get({"window": [1, 2, 3], "kind": "test"})
    assert found is not None
    assert found.summary == {"di": 1.5}
    np.testing.assert_array_equal(found.arrays["signed"], ARRAYS["signed"])
    assert found.arrays["sr"].dtype == np.uint8
    assert store.get({**REQUEST, "window": [1, 2, 4]}) is None


@pytest.mark.parametrize("damage", ["truncate", "flip", "empty", "foreign", "other request"])
def test_a_damaged_file_is_absent_and_removed(tmp_path: Path, damage: str) -> None:
    store = Store(tmp_path)
    store.put(REQUEST, {"di": 1.5}, ARRAYS)
    path = store.path(key_of(REQUEST))
    content = bytearray(path.read_bytes())
    if damage == "flip":
        content[len(content) // 2] ^= 0xFF
    elif damage == "truncate":
        content = content[:-40]
    elif damage == "empty":
        content = bytearray()
    elif damage == "foreign":
        content = bytearray(b"not a zip at all")
    else:
        content = bytearray(write({"kind": "other"}, {"di": 9.9}, ARRAYS))
    path.write_bytes(content)
    assert store.get(REQUEST) is None
    assert not path.exists()


def test_every_single_byte_matters(tmp_path: Path) -> None:
    content = write(REQUEST, {"di": 1.5}, {"signed": np.arange(4.0)})
    whole = read(content, REQUEST)
    assert whole is not None
    for position in range(0, len(content), 7):
        broken = bytearray(content)
        broken[position] ^= 0x55
        found = read(bytes(broken), REQUEST)
        assert found is None or (
            found.summary == whole.summary
            and all(np.array_equal(found.arrays[name], whole.arrays[name]) for name in found.arrays)
        )


def test_pickled_objects_are_refused() -> None:
    with pytest.raises(ValueError, match="Object arrays"):
        write(REQUEST, {}, {"evil": np.array([object()])})


def test_the_oldest_results_go_first(tmp_path: Path) -> None:
    size = len(write({"n": 10}, {}, ARRAYS))
    store = Store(tmp_path, limit=3 * size)
    for n in range(5):
        store.put({"n": n + 10}, {}, ARRAYS)
        os.utime(store.path(key_of({"n": n + 10})), (n, n))
    store.prune()
    assert [store.get({"n": n + 10}) is not None for n in range(5)] == [False, False, True, True, True]


def test_reading_keeps_a_result_young(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.put(REQUEST, {}, ARRAYS)
    path = store.path(key_of(REQUEST))
    os.utime(path, (1, 1))
    store.get(REQUEST)
    assert time.time() - path.stat().st_mtime < 60


def test_a_folder_that_cannot_be_written_is_a_named_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = Store(tmp_path / "file" / "store")
    with pytest.raises(StoreWriteError, match="shown all the same"):
        store.put(REQUEST, {}, ARRAYS)
    assert store.get(REQUEST) is None


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path)

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(StoreWriteError, match="No space left"):
        store.put(REQUEST, {}, ARRAYS)
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]
