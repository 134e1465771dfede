"""Follows the Dockerfile without Docker: `sudo python -m tools.hosting.image --packages .venv` (or `make image`).

Every ENV, WORKDIR, COPY, RUN and USER is carried out in a copy of this computer's own file system that is thrown away
afterwards (an overlay in memory, so that nothing is written here). Packages are taken from a virtual environment
instead of being downloaded again. Then the container's command runs as the Dockerfile's user with a code tree that
cannot be written, the health check is asked, and the server must have left nothing but what lies under its volume.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 180.0
"""Seconds within which the server must be healthy."""


@dataclass
class Image:
    """What the instructions have made so far."""

    root: Path
    packages: Path
    environment: dict[str, str] = field(default_factory=dict)
    folder: str = "/"
    user: str = "0"
    command: list[str] = field(default_factory=list)
    check: list[str] = field(default_factory=list)

    def inside(self, path: str) -> Path:
        """Where a path of the image lies."""
        return self.root / str(Path(self.folder) / path).lstrip("/")

    def argv(self, command: list[str]) -> list[str]:
        """A command as the image's user would run it, in the image."""
        given = {
            "PATH": "/opt/python/bin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": "/root",
            **self.environment,
        }
        assignments = [f"{name}={value}" for name, value in given.items()]
        moved = ["sh", "-c", 'cd "$1" && shift && exec "$@"', "-", self.folder, *command]
        who = [] if self.user == "0" else ["setpriv", f"--reuid={self.user}", f"--regid={self.user}", "--clear-groups"]
        return ["chroot", str(self.root), "env", "-i", *assignments, *who, *moved]


def instructions(text: str) -> list[tuple[str, str]]:
    """The instructions of a Dockerfile."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [
        (word, rest.strip()) for word, _, rest in (line.strip().partition(" ") for line in joined.splitlines()) if word
    ]


def follow(image: Image, word: str, rest: str) -> None:
    """Carries one instruction out."""
    match word:
        case "FROM":
            base(image)
        case "ENV":
            image.environment |= dict(part.split("=", 1) for part in shlex.split(rest))
        case "WORKDIR":
            image.folder = rest
            image.inside("").mkdir(parents=True, exist_ok=True)
        case "COPY":
            source, target = rest.split()
            copy(source, image.inside(target))
        case "RUN":
            run(image, rest)
        case "USER":
            image.user = rest
        case "CMD":
            image.command = json.loads(rest)
        case "HEALTHCHECK":
            image.check = json.loads(rest[rest.index("[") :])
        case "VOLUME" | "EXPOSE":
            pass
        case _:
            raise SystemExit(f"the Dockerfile says {word}, which this script does not follow")


def base(image: Image) -> None:
    """A Python of the image's own that finds the packages of the virtual environment."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    subprocess.run(["chroot", str(image.root), sys._base_executable, "-m", "venv", "/opt/python"], check=True)  # pyright: ignore[reportAttributeAccessIssue]
    # This computer's own users are not in a base image.
    for name in ("passwd", "group"):
        path = image.root / "etc" / name
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join(line for line in lines if int(line.split(":")[2]) < 1000))
    # The interpreter may lie in a home folder, which an unprivileged user could not enter.
    for parent in (Path(sys._base_executable).resolve(), image.packages):  # pyright: ignore[reportAttributeAccessIssue]
        for folder in parent.parents:
            (image.root / str(folder).lstrip("/")).chmod(0o755)
    site = image.root / "opt/python/lib" / version / "site-packages"
    theirs = image.packages / "lib" / version / "site-packages"
    (site / "packages.pth").write_text(f"{theirs}\n")


def run(image: Image, command: str) -> None:
    """Runs a command; downloading the packages that are there already is left out."""
    parts = [part.strip() for part in command.split("&&")]
    kept = [part for part in parts if not part.startswith("pip install -r")]
    print("RUN", " && ".join(kept), f"(left out: {len(parts) - len(kept)})", flush=True)
    subprocess.run(image.argv(["sh", "-ec", " && ".join(kept)]), check=True)


