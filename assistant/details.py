"""What a visitor leaves to be reached: name, phone, e-mail and best time, found in the words of one message.

Finding is cautious, above all for names: "allergic to nickel" is no name. Judging what was found is the form's work.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from shared.contact_details import NotAPhoneNumber, read_phone

Field = Literal["visitor_name", "visitor_phone", "visitor_email", "best_time"]

_EMAIL = re.compile(r"[^\s@<>()\[\],;:\"]+@[^\s@<>()\[\],;:\"]*[^\s@<>()\[\],;:\".!?]")
_SPOKEN_EMAIL = re.compile(
    r"\b([\w.+-]+)\s*(?:\(at\)|\[at\]|\s+at\s+)\s*([\w-]+)((?:\s*(?:\(dot\)|\[dot\]|\s+dot\s+)\s*[A-Za-z]{2,10})+)\b",
    re.IGNORECASE,
)
_DOT = re.compile(r"\s*(?:\(dot\)|\[dot\]|\s+dot\s+)\s*", re.IGNORECASE)
_DIGITS = re.compile(
    r"(?<![\w@])\+?\(?\d(?:[\d\u00a0 ().\-/\u2010-\u2013]*\d)(?:\s*(?:ext\.?|x)\s*\d{1,5})?(?![\w@])", re.IGNORECASE
)
_DATE = re.compile(r"^(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})$")
_LEAST_DIGITS = 7
#: Where a number was just asked for, a shorter one is a mistake to speak of.
_LEAST_DIGITS_ASKED = 4

_DAY = (
    r"(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:days?)?|weekdays?|weekends?|today|tonight|tomorrow|"
    r"any ?time|any day|now|noon|midday|lunch ?time|lunch|work|mornings?|afternoons?|evenings?|nights?"
)
_CLOCK = r"\d{1,2}(?:[:.]\d{2})?\s*(?:am|pm|a\.m\.|p\.m\.|o'?clock|h)?"
_WHEN = rf"(?:{_DAY}|{_CLOCK})"
_LEAD = "after|before|around|about|from|between|until|till|by|at|on|in the|during|next|this"
_LINK = "and|or|to|till|until|from|after|before|between|at|in the|on|around|about|next"
_JOIN = rf"(?:\s*(?:,|-|\u2013|/|&)\s*|\s+(?:{_LINK})\s+|\s+)"
_BEST_TIME = re.compile(
    rf"(?<![\w.:+])(?:(?:only|best|any ?time)\s+)?(?:(?:{_LEAD})\s+(?:the\s+)?)?{_WHEN}(?:{_JOIN}{_WHEN})*(?![\w@])",
    re.IGNORECASE,
)
#: A bare number is no time: "7" alone corrects a digit.
_REAL_TIME = re.compile(
    rf"\b(?:{_DAY}|\d{{1,2}}[:.]\d{{2}}|\d{{1,2}}\s*(?:am|pm|a\.m\.|p\.m\.|o'?clock)|after|before|around)\b",
    re.IGNORECASE,
)
_TIME_CUE = re.compile(r"\b(?:best (?:time )?|call me|ring me|reach me|phone me|available|free)\b", re.IGNORECASE)

_S = "(?:'s|\u2019s| is|s)"
_STRONG_CUE = rf"(?:my (?:full |first |last )?name{_S}?|name(?: is|:)|the name{_S}|name for the call(?: is|:)?)\s*:?\s+"
_WEAK_CUE = "(?:i am|i'm|i\u2019m|im|this is|it is|it's|it\u2019s|its|call me|ask for|here is)\\s+"
_GREETING = r"(?:^|[.,;!\n]\s*|\b(?:hi|hello|hey|yes|yeah|ok|sure|no|sorry|and)[,.!]?\s+)"
_WORD = r"[^\W\d_][^\W\d_'\u2019.\-]*(?:['\u2019\-][^\W\d_]+)*\.?"
_WORDS = rf"(?P<name>{_WORD}(?:[ \u00a0]+{_WORD}){{0,3}})"
_STRONG = re.compile(rf"\b{_STRONG_CUE}{_WORDS}", re.IGNORECASE)
_WEAK = re.compile(rf"{_GREETING}{_WEAK_CUE}{_WORDS}", re.IGNORECASE)
_BARE = re.compile(rf"^\W*{_WORDS}\W*$", re.IGNORECASE)

#: Between two things said; not the point of "Dr. Brown".
_PART = re.compile(r"[,;\n:!?]+|(?<!\bDr)(?<!\bMr)(?<!\bMs)(?<!\bMrs)\.+|\s[-\u2013]\s|\band\b", re.IGNORECASE)
#: No one leaves a name and a number in more characters than these.
LONGEST = 1000

#: Words around details that say nothing themselves.
_FILLERS = frozenset(
    "hi hello hey yes yeah yep ok okay sure thanks thank you please pls my our the is are was its it's it a an and or "
    "phone number no nr cell mobile telephone tel e-mail email mail address contact call text ring me us on at is's "
    "number's here you can reach best time name i'm im i am this for to of at by use with via back that's thats so "
    "sorry again actually well should be instead rather would also ,".split()
)
#: Words that end a name, or show that there is none.
_NO_NAME = frozenset(
    "a about after again all allergic already also am an and any anybody anyone anything are as ask asking at back bad "
    "be because been before being best better but by call called calling can cant cell client come could customer "
    "day did do does don't dont email e-mail feeling fine for from get glad go going good got happy has have having "
    "he hello help her here hey hi him his how hurt hurts i if in ink interested is it its it's just keep know later "
    "like live looking mail maybe me mine mobile more mr. much my name need never new next nice no nope not nothing "
    "now number of off ok okay old on once one only or our out over phone please problem question ready really "
    "reach right safe scared she should sick so some something sorry still stop such sure tattoo tell test text thank "
    "thanks that the their them then there these they thing this time to today tomorrow too trying under until up us "
    "very waiting want was we well were what when where which who why will with without worried would wrong yeah yep "
    "yes yet you your years year true false cancel nevermind forget skip wait hold send sent done yea nah none "
    "diabetic pregnant bleeding swollen itchy sore infected dizzy nervous anxious angry upset tired bald balding "
    "nickel iron mercury lead metal metals pigment scalp head skin hair pain redness swelling infection allergy "
    "allergies fever pus scab scabs blood laser mri cancer keloid keloids eczema psoriasis botox minoxidil "
    "finasteride aspirin warfarin accutane insulin hiv epilepsy lupus vitiligo alopecia dandruff acne".split()
)
_ENDINGS = ("ing", "ly")
_MAX_NAME_WORDS = 4


@dataclass(frozen=True)
class Details:
    """What was found; None for what was not. `rest` is the message without it."""

    visitor_name: str | None = None
    visitor_phone: str | None = None
    visitor_email: str | None = None
    best_time: str | None = None
    rest: str = ""
    #: "My name is ..." leaves no doubt.
    is_name_stated: bool = False

    @property
    def found(self) -> dict[str, str]:
        """The fields that were found, with their values as written."""
        fields = ("visitor_name", "visitor_phone", "visitor_email", "best_time")
        return {field: getattr(self, field) for field in fields if getattr(self, field)}

    @property
    def words_left(self) -> list[str]:
        """The words of `rest` that say something."""
        return [word for word in re.findall(r"[\w'\u2019]+", self.rest.lower()) if word not in _FILLERS]


def find_details(text: str, country: str | None, *, asked: str | None = None, names_welcome: bool = False) -> Details:
    """What a message leaves.

    Args:
        text: the message.
        country: ISO code of the clinic's country, for numbers without a country code.
        asked: the slot the form asked for just now; a shorter number or a bare time is then taken as an answer.
        names_welcome: whether a name was invited just now, so that a bare one counts.
    """
    if len(text) > LONGEST:
        return Details(rest=text)
    found = _email(Details(rest=text))
    found = _phone(found, country, asked)
    found = _time(found, asked)
    return _name(found, asked, names_welcome)


def _without(text: str, start: int, end: int) -> str:
    return f"{text[:start]} , {text[end:]}"


def _is_refused(text: str, start: int) -> bool:
    """Whether "not" stands right before: "it's .co, not maria@example.com"."""
    return bool(re.search(r"\b(?:not|isn't|instead of)\s+(?:at\s+)?$", text[:start], re.IGNORECASE))


def _email(found: Details) -> Details:
    text = found.rest
    taken: str | None = None
    for match in reversed(list(_EMAIL.finditer(text))):
        if taken is None and not _is_refused(text, match.start()):
            taken = match[0]
        found = replace(found, rest=_without(found.rest, match.start(), match.end()))
    if taken is None and (spoken := _SPOKEN_EMAIL.search(found.rest)):
        taken = f"{spoken[1]}@{spoken[2]}{_DOT.sub('.', spoken[3])}"
        found = replace(found, rest=_without(found.rest, spoken.start(), spoken.end()))
    return replace(found, visitor_email=taken)


def _phone(found: Details, country: str | None, asked: str | None) -> Details:
    text = found.rest
    taken: str | None = None
    for match in reversed(list(_DIGITS.finditer(text))):
        if taken is not None or _is_refused(text, match.start()) or not _is_phone(match[0], country, asked):
            continue
        taken = match[0].strip()
        found = replace(found, rest=_without(found.rest, match.start(), match.end()))
    return replace(found, visitor_phone=taken)


def _is_phone(candidate: str, country: str | None, asked: str | None) -> bool:
    digits = sum(character.isdigit() for character in candidate)
    if _DATE.match(candidate.strip()):
        return False
    if asked == "visitor_phone":
        return digits >= _LEAST_DIGITS_ASKED
    if digits < _LEAST_DIGITS:
        return False
    try:
        read_phone(candidate, country)
    except NotAPhoneNumber as error:
        # A number from abroad without its country code is still one, and the form says what it lacks.
        return error.fault == "no country" or asked is not None
    return True


def _time(found: Details, asked: str | None) -> Details:
    has_reach = found.visitor_phone or found.visitor_email
    spans = [match for match in _BEST_TIME.finditer(found.rest) if _REAL_TIME.search(match[0])]
    if not spans:
        return found
    rest = found.rest
    for match in reversed(spans):
        rest = _without(rest, match.start(), match.end())
    alone = replace(found, rest=rest)
    cue = re.search(
        r"\b(?:best (?:time )?|call me|ring me|reach me|phone me|available|free)\b", found.rest, re.IGNORECASE
    )
    if has_reach or (asked is not None and not alone.words_left) or (cue and len(alone.words_left) <= 1):
        said = ", ".join(match[0].strip(" ,") for match in spans)
        return replace(alone, best_time=said)
    return found


def _name(found: Details, asked: str | None, names_welcome: bool) -> Details:
    text = found.rest
    has_reach = bool(found.visitor_phone or found.visitor_email)
    for pattern, is_strong in ((_STRONG, True), (_WEAK, False)):
        for match in pattern.finditer(text):
            name = _trimmed(match["name"])
            if name is None:
                continue
            is_cased = name[0].isupper()
            ends_there = not re.match(r"[ \u00a0]+\w", text[match.start("name") + len(name) :])
            if is_strong or has_reach or asked == "visitor_name" or (is_cased and (ends_there or names_welcome)):
                end = match.start("name") + len(name)
                rest = _without(text, match.start(), end)
                return replace(found, visitor_name=name, rest=rest, is_name_stated=is_strong)
    if not (names_welcome or asked == "visitor_name" or has_reach):
        return found
    for part in _PART.split(text):
        bare = _BARE.match(_unfilled(part))
        name = _trimmed(bare["name"]) if bare else None
        # All of the part has to be a name: "Maria is bleeding" is none.
        if name and bare and name == bare["name"].rstrip("."):
            place = re.search(r"\s+".join(re.escape(word) for word in name.split()), text)
            rest = _without(text, place.start(), place.end()) if place else text
            return replace(found, visitor_name=name, rest=rest)
    return found


def _unfilled(part: str) -> str:
    """Without the fillers at both ends."""
    words = part.split()
    while words and words[0].lower().strip(",.!") in _FILLERS:
        words.pop(0)
    while words and words[-1].lower().strip(",.!") in _FILLERS:
        words.pop()
    return " ".join(words)


def _trimmed(words: str) -> str | None:
    """The words up to the first that can't belong to a name; None when that is the first."""
    kept: list[str] = []
    for word in words.split():
        lower = word.lower().rstrip(".")
        is_end = lower in _NO_NAME or lower in _FILLERS or re.fullmatch(_WHEN, lower) is not None
        if is_end or (word.islower() and lower.endswith(_ENDINGS) and len(lower) > 5) or len(kept) == _MAX_NAME_WORDS:
            break
        kept.append(word)
    name = " ".join(kept).rstrip(".")
    return name if len(name) > 1 else None


