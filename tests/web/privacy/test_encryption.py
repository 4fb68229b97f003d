"""Contact details stand encrypted in the database; keys can be changed while all goes on."""

from __future__ import annotations

import io
import uuid

import pytest
from django.core.exceptions import FieldError
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from pydantic import SecretStr

from web.channels.models import Visitor
from web.config import Config, config
from web.contact.models import ContactRequest
from web.conversations.models import Conversation
from web.privacy import encryption, keys
from web.privacy.models import Entry

PLAIN = {
    "name": "Dana Whitfield",
    "phone": "310 555 0142",
    "email": "dana@example.com",
    "best_time": "after five",
    "message": "my scalp burns",
}


def stored(column: str, table: str = "contact_contactrequest") -> str:
    """The bare value of the only row."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {table}")  # noqa: S608 (names of this test)
        (row,) = cursor.fetchall()
    return str(row[0])


@pytest.mark.django_db
def test_contact_details_are_plain_in_python_and_not_in_the_database() -> None:
    """Every field, and an empty one stays empty."""
    ContactRequest.objects.create(**PLAIN)
    request = ContactRequest.objects.get()
    assert {name: getattr(request, name) for name in PLAIN} == PLAIN
    for name, plain in PLAIN.items():
        assert plain not in stored(name)
    ContactRequest.objects.update(phone="")
    assert stored("phone") == ""
    assert ContactRequest.objects.filter(phone="").count() == 1


@pytest.mark.django_db
def test_the_same_value_looks_different_each_time() -> None:
    """Equal names can't be told from the database."""
    ContactRequest.objects.create(**PLAIN)
    before = stored("name")
    ContactRequest.objects.get().save()
    assert stored("name") != before


@pytest.mark.django_db
def test_the_database_is_not_asked_for_what_it_can_t_know() -> None:
    """A search that would silently find nothing is an error."""
    with pytest.raises(FieldError):
        ContactRequest.objects.filter(name__icontains="dana").count()


@pytest.mark.django_db
def test_a_value_of_before_is_read_as_it_is() -> None:
    """A process of the old version may still write one while the new one starts."""
    ContactRequest.objects.create(**PLAIN)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE contact_contactrequest SET name = 'Dana'")
    assert ContactRequest.objects.get().name == "Dana"
    keys.rotate()
    assert stored("name").startswith("enc:")
    assert ContactRequest.objects.get().name == "Dana"


@pytest.mark.django_db
def test_a_new_key_takes_over_and_the_old_one_may_go(settings_of_web: Config) -> None:
    """Put before the old one, rotated, the old one taken away: everything can still be read."""
    settings_of_web.data_keys = SecretStr("the old one")
    ContactRequest.objects.create(**PLAIN)
    Visitor.objects.create(
        channel="whatsapp", conversation=Conversation.objects.create(), user_token=encryption.encrypted("id-7")
    )
    settings_of_web.data_keys = SecretStr("the new one, the old one")
    assert ContactRequest.objects.get().name == "Dana Whitfield"
    said = io.StringIO()
    call_command("keys", "check", stdout=said)
    assert "6 values; 6 do not have the first key." in said.getvalue()
    call_command("keys", "rotate", stdout=said)
    assert "6 values; 6 now have the first key." in said.getvalue()
    assert Entry.objects.get().event == "rotate"
    settings_of_web.data_keys = SecretStr("the new one")
    assert ContactRequest.objects.get().phone == "310 555 0142"
    assert encryption.decrypted(Visitor.objects.get().user_token) == "id-7"
    call_command("keys", "check", stdout=said)
    assert "6 values; 0 do not have the first key." in said.getvalue()


@pytest.mark.django_db
def test_a_missing_key_is_said_and_nothing_is_lost(settings_of_web: Config) -> None:
    """What can't be read stays as it is, for the day the key is found."""
    settings_of_web.data_keys = SecretStr("the lost one")
    ContactRequest.objects.create(**PLAIN)
    before = stored("name")
    settings_of_web.data_keys = SecretStr("another")
    with pytest.raises(encryption.Unreadable, match="DATA_KEYS"):
        ContactRequest.objects.get()
    for what in ("check", "rotate"):
        with pytest.raises(CommandError, match="5 can't be read"):
            call_command("keys", what, stdout=io.StringIO())
    assert stored("name") == before


@pytest.mark.django_db
def test_ids_of_before_there_were_keys_for_data_are_read() -> None:
    """They were encrypted with a key made of SECRET_KEY, and get the first key at the next rotation."""
    earlier = (
        encryption._fernet(config().secret_key.get_secret_value(), "channels.encryption").encrypt(b"id-7").decode()
    )
    Visitor.objects.create(channel="whatsapp", conversation=Conversation.objects.create(), user_token=earlier)
    assert encryption.decrypted(earlier) == "id-7"
    assert not encryption.is_current(earlier)
    keys.rotate()
    assert encryption.is_current(Visitor.objects.get().user_token)


@pytest.mark.django_db(transaction=True)
def test_rows_of_before_are_encrypted_by_the_migration_and_come_back_plain() -> None:
    """There and back, with every value."""
    executor = MigrationExecutor(connection)
    latest = executor.loader.graph.leaf_nodes("contact")
    try:
        executor.migrate([("contact", "0003_who_took_it_and_what_came_of_it")])
        old = executor.loader.project_state([("contact", "0003_who_took_it_and_what_came_of_it")]).apps
        old.get_model("contact", "ContactRequest").objects.create(sending_id=uuid.uuid4(), **PLAIN)
        assert stored("name") == "Dana Whitfield"
        executor = MigrationExecutor(connection)
        executor.migrate([("contact", "0004_contact_details_are_encrypted")])
        assert stored("name").startswith("enc:")
        assert stored("message").startswith("enc:")
        executor = MigrationExecutor(connection)
        executor.migrate([("contact", "0003_who_took_it_and_what_came_of_it")])
        assert {name: stored(name) for name in PLAIN} == PLAIN
    finally:
        MigrationExecutor(connection).migrate(latest)
