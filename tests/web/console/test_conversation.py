"""One conversation: the transcript, what was understood, marks, taking over, exports."""

from __future__ import annotations

import csv
import io
import json
import uuid
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client

from tests.web.console.conftest import LoggedIn
from tests.web.console.test_lists import a_conversation
from tests.web.review.test_ranking import a_message
from tests.web.support import an_answer
from web.channels.models import Delivery, Visitor
from web.console.access import Role
from web.conversations.models import Conversation, Feedback, Reply, StaffTask
from web.conversations.pause import is_paused
from web.privacy.models import Entry, Event
from web.review.models import Mark, Note

pytestmark = pytest.mark.django_db
RANKING = [
    {"label": "safety/mri", "confidence": 0.61},
    {"label": "safety/pain", "confidence": 0.3},
    {"label": "handoff/booking", "confidence": 0.05},
]
UNDERSTOOD = {
    "intent": "safety/mri", "topics": ["mri"], "confidence": 0.61, "ranking": RANKING, "rules": ["eye"],
    "actions": ["utter_safety"], "model": "model-7",
}  # fmt: skip


@pytest.fixture
def reviewer(logged_in: LoggedIn) -> Client:
    return logged_in(Role.REVIEWER)


@pytest.fixture
def conversation() -> Conversation:
    """A bit of everything, markup and a phone number in the visitor's words."""
    conversation = Conversation.objects.create(channel="whatsapp")
    Visitor.objects.create(channel="whatsapp", conversation=conversation)
    message = a_message(
        conversation, text="<b>hurts?</b> 310 555 0123", confidence=0.61, understood=UNDERSTOOD, kind="answer"
    )
    body = an_answer("It may.").model_dump(mode="json") | {"choices": [{"id": "safety/pain", "title": "Does it hurt"}]}
    reply = Reply.objects.create(message=message, position=0, kind="answer", topic="mri", body=body)
    Feedback.objects.create(reply=reply, helpful=False, comment="mail me: a@b.example")
    Delivery.objects.create(conversation=conversation, reply=reply, message=message, content={}, state="delivered")
    Delivery.objects.create(conversation=conversation, author="staff", content={"text": "Call us."}, state="sent")
    a_message(conversation, text="", choice="safety/pain")
    return conversation


def test_the_transcript_shows_all_of_it_masked(reviewer: Client, conversation: Conversation) -> None:
    """Both sides, staff, what was understood, delivery and feedback; markup is text, and numbers are covered."""
    page = reviewer.get(f"/console/conversations/{conversation.pk}").content.decode()
    for shown in (
        "&lt;b&gt;hurts?&lt;/b&gt; [phone]", "It may.", "Call us.",
        "Does it hurt", "tapped a choice", "61 % sure",
        "safety/mri", "eye", "utter_safety", "model-7", "Delivered", "Not helpful", "mail me: [e-mail]", "FDA",
    ):  # fmt: skip
        assert shown in page
    for hidden in ("555", "a@b.example", "<b>hurts"):
        assert hidden not in page
    assert Entry.objects.filter(event=Event.VIEW, subject=f"conversation {conversation.pk}").count() == 1


def test_a_clinician_reads_and_changes_nothing(logged_in: LoggedIn, conversation: Conversation) -> None:
    """No control is shown that would be refused."""
    page = logged_in(Role.CLINICIAN).get(f"/console/conversations/{conversation.pk}").content.decode()
    for hidden in ("/console/act", "/console/mark", "take-over", "/export"):
        assert hidden not in page


def test_marks_with_one_tap(reviewer: Client, conversation: Conversation) -> None:
    """As another topic, a behaviour or no topic yet; the last one counts, and can be taken back."""
    message = conversation.messages.first()
    assert message is not None
    for intent, kind in (("safety/pain", "topic"), ("handoff/booking", "behaviour"), ("-", "no_topic")):
        reviewer.post("/console/mark", {"message": message.pk, "intent": intent})
        mark = Mark.objects.get()
        assert (mark.kind, mark.intent) == (kind, intent.strip("-"))
    reviewer.post("/console/undo")
    assert Mark.objects.get().intent == "handoff/booking"
    reviewer.post("/console/mark", {"message": message.pk, "intent": "none"})
    assert not Mark.objects.exists()
    reviewer.post("/console/undo")
    assert Mark.objects.get().intent == "handoff/booking"
    assert Entry.objects.filter(event=Event.MARK, subject=f"message {message.pk}").count() == 6