_SWAPS = (
    # "no, .co not .com"; "it's .co, not .com"; "co instead of com"
    re.compile(
        r"(?P<right>[^\s,]+)\s*,?\s*(?:and\s+)?(?:not|instead of|rather than)\s+(?P<wrong>[^\s,!?]+)", re.IGNORECASE
    ),
    # "not .com, .co"; "not .com but .co"
    re.compile(
        r"\bnot\s+(?P<wrong>[^\s,]+?)\s*(?:,|\bbut\b|;)\s*(?:it'?s\s+|but\s+)?(?P<right>[^\s,!?]+)", re.IGNORECASE
    ),
)
_NUMBER_WORDS = {"two": 2, "three": 3, "four": 4, "2": 2, "3": 3, "4": 4}
_LAST_DIGIT = re.compile(r"\blast (?:digit|number)\D{0,14}(\d)\b", re.IGNORECASE)
_LAST_DIGITS = re.compile(
    r"\blast (two|three|four|[234])(?: digits| numbers)?\D{0,14}((?:\d[\s-]?){2,4})(?!\d)", re.IGNORECASE
)
_ENDS_IN = re.compile(r"\b(?:ends|ending|end) (?:in|with|on)\s+((?:\d[\s-]?){1,4})(?!\d)", re.IGNORECASE)
_CORRECTABLE: tuple[Field, ...] = ("visitor_email", "visitor_phone", "visitor_name")


