"""First come, first served; clicks before studies; long computations share; nobody waits much longer than others."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any

import pytest

from lam_core.service.device_queue import TURN, Line, QueueFullError, Ticket, Turnstile
from lam_core.service.service import Cancelled

STEP = 0.1
"""Seconds between two steps of a computation."""


@dataclass(frozen=True)
class Person:
    """Who comes when, in seconds, and computes for how long."""

    came: float
    seconds: float
    priority: int = 0


@dataclass(frozen=True)
class Served:
    """When somebody's computation began and ended."""

    began: float
    ended: float


def served(people: Sequence[Person]) -> list[Served]:
    """What becomes of people who come in that order: a line under a clock that moves by itself."""
    line, clock = Line(limit=len(people)), 0.0
    tickets = [Ticket(person.priority, person.came) for person in people]
    left = [person.seconds for person in people]
    began, ended = [-1.0] * len(people), [-1.0] * len(people)
    came, at_work = 0, -1
    while min(ended) < 0:
        while came < len(people) and people[came].came <= clock:
            line.join(tickets[came])
            came += 1
        if at_work < 0:
            at_work = next((i for i in range(came) if ended[i] < 0 and line.admit(tickets[i], clock)), -1)
            if at_work < 0:
                clock = people[came].came
            elif began[at_work] < 0:
                began[at_work] = clock
            continue
        clock += min(STEP, left[at_work])
        left[at_work] -= STEP
        if left[at_work] <= 0:
            line.leave(tickets[at_work])
            ended[at_work], at_work = clock, -1
        elif line.step_aside(tickets[at_work], clock):
            at_work = -1
    return [Served(*times) for times in zip(began, ended, strict=True)]


def stream(seed: int, seconds: Callable[[random.Random], float]) -> list[Person]:
    """Four hundred people who come by chance, one every 0.75 s: more than are served at once."""
    chance, clock, people = random.Random(seed), 0.0, []
    for _ in range(400):
        clock += chance.expovariate(1 / 0.75)
        people.append(Person(clock, seconds(chance)))
    return people


def largest_share(people: Sequence[Person], near: float = 2.0) -> float:
    """The longest wait over the mean wait of those who came within `near` seconds, where that is more than a turn."""
    waits = [person.began - came.came for person, came in zip(served(people), people, strict=True)]
    shares = []
    for person, wait in zip(people, waits, strict=True):
        theirs = [other for one, other in zip(people, waits, strict=True) if abs(one.came - person.came) <= near]
        if mean(theirs) > TURN and len(theirs) > 2:
            shares.append(wait / mean(theirs))
    assert len(shares) > 50, "too little queueing to tell"
    return max(shares)


@pytest.mark.parametrize("seed", range(3))
def test_those_who_come_together_wait_alike(seed: int) -> None:
    people = stream(seed, lambda chance: chance.uniform(0.2, 1.3))
    began = [person.began for person in served(people)]
    assert began == sorted(began), "somebody was overtaken"
    assert largest_share(people) < 1.6


def test_they_do_so_where_some_compute_for_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    streams = [
        stream(seed, lambda chance: 60.0 if chance.random() < 0.01 else chance.uniform(0.2, 1.0)) for seed in range(3)
    ]
    assert max(map(largest_share, streams)) < 2
    monkeypatch.setattr("lam_core.service.device_queue.TURN", 1e9)
    assert max(map(largest_share, streams)) > 2, "without an end to turns, those behind a minute wait for all of it"


def test_a_long_computation_lets_those_go_first_who_came_meanwhile_and_ends() -> None:
    people = [Person(0, 3 * TURN), Person(1, 1), Person(2, 1), Person(TURN + 2.5, 1)]
    long, first, second, third = served(people)
    assert [first.began, second.began] == pytest.approx([TURN, TURN + 1], abs=2 * STEP)
    assert third.began == pytest.approx(2 * TURN + 2, abs=2 * STEP), "it comes back before those who come later"
    assert long.ended == pytest.approx(3 * TURN + 3, abs=4 * STEP)


def test_who_takes_no_longer_than_a_turn_is_never_interrupted() -> None:
    people = [Person(i / 10, TURN - STEP) for i in range(5)]
    for person in served(people):
        assert person.ended - person.began == pytest.approx(TURN - STEP)


