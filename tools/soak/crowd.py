"""Many visitors at once: each looks, clicks, brings a picture, leaves in the middle, and asks for nonsense."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field

from tests.bad_inputs import QUERIES, slipped_pictures
from tools.soak.scenes import OWN_PLACES, SCENES, SLOW, Expected, own_picture, seen
from tools.soak.visitor import BrokenError, Page, Visitor

THINKING = (5.0, 25.0)
"""Seconds for which a visitor looks at a page before asking for the next, from and to: a click every 15 s or so."""
BAD_PICTURES = [content for _, content in slipped_pictures(70, seed=5)]


@dataclass
class Record:
    """What happened."""

    actions: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    """Whatever should not have happened, a sentence each."""
    hits: list[float] = field(default_factory=list)
    """Seconds from the question to the end of a page whose results were all in the store."""
    computed: list[float] = field(default_factory=list)
    """The same for pages that had to wait for a computation, their own or somebody else's."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, action: str, page: Page | None = None) -> None:
        """Counts an action, and what its page shows that no page should."""
        with self.lock:
            self.actions[action] += 1
            if page is not None:
                self.faults += [f"{action}: {fault}" for fault in page.faults]
                self.faults += [f"{action}: {text}" for text in page.alerts if "should not have" in text]

    def fault(self, sentence: str) -> None:
        """Notes something that should not have happened."""
        with self.lock:
            self.faults.append(sentence)

    def time(self, page: Page) -> None:
        """Notes how long a page with results took."""
        with self.lock:
            (self.computed if page.waited else self.hits).append(page.seconds)


class Person(threading.Thread):
    """One visitor, who comes back under a new session now and then."""

    def __init__(self, number: int, address: str, expected: Expected, record: Record, until: float) -> None:
        super().__init__(daemon=True)
        self._number, self._address, self._expected = number, address, expected
        self._record, self._until = record, until
        self._random = random.Random(number)
        self._names = (f"of-{number}-{count}.png" for count in itertools.count())

    def run(self) -> None:
        self._think()
        while time.monotonic() < self._until:
            try:
                with closing(Visitor(self._address)) as visitor:
                    self._visit(visitor)
            except (BrokenError, OSError, StopIteration) as error:
                self._record.fault(f"visitor {self._number}: {type(error).__name__}: {error}")
                time.sleep(1)

    def _visit(self, visitor: Visitor) -> None:
        self._record.add("first visit", visitor.open())
        for _ in range(8):
            self._think()
            if time.monotonic() > self._until:
                break
            action = self._random.choices(
                (self._look, self._click, self._bring, self._leave, self._nonsense, self._browse),
                weights=(10, 5, 2, 1, 2, 2),
            )[0]
            action(visitor)

    def _look(self, visitor: Visitor) -> None:
        scene = self._random.choice(SCENES)
        self._compare("look", visitor.open(**scene.query), self._expected.scenes[scene])

    def _click(self, visitor: Visitor) -> None:
        scene = self._random.choice(SCENES)
        visitor.open(image=scene.image, scale="4", models=scene.query["models"])
        self._think()
        self._compare("click", visitor.click(scene.x, scene.y), self._expected.scenes[scene])

    def _bring(self, visitor: Visitor) -> None:
        """One's own picture: the same as another's, yet neither its results nor its name may meet theirs."""
        visitor.open(**SCENES[0].query)
        number, name = self._random.choice((1, 2)), next(self._names)
        self._think()
        visitor.upload(name, own_picture(number))
        for turn, place in enumerate(OWN_PLACES):
            self._think()
            page = visitor.click(*place)
            self._compare("bring", page, self._expected.own[number, place])
            if turn == 0 and "from the store" in page.text:
                self._record.fault("a result of another session's picture was given away")
            strangers = [part for part in page.text.split() if part.startswith("of-") and name not in part]
            if strangers or name not in page.text:
                self._record.fault(f"{name} met {strangers}")
        self._think()
        self._record.add("delete", visitor.press("Delete my picture"))

    def _leave(self, visitor: Visitor) -> None:
        """A computation without end, left by closing the tab."""
        other = Visitor(self._address)
        other.start(**{**self._random.choice(SCENES).query, **SLOW})
        time.sleep(self._random.uniform(0.2, 3))
        other.close()
        self._record.add("leave")

    def _nonsense(self, visitor: Visitor) -> None:
        query = self._random.choice(QUERIES)
        self._record.add("bad address", visitor.open(**{**SCENES[0].query, **query}))
        self._think()
        visitor.open(**SCENES[0].query)
        self._think()
        self._record.add("bad picture", visitor.upload(next(self._names), self._random.choice(BAD_PICTURES)))

    def _browse(self, visitor: Visitor) -> None:
        page = self._random.choice(("zoo", "compare", "content", "landscape", "semantics"))
        self._record.add(page, visitor.open(page))

    def _compare(self, action: str, page: Page, wanted: object) -> None:
        self._record.add(action, page)
        self._record.time(page)
        if (found := seen(page)) != wanted:
            self._record.fault(f"{action} at {page.query}: {found} instead of {wanted}; {page.alerts}"[:1500])

    def _think(self) -> None:
        time.sleep(max(min(self._random.uniform(*THINKING), self._until - time.monotonic()), 0))
