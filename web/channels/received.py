"""A message as it is to be understood: which choice a number or a button stands for, and what of it is no text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from shared.reply import Reply
from web.channels.kinds import EDITED, is_silent, note_reaction, reply_to
from web.channels.models import Delivery
from web.conversations.models import Channel, Message

_NUMBER = re.compile(r"^\W{0,2}(\d{1,2})\W{0,2}$")


@dataclass(frozen=True)
class Taken:
    """What Rasa is asked, if anything, and what is said beside its answer."""

    text: str = ""
    choice: str = ""
    notices: list[Reply] = field(default_factory=list)


def read(message: Message) -> Taken:
    """A message of any channel, for its turn."""
    if message.channel == Channel.WEBSITE:
        return Taken(message.text, message.choice)
    if message.attachment in ("reaction", "unreacted"):
        note_reaction(message)
        return Taken() if is_silent(message) else Taken(notices=[reply_to(message)])
    if message.attachment == EDITED and not message.text:
        return Taken(notices=[reply_to(message)])
    notices = [reply_to(message)] if message.attachment else []
    return Taken(message.text, message.choice or _numbered_choice(message), notices)


def _numbered_choice(message: Message) -> str:
    """The choice that a number stands for, when the last reply offered choices by number."""
    found = _NUMBER.match(message.text)
    if found is None:
        return ""
    earlier = Delivery.objects.filter(conversation=message.conversation_id, message__lt=message.pk)
    last = earlier.exclude(message=None).order_by("-message_id").values_list("message_id", flat=True).first()
    offers = earlier.filter(message=last).order_by("-pk")
    ids: list[str] = next((offer.content["numbered"] for offer in offers if offer.content.get("numbered")), [])
    place = int(found[1])
    return ids[place - 1] if 1 <= place <= len(ids) else ""
