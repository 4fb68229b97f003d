"""Privacy in the console: the record, retention, erasing, revealing; and that no transcript is seen unrecorded."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.test import Client
from django.utils import timezone

from tests.web.console.conftest import LoggedIn, logged_in, new_staff  # noqa: F401 (fixtures)
from tests.web.privacy.support import places_of
from tests.web.support import FakeRasa
from web.channels.ids import encrypted, hashed
from web.channels.models import Visitor
from web.console.access import Role, patterns_of
from web.contact.models import ContactRequest
from web.conversations.models import Conversation, Erasure, Message, Reply
from web.privacy import append_only
from web.privacy.models import Entry
from web.privacy.record import Event, first_break, record
from web.review import ranking
from web.urls import urlpatterns

pytestmark = pytest.mark.django_db(transaction=True)

SAID = "my scalp burns, I'm Dana, call me at 310 555 0142"


@pytest.fixture
def conversation() -> Conversation:
    """A visitor left a name and a number."""
    conversation = Conversation.objects.create(last_message_at=timezone.now())
    message = Message.objects.create(conversation=conversation, external_id="1", text=SAID, state="handled")
    Reply.objects.create(message=message, position=0, kind="answer", body={"text": "An answer."})
    ranking.refresh(conversation.pk)
    return conversation


def test_the_record_after_a_reviewer_s_and_a_manager_s_day(
    logged_in: LoggedIn,  # noqa: F811
    conversation: Conversation,
    rasa: FakeRasa,
) -> None:
    """Everything either did is there, in order, and an administrator finds it whole."""
    reviewer, manager = logged_in(Role.REVIEWER, name="rita"), logged_in(Role.MANAGER, name="mary")
    page = f"/console/conversations/{conversation.pk}"
    assert "[phone]" in reviewer.get(page).content.decode()
    assert reviewer.get(f"/console/privacy/reveal/{conversation.pk}").status_code == 403
    manager.get(page)
    manager.get(f"{page}/export")
    manager.post(f"/console/privacy/reveal/{conversation.pk}/show", {"reason": "the number was cut off in the call"})
    manager.post(f"/console/privacy/erase/conversation/{conversation.pk}")
    who = [(entry.actor_name, entry.event) for entry in Entry.objects.exclude(event="setting").order_by("number")]
    assert who == [("rita", "view"), ("mary", "view"), ("mary", "export"), ("mary", "reveal"), ("mary", "erase")]
    admin = logged_in(Role.ADMINISTRATOR, name="ada")
    shown = admin.get("/console/privacy/record?check=1").content.decode()
    assert "The record holds" in shown
    for words in ("rita", "mary", "revealed what was masked", "the number was cut off in the call", ": erased"):
        assert words in shown
    assert "Dana" not in shown
    only = admin.get("/console/privacy/record?who=mary&event=reveal").content.decode()
    assert "the number was cut off" in only
    assert "<strong>rita" not in only
    assert first_break() is None


def test_a_record_that_was_tampered_with_says_so(logged_in: LoggedIn) -> None:  # noqa: F811
    """On the page too, with the entry."""
    record(None, Event.VIEW, "conversation 1")
    append_only.lift(connection)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE privacy_entry SET subject = 'conversation 2' WHERE number = 1")
    append_only.enforce(connection)
    page = logged_in(Role.ADMINISTRATOR).get("/console/privacy/record?check=1").content.decode()
    assert "The record does not hold: entry 1" in page


def test_revealing_needs_a_reason(logged_in: LoggedIn, conversation: Conversation) -> None:  # noqa: F811
    """Without one nothing is shown and nothing recorded; with one the words are, in that answer alone."""
    manager = logged_in(Role.MANAGER)
    path = f"/console/privacy/reveal/{conversation.pk}/show"
    assert manager.get(path).status_code == 405
    for reason in ("", "because"):
        refused = manager.post(path, {"reason": reason})
        assert refused.status_code == 400
        assert "310 555 0142" not in refused.content.decode()
    assert not Entry.objects.filter(event="reveal").exists()
    shown = manager.post(path, {"reason": "to correct the number for Dana"})
    assert "310 555 0142" in shown.content.decode()
    assert shown.headers["Cache-Control"] == "no-store"
    assert Entry.objects.get(event="reveal").details == {"reason": "to correct the number for [name]"}


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.CLINICIAN, Role.ADMINISTRATOR])
def test_only_managers_reveal_and_erase(logged_in: LoggedIn, conversation: Conversation, role: Role) -> None:  # noqa: F811
    """Whatever else they may do."""
    client = logged_in(role)
    for path in (f"reveal/{conversation.pk}/show", f"erase/conversation/{conversation.pk}", "erasures"):
        assert client.post(f"/console/privacy/{path}", {"reason": "I would like to know"}).status_code == 403
    assert Conversation.objects.count() == 1


def test_a_visitor_is_found_by_what_they_left_and_erased(
    logged_in: LoggedIn,  # noqa: F811
    rasa: FakeRasa,
    conversation: Conversation,
) -> None:
    """By the number of a request, written in another way; by mail; by WhatsApp's number; the words are not recorded."""
    ContactRequest.objects.create(conversation=conversation, name="Zebulon", phone="(310) 555-0142")
    form = ContactRequest.objects.create(name="Zebulon", email="zeb@example.com")
    other = Conversation.objects.create(channel="whatsapp")
    Visitor.objects.create(
        channel="whatsapp", conversation=other, phone_hash=hashed("phone", "13105550142"), phone_token=encrypted("x")
    )
    manager = logged_in(Role.MANAGER)
    found = manager.post("/console/privacy/erasures", {"whom": "+1 310 555 0142"}).content.decode()
    assert f"/console/privacy/erase/conversation/{conversation.pk}" in found
    assert f"/console/privacy/erase/conversation/{other.pk}" in found
    found = manager.post("/console/privacy/erasures", {"whom": "ZEB@example.com"}).content.decode()
    assert f"/console/privacy/erase/request/{form.pk}" in found
    assert (
        "Nothing is kept under this" in manager.post("/console/privacy/erasures", {"whom": "nobody"}).content.decode()
    )
    assert "zeb" not in str([entry.details for entry in Entry.objects.all()]).lower()
    assert "can't be undone" in manager.get(f"/console/privacy/erase/request/{form.pk}").content.decode()
    assert manager.post(f"/console/privacy/erase/request/{form.pk}").status_code == 302
    answer = manager.post(f"/console/privacy/erase/conversation/{conversation.pk}", follow=True).content.decode()
    assert "It was erased everywhere" in answer
    assert "age out by rotation" in answer
    assert ContactRequest.objects.count() == 0
    assert places_of("Zebulon", "555-0142", "555 0142", "zeb@example.com") == []


