"""Whatever comes in is used or refused by one sentence that says what would do: never a trace, never a crash."""

from __future__ import annotations

import re
import tracemalloc
from pathlib import Path

import pytest

import dashboard
import zoo
from dashboard.presentation.view import View, from_query
from lam_core.errors import LamError
from lam_core.images.decode import UnreadableImageError, decode
from lam_core.studies.sweeps.table import TableError, parse_table
from tests import bad_inputs
from zoo.catalog.entry import EntryError, read_entry
from zoo.settings import ZooSettings

REMEDY = re.compile(
    r"\b(ask|choose|use|save|give|crop|download|check|write|fetch|is used|allowed are|run your own|must|expected|"
    r"should|did you mean|damaged or hostile|required|permitted|valid|names no|convert|try|set|add|at least|at most)\b",
    re.IGNORECASE,
)
TRACE = re.compile(r"Traceback|File \"|line \d+ in|0x[0-9a-f]{8}")


def check(message: str) -> None:
    """A message for people: what to do is said, no trace is shown."""
    assert message.strip()
    assert len(message) < 2000
    assert REMEDY.search(message), message
    assert not TRACE.search(message), message


PICTURES = [*bad_inputs.written_pictures(), *bad_inputs.slipped_pictures(140)]


@pytest.mark.parametrize(("name", "content"), PICTURES, ids=[name for name, _ in PICTURES])
@pytest.mark.filterwarnings("ignore")
def test_a_picture_is_read_or_refused(name: str, content: bytes) -> None:
    try:
        decoded = decode(content, pixel_limit=1_000_000)
    except UnreadableImageError as error:
        check(str(error))
        return
    assert " " in name, "what was written by hand is refused, unless it is whole but for its extras"
    assert decoded.pixels.ndim == 3
    assert decoded.pixels.shape[0] * decoded.pixels.shape[1] <= 1_000_000


@pytest.mark.filterwarnings("ignore")
def test_no_bomb_is_unpacked() -> None:
    bombs = [content for name, content in bad_inputs.written_pictures() if "bomb" in name or "beyond" in name]
    tracemalloc.start()
    for content in bombs:
        try:
            decode(content)
        except UnreadableImageError as error:
            check(str(error))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(bombs) >= 6
    assert peak < 16 * 1024**2, f"{peak / 1024**2:.0f} MiB"


CHECKPOINTS = list(bad_inputs.written_checkpoints())


@pytest.mark.parametrize(("name", "content"), CHECKPOINTS, ids=[name for name, _ in CHECKPOINTS])
def test_a_checkpoint_is_refused_and_runs_nothing(name: str, content: bytes, tmp_path: Path, capsys) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(LamError) as raised:
        zoo.load(tmp_path / name, settings=ZooSettings(offline=True))
    check(str(raised.value))
    said = capsys.readouterr()
    assert "code of a checkpoint ran" not in said.out + said.err


SWEEP = (Path(dashboard.__file__).parent / "gallery" / "sweep.parquet").read_bytes()
TABLES = [*list(bad_inputs.written_pictures())[:12], *bad_inputs.slipped_files("table", SWEEP, 40)]


@pytest.mark.parametrize(("name", "content"), TABLES, ids=[name for name, _ in TABLES])
def test_a_table_is_read_or_refused(name: str, content: bytes) -> None:
    try:
        parse_table(content, "mine.parquet")
    except TableError as error:
        check(str(error))


ENTRIES = list(bad_inputs.entries())


@pytest.mark.parametrize(("name", "text"), ENTRIES, ids=[name.splitlines()[-1] for name, _ in ENTRIES])
def test_an_entry_is_refused_with_the_fault(name: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / "net.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(EntryError) as raised:
        read_entry(path)
    assert "net" in str(raised.value)
    assert not TRACE.search(str(raised.value))


@pytest.mark.parametrize(
    "query", bad_inputs.QUERIES, ids=[f"{k}={v:.20}" for q in bad_inputs.QUERIES for k, v in q.items()]
)
def test_an_address_gives_a_view_and_says_what_was_not_used(query: dict[str, str]) -> None:
    view, faults = from_query(query)
    assert isinstance(view, View)
    for fault in faults:
        check(fault)
        assert len(fault) < 400
    assert from_query(view.to_query())[1] == (), "what is left of it is a good address"
