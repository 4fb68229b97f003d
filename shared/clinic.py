"""The clinic's own facts, read from `clinic.yml`. The one loader every process uses."""

from __future__ import annotations

import os
from datetime import date, datetime, time
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

import phonenumbers
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, HttpUrl, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
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
    try:
        start, end = (time.fromisoformat(part) for part in text.split("-"))
    except ValueError as error:
        raise ValueError("is not a span of hours, such as 09:00-17:00") from error
    if start >= end:
        raise ValueError("closes before it opens")
    return text


class Clinic(BaseModel):
    """The clinic. Every unknown fact is None."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(min_length=1, max_length=80)] | None = None
    phone: str | None = None
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")] | None = None
    address: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    contact_link: HttpUrl | None = None
    time_zone: Annotated[str, AfterValidator(_time_zone)] | None = None
    hours: dict[Weekday, list[Annotated[str, AfterValidator(_opening_span)]]] | None = None
    holidays: list[date] = []
    emergency_line: str | None = None
    crisis_line: str | None = None
    poison_line: str | None = None

    @model_validator(mode="after")
    def _phone_and_hours(self) -> Self:
        if self.phone is not None:
            try:
                number = phonenumbers.parse(self.phone, self.country)
            except phonenumbers.NumberParseException as error:
                raise ValueError("phone: is not a phone number; write it as +13105550100") from error
            if not phonenumbers.is_possible_number(number):
                raise ValueError("phone: has too few or too many digits; write it as +13105550100")
        if self.hours is not None and self.time_zone is None:
            raise ValueError("hours: need time_zone, or no one can tell if the clinic is open")
        return self

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

    def variables(self) -> dict[str, str]:
        """What `{...}` in an answer stands for. An unknown fact gets words that are true of any clinic."""
        return {
            "opening_hours": "",
            "clinic_name": self.name or "the clinic",
            "clinic_phone": self.phone_text or "the clinic's number",
            "emergency_line": self.emergency_line or "your local emergency number",
            "crisis_line": self.crisis_line or "a local crisis line",
            "poison_line": self.poison_line or "your local poison line",
        }


def load_clinic(path: Path) -> Clinic:
    """Read and check a clinic file.

    Raises:
        ClinicFileError: the file is missing, is not YAML, or has a wrong field; all problems at once, each with its line.
    """
    try:
        content = YAML(typ="rt").load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ClinicFileError(f"{path}: not found. Restore it from version control, or set CLINIC_FILE.") from error
    except UnicodeDecodeError as error:
        raise ClinicFileError(f"{path}: is not UTF-8 text. Save it as UTF-8.") from error
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ClinicFileError(f"{path}, line {line}: {error.problem}. Correct the YAML there.") from error
    if not isinstance(content, dict):
        raise ClinicFileError(f"{path}, line 1: must be a list of `field: value` lines. Restore it from version control.")
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
            line = content.lc.key(key)[0] + 1 if isinstance(content, dict) else content.lc.item(key)[0] + 1
            content = content[key]
        except (AttributeError, KeyError, IndexError, TypeError):
            break
    return line


def _describe(item: Any) -> str:
    field = ".".join(str(part) for part in item["loc"])
    if item["type"] == "extra_forbidden":
        return f"{field}: is not a field of clinic.yml. Remove it; the fields are {', '.join(Clinic.model_fields)}."
    message = item["msg"].removeprefix("Value error, ")
    return f"{field + ': ' if field else ''}{message}. Correct it, or write null if it is not known."


@cache
def clinic() -> Clinic:
    """The clinic of this process, from `CLINIC_FILE` or the project's `clinic.yml`, read once."""
    return load_clinic(Path(os.environ.get("CLINIC_FILE") or DEFAULT_PATH))
