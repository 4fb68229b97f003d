"""What needs a look first, kept current with everything that happens in a conversation."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from shared.reply import Reply as ReplyFormat
from tests.web.support import FakeRasa, Visitor, an_answer
from web import worker
from web.channels import outbox
from web.channels.models import Delivery
from web.conversations.models import Conversation, Feedback, Message, Reply, StaffTask
from web.review import ranking
from web.review.models import Facet, Review, Risk, SearchText, Tag

pytestmark = pytest.mark.django_db


def a_message(conversation: Conversation, **fields: Any) -> Message:
    """A message that was answered, and counted."""
    known = {"kind": "answer", "confidence": 0.95, "topics": ["mri"], "text": "is an mri safe"}
    message = Message.objects.create(
        conversation=conversation,
        external_id=uuid.uuid4().hex,
        **{"state": Message.State.HANDLED, "handled_at": timezone.now(), "to_count": True, **known, **fields},
    )
    Conversation.objects.filter(pk=conversation.pk).update(last_message_at=message.received_at)
    assert ranking.count_turns() == 1
    return message


def a_reply(message: Message) -> Reply:
    return Reply.objects.create(message=message, position=0, kind="answer", body=an_answer().model_dump(mode="json"))


def review_of(conversation: Conversation) -> Review:
    return Review.objects.get(pk=conversation.pk)


def facets_of(conversation: Conversation) -> set[str]:
    return set(Facet.objects.filter(review=conversation.pk).values_list("name", flat=True))


def ranked(*labels: tuple[str, float]) -> dict[str, Any]:
    ranking_ = [{"label": label, "confidence": confidence} for label, confidence in labels]
    return {"intent": labels[0][0], "ranking": ranking_}


@pytest.mark.parametrize(
    ("fields", "risk"),
    [
        ({}, Risk(0)),
        ({"kind": "emergency"}, Risk.EMERGENCY),
        ({"state": Message.State.FAILED, "kind": "notice", "confidence": None}, Risk.FAILED_HANDOFF),
        ({"kind": "clarify", "understood": {"intent": "nlu_fallback"}}, Risk.ABSTAINED),
        ({"kind": "handoff", "understood": {"intent": "handoff/unanswered"}, "confidence": 0.4}, Risk.ABSTAINED),
        ({"kind": "handoff", "understood": {"intent": "handoff/booking"}, "confidence": 0.4}, Risk(0)),
        ({"confidence": 0.7}, Risk.UNSURE),
        ({"understood": ranked(("safety/mri", 0.7), ("safety/pain", 0.2))}, Risk.NEAR_MISS),
        ({"understood": ranked(("safety/mri", 0.9), ("safety/pain", 0.05))}, Risk(0)),
    ],
)
def test_a_message_needs_a_look_for_a_reason(fields: dict[str, Any], risk: Risk) -> None:
    """Each reason by itself, and none for a plain answer."""
    conversation = Conversation.objects.create()
    a_message(conversation, **fields)
    assert review_of(conversation).risk == risk
    assert ("queue" in facets_of(conversation)) == bool(risk)


def test_the_weightier_reason_ranks_first_and_the_newer_among_equals() -> None:
    """One emergency stands before a conversation with every lesser reason."""
    lesser, emergency, newer = (Conversation.objects.create() for _ in range(3))
    a_message(emergency, kind="emergency")
    a_message(lesser, confidence=0.2, understood=ranked(("safety/mri", 0.7), ("safety/pain", 0.6)))
    message = a_message(lesser, understood={"intent": "nlu_fallback"})
    Feedback.objects.create(reply=a_reply(message), helpful=False)
    StaffTask.objects.create(message=message, conversation=lesser)
    ranking.refresh(lesser.pk)
    a_message(newer, kind="emergency")
    assert [newer.pk, emergency.pk, lesser.pk] == list(
        Review.objects.order_by("-place").values_list("conversation_id", flat=True)
    )


def test_counting_one_by_one_is_counting_all_at_once() -> None:
    """What each turn adds is what reading the conversation anew finds."""
    conversation = Conversation.objects.create(channel="whatsapp")
    for fields in (
        {"text": "hi", "kind": "smalltalk", "topics": []},
        {"confidence": 0.66, "topics": ["mri", "pain"], "text": "mri and pain, mail a@b.example"},
        {"kind": "emergency", "topics": ["emergency_eye"], "text": "ink in my eye"},
        {"text": "", "choice": "safety/pain", "confidence": 0.9},
        {"text": "thanks", "kind": "smalltalk", "confidence": 0.4, "topics": []},
    ):
        a_message(conversation, **fields)
    kept = ("risk", "place", "last_at", "messages", "lowest", "preview", "counted_upto", "state")
    before, facets = Review.objects.values(*kept).get(), facets_of(conversation)
    ranking.refresh(conversation.pk)
    assert before == Review.objects.values(*kept).get()
    assert facets == facets_of(conversation)
    assert facets >= {"all", "queue", "channel:whatsapp", "kind:emergency", "topic:pain", "length:2-5", "confidence:60"}
    assert before["preview"] == "ink in my eye"


def test_a_message_that_was_tried_again_counts_once() -> None:
    """Its failure is no reason any more once it is answered."""
    conversation = Conversation.objects.create()
    message = a_message(conversation, state=Message.State.FAILED, kind="notice", confidence=None, topics=[])
    assert review_of(conversation).risks == [Risk.FAILED_HANDOFF]
    answered = {"state": Message.State.HANDLED, "kind": "answer", "topics": ["mri"], "to_count": True}
    Message.objects.filter(pk=message.pk).update(**answered)
    ranking.count_turns()
    review = review_of(conversation)
    assert (review.risk, review.messages) == (0, 1)
    assert {"kind:answer", "topic:mri"} <= facets_of(conversation)
    assert "kind:notice" not in facets_of(conversation)


def test_what_was_reviewed_is_not_shown_again_until_more_comes() -> None:
    """The reasons of before count no more; a later message makes the conversation new."""
    conversation = Conversation.objects.create()
    first = a_message(conversation, kind="emergency")
    now = timezone.now()
    Review.objects.update(state=Review.State.REVIEWED, reviewed_upto=first.pk, reviewed_at=now)
    ranking.refresh(conversation.pk)
    review = review_of(conversation)
    assert (review.risk, review.state) == (0, "reviewed")
    assert "queue" not in facets_of(conversation)
    assert "kind:emergency" in facets_of(conversation), "it can still be found"
    a_message(conversation, confidence=0.61)
    review = review_of(conversation)
    assert (review.risks, review.state) == ([Risk.UNSURE], "new")
    assert "queue" in facets_of(conversation)


def test_feedback_counts_after_the_review_too() -> None:
    """A visitor may say so later; saying the opposite takes the reason away."""
    conversation = Conversation.objects.create()
    message = a_message(conversation)
    Review.objects.update(state=Review.State.REVIEWED, reviewed_upto=message.pk, reviewed_at=timezone.now())
    feedback = Feedback.objects.create(reply=a_reply(message), helpful=False)
    ranking.refresh(conversation.pk)
    assert review_of(conversation).risks == [Risk.THUMBS_DOWN]
    feedback.helpful = True
    feedback.save()
    ranking.refresh(conversation.pk)
    assert review_of(conversation).risk == 0
    assert "feedback:good" in facets_of(conversation)


def test_a_new_turn_leaves_what_people_said() -> None:
    """A tag and a visitor's word are found after the next message as before it, as if all were read anew."""
    conversation = Conversation.objects.create()
    message = a_message(conversation)
    tag = Tag.objects.create(name="call")
    review_of(conversation).tags.add(tag)
    Feedback.objects.create(reply=a_reply(message), helpful=False)
    ranking.refresh(conversation.pk)
    a_message(conversation, kind="handoff", topics=[])
    facets = facets_of(conversation)
    assert {f"tag:{tag.pk}", "feedback:bad", "kind:answer", "kind:handoff", "length:2-5"} <= facets
    ranking.refresh(conversation.pk)
    assert facets_of(conversation) == facets


