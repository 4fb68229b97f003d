"""What a visitor is told when the assistant can't answer. Needs nothing but `clinic.yml`."""

from __future__ import annotations

from shared.clinic import clinic
from shared.reply import Contact, Reply
from web.config import config
from web.contact.links import form_url


def contact() -> Contact:
    """How to reach the clinic, without a handoff."""
    link = clinic().contact_link_about(None)
    return Contact(phone=clinic().phone_e164, phone_text=clinic().phone_text, form_url=link or form_url(None))


def emergency_sentence() -> str:
    """What to do in an emergency, in one sentence."""
    line = clinic().emergency_line
    number = f"{line} or your local emergency number" if line else "your local emergency number"
    return f"If this is an emergency, call {number} now."


def reach_the_clinic() -> str:
    """The ways to a person, as the end of a sentence."""
    phone = clinic().phone_text
    return f"call the clinic at {phone} or use the contact form" if phone else "use the contact form"


def outage_notice() -> Reply:
    """A part is down: phone, form and the emergency line, and what becomes of the message, which is kept."""
    text = (
        f"I can't answer right now because of a technical problem. {emergency_sentence()} Otherwise, please "
        f"{reach_the_clinic()}. Your message is kept: if the problem ends within {_minutes()}, my answer appears "
        "here; if not, it is shown to the clinic's staff."
    )
    return Reply(text=text, kind="notice", contact=contact())


def outage_goes_on_notice() -> Reply:
    """The same outage, another message: short, because the visitor knows the rest."""
    phone = clinic().phone_text
    call = f" The clinic is at {phone}." if phone else ""
    return Reply(text=f"I've kept this message too.{call} {emergency_sentence()}", kind="notice", contact=contact())


def person_answers_notice() -> Reply:
    """A person of the clinic answers here for now; the assistant does not."""
    text = f"A person at the clinic has taken over this conversation and will answer you. {emergency_sentence()}"
    return Reply(text=text, kind="notice", contact=contact())


def person_still_answers_notice() -> Reply:
    """The same, another message."""
    text = f"The clinic has this message too. {emergency_sentence()}"
    return Reply(text=text, kind="notice", contact=contact())


def no_one_answered_notice() -> Reply:
    """A person took the conversation over, and then no one answered the visitor's last message."""
    text = (
        "I'm the automated assistant again. No one at the clinic has answered your last message here yet; they have "
        f"been told. If it can't wait, please {reach_the_clinic()}. {emergency_sentence()}"
    )
    return Reply(text=text, kind="notice", contact=contact())


def _minutes() -> str:
    minutes = round(config().resume_minutes)
    return f"{minutes} minutes" if minutes > 1 else "a minute"


def unknown_choice_notice() -> Reply:
    """A choice that is not on offer (any more)."""
    text = "That choice is no longer available. Please write your question instead, or "
    return Reply(text=f"{text}{reach_the_clinic()}.", kind="notice", contact=contact())


def greeting() -> Reply:
    """The first words, which say that this is a bot, what it is for, and what to do in an emergency."""
    return Reply(
        text=(
            "Hello! I'm an automated assistant, not a person. I answer general safety questions about scalp "
            "micropigmentation from published sources, and hand you to the clinic for the rest. "
            f"{emergency_sentence()} Please leave out names and private health details."
        ),
        kind="smalltalk",
        contact=contact(),
    )


def bot_notice() -> str:
    """That a bot answers, said on Messenger and WhatsApp before its first words, and again later."""
    name = clinic().name or "the clinic"
    return (
        f"I'm an automated assistant of {name}, not a person. I answer general safety questions about scalp "
        f"micropigmentation from published sources and hand you to the clinic for the rest. {emergency_sentence()}"
    )


#: Questions offered at the start; a test holds that each is answered.
STARTERS = (
    "Is scalp micropigmentation safe?",
    "What is in the ink?",
    "Does it hurt?",
    "Can I have an MRI afterwards?",
)
