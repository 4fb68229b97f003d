"""The simulated Meta refuses what Meta refuses, hides nothing, and the verdict on a run can be a bad one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from evaluation.meta import faults, report, rules
from evaluation.meta.cases import CASES, WHATSAPP_CASES
from evaluation.meta.payloads import PAGE_ID, PHONE_NUMBER_ID, Someone, text
from evaluation.meta.simulate import webhook_of
from evaluation.meta.simulator import TOKEN, Meta


@pytest.fixture
def meta() -> Iterator[Meta]:
    simulated = Meta()
    simulated.reports = False
    yield simulated
    simulated.shutdown()
    simulated.server_close()


def send(meta: Meta, body: dict[str, Any], sender: str = PHONE_NUMBER_ID, token: str = TOKEN) -> httpx.Response:
    url = f"{meta.url}/v26.0/{sender}/messages"
    return httpx.post(url, json=body, headers={"Authorization": f"Bearer {token}"}, trust_env=False)


HELLO = {
    "messaging_product": "whatsapp",
    "to": "1",
    "type": "text",
    "text": {"body": "Hello"},
    "biz_opaque_callback_data": "k",
}
NO_BUTTONS = {"type": "button", "body": {"text": "x"}, "action": {"buttons": []}}


def test_every_call_is_a_message_the_visitor_sees(meta: Meta) -> None:
    """Also the second with the same id of ours, also one whose answer was lost."""
    assert send(meta, HELLO).status_code == 200
    meta.fault = lambda channel, key: "crash"
    with pytest.raises(httpx.HTTPError):
        send(meta, HELLO)
    assert [(seen.key, seen.text) for seen in meta.seen] == [("k", "Hello"), ("k", "Hello")]


def test_an_error_before_accepting_shows_nothing(meta: Meta) -> None:
    """500 and 429 with Meta's own error."""
    meta.fault = lambda channel, key: "429"
    answer = send(meta, HELLO)
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, 130429)
    assert meta.seen == []


def test_a_wrong_key_is_refused(meta: Meta) -> None:
    """As is another number."""
    assert send(meta, HELLO, token="wrong").json()["error"]["code"] == 190
    assert send(meta, HELLO, sender="1").status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        {**HELLO, "text": {"body": "x" * 4097}},
        {**HELLO, "text": {"body": ""}},
        {**HELLO, "to": ""},
        {**HELLO, "type": "interactive", "interactive": NO_BUTTONS},
    ],
)
def test_what_whatsapp_does_not_take(body: dict[str, Any]) -> None:
    """Too long, empty, to no one, without buttons."""
    assert rules.whatsapp_problem(HELLO) == 0
    assert rules.whatsapp_problem(body) != 0


@pytest.mark.parametrize(
    "message",
    [
        {"text": "x" * 2001},
        {"text": "x", "quick_replies": [{"title": "t", "payload": "p"}] * 14},
        {"text": "x", "quick_replies": [{"title": "t" * 21, "payload": "p"}]},
        {"attachment": {"payload": {"template_type": "button", "text": "x" * 641, "buttons": []}}},
    ],
)
def test_what_messenger_does_not_take(message: dict[str, Any]) -> None:
    """Too long, too many."""
    base = {"recipient": {"id": "1"}, "messaging_type": "RESPONSE"}
    assert rules.messenger_problem({**base, "message": {"text": "x"}}) == 0
    assert rules.messenger_problem({**base, "message": message}) != 0


def an_outcome(**changes: int) -> faults.Outcome:
    size = faults.Size(2, 3, 1.0)
    outcome = faults.Outcome("SQLite", 1, size, received_once=6, in_order=2, answered_in_order=2, latencies=[0.01])
    for name, value in changes.items():
        setattr(outcome, name, value)
    return outcome


@pytest.mark.parametrize(
    "changes",
    [
        {"received_once": 5},
        {"lost": 1},
        {"in_order": 1},
        {"answered_in_order": 1},
        {"handled_twice": 1},
        {"doubled": 1},
    ],
    ids=str,
)
def test_a_run_with_a_fault_of_ours_fails(changes: dict[str, int]) -> None:
    """One message is enough. A double that no one could know of is told, and is none of ours."""
    assert an_outcome().is_right
    assert an_outcome(doubled_in_the_dark=3).is_right
    assert not an_outcome(**changes).is_right
    assert len(an_outcome().row()) == len(faults.HEAD)


def test_the_document_has_a_row_for_every_case() -> None:
    """A case that was added later has to be tried and shown."""
    document = report.REPORT.read_text(encoding="utf-8")
    assert [name for name, _ in (*CASES, *WHATSAPP_CASES) if f"| {name} |" not in document] == []


def test_the_page_sends_what_a_visitor_does() -> None:
    """And nothing it does not know."""
    who = Someone.number("messenger", 1)
    body = webhook_of("messenger", {"do": "text", "text": "hello", "id": "m1"})
    assert body["entry"][0]["id"] == PAGE_ID
    assert (
        body["entry"][0]["messaging"][0]["message"]
        == text(who, "hello", id_="m1")["entry"][0]["messaging"][0]["message"]
    )
    with pytest.raises(ValueError, match="dance"):
        webhook_of("messenger", {"do": "dance"})
