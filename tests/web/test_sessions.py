"""Starting, resuming and refusing a session."""

from __future__ import annotations

import time
import uuid

import httpx
import pytest
from django.core import signing

from shared.reply import Reply
from tests.web.conftest import NewVisitor
from tests.web.support import FORM, PHONE, PHONE_TEXT, Visitor, assert_error
from web.conversations.models import Conversation
from web.website import tokens

DAY = 24 * 3600


async def test_the_first_words_say_that_this_is_a_bot(http: httpx.AsyncClient) -> None:
    """Before anything is asked, a visitor knows: automated, not a person, and what to do in an emergency."""
    started = await Visitor(http).start()
    (greeting,) = started["replies"]
    assert greeting["kind"] == "smalltalk"
    assert "automated assistant, not a person" in greeting["text"]
    assert "call 911" in greeting["text"]
    assert greeting["contact"] == {"phone": PHONE, "phone_text": PHONE_TEXT, "form_url": FORM}


async def test_the_greeting_is_a_reply_like_every_other(http: httpx.AsyncClient) -> None:
    """A client draws it with the same code: the shared format and an id."""
    (greeting,) = (await Visitor(http).start())["replies"]
    assert greeting.pop("id") == "greeting"
    Reply.model_validate(greeting)


async def test_a_session_offers_questions_to_start_with(http: httpx.AsyncClient) -> None:
    """A visitor who does not know what to ask sees what others do."""
    starters = (await Visitor(http).start())["starters"]
    assert len(starters) >= 3
    assert all(question.endswith("?") for question in starters)


async def test_language_and_path_of_the_page_are_kept(new_visitor: NewVisitor) -> None:
    """Of the page only the path: what follows a `?` may hold personal data."""
    await new_visitor(language="en-US", page="https://clinic.example/smp/scars?name=Jordan#top")
    conversation = await Conversation.objects.aget()
    assert (conversation.language, conversation.page) == ("en-US", "/smp/scars")


async def test_a_valid_token_resumes_its_conversation(visitor: Visitor) -> None:
    """A reload goes on where it was and gets a fresh token for the same conversation."""
    sent = await visitor.send("hello")
    before = tokens.conversation_of(visitor.token)
    await visitor.start()
    assert tokens.conversation_of(visitor.token) == before
    assert [message["message_id"] for message in await visitor.log()] == [sent["message_id"]]


async def test_a_token_that_is_no_good_starts_anew(http: httpx.AsyncClient) -> None:
    """The start of a session never fails because of an old token."""
    visitor = Visitor(http)
    visitor.token = "forged"
    await visitor.start()
    assert await Conversation.objects.acount() == 1


def forged(visitor: Visitor) -> str:
    return signing.TimestampSigner(key="another key", salt="website.session").sign(uuid.uuid4().hex)


def changed(visitor: Visitor) -> str:
    return uuid.uuid4().hex + visitor.token[32:]


def of_another_use(visitor: Visitor) -> str:
    """Signed by this very server, but for the contact form."""
    return signing.TimestampSigner(salt="contact.handoff").sign(tokens.conversation_of(visitor.token).hex)


def no_id_inside(visitor: Visitor) -> str:
    return signing.TimestampSigner(salt="website.session").sign("hello")


CALLS = [
    ("POST", "/api/chat/messages"),
    ("GET", "/api/chat/messages"),
    ("POST", "/api/chat/feedback"),
    ("DELETE", "/api/chat/session"),
]


@pytest.mark.parametrize("make", [forged, changed, of_another_use, no_id_inside, lambda _: "x"])
async def test_a_forged_token_is_refused(visitor: Visitor, make: object) -> None:
    """Whatever this server did not sign for a session opens nothing."""
    assert callable(make)
    visitor.token = make(visitor)
    for method, path in CALLS:
        assert_error(await visitor.http.request(method, path, headers=visitor.headers), 401, "token_invalid")


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer  ", "Basic dXNlcjpwYXNz"])
async def test_no_token_is_refused(http: httpx.AsyncClient, header: str | None) -> None:
    """Without a bearer token the answer says how to get one."""
    headers = {} if header is None else {"Authorization": header}
    for method, path in CALLS:
        assert_error(await http.request(method, path, headers=headers), 401, "token_missing")


async def test_a_token_expires(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    """It holds for `SESSION_DAYS`, and not longer."""
    now = time.time()
    monkeypatch.setattr("django.core.signing.time.time", lambda: now + 7 * DAY - 60)
    assert await visitor.log() == []
    monkeypatch.setattr("django.core.signing.time.time", lambda: now + 7 * DAY + 60)
    for method, path in CALLS:
        assert_error(await visitor.http.request(method, path, headers=visitor.headers), 401, "token_expired")


async def test_the_token_of_an_erased_conversation_is_refused(visitor: Visitor) -> None:
    """The signature is good, the conversation is gone."""
    assert (await visitor.erase()).status_code == 200
    for method, path in CALLS:
        assert_error(await visitor.http.request(method, path, headers=visitor.headers), 401, "session_unknown")
