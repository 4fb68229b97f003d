"""How a visitor can be reached: phone numbers and e-mail addresses, read as people write them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import phonenumbers
from email_validator import EmailNotValidError, validate_email

MAX_NAME = 100
MAX_BEST_TIME = 100

Fault = Literal["no number", "no country", "wrong length"]


class NotAPhoneNumber(ValueError):
    """`fault` says what is wrong with it."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault: Fault = fault


class NotAnEmailAddress(ValueError):
    """It is no address that mail could be sent to."""


@dataclass(frozen=True)
class Phone:
    """A number that could be dialled. `is_local`: without its area code, so only from around the clinic."""

    text: str
    is_local: bool


def read_phone(text: str, country: str | None) -> Phone:
    """A number as the clinic can dial it.

    Args:
        text: as the visitor wrote it.
        country: ISO code of the clinic's country; None takes international numbers only.

    Raises:
        NotAPhoneNumber: it holds no number, too few or too many digits, or its country can't be known.
    """
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException as error:
        is_foreign = country is None and error.error_type == error.INVALID_COUNTRY_CODE
        raise NotAPhoneNumber("no country" if is_foreign else "no number") from error
    if not phonenumbers.is_possible_number(number):
        raise NotAPhoneNumber("wrong length")
    local = phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY
    if phonenumbers.is_possible_number_with_reason(number) == local:
        return Phone(" ".join(text.split()), is_local=True)
    is_home = country is not None and country in phonenumbers.region_codes_for_country_code(number.country_code or 0)
    style = phonenumbers.PhoneNumberFormat.NATIONAL if is_home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return Phone(phonenumbers.format_number(number, style), is_local=False)


def read_email(text: str) -> str:
    """An e-mail address in its normal form. No name server is asked.

    Raises:
        NotAnEmailAddress: it is none.
    """
    try:
        return validate_email(text.strip(), check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise NotAnEmailAddress from error
