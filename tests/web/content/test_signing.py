"""A clinician's signature: over one wording and its sources, void at any change, shown with the reply it fits."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from shared.content import Topic, topics
from shared.reply import Reply as ReplyFormat
from shared.reply import Source
from tests.web.support import FakeRasa, Visitor
from web.content.models import Signature
from web.content.signing import WordingChanged, forget_signed_topics, review_of, sign, standing_signatures, withdraw

pytestmark = pytest.mark.django_db

TOPIC = "aftercare"


@pytest.fixture
def topic() -> Topic:
    return topics()[TOPIC]


@pytest.fixture
def clinician() -> User:
    return User.objects.create_user("ann", password="a long enough secret")


def _reply(topic: Topic, **changes: object) -> ReplyFormat:
    """The topic's answer as Rasa gives it, with the clinic of the tests in it."""
    text = topic.wording.text.replace("{clinic_phone}", "(310) 555-0100").replace("{clinic_name}", "Example Clinic")
    sources = [Source.model_validate(source) for source in topic.shown_sources]
    return ReplyFormat(text=text, kind="answer", topic=topic.id, sources=sources).model_copy(update=changes)


def test_a_signed_answer_is_shown_as_reviewed(topic: Topic, clinician: User) -> None:
    """By name and day; before the signature there is none."""
    assert review_of(_reply(topic)) is None
    sign(topic, topic.digest, clinician, "Dr. Ann Example")
    review = review_of(_reply(topic))
    assert review is not None
    assert (review.by, review.on) == ("Dr. Ann Example", timezone.localdate())


def test_every_topic_can_be_signed(clinician: User) -> None:
    """With the clinic's facts filled in, and its sources' addresses as a reply writes them."""
    for topic in topics().values():
        sign(topic, topic.digest, clinician, "Dr. Ann Example")
    filled = {
        "clinic_phone": "(310) 555-0100",
        "clinic_name": "Example Clinic",
        "emergency_line": "911",
        "crisis_line": "a local crisis line",
        "poison_line": "your local poison line",
        "conversations_kept": "90 days",
        "requests_kept": "30 days",
        "backups_kept": "Backups age out within 30 days.",
    }
    for topic in topics().values():
        text = topic.wording.text
        for name, value in filled.items():
            text = text.replace(f"{{{name}}}", value)
        assert review_of(_reply(topic, text=text)) is not None, topic.id


def test_any_other_wording_or_source_is_not_signed(topic: Topic, clinician: User) -> None:
    """A word more, a source less, another topic's name: none of it is what was signed."""
    sign(topic, topic.digest, clinician, "Dr. Ann Example")
    said = _reply(topic)
    others = [
        _reply(topic, text=f"{said.text} Always."),
        _reply(topic, text=f"As I said: {said.text}"),
        _reply(topic, sources=said.sources[1:]),
        said.model_copy(update={"topic": "mri"}),
        said.model_copy(update={"topic": None}),
    ]
    assert [review_of(other) for other in others] == [None] * len(others)


def test_a_wording_that_changed_while_it_was_read_is_not_signed(topic: Topic, clinician: User) -> None:
    """The clinician signs what was on the page, or nothing."""
    with pytest.raises(WordingChanged):
        sign(topic, "0" * 64, clinician, "Dr. Ann Example")
    assert not Signature.objects.exists()


def test_one_wording_has_one_signature(topic: Topic, clinician: User) -> None:
    """Signing twice keeps the first."""
    first = sign(topic, topic.digest, clinician, "Dr. Ann Example")
    assert sign(topic, topic.digest, clinician, "Someone else") == first
    assert standing_signatures() == {(topic.id, topic.digest): first}


def test_a_withdrawn_signature_is_gone_and_kept(topic: Topic, clinician: User) -> None:
    """It is shown no more; the record stays, and the wording can be signed again."""
    signature = sign(topic, topic.digest, clinician, "Dr. Ann Example")
    assert (withdraw(signature, clinician), withdraw(signature, clinician)) == (True, False)
    assert review_of(_reply(topic)) is None
    assert Signature.objects.get().withdrawn_by == clinician
    sign(topic, topic.digest, clinician, "Dr. Ann Example")
    assert review_of(_reply(topic)) is not None


def test_a_record_that_was_tampered_with_signs_nothing(topic: Topic, clinician: User) -> None:
    """Words put into it later do not fit its hash."""
    sign(topic, topic.digest, clinician, "Dr. Ann Example")
    Signature.objects.update(text="Anything goes.")
    assert review_of(_reply(topic, text="Anything goes.")) is None


def test_the_day_is_that_of_the_signature(topic: Topic, clinician: User) -> None:
    """Not today's."""
    sign(topic, topic.digest, clinician, "Dr. Ann Example")
    Signature.objects.update(signed_at=timezone.now() - timedelta(days=40))
    review = review_of(_reply(topic))
    assert review is not None
    assert review.on == timezone.localdate() - timedelta(days=40)


@pytest.mark.django_db(transaction=True)
async def test_the_visitor_reads_who_signed(visitor: Visitor, rasa: FakeRasa) -> None:
    """web fills it in when it stores the reply; what Rasa says of a signature counts for nothing."""
    topic = topics()[TOPIC]
    forged = {"by": "No one", "on": "2026-01-01"}
    rasa.says = [ReplyFormat.model_validate({**_reply(topic).model_dump(mode="json"), "reviewed": forged})]
    assert (await visitor.send("how do I wash"))["replies"][0]["reviewed"] is None
    clinician = await User.objects.acreate(username="ann")
    await Signature.objects.acreate(
        topic=TOPIC, digest=topic.digest, text=topic.wording.text, sources=topic.shown_sources, name="Dr. Ann Example",
        signer=clinician,
    )  # fmt: skip
    # Signed in another process, it would be shown after a moment.
    forget_signed_topics()
    reviewed = (await visitor.send("how do I wash"))["replies"][0]["reviewed"]
    assert reviewed == {"by": "Dr. Ann Example", "on": timezone.localdate().isoformat()}
