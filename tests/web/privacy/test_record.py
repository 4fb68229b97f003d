"""The record is append-only, and shows where it was tampered with."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from pydantic import SecretStr

from tests.web.privacy.support import an_account
from web.config import Config
from web.privacy import append_only
from web.privacy.models import ChainHead, Entry, Event
from web.privacy.record import Break, first_break, head, record

pytestmark = pytest.mark.django_db


@pytest.fixture
def _four_entries() -> None:
    for number in range(1, 5):
        record(None, Event.VIEW, f"conversation {number}")


def tamper(statement: str) -> None:
    """What someone does who may change the schema."""
    append_only.lift(connection)
    with connection.cursor() as cursor:
        cursor.execute(statement)
    append_only.enforce(connection)


def test_an_entry_says_who_did_what_to_what() -> None:
    """The account's name stays readable when the account is gone."""
    robin = an_account()
    record(robin, Event.REVEAL, "conversation 7", reason="called back")
    robin.delete()
    entry = Entry.objects.get()
    assert (entry.number, entry.actor_name, entry.event, entry.subject) == (1, "robin", "reveal", "conversation 7")
    assert entry.details == {"reason": "called back"}


def test_words_in_the_record_are_masked() -> None:
    """A reason may hold what it must not."""
    record(None, Event.REVEAL, "conversation 7", reason="to write to dana@example.com")
    assert Entry.objects.get().details == {"reason": "to write to [e-mail]"}


@pytest.mark.usefixtures("_four_entries")
@pytest.mark.parametrize(
    "change",
    [
        lambda: Entry.objects.filter(number=2).update(subject="other"),
        lambda: Entry.objects.filter(number=2).delete(),
        lambda: Entry.objects.all().delete(),
        lambda: Entry.objects.get(number=2).save(),
    ],
    ids=["update", "delete", "delete all", "save"],
)
def test_the_database_refuses_changes(change: object) -> None:
    """Whoever asks: the guard is in the database, not in the code."""
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        change()  # type: ignore[operator]
    assert Entry.objects.count() == 4
    assert first_break() is None


@pytest.mark.usefixtures("_four_entries")
@pytest.mark.parametrize(
    ("statement", "number"),
    [
        ("UPDATE privacy_entry SET subject = 'conversation 9' WHERE number = 2", 2),
        ("UPDATE privacy_entry SET actor_name = 'kim' WHERE number = 3", 3),
        ("UPDATE privacy_entry SET digest = '0' WHERE number = 4", 4),
        ("DELETE FROM privacy_entry WHERE number = 1", 1),
        ("DELETE FROM privacy_entry WHERE number = 3", 3),
        ("DELETE FROM privacy_entry WHERE number = 4", 4),
        ("DELETE FROM privacy_entry", 1),
        ("UPDATE privacy_chainhead SET digest = 'f'", 4),
    ],
)
def test_the_first_broken_link_is_named(statement: str, number: int) -> None:
    """Changed, removed, cut off at the end: the command says which entry."""
    tamper(statement)
    broken = first_break()
    assert broken is not None
    assert broken.number == number
    with pytest.raises(CommandError, match=f"entry {number} "):
        call_command("record", "verify")


@pytest.mark.usefixtures("_four_entries")
def test_a_record_that_holds_says_what_to_note() -> None:
    """The number and digest printed are those that --from takes."""
    said = io.StringIO()
    call_command("record", "verify", stdout=said)
    number, digest = head()
    assert f"4 entries. Note this outside the database: {number}:{digest}" in said.getvalue()
    call_command("record", "verify", "--from", f"{number}:{digest}", stdout=said)
    with pytest.raises(CommandError, match="--from takes"):
        call_command("record", "verify", "--from", "four")


@pytest.mark.usefixtures("_four_entries")
def test_a_record_cut_off_with_its_head_is_found_by_what_was_noted() -> None:
    """The chain alone can't show it: what was noted elsewhere does."""
    noted = head()
    earlier = Entry.objects.get(number=2).digest
    tamper("DELETE FROM privacy_entry WHERE number > 2")
    ChainHead.objects.update(number=2, digest=earlier)
    assert first_break() is None
    assert first_break(noted) == Break(3, "is missing, and all after it")
    record(None, Event.VIEW, "conversation 3")
    record(None, Event.VIEW, "conversation 4")
    assert first_break(noted) == Break(4, "is not the one that was noted")


@pytest.mark.usefixtures("_four_entries")
def test_without_the_key_nobody_makes_an_entry_fit(settings_of_web: Config) -> None:
    """Whoever writes the chain anew needs the key of the first entry on."""
    settings_of_web.record_key = SecretStr("another key")
    broken = first_break()
    assert broken is not None
    assert broken.number == 1


def test_what_fails_leaves_no_entry() -> None:
    """An entry belongs to the transaction it tells of."""

    def export() -> None:
        with transaction.atomic():
            record(None, Event.EXPORT, "log")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        export()
    assert Entry.objects.count() == 0
    assert head() == (0, "")
