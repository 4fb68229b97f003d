"""The queue and the list: order, filters, search, pages, what can be done to many at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.web.console.conftest import LoggedIn
from tests.web.review.test_ranking import a_message
from web.channels import intake
from web.channels.models import Delivery, Hold, Webhook
from web.console.access import Role
from web.conversations.models import Conversation, Message
from web.notifications.models import Notification
from web.privacy.models import Entry, Event
from web.review import ranking
from web.review.models import Review, SavedView, Tag

pytestmark = pytest.mark.django_db


def a_conversation(channel: str = "website", **fields: Any) -> Conversation:
    conversation = Conversation.objects.create(channel=channel)
    a_message(conversation, **fields)
    return conversation


def shown(client: Client, path: str) -> list[Any]:
    """The conversations on a page, in order."""
    answer = client.get(path)
    assert answer.status_code == 200
    return [row.review.pk for row in answer.context["page"].rows]


@pytest.fixture
def reviewer(logged_in: LoggedIn) -> Client:
    return logged_in(Role.REVIEWER)


def test_the_queue_is_ranked_and_holds_only_what_needs_a_look(reviewer: Client) -> None:
    """The riskiest first, then the newest; a plain answer is not in it."""
    unsure = a_conversation(confidence=0.62)
    emergency = a_conversation(kind="emergency")
    a_conversation()
    later = a_conversation(confidence=0.62)
    assert shown(reviewer, "/console/queue") == [emergency.pk, later.pk, unsure.pk]
    assert len(shown(reviewer, "/console/conversations")) == 4


@pytest.mark.parametrize(
    "query",
    [
        "channel=whatsapp", "kind=emergency", "topic=pain", "reason=emergency", "state=in_review", "tag=TAG",
        "assignee=ME", "length=2-5", "confidence=60", "feedback=bad", "marked=yes", "since=SOON", "q=zebra",
        "q=zebra&kind=emergency", "channel=whatsapp&kind=emergency&topic=pain",
    ],
)  # fmt: skip
def test_every_filter_finds_the_one_and_not_the_other(reviewer: Client, query: str) -> None:
    """Alone, together, and with words."""
    other = a_conversation()
    old = timezone.now() - timedelta(days=40)
    Message.objects.filter(conversation=other).update(received_at=old)
    ranking.refresh(other.pk)
    one = a_conversation("whatsapp", kind="emergency", topics=["pain"], confidence=0.3, text="a zebra bit me")
    a_message(one, kind="answer")
    act = {"conversation": one.pk, "next": "/console/queue"}
    for do in ({"do": "state:in_review"}, {"do": "assign:me"}, {"do": "tag:", "tag": "odd"}):
        reviewer.post("/console/act", {**act, **do})
    first = one.messages.get(kind="emergency")
    reviewer.post("/console/mark", {"message": first.pk, "intent": "safety/mri"})
    from tests.web.review.test_ranking import a_reply
    from web.conversations.models import Feedback

    Feedback.objects.create(reply=a_reply(first), helpful=False)
    ranking.refresh(one.pk)
    user = Review.objects.get(pk=one.pk).assignee
    assert user is not None
    day = (timezone.localdate() - timedelta(days=1)).isoformat()
    query = query.replace("TAG", str(Tag.objects.get().pk)).replace("ME", str(user.pk)).replace("SOON", day)
    assert shown(reviewer, f"/console/conversations?{query}") == [one.pk]


@pytest.mark.parametrize(
    ("words", "finds"),
    [
        ("burning", True), ("burned scalp", True), ('"scalp burns"', True), ('"burns scalp"', False),
        ("scalp -mri", False), ("zebra", False), ('" OR * NEAR(', False), ("'); drop table", False), ("()", False),
        ("-scalp", False), ("310", False), ("phone", True),
    ],
)  # fmt: skip
def test_words_are_found_in_their_forms(reviewer: Client, words: str, finds: bool) -> None:
    """As people type them; marks of a query language do no harm, and what is masked is not found."""
    a_conversation(text="My scalp burns in the MRI, call 310 555 0123")
    answer = reviewer.get("/console/conversations", {"q": words})
    assert len(answer.context["page"].rows) == (1 if finds else 0)
    assert "555 0123" not in answer.content.decode()


def test_a_search_is_recorded(reviewer: Client) -> None:
    """Who looked for what, masked."""
    reviewer.get("/console/conversations", {"q": "dana@example.org"})
    entry = Entry.objects.get(event=Event.SEARCH)
    assert entry.details == {"words": "[e-mail]"}


@pytest.mark.parametrize("path", ["/console/conversations", "/console/queue", "/console/conversations?q=mri"])
def test_pages_hold_every_conversation_once(reviewer: Client, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With as many of the same rank and time as can be, forward through all pages."""
    from web.review import finding

    monkeypatch.setattr(finding.page_of, "__defaults__", (None, 3))
    made = [a_conversation(confidence=0.65) for _ in range(8)]
    Message.objects.update(received_at=timezone.now())
    for one in made:
        ranking.refresh(one.pk)
    found: list[Any] = []
    address = path
    while True:
        answer = reviewer.get(address)
        found += [row.review.pk for row in answer.context["page"].rows]
        if not answer.context["more"]:
            break
        address = f"{path.partition('?')[0]}?{answer.context['more']}"
    assert sorted(found) == sorted(one.pk for one in made)


@pytest.mark.parametrize(
    "query", ["after=x", "after=99999999999999999999.0", "since=yesterday", "kind=nothing", "tag=999", "q=" + "x" * 500]
)
def test_a_wrong_address_is_no_failure(reviewer: Client, query: str) -> None:
    """The page opens and says what is wrong."""
    a_conversation()
    assert reviewer.get(f"/console/conversations?{query}").status_code == 200


