"""`lam`: parses the command line, runs one command, turns every foreseen fault into one sentence and exit code 2."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from lam_cli import attribute, dashboard, field, figure, filters, health, heatmap, semantics, sweep, train, upscale, zoo
from lam_core.errors import LamError

COMMANDS = (attribute, figure, field, heatmap, sweep, semantics, filters, upscale, zoo, train, dashboard, health)


class Parser(argparse.ArgumentParser):
    """A parser whose complaint is one sentence, without the usage above it."""

    def error(self, message: str) -> NoReturn:
        fail(f"{message}; see {self.prog} --help")


def fail(sentence: str) -> NoReturn:
    """Prints a sentence to standard error and ends with exit code 2."""
    print(f"lam: {sentence}", file=sys.stderr)
    raise SystemExit(2)


def parser() -> argparse.ArgumentParser:
    """The command line of `lam`."""
    root = Parser(prog="lam", description="Local attribution maps of super-resolution networks.")
    commands = root.add_subparsers(required=True, parser_class=Parser, metavar="COMMAND")
    for command in COMMANDS:
        command.add(commands)
    return root


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs `lam`. Exit codes: 0 done, 1 interrupted, 2 bad input, said in one sentence."""
    options = parser().parse_args(arguments)
    try:
        options.run(options)
    except LamError as error:
        fail(str(error))
    except KeyboardInterrupt:
        raise SystemExit(1) from None
    except BrokenPipeError:
        # The reader left, as `head` does: what is still buffered has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
