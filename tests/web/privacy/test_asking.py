"""Which messages order that data be deleted, and which only ask about it."""

from __future__ import annotations

import pytest

from scripts.near_duplicates import ROOT, read_examples
from web.privacy.asking import language_of

ORDERS = [
    "delete my data",
    "Delete my data.",
    "please delete my data",
    "DELETE MY DATA NOW",
    "pls erase everything",
    "delete all my messages please",
    "Please delete this conversation",
    "I want you to delete all my data",
    "i want my data deleted",
    "I'd like all of my messages erased, please",
    "remove my info",
    "forget me",
    "forget everything I told you",
    "wipe this chat",
    "erase everything you have on me",
    "delete my name and number",
    "hi, please remove all my personal data from your system",
    "can you please delete my data?",
    "could you delete my messages",
    "ok delete my chat history",
    "delete me from your database",
]
SPANISH_ORDERS = [
    "borra mis datos",
    "borrar mis datos",
    "Borren mis datos por favor",
    "por favor elimina todos mis datos",
    "quiero que borren mis mensajes",
    "quiero borrar mi conversación",
    "eliminen todo lo que tienen de mí",
    "elimine mis datos personales",
]
OTHERS = [
    "how do I delete this chat",
    "how can i delete my data?",
    "can I ask for my chat to be wiped",
    "can you delete my messages?",
    "will you delete my data?",
    "do you delete my data after a while",
    "is it possible to remove my messages",
    "where do I go to have everything I typed wiped?",
    "who can see my data",
    "what happens to my data when I delete the app",
    "delete my appointment",
    "please remove my tattoo",
    "can laser remove this",
    "can you remove my pigment",
    "remove the ink from my scalp",
    "erase the scar",
    "does the dot fade or can it be erased",
    "delete my data, my throat is swelling and I can't breathe",
    "my scalp is infected, delete my messages",
    "don't delete my data",
    "i did not ask you to delete my data",
    "forget it",
    "forget about it",
    "clear skin",
    "¿cómo borro mis datos?",
    "¿pueden borrar mis datos?",
    "¿quién ve mis mensajes?",
    "quiero borrar un tatuaje",
    "se puede eliminar el pigmento",
    "borra mis dudas",
    "",
]


@pytest.mark.parametrize("text", ORDERS)
def test_an_order_is_understood(text: str) -> None:
    """As people write it."""
    assert language_of(text) == "en"


@pytest.mark.parametrize("text", SPANISH_ORDERS)
def test_an_order_in_spanish_is_understood(text: str) -> None:
    """And is answered in Spanish."""
    assert language_of(text) == "es"


@pytest.mark.parametrize("text", OTHERS)
def test_anything_else_goes_the_usual_way(text: str) -> None:
    """Questions about deletion, other things to remove, and above all a message that holds an emergency."""
    assert language_of(text) is None


def test_no_example_of_the_content_is_taken_for_an_order() -> None:
    """What `data/` teaches the assistant to answer stays its to answer; those that order a deletion get it."""
    taken = [message.text for message in read_examples(ROOT / "data") if language_of(message.text)]
    assert taken == ["borren mis datos", "borren todos mis datos de su sistema por favor"]
