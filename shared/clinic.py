"""The clinic's own facts, read from `clinic.yml`. The one loader every process uses."""

from __future__ import annotations

import os
import re
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from zoneinfo import ZoneInfo

import phonenumbers
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    HttpUrl,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from ruamel.yaml import YAML
from ruamel.yaml.constructor import RoundTripConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import ScalarNode

from shared.keeping import Keeping

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
#: Further than this no one is told when the clinic opens again.
LOOK_AHEAD = timedelta(days=14)
DEFAULT_PATH = Path(__file__).resolve().parent.parent / "clinic.yml"


class ClinicFileError(Exception):
    """`clinic.yml` can't be used. The message names the file, the line and what to do."""


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("is not an IANA time zone, such as America/Los_Angeles") from error
    return name


def _opening_span(text: str) -> str:
    if not re.fullmatch(r"[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}", text):
        raise ValueError("is not a span of hours, such as 09:00-17:00")
    try:
        start, end = (time.fromisoformat(part) for part in text.split("-"))
    except ValueError as error:
        raise ValueError("is not a span of hours, such as 09:00-17:00") from error
    if start >= end:
        raise ValueError("closes before it opens")
    return text


class Clinic(BaseModel):
    """The clinic. Every unknown fact is None.

    A field stands after those it is checked against.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(min_length=1, max_length=80)] | None = None
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")] | None = None
    phone: str | None = None
    address: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    contact_link: HttpUrl | None = None
    time_zone: Annotated[str, AfterValidator(_time_zone)] | None = None
    hours: dict[Weekday, list[Annotated[str, AfterValidator(_opening_span)]]] | None = None
    holidays: list[date] = []
    emergency_line: str | None = None
    crisis_line: str | None = None
    poison_line: str | None = None

    @field_validator("phone")
    @classmethod
    def _is_a_phone_number(cls, phone: str | None, info: ValidationInfo) -> str | None:
        if phone is None or "country" not in info.data:  # a wrong country has its own error
            return phone
        try:
            number = phonenumbers.parse(phone, info.data["country"])
        except phonenumbers.NumberParseException as error:
            raise ValueError("is not a phone number; write it as +13105550100") from error
        if not phonenumbers.is_possible_number(number):
            raise ValueError("has too few or too many digits; write it as +13105550100")
        return phone

    @field_validator("hours")
    @classmethod
    def _hours_have_a_time_zone(
        cls, hours: dict[Weekday, list[str]] | None, info: ValidationInfo
    ) -> dict[Weekday, list[str]] | None:
        if hours is not None and info.data.get("time_zone", "wrong") is None:
            raise ValueError("need time_zone, or no one can tell if the clinic is open")
        return hours

    @field_validator("holidays", mode="before")
    @classmethod
    def _no_known_holidays(cls, holidays: object) -> object:
        return [] if holidays is None else holidays

    @property
    def phone_e164(self) -> str | None:
        """The number for a `tel:` link, for example +13104254975."""
        if self.phone is None:
            return None
        number = phonenumbers.parse(self.phone, self.country)
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)

    @property
    def phone_text(self) -> str | None:
        """The number as people of the clinic's country write it, for example (310) 425-4975."""
        if self.phone is None:
            return None
        number = phonenumbers.parse(self.phone, self.country)
        at_home = self.country is not None and self.country in phonenumbers.region_codes_for_country_code(
            number.country_code or 0
        )
        style = phonenumbers.PhoneNumberFormat.NATIONAL if at_home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
        return phonenumbers.format_number(number, style)

    def is_open(self, at: datetime) -> bool | None:
        """Whether the clinic is open at an aware moment; None when the hours are unknown."""
        if self.hours is None or self.time_zone is None:
            return None
        local = at.astimezone(ZoneInfo(self.time_zone))
        if local.date() in self.holidays:
            return False
        spans = (span.split("-") for span in self.hours.get(WEEKDAYS[local.weekday()], []))
        return any(time.fromisoformat(start) <= local.time() < time.fromisoformat(end) for start, end in spans)

    def next_opening(self, after: datetime) -> datetime | None:
        """When the clinic opens next, in its own time zone; None when no one knows, or not within `LOOK_AHEAD`."""
        if self.hours is None or self.time_zone is None:
            return None
        local = after.astimezone(ZoneInfo(self.time_zone))
        for days in range(LOOK_AHEAD.days + 1):
            day = local.date() + timedelta(days=days)
            if day in self.holidays:
                continue
            for span in sorted(self.hours.get(WEEKDAYS[day.weekday()], [])):
                opens = datetime.combine(day, time.fromisoformat(span.partition("-")[0]), ZoneInfo(self.time_zone))
                if opens > local:
                    return opens
        return None

    def after_open_time(self, start: datetime, time_open: timedelta) -> datetime | None:
        """When the clinic will have been open for so long after an aware moment, in its own time zone.

        None when no one knows the hours, or not within `LOOK_AHEAD`.
        """
        if self.hours is None or self.time_zone is None:
            return None
        zone = ZoneInfo(self.time_zone)
        local = start.astimezone(zone)
        left = time_open
        for days in range(LOOK_AHEAD.days + 1):
            day = local.date() + timedelta(days=days)
            if day in self.holidays:
                continue
            for span in sorted(self.hours.get(WEEKDAYS[day.weekday()], [])):
                opens, closes = (datetime.combine(day, time.fromisoformat(part), zone) for part in span.split("-"))
                begins = max(opens, local)
                if begins + left <= closes:
                    return begins + left
                left -= max(closes - begins, timedelta())
        return None

    @property
    def week_hours(self) -> str:
        """The opening hours of a week as a sentence with a blank after it; empty when they are unknown."""
        days = self.hours or {}
        spans = [(day, " and ".join(sorted(days[day]))) for day in WEEKDAYS if days.get(day)]
        if not spans:
            return ""
        listed = "; ".join(f"{day.capitalize()} {span}" for day, span in spans)
        return f"Opening hours: {listed}. "

    def contact_link_about(self, reason: str | None) -> str | None:
        """The clinic's own contact page, which is told the reason and nothing else; None when it has none."""
        if self.contact_link is None:
            return None
        link = str(self.contact_link)
        if reason is None:
            return link
        parts = urlsplit(link)
        query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), ("reason", reason)])
        return urlunsplit(parts._replace(query=query))

    def variables(self) -> dict[str, str]:
        """What `{...}` in an answer stands for. An unknown fact gets words that are true of any clinic."""
        return {
            # These two are given by an action: they change with the moment and the visitor.
            "opening_hours": "",
            "request_summary": "",
            "week_hours": self.week_hours,
            "clinic_address": f"The address is {self.address}. " if self.address else "",
            "clinic_name": self.name or "the clinic",
            "clinic_phone": self.phone_text or "the clinic's number",
            "emergency_line": self.emergency_line or "your local emergency number",
            "crisis_line": self.crisis_line or "a local crisis line",
            "poison_line": self.poison_line or "your local poison line",
            **Keeping().variables(),
        }


