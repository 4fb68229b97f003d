"""A door between web and Rasa that can be made to misbehave."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

import httpx

Mode = Literal["pass", "error", "empty", "silent", "garbage", "lose the answer"]
_ONE_MINUTE = 60
_SAID_NOTHING = b'{"replies": [], "understood": {"intent": null, "topics": [], "confidence": 0.0}}'


class FaultProxy(ThreadingHTTPServer):
    """Passes requests on to `target`, or fails as `mode` says. `before_turn` runs once web has handed a turn over."""

    daemon_threads = True

    def __init__(self, target: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target = target
        self.mode: Mode = "pass"
        self.before_turn: Callable[[], None] | None = None
        self.client = httpx.Client(timeout=_ONE_MINUTE, trust_env=False)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Where web finds it."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: FaultProxy

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        is_turn = self.path.endswith("/turn")
        if is_turn and self.server.before_turn is not None:
            self.server.before_turn()
        mode = self.server.mode if is_turn else "pass"
        match mode:
            case "error":
                self._answer(500, b"Internal Server Error")
            case "empty":
                self._answer(200, b"")
            case "silent":
                self._answer(200, _SAID_NOTHING)
            case "garbage":
                self._answer(200, b"<html>\xff not what was asked for")
            case _:
                self._forward(body, loses_answer=mode == "lose the answer")

    def do_GET(self) -> None:
        self._pass()

    def do_POST(self) -> None:
        self._pass()

    def do_DELETE(self) -> None:
        self._pass()

    def _forward(self, body: bytes, *, loses_answer: bool) -> None:
        headers = {
            name: value for name, value in self.headers.items() if name.lower() in ("authorization", "content-type")
        }
        try:
            response = self.server.client.request(
                self.command, self.server.target + self.path, content=body, headers=headers
            )
        except httpx.HTTPError:
            self.close_connection = True
            return
        if loses_answer:
            self.close_connection = True
        else:
            self._answer(response.status_code, response.content)

    def _answer(self, status: int, content: bytes) -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        except OSError:
            self.close_connection = True  # web has given up

    def log_message(self, format: str, *arguments: object) -> None:
        return