def test_with_rasa_away_the_worker_erases_later(
    logged_in: LoggedIn,  # noqa: F811
    rasa: FakeRasa,
    conversation: Conversation,
) -> None:
    """Staff need not come back: it is written down."""
    rasa.fault = "down"
    answer = logged_in(Role.MANAGER).post(f"/console/privacy/erase/conversation/{conversation.pk}", follow=True)
    assert "The worker erases it as soon as it can" in answer.content.decode()
    assert Erasure.objects.get().conversation == conversation.pk
    assert Conversation.objects.count() == 1


def test_retention_shows_what_goes_next(logged_in: LoggedIn, conversation: Conversation) -> None:  # noqa: F811
    """By day, with the settings; for administrators."""
    Conversation.objects.update(last_message_at=timezone.now() - timedelta(days=85))
    page = logged_in(Role.ADMINISTRATOR).get("/console/privacy/retention").content.decode()
    assert "90 days after the last message" in page
    day = timezone.now() + timedelta(days=5)
    assert re.search(rf"{day:%a} {day.day} {day:%b %Y}</td><td>1</td>", page)
    assert logged_in(Role.REVIEWER).get("/console/privacy/retention").status_code == 403


def console_paths(conversation: Conversation, message: Message) -> Iterator[str]:
    """Every address of the console that can be opened, with ids of things that are there."""
    values = {"uuid": str(conversation.pk), "int": str(message.pk), "str": "json"}
    consoles = [one for one in urlpatterns if str(one.pattern).startswith("console/")]
    for console in consoles:
        for pattern in patterns_of([console]):
            route = f"{console.pattern}{pattern.pattern}"
            path = re.sub(r"<(?:(\w+):)?(\w+)>", lambda match: values.get(match[1] or "str", "json"), route)
            if "logout" not in path:
                yield f"/{path}"


def _all_of(answer: HttpResponseBase) -> bytes:
    if not isinstance(answer, StreamingHttpResponse):
        assert isinstance(answer, HttpResponse)
        return bytes(answer.content)

    async def read() -> bytes:
        return b"".join([part if isinstance(part, bytes) else str(part).encode() async for part in answer])

    return async_to_sync(read)()


def test_no_view_of_a_transcript_escapes_the_record(
    logged_in: LoggedIn,  # noqa: F811
    conversation: Conversation,
    rasa: FakeRasa,
) -> None:
    """Every page of the console that shows a visitor's words, masked or not, leaves an entry: whichever is added."""
    client = logged_in(*Role)
    message = conversation.messages.get()
    unrecorded = []
    for path in console_paths(conversation, message):
        before = Entry.objects.count()
        answer = client.get(path)
        body = _all_of(answer)
        if b"my scalp burns" in body and Entry.objects.count() == before:
            unrecorded.append(path)
    #: Lists show the first words of each, masked; opening one is what is recorded.
    lists = {"/console/queue", "/console/conversations", "/console/messages", "/console/changes"}
    assert set(unrecorded) <= lists


def test_pages_with_a_token_of_no_one_are_not_found(logged_in: LoggedIn) -> None:  # noqa: F811
    """An id that is not there."""
    manager = logged_in(Role.MANAGER)
    for path in ("reveal", "erase/conversation", "erasures"):
        assert manager.get(f"/console/privacy/{path}/{uuid.uuid4()}").status_code == 404
    assert Client().get("/console/privacy/record").status_code == 302