def test_many_at_once_and_back_again(reviewer: Client) -> None:
    """Reviewed together they leave the queue; undo brings them back as they were."""
    made = [a_conversation(kind="emergency") for _ in range(3)]
    Review.objects.filter(pk=made[0].pk).update(state=Review.State.NEEDS_ENGINEER)
    chosen = {"conversation": [str(one.pk) for one in made[:2]], "do": "state:reviewed", "next": "/console/queue"}
    page = reviewer.post("/console/act", chosen, follow=True)
    assert [row.review.pk for row in page.context["page"].rows] == [made[2].pk]
    assert "Undo" in page.content.decode()
    page = reviewer.post("/console/undo", {"next": "/console/queue"}, follow=True)
    assert len(page.context["page"].rows) == 3
    assert {one.state for one in Review.objects.all()} == {"new", "needs_engineer"}
    assert "nothing to take back" in reviewer.post("/console/undo", follow=True).content.decode()


@pytest.mark.parametrize(
    "body",
    [
        {"do": "state:gone"}, {"do": "fly:away"}, {"do": "assign:999999"}, {"do": "tag:" + "x" * 41}, {"do": "untag:x"},
        {"do": "tag:", "tag": "  "}, {"do": "note:", "note": ""}, {"do": "note:", "note": "x" * 2001}, {},
    ],
)  # fmt: skip
def test_what_can_not_be_done_is_said(reviewer: Client, body: dict[str, str]) -> None:
    """And nothing is changed."""
    one = a_conversation()
    before = Review.objects.values().get()
    page = reviewer.post("/console/act", {"conversation": one.pk, "next": "/console/queue", **body}, follow=True)
    assert 'role="alert"' in page.content.decode()
    assert before == Review.objects.values().get()


def test_an_address_of_elsewhere_is_not_gone_to(reviewer: Client) -> None:
    """After an action the person stays on this site."""
    one = a_conversation()
    answer = reviewer.post("/console/act", {"conversation": one.pk, "do": "assign:me", "next": "https://evil.example/"})
    assert answer.headers["Location"] == "/console/"


def test_a_view_is_kept_shared_and_removed(reviewer: Client, logged_in: LoggedIn) -> None:
    """Under its name, for oneself or for all; only its owner removes it."""
    kept = {"name": "Eyes", "list": "conversations", "in": "kind=emergency&evil=1", "next": "/console/queue"}
    reviewer.post("/console/views/save", kept)
    view = SavedView.objects.get()
    assert view.query == "conversations?kind=emergency"
    other = logged_in(Role.REVIEWER, name="other")
    assert "Eyes" in reviewer.get("/console/queue").content.decode()
    assert "Eyes" not in other.get("/console/queue").content.decode()
    reviewer.post("/console/views/save", {**kept, "shared": "on"})
    assert "Eyes" in other.get("/console/queue").content.decode()
    other.post(f"/console/views/{view.pk}/delete")
    assert SavedView.objects.exists()
    reviewer.post(f"/console/views/{view.pk}/delete")
    assert not SavedView.objects.exists()
    reviewer.post("/console/views/save", {**kept, "list": "nowhere"})
    assert not SavedView.objects.exists()


def test_what_changed_since(reviewer: Client) -> None:
    """A page learns that something changed, in all or in one conversation."""
    one = a_conversation(kind="emergency")
    now = reviewer.get("/console/changes?since=0").json()
    assert (now["changed"], now["queue"]) == (1, 1)
    assert reviewer.get(f"/console/changes?since={now['now']}").json()["changed"] == 0
    assert reviewer.get(f"/console/changes?since=0&conversation={one.pk}").json()["changed"] == 1
    assert reviewer.get("/console/changes?since=0&conversation=x").json()["changed"] == 0
    assert reviewer.get("/console/changes?since=x").status_code == 400


def test_what_did_not_get_through_is_sent_again(logged_in: LoggedIn) -> None:
    """Only what failed and was chosen; the page holds no word of a visitor's and no webhook's body."""
    conversation = Conversation.objects.create(channel="whatsapp")
    a_message(conversation)
    make = Delivery.objects.create
    failed = make(conversation=conversation, content={"text": "a word"}, state="failed", problem="window (131047)")
    sent = make(conversation=conversation, content={"text": "two"}, state="sent")
    ranking.refresh(conversation.pk)
    Hold.objects.create(channel="whatsapp", until=timezone.now() + timedelta(minutes=5), problem="rate limit")
    intake.store("whatsapp", b"{}")
    Webhook.objects.update(problem="ValueError")
    told = Notification.objects.create(kind="emergency", way="email", path="/x", attempts=3, next_attempt_at=None)
    manager = logged_in(Role.MANAGER)
    page = manager.get("/console/deliveries").content.decode()
    for shown_ in ("window (131047)", "rate limit", "ValueError", "given up", "never seen"):
        assert shown_ in page
    assert "a word" not in page
    assert Webhook.objects.get().body not in page
    chosen = {"delivery": [failed.pk, sent.pk, "x"], "notification": [str(told.pk), "x" * 36]}
    assert "sends 2 again" in manager.post("/console/deliveries/again", chosen, follow=True).content.decode()
    assert [each.state for each in Delivery.objects.order_by("pk")] == ["waiting", "sent"]
    told.refresh_from_db()
    assert told.next_attempt_at is not None
    assert Review.objects.get().risk == 0
    assert 'role="alert"' in manager.post("/console/deliveries/again", follow=True).content.decode()
