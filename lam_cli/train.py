"""`lam train`: makes the compact networks."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from lam_cli.arguments import InputError


def add(commands: Any) -> None:
    """Adds the command to a command line."""
    command = commands.add_parser("train", help="train a compact network from its recipe")
    command.add_argument("id", nargs="?", help="a recipe's id; see zoo/training/recipes")
    command.add_argument("--all", action="store_true", help="every recipe, time divided by their weights")
    command.add_argument("--data", type=Path, help="folder of training pictures (LAM_TRAINING_DATA)")
    command.add_argument("--source", default="", help="source and terms of those pictures, for the card")
    command.add_argument(
        "--test", action="append", default=[], metavar="NAME=DIR", help="folder of HR pictures to test on; repeatable"
    )
    command.add_argument("--minutes", type=float, help="wall time, all in all, in place of the recipe's steps")
    command.add_argument("--threads", type=int, help="CPU threads")
    command.add_argument("--states", type=Path, default=Path(".lam/training"), help="where an unfinished run is kept")
    command.add_argument("--out", type=Path, help="where weights and card go; zoo/compact if not given")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Trains and prints the path of every network written."""
    if bool(options.id) == options.all:
        raise InputError("name one recipe, or give --all")
    data = options.data or (Path(os.environ["LAM_TRAINING_DATA"]) if "LAM_TRAINING_DATA" in os.environ else None)
    if data is None or not data.is_dir():
        raise InputError(f"no folder of training pictures ({data or 'none named'}); name one with --data")
    tests = dict(test.partition("=")[::2] for test in options.test)
    if missing := [name for name, folder in tests.items() if not Path(folder).is_dir()]:
        raise InputError(f"no folder for test set {missing[0]!r}; give --test NAME=DIR")

    import torch

    from zoo.registry import COMPACT
    from zoo.training.recipe import all_recipes, load_recipe
    from zoo.training.run import train_recipe

    if options.threads:
        torch.set_num_threads(options.threads)
    recipes = all_recipes() if options.all else [load_recipe(options.id)]
    shares = sum(recipe.weight for recipe in recipes)
    for recipe in recipes:
        minutes = options.minutes * recipe.weight / shares if options.minutes else None
        print(f"{recipe.id}: {minutes or recipe.steps:.0f} {'minutes' if minutes else 'steps'}", file=sys.stderr)
        path = train_recipe(
            recipe,
            data=data,
            data_source=options.source or str(data.name),
            test_sets={name: Path(folder) for name, folder in tests.items()},
            minutes=minutes,
            states=options.states,
            output=options.out or COMPACT,
        )
        print(path)
