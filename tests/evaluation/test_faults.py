"""The faults command: its proxy misbehaves as told, and its table and counts are right."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest

from evaluation.faults import __main__ as command
from evaluation.faults.proxy import FaultProxy
from evaluation.faults.scenarios import POSTGRES_SCENARIOS, SCENARIOS, Row
from evaluation.faults.visitor import shown

ROW = Row("Rasa down", "notice", "4 of 4", "answered within 2 s", 0, 0)


class Rasa(BaseHTTPRequestHandler):
    """Says what it was asked."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.server.asked.append(body)  # type: ignore[attr-defined]

    def log_message(self, *_: object) -> None:
        return None


@pytest.fixture
def proxy() -> Iterator[FaultProxy]:
    target = ThreadingHTTPServer(("127.0.0.1", 0), Rasa)
    target.asked = []  # type: ignore[attr-defined]
    Thread(target=target.serve_forever, daemon=True).start()
    proxy = FaultProxy(f"http://127.0.0.1:{target.server_address[1]}")
    proxy.backend = target  # type: ignore[attr-defined]
    yield proxy
    for server in (proxy, target):
        server.shutdown()
        server.server_close()
    proxy.client.close()


def ask(proxy: FaultProxy) -> httpx.Response:
    return httpx.post(f"{proxy.url}/webhooks/gateway/turn", content=b"hello", trust_env=False)


def test_the_proxy_passes_on(proxy: FaultProxy) -> None:
    """As long as it is not told otherwise."""
    assert ask(proxy).content == b"hello"


def test_an_answer_that_gets_lost_was_given(proxy: FaultProxy) -> None:
    """The turn happened; its caller does not learn of it."""
    proxy.mode = "lose the answer"
    with pytest.raises(httpx.HTTPError):
        ask(proxy)
    assert proxy.backend.asked == [b"hello"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("mode", "status", "begin"), [("error", 500, b"I"), ("empty", 200, b""), ("silent", 200, b"{")]
)
def test_a_proxy_that_fails_asks_no_one(proxy: FaultProxy, mode: str, status: int, begin: bytes) -> None:
    """The fault is the whole answer."""
    proxy.mode = mode  # type: ignore[assignment]
    response = ask(proxy)
    assert (response.status_code, response.content[:1]) == (status, begin)
    assert proxy.backend.asked == []  # type: ignore[attr-defined]


def test_the_report_keeps_what_people_wrote_around_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what stands between the marks is written again."""
    report = tmp_path / "faults.md"
    report.write_text(f"Before.\n\n{command._BEGIN}\nold\n{command._END}\n\nAfter.\n", encoding="utf-8")
    monkeypatch.setattr(command, "REPORT", report)
    command.write([ROW])
    text = report.read_text(encoding="utf-8")
    assert text.startswith("Before.")
    assert text.endswith("After.\n")
    assert "| Rasa down | notice | 4 of 4 | answered within 2 s | 0 | 0 |" in text
    assert "old" not in text


def test_the_projects_report_has_a_row_for_every_fault() -> None:
    """A fault that was added later has to be tried and shown."""
    text = command.REPORT.read_text(encoding="utf-8")
    assert [each.fault for each in (*SCENARIOS, *POSTGRES_SCENARIOS) if f"| {each.fault} |" not in text] == []


def test_a_fault_played_alone_takes_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its row is written anew, the others stay, in the order in which they are played."""
    report = tmp_path / "faults.md"
    report.write_text(
        "# Faults\n\n<!-- written by `make faults-handoff` -->\n<!-- end of what `make faults-handoff` writes -->\n"
    )
    monkeypatch.setattr(command, "REPORT", report)
    first, second = (Row(each.fault, "notice", "4 of 4", "answered within 2 s", 0, 0) for each in SCENARIOS[:2])
    command.write([first, second])
    command.write([Row(second.fault, "form", "4 of 4", "answered within 9 s", 0, 0)], keep_others=True)
    rows = [row for row in report.read_text().splitlines() if " s |" in row]
    assert [first.fault in rows[0], second.fault in rows[1], "9 s" in rows[1], len(rows)] == [True, True, True, 2]


def test_a_notice_without_a_way_to_the_clinic_is_noticed() -> None:
    """It makes the command fail."""
    contact = {"phone": "+13105550100", "form_url": None}
    replies = {"replies": [{"kind": "notice", "text": "Sorry. In an emergency, call 911.", "contact": contact}]}
    assert "WITHOUT" in shown(httpx.Response(200, json=replies))
