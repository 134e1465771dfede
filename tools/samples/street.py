"""What stands in a street before a facade: sky, ground, trees, lamp posts, cars."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from lam_core.samples.canvas import FINE, OVERSAMPLING, Colour, Light, fractal, linear, noise, overlay
from lam_core.samples.sample import SIDE
from tools.samples.plants import STREET, Crown, crowns

_S = OVERSAMPLING


def sky(rng: np.random.Generator, top: Colour = (96, 144, 204), bottom: Colour = (206, 220, 232)) -> Light:
    """A new canvas with nothing but a summer sky."""
    height = np.linspace(0, 1, SIDE, dtype=np.float32)[:, None, None]
    clear = linear(top) * (1 - height) + linear(bottom) * height
    cloud = np.clip((fractal(rng, SIDE, SIDE, 105, 3) - np.float32(0.5)) * 3, 0, 1)[..., None]
    clouded = clear + cloud * (linear((246, 246, 246)) - clear) * np.float32(0.7)
    return clouded.repeat(OVERSAMPLING, axis=0).repeat(OVERSAMPLING, axis=1)


def pavement(canvas: Light, rng: np.random.Generator, horizon: float, colour: Colour = (132, 128, 122)) -> None:
    """Ground from a height in pixels down to the picture's foot, coarser as it comes nearer."""
    top = round(horizon * _S)
    height = FINE - top
    if height < 2:
        return
    far = noise(rng, height, FINE, 9, stretch=0.25) * 0.16 + fractal(rng, height, FINE, 160, 3) * 0.3
    canvas[top:] = linear(colour) * (far + np.float32(0.62))[..., None]


def tree(
    canvas: Light,
    rng: np.random.Generator,
    x: float,
    foot: float,
    height: float,
    *,
    leaves: int = 3200,
    blur: float = 0.0,
    brightness: float = 1.0,
) -> None:
    """A street tree; x, foot and height in pixels."""
    painting = Image.new("RGBA", (FINE, FINE))
    draw = ImageDraw.Draw(painting)
    trunk = height * 0.035
    for i in range(6):
        part = trunk * (1 - 0.28 * i / 2)
        shade = 34 + 13 * i
        left = (x - part + trunk * 0.12 * i) * _S
        draw.polygon(
            [
                (left, foot * _S),
                (left + 2 * part * _S * (1 - i / 6), foot * _S),
                (left + 1.6 * part * _S * (1 - i / 6), (foot - height * 0.6) * _S),
                (left + 0.3 * part * _S, (foot - height * 0.6) * _S),
            ],
            fill=(shade + 6, shade, shade - 6, 255),
        )
    overlay(canvas, painting, blur=blur, brightness=brightness)
    middle, radius = (foot - height * 0.66) * _S, height * 0.3 * _S
    places = [
        Crown(
            x * _S + rng.uniform(-0.75, 0.75) * radius,
            middle + rng.uniform(-0.85, 0.6) * radius,
            radius * rng.uniform(0.35, 0.6),
            radius * rng.uniform(0.3, 0.5),
            leaves // 12,
        )
        for _ in range(12)
    ]
    size = max(6.5, height * 0.0105 * _S)
    overlay(canvas, crowns(rng, places, size=size, colours=STREET), blur=blur, brightness=brightness)


def branch(canvas: Light, rng: np.random.Generator, x: float, y: float, reach: float, *, blur: float = 3.0) -> None:
    """Leaves that hang into the picture near the camera, a little out of focus; all in pixels."""
    places = [
        Crown(
            (x + rng.uniform(-1, 1) * reach) * _S,
            (y + rng.uniform(-0.7, 0.7) * reach) * _S,
            0.42 * reach * _S,
            0.34 * reach * _S,
            130,
        )
        for _ in range(7)
    ]
    overlay(canvas, crowns(rng, places, size=17), blur=blur, brightness=0.9)


