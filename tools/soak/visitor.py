"""A browser without a screen: one session of the dashboard over Streamlit's own websocket and upload addresses."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import FileUploaderState, UploadedFileInfo
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

LARGEST = 256 * 1024**2


class BrokenError(Exception):
    """The server closed the connection, or did not answer in time."""


@dataclass
class Page:
    """What a session shows after a run of its page."""

    elements: dict[tuple[int, ...], Element] = field(default_factory=dict)
    seconds: float = 0.0
    """From the question to the end of the run."""
    query: str = ""
    waited: bool = False
    """Something was computed for it, or by somebody else at that moment."""

    def all(self, kind: str) -> list:
        """Elements of a kind, in the order of the page."""
        return [getattr(e, kind) for _, e in sorted(self.elements.items()) if e.WhichOneof("type") == kind]

    @property
    def text(self) -> str:
        """All that is written on it."""
        parts = [e.body for kind in ("markdown", "alert", "text") for e in self.all(kind)]
        return "\n".join(parts)

    @property
    def faults(self) -> list[str]:
        """Traces and exceptions shown."""
        return [f"{e.type}: {e.message}" for e in self.all("exception")]

    @property
    def alerts(self) -> list[str]:
        """What a box says: faults and advice."""
        return [e.body for e in self.all("alert")]

    @property
    def figures(self) -> list[tuple[str, str]]:
        """Names and values of the figures."""
        return [(e.label, e.body) for e in self.all("metric")]

    @property
    def pictures(self) -> dict[str, str]:
        """Addresses of pictures by what they show; an address follows from the picture's bytes."""
        return {image.alt or image.caption: image.url for e in self.all("imgs") for image in e.imgs}


