"""Puts docs/nginx.conf before two dashboards and visits them through it: `python -m tools.hosting.nginx [NGINX]`."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tools.soak.scenes import OWN_PLACES, SCENES, own_picture
from tools.soak.server import Server, free_port
from tools.soak.visitor import Visitor, fetched

ROOT = Path(__file__).resolve().parents[2]
FRAME = """
daemon off;
error_log {folder}/error.log;
pid {folder}/pid;
events {{}}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {site}
}}
"""


def site(folder: Path, port: int, ports: list[int]) -> str:
    """The configuration as it ships, with other ports and another log."""
    text = (ROOT / "docs" / "nginx.conf").read_text()
    text = text.replace("listen 80;", f"listen 127.0.0.1:{port};").replace(
        "/var/log/nginx/lam.log", f"{folder}/access.log"
    )
    for shipped, here in zip(("8501", "8502"), ports, strict=True):
        text = text.replace(f"127.0.0.1:{shipped}", f"127.0.0.1:{here}")
    return text


def main() -> None:
    """Prints what was found; raises `AssertionError` for what is not as it should be."""
    nginx = sys.argv[1] if len(sys.argv) > 1 else shutil.which("nginx") or sys.exit("no nginx on this computer")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        servers = [Server(folder / "store", folder / f"log-{n}").wait() for n in range(2)]
        port = free_port()
        (folder / "nginx.conf").write_text(
            FRAME.format(folder=folder, site=site(folder, port, [server.port for server in servers]))
        )
        command = [nginx, "-c", str(folder / "nginx.conf"), "-p", name, "-e", f"{folder}/error.log"]
        subprocess.run([*command, "-t"], check=True)
        proxy = subprocess.Popen(command)
        try:
            time.sleep(1)
            visit(f"http://127.0.0.1:{port}")
            log = (folder / "access.log").read_text()
            assert "image=" not in log, "queries are logged"
            used = [server.log.read_text().count('"event": "request"') for server in servers]
            assert 0 in used, f"one visitor met both processes: {used}"
            print("requests by process", used, "lines of the access log", len(log.splitlines()))
        finally:
            proxy.terminate()
            proxy.wait(timeout=20)
            for server in servers:
                server.stop()
    print("nginx.conf works")


def visit(address: str) -> None:
    """Looks, clicks and uploads through the proxy."""
    status, body = fetched(address)
    assert status == 200, status
    assert b"<html" in body.lower()
    visitor = Visitor(address)
    page = visitor.open(**SCENES[0].query)
    assert page.figures, page.alerts
    assert not page.faults
    picture = next(url for url in page.pictures.values() if url.startswith("/media/"))
    assert fetched(address + picture)[0] == 200, "a picture of the page"
    visitor.upload("mine.png", own_picture(1))
    assert visitor.click(*OWN_PLACES[0]).figures
    large = visitor.put(f"/_stcore/upload_file/{visitor.session_id}/large", "large.png", bytes(22 * 1024**2))
    assert large == 413, f"22 MiB were answered {large}"
    print("pages, websocket, pictures and uploads pass; 22 MiB are refused with", large)
    assert re.fullmatch(rb"ok\s*", fetched(f"{address}/_stcore/health")[1])


if __name__ == "__main__":
    main()
