"""The table of a sweep: one row a model, picture and window; what may be compared in it, and how it is kept."""

from __future__ import annotations

import io
import json
import os
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lam_core.errors import LamError

COLUMNS: dict[str, str] = {
    "model": "str",
    "image": "str",
    "x": "int64",
    "y": "int64",
    "size": "int64",
    "lr_height": "int64",
    "lr_width": "int64",
    "scale": "int64",
    "rule": "str",
    "nodes": "int64",
    "tolerance": "float64",
    "sigma": "float64",
    "degradation": "str",
    "diffusion_index": "float64",
    "map_error": "float64",
    "completeness_error": "float64",
    "psnr": "float64",
    "ssim": "float64",
    "seconds": "float64",
    "from_store": "bool",
}
"""Columns of every table of a sweep, and what they hold."""

COMPARABLE = ("lr_height", "lr_width", "scale", "size", "rule", "tolerance", "sigma", "degradation")
"""Columns that must each hold one value alone before DI may be ranked; under the reference rule `nodes` too."""


class TableError(LamError, ValueError):
    """A table that is not one of a sweep."""


class UnequalSettingsError(LamError, ValueError):
    """Diffusion indices that were not computed alike and so may not be ranked together."""


def table_of(rows: Sequence[dict[str, Any]], about: dict[str, Any]) -> pd.DataFrame:
    """A table of rows; `about` holds what is the same for all of them, as plain values, and travels in `attrs`."""
    table = pd.DataFrame(list(rows), columns=list(COLUMNS)).astype(COLUMNS)
    table.attrs["about"] = about
    return table


def check_comparable(table: pd.DataFrame) -> None:
    """Raises `UnequalSettingsError` unless all DI of the table were computed alike, `TableError` if it has none."""
    if table.empty:
        raise TableError("the table has no rows, so there is nothing to compare")
    for name in _compared(table):
        values = sorted(set(table[name].tolist()))
        if len(values) > 1:
            shown = ", ".join(f"{value:g}" if isinstance(value, float) else str(value) for value in values[:6])
            raise UnequalSettingsError(
                f"{name} is {shown} within this table; DI of unequal settings cannot be ranked together: "
                "choose the rows of one value"
            )


def comparable(table: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """The largest part of a table whose DI may be ranked together, and one sentence on what was left out, or none."""
    names = _compared(table)
    kinds = list(zip(*(table[name].tolist() for name in names), strict=True))
    if len(set(kinds)) < 2:
        return table, ""
    commonest, _ = Counter(kinds).most_common(1)[0]
    chosen = [kind == commonest for kind in kinds]
    varying = [name for k, name in enumerate(names) if len({kind[k] for kind in kinds}) > 1]
    images = dict.fromkeys(image for image, kept in zip(table["image"].tolist(), chosen, strict=True) if not kept)
    some = ", ".join(list(images)[:4]) + (", …" if len(images) > 4 else "")
    return table.iloc[np.flatnonzero(chosen)].reset_index(drop=True), (
        f"{len(table) - sum(chosen)} of {len(table)} rows have another {', '.join(varying)} than most ({some}); "
        "their DI is shown but not ranked with the others"
    )


def _compared(table: pd.DataFrame) -> list[str]:
    by_rule = ["nodes"] if "reference" in table["rule"].tolist() else []
    return [*COMPARABLE, *by_rule]


def join(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """One table of several sweeps; the latest row of equal model, image, degradation and window stays.

    Raises `UnequalSettingsError` if the sweeps' settings differ in anything, columns or not.
    """
    settings = {json.dumps(t.attrs.get("about", {}).get("settings"), sort_keys=True) for t in tables}
    if len(settings) > 1:
        raise UnequalSettingsError(
            f"these sweeps were computed with {len(settings)} different settings; join equal ones"
        )
    together = pd.concat([t.reset_index(drop=True) for t in tables], ignore_index=True)
    together = together.drop_duplicates(
        ["model", "image", "x", "y", "size", "degradation"], keep="last", ignore_index=True
    )
    about: dict[str, Any] = {}
    for table in tables:
        for name, value in table.attrs.get("about", {}).items():
            about[name] = {**about.get(name, {}), **value} if isinstance(value, dict) else value
    together.attrs = {"about": about}
    return together


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Keeps a table as CSV if the file's name ends so, else as Parquet; whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        if path.suffix == ".csv":
            table.to_csv(partial, index=False)
        else:
            table.to_parquet(partial, index=False)
        partial.replace(path)
    except BaseException:
        with suppress(OSError):
            partial.unlink()
        raise


_REMEDY = "give one that `lam sweep --out FILE.parquet` wrote"


def read_table(path: Path) -> pd.DataFrame:
    """A table that `write_table` kept. Raises `TableError` for any other file."""
    try:
        return parse_table(path.read_bytes(), path.name)
    except OSError as error:
        raise TableError(f"{path.name} cannot be read as a table ({error.strerror or error})") from None


def parse_table(content: bytes, name: str) -> pd.DataFrame:
    """The table in the bytes of a Parquet file of that name. Raises `TableError` if they are anything else."""
    try:
        table = pd.read_parquet(io.BytesIO(content))
    except Exception as error:  # a damaged file makes pandas and Arrow raise whatever they stumble over
        reason = " ".join(str(error).split())[:200]
        raise TableError(f"{name} cannot be read as a table ({reason}); {_REMEDY}") from None
    if "degradation" not in table.columns:  # a table of an earlier version, all of clean images
        table["degradation"] = "clean"
    missing = [column for column in COLUMNS if column not in table.columns]
    if missing:
        raise TableError(f"{name} is not the table of a sweep: it has no column {', '.join(missing)}; {_REMEDY}")
    about = table.attrs.get("about", {})
    try:
        return table_of(table.to_dict("records"), about if isinstance(about, dict) else {})
    except (TypeError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise TableError(f"{name} is not the table of a sweep ({reason}); {_REMEDY}") from None


def images_by_diffusion(table: pd.DataFrame) -> pd.DataFrame:
    """Images ranked by the largest DI of any model, the least first, as in the published figure.

    Columns: image, mean (over models and windows), largest, model, x, y (of the largest).
    Raises `UnequalSettingsError` if DI of the table may not be compared.
    """
    check_comparable(table)
    rows = []
    for image, part in table.groupby("image", sort=False):
        values = part["diffusion_index"].to_numpy()
        top = part.iloc[int(values.argmax())]
        rows.append((image, values.mean(), values.max(), top["model"], top["x"], top["y"]))
    ranked = pd.DataFrame(rows, columns=["image", "mean", "largest", "model", "x", "y"])
    return ranked.sort_values("largest", kind="stable", ignore_index=True)
