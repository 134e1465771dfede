"""Recipes as text: TOML for people, JSON inside a finished figure."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any

from lam_core.attribution.settings import AttributionSettings
from lam_core.render.figure.recipe import ImageSource, Inset, Network, Recipe, RecipeError, Window

MARK = "lam_figure"
"""The first key of every recipe; its value is the version of this format."""
VERSION = 1
LONGEST_RECIPE = 262_144
"""Characters above which no text is read as a recipe."""


def to_json(recipe: Recipe) -> str:
    """One line of JSON in ASCII, the same for equal recipes; `from_json` reads it back."""
    return json.dumps({MARK: VERSION, **plain(recipe)}, separators=(",", ":"), allow_nan=False)


def to_toml(recipe: Recipe) -> str:
    """TOML with a table an image and a line a window or network; `from_toml` reads it back."""
    content = plain(recipe)
    tables = {name: content.pop(name, None) for name in ("images", "networks", "insets", "labels", "settings")}
    parts = [_lines({MARK: VERSION, **content})]
    parts += [f"[[images]]\n{_lines(image)}" for image in tables["images"]]
    parts += [f"[[networks]]\n{_lines(network)}" for network in tables["networks"]]
    parts += [f"[[insets]]\n{_lines(inset)}" for inset in tables["insets"] or ()]
    parts += [f"[{name}]\n{_lines(tables[name])}" for name in ("labels", "settings") if tables[name]]
    return "\n".join(parts)


def from_json(text: str) -> Recipe:
    """The recipe in JSON. Raises `RecipeError`."""
    _check_length(text)
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise RecipeError("this is no JSON; give a recipe as `lam figure` writes it") from None
    return from_plain(content)


def from_toml(text: str) -> Recipe:
    """The recipe in TOML. Raises `RecipeError`."""
    _check_length(text)
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"the recipe is no TOML: {str(error)[:200]}") from None
    except RecursionError:
        raise RecipeError("the recipe is nested too deeply; give one as `lam figure` writes it") from None
    return from_plain(content)


def plain(recipe: Recipe) -> dict[str, Any]:
    """A recipe as plain values; what equals its default is left out, of the settings nothing."""
    return {**_without_defaults(recipe), "settings": asdict(recipe.settings)}


def from_plain(content: Any) -> Recipe:
    """The inverse of `plain`, with the mark. Raises `RecipeError` that names the first wrong entry."""
    from pydantic import ValidationError

    if not isinstance(content, dict) or content.get(MARK) != VERSION:
        raise RecipeError(f"this is no recipe of a figure; one begins with `{MARK} = {VERSION}`")
    rest = {name: value for name, value in content.items() if name != MARK}
    try:
        return _adapter().validate_json(json.dumps(rest, default=str))
    except ValidationError as error:
        raise RecipeError(_sentence(error.errors()[0])) from None
    except RecursionError:
        raise RecipeError("the recipe is nested too deeply; give one as `lam figure` writes it") from None


@cache
def _adapter() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(Recipe)


def _sentence(fault: Mapping[str, Any]) -> str:
    place = ".".join(str(part + 1) if isinstance(part, int) else str(part) for part in fault["loc"])
    message = str(fault["msg"]).removeprefix("Value error, ")
    if fault["type"] == "value_error":
        return f"{place}: {message}" if place else message
    if fault["type"] == "unexpected_keyword_argument":
        name = str(fault["loc"][-1])
        near = get_close_matches(name, _names(), 1)
        return f"the recipe has an unknown entry {place!r}" + (f"; did you mean {near[0]!r}?" if near else "")
    if fault["type"] in ("missing", "missing_argument"):
        return f"the recipe lacks {place!r}; add it"
    given = fault.get("input")
    shown = f", not {str(given)[:60]!r}" if isinstance(given, str | int | float | bool) else ""
    return f"{place} of the recipe: {message[:1].lower()}{message[1:]}{shown}"


def _names() -> list[str]:
    kinds = (Recipe, ImageSource, Network, Window, Inset, AttributionSettings)
    return [entry.name for kind in kinds for entry in fields(kind)]


def _without_defaults(value: Any) -> Any:
    if is_dataclass(value):
        standard = {entry.name: entry.default for entry in fields(value)}
        content = {name: getattr(value, name) for name in standard}
        return {
            name: _without_defaults(part) for name, part in content.items() if part != standard[name] and part != {}
        }
    if isinstance(value, tuple):
        return [_without_defaults(part) for part in value]
    return value


def _check_length(text: str) -> None:
    if len(text) > LONGEST_RECIPE:
        raise RecipeError(f"a recipe of {len(text)} characters is too long; give at most {LONGEST_RECIPE}")


def _lines(table: Mapping[str, Any]) -> str:
    return "".join(f"{name} = {_value(value)}\n" for name, value in table.items())


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{name} = {_value(part)}" for name, part in value.items()) + " }"
    if isinstance(value, list | tuple):
        inner = [_value(part) for part in value]
        several = value and isinstance(value[0], Mapping)
        return "[\n" + "".join(f"  {part},\n" for part in inner) + "]" if several else "[" + ", ".join(inner) + "]"
    if isinstance(value, float):
        return repr(value)
    # JSON writes whole numbers, truth values and strings as TOML does; control characters are refused in a recipe.
    return json.dumps(value, ensure_ascii=False)