def test_marks_in_bulk(reviewer: Client) -> None:
    """Many messages at once, from the page of those that were not understood; what was marked leaves it."""
    made = [a_conversation(kind="clarify", text=f"question {number}") for number in range(3)]
    a_conversation(kind="answer", text="not here")
    page = reviewer.get("/console/messages")
    assert len(page.context["rows"]) == 3
    chosen = [str(one.messages.get().pk) for one in made[:2]]
    page = reviewer.post(
        "/console/mark",
        {"message": chosen, "other": "safety/pain", "intent": "", "next": "/console/messages"},
        follow=True,
    )
    assert len(page.context["rows"]) == 1
    assert Mark.objects.filter(intent="safety/pain").count() == 2
    assert len(reviewer.get("/console/messages?marked=yes").context["rows"]) == 2
    assert len(reviewer.get("/console/messages?q=question").context["rows"]) == 1
    reviewer.post("/console/undo")
    assert not Mark.objects.exists()


@pytest.mark.parametrize(
    "body", [{"intent": "safety/nothing"}, {"intent": ""}, {"message": ""}, {"message": "x"}, {"message": "9" * 30}]
)
def test_a_mark_that_makes_no_sense(reviewer: Client, conversation: Conversation, body: dict[str, str]) -> None:
    """Is refused with words."""
    message = conversation.messages.first()
    assert message is not None
    page = reviewer.post("/console/mark", {"message": message.pk, "intent": "safety/pain", **body}, follow=True)
    assert 'role="alert"' in page.content.decode()
    assert not Mark.objects.exists()


def test_reviewed_closes_the_tasks_of_a_conversation(reviewer: Client, conversation: Conversation) -> None:
    """Someone has seen to it; undo opens them again."""
    task = StaffTask.objects.create(message=conversation.messages.first(), conversation=conversation)
    reviewer.post("/console/act", {"conversation": conversation.pk, "do": "state:reviewed"})
    task.refresh_from_db()
    assert task.state == "done"
    reviewer.post("/console/undo")
    task.refresh_from_db()
    assert task.state == "new"


def test_a_note_is_for_the_others(reviewer: Client, conversation: Conversation) -> None:
    """Shown with who wrote it, as text."""
    reviewer.post("/console/act", {"conversation": conversation.pk, "do": "note:", "note": "<i>called</i>"})
    assert "&lt;i&gt;called&lt;/i&gt;" in reviewer.get(f"/console/conversations/{conversation.pk}").content.decode()
    reviewer.post("/console/undo")
    assert not Note.objects.exists()


def test_on_through_the_queue(reviewer: Client) -> None:
    """Previous and next are those of the list, also after a conversation has left it."""
    last, middle, first = (a_conversation(kind="emergency") for _ in range(3))
    row = reviewer.get("/console/queue").context["page"].rows[1]
    assert row.review.pk == middle.pk
    page = reviewer.get(f"/console/conversations/{middle.pk}?{row.link}")
    assert str(first.pk) in page.context["previous"]
    assert str(last.pk) in page.context["next"]
    body = {"conversation": middle.pk, "do": "state:reviewed", "next": page.context["next"]}
    page = reviewer.post("/console/act", body, follow=True)
    assert page.context["conversation"].pk == last.pk
    assert str(first.pk) in page.context["previous"]
    assert page.context["next"] == ""


def test_a_person_takes_over_and_hands_back(reviewer: Client, conversation: Conversation) -> None:
    """The assistant is silent meanwhile; each step is recorded."""
    path = f"/console/conversations/{conversation.pk}/take-over"
    reviewer.post(path, {"do": "pause"})
    conversation.refresh_from_db()
    assert is_paused(conversation)
    reviewer.post(path, {"do": "hand_back"})
    conversation.refresh_from_db()
    assert not is_paused(conversation)
    reviewer.post(path, {"do": "say", "text": "We call you today."})
    conversation.refresh_from_db()
    assert is_paused(conversation)
    assert Delivery.objects.filter(author="staff", content__text="We call you today.").count() == 1
    assert Entry.objects.filter(event=Event.SETTING).count() == 3


