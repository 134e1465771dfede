"""Facades in perspective, with what stands before them: the regular structures that far-looking networks exploit."""

from __future__ import annotations

import numpy as np

from lam_core.images import Pixels
from lam_core.samples.canvas import Colour, develop, linear, place
from tools.samples.plants import dappled
from tools.samples.street import branch, car, lamp_post, pavement, sky, tree
from tools.samples.wall import Wall

_WHITE: Colour = (226, 222, 212)
_STONE: Colour = (206, 194, 170)
_CURTAIN: Colour = (222, 216, 204)


def brick_terrace() -> Pixels:
    """Red brick and sash windows, seen along the street, with a tree before them."""
    wall = Wall(12, 11.2, density=59, colour=(140, 70, 52), seed=11)
    wall.bricks(((142, 70, 52), (128, 58, 44), (158, 84, 60), (116, 52, 44), (148, 80, 66)), (176, 166, 150))
    for top in (0.9, 4.3, 7.7):
        wall.box(0, top - 0.62, 12, 0.12, _STONE, 0.09)
        for left in np.arange(0.75, 12, 2.3):
            _sash_window(wall, left, top, 1.15, 2.0, frame=_WHITE, surround=_STONE)
    rng = wall.rng
    canvas = sky(rng)
    pavement(canvas, rng, 200)
    place(canvas, wall.lit(), ((-30, -62), (262, 34), (262, 214), (-30, 262)))
    tree(canvas, rng, 218, 272, 220, leaves=4200, blur=1)
    return develop(canvas, seed=11, exposure=1.4)


def glass_tower() -> Pixels:
    """A curtain wall of glass, looking up: edges that meet far above."""
    wall = Wall(36, 48, density=14, colour=(150, 156, 160), seed=12)
    for top in np.arange(0, 48, 3.2):
        for left in np.arange(0, 36, 1.5):
            wall.glass(left + 0.09, top + 0.75, 1.32, 2.36, depth=-0.1, mirror=1.25)
            wall.glass(left + 0.09, top + 0.1, 1.32, 0.55, depth=-0.1, mirror=0.5)
        wall.box(0, top - 0.07, 36, 0.16, (190, 194, 196), 0.08)
    for left in np.arange(0, 36, 1.5):
        wall.box(left - 0.06, 0, 0.13, 48, (184, 188, 192), 0.16)
    canvas = sky(wall.rng, (70, 122, 190), (170, 200, 226))
    place(canvas, wall.lit(dirt=0.1, skylight=1.3), ((62, -30), (238, 10), (330, 300), (-90, 330)))
    return develop(canvas, seed=12, exposure=1.45)


def shuttered_house() -> Pixels:
    """Ochre plaster and green louvred shutters behind a lamp post."""
    wall = Wall(9.4, 9.4, density=75, colour=(206, 168, 116), seed=13)
    for top in (0.75, 4.05, 7.3):
        for left in np.arange(0.9, 9, 2.9):
            wall.box(left - 0.16, top - 0.16, 1.42, 2.24, (236, 226, 204), 0.05)
            _sash_window(wall, left, top, 1.1, 1.9, frame=_WHITE, surround=None, bars=(2, 3))
            for side in (left - 0.72, left + 1.2):
                _louvre(wall, side, top - 0.04, 0.62, 1.98, (62, 92, 76))
        wall.box(0, top + 2.42, 9.4, 0.1, (232, 218, 190), 0.07)
    rng = wall.rng
    shadow = dappled(rng, *wall.depth.shape, cover=0.34, cell=200)
    canvas = sky(rng)
    place(canvas, wall.lit(dirt=0.5, shadow=shadow), ((-14, 8), (274, -34), (280, 290), (-16, 270)))
    lamp_post(canvas, 92, 262, 176)
    return develop(canvas, seed=13, exposure=1.15)


def panel_block() -> Pixels:
    """A long block of concrete panels with balconies, seen at a grazing angle, a car at the kerb."""
    wall = Wall(30, 17, density=32, colour=(188, 184, 174), seed=14)
    for storey, top in enumerate(np.arange(0.3, 17, 2.8)):
        wall.box(0, top - 0.05, 30, 0.06, (120, 116, 110), -0.03)
        for bay, left in enumerate(np.arange(0, 30, 3.0)):
            wall.box(left - 0.02, top, 0.05, 2.8, (116, 112, 106), -0.03)
            if bay % 3 == 1:
                wall.box(left + 0.2, top + 0.3, 2.6, 2.4, (92, 92, 94), -0.9)
                wall.glass(left + 0.4, top + 0.5, 1.5, 2.1, depth=-0.95, mirror=0.5)
                wall.box(
                    left + 0.1,
                    top + 1.55,
                    2.8,
                    1.1,
                    ((176, 122, 92), (104, 124, 132), (188, 174, 132))[storey % 3],
                    0.3,
                )
                wall.box(left + 0.1, top + 1.5, 2.8, 0.07, (170, 170, 168), 0.36)
            else:
                _sash_window(wall, left + 0.65, top + 0.6, 1.7, 1.4, frame=_WHITE, surround=None, bars=(2, 1))
    rng = wall.rng
    canvas = sky(rng)
    pavement(canvas, rng, 196)
    place(canvas, wall.lit(dirt=0.45), ((-36, -70), (236, 84), (236, 204), (-36, 238)))
    tree(canvas, rng, 222, 224, 110, leaves=2200, brightness=0.9)
    car(canvas, 78, 278, 190, (74, 84, 96))
    return develop(canvas, seed=14, exposure=1.12)


