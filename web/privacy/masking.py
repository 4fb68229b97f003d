"""Personal data in a visitor's words, covered by its kind: "call Dana at 310 555 0100" as "call [name] at [phone]".

Pure and quick, so that a list of a hundred messages can be masked while it is shown. Patterns find what has a form;
`names.py` finds names. What both catch and miss is measured on `evaluation/masking/`; why it is done by rules is in
docs/decisions/masking.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from web.privacy.found import Found, Kind
from web.privacy.names import names

__all__ = ["Found", "Kind", "find", "masked"]


def masked(text: str) -> str:
    """The text with every piece of personal data covered by its kind in brackets."""
    parts: list[str] = []
    end = 0
    for found in find(text):
        parts += [text[end : found.start], f"[{found.kind}]"]
        end = found.end
    return "".join([*parts, text[end:]])


#: Characters looked at together. A longer message is read in parts, so that its time grows with its length only.
_PART = 1000


def find(text: str) -> list[Found]:
    """Personal data in the text, in order and without overlap; of two that overlap the one found first stays."""
    found: list[Found] = []
    start = 0
    while start < len(text):
        end = len(text)
        if end - start > _PART:
            end = text.rfind(" ", start + 1, start + _PART) + 1 or start + _PART
        found += [Found(start + one.start, start + one.end, one.kind) for one in _find(text[start:end])]
        start = end
    return found


def _find(text: str) -> list[Found]:
    kept: list[Found] = []
    for finder in _FINDERS:
        for found in finder(text):
            if not any(found.start < other.end and other.start < found.end for other in kept):
                kept.append(found)
    kept += [found for found in names(text, kept) if not any(found.start < o.end and o.start < found.end for o in kept)]
    return sorted(kept, key=lambda found: found.start)


_AT = r"(?:\s*(?:\(at\)|\[at\]|\{at\}|\(arroba\)|\[arroba\])\s*|\s+(?:at|arroba)\s+)"
_DOT = r"(?:\s*(?:\(dot\)|\[dot\]|\{dot\}|\(punto\))\s*|\s+(?:dot|punto)\s+)"
_EMAILS = (
    # As it should be, with a blank at the sign, or with a comma for the point.
    re.compile(r"[^\s@<>()\[\]{},;:\"']+ ?@ ?[^\s@<>()\[\]{},;:\"']+[.,][^\W\d_]{2,}(?:\.[^\W\d_]{2,})*"),
    # "dana at gmail dot com", "j.alvarez (at) hotmail (dot) com"
    re.compile(rf"[\w.+-]+(?:{_DOT}[\w.+-]+)*{_AT}[\w-]+(?:{_DOT}[\w-]+)*{_DOT}[a-z]{{2,10}}\b", re.I),
    # "dana at gmail.com", "dana arroba gmail"
    re.compile(
        rf"[\w.+-]+{_AT}(?:[\w-]+\.(?:com|net|org|es|mx|co|io|me|edu|uk)\b|(?:gmail|hotmail|outlook|yahoo|icloud)\b)",
        re.I,
    ),
    # Unfinished, but no one else's sign stands in a message.
    re.compile(r"[\w.+-]{2,}@[\w-]{2,}"),
)


def _emails(text: str) -> Iterator[Found]:
    if "@" in text or re.search(r"\b(?:at|arroba)\b", text, re.I):
        for pattern in _EMAILS:
            yield from (Found(match.start(), match.end(), Kind.EMAIL) for match in pattern.finditer(text))


_LONG_NUMBER = re.compile(r"(?<![\w-])\d(?:[ \u00a0-]?\d){12,18}(?![\w-]?\d)")
_FOUR_FOURS = re.compile(r"^\d{4}([ -]?)\d{4}\1\d{4}\1\d{4}$")


def _cards(text: str) -> Iterator[Found]:
    for match in _LONG_NUMBER.finditer(text):
        if _FOUR_FOURS.match(match[0]) or _is_luhn(re.sub(r"\D", "", match[0])):
            yield Found(match.start(), match.end(), Kind.CARD)


def _is_luhn(digits: str) -> bool:
    """Whether the check digit of a card number is right."""
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


_INSURED = (
    r"insurance|insured|policy|member(?:ship)?|subscriber|group|medicare|medicaid|medi-cal|nhs|n\.?i\.?|ssn|"
    r"social security|national insurance|aetna|cigna|blue ?cross|blue ?shield|bcbs|kaiser|anthem|humana|"
    r"united ?health\w*|tricare|seguro|p[oó]liza|seguridad social|afiliaci[oó]n|aseguradora|nss|curp|dni|nie"
)
#: A number of an insurance: at least four digits, with letters, blanks, hyphens and slashes between.
_NUMBER = (
    r"(?=(?:[^\d\n]{0,8}\d){4})[A-Z]{0,5}[ -]?\d[\dA-Z]*"
    r"(?:[ /-](?:[A-Z]{1,2}\b(?! [a-z])|\d[\dA-Z]*|[A-Z]{1,3}\d[\dA-Z]*))*|"
    r"[A-Z]{2,4}-(?=[\dA-Z-]*\d{4})[\dA-Z-]+"
)
_INSURANCES = (
    re.compile(
        rf"\b(?i:{_INSURED})\b(?i:[\s:,.#\-]|\b(?:id|no|nr|nbr|num|number|n[uú]mero|card|says?|is|es|my|the|de|del|"
        rf"member|policy|group|insurance|security|plan|code|and)\b|n[º°])*(?P<number>{_NUMBER})",
    ),
    re.compile(r"(?<![\w-])(?P<number>\d{3}-\d{2}-\d{4})(?![\w-])"),
    # Medicare's and Britain's own forms.
    re.compile(r"\b(?P<number>[1-9][A-Z][A-Z\d]\d-?[A-Z][A-Z\d]\d-?[A-Z]{2}\d{2})\b"),
    re.compile(r"\b(?P<number>[A-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D])\b"),
)


def _insurances(text: str) -> Iterator[Found]:
    for pattern in _INSURANCES:
        for match in pattern.finditer(text):
            yield Found(match.start("number"), match.end("number"), Kind.INSURANCE)


_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?|enero|febrero|marzo|abril|mayo|junio|julio|agosto|sep?tiembre|octubre|noviembre|"
    r"diciembre)\.?"
)
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_DATE = (
    rf"(?:\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}|\d{{1,2}}[-/. ]\d{{1,2}}[-/. ]\d{{2,4}}|\d{{8}}|"
    rf"{_MONTH}\s+{_DAY}(?:,?\s+\d{{2,4}})?|{_DAY}\s+(?:of\s+|de\s+)?{_MONTH}(?:,?\s+(?:del?\s+)?\d{{2,4}})?)(?!\w)"
)
_BIRTH_CUE = (
    r"(?:d\.?o\.?b\.?|date of birth|birth ?da(?:te|y)|b-?day|born|fecha de nacimiento|nac[ií](?:d[oa])?|cumplea[nñ]os|"
    r"cumplo a[nñ]os)"
)
_LONG_AGO = r"(?:19\d\d|200\d)"
_BIRTHS = (
    re.compile(rf"\b{_BIRTH_CUE}\b(?:[\s:,=-]|\b(?:is|was|on|the|in|es|el|my)\b)*(?P<date>{_DATE})", re.I),
    # A date so long ago, written in full, is hardly anything else.
    re.compile(
        rf"(?<![\d/.-])(?P<date>\d{{1,2}}[-/.]\d{{1,2}}[-/.]{_LONG_AGO}|{_LONG_AGO}[-/.]\d{{1,2}}[-/.]\d{{1,2}})(?![\d/-])"
    ),
    re.compile(
        rf"\b(?P<date>(?:{_MONTH}\s+{_DAY},?|{_DAY}\s+(?:of\s+|de\s+)?{_MONTH},?(?:\s+de)?)\s+{_LONG_AGO})\b", re.I
    ),
)


def _births(text: str) -> Iterator[Found]:
    for pattern in _BIRTHS:
        for match in pattern.finditer(text):
            yield Found(match.start("date"), match.end("date"), Kind.BIRTH)


_STREET = (
    r"(?:street|str|st|avenue|ave|av|boulevard|blvd|road|rd|drive|dr|lane|ln|court|ct|way|place|pl|terrace|square|sq|"
    r"highway|hwy|parkway|pkwy|circle|cir|crescent|close|trail|alley|row|mews|grove|gardens)"
)
_UNIT = r"(?:,?\s*(?i:apt|apartment|unit|suite|ste|floor|flat|rm|room|no)\b\.?\s*#?\s*[\w-]+|,?\s*#\s*[\w-]+)"
_CITY = r"[^\W\d_][\w.'\u2019-]*(?:\s[^\W\d_][\w.'\u2019-]*){0,2}"
_POST = r"(?:\d{5}(?:-\d{4})?|[A-Z]{1,2}\d[\dA-Z]? ?\d[A-Z]{2})"
_TAIL = rf"(?:{_UNIT})?(?:,\s*{_CITY}){{0,2}}(?:,?\s*\b[A-Z]{{2}}\b)?(?:,?\s*{_POST})?\b"
_STATE = (
    r"(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[AT]|"
    r"W[AIVY])"
)
_TOWN = rf"(?:,?\s*\d{{4,5}}\s+{_CITY})?"
_ADDRESSES = (
    # 1420 Wilshire Blvd Apt 6, Los Angeles, CA 90025
    re.compile(
        rf"(?<![\w$€£.,/-])\d{{1,5}}[A-Za-z]?\s+(?:[NSEW]\.?\s+)?(?:[^\W_][\w.'\u2019-]*\s+){{1,4}}?(?i:{_STREET})\b\.?{_TAIL}"
    ),
    re.compile(rf"\b(?i:p\.?\s?o\.?\s?box|apartado(?: de correos)?|postfach)\s+\d+{_TAIL}"),
    # Calle Mayor 15, 3B, Madrid; Carrera 7 # 45-12, Bogotá
    re.compile(
        r"\b(?:(?i:calle|avenida|carrera|paseo|plaza|camino|carretera|colonia|calzada)|Av\.?|Avda\.?|C/)\s*"
        r"(?:[^\W\d_][\w.'\u2019-]*\s+){0,4}?(?:#\s*)?\d{1,5}(?:\s*#\s*\d[\w-]*)?"
        rf"(?:,\s*\d{{1,2}} ?[ºª]?\s?[A-Z]?\b)?(?:,?\s*\d{{5}})?(?:,?\s*{_CITY}){{0,1}}"
    ),
    # Hauptstraße 5, 10827 Berlin; 14 rue de Rivoli, 75004 Paris
    re.compile(rf"\b[^\W\d_]+(?:stra(?:ß|ss)e|str\.|weg|platz|gasse|straat|laan)\s+\d{{1,4}}[a-z]?\b{_TOWN}"),
    re.compile(
        rf"\b\d{{1,4}},?\s+(?i:rue|avenue|boulevard|via|viale|piazza|rua)\s+(?:[^\W\d_][\w'\u2019-]*\s?){{1,4}}{_TOWN}"
    ),
    re.compile(
        r"\b(?i:zip(?: ?code)?|post ?code|postal code|c[oó]digo postal|cp)(?:\s+(?:is|es))?\s*:?\s*"
        rf"(?P<post>{_POST})\b"
    ),
    re.compile(rf"\b(?P<post>{_STATE} \d{{5}}(?:-\d{{4}})?)\b"),
)
#: "7 drive", "2 way", "10 days st": what is no street in spite of its last word.
_NO_STREET = re.compile(
    r"^\d+\s+(?:days?|weeks?|months?|hours?|sessions?|years?|minutes?|times|people|mm|ml|mg|percent|of|or|in|and|to|am|pm|"
    r"d[ií]as|semanas|graf?ts?)\b", re.I,
)  # fmt: skip


def _addresses(text: str) -> Iterator[Found]:
    if not any(character.isdigit() for character in text):
        return
    for pattern in _ADDRESSES:
        for match in pattern.finditer(text):
            group = "post" if "post" in pattern.groupindex else 0
            if not _NO_STREET.match(match[0]):
                yield Found(match.start(group), match.end(group), Kind.ADDRESS)


_PHONE = re.compile(
    r"(?<![\w@.,$€£#/-])\(?\+?\(?\d(?:[\d\u00a0 ().\-/\u2010-\u2013]{5,}\d)(?![\w@]|[.,]\d)"
    r"(?:\s*(?:ext\.?|x)\s*\d{1,5}\b)?",
    re.I,
)
_PHONE_CUE = re.compile(
    r"(?:phone|mobile|cell|tel|telephone|tel[eé]fono|m[oó]vil|cel(?:ular)?|number|n[uú]mero|whats ?app|"
    r"call|ring|text|reach|fax|"
    r"ll[aá]m\w+|contact\w*|dial|hmu|sms)\b[^\n]{0,25}$",
    re.I,
)
_NO_PHONE_CUE = re.compile(
    r"(?:order|lot|batch|cas|ci|c\.i\.|pubmed|pmid|doi|iso|invoice|tracking|ref(?:erence)?|serial|item|model|"
    r"pedido|lote)\b[^\n]{0,12}$", re.I,
)  # fmt: skip
_DATE_ONLY = re.compile(r"^(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})$")
_PRICE_AFTER = re.compile(
    r"\s*(?:\$|€|£|dollars|usd|euros?|eur|bucks|pounds|d[oó]lares|pesos|grafts|mg|ml|mcg|hours|days)", re.I
)
_LEAST_DIGITS, _MOST_DIGITS = 7, 15

_DIGIT_WORD = (
    r"(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|cero|uno|dos|tres|cuatro|cinco|seis|siete|ocho|nueve)"
)
_SPOKEN_PHONE = re.compile(rf"\b(?:(?:{_DIGIT_WORD}|\d{{1,4}})[\s,.-]+){{3,}}(?:{_DIGIT_WORD}|\d{{1,4}})\b", re.I)


def _phones(text: str) -> Iterator[Found]:
    for match in _SPOKEN_PHONE.finditer(text):
        words = re.findall(_DIGIT_WORD, match[0], re.I)
        if len(words) >= 2 and len(words) + len(re.findall(r"\d", match[0])) >= _LEAST_DIGITS:
            yield Found(match.start(), match.end(), Kind.PHONE)
    for match in _PHONE.finditer(text):
        if _is_phone(text, match):
            yield Found(match.start(), match.end(), Kind.PHONE)


def _is_phone(text: str, match: re.Match[str]) -> bool:
    number = match[0]
    groups = re.findall(r"\d+", re.split(r"(?i)ext|x", number)[0])
    digits = sum(map(len, groups))
    before = text[max(0, match.start() - 40) : match.start()]
    if not _LEAST_DIGITS <= digits <= _MOST_DIGITS or _DATE_ONLY.match(number) or _PRICE_AFTER.match(text, match.end()):
        return False
    if "+" in number or number.startswith("00"):
        return True
    if _NO_PHONE_CUE.search(before):
        return False
    if _PHONE_CUE.search(before):
        return True
    if len(groups) == 1:
        # Eight digits are as often a date or the number of an article.
        return digits in (7, 9, 10, 11)
    is_range = len(groups) == 2 and len(groups[0]) == len(groups[1]) == 4
    return not is_range and len(groups[-1]) >= 2 and (len(groups) < 5 or min(map(len, groups)) > 1)


#: In the order of how sure they are: what one has found the later ones leave alone.
_FINDERS: tuple[Callable[[str], Iterator[Found]], ...] = (_emails, _cards, _insurances, _births, _addresses, _phones)
