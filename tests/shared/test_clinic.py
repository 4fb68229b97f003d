"""`clinic.yml`: what is unknown stays unknown, and a broken file says where and what to do."""

from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.clinic import DEFAULT_PATH, Clinic, ClinicFileError, clinic, load_clinic
from tests.conftest import WriteClinic

UNKNOWN_FIELDS = sorted(set(Clinic.model_fields) - {"holidays"})
MONDAY_MORNING = datetime(2026, 3, 2, 17, 30, tzinfo=UTC)  # 09:30 in Los Angeles


def problems_of(path: Path) -> str:
    with pytest.raises(ClinicFileError) as caught:
        load_clinic(path)
    return str(caught.value)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "clinic.yml"


def test_the_projects_own_file_loads() -> None:
    """The file that comes with the project is a valid one."""
    assert load_clinic(DEFAULT_PATH).phone_e164 is not None


@pytest.mark.parametrize("field", UNKNOWN_FIELDS)
def test_what_is_null_or_left_out_is_none(path: Path, field: str) -> None:
    """An unknown fact is None, whether it is written as null or not at all."""
    path.write_text(f"{field}: null\n")
    assert getattr(load_clinic(path), field) is None
    path.write_text("holidays: []\n")
    assert getattr(load_clinic(path), field) is None


def test_unknown_holidays_are_none_known(path: Path) -> None:
    """`holidays: null` means the same as an empty list."""
    path.write_text("holidays: null\n")
    assert load_clinic(path).holidays == []


def test_a_full_file_is_read_field_by_field(path: Path) -> None:
    """Every field arrives as it was written; dates need no quotes."""
    path.write_text(
        'name: Éclat\nphone: "(310) 555-0100"\ncountry: US\naddress: 1 Main St\n'
        "contact_link: https://clinic.example/contact\ntime_zone: America/Los_Angeles\n"
        'hours: {monday: ["09:00-12:00", "13:00-17:00"], saturday: []}\nholidays: [2026-12-25]\n'
        'emergency_line: "911"\ncrisis_line: "988"\npoison_line: "1-800-222-1222"\n',
        encoding="utf-8",
    )
    loaded = load_clinic(path)
    assert loaded.name == "Éclat"
    assert str(loaded.contact_link) == "https://clinic.example/contact"
    assert loaded.hours == {"monday": ["09:00-12:00", "13:00-17:00"], "saturday": []}
    assert loaded.holidays == [date(2026, 12, 25)]
    assert (loaded.emergency_line, loaded.crisis_line, loaded.poison_line) == ("911", "988", "1-800-222-1222")


@pytest.mark.parametrize(
    ("broken", "line", "said"),
    [
        ('name: ""', 2, "name: "),
        ("name: 7", 2, "name: is not text. Put it in quotes"),
        ("phone: 13105550100", 2, "phone: is not text. Put it in quotes"),
        ('phone: "call us"', 2, "phone: is not a phone number; write it as +13105550100"),
        ('phone: "+1310"', 2, "phone: has too few or too many digits; write it as +13105550100"),
        ("country: usa", 2, "country: "),
        ("emergency_line: 911", 2, "emergency_line: is not text. Put it in quotes"),
        ("contact_link: our page", 2, "contact_link: "),
        ("contact_link: javascript:alert(1)", 2, "contact_link: "),
        ("time_zone: Pacific", 2, "time_zone: is not an IANA time zone, such as America/Los_Angeles"),
        ("time_zone: ../../etc/passwd", 2, "time_zone: is not an IANA time zone"),
        ("hours: {}", 2, "hours: need time_zone"),
        ("holidays: [2026-13-45]", 2, "holidays.0: "),
        ("holidays:\n  - 2026-12-25\n  - tomorrow", 4, "holidays.1: "),
        ("time_zone: UTC\nhours:\n  monday:\n    - nine to five", 5, "is not a span of hours, such as 09:00-17:00"),
        ("time_zone: UTC\nhours:\n  monday:\n    - 09:00Z-17:00", 5, "is not a span of hours, such as 09:00-17:00"),
        ("time_zone: UTC\nhours:\n  monday:\n    - 25:00-26:00", 5, "is not a span of hours, such as 09:00-17:00"),
        ("time_zone: UTC\nhours:\n  monday:\n    - 17:00-09:00", 5, "closes before it opens"),
        ("time_zone: UTC\nhours:\n  funday: []", 4, "hours.funday"),
        ("telephone: null", 2, "telephone: is not a field of clinic.yml. Remove it; the fields are name, "),
    ],
)
def test_a_broken_field_names_file_line_and_what_to_do(path: Path, broken: str, line: int, said: str) -> None:
    """The one who edits the file is told where to look and what to write."""
    path.write_text(f"# The clinic\n{broken}\n")
    problems = problems_of(path)
    assert problems.startswith(f"{path}, line {line}: ")
    assert said in problems
    assert "Correct it" in problems or "Put it in quotes" in problems or "Remove it" in problems


