"""When a request is due, and that the clinic is told once when it was not seen to."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from shared.reply import Handoff as HandoffFormat
from shared.reply import Reply as ReplyFormat
from tests.conftest import CLINIC, WriteClinic
from tests.web.support import FakeRasa, Visitor
from web.config import Config
from web.contact.due import due_after, overdue, tell_of_overdue
from web.contact.models import ContactRequest
from web.notifications.models import Notification
from web.worker import tell_of_overdue_requests

HOURS = """\
time_zone: America/Los_Angeles
hours: {monday: ["09:00-12:00", "13:00-17:00"], tuesday: ["09:00-17:00"]}
holidays: ["2026-12-01"]
"""


def _local(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=ZoneInfo("America/Los_Angeles"))


@pytest.mark.parametrize(
    ("left", "due"),
    [
        (_local(23, 9), _local(23, 14)),  # a Monday; the break is not counted
        (_local(23, 3), _local(23, 14)),
        (_local(23, 12, 30), _local(23, 17)),
        (_local(23, 16), _local(24, 12)),
        (_local(24, 17), _local(30, 14)),  # Wednesday to Sunday it is closed
        (_local(30, 16), datetime(2026, 12, 7, 12, tzinfo=ZoneInfo("America/Los_Angeles"))),  # over a holiday
    ],
)
def test_opening_hours_are_counted(write_clinic: WriteClinic, left: datetime, due: datetime) -> None:
    """Four of them, wherever they lie."""
    write_clinic(CLINIC + HOURS)
    assert due_after(left) == due


def test_without_opening_hours_plain_hours_are_counted(settings_of_web: Config) -> None:
    """As many as the operator set."""
    settings_of_web.request_hours = 6
    assert due_after(_local(23, 9)) == _local(23, 15)


def test_a_clinic_that_does_not_open_soon_is_counted_in_plain_hours(write_clinic: WriteClinic) -> None:
    """Nothing waits without a time."""
    write_clinic(CLINIC + "time_zone: America/Los_Angeles\nhours: {monday: []}\n")
    assert due_after(_local(23, 9)) == _local(24, 9)


async def test_what_is_left_in_the_chat_has_a_time(visitor: Visitor, rasa: FakeRasa) -> None:
    """From the moment it is stored."""
    left = {"name": "Jordan", "phone": "(310) 555-0199"}
    handoff = HandoffFormat(
        id="7c1c5f5e-1d3c-4a37-9a5f-0d5d3f1f0001", reason="prices", status="requested", request=left
    )
    rasa.says = [ReplyFormat(text="Sent.", kind="form", handoff=handoff)]
    await visitor.send("yes")
    due = (await ContactRequest.objects.aget()).due_at
    assert due is not None
    assert timedelta(hours=23) < due - timezone.now() <= timedelta(hours=24)


def _request(**changes: object) -> ContactRequest:
    ago = timezone.now() - timedelta(minutes=1)
    return ContactRequest.objects.create(**{"name": "Jordan", "due_at": ago, **changes})


@pytest.mark.django_db
def test_the_clinic_is_told_once() -> None:
    """However often the worker looks; in the notification is a link and nothing else."""
    request = _request()
    assert [tell_of_overdue(), tell_of_overdue()] == [1, 0]
    told = Notification.objects.get()
    assert (told.kind, told.path) == ("overdue", request.staff_path)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "changes",
    [{"state": "done"}, {"is_suspect": True}, {"due_at": None}, {"due_at": timezone.now() + timedelta(hours=1)}],
)
def test_what_no_one_has_to_see_to_now_is_not_told(changes: dict[str, object]) -> None:
    """Closed, perhaps a robot's, or not due yet."""
    _request(**changes)
    assert (list(overdue()), tell_of_overdue()) == ([], 0)


@pytest.mark.usefixtures("database")
async def test_the_worker_looks_for_them() -> None:
    """One of its rounds does it."""
    await ContactRequest.objects.acreate(name="Jordan", due_at=timezone.now() - timedelta(minutes=1))
    await tell_of_overdue_requests()
    assert await Notification.objects.filter(kind="overdue").acount() == 1
