"""What WhatsApp's Cloud API sends, read. Unknown fields and types are no error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from shared.reply import MAX_CHOICE_ID_BYTES
from web.channels.events import (
    NO_CODE,
    Arrived,
    ControlChanged,
    Deleted,
    Edited,
    Event,
    Moved,
    Person,
    PersonWrote,
    Problem,
    Returned,
    items,
    moment,
    number,
    part,
    said,
    word,
)
from web.config import config
from web.conversations.models import Conversation

OBJECT = "whatsapp_business_account"
_ATTACHMENTS = {
    "image": "photo",
    "video": "video",
    "audio": "voice",
    "voice": "voice",
    "document": "file",
    "sticker": "sticker",
    "location": "location",
    "contacts": "contact",
    "request_welcome": "start",
}
_STATES = {"sent": "sent", "delivered": "delivered", "read": "read", "played": "read", "failed": "failed"}


def read(body: Mapping[str, Any]) -> Iterator[Event]:
    """Every event of a webhook that concerns our number, in order."""
    for entry in items(body.get("entry")):
        for change in items(entry.get("changes")):
            value = part(change, "value")
            if word(part(value, "metadata").get("phone_number_id")) == config().whatsapp_phone_number_id:
                yield from _read_change(word(change.get("field")), value)


def _read_change(field: str, value: Mapping[str, Any]) -> Iterator[Event]:
    is_standby = field == "standby"
    if field in ("messages", "standby"):
        for message in items(value.get("messages")):
            event = _read_message(message, _sender(message, value), is_standby=is_standby)
            if event is not None:
                yield event
        for status in items(value.get("statuses")):
            if not is_standby:
                yield from _read_status(status)
    if field in ("smb_message_echoes", "standby"):
        by = Conversation.PausedBy.OTHER if is_standby else Conversation.PausedBy.APP
        for echo in items(value.get("message_echoes")):
            yield from _read_echo(echo, by)
    if field == "messaging_handovers":
        for name, is_ours in (("pass_thread_control", True), ("take_thread_control", False)):
            changed = part(value, name)
            sender = part(value, "sender")
            named = Person(word(sender.get("user_id")), _digits(sender.get("wa_id") or sender.get("phone_number")))
            person = named if named.is_known else _sender({}, value)
            if changed and person.is_known:
                yield ControlChanged(person, is_ours)


def _digits(value: object) -> str:
    return "".join(c for c in word(value) if c.isdecimal())


def _sender(message: Mapping[str, Any], value: Mapping[str, Any]) -> Person:
    """Who wrote: the business-scoped id is beside the message or in `contacts`; the number may be missing."""
    user, phone = word(message.get("from_user_id")), _digits(message.get("from"))
    contacts = items(value.get("contacts"))
    for contact in contacts:
        theirs, number_ = word(contact.get("user_id")), _digits(contact.get("wa_id"))
        if (user and user == theirs) or (phone and phone == number_) or (len(contacts) == 1 and not (user or phone)):
            return Person(user or theirs, phone or number_)
    return Person(user, phone)


def _read_message(message: Mapping[str, Any], person: Person, *, is_standby: bool) -> Event | None:
    kind, id_ = word(message.get("type")), word(message.get("id"))
    if not person.is_known or not id_ or message.get("group_id"):
        return None
    at = moment(number(message.get("timestamp")))
    answers = word(part(message, "context").get("id"))

    def arrived(text: str = "", choice: str = "", attachment: str = "", to: str = answers) -> Arrived:
        known = choice if len(choice.encode()) <= MAX_CHOICE_ID_BYTES else ""
        nothing = "" if text or known else "other"
        return Arrived(person, id_, at, text, known, attachment or nothing, to, is_standby)

    of = part(message, kind)
    match kind:
        case "text":
            return arrived(said(of.get("body")))
        case "button":
            return arrived(said(of.get("text")), word(of.get("payload")))
        case "interactive":
            chosen = part(of, word(of.get("type")))
            return arrived(said(chosen.get("title")), word(chosen.get("id")))
        case "reaction":
            emoji = said(of.get("emoji"))[:20]
            return arrived(emoji, attachment="reaction" if emoji else "unreacted", to=word(of.get("message_id")))
        case "edit":
            inner = part(of, "message")
            new = said(part(inner, "text").get("body")) or said(part(inner, word(inner.get("type"))).get("caption"))
            return Edited(person, word(of.get("original_message_id")), id_, new, at, is_standby)
        case "revoke":
            return Deleted(person, word(of.get("original_message_id")))
        case "system":
            new_phone = _digits(of.get("wa_id")) or _digits(of.get("new_wa_id"))
            return Moved(person, new_phone) if new_phone else None
        case _:
            return arrived(said(of.get("caption")), attachment=_ATTACHMENTS.get(kind, "other"))


def _read_status(status: Mapping[str, Any]) -> Iterator[Returned]:
    state = _STATES.get(word(status.get("status")))
    if state is None:
        return
    error = next(iter(items(status.get("errors"))), {})
    code = number(error.get("code")) if "code" in error else NO_CODE
    problem = Problem(code) if state == "failed" else None
    yield Returned(word(status.get("biz_opaque_callback_data")), word(status.get("id")), state, problem)


def _read_echo(echo: Mapping[str, Any], by: Conversation.PausedBy) -> Iterator[PersonWrote]:
    person = Person(word(echo.get("to_user_id")), _digits(echo.get("to")))
    if person.is_known and word(echo.get("type")) not in ("revoke", "edit", "reaction"):
        text = said(part(echo, "text").get("body"))
        yield PersonWrote(person, word(echo.get("id")), by, text, moment(number(echo.get("timestamp"))))