def test_studies_never_hold_up_clicks() -> None:
    people = [Person(0, 30, priority=1), Person(0.5, 30, priority=1), Person(1, 1), Person(7, 1)]
    first_study, second_study, *clicks = served(people)
    assert [click.began for click in clicks] == pytest.approx([1, 7], abs=2 * STEP)
    assert second_study.began == pytest.approx(TURN + 1, abs=2 * STEP), "studies take turns with one another"
    assert max(first_study.ended, second_study.ended) == pytest.approx(62, abs=1)


def admitted(*people: tuple[str, dict[str, Any]]) -> list[str]:
    """In which order people get their turn who come one after another while the first holds the device.

    Each is a name and what they say of themselves to `Turnstile.turn`.
    """
    turnstile, order, hold = Turnstile(), [], threading.Event()

    def person(name: str, said: dict[str, Any]) -> None:
        with turnstile.turn(lambda ahead: None, **said):
            order.append(name)
            hold.wait(5)

    threads = []
    for who in people:
        threads.append(threading.Thread(target=person, args=who))
        threads[-1].start()
        time.sleep(0.05)
    hold.set()
    for thread in threads:
        thread.join()
    return order


def test_turns_are_taken_in_order_of_arrival_and_clicks_first() -> None:
    study, click = {"priority": 1}, {"priority": 0}
    order = admitted(("first", click), ("study", study), ("click", click), ("late click", click))
    assert order == ["first", "click", "late click", "study"]


def test_who_waited_elsewhere_keeps_their_place() -> None:
    order = admitted(("holds", {"arrived": 0.0}), ("came third", {"arrived": 3.0}), ("came second", {"arrived": 2.0}))
    assert order == ["holds", "came second", "came third"]


def test_a_study_lets_clicks_through_between_two_steps() -> None:
    turnstile, order = Turnstile(), []
    clicked = threading.Event()

    def study() -> None:
        with turnstile.turn(lambda ahead: None, priority=1) as give_way:
            for step in range(3):
                order.append(f"step {step}")
                if step == 0:
                    clicked.wait(5)
                    while len(turnstile) < 2:
                        time.sleep(0.01)
                give_way()

    def click() -> None:
        with turnstile.turn(lambda ahead: clicked.set()):
            order.append("click")

    threads = [threading.Thread(target=study), threading.Thread(target=click)]
    for thread in threads:
        thread.start()
        time.sleep(0.05)
    for thread in threads:
        thread.join()
    assert order == ["step 0", "click", "step 1", "step 2"]
    assert len(turnstile) == 0


def test_one_person_cannot_fill_the_queue() -> None:
    turnstile = Turnstile(each=1)
    with turnstile.turn(lambda ahead: None, who="one"):
        with pytest.raises(QueueFullError, match="of yours"), turnstile.turn(lambda ahead: None, who="one"):
            pass
        with pytest.raises(Cancelled), turnstile.turn(leave_at_once, who="two"):
            pass
    assert len(turnstile) == 0


def leave_at_once(ahead: int) -> None:
    raise Cancelled


def test_a_full_queue_says_so() -> None:
    turnstile = Turnstile(limit=1)
    with (
        turnstile.turn(lambda ahead: None),
        pytest.raises(QueueFullError, match="try again"),
        turnstile.turn(lambda ahead: None),
    ):
        pass
    assert len(turnstile) == 0


def test_of_one_visitor_only_the_first_computation_counts_as_having_come() -> None:
    line = Line()
    tabs = [Ticket(0, i / 10, visitor="one") for i in range(10)]
    other = Ticket(0, 5.0, visitor="other")
    for ticket in (*tabs, other):
        line.join(ticket)
    assert line.admit(tabs[0], 5.0)
    assert line.ahead(other) == 1, "the one that runs, and none of the nine that wait"
    assert line.step_aside(tabs[0], 5.1), "who has several lets others go after every step"
    assert not line.admit(tabs[1], 5.1)
    assert line.admit(other, 5.1)
    line.leave(other, 5.2)
    assert line.admit(tabs[0], 5.2) or line.admit(tabs[1], 5.2)


def test_visitors_of_several_computations_go_in_rotation() -> None:
    line = Line()
    tickets = [Ticket(0, i / 10, visitor=name) for i, name in enumerate("aaabb")]
    for ticket in tickets:
        line.join(ticket)
    served, now = [], 1.0
    while len(line):
        running = next(t for t in tickets if t not in served and line.admit(t, now))
        now += 1
        line.leave(running, now)
        served.append(running)
    assert [t.visitor for t in served] == list("ababa")