def test_a_message_is_searched_as_it_was_handled_last() -> None:
    """Counted twice, it is found once, by its latest words."""
    conversation = Conversation.objects.create()
    message = a_message(conversation, text="one")
    Review.objects.update(counted_upto=0)
    message.text = "two"
    message.save()
    assert ranking.count_turns() == 1
    assert SearchText.objects.get().text == "two"


def test_the_first_turn_begins_a_review_that_another_may_have_begun() -> None:
    """Whoever reads older conversations may come first; the message is counted once all the same."""
    conversation = Conversation.objects.create()
    message = a_message(conversation)
    Review.objects.all().delete()
    for _ in range(2):
        Message.objects.filter(pk=message.pk).update(to_count=True)
        assert ranking.count_turns() == 1
    assert review_of(conversation).messages == 1
    assert "length:1" in facets_of(conversation)


def test_what_could_not_be_delivered() -> None:
    """A parked part is a reason, and the task it makes another."""
    conversation = Conversation.objects.create(channel="whatsapp")
    message = a_message(conversation)
    delivery = Delivery.objects.create(conversation=conversation, message=message, content={"text": "x"})
    outbox.park(delivery, "window (131047)")
    assert review_of(conversation).risks == [Risk.FAILED_HANDOFF, Risk.DELIVERY]


