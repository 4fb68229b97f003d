"""Made-up people. Numbers are those kept for fiction, addresses are under example.org."""

from __future__ import annotations

import random
from dataclasses import dataclass

FIRST = (
    "Jordan Maya Chris Ana Luis Priya Sam Nadia Omar Grace Ben Leila Tom Carmen Dev Ruth Igor Kim Paul Zoe Marco Ines "
    "Ali Hana Victor Rosa Dan Aisha Leo Tess"
).split()
LAST = (
    "Marker Lindqvist Okafor Reyes Novak Patel Bauer Haddad Costa Weber Nguyen Silva Moore Kowalski Abadi Fischer "
    "Tanaka Doyle Romero Petrov"
).split()
TIMES = ("mornings", "after 5 pm", "any time today", "weekends", "lunch break, 12 to 1", "not on Mondays", "")
PAGES = ("/", "/", "/scalp-micropigmentation", "/prices", "/faq", "/gallery", "/women", "/contact")
LIKED = ("", "", "", "clear, thanks", "exactly what I wanted to know", "good to see where this comes from")
DISLIKED = (
    "", "", "too long", "did not answer what I asked", "I wanted to know about my own case", "not helpful at all",
    "that was about something else", "too vague",
)  # fmt: skip
FORM_WORDS = (
    "", "Could someone tell me what a first visit looks like?", "I would like to talk to someone before I decide.",
    "Please call me about moving my session.", "I was in last week and have a question about the invoice.",
    "Is there a female technician?", "I sent photos by mail, did they arrive?",
)  # fmt: skip
NOTES = ("Friendly, wants to think about it.", "Voice mail full.", "Asked for a quote in writing.", "Call after six.")


@dataclass(frozen=True)
class Person:
    """Someone who writes to the clinic."""

    first: str
    last: str
    phone: str
    email: str
    best_time: str

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"


def someone(chance: random.Random) -> Person:
    """Another person."""
    first, last = chance.choice(FIRST), chance.choice(LAST)
    phone = f"({chance.choice((310, 213, 424, 818))}) 555-01{chance.randrange(100):02}"
    email = f"{first}.{last}{chance.randrange(10, 99)}@example.org".lower()
    return Person(first, last, phone, email, chance.choice(TIMES))
