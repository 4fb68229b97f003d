"""The built-in contact form."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any, get_args
from unittest.mock import patch

import pytest
from django.core import signing
from django.db import OperationalError
from django.test import Client

from shared.reply import Reason
from tests.conftest import WriteClinic
from tests.web.support import FORM, PHONE
from web.config import Config
from web.contact.forms import REASONS, new_sending_id
from web.contact.links import MAX_AGE_SECONDS, form_url
from web.contact.models import ContactRequest
from web.conversations.models import Conversation, Handoff, Message
from web.notifications.models import Notification

pytestmark = pytest.mark.django_db

VALID = {"name": "Jordan", "phone": "(310) 555-0199", "email": "", "reason": "", "message": "Please call me."}


def sending(seconds_ago: float = 60) -> str:
    """The hidden id of a form that was shown so long ago."""
    with patch("django.core.signing.time.time", return_value=time.time() - seconds_ago):
        return new_sending_id()


def valid() -> dict[str, str]:
    """A form filled in by a person, each time a new one."""
    return VALID | {"sending": sending()}


@pytest.fixture
def handoff() -> Handoff:
    conversation = Conversation.objects.create()
    message = Message.objects.create(conversation=conversation, external_id="1", text="a secret of mine")
    return Handoff.objects.create(
        id=uuid.uuid4(), conversation=conversation, message=message, reason="prices", status="offered"
    )


def path_of(handoff: Handoff) -> str:
    return "/contact/" + form_url(str(handoff.pk)).removeprefix(FORM)


def test_the_form_shows_how_else_to_reach_the_clinic(client: Client) -> None:
    """Phone and emergency line stand on the page, which no cache keeps."""
    response = client.get("/contact/")
    page = response.content.decode()
    assert response.status_code == 200
    assert f'href="tel:{PHONE}"' in page
    assert "call 911" in page
    assert "no-store" in response.headers["Cache-Control"]


def test_a_handoff_link_fills_in_the_reason_alone(client: Client, handoff: Handoff) -> None:
    """The visitor need not say again what it is about; what they wrote is not on the page."""
    page = client.get(path_of(handoff)).content.decode()
    assert '<option value="prices" selected>' in page
    assert "secret" not in page


@pytest.mark.parametrize("reason", get_args(Reason))
def test_every_reason_of_a_handoff_can_be_chosen(reason: str) -> None:
    """A reason the form does not know could never be sent."""
    assert reason in REASONS


def test_a_forged_or_expired_link_gives_an_empty_form(
    client: Client, handoff: Handoff, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It still works as a form, and knows nothing of any handoff."""
    good = path_of(handoff)
    forged = "/contact/" + signing.TimestampSigner(key="another key", salt="contact.handoff").sign(str(handoff.pk))
    pages = [client.get(path) for path in (forged, good[:-1], f"/contact/{handoff.pk}", "/contact/x")]
    now = time.time()
    monkeypatch.setattr("django.core.signing.time.time", lambda: now + MAX_AGE_SECONDS + 60)
    pages.append(client.get(good))
    assert [page.status_code for page in pages] == [200] * 5
    assert not [page for page in pages if '"prices" selected' in page.content.decode()]
    assert client.post(good, valid()).status_code == 302
    handoff.refresh_from_db()
    assert (handoff.status, ContactRequest.objects.get().handoff) == ("offered", None)


def test_a_link_to_an_erased_conversation_gives_an_empty_form(client: Client, handoff: Handoff) -> None:
    """The signature is good, the handoff is gone."""
    path = path_of(handoff)
    handoff.conversation.delete()
    assert client.get(path).status_code == 200
    assert client.post(path, valid()).status_code == 302
    assert ContactRequest.objects.get().conversation is None


def test_what_was_sent_is_stored_and_the_handoff_marked(client: Client, handoff: Handoff) -> None:
    """The thanks are true: request, handoff and conversation belong together."""
    response = client.post(path_of(handoff), valid() | {"reason": "prices", "best_time": "mornings"})
    assert (response.status_code, response.headers["Location"]) == (302, "/contact/thanks")
    stored = ContactRequest.objects.get()
    assert (stored.name, stored.phone, stored.message) == ("Jordan", "(310) 555-0199", "Please call me.")
    assert (stored.reason, stored.best_time, stored.state) == ("prices", "mornings", "new")
    assert (stored.handoff, stored.conversation) == (handoff, handoff.conversation)
    handoff.refresh_from_db()
    assert handoff.status == "requested"
    assert "Your message was saved" in client.get("/contact/thanks").content.decode()


def test_without_a_handoff_it_is_stored_too(client: Client) -> None:
    """The form serves those who never chatted."""
    client.post("/contact/", valid())
    stored = ContactRequest.objects.get()
    assert (stored.handoff, stored.conversation, stored.reason) == (None, None, "")


def test_what_fell_into_the_trap_is_kept_and_marked(client: Client, handoff: Handoff) -> None:
    """Some browsers fill in what people don't see: nothing is lost, and no one is notified."""
    response = client.post(path_of(handoff), valid() | {"website": "https://spam.example"})
    assert (response.status_code, response.headers["Location"]) == (302, "/contact/thanks")
    assert ContactRequest.objects.get().is_suspect is True
    assert Notification.objects.count() == 0


