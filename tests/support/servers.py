"""Servers on loopback that count their requests: a web server with and without ranges, and an object store."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Web:
    """What a server serves, how it behaves, and what it was asked for."""

    files: dict[str, bytes]
    ranges: bool = True
    says_so: bool = True
    break_after: int | None = None  # bytes of an answer to give before the connection is closed
    password: str = ""
    url: str = ""
    requests: list[tuple[str, str]] = field(default_factory=list)  # method, range
    sent: int = 0

    @property
    def gets(self) -> int:
        return sum(method == "GET" for method, _ in self.requests)

    def forget(self) -> None:
        self.requests.clear()
        self.sent = 0


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    web: Web

    def log_message(self, *args: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        wanted = self.headers.get("Range", "")
        self.web.requests.append((self.command, wanted))
        data = self.web.files.get(self.path.partition("?")[0].lstrip("/"))
        if data is None or self.web.password not in self.headers.get("Authorization", ""):
            self.send_response(404 if data is None else 403)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        part = self._part(data, wanted)
        if self.web.ranges and self.web.says_so:
            self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        if body:
            self._send(part)

    def _part(self, data: bytes, wanted: str) -> bytes:
        if not wanted or not self.web.ranges:
            self.send_response(200)
            return data
        first, last = (int(number) for number in wanted.removeprefix("bytes=").split("-"))
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {first}-{min(last, len(data) - 1)}/{len(data)}")
        return data[first : last + 1]

    def _send(self, part: bytes) -> None:
        if self.web.break_after is not None:
            self.wfile.write(part[: self.web.break_after])
            self.close_connection = True
            return
        for start in range(0, len(part), 1 << 16):
            piece = part[start : start + (1 << 16)]
            self.web.sent += len(piece)
            try:
                self.wfile.write(piece)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True
                return


@contextmanager
def running(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Run a server on a free port of loopback; give its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def serve(web: Web) -> Iterator[Web]:
    """Serve files; `web.url` is where."""
    with running(type("Handler", (_Handler,), {"web": web})) as web.url:
        yield web