def test_all_problems_are_told_at_once(path: Path) -> None:
    """Nobody corrects a file one error at a time."""
    path.write_text('name: 7\nphone: "123"\ntime_zone: Pacific\ncolour: red\nholidays: [soon]\nhours: {}\n')
    lines = problems_of(path).splitlines()
    assert [line.split(": ")[0] for line in lines] == [f"{path}, line {number}" for number in (1, 2, 3, 5, 4)]


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        (b"name: x\nphone: [", 2, "Correct the YAML there."),
        (b"name: x\nname: y\n", 2, "duplicate key"),
        (b"name: x\n\tphone: y\n", 2, "Correct the YAML there."),
        (b"just words\n", 1, "must be lines of `field: value`"),
        (b"", 1, "must be lines of `field: value`"),
        (b"- a\n- b\n", 1, "must be lines of `field: value`"),
        (b"name: x\nphone: '\xff'\n", 2, "is not UTF-8 text. Save it as UTF-8."),
        (b"name: x\ncountry: U\x00S\n", 2, "holds a character that YAML does not allow"),
        (b"name: !!int many\n", 1, "Write plain `field: value` lines."),
    ],
)
def test_an_unreadable_file_names_file_line_and_what_to_do(path: Path, content: bytes, line: int, said: str) -> None:
    """YAML that is broken, something else, or not UTF-8 is no traceback."""
    path.write_bytes(content)
    problems = problems_of(path)
    assert problems.startswith(f"{path}, line {line}: ")
    assert said in problems


def test_a_missing_file_says_how_to_get_one(path: Path) -> None:
    """Without the file, the message names it and both ways out."""
    assert problems_of(path) == f"{path}: not found. Restore it from version control, or set CLINIC_FILE."


def test_a_folder_is_no_clinic_file(tmp_path: Path) -> None:
    """What can't be opened is reported, not thrown."""
    assert problems_of(tmp_path) == f"{tmp_path}: can't be read (Is a directory). Make it a readable file."


def test_a_byte_order_mark_is_no_part_of_the_text(path: Path) -> None:
    """Windows editors write one at the start; the file is good all the same."""
    path.write_bytes(b"\xef\xbb\xbfname: Example\n")
    assert load_clinic(path).name == "Example"


@given(content=st.one_of(st.binary(max_size=80), st.text(alphabet="a:-[]{}!&*<>?|%@`'\"#\n\t ,0129é", max_size=40)))
def test_any_bytes_give_a_clinic_or_a_clinic_file_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes | str
) -> None:
    """No content whatever brings a traceback."""
    path = tmp_path_factory.getbasetemp() / "any.yml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with contextlib.suppress(ClinicFileError):
        assert isinstance(load_clinic(path), Clinic)


def test_is_open_is_none_when_the_hours_are_unknown() -> None:
    """Unknown hours are never guessed."""
    assert Clinic(time_zone="America/Los_Angeles").is_open(MONDAY_MORNING) is None


@pytest.mark.parametrize(
    ("utc", "expected"),
    [
        (datetime(2026, 3, 2, 16, 59, tzinfo=UTC), False),
        (datetime(2026, 3, 2, 17, 0, tzinfo=UTC), True),
        (datetime(2026, 3, 2, 19, 59, tzinfo=UTC), True),
        (datetime(2026, 3, 2, 20, 0, tzinfo=UTC), False),
        (datetime(2026, 3, 2, 21, 0, tzinfo=UTC), True),
        (datetime(2026, 3, 3, 0, 59, tzinfo=UTC), True),
        (datetime(2026, 3, 3, 1, 0, tzinfo=UTC), False),
        (datetime(2026, 3, 3, 18, 0, tzinfo=UTC), False),
        (datetime(2026, 7, 6, 16, 0, tzinfo=UTC), True),
        (datetime(2026, 7, 6, 15, 59, tzinfo=UTC), False),
    ],
)
def test_is_open_counts_in_the_clinics_own_time(utc: datetime, expected: bool) -> None:
    """Opening is included, closing is not, lunch is closed, and summer time moves with the clinic."""
    known = Clinic(time_zone="America/Los_Angeles", hours={"monday": ["09:00-12:00", "13:00-17:00"]})
    assert known.is_open(utc) is expected


