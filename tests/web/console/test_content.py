"""Content in the console: what should be looked at, signing, and proposals."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from shared import content as shared_content
from shared.content import topics
from tests.web.console.conftest import LoggedIn
from web.console.access import Role
from web.content.models import Proposal, Signature
from web.content.signing import sign
from web.content.standing import least_share, overdue_reviews
from web.overview.counting import today
from web.overview.models import Measure, Tally
from web.privacy.models import Entry

pytestmark = pytest.mark.django_db

LIST, TOPIC = "/console/content/", "/console/content/topics/mri"


@pytest.fixture
def manager(logged_in: LoggedIn) -> Client:
    return logged_in(Role.MANAGER, name="mary")


@pytest.fixture
def clinician(logged_in: LoggedIn) -> Client:
    return logged_in(Role.CLINICIAN, name="ann")


def _page(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status
    return answer.content.decode()


def _titles(page: str) -> list[str]:
    return re.findall(r'class="title" href="/console/content/topics/(\w+)"', page)


def _tally(measure: Measure, topic: str, count: int) -> None:
    Tally.objects.create(day=today(), measure=measure, channel="website", key=topic, count=count)


def _sign(client: Client, **changes: str) -> int:
    fields = {"digest": topics()["mri"].digest, "name": "Dr. Ann Example", "is_read": "on", **changes}
    return client.post(f"{TOPIC}/sign", fields).status_code


def test_every_topic_is_listed(manager: Client) -> None:
    """And found by its words."""
    assert set(_titles(_page(manager, LIST))) == set(topics())
    assert "mri" in _titles(_page(manager, f"{LIST}?q=Magnets"))
    assert "No topic has these words." in _page(manager, f"{LIST}?q=zeppelin")


def test_what_is_asked_doubted_and_rated_comes_first(manager: Client) -> None:
    """Each in its own list; one bad judgement alone is no reason to be first of the worst."""
    for measure, topic, count in (
        (Measure.TOPIC, "mri", 5), (Measure.TOPIC, "pain", 9), (Measure.UNSURE, "mri", 2),
        (Measure.UNANSWERED, "cost", 4),
        (Measure.UNHELPFUL, "women", 1), (Measure.UNHELPFUL, "pain", 5), (Measure.HELPFUL, "pain", 1),
        (Measure.UNHELPFUL, "mri", 5), (Measure.HELPFUL, "mri", 50),
    ):  # fmt: skip
        _tally(measure, topic, count)
    assert _titles(_page(manager, f"{LIST}?show=asked")) == ["pain", "mri"]
    assert _titles(_page(manager, f"{LIST}?show=doubted")) == ["cost", "mri"]
    assert _titles(_page(manager, f"{LIST}?show=worst")) == ["pain", "mri", "women"]
    assert "doubted 2 (40 %)" in _page(manager, LIST)


def test_an_overdue_review_is_loud(manager: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the list of its own, on the topic, and as a number in the menu."""
    assert overdue_reviews(topics()["mri"].about.review_by) == 0
    late = max(topic.about.review_by for topic in topics().values()).replace(year=2099)
    monkeypatch.setattr("web.content.standing.today", lambda: late)
    page = _page(manager, f"{LIST}?show=overdue")
    assert set(_titles(page)) == set(topics())
    assert f'<span class="count">{len(topics())}</span>' in page
    assert "Review overdue since" in _page(manager, TOPIC)


def test_a_topic_shows_all_that_staff_should_know(manager: Client) -> None:
    """Its words, sources, dates, and what only the clinic can say."""
    page = _page(manager, TOPIC)
    for said in ("Usually yes; most people", "Mayo Clinic", "22 May 2027", "Ink name for your records"):
        assert said in page


def test_a_clinician_signs_what_stands_on_the_page(clinician: Client) -> None:
    """The signature and the record name the clinician; the page then says so."""
    assert "No clinician has signed" in _page(clinician, TOPIC)
    assert _sign(clinician) == 302
    assert "Signed by <strong>Dr. Ann Example</strong>" in _page(clinician, TOPIC)
    assert Signature.objects.get().signer == User.objects.get(username="ann")
    entry = Entry.objects.get(event="sign")
    assert (entry.actor_name, entry.subject) == ("ann", "topic mri")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"is_read": ""}, "then tick this"),
        ({"name": "  "}, "This field is required"),
        ({"name": "Dr. Ann, and it is 100% safe"}, "shown to visitors"),
    ],
)
def test_signing_needs_a_name_and_a_reader(clinician: Client, changes: dict[str, str], said: str) -> None:
    """Otherwise nothing is signed, and the page says why."""
    fields = {"digest": topics()["mri"].digest, "name": "Dr. Ann Example", "is_read": "on", **changes}
    answer = clinician.post(f"{TOPIC}/sign", fields)
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert not Signature.objects.exists()


def test_a_wording_that_changed_meanwhile_is_not_signed(clinician: Client) -> None:
    """Nor recorded."""
    answer = clinician.post(
        f"{TOPIC}/sign", {"digest": "0" * 64, "name": "Dr. Ann Example", "is_read": "on"}, follow=True
    )
    assert "changed while you read it" in answer.content.decode()
    assert not Signature.objects.exists()
    assert not Entry.objects.filter(event="sign").exists()