class Visitor:
    """One session. Nothing but the given address, which must be on this computer, is ever asked."""

    def __init__(self, address: str, patience: float = 120.0, *, browser: Visitor | None = None) -> None:
        """`browser`: another visitor of the same browser, of which this is a further tab."""
        host = urlsplit(address).hostname
        if host not in ("127.0.0.1", "::1", "localhost"):
            raise ValueError(f"{address} is not on this computer; a soak stays on loopback")
        self.address, self.patience = address, patience
        self.page = Page()
        self.session_id = ""
        self._widgets: dict[str, WidgetState] = {}
        self._query = ""
        self._page_hash = ""
        self._stamp = 0
        asked = urllib.request.Request(f"{address}/_stcore/health")
        if browser is not None:
            asked.add_header("Cookie", f"_streamlit_xsrf={browser._xsrf}")
        with urllib.request.urlopen(asked, timeout=patience) as answer:
            cookies = answer.headers.get_all("Set-Cookie") or []
        self._xsrf = next((c.split("=", 1)[1].split(";")[0] for c in cookies if c.startswith("_streamlit_xsrf=")), "")
        self._socket: ClientConnection = connect(
            address.replace("http", "ws", 1) + "/_stcore/stream",
            subprotocols=["streamlit"],  # pyright: ignore[reportArgumentType]
            additional_headers={"Cookie": f"_streamlit_xsrf={self._xsrf}"},
            max_size=LARGEST,
            open_timeout=patience,
            # A tab that is closed does not wait for an answer.
            close_timeout=0.1,
            ping_timeout=None,
            proxy=None,
        )

    def open(self, page: str = "", **query: str) -> Page:
        """Opens an address, as a link does."""
        self._query, self._page_hash = urlencode(query), ""
        self._widgets.clear()
        return self._run(page_name=page)

    def click(self, x: int, y: int, *, compute: bool = True) -> Page:
        """Clicks a place of the picture."""
        self._stamp += 1
        report = {"pick": {"x": x, "y": y, "compute": compute, "stamp": f"{self.session_id}{self._stamp}"}}
        self._widgets["picker"] = WidgetState(id=self._component("lam_region_picker"), json_value=json.dumps(report))
        return self._run()

    def press(self, label: str) -> Page:
        """Presses the button of that label."""
        button = next(b for b in self.page.all("button") if label in b.label)
        return self._run(WidgetState(id=button.id, trigger_value=True))

    def upload(self, name: str, content: bytes) -> Page:
        """Brings a picture."""
        widget = self.page.all("file_uploader")[0]
        file_id = str(uuid.uuid4())
        path = f"/_stcore/upload_file/{self.session_id}/{file_id}"
        status = self.put(path, name, content)
        if status not in (200, 204):
            raise BrokenError(f"an upload of {len(content)} bytes was answered {status}")
        info = UploadedFileInfo(file_id=file_id, name=name, size=len(content))
        info.file_urls.file_id, info.file_urls.upload_url, info.file_urls.delete_url = file_id, path, path
        state = FileUploaderState(uploaded_file_info=[info])
        self._widgets["file"] = WidgetState(id=widget.id, file_uploader_state_value=state)
        return self._run()

    def download(self, label: str) -> str:
        """Has the file behind a button made; its address on the server."""
        button = next(b for b in self.page.all("download_button") if label in b.label)
        message = BackMsg()
        message.backend_operation_request.request_id = str(uuid.uuid4())
        message.backend_operation_request.session_id = self.session_id
        message.backend_operation_request.deferred_file.file_id = button.deferred_file_id
        self._socket.send(message.SerializeToString())
        while True:
            answer = ForwardMsg.FromString(self._socket.recv(timeout=self.patience))  # pyright: ignore[reportArgumentType]
            if answer.WhichOneof("type") == "backend_operation_response":
                return answer.backend_operation_response.deferred_file.url

    def put(self, path: str, name: str, content: bytes) -> int:
        """Sends a file to an address of the server; the status of the answer."""
        edge = uuid.uuid4().hex
        head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
        request = urllib.request.Request(
            self.address + path,
            head + content + f"\r\n--{edge}--\r\n".encode(),
            {
                "Content-Type": f"multipart/form-data; boundary={edge}",
                "Cookie": f"_streamlit_xsrf={self._xsrf}",
                "X-Xsrftoken": self._xsrf,
            },
            method="PUT",
        )
        return fetched(request)[0]

    def ask(self, path: str, headers: dict[str, str]) -> int:
        """The status that an address of the server answers with."""
        return fetched(urllib.request.Request(self.address + path, headers=headers))[0]

    def start(self, **query: str) -> None:
        """Opens an address without waiting for the page."""
        self._query, self._page_hash = urlencode(query), ""
        self._widgets.clear()
        self._send()

    def close(self) -> None:
        """Closes the tab."""
        self._socket.close()

    def _component(self, name: str) -> str:
        # A component's name comes with the path of its module before it.
        return next(c.id for c in self.page.all("bidi_component") if c.component_name.endswith(name))

    def _run(self, *triggers: WidgetState, page_name: str = "") -> Page:
        self._send(*triggers, page_name=page_name)
        return self.receive()

    def _send(self, *triggers: WidgetState, page_name: str = "") -> None:
        message = BackMsg()
        client = message.rerun_script
        client.query_string, client.page_script_hash, client.page_name = self._query, self._page_hash, page_name
        client.widget_states.widgets.extend([*self._widgets.values(), *triggers])
        client.context_info.url = f"{self.address}/{page_name}"
        self._began = time.monotonic()
        self._socket.send(message.SerializeToString())

    def receive(self) -> Page:
        """Reads until the page has run to its end. Raises `BrokenError`."""
        page, until = Page(), time.monotonic() + self.patience
        while True:
            try:
                content = self._socket.recv(timeout=max(until - time.monotonic(), 0.01))
            except (ConnectionClosed, TimeoutError, OSError) as error:
                raise BrokenError(f"{type(error).__name__} after {time.monotonic() - self._began:.1f} s") from error
            message = ForwardMsg.FromString(content)  # pyright: ignore[reportArgumentType]
            match message.WhichOneof("type"):
                case "new_session":
                    page = Page()
                    self.session_id = message.new_session.initialize.session_id or self.session_id
                    self._page_hash = message.new_session.page_script_hash
                case "page_info_changed":
                    self._query = message.page_info_changed.query_string
                case "delta":
                    self._take(page, message)
                case "script_finished" if message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                    page.seconds, page.query = time.monotonic() - self._began, self._query
                    self.page = page
                    return page

    def _take(self, page: Page, message: ForwardMsg) -> None:
        path, delta = tuple(message.metadata.delta_path), message.delta
        if delta.WhichOneof("type") == "add_block":
            # A browser lets a block inherit the elements of the one in its place, and Streamlit counts on that: of two
            # elements for one place, drawn within a moment, it sends the second where the first was, which may be
            # before the second block.
            page.elements.pop(path, None)
        elif delta.WhichOneof("type") == "new_element":
            element = delta.new_element
            for inside in [other for other in page.elements if other[: len(path)] == path]:
                del page.elements[inside]
            page.elements[path] = element
            page.waited |= element.WhichOneof("type") == "progress"


def fetched(request: urllib.request.Request | str) -> tuple[int, bytes]:
    """Status and content of an answer."""
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
