"""The page with the chat, in a real browser, against a Rasa that says what the test tells it to."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect, sync_playwright

pytestmark = pytest.mark.browser

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
SCRIPT = "<img src=x onerror=\"document.title='hacked'\">"
PATIENCE_SECONDS = 30


def reply(text: str, kind: str = "answer", **more: Any) -> dict[str, Any]:
    return {"text": text, "kind": kind, **more}


class FakeRasa(ThreadingHTTPServer):
    """Answers every turn with `replies`; `is_down` breaks every connection."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.replies: list[dict[str, Any]] = []
        self.asked: list[dict[str, Any]] = []
        self.is_down = False


class Handler(BaseHTTPRequestHandler):
    server: FakeRasa

    def _answer(self, body: dict[str, Any]) -> None:
        if self.server.is_down:
            self.close_connection = True
            return
        content = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self) -> None:
        self._answer({})

    def do_DELETE(self) -> None:
        self._answer({"deleted": True})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(body)
        understood = {"intent": "safety", "topics": [], "confidence": 1.0}
        self._answer({"replies": self.server.replies, "understood": understood})

    def log_message(self, *_: Any) -> None:
        return None


@pytest.fixture
def rasa() -> Iterator[FakeRasa]:
    server = FakeRasa()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def site(rasa: FakeRasa, tmp_path: Path) -> Iterator[str]:
    """The public process on a free port, with a database of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "WEB_PORT": str(port),
        "DATABASE_URL": f"sqlite:///{tmp_path / 'web.sqlite3'}",
        "RASA_URL": f"http://127.0.0.1:{rasa.server_address[1]}",
    }
    command = [sys.executable, "-m", "web"]
    subprocess.run([*command, "migrate", "--verbosity", "0"], env=environment, check=True)
    process = subprocess.Popen([*command, "serve"], env=environment, stdout=subprocess.DEVNULL)
    address = f"http://localhost:{port}"
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            httpx.get(f"{address}/health/live", trust_env=False).raise_for_status()
            break
        except httpx.HTTPError:
            assert time.monotonic() < deadline, "web did not start"
            time.sleep(0.1)
    yield address
    process.terminate()
    process.wait()


@pytest.fixture
def page(site: str) -> Iterator[Page]:
    """The open page. Anything the console complains about fails the test."""
    if CHROMIUM is None:
        pytest.skip("There is no Chromium. `apt-get install chromium` brings one.")
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        page = browser.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(site)
        expect(page.locator(".bubble.assistant")).to_have_count(1)
        yield page
        browser.close()
    assert [] == complaints


def ask(page: Page, text: str) -> None:
    """With the keyboard alone."""
    page.get_by_label("Your question").focus()
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def test_a_conversation_by_keyboard(page: Page, rasa: FakeRasa) -> None:
    """Question, answer with folded sources, an offered choice, a reload that keeps it all."""
    source = {"title": "A study", "publisher": "A journal", "url": "https://example.org/study"}
    choice = {"id": "safety/mri", "title": "MRI scans", "description": ""}
    rasa.replies = [reply("An answer.", topic="pain", sources=[source], choices=[choice])]
    ask(page, "does it hurt?")
    answer = page.locator(".bubble.answer")
    expect(answer).to_contain_text("An answer.")
    expect(answer.get_by_role("link", name="A study")).to_be_hidden()
    answer.get_by_text("Sources (1)").click()
    expect(answer.get_by_role("link", name="A study")).to_be_visible()
    page.get_by_role("button", name="MRI scans").press("Enter")
    expect(page.locator(".bubble.answer")).to_have_count(2)
    assert ["does it hurt?", None] == [turn.get("text") for turn in rasa.asked]
    assert "safety/mri" == rasa.asked[1]["choice"]
    page.reload()
    expect(page.locator(".bubble.visitor")).to_have_text(["does it hurt?", "MRI scans"])


def test_text_is_never_markup(page: Page, rasa: FakeRasa) -> None:
    """Neither a visitor's nor a reply's."""
    rasa.replies = [reply(SCRIPT)]
    ask(page, SCRIPT)
    expect(page.locator(".bubble.answer")).to_contain_text(SCRIPT)
    assert 0 == page.locator(".log img").count()
    assert "hacked" != page.title()


def test_an_emergency_looks_like_one_and_is_announced(page: Page, rasa: FakeRasa) -> None:
    """A label, the alert role that screen readers speak at once, and the emergency line one tap away."""
    rasa.replies = [reply("Call now.", "emergency", topic="emergency_other", care="emergency_call")]
    ask(page, "help")
    expect(page.get_by_role("alert")).to_contain_text("This may be an emergency")
    expect(page.get_by_role("alert").get_by_role("link", name="Call 911")).to_have_attribute("href", "tel:911")


def test_a_handoff_can_be_tapped(page: Page, rasa: FakeRasa) -> None:
    """Phone as a tel link, and the form of this very handoff."""
    handoff = {"id": "0f0e0d0c-0b0a-4908-8706-050403020100", "reason": "booking", "status": "offered", "request": None}
    contact = {"phone": "+13105550100", "phone_text": "(310) 555-0100", "form_url": None}
    rasa.replies = [reply("Call them.", "handoff", handoff=handoff, contact=contact)]
    ask(page, "book me in")
    bubble = page.locator(".bubble.handoff")
    expect(bubble.get_by_role("link", name="Call (310) 555-0100")).to_have_attribute("href", "tel:+13105550100")
    link = bubble.get_by_role("link", name="Contact form").get_attribute("href")
    assert link is not None
    page.goto(link)
    expect(page.get_by_label("What is it about?")).to_have_value("booking")


def test_when_rasa_is_down_the_visitor_still_gets_a_way(page: Page, rasa: FakeRasa) -> None:
    """The emergency line, the phone and the form."""
    rasa.is_down = True
    ask(page, "does it hurt?")
    notice = page.locator(".bubble.notice")
    expect(notice).to_contain_text("If this is an emergency, call")
    expect(notice.get_by_role("link", name="Contact form")).to_be_visible()


def test_helpful_and_delete(page: Page, rasa: FakeRasa) -> None:
    """A visitor can say that it helped, and erase what was said, with a receipt."""
    rasa.replies = [reply("An answer.")]
    ask(page, "does it hurt?")
    page.get_by_role("button", name="Yes").click()
    expect(page.get_by_role("button", name="Yes")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Delete this conversation").click()
    expect(page.locator(".log")).to_contain_text("Receipt:")
    expect(page.locator(".bubble.visitor")).to_have_count(0)
