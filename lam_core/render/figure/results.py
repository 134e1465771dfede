"""The paper figure of attribution results."""

from __future__ import annotations

from collections.abc import Sequence

from lam_core.attribution.result import Attribution
from lam_core.attribution.wording import index_of, settings_of
from lam_core.diffusion.density import density
from lam_core.images import Pixels, mod_crop
from lam_core.render.figure.paper_figure import Panel, paper_figure


def results_figure(results: Sequence[Attribution], lr: Pixels, hr: Pixels | None) -> Pixels:
    """The paper figure of one window under several models: `lr` and `hr` are the whole pictures.

    All results must share field, window and scale; the footnote gives the settings of the first.
    """
    first = results[0]
    if any((r.field, r.region, r.scale) != (first.field, first.region, first.scale) for r in results):
        raise ValueError("results of different fields, windows or scales do not fit into one figure")
    rows, columns = first.field.slices
    if hr is not None:
        wide = [slice(s.start * first.scale, s.stop * first.scale) for s in (rows, columns)]
        hr = mod_crop(hr, first.scale)[wide[0], wide[1]]
    panels = [Panel(r.model, r.sr, r.map, density(r.map), f"DI {index_of(r)}") for r in results]
    return paper_figure(lr[rows, columns], hr, first.field.local(first.region, first.scale), panels, settings_of(first))
