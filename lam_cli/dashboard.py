"""`lam dashboard`: the pages, on this machine with networks of one's own, or for strangers."""

from __future__ import annotations

import argparse
import ipaddress
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lam_cli.arguments import InputError, add_overrides, overrides, say
from lam_core.device import check_device
from lam_core.settings import Settings

ENTRYPOINT = Path(__file__).resolve().parents[1] / "dashboard" / "streamlit_app.py"
NEEDED = ("streamlit", "plotly", "matplotlib")
"""Modules that the extra `dashboard` installs."""


def add(commands: Any) -> None:
    """Adds the command to a command line."""
    command = commands.add_parser("dashboard", help="open the pages in a browser")
    command.add_argument(
        "--with",
        dest="own",
        action="append",
        default=[],
        metavar="M",
        help="a network of one's own, offered beside the zoo's: path.py:build, package.module:Class or a checkpoint; "
        "repeatable",
    )
    add_overrides(command)
    command.add_argument("--port", type=int, default=8501)
    command.add_argument(
        "--address", default="127.0.0.1", help="where to listen; 0.0.0.0 for everybody, with LAM_HOSTED=1"
    )
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Checks every setting, then becomes the server."""
    check_installed()
    import zoo
    from zoo.settings import ZooSettings
    from zoo.spec import spec_text

    own = [spec_text(_absolute(name), _said(options)) for name in options.own]
    environment = {**os.environ, **({"LAM_WITH": os.pathsep.join(own)} if own else {})}
    if own:
        # The server runs in another folder; modules are found from here all the same.
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(Path.cwd()), os.environ.get("PYTHONPATH")]))
    chosen, hosted = Settings.from_environment(environment), ZooSettings.from_environment(environment).hosted
    check_address(options.address, hosted=hosted)
    check_device(chosen.device)
    for name in options.own:
        say(zoo.reference(name, weights=options.weights, **overrides(options)).notes)
    command = [sys.executable, "-m", "dashboard.server", "run", str(ENTRYPOINT)]
    command += ["--server.port", str(options.port), "--server.address", options.address]
    # A page elsewhere that lets its name point here must not be taken for this one.
    for host in ("*",) if hosted else ("localhost", "127.0.0.1", "::1"):
        command += ["--server.allowedHosts", host]
    command += ["--server.fileWatcherType", "none" if hosted else "auto"]
    # `-m` looks for modules in the folder it is started in first, and they must be this project's.
    os.chdir(ENTRYPOINT.parents[1])
    sys.stdout.flush()
    os.execve(sys.executable, command, environment)


def _absolute(model: str) -> str:
    """A network's name that means the same in another folder."""
    file = model.rpartition(":")[0] if model.rpartition(":")[0].endswith(".py") else model
    return str(Path(model).absolute()) if Path(file).exists() else model


def _said(options: argparse.Namespace) -> dict[str, Any]:
    """The options of the networks, as `zoo.spec` takes them."""
    plain = ("scale", "input_range", "colour", "pad_multiple", "params")
    arrays = [_absolute_array(text) for text in options.condition]
    weights = None if options.weights is None else str(options.weights.absolute())
    return {**{name: getattr(options, name) for name in plain}, "condition": arrays, "weights": weights}


def _absolute_array(condition: str) -> str:
    name, _, value = condition.partition("=")
    return f"{name}={Path(value).absolute()}" if value.endswith(".npy") else condition


def check_installed() -> None:
    """Raises `InputError` unless the packages of the extra `dashboard` are installed."""
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        raise InputError(
            f"the dashboard needs {', '.join(missing)}, not installed here; run `pip install 'sr-lam[dashboard]'`"
        )


def check_address(address: str, *, hosted: bool) -> None:
    """Raises `InputError` for no address, and for one that strangers reach while they could run code here.

    >>> check_address("::1", hosted=False), check_address("0.0.0.0", hosted=True)
    (None, None)
    """
    try:
        reached_by_others = not ipaddress.ip_address(address).is_loopback
    except ValueError:
        raise InputError(f"--address is {address!r}; give an IP address such as 127.0.0.1 or 0.0.0.0") from None
    if reached_by_others and not hosted:
        raise InputError(
            f"others reach {address}, and a local dashboard runs the Python files its visitors name; set LAM_HOSTED=1"
        )
