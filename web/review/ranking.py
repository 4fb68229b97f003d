"""How much a conversation needs a look, and what it is found by.

A new turn adds to what is known, whatever the conversation's length, a moment after it: the turn's commit only says
that it is to be counted. All else (a message tried again, feedback, a delivery that failed, what staff do) reads the
conversation anew, in the transaction that changes it.
"""

from __future__ import annotations

import logging
import operator
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import reduce

from django.db import DatabaseError, OperationalError, connection, transaction
from django.db.models import Max, Min, Q
from django.utils import timezone

from web.channels.models import Delivery
from web.conversations.models import Conversation, Feedback, Message, StaffTask
from web.privacy.masking import masked
from web.review.models import Facet, Mark, Review, Risk, SearchText

logger = logging.getLogger(__name__)

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
#: Messages counted in one transaction: a visitor's waits for it.
AT_ONCE = 20
#: Any number that nothing else locks in this database.
_COUNTING = 0x434E54
#: Fields of a review that counting changes.
_COUNTED = ["state", "risk", "place", "last_at", "messages", "counted_upto", "lowest", "preview", "changed_at"]
#: Upper ends of the ranges of length and confidence that can be filtered by.
LENGTHS = ((1, "1"), (5, "2-5"), (20, "6-20"))
LONGEST = "21+"
CONFIDENCES = (0.6, 0.75, 0.9)


def count_turns(most: int = AT_ONCE) -> int:
    """Add messages that were handled, or failed, to what is known of their conversations; how many it were.

    The worker does it all the time, for many turns at once: it costs a visitor's turn nothing then.
    """
    waiting = Message.objects.filter(to_count=True).order_by("pk")
    if not waiting.exists():
        return 0
    messages: list[Message] = []
    try:
        with transaction.atomic():
            if not _is_only_counter():
                return 0
            # A visitor or an erasure may be at some of them.
            taken = waiting.select_for_update(skip_locked=True, of=("self",)).select_related("conversation")
            messages = list(taken[:most])
            Message.objects.filter(pk__in=[message.pk for message in messages]).update(to_count=False)
            _add(messages)
    except OperationalError:
        # The database is away, or locked: all of them wait.
        raise
    except Exception as error:  # noqa: BLE001 (whatever is wrong with one message)
        if most > 1:
            # One that can't be counted must not keep the others out of the console.
            return sum(count_turns(1) for _ in range(most))
        for message in messages:
            logger.error("Message %s can't be counted (%s): no list has it", message.pk, type(error).__name__)
            Message.objects.filter(pk=message.pk).update(to_count=False)
    return len(messages)


def _is_only_counter() -> bool:
    """Whether no one else counts until this transaction ends: two would wait for each other's conversations.

    SQLite writes one transaction at a time anyway.
    """
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_COUNTING])
        return bool(cursor.fetchone()[0])


def count_before_lists() -> None:
    """The same for whoever shows lists, so that they are right while there is no worker.

    A list that is a moment behind is better than none.
    """
    try:
        count_turns()
    except DatabaseError as error:
        logger.error("Turns can't be counted (%s)", type(error).__name__)


def _add(messages: list[Message]) -> None:
    by_conversation: dict[uuid.UUID, list[Message]] = {}
    for message in messages:
        by_conversation.setdefault(message.conversation_id, []).append(message)
    reviews = _reviews_of(by_conversation)
    # A message that was counted before, when it failed, or before one that was counted: nothing can be added.
    again = {pk for pk, new in by_conversation.items() if pk not in reviews or new[0].pk <= reviews[pk].counted_upto}
    for pk in again:
        refresh(pk)
    counted = [reviews[pk] for pk in by_conversation if pk not in again]
    known: dict[uuid.UUID, set[str]] = {review.pk: set() for review in counted}
    for pk, name in Facet.objects.filter(review__in=known).values_list("review", "name"):
        known[pk].add(name)
    names: dict[uuid.UUID, set[str]] = {}
    texts: dict[int, SearchText] = {}
    for review in counted:
        new = by_conversation[review.pk]
        review.conversation = new[0].conversation
        for message in new:
            text = masked(message.text)
            texts[message.pk] = SearchText(message=message, conversation_id=review.pk, text=text)
            _count(review, message, text)
        stay = {name for name in known[review.pk] if name.startswith(_STAY)}
        names[review.pk] = stay.union(own_facets(review), *(facets_of(message) for message in new))
    _index_all(list(texts.values()))
    _store_all(counted, names, known)


def _reviews_of(messages: dict[uuid.UUID, list[Message]]) -> dict[uuid.UUID, Review]:
    """The reviews of conversations, made for those that begin with the first of their messages."""
    reviews = _all_locked(messages)
    lacking = [pk for pk in messages if pk not in reviews]
    if lacking:
        of_them = Message.objects.filter(conversation__in=lacking).order_by().values_list("conversation")
        firsts = dict(of_them.annotate(first=Min("pk")))
        begun = [messages[pk][0] for pk in lacking if firsts.get(pk) == messages[pk][0].pk]
        # Whoever reads older conversations may make them at the same moment.
        Review.objects.bulk_create(
            [Review(conversation=first.conversation, last_at=first.received_at) for first in begun],
            ignore_conflicts=True,
        )
        reviews |= _all_locked(first.conversation_id for first in begun)
    return reviews


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
    known = set(Facet.objects.filter(review=review).values_list("name", flat=True))
    _store_all([review], {review.pk: names}, {review.pk: known})


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
    return _all_locked([conversation_id]).get(conversation_id)


def _all_locked(conversations: Iterable[uuid.UUID]) -> dict[uuid.UUID, Review]:
    # In one order, so that no two wait for each other.
    reviews = Review.objects.select_for_update().filter(pk__in=list(conversations)).order_by("pk")
    return {review.pk: review for review in reviews}


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


def _index_all(texts: list[SearchText]) -> None:
    """The same for messages that were handled just now, without looking first whether they were indexed before."""
    SearchText.objects.bulk_create(
        [one for one in texts if one.text],
        update_conflicts=True,
        unique_fields=["message"],
        update_fields=["text"],
    )
    empty = [one.message_id for one in texts if not one.text]
    if empty:
        SearchText.objects.filter(message__in=empty).delete()


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


def _store_all(reviews: list[Review], names: Mapping[uuid.UUID, set[str]], known: Mapping[uuid.UUID, set[str]]) -> None:
    """Write reviews and their facets, all with the keys that lists are ordered by.

    Args:
        reviews: as they are now.
        names: of the facets each has now.
        known: of those that are stored.
    """
    gone, facets = [], []
    for review in reviews:
        last = round(review.last_at.timestamp() * 1000)
        review.place = place_of(review.risk, last)
        facets += [Facet(review=review, name=name, place=review.place, last=last) for name in names[review.pk]]
        if left := known[review.pk] - names[review.pk]:
            gone.append(Q(review=review, name__in=left))
    Review.objects.bulk_create(reviews, update_conflicts=True, unique_fields=["conversation"], update_fields=_COUNTED)
    if gone:
        Facet.objects.filter(reduce(operator.or_, gone)).delete()
    Facet.objects.bulk_create(
        facets, update_conflicts=True, unique_fields=["review", "name"], update_fields=["place", "last"]
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
