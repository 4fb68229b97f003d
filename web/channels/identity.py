"""Who a visitor is on a channel, and the one conversation they have there.

The page-scoped or business-scoped id comes first. A phone number is optional, can be learnt later, and can pass to
another person: then it leaves whoever had it.
"""

from __future__ import annotations

import logging

from django.db import IntegrityError, transaction

from web.channels.events import Person
from web.channels.ids import decrypted, encrypted, hashed
from web.channels.models import Redaction, Visitor
from web.conversations.models import Conversation

logger = logging.getLogger(__name__)


def find(channel: str, person: Person) -> Visitor | None:
    """The visitor, when they are known."""
    visitors = Visitor.objects.filter(channel=channel).select_related("conversation")
    found = visitors.filter(user_hash=hashed("user", person.user)).first() if person.user else None
    if found is None and person.phone:
        found = visitors.filter(phone_hash=hashed("phone", person.phone)).first()
        if found is not None and person.user and found.user_hash:
            return None  # the number went to another person
    return found


def of_meta_id(meta_id: str) -> Visitor | None:
    """The visitor of one of Meta's ids, on either channel."""
    visitors = Visitor.objects.select_related("conversation")
    return (
        visitors.filter(user_hash=hashed("user", meta_id)).first()
        or visitors.filter(phone_hash=hashed("phone", meta_id)).first()
    )


def find_or_make(channel: str, person: Person) -> Visitor:
    """The visitor, with all that is known of them now; a new one has a new conversation."""
    visitor = find(channel, person)
    if visitor is None:
        _take_number_from_others(channel, person, None)
        visitor = Visitor(channel=channel, conversation=Conversation.objects.create(channel=channel))
    elif person.phone and visitor.phone_hash != hashed("phone", person.phone):
        _take_number_from_others(channel, person, visitor)
    _learn(visitor, person)
    return visitor


def _learn(visitor: Visitor, person: Person) -> None:
    before = (visitor.user_hash, visitor.phone_hash)
    if person.user and visitor.user_hash is None:
        visitor.user_hash, visitor.user_token = hashed("user", person.user), encrypted(person.user)
    if person.phone and visitor.phone_hash != hashed("phone", person.phone):
        visitor.phone_hash, visitor.phone_token = hashed("phone", person.phone), encrypted(person.phone)
    if visitor.pk is None or before != (visitor.user_hash, visitor.phone_hash):
        visitor.save()


def _take_number_from_others(channel: str, person: Person, visitor: Visitor | None) -> None:
    """A number is one visitor's: one known by nothing else is this same person, and another one has lost it."""
    if not person.phone:
        return
    holder = Visitor.objects.filter(channel=channel, phone_hash=hashed("phone", person.phone)).first()
    if holder is None or (visitor is not None and holder.pk == visitor.pk):
        return
    if visitor is not None and holder.user_hash is None:
        _merge(holder, visitor)
    else:
        Visitor.objects.filter(pk=holder.pk).update(phone_hash=None, phone_token="")


def _merge(earlier: Visitor, visitor: Visitor) -> None:
    """Give a visitor what they said when only their number was known."""
    before, now = earlier.conversation_id, visitor.conversation_id
    try:
        with transaction.atomic():
            for relation in Conversation._meta.related_objects:
                if relation.related_model is not Visitor:
                    relation.related_model._default_manager.filter(**{relation.field.name: before}).update(
                        **{relation.field.name: now}
                    )
            Conversation.objects.filter(pk=before).delete()
    except IntegrityError as error:
        logger.error("Conversation %s can't be joined to another (%s)", before, type(error).__name__)
        Visitor.objects.filter(pk=earlier.pk).update(phone_hash=None, phone_token="")
        return
    # What Rasa remembers of the earlier conversation can't be joined; it must not stay behind either.
    Redaction.objects.create(rasa_name=before.hex)


def move(visitor: Visitor, phone: str) -> None:
    """The visitor has another number from now on."""
    person = Person(phone=phone)
    _take_number_from_others(visitor.channel, person, visitor)
    _learn(visitor, person)


def addresses(visitor: Visitor) -> Person:
    """The ids themselves, to send to.

    Raises:
        cryptography.fernet.InvalidToken: `DATA_KEYS` lacks the key.
    """
    return Person(
        decrypted(visitor.user_token) if visitor.user_token else "",
        decrypted(visitor.phone_token) if visitor.phone_token else "",
    )
