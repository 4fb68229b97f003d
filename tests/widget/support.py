"""A Rasa that does as it is told, a clinic's website, and the widget as a visitor sees it."""

from __future__ import annotations

import json
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from playwright.sync_api import Locator, Page, expect

SOURCE = {"title": "A study of inks", "publisher": "A journal", "url": "https://example.org/study"}
PHONE, PHONE_TEXT = "+13105550100", "(310) 555-0100"

expect.set_options(timeout=30_000)


def reply(text: str = "An answer.", kind: str = "answer", **more: Any) -> dict[str, Any]:
    contact = {"phone": PHONE, "phone_text": PHONE_TEXT, "form_url": None}
    return {"text": text, "kind": kind, "contact": contact, **more}


def an_emergency() -> dict[str, Any]:
    return reply("Call 911 now. Do not drive.", "emergency", topic="emergency_other", care="emergency_call")


def a_handoff(status: str = "offered") -> dict[str, Any]:
    handoff = {"id": str(uuid.uuid4()), "reason": "booking", "status": status, "request": None}
    return reply(f"Please call {PHONE_TEXT}. Or leave your name and number.", "handoff", handoff=handoff)


def a_question() -> dict[str, Any]:
    choices = [{"id": "safety/mri", "title": "MRI scans", "description": "Tattoos and magnets"}]
    return reply("Which one do you mean?", "clarify", choices=choices)


class FakeRasa(ThreadingHTTPServer):
    """Answers every turn with `replies`; `is_down` breaks every connection, `goes_on` holds answers back."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Gateway)
        self.goes_on = threading.Event()
        self.reset()

    def reset(self) -> None:
        self.replies: list[dict[str, Any]] = [reply()]
        self.asked: list[dict[str, Any]] = []
        self.forgotten: list[str] = []
        self.is_down = False
        self.goes_on.set()

    @property
    def texts(self) -> list[str | None]:
        return [turn.get("text") for turn in self.asked]


class _Quiet(BaseHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        return None

    def answer(self, content: bytes, **headers: str) -> None:
        self.send_response(200)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)


class _Gateway(_Quiet):
    server: FakeRasa

    def _say(self, body: dict[str, Any]) -> None:
        if self.server.is_down:
            self.close_connection = True
        else:
            self.answer(json.dumps(body).encode())

    def do_GET(self) -> None:
        self._say({})

    def do_DELETE(self) -> None:
        self.server.forgotten.append(self.path.rpartition("/")[2])
        self._say({"deleted": True})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(body)
        self.server.goes_on.wait(20)
        understood = {"intent": "safety", "topics": [], "confidence": 1.0}
        self._say({"replies": self.server.replies, "understood": understood})


class ClinicSite(ThreadingHTTPServer):
    """A clinic's website: every address shows `body`, under a policy that allows the assistant and nothing else."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _ClinicPage)
        self.address = f"http://127.0.0.1:{self.server_address[1]}"
        self.assistant = ""
        self.reset()

    def reset(self) -> None:
        self.head = ""
        self.body = f'<script type="module" src="{self.assistant}/widget/loader.js"></script>'
        self.html = '<html lang="en">'
        self.policy = (
            f"default-src 'none'; script-src {self.assistant}; connect-src {self.assistant}; base-uri 'none'; "
            "form-action 'none'"
        )


class _ClinicPage(_Quiet):
    server: ClinicSite

    def do_GET(self) -> None:
        site = self.server
        page = (
            f'<!doctype html>{site.html}<head><meta charset="utf-8"><title>Clinic</title>{site.head}'
            '<meta name="viewport" content="width=device-width">'
            f"</head><body><h1>Our clinic</h1>{site.body}</body></html>"
        )
        headers = {"Content_Type": "text/html; charset=utf-8", "Content_Security_Policy": site.policy}
        self.answer(page.encode(), **headers)


class Widget:
    """What a visitor sees and does."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.host = page.locator("smp-chat")
        self.launcher = self.host.locator(".launcher")
        self.panel = page.get_by_role("dialog")
        self.log = page.get_by_role("log")
        self.field = page.locator("smp-chat textarea")
        self.banner = self.host.locator(".banner")

    @property
    def sent(self) -> Locator:
        """What the visitor wrote."""
        return self.host.locator(".visitor p")

    @property
    def replies(self) -> Locator:
        return self.host.locator(".turn .reply")

    def open(self) -> None:
        self.launcher.click()
        expect(self.field).to_be_visible()

    def ask(self, text: str = "does it hurt?") -> None:
        """With the keyboard alone."""
        self.field.focus()
        self.page.keyboard.insert_text(text)
        self.page.keyboard.press("Enter")

    def ask_and_wait(self, text: str = "does it hurt?") -> Locator:
        """The last reply, once it is there."""
        count = self.replies.count()
        self.ask(text)
        expect(self.replies).to_have_count(count + 1)
        return self.replies.last

    def menu(self, entry: str) -> None:
        self.page.get_by_role("button", name="More about this conversation").click()
        self.page.get_by_role("button", name=entry).click()

    def is_focused(self, locator: Locator) -> bool:
        """Whether it has the focus, inside of the widget too."""
        return bool(locator.evaluate("node => node.getRootNode().activeElement === node"))
