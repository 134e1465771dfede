"""Where everything of a figure stands: a pure function of recipe and results."""

from __future__ import annotations

from collections.abc import Sequence

from lam_core.render.figure.canvas import Canvas, Layout
from lam_core.render.figure.cells import Cell, network_cell, reference_cell
from lam_core.render.figure.legend import bars, note, quality_names
from lam_core.render.figure.material import FigureError, Material, Slot, Spot, spots
from lam_core.render.figure.recipe import Kind, Number

OVERVIEW_SHARE = 0.42
"""Of the figure's width, at most, for the overview of a comparison."""
TINY_CELL = 3.0
"""Millimetres below which a cell cannot be read."""


def layout(material: Material) -> Layout:
    """Where every image, box and line of text stands. Raises `FigureError` where cells get too small."""
    recipe = material.recipe
    canvas = Canvas(recipe.width_mm, recipe.font_size, recipe.gap_mm, recipe.box)
    y = 0.0
    for number, spot in enumerate(spots(recipe)):
        if number:
            y += max(recipe.gap_mm, canvas.line / 2)
        band = _table if recipe.template == "lam" else _comparison
        y = band(canvas, material, spot, y, first=number == 0)
    y = canvas.bars(bars(material), y)
    y = canvas.note(note(material) if recipe.note else "", y)
    return canvas.layout(y)


def _table(canvas: Canvas, material: Material, spot: Spot, y: float, *, first: bool) -> float:
    """A window's table: references stacked in the first columns, then networks against kinds; gives its lower edge."""
    recipe, gap, line = material.recipe, material.recipe.gap_mm, canvas.line
    networks, kinds = range(len(recipe.networks)), recipe.cells
    shown = networks if kinds else ()
    under = _under(recipe.under, kinds)
    grid = [[network_cell(material, Slot(*spot, n), kind, under[kind]) for n in shown] for kind in kinds]
    columns, rows = list(material.names if kinds else ()), [recipe.label(kind) for kind in kinds]
    if recipe.across == "cells":
        grid = [list(row) for row in zip(*grid, strict=True)]
        columns, rows = rows, columns
    rows = rows if len(rows) > 1 or recipe.across == "cells" else []
    height_in_rows = max(len(grid), 1 if grid or not recipe.references else len(recipe.references))
    stacked = _stacked([reference_cell(material, spot, kind) for kind in recipe.references], height_in_rows)
    name = recipe.images[spot.image].windows[spot.window].name

    upright = line if name else 0.0
    middle = line if rows else 0.0
    count = len(stacked) + len(columns)
    width = (recipe.width_mm - upright - middle - gap * (count - 1)) / count
    _check(width, count)
    if first and columns:
        x = upright + len(stacked) * (width + gap) + middle
        for j, title in enumerate(columns):
            canvas.write(x + j * (width + gap) + width / 2, y + line / 2, title, width)
        y += line
    top = y
    for i in range(height_in_rows):
        lead = [column[i] for column in stacked if i < len(column)]
        cells = grid[i] if i < len(grid) else []
        high = max((cell.aspect * width for cell in (*lead, *cells)), default=0.0)
        has_words = bool(lead) or any(cell.numbers for cell in cells)
        for j, cell in enumerate(lead):
            x = upright + j * (width + gap)
            canvas.cell(cell, x, y, width, high)
            canvas.write(x + width / 2, y + high + line / 2, _joined(cell.label, cell.numbers), width)
        x = upright + len(stacked) * (width + gap)
        if rows and cells:
            canvas.write(x + line / 2, y + high / 2, rows[i], high, upright=True)
        for j, cell in enumerate(cells):
            left = x + middle + j * (width + gap)
            canvas.cell(cell, left, y, width, high)
            canvas.write(left + width / 2, y + high + line / 2, cell.numbers, width)
        y += high + (line if has_words else 0) + gap
    canvas.write(line / 2, (top + y - gap) / 2, name, y - top, upright=True)
    return y - gap


