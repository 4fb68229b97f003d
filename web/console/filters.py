"""What a list can be narrowed by: the form, and what it asks of the index."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any, cast

from django import forms
from django.contrib.auth.models import User
from django.http import QueryDict
from django.utils import timezone

from shared.content import topics
from web.console.access import Role
from web.conversations.models import Channel
from web.review.finding import Wanted
from web.review.models import RISK_LABELS, Review, Tag
from web.review.ranking import CONFIDENCES, LENGTHS, LONGEST

KINDS = (
    ("answer", "Answered"),
    ("handoff", "Handed over"),
    ("emergency", "Emergency"),
    ("clarify", "Asked back"),
    ("out_of_scope", "Not about SMP"),
    ("refuse", "Refused"),
    ("form", "Call-back request"),
    ("smalltalk", "Small talk"),
    ("notice", "Notice"),
)
_ANY = ("", "Any")
#: Filters whose value follows the facet's name: kind=emergency asks for kind:emergency.
_FACETS = ("state", "reason", "kind", "topic", "channel", "feedback", "confidence", "length", "tag", "assignee")


class FilterForm(forms.Form):
    """Everything a list of conversations can be narrowed by; all of it optional."""

    q = forms.CharField(label="Words", required=False, max_length=200, widget=forms.SearchInput())
    state = forms.ChoiceField(label="State", required=False)
    reason = forms.ChoiceField(label="Why it needs a look", required=False)
    kind = forms.ChoiceField(label="What was said", required=False)
    topic = forms.ChoiceField(label="Topic", required=False)
    channel = forms.ChoiceField(label="Channel", required=False)
    feedback = forms.ChoiceField(label="Feedback", required=False)
    confidence = forms.ChoiceField(label="Least confidence", required=False)
    length = forms.ChoiceField(label="Messages", required=False)
    tag = forms.ChoiceField(label="Tag", required=False)
    assignee = forms.ChoiceField(label="Assignee", required=False)
    marked = forms.ChoiceField(label="Marks", required=False, choices=[_ANY, ("yes", "With a mark")])
    since = forms.DateField(label="From", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label="To", required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data, use_required_attribute=False, label_suffix="")
        self.colleagues = [(str(one.pk), name_of(one)) for one in colleagues()]
        choices: dict[str, list[tuple[str, str]]] = {
            "state": list(Review.State.choices),
            "reason": [(str(risk.name).lower(), label) for risk, label in RISK_LABELS.items()],
            "kind": list(KINDS),
            "topic": sorted(((topic.id, topic.about.title) for topic in topics().values()), key=lambda one: one[1]),
            "channel": list(Channel.choices),
            "feedback": [("bad", "Not helpful"), ("good", "Helpful")],
            "confidence": [(str(round(most * 100)), f"Below {most:.0%}") for most in CONFIDENCES],
            "length": [(name, name.replace("-", " to ").replace("+", " and more")) for _, name in LENGTHS]
            + [(LONGEST, "21 and more")],
            "tag": [(str(tag.pk), tag.name) for tag in Tag.objects.all()],
            "assignee": [("none", "No one"), *self.colleagues],
        }
        for name, values in choices.items():
            cast(forms.ChoiceField, self.fields[name]).choices = [_ANY, *values]

    def wanted(self, *, by_risk: bool, always: tuple[str, ...] = ()) -> Wanted:
        """What the form asks for; a field that is wrong asks for nothing, and says so."""
        self.is_valid()
        asked = self.cleaned_data
        facets = [f"{name}:{asked[name]}" for name in _FACETS if asked.get(name)]
        if asked.get("marked"):
            facets.append("marked")
        until = asked.get("until")
        return Wanted(
            facets=(*always, *facets),
            words=asked.get("q", "").strip(),
            since=_start_of(asked.get("since")),
            until=_start_of(until + timedelta(days=1)) if until else None,
            by_risk=by_risk,
        )

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but words is asked for."""
        return any(self.data.get(name) for name in self.fields if name != "q")


def _start_of(day: Any) -> datetime | None:
    return timezone.make_aware(datetime.combine(day, time.min)) if day else None


def colleagues() -> list[User]:
    """Everyone with a role, by name."""
    names = [role.value for role in Role]
    return list(User.objects.filter(is_active=True, groups__name__in=names).distinct().order_by("username"))


def name_of(user: User) -> str:
    """How a person is called in the console."""
    return user.get_full_name() or user.get_username()


def query_of(data: QueryDict, *without: str) -> str:
    """The query string that asks for the same, in one form, and without empty or unknown parts."""
    kept = QueryDict(mutable=True)
    for name in FilterForm.base_fields:
        value = data.get(name, "").strip()
        if value and name not in without:
            kept[name] = value
    return kept.urlencode()