def lamp_post(canvas: Light, x: float, foot: float, height: float) -> None:
    """An iron lamp post with a lantern; all in pixels."""
    painting = Image.new("RGBA", (FINE, FINE))
    draw = ImageDraw.Draw(painting)

    def column(top: float, bottom: float, half: float) -> None:
        # Round iron: dark at both sides, a highlight left of the middle.
        width = max(2, round(2 * half * _S))
        for i in range(width):
            across = i / max(width - 1, 1)
            shade = 22 + round(96 * max(0.0, 1 - abs(across - 0.32) * 3.2))
            left = x * _S - width / 2 + i
            draw.line([(left, top * _S), (left, bottom * _S)], fill=(shade, shade + 4, shade + 6, 255))

    lantern = foot - height
    column(lantern + 15, foot, 1.5)
    column(foot - 0.16 * height, foot, 3.0)
    column(foot - 0.19 * height, foot - 0.16 * height, 3.8)
    column(lantern + 20, lantern + 23, 3.2)
    glass = [(x - 6.5, lantern), (x + 6.5, lantern), (x + 4, lantern + 14), (x - 4, lantern + 14)]
    draw.polygon([(a * _S, b * _S) for a, b in glass], fill=(196, 200, 190, 205))
    draw.line([(x * _S, lantern * _S), (x * _S, (lantern + 14) * _S)], fill=(40, 44, 46, 255), width=3)
    for left, right in ((glass[0], glass[3]), (glass[1], glass[2])):
        draw.line([(left[0] * _S, left[1] * _S), (right[0] * _S, right[1] * _S)], fill=(30, 33, 36, 255), width=5)
    roof = [(x - 8.5, lantern), (x - 2.5, lantern - 7), (x + 2.5, lantern - 7), (x + 8.5, lantern)]
    draw.polygon([(a * _S, b * _S) for a, b in roof], fill=(34, 38, 40, 255))
    column(lantern - 11, lantern - 6, 0.8)
    column(lantern + 13, lantern + 16, 4)
    overlay(canvas, painting)


def car(canvas: Light, x: float, foot: float, length: float, colour: Colour) -> None:
    """A parked car from the side, its middle at x; all in pixels."""
    painting = Image.new("RGBA", (FINE, FINE))
    draw = ImageDraw.Draw(painting)
    unit = length / 100 * _S

    def at(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
        return [(x * _S + (a - 50) * unit, foot * _S - b * unit) for a, b in points]

    def disc(a: float, b: float, radius: float, fill: tuple[int, ...]) -> None:
        (left, top), (right, bottom) = at([(a - radius, b + radius), (a + radius, b - radius)])
        draw.ellipse([left, top, right, bottom], fill=fill)

    draw.ellipse([*at([(0, 3)])[0], *at([(100, -5)])[0]], fill=(10, 10, 12, 190))
    outline = [(1, 9), (1, 19), (4, 23), (17, 26), (30, 38), (38, 40.5), (62, 40.5), (72, 37), (84, 27), (97, 24.5),
               (99.5, 18), (99, 9)]  # fmt: skip
    body = Image.new("L", (FINE, FINE))
    ImageDraw.Draw(body).polygon(at(outline), fill=255)
    # Lacquer: bright where it mirrors the sky, darkest below the waist line.
    rows = np.arange(FINE)
    level = (foot * _S - rows) / unit
    mirror = np.interp(level, [6, 13, 19, 21, 24, 28, 41], [0.28, 0.5, 0.62, 0.8, 1.25, 0.95, 1.5])
    shaded = np.clip(np.array(colour)[None, :] * mirror[:, None] + 22 * (mirror[:, None] > 1), 0, 255)
    lacquer = np.repeat(shaded[:, None].astype(np.uint8), FINE, axis=1)
    painting.paste(Image.fromarray(lacquer), mask=body)
    for pane in ([(22, 27), (32, 36.5), (38, 38.5), (47, 38.8), (47, 27.4)],
                 [(50, 27.5), (50, 38.8), (61, 38.6), (69, 35.8), (79, 28)]):  # fmt: skip
        draw.polygon(at(pane), fill=(30, 37, 44, 255))
        left, right = pane[0], pane[-1]
        lower = [(a, 27 + (b - 27) * 0.45) for a, b in pane]
        draw.polygon(at(lower), fill=(52, 62, 70, 255))
        draw.line(at([left, right]), fill=(150, 154, 158, 255), width=2)
    draw.line(at([(48.5, 10), (48.5, 27)]), fill=(20, 20, 24, 255), width=2)
    draw.line(at([(4, 13.5), (96, 13.5)]), fill=(20, 20, 24, 150), width=3)
    draw.polygon(at([(1.5, 19), (5.5, 22.5), (8, 21), (3, 18)]), fill=(250, 246, 230, 255))
    draw.polygon(at([(98, 18), (94, 22), (92.5, 21), (97, 17)]), fill=(150, 24, 22, 255))
    for wheel in (20, 79):
        disc(wheel, 8.5, 9.8, (12, 12, 14, 255))
        disc(wheel, 7.2, 8.2, (24, 24, 26, 255))
        disc(wheel, 7.2, 5.3, (168, 171, 176, 255))
        disc(wheel, 7.2, 4.3, (92, 95, 100, 255))
        disc(wheel, 7.2, 1.3, (190, 192, 196, 255))
    overlay(canvas, painting, brightness=0.8, blur=3)