def correct(text: str, known: dict[str, str]) -> dict[str, str]:
    """What a correction makes of what was left before: "no, .co not .com", "the last digit is 7".

    Args:
        text: the message.
        known: the values so far, by slot.

    Returns:
        The values that are other now; empty when the message corrects nothing that is known.
    """
    if len(text) > LONGEST:
        return {}
    if digits := _new_ending(text):
        corrected = _with_ending(known.get("visitor_phone", ""), digits)
        return {"visitor_phone": corrected} if corrected else {}
    for pattern in _SWAPS:
        for match in pattern.finditer(text):
            right, wrong = match["right"].strip("\"'."), match["wrong"].strip("\"'.!")
            for field in _CORRECTABLE:
                value = known.get(field) or ""
                at = value.lower().rfind(wrong.lower()) if wrong and right else -1
                if at >= 0 and right.lower() != wrong.lower():
                    return {field: value[:at] + right + value[at + len(wrong) :]}
    return {}


def _new_ending(text: str) -> str:
    if match := _LAST_DIGITS.search(text):
        digits = re.sub(r"\D", "", match[2])
        return digits if len(digits) == _NUMBER_WORDS[match[1].lower()] else ""
    if match := _LAST_DIGIT.search(text):
        return match[1]
    if match := _ENDS_IN.search(text):
        return re.sub(r"\D", "", match[1])
    return ""


def _with_ending(phone: str, digits: str) -> str | None:
    """The number with its last digits put in place of the old ones, its spelling kept."""
    characters = list(phone)
    places = [index for index, character in enumerate(characters) if character.isdigit()]
    if len(places) < len(digits):
        return None
    for place, digit in zip(places[-len(digits) :], digits, strict=True):
        characters[place] = digit
    return "".join(characters)
