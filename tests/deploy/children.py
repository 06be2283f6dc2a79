"""Tiny real processes for the supervisor."""

from __future__ import annotations

import sys
from pathlib import Path

from deploy.run import Child
from tests.live.stack import free_port

SERVE = """
import http.server, sys
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"ok")
    def do_POST(self):
        body = {reply!r}.encode()
        self.send_response({status}); self.end_headers(); self.wfile.write(body)
    def log_message(self, *a): pass
http.server.HTTPServer(("127.0.0.1", {port}), H).serve_forever()
"""


def child(folder: Path, name: str, code: str, port: int = 0) -> Child:
    """A child that runs `code`."""
    port = port or free_port()
    return Child(
        name,
        [sys.executable, "-S", "-c", code],
        port,
        f"http://127.0.0.1:{port}/health",
        folder / f"{name}.log",
    )


def server(folder: Path, name: str, reply: str = "[]", status: int = 200) -> Child:
    """A child that answers on its port; POSTs get `reply`."""
    port = free_port()
    return child(folder, name, SERVE.format(port=port, reply=reply, status=status), port)
