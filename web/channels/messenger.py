"""What Messenger sends, read. Unknown fields and types are no error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from shared.reply import MAX_CHOICE_ID_BYTES
from web.channels.events import (
    Arrived,
    ControlChanged,
    Deleted,
    Edited,
    Event,
    Person,
    PersonWrote,
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

OBJECT = "page"
#: What a "Get started" button sends; `python -m web channels check` knows it too.
GET_STARTED = "GET_STARTED"
_ATTACHMENTS = {"image": "photo", "video": "video", "audio": "voice", "file": "file", "location": "location"}


def read(body: Mapping[str, Any]) -> Iterator[Event]:
    """Every event of a webhook that concerns our page, in order."""
    for entry in items(body.get("entry")):
        if word(entry.get("id")) != config().messenger_page_id:
            continue
        for event in items(entry.get("messaging")):
            yield from _read_event(event, is_standby=False)
        for event in items(entry.get("standby")):
            yield from _read_event(event, is_standby=True)


def _read_event(event: Mapping[str, Any], *, is_standby: bool) -> Iterator[Event]:
    at = moment(number(event.get("timestamp")) / 1000)
    message = part(event, "message")
    if message.get("is_echo"):
        yield from _read_echo(event, message, at, is_standby=is_standby)
        return
    person = Person(word(part(event, "sender").get("id")))
    if not person.is_known or person.user == config().messenger_page_id:
        return
    if message:
        yield from _read_message(message, person, at, is_standby=is_standby)
    elif postback := part(event, "postback"):
        yield _read_postback(event, postback, person, at, is_standby=is_standby)
    elif reaction := part(event, "reaction"):
        yield _read_reaction(event, reaction, person, at, is_standby=is_standby)
    elif edit := part(event, "message_edit"):
        version = word(edit.get("num_edit")) or word(event.get("timestamp"))
        yield Edited(person, word(edit.get("mid")), version, said(edit.get("text")), at, is_standby)
    elif delivery := part(event, "delivery"):
        mids = delivery.get("mids")
        for mid in mids if isinstance(mids, list) else []:
            yield Returned(id=word(mid), state="delivered")
    elif event.get("referral") and not is_standby:
        yield Arrived(person, f"referral:{person.user}:{word(event.get('timestamp'))}", at, attachment="start")
    elif change := part(event, "pass_thread_control"):
        new_owner = word(change.get("new_owner_app_id"))
        yield ControlChanged(person, not config().meta_app_id or new_owner == config().meta_app_id)
    elif part(event, "take_thread_control"):
        yield ControlChanged(person, is_ours=False)


def _read_message(
    message: Mapping[str, Any], person: Person, at: datetime | None, *, is_standby: bool
) -> Iterator[Event]:
    mid = word(message.get("mid"))
    if not mid:
        return
    if message.get("is_deleted"):
        yield Deleted(person, mid)
        return
    text, choice = said(message.get("text")), word(part(message, "quick_reply").get("payload"))
    attachment = ""
    if attached := items(message.get("attachments")):
        first = attached[0]
        is_sticker = bool(part(first, "payload").get("sticker_id")) or word(first.get("type")) == "sticker"
        # A link that Messenger turned into a card came as text, and the text is there.
        attachment = "sticker" if is_sticker else _ATTACHMENTS.get(word(first.get("type")), "" if text else "other")
    known = choice if len(choice.encode()) <= MAX_CHOICE_ID_BYTES else ""
    if not (text or known or attachment):
        attachment = "other"
    answers = word(part(message, "reply_to").get("mid"))
    yield Arrived(person, mid, at, text, known, attachment, answers, is_standby)


def _read_postback(
    event: Mapping[str, Any], postback: Mapping[str, Any], person: Person, at: datetime | None, *, is_standby: bool
) -> Arrived:
    payload, title = word(postback.get("payload")), said(postback.get("title"))
    id_ = word(postback.get("mid")) or f"postback:{person.user}:{word(event.get('timestamp'))}:{payload}"
    if payload == GET_STARTED or not (payload or title):
        return Arrived(person, id_, at, attachment="start", is_standby=is_standby)
    known = payload if len(payload.encode()) <= MAX_CHOICE_ID_BYTES else ""
    return Arrived(person, id_, at, title, known, "" if title or known else "other", is_standby=is_standby)


def _read_reaction(
    event: Mapping[str, Any], reaction: Mapping[str, Any], person: Person, at: datetime | None, *, is_standby: bool
) -> Arrived:
    mid, action = word(reaction.get("mid")), word(reaction.get("action"))
    emoji = said(reaction.get("emoji"))[:20] or word(reaction.get("reaction"))[:20]
    id_ = f"reaction:{mid}:{action}:{emoji}:{word(event.get('timestamp'))}"
    attachment = "unreacted" if action == "unreact" else "reaction"
    return Arrived(person, id_, at, emoji, attachment=attachment, answers=mid, is_standby=is_standby)


def _read_echo(
    event: Mapping[str, Any], message: Mapping[str, Any], at: datetime | None, *, is_standby: bool
) -> Iterator[Event]:
    """What the page sent: by us when it carries our metadata, else by a person or another app."""
    mid, metadata, app = word(message.get("mid")), word(message.get("metadata")), word(message.get("app_id"))
    person = Person(word(part(event, "recipient").get("id")))
    if metadata and (app == config().meta_app_id or not app or not config().meta_app_id):
        yield Returned(metadata, mid)
    elif app and app == config().meta_app_id:
        yield Returned(id=mid)
    elif person.is_known:
        by = Conversation.PausedBy.OTHER if is_standby else Conversation.PausedBy.INBOX
        yield PersonWrote(person, mid, by, said(message.get("text")), at)
