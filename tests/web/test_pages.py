"""The demo page, and what a failure shows: always a way to the clinic."""

from __future__ import annotations

import html
import re
from typing import NoReturn

import pytest
from django.db import OperationalError
from django.test import Client

from shared import never_claims
from tests.conftest import WriteClinic
from tests.web.support import FORM, PHONE, PHONE_TEXT
from web.config import ROOT
from web.conversations.models import Handoff


def assert_shows_the_way_to_the_clinic(page: str) -> None:
    assert f'<a href="tel:{PHONE}">{PHONE_TEXT}</a>' in page
    assert f'href="{FORM}"' in page
    assert "call 911" in page


def test_the_page_works_without_scripts(client: Client) -> None:
    """The chat needs JavaScript; phone, form and the emergency line don't."""
    response = client.get("/")
    assert response.status_code == 200
    assert_shows_the_way_to_the_clinic(response.content.decode())
    assert "<noscript>" in response.content.decode()


def test_the_page_says_that_it_is_automated(client: Client) -> None:
    """Before the first word of the chat."""
    assert "An automated assistant answers" in client.get("/").content.decode()


def test_the_page_makes_no_claim_that_is_never_made(client: Client) -> None:
    """Nor does it say what is not known: a name, prices, an address."""
    text = html.unescape(re.sub(r"<[^>]+>", " ", client.get("/").content.decode()))
    assert never_claims.load().find(text) == []


@pytest.mark.django_db
def test_the_pages_files_are_there(client: Client) -> None:
    """Style and script come from this site."""
    for name in ("site.css", "demo.js"):
        response = client.get(f"/static/web/{name}")
        content = response.getvalue()
        response.close()
        assert (response.status_code, content) == (200, (ROOT / "web" / "static" / "web" / name).read_bytes())


def test_an_unknown_page_shows_the_way_to_the_clinic(client: Client) -> None:
    """404 is no dead end."""
    response = client.get("/prices")
    assert response.status_code == 404
    assert_shows_the_way_to_the_clinic(response.content.decode())


@pytest.mark.django_db
def test_a_failure_shows_the_way_to_the_clinic(monkeypatch: pytest.MonkeyPatch) -> None:
    """500 is no dead end either, and says nothing about what failed."""
    path = "/contact/" + "x"

    def away(*args: object, **kwargs: object) -> NoReturn:
        raise OperationalError("connection to 10.0.0.5 refused")

    monkeypatch.setattr("web.contact.views.handoff_id_of", lambda signed: "00000000-0000-0000-0000-000000000000")
    monkeypatch.setattr(Handoff.objects, "filter", away)
    response = Client(raise_request_exception=False).get(path)
    assert response.status_code == 500
    assert_shows_the_way_to_the_clinic(response.content.decode())
    assert "10.0.0.5" not in response.content.decode()


def test_a_form_that_is_too_large_shows_the_way_to_the_clinic() -> None:
    """400 with the same page."""
    response = Client().post("/contact/", {"message": "x" * 140_000})
    assert response.status_code == 400
    assert_shows_the_way_to_the_clinic(response.content.decode())


def test_what_the_clinic_does_not_know_is_left_out(client: Client, write_clinic: WriteClinic) -> None:
    """Without a phone, no empty link and no `None` on any page."""
    write_clinic("name: null\n")
    for path in ("/", "/prices"):
        page = client.get(path).content.decode()
        assert "None" not in page
        assert "tel:" not in page
        assert f'href="{FORM}"' in page
        assert "call your local emergency number" in page


def test_a_contact_page_of_the_clinics_own_is_used(client: Client, write_clinic: WriteClinic) -> None:
    """`contact_link` replaces the built-in form on every page."""
    write_clinic("contact_link: https://clinic.example/contact\n")
    page = client.get("/").content.decode()
    assert 'href="https://clinic.example/contact"' in page
    assert f'href="{FORM}"' not in page
