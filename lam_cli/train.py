"""`lam train`: makes the compact networks.

On a machine with PyTorch, NumPy, Pillow and safetensors alone it is `python -m lam_cli.train`.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from lam_cli.arguments import InputError, add_benchmarks, benchmarks
from lam_core.errors import LamError


def add(commands: Any) -> None:
    """Adds the command to a command line."""
    add_arguments(commands.add_parser("train", help="train a compact network from its recipe"))


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Adds the options."""
    command.add_argument("id", nargs="?", help="a recipe's id; see zoo/training/recipes")
    command.add_argument("--all", action="store_true", help="every recipe, --minutes divided by their weights")
    command.add_argument("--data", type=Path, help="folder of training pictures (LAM_TRAINING_DATA)")
    command.add_argument("--source", default="", help="source and terms of those pictures, for the card")
    add_benchmarks(command)
    command.add_argument("--minutes", type=float, help="wall time, all in all, in place of the recipe's steps")
    command.add_argument("--seed", type=int, help="another seed than the recipe's")
    command.add_argument("--threads", type=int, help="CPU threads")
    command.add_argument("--states", type=Path, default=Path(".lam/training"), help="where runs are kept")
    command.add_argument("--out", type=Path, help="where weights and card go; zoo/compact if not given")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Trains and prints the path of every network written; a run that was stopped goes on where it was."""
    if bool(options.id) == options.all:
        raise InputError("name one recipe, or give --all")
    if options.minutes is not None and not options.minutes > 0:
        raise InputError(f"--minutes is {options.minutes:g}; give a number above 0")
    data = options.data or (Path(os.environ["LAM_TRAINING_DATA"]) if "LAM_TRAINING_DATA" in os.environ else None)
    if data is None or not data.is_dir():
        raise InputError(f"no folder of training pictures ({data or 'none named'}); name one with --data")
    tests = benchmarks(options)

    from dataclasses import replace

    import torch

    from zoo.training.recipe import all_recipes, load_recipe
    from zoo.training.run import COMPACT, train_recipe

    if options.threads:
        torch.set_num_threads(options.threads)
    recipes = all_recipes() if options.all else [load_recipe(options.id)]
    if options.seed is not None:
        recipes = [replace(recipe, seed=options.seed) for recipe in recipes]
    shares = sum(recipe.weight for recipe in recipes)
    for recipe in recipes:
        minutes = options.minutes * recipe.weight / shares if options.minutes else None
        print(f"{recipe.id}: {f'{minutes:g} minutes' if minutes else f'{recipe.steps} steps'}", file=sys.stderr)
        path = train_recipe(
            recipe,
            data=data,
            data_source=options.source or str(data.name),
            test_sets=tests,
            minutes=minutes,
            states=options.states,
            output=options.out or COMPACT,
        )
        print(path, flush=True)


if __name__ == "__main__":
    alone = argparse.ArgumentParser(prog="lam train")
    add_arguments(alone)
    try:
        run(alone.parse_args())
    except LamError as error:
        print(f"lam: {error}", file=sys.stderr)
        raise SystemExit(2) from None