@pytest.mark.parametrize("body", [{"do": "say", "text": " "}, {"do": "say", "text": "x" * 4001}, {"do": "x"}, {}])
def test_taking_over_wrongly(reviewer: Client, conversation: Conversation, body: dict[str, str]) -> None:
    """Nothing is sent and nothing paused."""
    page = reviewer.post(f"/console/conversations/{conversation.pk}/take-over", body, follow=True)
    assert 'role="alert"' in page.content.decode()
    conversation.refresh_from_db()
    assert not is_paused(conversation)


def test_on_the_website_nobody_is_written_to(reviewer: Client) -> None:
    """There is no way to send; pausing works."""
    one = a_conversation()
    path = f"/console/conversations/{one.pk}/take-over"
    assert 'name="text"' not in reviewer.get(f"/console/conversations/{one.pk}").content.decode()
    reviewer.post(path, {"do": "say", "text": "hello"})
    assert not Delivery.objects.exists()


def test_a_long_conversation_comes_in_pages(reviewer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The latest messages first, earlier ones a tap away, each once, those of staff too."""
    from web.console import transcript

    monkeypatch.setattr(transcript, "MOST", 3)
    conversation = a_conversation("whatsapp", text="word 0")
    for number in range(1, 7):
        a_message(conversation, text=f"word {number}")
        if number == 3:
            Delivery.objects.create(conversation=conversation, author="staff", content={"text": "staff word"})
    address, found = f"/console/conversations/{conversation.pk}", []
    while True:
        context = reviewer.get(address).context
        found.append([turn.text for turn in context["turns"]])
        if context["earlier"] is None:
            break
        address = f"/console/conversations/{conversation.pk}?before={context['earlier']}"
    assert found == [["word 4", "word 5", "word 6"], ["word 1", "word 2", "word 3", "staff word"], ["word 0"]]


def test_one_conversation_as_json(logged_in: LoggedIn, conversation: Conversation) -> None:
    """All that was understood, masked, and recorded as exported."""
    answer = logged_in(Role.MANAGER).get(f"/console/conversations/{conversation.pk}/export")
    content = answer.json()
    assert content["messages"][0]["text"] == "<b>hurts?</b> [phone]"
    assert content["messages"][0]["understood"]["ranking"] == RANKING
    assert content["messages"][0]["replies"][0]["helpful"] is False
    assert "attachment" in answer.headers["Content-Disposition"]
    assert Entry.objects.filter(event=Event.EXPORT).count() == 1


def exported(client: Client, path: str) -> str:
    """A download, over the asynchronous server that streams it."""
    browser = AsyncClient()
    browser.cookies = client.cookies

    async def read() -> str:
        answer: Any = await browser.get(path)
        assert answer.status_code == 200
        return b"".join([part async for part in answer.streaming_content]).decode()

    return async_to_sync(read)()


@pytest.mark.django_db(transaction=True)
def test_a_list_as_csv_and_json(logged_in: LoggedIn) -> None:
    """One row a conversation, only those of the filters, and no cell a spreadsheet would run."""
    one = a_conversation(kind="emergency", text="=HYPERLINK(1) call 310 555 0123")
    a_conversation()
    manager = logged_in(Role.MANAGER)
    text = exported(manager, "/console/export/csv?list=conversations&kind=emergency")
    assert text.startswith("\ufeffconversation,")
    (row,) = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    assert row["conversation"] == str(one.pk)
    assert row["transcript"] == "Visitor: =HYPERLINK(1) call [phone]"
    lines = exported(manager, "/console/export/json?list=conversations").splitlines()
    assert {json.loads(line)["messages"][0]["kind"] for line in lines} == {"emergency", "answer"}
    assert manager.get("/console/export/xml").status_code == 404
    assert manager.get("/console/export/csv?list=x").status_code == 404


def test_a_cell_is_no_formula() -> None:
    """Whatever it begins with."""
    from web.console.exporting import _cell

    assert [_cell(value) for value in ("=1", "+1", "-1", "@x", "x", None, 3)] == [
        "'=1",
        "'+1",
        "'-1",
        "'@x",
        "x",
        "",
        "3",
    ]


def test_an_unknown_conversation(reviewer: Client) -> None:
    """Is not found."""
    assert reviewer.get(f"/console/conversations/{uuid.uuid4()}").status_code == 404
