"""The first view for staff: the log, read only, behind a login."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client

from shared.reply import Understood
from tests.web.support import an_answer
from web.channels.models import Delivery
from web.contact.models import ContactRequest
from web.conversations.models import Conversation, Erasure, Feedback, Handoff, Message, Reply, StaffTask
from web.privacy.models import Entry

pytestmark = pytest.mark.django_db

LISTS = ["conversation", "message", "handoff", "feedback", "erasure"]
MARKUP = "<script>alert('from a visitor')</script>"


@pytest.fixture
def conversation() -> Conversation:
    """A conversation with a bit of everything, and markup in the visitor's words."""
    conversation = Conversation.objects.create()
    understood = Understood(intent="safety", topics=["heavy_metals"], confidence=0.97, rules=["some_rule"])
    message = Message.objects.create(
        conversation=conversation, external_id="1", text=MARKUP, confidence=0.97, understood=understood.model_dump()
    )
    Message.objects.create(conversation=conversation, external_id="2", choice="choice-ink")
    reply = Reply.objects.create(message=message, position=0, kind="answer", body=an_answer().model_dump(mode="json"))
    Feedback.objects.create(reply=reply, helpful=False, comment="too long")
    handoff = Handoff.objects.create(
        id=uuid.uuid4(), conversation=conversation, message=message, reason="prices", status="offered"
    )
    ContactRequest.objects.create(conversation=conversation, handoff=handoff, name="Jordan")
    Erasure.objects.create(messages=1, requests=0)
    return conversation


@pytest.mark.parametrize("name", LISTS)
def test_the_log_needs_a_login(client: Client, name: str) -> None:
    """Who is not staff is sent to the login."""
    response = client.get(f"/admin/conversations/{name}/")
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/admin/login/")


@pytest.mark.usefixtures("conversation")
@pytest.mark.parametrize("name", LISTS)
def test_every_list_of_the_log_opens(admin_client: Client, name: str) -> None:
    """Each shows its row, and none offers to add one."""
    response = admin_client.get(f"/admin/conversations/{name}/")
    assert response.status_code == 200
    assert response.context["cl"].result_count == (2 if name == "message" else 1)
    assert admin_client.get(f"/admin/conversations/{name}/add/").status_code == 403


def test_a_conversation_shows_both_sides_and_what_was_understood(
    admin_client: Client, conversation: Conversation
) -> None:
    """Visitor, assistant, intent, confidence and rules on one page; markup stays text."""
    page = admin_client.get(f"/admin/conversations/conversation/{conversation.pk}/change/").content.decode()
    for shown in ("An answer.", "safety", "sure to 97%", "some_rule", "[choice-ink]", "&lt;script&gt;alert("):
        assert shown in page
    assert MARKUP not in page


def test_nobody_changes_the_log(admin_client: Client, conversation: Conversation) -> None:
    """Not even a superuser: what was said was said."""
    path = f"/admin/conversations/conversation/{conversation.pk}"
    assert admin_client.post(f"{path}/change/", {"language": "xx"}).status_code == 403
    assert admin_client.post(f"{path}/delete/", {"post": "yes"}).status_code == 403
    conversation.refresh_from_db()
    assert conversation.language == ""


@pytest.mark.usefixtures("conversation")
@pytest.mark.parametrize(("query", "found"), [("visitor", 1), ("nothing like it", 0)])
def test_staff_find_a_conversation_by_its_words(admin_client: Client, query: str, found: int) -> None:
    """The search reads what visitors wrote, and shows a conversation once."""
    response = admin_client.get("/admin/conversations/conversation/", {"q": query})
    assert response.context["cl"].result_count == found


@pytest.mark.usefixtures("conversation")
def test_staff_mark_a_contact_request_as_done(admin_client: Client) -> None:
    """The state is theirs to change; what the visitor left is not."""
    request = ContactRequest.objects.get()
    assert admin_client.get("/admin/contact/contactrequest/").status_code == 200
    path = f"/admin/contact/contactrequest/{request.pk}/change/"
    assert admin_client.post(path, {"state": "done", "name": "Another"}).status_code == 302
    request.refresh_from_db()
    assert (request.state, request.name) == ("done", "Jordan")
    assert admin_client.get("/admin/contact/contactrequest/add/").status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "conversations/conversation/", "conversations/conversation/{conversation}/change/", "conversations/message/",
        "conversations/message/{message}/change/", "conversations/feedback/", "contact/contactrequest/",
        "contact/contactrequest/{request}/change/", "channels/delivery/", "conversations/stafftask/",
    ],
)  # fmt: skip
def test_here_too_words_are_masked_and_every_look_is_recorded(
    admin_client: Client, conversation: Conversation, path: str
) -> None:
    """The operator sees no more than the staff, and is in the record like them."""
    Message.objects.update(text="I'm Zebulon, my scalp burns, 310 555 0142")
    Feedback.objects.update(comment="call 310 555 0142")
    ContactRequest.objects.update(name="Zebulon Quick", phone="310 555 0142", message="call Zebulon on 310 555 0142")
    message = Message.objects.first()
    StaffTask.objects.create(message=message, conversation=conversation)
    Delivery.objects.create(conversation=conversation, content={"text": "call me on 310 555 0142"})
    ids = {"conversation": conversation.pk, "request": ContactRequest.objects.get().pk}
    page = admin_client.get(f"/admin/{path.format(message=message.pk if message else 0, **ids)}")
    assert page.status_code == 200
    assert "555 0142" not in page.content.decode()
    assert "Zebulon" not in page.content.decode()
    assert Entry.objects.get().event == "view"