def stone_balconies() -> Pixels:
    """Limestone, tall windows and iron railings, leaves hanging into the picture."""
    wall = Wall(8.6, 8.6, density=84, colour=(214, 203, 178), seed=15)
    for course in np.arange(0, 8.6, 0.43):
        wall.box(0, course, 8.6, 0.025, (170, 158, 134), -0.02)
    for top in (0.55, 4.6):
        wall.box(0, top + 3.22, 8.6, 0.2, (220, 210, 188), 0.3)
        wall.box(0, top + 3.42, 8.6, 0.12, (208, 196, 172), 0.18)
        for left in np.arange(0.75, 8.6, 2.1):
            wall.box(left - 0.2, top - 0.22, 1.5, 3.0, (224, 214, 192), 0.08)
            wall.box(left - 0.3, top - 0.34, 1.7, 0.17, (228, 218, 198), 0.24)
            _sash_window(wall, left, top, 1.1, 2.75, frame=_WHITE, surround=None, bars=(2, 4))
            _railing(wall, left - 0.14, top + 1.9, 1.38, 0.92)
    rng = wall.rng
    canvas = sky(rng)
    place(canvas, wall.lit(dirt=0.35), ((-26, -30), (284, 6), (276, 262), (-22, 296)))
    branch(canvas, rng, 238, 18, 62)
    return develop(canvas, seed=15, exposure=1.0)


def warehouse() -> Pixels:
    """Dark brick and iron windows of many small panes."""
    wall = Wall(13, 12, density=56, colour=(104, 66, 54), seed=16)
    wall.bricks(((112, 68, 54), (94, 56, 48), (126, 82, 64), (84, 54, 50)), (128, 120, 110))
    for top in (0.7, 4.7, 8.7):
        wall.box(0, top + 3.1, 13, 0.22, (138, 90, 70), 0.1)
        for left in np.arange(0.65, 13, 3.1):
            wall.box(left - 0.14, top - 0.26, 2.48, 0.3, (158, 100, 78), 0.05)
            wall.box(left - 0.1, top + 2.5, 2.4, 0.16, (150, 144, 132), 0.14)
            wall.box(left, top, 2.2, 2.5, (44, 50, 50), -0.28)
            for row in range(6):
                for column in range(6):
                    pane = (left + 0.05 + column * 0.355, top + 0.05 + row * 0.405)
                    wall.glass(*pane, 0.3, 0.35, depth=-0.31, mirror=float(wall.rng.choice([0.35, 0.7, 1.0])))
    canvas = sky(wall.rng)
    place(canvas, wall.lit(dirt=0.55), ((-12, -90), (264, 10), (264, 262), (-12, 320)))
    return develop(canvas, seed=16, exposure=1.7)


def corner_office() -> Pixels:
    """The corner of an office block: two faces of long window bands, one of them in the shade."""
    faces = []
    for seed, light in ((17, 1.0), (18, 0.06)):
        wall = Wall(24, 30, density=22, colour=(204, 200, 192), seed=seed)
        for top in np.arange(0.4, 30, 3.0):
            wall.box(0, top, 24, 1.55, (60, 62, 64), -0.45)
            for left in np.arange(0, 24, 1.2):
                wall.glass(left + 0.04, top + 0.05, 1.12, 1.45, depth=-0.5, mirror=0.9)
                if wall.rng.random() < 0.3:
                    wall.curtain(left + 0.04, top + 0.05, 1.12, float(wall.rng.uniform(0.4, 1.2)), _CURTAIN)
                wall.box(left - 0.05, top, 0.1, 1.55, (150, 150, 148), -0.3)
            for left in np.arange(0, 24.1, 6):
                wall.box(left - 0.3, 0, 0.6, 30, (214, 210, 202), 0.12)
        faces.append(wall.lit(sunlight=light, skylight=1.0 if light == 1 else 1.15, dirt=0.25))
    rng = np.random.default_rng(17)
    canvas = sky(rng, (84, 134, 198), (190, 212, 232))
    place(canvas, faces[0], ((-60, 58), (150, -36), (150, 300), (-60, 250)))
    place(canvas, faces[1], ((150, -36), (300, 66), (300, 246), (150, 300)))
    return develop(canvas, seed=17, exposure=1.05)


