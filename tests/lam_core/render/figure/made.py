"""Figures of made-up results: no network is needed to lay one out."""

from __future__ import annotations

import numpy as np

from lam_core.attribution.result import Attribution
from lam_core.attribution.settings import AttributionSettings
from lam_core.region import field_around
from lam_core.render.figure import ImageSource, Material, Network, Recipe, Slot, Source, Window, slots

SCALE = 4


def pixels(seed: int, height: int = 160, width: int = 192) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def recipe(windows: int = 1, networks: int = 2, images: int = 1, **more) -> Recipe:
    places = tuple(Window(24 + 8 * k, 40 + 12 * k, 16) for k in range(windows))
    return Recipe(
        images=tuple(ImageSource(file=f"image{k}.png", windows=places) for k in range(images)),
        networks=tuple(Network(f"net-{k}", f"Net {k}") for k in range(networks)),
        **{"settings": AttributionSettings(field=32), **more},
    )


def material(made: Recipe, *, missing: tuple[Slot, ...] = ()) -> Material:
    sources = tuple(
        Source.of(pixels(i), f"Image {i}", SCALE, low_resolution=image.low_resolution)
        for i, image in enumerate(made.images)
    )
    results = {slot: result(made, sources, slot) for slot in slots(made) if slot not in missing}
    return Material(made, sources, results, tuple(network.name for network in made.networks))


def result(made: Recipe, sources: tuple[Source, ...], slot: Slot) -> Attribution:
    """A map that is the product of two ramps around the window, different for every slot."""
    lr = sources[slot.image].lr
    region = made.images[slot.image].windows[slot.window].region
    field = field_around(region, *lr.shape[:2], SCALE, made.settings.field)
    random = np.random.default_rng([*slot])
    signed = np.zeros((3, field.height, field.width))
    rows, columns = field.local(region, SCALE).footprint(SCALE)
    signed[:, rows, columns] = random.random((3, rows.stop - rows.start, columns.stop - columns.start)) + 1
    signed += 0.001 * random.random(signed.shape)
    sr = random.integers(0, 256, (field.height * SCALE, field.width * SCALE, 3), dtype=np.uint8)
    return Attribution(
        signed=signed,
        diffusion_index=5.0 + slot.network,
        diffusion_index_error=0.1,
        map_error=0.01,
        completeness_error=0.01,
        nodes=9,
        settings=made.settings,
        region=region,
        field=field,
        scale=SCALE,
        model=made.networks[slot.network].name,
        fingerprint=f"{slot.network:064x}",
        image="0" * 64,
        sr=sr,
        seconds=1.0,
        device="cpu",
    )
