"""The demo's people of the staff, and what they have done already."""

from __future__ import annotations

import random
from datetime import timedelta

from django.contrib.auth.models import Group, User
from django.utils import timezone

from shared.content import signable, topics
from web.console.access import Role
from web.contact import handling
from web.contact.due import open_requests
from web.contact.models import ContactRequest, Step
from web.content.models import Proposal, Signature
from web.content.proposals import propose
from web.content.signing import sign
from web.demo import people

#: Login name, first and last name, roles.
STAFF = (
    ("demo", "Dana", "Demo", tuple(Role)),
    ("rita", "Rita", "Ramos", (Role.REVIEWER,)),
    ("mary", "Mary", "Mayer", (Role.MANAGER,)),
    ("carl", "Dr. Carl", "Conti", (Role.CLINICIAN,)),
    ("ada", "Ada", "Adler", (Role.ADMINISTRATOR,)),
)


#: So many visitors wait to be called, however small the demo is.
LEAST_OPEN = 8


def make_accounts(password: str) -> dict[str, User]:
    """The accounts, all with this password, by login name."""
    made = {}
    for name, first, last, roles in STAFF:
        user, _ = User.objects.get_or_create(username=name, defaults={"first_name": first, "last_name": last})
        user.set_password(password)
        user.save()
        user.groups.set(Group.objects.filter(name__in=[role.value for role in roles]))
        made[name] = user
    return made


def work_a_little(staff: dict[str, User], seed: int) -> None:
    """Some requests are taken, noted or closed, most answers signed, a few wordings proposed."""
    chance = random.Random(seed)  # noqa: S311 (made up)
    newest = ContactRequest.objects.filter(is_suspect=False).order_by("-created_at").values_list("pk", flat=True)
    ContactRequest.objects.filter(pk__in=list(newest[:LEAST_OPEN])).update(
        state=ContactRequest.State.NEW, outcome="", closed_at=None
    )
    for place, request in enumerate(open_requests().order_by("pk")):
        if place % 3 == 1:
            who = staff[chance.choice(["rita", "mary"])]
            handling.take(request, who)
            if chance.random() < 0.4:
                handling.make_note(request, who, chance.choice(people.NOTES))
    for request in ContactRequest.objects.filter(state=ContactRequest.State.DONE).order_by("pk"):
        _closed(request, staff[chance.choice(["rita", "mary"])], chance)
    _sign(staff["carl"], chance)
    for name, ending, why in _PROPOSED:
        topic = topics()[name]
        propose(topic.wording, topic, f"{topic.wording.text} {ending}", why, staff["mary"])
    declined = Proposal.objects.order_by("pk").last()
    if declined is not None:
        Proposal.objects.filter(pk=declined.pk).update(
            state=Proposal.State.DECLINED, closed_at=timezone.now(), closed_by=staff["carl"]
        )


def _closed(request: ContactRequest, who: User, chance: random.Random) -> None:
    """Who closed a request, and the steps before."""
    closed = request.closed_at or request.created_at
    kinds = [Step.Kind.TAKEN, *([Step.Kind.TRIED] if chance.random() < 0.25 else []), Step.Kind.CLOSED]
    for place, kind in enumerate(kinds):
        step = Step.objects.create(
            request=request, kind=kind, by=who, outcome=request.outcome if kind == Step.Kind.CLOSED else "",
            note=chance.choice(people.NOTES) if chance.random() < 0.2 else "",
        )  # fmt: skip
        at = closed - (len(kinds) - 1 - place) * (closed - request.created_at) / 4
        Step.objects.filter(pk=step.pk).update(at=at)
    ContactRequest.objects.filter(pk=request.pk).update(taken_by=who, taken_at=closed)


def _sign(clinician: User, chance: random.Random) -> None:
    for topic in topics().values():
        if chance.random() < 0.6:
            signature = sign(topic, topic.digest, clinician, "Dr. Carl Conti")
            day = timezone.now() - timedelta(days=chance.randrange(1, 50))
            Signature.objects.filter(pk=signature.pk).update(signed_at=day)
    # One answer was reworded after it was signed.
    before = "Most people feel some scratching."
    Signature.objects.filter(topic="pain").delete()
    Signature.objects.create(
        topic="pain", text=before, sources=[], digest=signable(before, []), signer=clinician, name="Dr. Carl Conti"
    )


_PROPOSED = (
    ("washing_hair", "Pat it dry, don't rub.", "Visitors ask how to dry it."),
    ("pain", "Tell the technician if it is too much, and take a break.", "They want to know that they may stop."),
    ("cost", "Ask for the full price in writing.", "Said on the phone every day."),
)
