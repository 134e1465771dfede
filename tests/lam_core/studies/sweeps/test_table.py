"""The table keeps its columns, its kinds and its settings; only like is compared with like."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from lam_core.studies.sweeps.table import (
    COLUMNS,
    TableError,
    UnequalSettingsError,
    check_comparable,
    comparable,
    images_by_diffusion,
    join,
    read_table,
    table_of,
    write_table,
)
from tests.lam_core.studies.toys import table

ROWS = {("a", "i"): 1.0, ("b", "i"): 5.0, ("a", "j"): 3.0, ("b", "j"): 4.0}


def test_a_table_survives_parquet_with_its_settings(tmp_path: Path) -> None:
    frame = table(ROWS)
    frame.attrs["about"] = {"settings": {"kernel": 9}, "models": {"a": "f" * 64}}
    write_table(frame, tmp_path / "deep" / "t.parquet")
    again = read_table(tmp_path / "deep" / "t.parquet")
    pd.testing.assert_frame_equal(again, frame)
    assert again.attrs["about"] == frame.attrs["about"]
    assert list(again.columns) == list(COLUMNS)
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["t.parquet"]


def test_an_empty_table_has_the_columns() -> None:
    assert list(table_of([], {}).columns) == list(COLUMNS)
    with pytest.raises(TableError, match="no rows"):
        check_comparable(table_of([], {}))


def test_other_files_are_no_tables(tmp_path: Path) -> None:
    (tmp_path / "t.parquet").write_text("no")
    with pytest.raises(TableError, match="cannot be read as a table"):
        read_table(tmp_path / "t.parquet")
    table(ROWS).drop(columns=["psnr", "ssim"]).to_parquet(tmp_path / "u.parquet")
    with pytest.raises(TableError, match="no column psnr, ssim"):
        read_table(tmp_path / "u.parquet")


def test_nodes_count_under_the_reference_rule_alone() -> None:
    frame = table(ROWS)
    frame.loc[0, "nodes"] = 99
    check_comparable(frame)
    with pytest.raises(UnequalSettingsError, match="nodes is 30, 99"):
        check_comparable(frame.assign(rule="reference"))


def test_the_largest_comparable_part_and_a_sentence_on_the_rest() -> None:
    frame = table(ROWS)
    assert comparable(frame)[1] == ""
    frame.loc[2, ["lr_height", "lr_width"]] = 48
    kept, note = comparable(frame)
    assert kept[["model", "image"]].to_numpy().tolist() == [["a", "i"], ["b", "i"], ["b", "j"]]
    assert note.startswith("1 of 4 rows have another lr_height, lr_width than most (j);")
    check_comparable(kept)


def test_joining_keeps_the_latest_and_refuses_other_settings() -> None:
    first, second = table(ROWS), table({("a", "i"): 9.0, ("c", "i"): 2.0})
    first.attrs["about"] = {"settings": {"kernel": 9}, "models": {"a": "1", "b": "2"}}
    second.attrs["about"] = {"settings": {"kernel": 9}, "models": {"a": "1", "c": "3"}}
    both = join([first, second])
    assert len(both) == 5
    assert both.loc[(both["model"] == "a") & (both["image"] == "i"), "diffusion_index"].tolist() == [9.0]
    assert both.attrs["about"]["models"] == {"a": "1", "b": "2", "c": "3"}
    second.attrs["about"]["settings"] = {"kernel": 11}
    with pytest.raises(UnequalSettingsError, match="2 different settings"):
        join([first, second])


def test_images_are_ranked_by_their_largest_index() -> None:
    ranked = images_by_diffusion(table(ROWS))
    assert ranked[["image", "mean", "largest", "model"]].to_numpy().tolist() == [
        ["j", 3.5, 4.0, "b"],
        ["i", 3.0, 5.0, "b"],
    ]