def test_a_holiday_is_closed() -> None:
    """A holiday wins over the weekday's hours, by the clinic's own date."""
    known = Clinic(time_zone="America/Los_Angeles", hours={"monday": ["00:00-23:59"]}, holidays=[date(2026, 3, 2)])
    assert known.is_open(datetime(2026, 3, 3, 7, 30, tzinfo=UTC)) is False


@pytest.mark.parametrize(
    ("phone", "country", "e164", "text"),
    [
        ("+13105550100", "US", "+13105550100", "(310) 555-0100"),
        ("310-555-0100", "US", "+13105550100", "(310) 555-0100"),
        ("+13105550100", "DE", "+13105550100", "+1 310-555-0100"),
        ("+13105550100", None, "+13105550100", "+1 310-555-0100"),
        ("030 123456", "DE", "+4930123456", "030 123456"),
        (None, "US", None, None),
    ],
)
def test_the_phone_is_shown_as_people_there_write_it(
    phone: str | None, country: str | None, e164: str | None, text: str | None
) -> None:
    """A link needs the international form; people read their own."""
    known = Clinic(phone=phone, country=country)
    assert (known.phone_e164, known.phone_text) == (e164, text)


def test_an_unknown_fact_gets_words_true_of_any_clinic() -> None:
    """An answer never shows `None` or a hole."""
    assert Clinic().variables() == {
        "opening_hours": "",
        "request_summary": "",
        "week_hours": "",
        "clinic_address": "",
        "clinic_name": "the clinic",
        "clinic_phone": "the clinic's number",
        "emergency_line": "your local emergency number",
        "crisis_line": "a local crisis line",
        "poison_line": "your local poison line",
        "conversations_kept": "90 days",
        "requests_kept": "30 days",
        "backups_kept": "Backups age out within 30 days.",
    }


WEEK = Clinic(
    time_zone="America/Los_Angeles",
    hours={"monday": ["09:00-12:00", "13:00-17:00"], "tuesday": ["10:00-16:00"], "saturday": []},
    holidays=[date(2026, 12, 28)],
)


@pytest.mark.parametrize(
    ("local", "opens"),
    [
        ("2026-12-21T08:00", "2026-12-21T09:00"),
        ("2026-12-21T12:30", "2026-12-21T13:00"),
        ("2026-12-21T17:00", "2026-12-22T10:00"),
        ("2026-12-26T12:00", "2026-12-29T10:00"),  # Monday is a holiday
    ],
)
def test_the_next_opening_is_in_the_clinics_own_time(local: str, opens: str) -> None:
    """Lunch, nights, closed days and holidays are skipped, on the clinic's clock."""
    zone = ZoneInfo("America/Los_Angeles")
    after = datetime.fromisoformat(local).replace(tzinfo=zone).astimezone(UTC)
    assert WEEK.next_opening(after) == datetime.fromisoformat(opens).replace(tzinfo=zone)


def test_a_clinic_that_never_opens_has_no_next_opening() -> None:
    """No hours known, or none at all."""
    now = datetime(2026, 12, 21, tzinfo=UTC)
    assert Clinic().next_opening(now) is None
    assert Clinic(time_zone="UTC", hours={"monday": []}).next_opening(now) is None


def test_the_hours_of_a_week_are_said_as_they_stand() -> None:
    """Open days only, in the order of the week."""
    assert WEEK.week_hours == "Opening hours: Monday 09:00-12:00 and 13:00-17:00; Tuesday 10:00-16:00. "
    assert Clinic().week_hours == ""


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("https://clinic.example/contact", "https://clinic.example/contact?reason=prices"),
        ("https://clinic.example/?page=3#form", "https://clinic.example/?page=3&reason=prices#form"),
    ],
)
def test_the_clinics_own_page_is_told_the_reason_alone(link: str, expected: str) -> None:
    """What the page had in its address stays there."""
    known = Clinic.model_validate({"contact_link": link})
    assert known.contact_link_about("prices") == expected
    assert known.contact_link_about(None) == link
    assert Clinic().contact_link_about("prices") is None


def test_a_process_reads_the_file_that_clinic_file_names(write_clinic: WriteClinic) -> None:
    """`CLINIC_FILE` names another clinic."""
    write_clinic("name: Elsewhere\n")
    assert clinic().name == "Elsewhere"
