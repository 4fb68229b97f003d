"""How much a conversation needs a look, and what it is found by; kept current in the transactions that change it.

A new turn adds to what is known, whatever the conversation's length. All else (a message tried again, feedback, a
delivery that failed, what staff do) reads the conversation anew.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone

from web.channels.models import Delivery
from web.conversations.models import Conversation, Feedback, Message, StaffTask
from web.privacy.masking import masked
from web.review.models import Facet, Mark, Review, Risk, SearchText

#: An answer given with less confidence than this is worth a look.
SURE = 0.75
#: A second topic is a near miss when it is at least so likely, as a share of the first.
NEAR = 0.25
#: What Rasa calls a message that no intent is sure of, and one that no topic answers.
ABSTAINED = frozenset({"nlu_fallback", "handoff/unanswered"})
_PREVIEW = 200
#: Risk and time in one number: a risk is worth more than any time in milliseconds.
_RISK_WORTH = 10**13
#: Facets that a new turn leaves as they are: those of other messages, and tags.
_STAY = ("kind:", "topic:", "feedback:", "marked", "tag:")
#: Upper ends of the ranges of length and confidence that can be filtered by.
LENGTHS = ((1, "1"), (5, "2-5"), (20, "6-20"))
LONGEST = "21+"
CONFIDENCES = (0.6, 0.75, 0.9)


@transaction.atomic(savepoint=False)
def after_turn(message: Message, conversation: Conversation) -> None:
    """A message was handled, or failed. Call it in the transaction that says so.

    Args:
        message: as it stands in the database from then on.
        conversation: that of the message, the same.
    """
    review = _locked(conversation.pk) or _new(message, conversation)
    if review is None or message.pk <= review.counted_upto:
        refresh(conversation.pk)
        return
    review.conversation = conversation
    text = masked(message.text)
    _index_new(message, text)
    _count(review, message, text)
    known = set(_names(review)) if review.place else set()
    names = {name for name in known if name.startswith(_STAY)} | set(facets_of(message)) | own_facets(review)
    _store(review, names, known)


def _new(message: Message, conversation: Conversation) -> Review | None:
    """The review of a conversation that begins with this message; None when it began earlier."""
    if Message.objects.filter(conversation=conversation, pk__lt=message.pk).exists():
        return None
    # Whoever reads older conversations may have made it at the same moment.
    Review.objects.bulk_create([Review(conversation=conversation, last_at=message.received_at)], ignore_conflicts=True)
    return _locked(conversation.pk)


@transaction.atomic(savepoint=False)
def refresh(conversation_id: uuid.UUID) -> None:
    """Read a conversation anew. Call it in the transaction that changes it."""
    review = _locked(conversation_id)
    messages = Message.objects.filter(conversation=conversation_id).order_by("pk")
    if review is None:
        first = Conversation.objects.filter(pk=conversation_id, messages__isnull=False).first()
        if first is None:
            return
        review = Review.objects.get_or_create(
            conversation_id=conversation_id, defaults={"last_at": first.last_message_at or first.started_at}
        )[0]
    review.risk, review.messages, review.lowest, review.preview, review.counted_upto = 0, 0, None, "", 0
    names: set[str] = set()
    for message in messages.select_related("search_text").iterator(chunk_size=500):
        text = masked(message.text)
        _index(message, text)
        _count(review, message, text)
        names.update(facets_of(message))
    names |= _said_by_people(review) | own_facets(review)
    names |= {f"tag:{pk}" for pk in review.tags.order_by().values_list("pk", flat=True)}
    _store(review, names, set(_names(review)))


def missing(limit: int) -> list[uuid.UUID]:
    """Conversations that have no review yet: those of before there was one."""
    without = Conversation.objects.filter(review=None).exclude(messages=None)
    return list(without.order_by().values_list("pk", flat=True).distinct()[:limit])


def risk_of(message: Message) -> Risk:
    """Why this message needs a look."""
    risk = Risk(0)
    understood = message.understood or {}
    if message.kind == "emergency":
        risk |= Risk.EMERGENCY
    if message.state == Message.State.FAILED:
        risk |= Risk.FAILED_HANDOFF
    if understood.get("intent") in ABSTAINED:
        risk |= Risk.ABSTAINED
    elif message.kind == "answer" and message.confidence is not None:
        if message.confidence < SURE:
            risk |= Risk.UNSURE
        if _is_near_miss(understood.get("ranking") or []):
            risk |= Risk.NEAR_MISS
    return risk


def _is_near_miss(ranking: list[dict[str, object]]) -> bool:
    """Whether the second topic of the model was nearly the first."""
    if len(ranking) < 2:
        return False
    first, second = (float(str(one.get("confidence", 0))) for one in ranking[:2])
    return first > 0 and second >= NEAR * first


def _locked(conversation_id: uuid.UUID) -> Review | None:
    return next(iter(Review.objects.select_for_update().filter(pk=conversation_id).order_by()), None)


def _count(review: Review, message: Message, text: str) -> None:
    """Add one message, and its text as it is shown, to what is known of its conversation."""
    risk = risk_of(message) if message.pk > review.reviewed_upto else Risk(0)
    words = preview_of(message, text)
    if words and (not review.preview or risk >= review.risk):
        review.preview = words
    review.risk |= risk
    review.messages += 1
    review.last_at = message.received_at
    review.counted_upto = message.pk
    if message.confidence is not None and message.kind:
        review.lowest = min(message.confidence, 1.0 if review.lowest is None else review.lowest)
    if message.pk > review.reviewed_upto and review.state == Review.State.REVIEWED:
        review.state = Review.State.NEW


def preview_of(message: Message, text: str) -> str:
    """What a visitor sent, in few words; its text is given masked."""
    if text:
        return text.replace("\n", " ")[:_PREVIEW]
    if message.choice:
        return f"[{message.choice}]"[:_PREVIEW]
    return f"[{message.attachment}]" if message.attachment else ""


def facets_of(message: Message) -> Iterable[str]:
    """What a message can be found by."""
    if message.kind:
        yield f"kind:{message.kind}"
    for topic in message.topics:
        yield f"topic:{topic}"


def _said_by_people(review: Review) -> set[str]:
    """Facets of feedback and marks; and the risks that visitors, staff tasks and deliveries bring."""
    conversation = review.conversation_id
    after = Q(message__pk__gt=review.reviewed_upto)
    since = review.reviewed_at or timezone.make_aware(datetime.min.replace(year=1970))
    names = set()
    feedback = Feedback.objects.filter(reply__message__conversation=conversation)
    for helpful in set(feedback.values_list("helpful", flat=True)):
        names.add("feedback:good" if helpful else "feedback:bad")
    is_new = Q(reply__message__pk__gt=review.reviewed_upto) | Q(given_at__gt=since)
    if feedback.filter(is_new, helpful=False).exists():
        review.risk |= Risk.THUMBS_DOWN
    if StaffTask.objects.filter(conversation=conversation).exclude(state=StaffTask.State.DONE).exists():
        review.risk |= Risk.FAILED_HANDOFF
    failed = Delivery.objects.filter(conversation=conversation, state=Delivery.State.FAILED)
    if failed.filter(after | Q(created_at__gt=since)).exists():
        review.risk |= Risk.DELIVERY
    if Mark.objects.filter(message__conversation=conversation).exists():
        names.add("marked")
    return names


def _index(message: Message, text: str) -> None:
    """Keep the search's text of a message as the message is, masked."""
    known = getattr(message, "search_text", None)
    if known is not None and known.text == text:
        return
    if text and known is None:
        SearchText.objects.create(message=message, conversation_id=message.conversation_id, text=text)
    elif text:
        SearchText.objects.update_or_create(
            message=message, defaults={"conversation_id": message.conversation_id, "text": text}
        )
    elif known is not None:
        SearchText.objects.filter(message=message).delete()


