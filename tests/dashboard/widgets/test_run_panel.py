"""The one panel for everything that is computed: what it says, when it draws a preview, and that there is no other."""

from pathlib import Path

import pytest

import dashboard
from dashboard.widgets import run_panel
from lam_core.service.progress import Step
from lam_core.service.service import Status


class Bar:
    """Stands for a progress bar."""

    def __init__(self) -> None:
        self.drawn: list[tuple[float, str]] = []

    def progress(self, share: float, words: str) -> None:
        self.drawn.append((share, words))


def told(work: run_panel.Work, *statuses: Status) -> list[tuple[float, str]]:
    bar = Bar()
    draw = run_panel._drawing(bar, work.name, work)
    for status in statuses:
        draw(status)
    return bar.drawn


def test_no_other_file_draws_a_way_to_cancel():
    root = Path(dashboard.__file__).parent
    found = {str(path.relative_to(root)) for path in root.rglob("*.py") if '"Cancel"' in path.read_text("utf-8")}
    assert found == {"widgets/run_panel.py"}


def test_a_bar_says_what_is_waited_for_and_how_far_the_work_is():
    said = told(
        run_panel.Work("IMDN", lambda listener: None),
        Status("model", fetched=(1_500_000, 6_000_000)),
        Status("queue", ahead=2),
        Status("work", progress=Step(0.4, "2 of 5 windows")),
        Status("queue", progress=Step(0.4, "2 of 5 windows")),
    )
    assert said == [
        (0.25, "IMDN: Fetching its weights: 1.5 of 6.0 MB"),
        (0, "IMDN: 2 before you in the queue"),
        (0.4, "IMDN: 2 of 5 windows"),
        (0.4, "IMDN: Paused for others: next in the queue"),
    ]


def test_the_time_left_is_told_where_equal_shares_take_equal_times(monkeypatch: pytest.MonkeyPatch):
    clock = iter((10.0, 14.0))
    monkeypatch.setattr("dashboard.widgets.run_panel.time.monotonic", lambda: next(clock))
    work = run_panel.Work("", lambda listener: None, is_steady=True)
    said = told(work, *(Status("work", progress=Step(share)) for share in (0.0, 0.04, 0.24)))
    assert said == [(0, "0 % done"), (0.04, "4 % done"), (0.24, "24 % done, about 15 s left")]


def test_a_preview_is_drawn_at_first_and_while_the_work_goes_on():
    shown: list[str] = []
    work = run_panel.Work("", lambda listener: None, show=lambda status: shown.append(status.stage))
    told(work, *(Status(stage) for stage in ("model", "queue", "queue", "work", "work", "queue")))
    assert shown == ["model", "work", "work"]
