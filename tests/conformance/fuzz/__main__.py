"""The fuzz as a program: `python -m tests.conformance.fuzz [--seeds 0:500] [--source]`.

`--blocks` tries every block of the second part of the grammar by itself, in each of its ways.
"""

from __future__ import annotations

import argparse

from tests.conformance.fuzz.block import LATER
from tests.conformance.fuzz.network import Case, alone, case
from tests.conformance.fuzz.oracle import counts, examine


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="0:500", help="first:last + 1, or a comma-separated list")
    parser.add_argument("--source", action="store_true", help="print the source of every network that fails")
    parser.add_argument("--all", action="store_true", help="print every network, not failures alone")
    parser.add_argument("--blocks", nargs="*", help="names of blocks to try by themselves; all if none is given")
    given = parser.parse_args()
    first, colon, stop = given.seeds.partition(":")
    seeds = range(int(first), int(stop)) if colon else [int(seed) for seed in given.seeds.split(",")]
    verdicts = []
    cases: list[Case] = [case(seed) for seed in seeds]
    if given.blocks is not None:
        chosen = [block for block in LATER if not given.blocks or block.__name__ in given.blocks]
        cases = [one for block in chosen for one in alone(block)]
    for what in cases:
        verdict = examine(what)
        verdicts.append(verdict)
        failed = verdict.kind != "right"
        if failed or given.all or (verdict.local and not verdict.cropped):
            network = what.build()
            ways = ", ".join(
                f"{type(b).__module__.split('.')[-1]}.{type(b).__name__}({getattr(b, 'way', '')})"
                for b in network.blocks
            )
            print(verdict, "|", ways, flush=True)
            if failed and given.source:
                print(network.source(), flush=True)
    print(counts(verdicts))


main()
