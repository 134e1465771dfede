"""A Hub on the loopback interface that serves a folder and fails on demand."""

from __future__ import annotations

import hashlib
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

COMMIT = "c" * 40


@dataclass
class Mirror:
    """Files under `root/<owner>/<name>/`, all at one commit; faults and what was asked are open to a test."""

    root: Path
    fault: str = ""
    """`500`, `slow`, `dies`, `short`, `gated` or `redirect`; nothing for a server in health."""
    commits: tuple[str, ...] = ("main", COMMIT)
    """Revisions under which the files are found."""
    assets: str = ""
    """Address to which the assets of releases are redirected."""
    asked: list[tuple[str, str, str | None, str | None]] = field(default_factory=list)
    """Method, path, Authorization and Range of every request."""
    address: str = ""

    def put(self, repo: str, file: str, content: bytes) -> str:
        """Adds a file; returns its sha256."""
        path = self.root / repo / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return hashlib.sha256(content).hexdigest()

    @property
    def downloads(self) -> int:
        return sum(1 for method, *_ in self.asked if method == "GET")

    @contextmanager
    def running(self) -> Iterator[Mirror]:
        mirror = self

        class Handler(_Handler):
            state = mirror

        server = _Server(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that gives up is what some tests want."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: Mirror

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.state.asked.append((self.command, path, self.headers.get("Authorization"), self.headers.get("Range")))
        fault = self.state.fault
        if fault == "500":
            return self._reply(500)
        if fault == "gated":
            return self._reply(403, {"X-Error-Code": "GatedRepo", "X-Error-Message": "Access is restricted"})
        if fault == "slow":
            threading.Event().wait(1.6)
        if fault == "redirect" and not path.startswith("/moved/"):
            return self._reply(307, {"Location": f"/moved{path}", **self._metadata(path)})
        asks = path.startswith("/api/datasets/")
        plain = path.removeprefix("/moved").removeprefix("/api").removeprefix("/datasets").strip("/")
        if path == "/api/v1/models.json" and (listed := self.state.root / "models.json").is_file():
            return self._send(listed.read_bytes())
        owner, name, *rest = plain.split("/")
        if rest[:1] == ["releases"] and self.state.assets:
            return self._reply(302, {"Location": f"{self.state.assets}/{owner}/{name}/{COMMIT}/{'/'.join(rest[3:])}"})
        repo = self.state.root / owner / name
        if not repo.is_dir():
            return self._missing("RepoNotFound")
        if asks:
            return self._describe(repo, rest)
        # The Hub writes /owner/name/resolve/revision/file, GitHub's raw files /owner/name/revision/file.
        revision, *parts = rest[1:] if rest[0] == "resolve" else rest
        if revision not in self.state.commits:
            return self._missing("RevisionNotFound")
        file = repo / "/".join(parts)
        if not file.is_file():
            return self._missing("EntryNotFound")
        self._send(file.read_bytes())

    do_HEAD = do_GET

    def _describe(self, repo: Path, rest: list[str]) -> None:
        """The commit of a data set, or its files."""
        kind, revision = rest
        if revision not in ("main", COMMIT):
            return self._missing("RevisionNotFound")
        if kind == "revision":
            content: object = {"id": f"{repo.parent.name}/{repo.name}", "sha": COMMIT}
        else:
            files = [file for file in repo.rglob("*") if file.is_file()]
            content = [self._listed(file, file.relative_to(repo).as_posix()) for file in files]
        self._reply(200, {"Content-Type": "application/json"}, json.dumps(content).encode())

    def _listed(self, file: Path, path: str) -> dict[str, object]:
        content = file.read_bytes()
        entry = {"type": "file", "path": path, "size": len(content)}
        if file.suffix == ".png":
            # The Hub keeps some files beside git, and says their sha256.
            return {**entry, "oid": "0" * 40, "lfs": {"oid": hashlib.sha256(content).hexdigest()}}
        return {**entry, "oid": hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()}

    def _metadata(self, path: str) -> dict[str, str]:
        file = self.state.root / path.strip("/").replace("resolve/main/", "").replace(f"resolve/{COMMIT}/", "")
        content = file.read_bytes() if file.is_file() else b""
        return {
            "X-Repo-Commit": COMMIT,
            "X-Linked-Etag": f'"{hashlib.sha256(content).hexdigest()}"',
            "X-Linked-Size": str(len(content)),
        }

    def _send(self, content: bytes) -> None:
        headers = {
            "ETag": f'"{hashlib.sha256(content).hexdigest()}"',
            "X-Repo-Commit": COMMIT,
            "Accept-Ranges": "bytes",
        }
        status, start = 200, 0
        if asked := self.headers.get("Range"):
            start = int(asked.removeprefix("bytes=").split("-")[0])
            status = 206
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        part = content[start:]
        sent = len(part) // 2 if self.state.fault in ("dies", "short") else len(part)
        self._reply(status, headers, part, sent=sent)
        if self.command == "GET" and sent < len(part):
            if self.state.fault == "dies":
                self.state.fault = ""
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True

    def _missing(self, code: str) -> None:
        self._reply(404, {"X-Error-Code": code, "X-Error-Message": json.dumps(self.path)})

    def _reply(
        self, status: int, headers: dict[str, str] | None = None, body: bytes = b"", *, sent: int | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body[:sent])

    def log_message(self, format: str, *args: object) -> None:
        pass
