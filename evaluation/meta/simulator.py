"""Meta, simulated: takes Graph calls as Meta does, refuses what Meta refuses, reports back by signed webhooks.

It never drops a second call with the same id of ours: every part it accepts is a part the visitor sees.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import queue
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

import httpx

from evaluation.meta import payloads, rules
from evaluation.meta.payloads import APP_ID, BUSINESS_ACCOUNT_ID, PAGE_ID, PHONE_NUMBER_ID, Body, Someone

APP_SECRET, VERIFY_TOKEN, TOKEN = "simulated-app-secret", "simulated-verify-token", "simulated-token"
#: What the simulator does with a call to send. "hide": accepts, drops the connection, and reports nothing.
Fault = Literal["", "500", "429", "crash", "hide", "unreadable", "reject", "window", "gone", "key"]
_RETRIES = 60
_SENDERS = 8
FIELDS = [
    "messages", "messaging_postbacks", "message_echoes", "message_edits", "message_reactions", "messaging_referrals",
    "message_deliveries", "standby", "messaging_handovers", "smb_message_echoes",
]  # fmt: skip


def settings(url: str) -> dict[str, str]:
    """The environment of a product that is connected to the simulator."""
    return {
        "GRAPH_URL": url,
        "META_APP_ID": APP_ID,
        "META_APP_SECRET": APP_SECRET,
        "META_VERIFY_TOKEN": VERIFY_TOKEN,
        "MESSENGER_PAGE_ID": PAGE_ID,
        "MESSENGER_PAGE_TOKEN": TOKEN,
        "WHATSAPP_PHONE_NUMBER_ID": PHONE_NUMBER_ID,
        "WHATSAPP_TOKEN": TOKEN,
        "WHATSAPP_BUSINESS_ACCOUNT_ID": BUSINESS_ACCOUNT_ID,
    }


def signature(body: bytes) -> str:
    """The header that Meta sends with a webhook."""
    return "sha256=" + hmac.new(APP_SECRET.encode(), body, hashlib.sha256).hexdigest()


@dataclass
class Seen:
    """One part that a visitor got."""

    channel: str
    to: str
    id: str
    key: str
    message: Body
    at: float = field(default_factory=time.time)
    is_hidden: bool = False

    @property
    def text(self) -> str:
        """What the visitor reads."""
        for path in (("text", "body"), ("interactive", "body", "text"), ("attachment", "payload", "text"), ("text",)):
            value: Any = self.message
            for name in path:
                value = value.get(name) if isinstance(value, dict) else None
            if isinstance(value, str):
                return value
        return ""


class Meta(ThreadingHTTPServer):
    """The simulated Graph API on a port of its own. `web` is the address of the product."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, web: str = "", port: int = 0, handler: type[BaseHTTPRequestHandler] | None = None) -> None:
        super().__init__(("127.0.0.1", port), handler or GraphHandler)
        self.web = web
        self.fault: Callable[[str, str], Fault] = lambda channel, key: ""
        self.seen: list[Seen] = []
        self.signals: list[tuple[str, str]] = []
        self.calls: list[tuple[str, str, Fault]] = []
        self.latencies: list[float] = []
        self.refused: list[int] = []
        self.reports = True
        self.reports_after = 0.2
        self.lock = threading.Lock()
        self._outgoing: queue.Queue[tuple[float, str, bytes]] = queue.Queue()
        threading.Thread(target=self.serve_forever, daemon=True).start()
        for _ in range(_SENDERS):
            threading.Thread(target=self._send_webhooks, daemon=True).start()

    @property
    def url(self) -> str:
        """For `GRAPH_URL`."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def deliver(self, channel: str, body: Body | bytes, client: httpx.Client | None = None) -> httpx.Response:
        """Send a signed webhook once; the answer. Its time is noted."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": signature(content)}
        started = time.perf_counter()
        post = client.post if client is not None else httpx.post
        more: dict[str, Any] = {} if client is not None else {"trust_env": False}
        response = post(f"{self.web}/webhooks/{channel}", content=content, headers=headers, timeout=20, **more)
        with self.lock:
            self.latencies.append(time.perf_counter() - started)
        return response

    def report(self, channel: str, body: Body, after: float = 0.0) -> None:
        """Send a webhook a little later, and again until it is acknowledged."""
        self._outgoing.put((time.time() + after, channel, json.dumps(body).encode()))

    @property
    def is_quiet(self) -> bool:
        """Whether every report was taken."""
        return self._outgoing.unfinished_tasks == 0

    def _send_webhooks(self) -> None:
        with httpx.Client(trust_env=False) as client:
            while True:
                due, channel, content = self._outgoing.get()
                time.sleep(max(0.0, due - time.time()))
                for _ in range(_RETRIES):
                    with contextlib.suppress(httpx.HTTPError):
                        if self.deliver(channel, content, client).status_code == 200:
                            break
                    time.sleep(0.5)
                self._outgoing.task_done()

    def take(self, channel: str, to: Someone, key: str, message: Body, *, is_hidden: bool) -> str:
        """Accept a part, and report it unless that is hidden."""
        id_ = payloads.new_id(channel)
        with self.lock:
            self.seen.append(Seen(channel, to.user or to.phone, id_, key, message, is_hidden=is_hidden))
        if self.reports and not is_hidden:
            self.report(channel, payloads.returned(to, id_, key, "sent"), self.reports_after)
            self.report(channel, payloads.returned(to, id_, key, "delivered"), 2 * self.reports_after)
        return id_

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that was killed leaves a broken connection, which is no news here."""

    def log(self, channel: str, key: str, fault: Fault) -> None:
        with self.lock:
            self.calls.append((channel, key, fault))


def error_body(code: int, subcode: int = 0) -> Body:
    """An error as the Graph API tells it."""
    more = {"error_subcode": subcode} if subcode else {}
    return {"error": {"message": "Simulated", "type": "OAuthException", "code": code, "fbtrace_id": "A", **more}}


#: Status, code and finer code of a fault, for WhatsApp and for Messenger.
_FAULTS: dict[Fault, dict[str, tuple[int, int, int]]] = {
    "500": {"whatsapp": (500, 131000, 0), "messenger": (500, 2, 0)},
    "429": {"whatsapp": (429, 130429, 0), "messenger": (429, 613, 0)},
    "reject": {"whatsapp": (400, 131009, 0), "messenger": (400, 100, 0)},
    "window": {"whatsapp": (400, 131047, 0), "messenger": (400, 10, 2018278)},
    "gone": {"whatsapp": (400, 131026, 0), "messenger": (400, 551, 1545041)},
    "key": {"whatsapp": (401, 190, 0), "messenger": (401, 190, 0)},
}


class GraphHandler(BaseHTTPRequestHandler):
    """The Graph API's calls that the product makes."""

    server: Meta
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        found = re.fullmatch(r"/v\d+\.\d+/(\d+)/messages", urlsplit(self.path).path)
        try:
            asked = json.loads(body)
        except ValueError:
            asked = None
        if found is None or not isinstance(asked, dict):
            self.answer(404, error_body(803))
        elif self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self.answer(401, error_body(190))
        elif found[1] == PHONE_NUMBER_ID:
            self._whatsapp(asked)
        elif found[1] == PAGE_ID:
            self._messenger(asked)
        else:
            self.answer(400, error_body(33))

    def _whatsapp(self, asked: Body) -> None:
        if asked.get("status") == "read":
            with self.server.lock:
                self.server.signals.append(("whatsapp", "typing" if asked.get("typing_indicator") else "read"))
            self.answer(200, {"success": True})
            return
        to = Someone("whatsapp", str(asked.get("recipient") or ""), str(asked.get("to") or ""))
        self._send(
            "whatsapp", to, str(asked.get("biz_opaque_callback_data") or ""), asked, rules.whatsapp_problem(asked)
        )

    def _messenger(self, asked: Body) -> None:
        to = Someone("messenger", str((asked.get("recipient") or {}).get("id") or ""))
        if "sender_action" in asked:
            with self.server.lock:
                self.server.signals.append(("messenger", asked["sender_action"]))
            self.answer(200, {"recipient_id": to.user})
            return
        message = asked.get("message") or {}
        self._send("messenger", to, str(message.get("metadata") or ""), message, rules.messenger_problem(asked))

    def _send(self, channel: str, to: Someone, key: str, message: Body, problem: int) -> None:
        fault = self.server.fault(channel, key)
        self.server.log(channel, key, fault)
        if problem:
            with self.server.lock:
                self.server.refused.append(problem)
            self.answer(400, error_body(problem))
            return
        if fault in _FAULTS:
            status, code, subcode = _FAULTS[fault][channel]
            self.answer(status, error_body(code, subcode))
            return
        id_ = self.server.take(channel, to, key, message, is_hidden=fault == "hide")
        if fault in ("crash", "hide"):
            self.close_connection = True
            self.connection.close()
        elif fault == "unreadable":
            self.answer(502, None)
        elif channel == "whatsapp":
            contact = {"input": to.user or to.phone, "wa_id": to.phone or None, "user_id": to.user or None}
            self.answer(200, {"messaging_product": "whatsapp", "contacts": [contact], "messages": [{"id": id_}]})
        else:
            self.answer(200, {"recipient_id": to.user, "message_id": id_})

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        path = re.sub(r"^/v\d+\.\d+", "", parts.path)
        subscribed = [{"name": name, "version": "v26.0"} for name in FIELDS]
        known: dict[str, Body] = {
            f"/{PHONE_NUMBER_ID}": {
                "id": PHONE_NUMBER_ID, "display_phone_number": "+1 310-555-0100", "verified_name": "Example Clinic",
                "quality_rating": "GREEN",
            },
            f"/{PAGE_ID}": {"id": PAGE_ID, "name": "Example Clinic"},
            f"/{BUSINESS_ACCOUNT_ID}/subscribed_apps": {"data": [{"whatsapp_business_api_data": {"id": APP_ID}}]},
            f"/{PAGE_ID}/subscribed_apps": {"data": [{"id": APP_ID, "subscribed_fields": FIELDS}]},
            f"/{APP_ID}/subscriptions": {
                "data": [
                    {"object": name, "callback_url": f"{self.server.web}/webhooks/{channel}", "active": True,
                     "fields": subscribed}
                    for name, channel in (("page", "messenger"), ("whatsapp_business_account", "whatsapp"))
                ]
            },
        }  # fmt: skip
        if path == "/debug_token":
            given = parse_qs(parts.query).get("input_token", [""])[0]
            scopes = [
                "whatsapp_business_messaging",
                "whatsapp_business_management",
                "pages_messaging",
                "pages_manage_metadata",
            ]
            self.answer(
                200, {"data": {"is_valid": given == TOKEN, "app_id": APP_ID, "expires_at": 0, "scopes": scopes}}
            )
        elif self.headers.get("Authorization") not in (f"Bearer {TOKEN}", f"Bearer {APP_ID}|{APP_SECRET}"):
            self.answer(401, error_body(190))
        elif path in known:
            self.answer(200, known[path])
        else:
            self.answer(404, error_body(100))

    def answer(self, status: int, body: Body | None, kind: str = "application/json") -> None:
        """Answer with JSON, or with something that is none."""
        content = json.dumps(body).encode() if body is not None else b"<html>Bad Gateway</html>"
        with contextlib.suppress(OSError):
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    def log_message(self, format: str, *arguments: object) -> None:
        return