def distant_tower() -> Pixels:
    """A high-rise of hundreds of small windows: a grid near the limit of what the picture resolves."""
    wall = Wall(44, 60, density=14, colour=(196, 180, 158), seed=19)
    for top in np.arange(0.6, 60, 2.4):
        wall.box(0, top + 1.75, 44, 0.12, (170, 154, 134), 0.1)
        for left in np.arange(0.5, 44, 1.9):
            wall.glass(left, top, 1.15, 1.5, depth=-0.22, mirror=0.75)
            if wall.rng.random() < 0.35:
                wall.curtain(left, top, 1.15, 0.8, _CURTAIN)
            wall.box(left + 0.54, top, 0.08, 1.5, _WHITE, -0.16)
    for left in np.arange(0, 44, 9.5):
        wall.box(left - 0.25, 0, 0.5, 60, (210, 196, 176), 0.3)
    rng = wall.rng
    canvas = sky(rng)
    place(canvas, wall.lit(), ((20, -8), (236, 34), (248, 290), (-8, 300)))
    tree(canvas, rng, 30, 300, 130, leaves=2400, blur=1)
    tree(canvas, rng, 222, 310, 120, leaves=2400, blur=1)
    # Haze: far things lose contrast towards the colour of the sky.
    canvas += (linear((196, 210, 226)) - canvas) * np.float32(0.12)
    return develop(canvas, seed=19, exposure=1.1)


def lit_windows() -> Pixels:
    """An office at dusk: some rooms lit, the rest mirroring the last of the sky."""
    wall = Wall(20, 20, density=35, colour=(120, 118, 120), seed=20)
    for top in np.arange(0.35, 20, 3.3):
        for left in np.arange(0.4, 20, 2.4):
            wall.box(left - 0.1, top - 0.1, 2.1, 2.5, (96, 96, 100), 0.06)
            lit = float(wall.rng.choice([0, 0, 0, 0.1, 0.3, 0.45]))
            for half in (left, left + 0.98):
                wall.glass(half, top, 0.92, 2.3, depth=-0.2, mirror=0.55, lit=lit)
            if wall.rng.random() < 0.5:
                blind = float(wall.rng.uniform(0.5, 1.6))
                for slat in np.arange(0, blind, 0.16):
                    wall.shade(left, top + slat, 1.9, 0.08, 0.5)
                    rows, columns = wall.area(left, top + slat, 1.9, 0.09)
                    wall.glow[rows, columns] *= np.float32(0.35)
    canvas = sky(wall.rng, (38, 52, 92), (150, 120, 120))
    front = wall.lit(sunlight=0.08, skylight=0.55, sky=(120, 136, 190), dirt=0.3)
    place(canvas, front, ((-20, -60), (250, 26), (258, 232), (-20, 300)))
    return develop(canvas, seed=20, exposure=1.7, grain=2.0)


def _sash_window(
    wall: Wall,
    left: float,
    top: float,
    width: float,
    height: float,
    *,
    frame: Colour,
    surround: Colour | None,
    bars: tuple[int, int] = (2, 2),
) -> None:
    """A window in its reveal: `bars` panes across and down, a sill below, sometimes curtains."""
    if surround:
        wall.box(left - 0.14, top - 0.3, width + 0.28, 0.3, surround, 0.05)
    wall.box(left, top, width, height, (120, 112, 100), -0.16)
    wall.box(left + 0.03, top + 0.02, width - 0.06, height - 0.02, frame, -0.1)
    wall.box(left - 0.1, top + height, width + 0.2, 0.13, surround or (212, 204, 188), 0.13)
    wall.shade(left - 0.02, top + height + 0.13, width + 0.04, 0.5, 0.9)
    columns, rows = bars
    across, down = (width - 0.12) / columns, (height - 0.1) / rows
    curtained = wall.rng.random() < 0.55
    for i in range(columns):
        for j in range(rows):
            pane = (left + 0.06 + i * across + 0.025, top + 0.06 + j * down + 0.025, across - 0.05, down - 0.05)
            wall.glass(*pane, depth=-0.14)
            if curtained and (i in (0, columns - 1)):
                side = pane[0] if i == 0 else pane[0] + 0.45 * pane[2]
                wall.curtain(side, pane[1], 0.55 * pane[2], pane[3], _CURTAIN)


def _louvre(wall: Wall, left: float, top: float, width: float, height: float, colour: Colour) -> None:
    """A shutter of slanting slats."""
    wall.box(left, top, width, height, colour, 0.05)
    rows, columns = wall.area(left + 0.06, top + 0.06, width - 0.12, height - 0.12)
    slat = (np.arange(rows.stop - rows.start) / wall.density / 0.055) % 1
    wall.albedo[rows, columns] *= (0.45 + 0.75 * slat).astype(np.float32)[:, None, None]


def _railing(wall: Wall, left: float, top: float, width: float, height: float) -> None:
    """Iron bars before a window."""
    iron: Colour = (34, 36, 40)
    for bar in np.arange(left, left + width + 0.01, 0.115):
        wall.box(float(bar), top, 0.028, height, iron, 0.2)
    for rail in (top, top + 0.14, top + height - 0.05):
        wall.box(left - 0.03, rail, width + 0.06, 0.045, iron, 0.22)