class _Constructor(RoundTripConstructor):
    """Leaves dates as they are written, so that a wrong one is reported like any other field."""


def _as_written(constructor: _Constructor, node: ScalarNode) -> str:
    return str(node.value)


_Constructor.add_constructor("tag:yaml.org,2002:timestamp", _as_written)


def _read(path: Path) -> str:
    try:
        # "utf-8-sig" also takes the mark that some Windows editors put at the start.
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise ClinicFileError(f"{path}: not found. Restore it from version control, or set CLINIC_FILE.") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ClinicFileError(f"{path}, line {line}: is not UTF-8 text. Save it as UTF-8.") from error
    except OSError as error:
        raise ClinicFileError(f"{path}: can't be read ({error.strerror}). Make it a readable file.") from error


def _parse(path: Path, text: str) -> Any:
    yaml = YAML(typ="rt")
    yaml.Constructor = _Constructor
    try:
        return yaml.load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise ClinicFileError(f"{path}, line {line}: {error.problem}. Correct the YAML there.") from error
    except (YAMLError, ValueError, TypeError, AttributeError, LookupError, RecursionError) as error:
        # Control characters, and tags that promise what the value does not hold.
        position = getattr(error, "position", None)
        line = text.count("\n", 0, position) + 1 if isinstance(position, int) else 1
        what = "holds a character that YAML does not allow" if position is not None else "is not readable as YAML"
        raise ClinicFileError(f"{path}, line {line}: {what}. Write plain `field: value` lines.") from error


def load_clinic(path: Path) -> Clinic:
    """Read and check a clinic file.

    Raises:
        ClinicFileError: the file is missing, is not YAML, or has wrong fields: all of them at once, each with its line.
    """
    content = _parse(path, _read(path))
    if not isinstance(content, dict):
        raise ClinicFileError(f"{path}, line 1: must be lines of `field: value`. Restore it from version control.")
    try:
        return Clinic.model_validate(dict(content))
    except ValidationError as error:
        problems = (f"{path}, line {_line(content, item['loc'])}: {_describe(item)}" for item in error.errors())
        raise ClinicFileError("\n".join(problems)) from error


def _line(content: Any, location: tuple[int | str, ...]) -> int:
    """The line of a field, or of the nearest thing around it."""
    line = 1
    for key in location:
        try:
            positions: Any = content.lc
            line = (positions.item if isinstance(content, list) else positions.key)(key)[0] + 1
            content = content[key]
        except (AttributeError, KeyError, IndexError, TypeError):
            break
    return line


def _describe(item: Any) -> str:
    field = ".".join(str(part) for part in item["loc"])
    if item["type"] == "extra_forbidden":
        return f"{field}: is not a field of clinic.yml. Remove it; the fields are {', '.join(Clinic.model_fields)}."
    if item["type"] == "string_type":
        return f"{field}: is not text. Put it in quotes, or write null if it is not known."
    message = item["msg"].removeprefix("Value error, ")
    return f"{field}: {message}. Correct it, or write null if it is not known."


@cache
def clinic() -> Clinic:
    """The clinic of this process, from `CLINIC_FILE` or the project's `clinic.yml`, read once."""
    return load_clinic(Path(os.environ.get("CLINIC_FILE") or DEFAULT_PATH))