def _index_new(message: Message, text: str) -> None:
    """The same for a message that was handled just now, without looking first whether it was indexed before."""
    if text:
        row = SearchText(message=message, conversation_id=message.conversation_id, text=text)
        SearchText.objects.bulk_create([row], update_conflicts=True, unique_fields=["message"], update_fields=["text"])
    else:
        SearchText.objects.filter(message=message).delete()


def _names(review: Review) -> list[str]:
    return list(Facet.objects.filter(review=review).values_list("name", flat=True))


def own_facets(review: Review) -> set[str]:
    """What follows from the review's own fields."""
    is_open = review.state != Review.State.REVIEWED
    names = {"all", f"state:{review.state}", f"channel:{review.conversation.channel}"}
    names.add(f"assignee:{review.assignee_id}" if review.assignee_id else "assignee:none")
    names.add("length:" + next((name for most, name in LENGTHS if review.messages <= most), LONGEST))
    names |= {f"reason:{risk.name.lower()}" for risk in review.risks if risk.name}
    if review.lowest is not None:
        names |= {f"confidence:{round(most * 100)}" for most in CONFIDENCES if review.lowest < most}
    if is_open and review.risk:
        names.add("queue")
    return names


def _store(review: Review, names: set[str], known: set[str]) -> None:
    """Write the review and its facets, all with the keys that lists are ordered by.

    Args:
        review: as it is now.
        names: of the facets it has now.
        known: of those that are stored.
    """
    last = round(review.last_at.timestamp() * 1000)
    review.place = place_of(review.risk, last)
    review.save(force_update=True)
    facets = Facet.objects.filter(review=review)
    if known - names:
        facets.filter(name__in=known - names).delete()
    if known & names:
        facets.update(place=review.place, last=last)
    if names - known:
        Facet.objects.bulk_create(
            [Facet(review=review, name=name, place=review.place, last=last) for name in names - known]
        )


def place_of(risk: int, last: int) -> int:
    """The key that the queue is ordered by.

    Args:
        risk: the sum of the reasons.
        last: the last message, in milliseconds since 1970.
    """
    return risk * _RISK_WORTH + last


def last_message_of(conversation_id: uuid.UUID) -> int:
    """The id of a conversation's last message; 0 when there is none."""
    return Message.objects.filter(conversation=conversation_id).aggregate(last=Max("pk"))["last"] or 0
