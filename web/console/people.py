"""Accounts of the staff: who there is, with which roles; only administrators come here.

An administrator never knows another's password: a new account, and one whose password is lost, gets a link that works
once, on which the person sets it.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.models import Group, User
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from web.config import config
from web.console import second_factor
from web.console.access import Permission, Role, StaffRequest, needs, open_to_all, roles_of
from web.console.factors import has_factor
from web.privacy.record import Event, record


class LastAdministrator(ValueError):
    """Nobody would be left to manage the accounts."""


class PersonForm(forms.ModelForm):
    """A new account."""

    roles = forms.MultipleChoiceField(
        choices=Role.choices, widget=forms.CheckboxSelectMultiple(), label="Roles", required=False
    )

    class Meta:
        model = User
        fields = ("username", "first_name", "last_name")
        labels = {"username": "Name to log in with", "first_name": "First name", "last_name": "Last name"}
        help_texts = {"username": ""}


@needs(Permission.PEOPLE)
@require_http_methods(["GET", "POST"])
def people(request: StaffRequest) -> HttpResponse:
    """Everyone, and a form for someone new."""
    form = PersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            user = form.save(commit=False)
            user.set_unusable_password()
            user.save()
            _give(user, form.cleaned_data["roles"])
            roles = ", ".join(form.cleaned_data["roles"])
            record(request.user, Event.SETTING, f"account {user.pk}", did=f"made with roles {roles}")
        return _with_link(request, user)
    rows = [
        {"user": user, "roles": [role.label for role in roles_of(user)], "has_factor": has_factor(user)}
        for user in User.objects.prefetch_related("groups").order_by("-is_active", "username")
    ]
    return render(request, "console/people.html", {"rows": rows, "form": form})


@needs(Permission.PEOPLE)
@require_safe
def person(request: StaffRequest, pk: int) -> HttpResponse:
    """One account."""
    user = get_object_or_404(User, pk=pk)
    has = [role.value for role in roles_of(user)]
    shown = {"person": user, "has_factor": has_factor(user), "choices": [(*one, one[0] in has) for one in Role.choices]}
    return render(request, "console/person.html", shown)


@needs(Permission.PEOPLE)
@require_POST
def change(request: StaffRequest, pk: int) -> HttpResponse:
    """Change one account: `do` is roles, off, on, factor or link."""
    user = get_object_or_404(User, pk=pk)
    what = request.POST.get("do", "")
    try:
        with transaction.atomic():
            words = _change(user, what, request.POST.getlist("roles"))
            record(request.user, Event.SETTING, f"account {user.pk}", did=words)
    except LastAdministrator:
        messages.error(request, "This is the last administrator. Make another one first.")
        return redirect("console:person", pk)
    if what == "link":
        return _with_link(request, user)
    messages.success(request, f"{user.get_username()}: {words}.")
    return redirect("console:person", pk)


def _change(user: User, what: str, roles: list[str]) -> str:
    match what:
        case "roles":
            _keep_an_administrator(user, stays=Role.ADMINISTRATOR.value in roles)
            return f"roles {', '.join(_give(user, roles)) or 'none'}"
        case "off":
            _keep_an_administrator(user, stays=False)
            user.is_active = False
            user.save(update_fields=["is_active"])
            return "turned off"
        case "on":
            user.is_active = True
            user.save(update_fields=["is_active"])
            return "turned on"
        case "factor":
            second_factor.forget(user)
            return "second factor removed"
        case "link":
            # Logged-in browsers of this account end with its password.
            user.set_unusable_password()
            user.save(update_fields=["password"])
            return "new link to set a password"
    return "nothing changed"


def _give(user: User, roles: list[str]) -> list[str]:
    known = [role.value for role in Role if role.value in roles]
    user.groups.set(Group.objects.filter(name__in=known))
    return known


def _keep_an_administrator(user: User, *, stays: bool) -> None:
    """Hold the group's row, so that two administrators who take the role from each other do it one after the other."""
    group = Group.objects.select_for_update().get(name=Role.ADMINISTRATOR.value)
    others = User.objects.filter(groups=group, is_active=True).exclude(pk=user.pk)
    if not stays and not others.exists():
        raise LastAdministrator


def _with_link(request: StaffRequest, user: User) -> HttpResponse:
    name = urlsafe_base64_encode(force_bytes(user.pk))
    path = reverse("console:welcome", args=[name, default_token_generator.make_token(user)])
    return render(request, "console/link.html", {"person": user, "link": f"{config().public_url}{path}"})


@open_to_all
@require_http_methods(["GET", "POST"])
def welcome(request: HttpRequest, name: str, token: str) -> HttpResponse:
    """Where a person sets the password; the link works once, and for a day."""
    user = _of_link(name, token)
    if user is None:
        return render(request, "console/link_over.html", status=200)
    form: Any = SetPasswordForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            form.save()
            record(user, Event.SETTING, f"account {user.pk}", did="password set")
        messages.success(request, "Your password is set. Please log in.")
        return redirect("console:login")
    return render(request, "console/welcome.html", {"form": form, "person": user})


def _of_link(name: str, token: str) -> User | None:
    try:
        user = User.objects.filter(pk=int(urlsafe_base64_decode(name)), is_active=True).first()
    except (ValueError, OverflowError):
        return None
    return user if user and default_token_generator.check_token(user, token) else None