def test_the_searched_text_is_masked_and_goes_with_the_message() -> None:
    """The index holds no number; a text that is taken back leaves it; an erased conversation leaves nothing."""
    conversation = Conversation.objects.create()
    message = a_message(conversation, text="call 310 555 0123")
    assert SearchText.objects.get().text == "call [phone]"
    assert "[phone]" in review_of(conversation).preview
    Message.objects.update(text="")
    ranking.refresh(conversation.pk)
    assert not SearchText.objects.exists()
    assert review_of(conversation).preview == ""
    Message.objects.filter(pk=message.pk).update(text="again")
    ranking.refresh(conversation.pk)
    conversation.delete()
    assert not Facet.objects.exists()
    assert not Review.objects.exists()
    assert not SearchText.objects.exists()


def test_conversations_of_before_are_found() -> None:
    """Those with messages and without a review, and no others."""
    Conversation.objects.create()
    old = Conversation.objects.create()
    Message.objects.create(conversation=old, external_id="1", text="x", state=Message.State.HANDLED)
    assert ranking.missing(10) == [old.pk]
    ranking.refresh(old.pk)
    assert ranking.missing(10) == []


def test_many_turns_are_counted_together_as_one_by_one(django_assert_max_num_queries: Any) -> None:
    """Messages of several conversations, new ones and known ones, by a few statements, whatever their number."""
    conversations = [Conversation.objects.create() for _ in range(4)]
    a_message(conversations[0], topics=["pain"], text="does it hurt")
    for number in range(3):
        for conversation in conversations:
            Message.objects.create(
                conversation=conversation,
                external_id=f"{conversation.pk}{number}",
                text=f"is an mri safe, I am at 310 555 010{number}" if number else "",
                choice="" if number else "safety/mri",
                kind="answer",
                topics=["mri"],
                confidence=0.5 + number / 10,
                state=Message.State.HANDLED,
                to_count=True,
            )
    with django_assert_max_num_queries(20):
        assert ranking.count_turns() == 12
    assert ranking.count_turns() == 0
    kept = ("conversation", "risk", "place", "last_at", "messages", "lowest", "preview", "counted_upto", "state")
    counted = {pk: facets_of(conversation) for conversation in conversations if (pk := conversation.pk)}
    before = list(Review.objects.order_by("pk").values(*kept))
    assert [review["messages"] for review in before].count(3) == 3
    for conversation in conversations:
        ranking.refresh(conversation.pk)
    assert before == list(Review.objects.order_by("pk").values(*kept))
    assert counted == {conversation.pk: facets_of(conversation) for conversation in conversations}
    texts = SearchText.objects.values_list("text", flat=True)
    assert sorted(texts) == ["does it hurt", *["is an mri safe, I am at [phone]"] * 8]


def test_no_more_are_counted_at_once_than_a_visitor_can_wait_for() -> None:
    """The rest stays for the next time, in order."""
    conversation = Conversation.objects.create()
    made = [
        Message.objects.create(
            conversation=conversation, external_id=str(number), text="x", kind="answer", to_count=True
        )
        for number in range(3)
    ]
    assert [ranking.count_turns(2), review_of(conversation).counted_upto] == [2, made[1].pk]
    assert [ranking.count_turns(2), review_of(conversation).counted_upto] == [1, made[2].pk]