def test_a_signature_over_other_words_is_shown_as_void(clinician: Client) -> None:
    """With the words that changed since."""
    topic = topics()["mri"]
    text = topic.wording.text.replace("Usually yes;", "Always yes;")
    digest = shared_content.signable(text, topic.shown_sources)
    Signature.objects.create(topic="mri", text=text, sources=topic.shown_sources, digest=digest, name="Dr. Old")
    page = _page(clinician, TOPIC)
    assert "Changed since it was signed" in page
    assert "<del>Always </del><ins>Usually </ins>" in page
    assert "mri" in _titles(_page(clinician, f"{LIST}?show=unsigned"))[:1]


def test_a_signature_can_be_taken_back(clinician: Client) -> None:
    """Once; both are in the record."""
    _sign(clinician)
    clinician.post(f"{TOPIC}/withdraw")
    clinician.post(f"{TOPIC}/withdraw")
    assert "No clinician has signed" in _page(clinician, TOPIC)
    assert Entry.objects.filter(event="sign").count() == 2


def test_only_clinicians_sign(manager: Client, logged_in: LoggedIn) -> None:
    """Not managers, reviewers or administrators; nor do they see how."""
    for client in (manager, logged_in(Role.REVIEWER), logged_in(Role.ADMINISTRATOR)):
        assert _sign(client) == 403
        assert client.post(f"{TOPIC}/withdraw").status_code == 403
    assert "Sign this wording" not in _page(manager, TOPIC)


def test_a_proposal_is_kept_and_shown_with_its_changes(manager: Client) -> None:
    """On the topic and among the proposals."""
    text = topics()["mri"].wording.text.replace("Usually yes;", "Mostly yes;")
    assert manager.post(f"{TOPIC}/propose", {"text": text, "why": "Plainer."}).status_code == 302
    for address in (TOPIC, "/console/content/proposals"):
        page = _page(manager, address)
        assert "<del>Usually </del><ins>Mostly </ins>" in page
        assert "Plainer." in page
    assert '<span class="chip">1</span>' in _page(manager, LIST)


def test_a_proposal_with_a_claim_is_refused_with_the_reason(manager: Client) -> None:
    """At its field, with what to say instead; what was written stays there."""
    answer = manager.post(f"{TOPIC}/propose", {"text": "Yes. SMP is 100% safe.", "why": ""})
    page = answer.content.decode()
    assert answer.status_code == 400
    assert "Say instead:" in page
    assert "Yes. SMP is 100% safe.</textarea>" in page
    assert not Proposal.objects.exists()


def test_another_reply_can_be_reworded_too(manager: Client) -> None:
    """By its name in the address; an unknown name is not found."""
    address = "/console/content/reply?name=utter_greet"
    assert "What the assistant says" in _page(manager, address)
    assert manager.post(address, {"text": "Hello there!"}).status_code == 302
    assert Proposal.objects.get().path == "dialogue/smalltalk.yml"
    _page(manager, "/console/content/reply?name=utter_gone", 404)
    assert "utter_greet" in _page(manager, "/console/content/replies")


def test_who_proposed_takes_it_back_and_a_clinician_declines(
    manager: Client, clinician: Client, logged_in: LoggedIn
) -> None:
    """Another manager can do neither; what is closed stays closed."""
    for text in ("Yes.", "No."):
        manager.post(f"{TOPIC}/propose", {"text": text})
    second, first = Proposal.objects.all()
    close = "/console/content/proposals/{}/close"
    assert logged_in(Role.MANAGER, name="mo").post(close.format(first.pk)).status_code == 403
    manager.post(close.format(first.pk))
    clinician.post(close.format(second.pk))
    assert "closed before" in clinician.post(close.format(second.pk), follow=True).content.decode()
    assert [one.state for one in Proposal.objects.order_by("pk")] == ["withdrawn", "declined"]


def test_the_engineer_gets_what_waits_as_a_patch(manager: Client) -> None:
    """And nothing that was closed."""
    manager.post(f"{TOPIC}/propose", {"text": "Ask the radiographer."})
    manager.post("/console/content/topics/pain/propose", {"text": "It scratches."})
    Proposal.objects.filter(topic="pain").update(state="declined")
    answer = manager.get("/console/content/proposals.patch")
    assert "attachment" in answer.headers["Content-Disposition"]
    written = answer.content.decode()
    assert "+++ b/data/topics/mri.yml" in written
    assert "pain.yml" not in written


def test_a_patch_that_cant_be_made_says_why(manager: Client) -> None:
    """As a conflict, in words."""
    Proposal.objects.create(path="topics/mri.yml", response="utter_safety/gone", before="a", text="b")
    assert "utter_safety/gone" in _page(manager, "/console/content/proposals.patch", 409)


def test_signed_answers_are_marked_in_the_list(manager: Client) -> None:
    """With the name."""
    topic = topics()["mri"]
    sign(topic, topic.digest, User.objects.create_user("ann"), "Dr. Ann Example")
    assert "Signed by Dr. Ann Example" in _page(manager, LIST)
    assert "mri" not in _titles(_page(manager, f"{LIST}?show=unsigned"))


@pytest.mark.parametrize(("part", "whole", "least"), [(0, 0, 0.0), (1, 1, 0.378), (5, 6, 0.573), (50, 60, 0.763)])
def test_few_judgements_weigh_little(part: int, whole: int, least: float) -> None:
    """The same share counts for more with more votes behind it."""
    assert least_share(part, whole) == pytest.approx(least, abs=0.002)
