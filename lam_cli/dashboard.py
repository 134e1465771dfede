"""`lam dashboard`: the pages, on this machine, with networks of one's own."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ENTRYPOINT = Path(__file__).resolve().parents[1] / "dashboard" / "streamlit_app.py"


def add(commands: Any) -> None:
    """Adds the command to a command line."""
    command = commands.add_parser("dashboard", help="open the pages in a browser")
    command.add_argument(
        "--with",
        dest="own",
        action="append",
        default=[],
        metavar="path.py:build",
        help="a network of one's own, offered beside the zoo's; repeatable",
    )
    command.add_argument("--port", type=int, default=8501)
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Runs the server until it is interrupted."""
    import zoo

    own = [str(Path(spec).absolute()) for spec in options.own]
    for spec in own:
        zoo.reference(spec)
    environment = {**os.environ, "LAM_WITH": os.pathsep.join(own)}
    command = [sys.executable, "-m", "streamlit", "run", str(ENTRYPOINT), "--server.port", str(options.port)]
    raise SystemExit(subprocess.run(command, env=environment, cwd=ENTRYPOINT.parents[1]).returncode)