def test_a_form_from_another_site_is_refused() -> None:
    """CSRF: without the page's token nothing is stored; the error shows the way to the clinic."""
    client = Client(enforce_csrf_checks=True)
    response = client.post("/contact/", valid())
    assert response.status_code == 403
    assert f'href="tel:{PHONE}"' in response.content.decode()
    assert ContactRequest.objects.count() == 0
    page = client.get("/contact/")
    token = page.context["csrf_token"]
    assert client.post("/contact/", valid() | {"csrfmiddlewaretoken": str(token)}).status_code == 302


def test_too_many_from_one_address_are_refused(client: Client, settings_of_web: Config) -> None:
    """The form says so and keeps what was written; the phone still works."""
    settings_of_web.contact_forms_per_hour_per_address = 2
    assert [client.post("/contact/", valid()).status_code for _ in range(3)] == [302, 302, 429]
    page = client.post("/contact/", valid()).content.decode()
    assert "Too many messages" in page
    assert "Please call me." in page
    assert f'href="tel:{PHONE}"' in page
    assert ContactRequest.objects.count() == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"phone": "call me"}, "does not look like a phone number"),
        ({"phone": "12"}, "too few or too many digits"),
        ({"phone": "+1310555019999999"}, "too few or too many digits"),
        ({"phone": "310555019999"}, "too few or too many digits"),
        ({"phone": "", "email": "jordan@"}, "Enter a valid email address"),
        ({"phone": "", "email": ""}, "Please leave a phone number or an e-mail address"),
        ({"name": ""}, "This field is required"),
        ({"name": "x" * 101}, "at most 100 characters"),
        ({"message": "Please call me." + "x" * 2000}, "at most 2000 characters"),
        ({"reason": "lottery"}, "Select a valid choice"),
        ({"name": "Jo\x00rdan"}, "Null characters are not allowed"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_lost(client: Client, change: dict[str, str], said: str) -> None:
    """The page comes back with what was written, and words for what to correct."""
    response = client.post("/contact/", valid() | change)
    page = response.content.decode()
    assert response.status_code == 422
    assert said in page
    assert "Please call me." in page
    assert ContactRequest.objects.count() == 0


@pytest.mark.parametrize("phone", ["(310) 555-0199", "+1 310 555 0199", "+49 30 123456", "555-0199"])
def test_a_phone_number_is_taken_as_people_write_it(client: Client, phone: str) -> None:
    """With or without the country, and even without the area code."""
    assert client.post("/contact/", valid() | {"phone": phone}).status_code == 302
    assert ContactRequest.objects.get().phone == phone


def test_a_number_without_area_code_is_marked(client: Client) -> None:
    """Staff see that it can be dialled from around the clinic only."""
    client.post("/contact/", valid() | {"phone": "555-0199"})
    client.post("/contact/", valid())
    assert [entry.phone_is_local for entry in ContactRequest.objects.order_by("pk")] == [True, False]


def test_sent_twice_it_is_stored_once(client: Client) -> None:
    """A second tap, or the page sent again: the same thanks, one entry, one notification."""
    form = valid()
    assert [client.post("/contact/", form).status_code for _ in range(2)] == [302, 302]
    assert (ContactRequest.objects.count(), Notification.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("hidden", "said"),
    [
        (lambda: sending(0), "That was very fast"),
        (lambda: sending(25 * 3600), "open for very long"),
        (lambda: "", "could not be checked"),
        (lambda: sending()[:-1] + "x", "could not be checked"),
    ],
    ids=["at once", "a day later", "missing", "forged"],
)
def test_a_form_no_person_filled_in_is_asked_for_once_more(
    client: Client, hidden: Callable[[], str], said: str
) -> None:
    """Nothing that was written is lost: the page comes back, and sent again it is taken."""
    response = client.post("/contact/", valid() | {"sending": hidden()})
    assert response.status_code == 422
    page = response.content.decode()
    assert said in page
    assert "Please call me." in page
    assert ContactRequest.objects.count() == 0
    assert client.post("/contact/", valid()).status_code == 302


def test_the_clinic_is_notified_in_the_same_commit(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """No entry without its notification: if that can't be stored, neither is, and the visitor is told."""
    client.post("/contact/", valid())
    (told,) = Notification.objects.all()
    assert (told.kind, told.path) == ("new_request", ContactRequest.objects.get().staff_path)

    def refuse(*_: Any) -> None:
        raise OperationalError

    monkeypatch.setattr("web.contact.views.notify", refuse)
    client.raise_request_exception = False
    assert client.post("/contact/", valid()).status_code == 500
    assert ContactRequest.objects.count() == 1


def test_an_email_is_enough(client: Client) -> None:
    """Nobody has to leave a phone number."""
    assert client.post("/contact/", valid() | {"phone": "", "email": "jordan@mail.example"}).status_code == 302
    assert ContactRequest.objects.get().email == "jordan@mail.example"


def test_where_the_country_is_unknown_the_form_asks_for_it(client: Client, write_clinic: WriteClinic) -> None:
    """A good number without its country is not called wrong."""
    write_clinic("name: Example Clinic\n")
    assert "Please start with + and the country code." in client.post("/contact/", valid()).content.decode()
    assert client.post("/contact/", valid() | {"phone": "+1 310 555 0199"}).status_code == 302


def test_what_was_written_is_shown_as_text(client: Client) -> None:
    """Markup in a field stays text."""
    page = client.post("/contact/", valid() | {"phone": "x", "name": "<script>alert(1)</script>"}).content.decode()
    assert "<script>alert(1)" not in page


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_the_form_is_read_or_sent(client: Client, method: str) -> None:
    """Nothing else is done to it."""
    response: Any = getattr(client, method)("/contact/")
    assert response.status_code == 405
