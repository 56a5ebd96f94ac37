"""What several test files share: no GPU, the settings of hypothesis, and a web server on this machine."""

import contextlib
import http.server
import os
import socket
import threading
import time

import pytest
from hypothesis import settings

# Before a framework is loaded: what a GPU computes differs in the last digits.
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

# The same examples on every run: a test fails because something broke, not because the dice fell so.
settings.register_profile("course", deadline=None, derandomize=True, database=None)
settings.load_profile("course")


class Web:
    """A web server: `files` {path: bytes}, `asked` lists the paths requested; it can cut off a file, or be slow."""

    def __init__(self, address: str):
        self.address, self.files, self.asked = address, {}, []
        self.cut_off = 0  # bytes promised and not sent
        self.pieces, self.pause, self.sent = 2, 0.0, 0  # of a file, seconds between them, and how many have gone

    def answer(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        self.asked.append(handler.path)
        if handler.path not in self.files:
            handler.send_error(404)
            return
        body = self.files[handler.path]
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body) + self.cut_off))
        handler.end_headers()
        size = len(body) // self.pieces + 1
        with contextlib.suppress(ConnectionError):  # nobody waits for the rest
            for start in range(0, len(body), size):
                time.sleep(self.pause if start else 0)
                handler.wfile.write(body[start : start + size])
                self.sent += 1


class Handler(http.server.BaseHTTPRequestHandler):
    """Hands each request to the server's Web, silently."""

    def do_GET(self):
        self.server.web.answer(self)

    def log_message(self, *_):
        pass


@pytest.fixture
def web(monkeypatch):
    """A running Web server that nothing but this test knows."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.web = Web(f"http://127.0.0.1:{server.server_port}")
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield server.web
    server.shutdown()
    server.server_close()


@pytest.fixture
def dead_address():
    """An address where nothing listens: its port is taken, so that nobody else can open it meanwhile."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"