def _comparison(canvas: Canvas, material: Material, spot: Spot, y: float, *, first: bool) -> float:
    """A window's crops in rows beside the overview; gives the lower edge."""
    recipe, gap, line = material.recipe, material.recipe.gap_mm, canvas.line
    under = _under(recipe.under, recipe.cells)
    cells = [(reference_cell(material, spot, kind), "") for kind in recipe.references if kind != "overview"]
    for n in range(len(recipe.networks)):
        for kind in recipe.cells:
            title = material.names[n] + (f", {recipe.label(kind)}" if len(recipe.cells) > 1 else "")
            cells.append((network_cell(material, Slot(*spot, n), kind, under[kind]), title))
    overview = reference_cell(material, spot, "overview") if "overview" in recipe.references else None
    if not cells:
        assert overview is not None
        canvas.cell(overview, 0, y, recipe.width_mm, recipe.width_mm * overview.aspect)
        return y + recipe.width_mm * overview.aspect
    name = recipe.images[spot.image].windows[spot.window].name
    per_row = min(recipe.per_row, len(cells))
    rows = -(-len(cells) // per_row)
    tallest = max(cell.aspect for cell, _ in cells)
    words = 2 * line
    rest = rows * words + (rows - 1) * gap
    width = (recipe.width_mm - gap * (per_row - 1)) / per_row
    left = 0.0
    if overview is not None:
        shape = 1 / overview.aspect
        # As high as the crops with their words, unless that makes it too wide.
        available = recipe.width_mm - gap * per_row
        width = (available - shape * (rest - line)) / (shape * rows * tallest + per_row)
        wide = shape * (rows * tallest * width + rest - line)
        if wide > OVERVIEW_SHARE * recipe.width_mm or width < TINY_CELL:
            wide = OVERVIEW_SHARE * recipe.width_mm
            width = (available - wide) / per_row
        left = wide + gap
    _check(width, per_row)
    high = tallest * width
    height = rows * (high + words) + (rows - 1) * gap
    if overview is not None:
        tall = min(height - line, (left - gap) * overview.aspect)
        canvas.cell(overview, 0, y, left - gap, tall)
        title = _joined(overview.label, name, quality_names(recipe.under))
        canvas.write((left - gap) / 2, y + tall + line / 2, title, left - gap)
        height = max(height, tall + line)
    for index, (cell, title) in enumerate(cells):
        x = left + index % per_row * (width + gap)
        top = y + index // per_row * (high + words + gap)
        canvas.cell(cell, x, top, width, high)
        canvas.write(x + width / 2, top + high + line / 2, title or cell.label, width)
        canvas.write(x + width / 2, top + high + 1.5 * line, cell.numbers, width)
    return y + height


def _under(chosen: Sequence[Number], kinds: Sequence[Kind]) -> dict[Kind, tuple[Number, ...]]:
    """Which numbers stand under which kind of cell: quality under SR, DI under the last map."""
    quality: tuple[Number, ...] = tuple(name for name in chosen if name != "di")
    index: tuple[Number, ...] = tuple(name for name in chosen if name == "di")
    if not kinds:
        return {}
    of_quality = "sr" if "sr" in kinds else kinds[-1]
    of_index = next((kind for kind in reversed(kinds) if kind != "sr"), kinds[-1])
    return {kind: (quality if kind == of_quality else ()) + (index if kind == of_index else ()) for kind in kinds}


def _stacked(cells: list[Cell], rows: int) -> list[list[Cell]]:
    """Cells in columns of so many, from the top."""
    return [cells[k : k + rows] for k in range(0, len(cells), rows)]


def _joined(*words: str) -> str:
    return " · ".join(word for word in words if word)


def _check(width: float, columns: int) -> None:
    if width < TINY_CELL:
        raise FigureError(
            f"{columns} columns leave cells {max(width, 0):.1f} mm wide; choose a wider figure, a smaller font or "
            "fewer columns"
        )
