"""A call-back request from the conversation: stored with the turn that says so, once, and only then said."""

from __future__ import annotations

import uuid
from typing import Any, NoReturn

import pytest
from django.db import OperationalError

from shared.reply import Handoff as HandoffFormat
from shared.reply import Reply as ReplyFormat
from tests.web.support import FakeRasa, Visitor, a_handoff, assert_error
from web import records
from web.contact.models import ContactRequest
from web.conversations.models import Handoff, Message, Reply
from web.notifications.models import Notification

LEFT = {"name": "Jordan Marker", "phone": "(310) 555-0199", "best_time": "mornings"}


def sent(handoff_id: str | None = None, request: dict[str, str] | None = None) -> ReplyFormat:
    """The last reply of the form, with what the visitor left."""
    handoff = HandoffFormat(
        id=handoff_id or str(uuid.uuid4()), reason="prices", status="requested", request=request or LEFT
    )
    return ReplyFormat(text="Sent.", kind="form", handoff=handoff)


async def test_what_was_left_is_stored_with_the_reply(visitor: Visitor, rasa: FakeRasa) -> None:
    """In the same queue as the form's entries, with where it came from."""
    rasa.says = [sent()]
    answer = await visitor.send("yes")
    stored = await ContactRequest.objects.select_related("handoff", "conversation").aget()
    assert (stored.name, stored.phone, stored.email, stored.best_time) == (*list(LEFT.values())[:2], "", "mornings")
    assert (stored.source, stored.reason, stored.state, stored.phone_is_local) == ("website", "prices", "new", False)
    assert stored.handoff is not None
    assert (str(stored.handoff.pk), stored.handoff.status) == (answer["replies"][0]["handoff"]["id"], "requested")
    assert (await Message.objects.aget()).conversation_id == stored.conversation_id


async def test_the_log_holds_no_second_copy_of_it(visitor: Visitor, rasa: FakeRasa) -> None:
    """Name and number stand in the request alone; the reply that is shown and kept has none."""
    rasa.says = [sent()]
    answer = await visitor.send("yes")
    assert answer["replies"][0]["handoff"]["request"] is None
    assert "Marker" not in str((await Reply.objects.aget()).body)


async def test_sent_is_not_said_when_it_cant_be_stored(
    visitor: Visitor, rasa: FakeRasa, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The visitor gets the way to the clinic instead; once the database is back, the same yes is stored and said."""
    rasa.says = [sent()]

    def away(*_: Any) -> NoReturn:
        raise OperationalError("database is locked")

    with monkeypatch.context() as broken:
        broken.setattr(records, "store_call_back", away)
        response = await visitor.post(client_message_id="1", text="yes")
        assert_error(response, 503, "unavailable")
        assert "Sent" not in response.text
    assert (await ContactRequest.objects.acount(), await Reply.objects.acount()) == (0, 0)
    answer = await visitor.send("yes", "1")
    assert answer["replies"][0]["text"] == "Sent."
    assert await ContactRequest.objects.acount() == 1


async def test_the_same_handoff_is_one_request(visitor: Visitor, rasa: FakeRasa) -> None:
    """However often it is told."""
    again = sent()
    rasa.says = [again]
    await visitor.send("yes")
    await visitor.send("yes")
    assert await ContactRequest.objects.acount() == 1
    assert await Notification.objects.acount() == 1


async def test_rasa_is_told_what_is_stored(visitor: Visitor, rasa: FakeRasa) -> None:
    """Nothing before; then the handoff and the state that staff gave it."""
    rasa.says = [sent()]
    await visitor.send("yes")
    await visitor.send("did it go through?")
    await ContactRequest.objects.aupdate(state="in_progress")
    await visitor.send("and now?")
    handoff = str((await Handoff.objects.aget()).pk)
    told = [asked.get("stored") for asked in rasa.asked]
    assert told == [None, {"handoff": handoff, "state": "new"}, {"handoff": handoff, "state": "in_progress"}]


async def test_a_number_without_area_code_is_marked(visitor: Visitor, rasa: FakeRasa) -> None:
    """Staff see it in the list."""
    rasa.says = [sent(request={"name": "Jordan", "phone": "555-0199"})]
    await visitor.send("yes")
    assert (await ContactRequest.objects.aget()).phone_is_local is True


async def test_a_request_sent_with_the_form_stays_sent(visitor: Visitor, rasa: FakeRasa) -> None:
    """The conversation may go on to offer the same handoff; it is no step back."""
    offered = a_handoff()
    assert offered.handoff is not None
    rasa.says = [offered]
    await visitor.send("one")
    await Handoff.objects.aupdate(status="requested")
    await visitor.send("two")
    assert (await Handoff.objects.aget()).status == "requested"


async def test_erased_with_the_conversation(visitor: Visitor, rasa: FakeRasa) -> None:
    """The receipt counts it; the notification held nothing of the visitor."""
    rasa.says = [sent()]
    await visitor.send("yes")
    assert (await visitor.erase()).status_code == 200
    assert await ContactRequest.objects.acount() == 0
    assert "Marker" not in str([vars(told) async for told in Notification.objects.all()])
