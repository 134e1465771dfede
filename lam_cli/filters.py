"""`lam filters`: which convolution filters of a fine-tuned network undo which degradation."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from lam_cli.arguments import InputError, add_overrides, add_pictures, overrides, pictures, say, write_file
from lam_cli.progress import ProgressLine
from lam_cli.serving import add_store, service


def add(commands: Any) -> None:
    """Adds the command to a command line."""
    command = commands.add_parser("filters", help="which filters of a fine-tuned network undo which degradation")
    command.add_argument("--target", required=True, metavar="M", help="the fine-tuned network, as for --model")
    command.add_argument("--baseline", metavar="M", help="the network it was fine-tuned from; the entry's if not given")
    add_overrides(command, weights=False)
    add_pictures(command, " of HR images")
    command.add_argument("--degradations", default="blur:1.2,noise:20", metavar="D1,D2")
    command.add_argument("--nodes", type=int, default=65, help="points between the networks at most: 5, 9, 17, 33, 65")
    command.add_argument("--tolerance", type=float, default=0.02, help="relative error of scores to stop at")
    command.add_argument("--seed", type=int, default=0)
    add_store(command)
    command.add_argument("--out", type=Path, required=True, metavar="FILE.json")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Writes the study as JSON and prints a summary: every third image scores filters, the others try them."""
    import zoo
    from lam_core.filters.pictures import split
    from lam_core.filters.request import FilterStudyRequest
    from lam_core.filters.settings import FilterSettings
    from lam_core.filters.summary import summary
    from lam_core.images.degradations import Degradation
    from zoo.catalog.registry import baseline_of

    name = options.baseline or baseline_of(options.target)
    if name is None:
        raise InputError(
            f"no baseline is known for {options.target!r}; name the network that it was fine-tuned from with --baseline"
        )
    taken, of_set = pictures(options)
    opened = [picture.open() for picture in taken]
    for note in (one.note for one in opened if one.note):
        print(note, file=sys.stderr)
    scored, tried = split([one.pixels for one in opened])
    said = overrides(options)
    target, baseline = zoo.reference(options.target, **said), zoo.reference(name, **said)
    say(note for network in (target, baseline) for note in network.notes)
    request = FilterStudyRequest(
        target,
        baseline,
        scored,
        tried,
        tuple(Degradation.parse(text) for text in options.degradations.split(",")),
        FilterSettings(nodes=options.nodes, tolerance=options.tolerance),
        seed=options.seed,
    )
    with ProgressLine() as line:
        answer = service(keeps=not options.no_store).answer(request, line.follow())
    if answer.note:
        print(answer.note, file=sys.stderr)
    figures = {
        "target": request.model.name,
        "baseline": request.baseline.name,
        "settings": request.settings.as_dict(),
        **of_set,
        **summary(answer.result),
    }
    scores = {one.degradation: one.scores.tolist() for one in answer.result.found}
    write_file(options.out, json.dumps({**figures, "scores": scores}, allow_nan=False).encode())
    print(json.dumps({**figures, "out": str(options.out)}, allow_nan=False))