def copy(source: str, target: Path) -> None:
    """Copies tracked files, those of .dockerignore aside."""
    if source != ".":
        shutil.copy(ROOT / source, target)
        return
    ignored = (ROOT / ".dockerignore").read_text().split()
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        tops = [str(parent) for parent in (Path(name), *Path(name).parents)]
        if any(fnmatch(top, pattern.removeprefix("**/")) for top in tops for pattern in ignored):
            continue
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, target / name)


def serve(image: Image) -> None:
    """Runs the container's command until it is healthy, then looks at what it wrote, and ends it."""
    code, data = image.inside(""), image.root / "data"
    subprocess.run(["mount", "--bind", str(code), str(code)], check=True)
    subprocess.run(["mount", "-o", "remount,bind,ro", str(code)], check=True)
    before = time.time()
    log = image.root / "tmp/server.log"
    with log.open("w") as out:
        server = subprocess.Popen(image.argv(image.command), stdout=out, stderr=out, start_new_session=True)
    try:
        report = healthy(image)
        assert server.poll() is None, log.read_text()
    finally:
        # What Docker sends: the server must go by itself.
        os.kill(server.pid, signal.SIGTERM)
        try:
            code_of_end = server.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            raise SystemExit(f"the server did not end on SIGTERM:\n{log.read_text()}") from None
    assert "Traceback" not in log.read_text(), log.read_text()
    print("health", json.dumps(report))
    print("ended", code_of_end, "on SIGTERM")
    written = new_files(image.root, before)
    outside = [
        path for path in written if not path.is_relative_to(data) and not path.is_relative_to(image.root / "tmp")
    ]
    print(
        "written",
        len(written),
        "files; outside the volume and /tmp:",
        [str(p.relative_to(image.root)) for p in outside],
    )
    assert not [path for path in outside if path.is_relative_to(code)], outside


def healthy(image: Image) -> dict:
    """What the health check says once it is content."""
    until = time.monotonic() + PATIENCE
    while True:
        done = subprocess.run(image.argv(image.check), capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return json.loads(done.stdout)
        if time.monotonic() > until:
            raise SystemExit(f"not healthy after {PATIENCE:g} s: {done.stdout}{done.stderr}")
        time.sleep(1)


def new_files(root: Path, since: float) -> list[Path]:
    """Files of the image's own layer that were written since."""
    upper = root.parent / "upper"
    found = [path for path in upper.rglob("*") if path.is_file() and path.stat().st_mtime >= since]
    return [root / path.relative_to(upper) for path in found]


def main() -> None:
    """Builds, serves, checks. Needs root, for mounts that nobody else sees."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--packages", type=Path, default=ROOT / ".venv")
    options = parser.parse_args()
    if os.environ.get("IMAGE_UNSHARED") != "1":
        environment = {**os.environ, "IMAGE_UNSHARED": "1"}
        os.execvpe(
            "unshare", ["unshare", "--mount", sys.executable, "-m", "tools.hosting.image", *sys.argv[1:]], environment
        )
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["mount", "-t", "tmpfs", "image", folder], check=True)
        upper, work, root = (Path(folder) / name for name in ("upper", "work", "root"))
        for made in (upper, work, root):
            made.mkdir()
        layers = f"lowerdir=/,upperdir={upper},workdir={work}"
        subprocess.run(["mount", "-t", "overlay", "image", "-o", layers, str(root)], check=True)
        for special in ("dev", "proc"):
            subprocess.run(["mount", "--rbind", f"/{special}", str(root / special)], check=True)
        image = Image(root, options.packages.resolve())
        try:
            for word, rest in instructions((ROOT / "Dockerfile").read_text()):
                follow(image, word, rest)
            serve(image)
        finally:
            subprocess.run(["umount", "--recursive", "--lazy", folder], check=False)
    print("the image's steps work")


if __name__ == "__main__":
    main()