@pytest.mark.usefixtures("database")
async def test_several_may_count_at_once() -> None:
    """Workers and pages: none waits for another in a circle, and each message is counted once."""
    conversations = [await Conversation.objects.acreate() for _ in range(20)]
    said = {"text": "is it safe", "kind": "answer", "topics": ["mri"], "state": "handled", "to_count": True}
    await Message.objects.abulk_create(
        Message(conversation=conversations[number % 20], external_id=str(number), **said) for number in range(400)
    )
    # Each time at least one of them counts its share.
    for _ in range(400 // ranking.AT_ONCE):
        await asyncio.gather(*(worker.count_turns() for _ in range(6)))
    assert not await Message.objects.filter(to_count=True).aexists()
    assert [review.messages async for review in Review.objects.all()] == [20] * 20


def test_an_earlier_message_that_is_handled_later_is_counted_too() -> None:
    """One that failed while a later one was answered."""
    conversation = Conversation.objects.create()
    earlier = Message.objects.create(conversation=conversation, external_id="1", text="x")
    a_message(conversation)
    Message.objects.filter(pk=earlier.pk).update(state="handled", kind="emergency", to_count=True)
    ranking.count_turns()
    review = review_of(conversation)
    assert (review.risks, review.messages) == ([Risk.EMERGENCY], 2)


def test_one_that_cant_be_counted_keeps_no_other_out(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The rest are found, and it is not tried for ever; the log names it without a word of it."""
    conversations = [Conversation.objects.create() for _ in range(3)]
    for number, conversation in enumerate(conversations):
        said = {"text": "bad" if number == 0 else "good", "kind": "answer", "to_count": True}
        Message.objects.create(conversation=conversation, external_id=str(number), **said)

    def mask(text: str) -> str:
        if text == "bad":
            raise ValueError(text)
        return text

    monkeypatch.setattr(ranking, "masked", mask)
    ranking.count_turns()
    assert {review.pk for review in Review.objects.all()} == {conversation.pk for conversation in conversations[1:]}
    assert ranking.count_turns() == 0
    assert "can't be counted (ValueError)" in caplog.text
    assert "bad" not in caplog.text


def test_a_locked_database_keeps_what_waits_and_shows_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is counted later; a page is a moment behind meanwhile."""
    conversation = Conversation.objects.create()
    Message.objects.create(conversation=conversation, external_id="1", text="x", kind="answer", to_count=True)

    def locked(*arguments: object) -> None:
        raise OperationalError("database is locked")

    with monkeypatch.context() as broken:
        broken.setattr(ranking, "_add", locked)
        ranking.count_before_lists()
        with pytest.raises(OperationalError):
            ranking.count_turns()
    assert ranking.count_turns() == 1


async def test_a_turn_is_found_soon_after_it(visitor: Visitor, rasa: FakeRasa) -> None:
    """The worker puts what was said into the queue, with the visitor's word on it."""
    rasa.says = [ReplyFormat(text="Go now.", kind="emergency", care="er_now")]
    answer = await visitor.send("ink in my eye")
    await worker.count_turns()
    review = await Review.objects.aget()
    assert review.risks == [Risk.EMERGENCY]
    await visitor.rate(answer["replies"][0]["id"], helpful=False)
    await review.arefresh_from_db()
    assert review.risks == [Risk.EMERGENCY, Risk.THUMBS_DOWN]


async def test_what_is_erased_before_it_was_counted_leaves_nothing(visitor: Visitor, rasa: FakeRasa) -> None:
    """Nothing of it comes back with the counting."""
    await visitor.send("is an mri safe")
    assert (await visitor.http.delete("/api/chat/session", headers=visitor.headers)).status_code == 200
    await worker.count_turns()
    assert not await SearchText.objects.aexists()
    assert not await Review.objects.aexists()


@pytest.mark.usefixtures("database")
async def test_the_worker_reviews_conversations_of_before() -> None:
    """All of them, once, at its start."""
    for number in range(3):
        old = await Conversation.objects.acreate()
        await Message.objects.acreate(conversation=old, external_id=str(number), text="x", state="handled")
    await worker.review_older_conversations(asyncio.Event())
    assert await Review.objects.acount() == 3
