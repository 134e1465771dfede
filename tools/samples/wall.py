"""A wall seen from the front: what it is made of, how far its parts stand out, and how the sun falls on it."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from lam_core.samples.canvas import Colour, Light, fractal, linear, noise


class Wall:
    """A facade painted part by part, in metres from its top-left corner; later parts cover earlier ones."""

    def __init__(self, width: float, height: float, *, density: float, colour: Colour, seed: int) -> None:
        self.width, self.height, self.density = width, height, density
        """Metres, metres, and picture elements per metre."""
        self.rng = np.random.default_rng(seed)
        shape = (round(height * density), round(width * density))
        self.albedo = np.empty((*shape, 3), np.float32)
        self.albedo[:] = linear(colour)
        self.depth = np.zeros(shape, np.int16)
        """How far a part stands out of the wall (or, negative, lies back), in picture elements."""
        self.glow = np.zeros((*shape, 3), np.float32)
        """Light that does not depend on the sun: reflections in glass, lit rooms."""
        self._folds = 0.55 + 0.45 * noise(self.rng, 2, 2048, max(2.0, 0.06 * density))[0]
        self._mirrored = _surroundings(self.rng, 256, 512)

    def area(self, left: float, top: float, width: float, height: float) -> tuple[slice, slice]:
        """Rows and columns of a rectangle, clipped to the wall."""
        rows = slice(max(0, round(top * self.density)), max(0, round((top + height) * self.density)))
        columns = slice(max(0, round(left * self.density)), max(0, round((left + width) * self.density)))
        return rows, columns

    def box(self, left: float, top: float, width: float, height: float, colour: Colour, depth: float) -> None:
        """A rectangular part of one colour, `depth` metres out of the wall."""
        part = self.area(left, top, width, height)
        self.albedo[part] = linear(colour) * np.float32(self.rng.uniform(0.94, 1.06))
        self.depth[part] = round(depth * self.density)
        self.glow[part] = 0

    def bricks(
        self, colours: tuple[Colour, ...], mortar: Colour, *, length: float = 0.25, course: float = 0.083
    ) -> None:
        """Lays the whole wall in running bond."""
        height, width = self.depth.shape
        y = np.arange(height) / self.density / course
        x = np.arange(width) / self.density / length
        row, bed = y.astype(np.int32), (y % 1) < 0.15
        palette = np.stack([linear(colour) for colour in colours])
        shade = palette[self.rng.integers(0, len(palette), (row[-1] + 1, int(x[-1]) + 2))]
        shade *= self.rng.uniform(0.75, 1.2, (*shade.shape[:2], 1)).astype(np.float32)
        for parity in (0, 1):
            shifted = x + parity / 2
            rows = row % 2 == parity
            joint = bed[rows, None] | ((shifted % 1) < 0.05)[None, :]
            laid = shade[row[rows]][:, shifted.astype(np.int32)]
            laid[joint] = linear(mortar)
            self.albedo[rows] = laid
            self.depth[rows] = np.where(joint, -1, 0)

    def glass(
        self,
        left: float,
        top: float,
        width: float,
        height: float,
        *,
        depth: float,
        mirror: float = 1.0,
        lit: float = 0.0,
    ) -> None:
        """A pane: the sky and the houses opposite mirrored in it, a dim or (`lit` > 0) lit room behind."""
        rows, columns = self.area(left, top, width, height)
        target = self.glow[rows, columns]
        if not target.size:
            return
        # No two panes lie quite in one plane, so each mirrors a slightly different place.
        sky_rows, sky_columns = self._mirrored.shape[:2]
        first = round(rows.start / self.depth.shape[0] * 0.5 * sky_rows) + int(self.rng.integers(0, 30))
        row = (first + np.arange(target.shape[0]) // 3) % sky_rows
        column = (columns.start // 3 + int(self.rng.integers(0, 60)) + np.arange(target.shape[1]) // 2) % sky_columns
        target[:] = self._mirrored[row][:, column] * np.float32(mirror * self.rng.uniform(0.55, 1.0))
        if lit:
            fall = np.linspace(1.15, 0.55, target.shape[0], dtype=np.float32)[:, None, None]
            target += np.array([1.0, 0.72, 0.4], np.float32) * np.float32(lit) * fall
        self.albedo[rows, columns] = np.float32(0.012)
        self.depth[rows, columns] = round(depth * self.density)

    def curtain(self, left: float, top: float, width: float, height: float, colour: Colour) -> None:
        """Folded cloth behind a pane that is already there."""
        rows, columns = self.area(left, top, width, height)
        target = self.glow[rows, columns]
        if not target.size:
            return
        start = int(self.rng.integers(0, 2048 - target.shape[1]))
        target *= np.float32(0.4)
        target += self._folds[start : start + target.shape[1], None] * linear(colour) * np.float32(0.22)

    def shade(self, left: float, top: float, width: float, height: float, light: float) -> None:
        """Multiplies what is there by `light`: dirt, wet, a darker floor."""
        part = self.area(left, top, width, height)
        self.albedo[part] *= np.float32(light)

    def lit(
        self,
        *,
        sun: Colour = (255, 246, 228),
        sky: Colour = (150, 172, 205),
        sunlight: float = 1.0,
        skylight: float = 1.0,
        dirt: float = 0.3,
        shadow: Light | None = None,
    ) -> Light:
        """The wall in the sun, which stands high on the left; linear light [height, width, 3].

        `shadow` in [0, 1], of the wall's size, is the share of sunlight that something before the wall lets through.
        """
        height, width = self.depth.shape
        stain = fractal(self.rng, height, width, 1.6 * self.density, 4) - np.float32(0.5)
        streaks = noise(self.rng, height, width, 0.12 * self.density, stretch=14) - np.float32(0.5)
        pores = self.rng.integers(0, 256, (height, width), dtype=np.uint8).astype(np.float32) * np.float32(1 / 255)
        surface = (
            1 + np.float32(dirt) * (stain + np.float32(0.5) * streaks) + np.float32(0.16) * (pores - np.float32(0.5))
        )

        openness = self._openness()
        direct = surface * self._sunlit() * np.float32(0.9 * sunlight)
        if shadow is not None:
            direct *= shadow
        # An edge that faces the sun is brighter, one that turns away darker.
        edge = np.zeros_like(self.depth)
        edge[1:, 1:] = np.clip(self.depth[1:, 1:] - self.depth[:-1, :-1], -2, 2)
        direct *= 1 + np.float32(0.12) * edge
        ambient = surface * openness * np.float32(0.5 * skylight)
        reflected = np.float32(0.55) + np.float32(0.45) * openness
        light = np.empty_like(self.albedo)
        for channel, (warm, cool) in enumerate(zip(linear(sun), linear(sky), strict=True)):
            fallen = (direct * warm + ambient * cool) * self.albedo[..., channel]
            light[..., channel] = fallen + self.glow[..., channel] * reflected
        return light

    def _sunlit(self) -> Light:
        """1 in the sun, 0 in a shadow cast by the wall's own parts; light falls 45° down and to the right."""
        horizon = self.depth.copy()
        step, reach = 1, int(self.depth.max()) - int(self.depth.min())
        # The highest part towards the sun, less its distance: doubled steps reach all distances at once.
        while step <= max(reach, 1):
            moved = horizon[:-step, : -max(step // 2, 1)] - step
            target = horizon[step:, max(step // 2, 1) :]
            np.maximum(target, moved, out=target)
            step *= 2
        return (horizon <= self.depth).astype(np.float32)

    def _openness(self) -> Light:
        """The share of the sky that each part sees: less in recesses and under ledges."""
        height, width = self.depth.shape
        coarse = np.clip(self.depth[::4, ::4] + 128, 0, 255).astype(np.uint8)
        radius = max(1.0, 0.18 * self.density / 4)
        blurred = Image.fromarray(coarse).filter(ImageFilter.BoxBlur(radius)).filter(ImageFilter.BoxBlur(radius))
        around = np.asarray(blurred.resize((width, height), Image.Resampling.BILINEAR), np.float32) - 128
        sunk = np.maximum(around - self.depth, 0) * np.float32(1 / (0.12 * self.density))
        return 1 / (1 + sunk)


def _surroundings(rng: np.random.Generator, height: int, width: int) -> Light:
    """What panes mirror: clouds above, roofs opposite, a dim street below."""
    clouds = fractal(rng, height, width, 80, 3)
    cover = np.clip((clouds - np.float32(0.42)) * 5, 0, 1)[..., None]
    picture = linear((104, 140, 186)) * (1 - cover) + linear((205, 213, 222)) * cover
    picture *= np.linspace(0.55, 0.32, height, dtype=np.float32)[:, None, None]
    roofline = (height * (0.62 + 0.3 * noise(rng, 2, width, 35)[0])).astype(np.int32)
    houses = np.arange(height)[:, None] > roofline[None, :]
    picture[houses] *= np.float32(0.2)
    return picture
