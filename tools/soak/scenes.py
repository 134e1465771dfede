"""What visitors of a soak look at, and what each of them must see: the answer of a server that has one visitor."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lam_core.service.store import Store, request_of
from tests.bad_inputs import saved
from tools.soak.server import Server
from tools.soak.visitor import Page, Visitor

SAMPLES = ("cat", "brick", "palace-roof", "coffee", "glass-tower", "hedge", "page", "flag", "engine", "corner-office")
WINDOWS = ((32, 32), (60, 44), (12, 70), (80, 16))
MODEL = "fsrcnn-c"
SLOW = {"models": "rcan-c", "nodes": "1000", "tolerance": "0.0"}
"""What takes longer than anybody stays: of the other network a thousand nodes take three seconds."""
OWN_PLACES = ((16, 16), (64, 40))


@dataclass(frozen=True)
class Scene:
    """One window of one picture."""

    image: str
    x: int
    y: int

    @property
    def query(self) -> dict[str, str]:
        """Its address."""
        return {"image": self.image, "scale": "4", "window": f"{self.x},{self.y},16", "models": MODEL}


SCENES = tuple(Scene(image, x, y) for image in SAMPLES for x, y in WINDOWS)


@dataclass(frozen=True)
class Seen:
    """What a page shows of a result."""

    figures: tuple[tuple[str, str], ...]
    pictures: tuple[tuple[str, str], ...]
    """Addresses, which follow from the pictures' bytes."""


def seen(page: Page) -> Seen:
    """What a page shows."""
    return Seen(tuple(page.figures), tuple(sorted(page.pictures.items())))


def own_picture(number: int) -> bytes:
    """A picture that a visitor brings, as PNG."""
    random = np.random.default_rng(number)
    return saved(random.integers(0, 256, (96, 128, 3), dtype=np.uint8), "PNG")


@dataclass(frozen=True)
class Expected:
    """What one visitor alone was shown."""

    scenes: dict[Scene, Seen]
    own: dict[tuple[int, tuple[int, int]], Seen]
    """By the number of the picture brought, and the place."""
    kept: dict[str, np.ndarray | None]
    """As `kept` gives what lies in the store afterwards."""


def kept(folder: Path) -> dict[str, np.ndarray | None]:
    """The signed maps in a store that are everybody's, by their key; None where a file is of no use."""
    store, found = Store(folder), {}
    for path in folder.glob("??/*.npz"):
        request = request_of(path.read_bytes())
        stored = store.get(request) if request else None
        found[path.stem] = stored.arrays["signed"] if stored else None
    return found


def expected(folder: Path) -> Expected:
    """Lets one visitor look at everything on a server of their own."""
    server = Server(folder / "store", folder / "log").wait()
    try:
        visitor = Visitor(server.address)
        scenes = {scene: seen(visitor.open(**scene.query)) for scene in SCENES}
        own = {}
        for number in (1, 2):
            visitor = Visitor(server.address)
            visitor.open(**SCENES[0].query)
            visitor.upload("alone.png", own_picture(number))
            for place in OWN_PLACES:
                own[number, place] = seen(visitor.click(*place))
        return Expected(scenes, own, kept(server.store))
    finally:
        server.stop()
