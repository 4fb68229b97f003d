"""Names of people in a message: by the words around them, and by lists of given names.

"My name is ..." is followed by a name, whatever it is. After "I'm", "call" or "my husband" stands a name or many other
things, so there a word counts when it is a known name, or has a capital where the rest has none and is no common word.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from shared.given_names import given_names, named_words, without_accents
from web.privacy.found import Found, Kind

_HERE = Path(__file__).parent
#: A word, or the initial of a name with its point.
_WORD = re.compile(r"[^\W\d_]\.(?=\s|$)|[^\W\d_](?:[^\W\d_]|['\u2019-](?=[^\W\d_]))*")
_PARTICLES = frozenset("de del la las los van von der den da dos di al el bin ibn o mc st".split())
_LONGEST_NAME = 4


@cache
def _words(file: str) -> frozenset[str]:
    lines = (_HERE / file).read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


@cache
def _never() -> frozenset[str]:
    return _words("no_names.txt")


#: Not even after "my name is".
_FUNCTION = frozenset(
    "a an the not no on in it its is are was and or but of to for at i you he she they we my your his her their this "
    "that what who why how when where un una el la los las no es y o de en que".split()
)
_SAINTS = re.compile(r"\b(?:santa|san|saint|st\.?|fort|lake|port|mount|los|las)\s+$", re.I)


def _bare(word: str) -> str:
    """In small letters, without accents, possessive and point."""
    plain = re.sub(r"['\u2019]s?$", "", word.lower().rstrip("."))
    return without_accents(plain)


#: A name follows, whatever it is.
_CERTAIN = re.compile(
    r"(?:\b(?:my|his|her|their|the|whose)?\s*(?:real |full |first |last |legal |\w+['\u2019]s )?"
    r"name(?:\s+is|['\u2019]s|\s*[:=])|"
    r"^\s*(?:name|nombre)\b(?=:|\s+\w+\s*[,;\n]):?|\b(?:patient|client|paciente)\s*:|\bi go by\b|"
    r"\bme llamo\b|\bmi nombre es\b|\bnombre(?:\s+es|:)|"
    r"\ble escribe\b|\b(?:se llama|is called|is named)\b|"
    r"\bsigned\b\s*[,:])\s*",
    re.I,
)
#: A name ends the message.
_CLOSING = re.compile(
    r"\b(?:sincerely|yours|(?:kind |best |warm )?regards|cheers|saludos|atentamente|un saludo|"
    r"thanks|thank you|thx|gracias)\b"
    r"(?: so much| again| very much)?\s*[,.!\u2013\u2014-]*\s*(?=[^\W\d_])",
    re.I,
)
#: A name may follow.
_POSSIBLE = re.compile(
    r"(?:\b(?:i am|i['\u2019]?m|this is|it is|it['\u2019]?s|soy|aqu[ií]|habla|it was)\s+|"
    r"\b(?:ask(?:ed)? for|call|tell|told|text|email|contact|ring|spoke (?:to|with)|speak (?:to|with)|"
    r"talk(?:ed)? (?:to|with)|"
    r"saw|see|says|said|met|with|by|for|about|has|have|can|did|does|is|was|and|not|it['\u2019]s|dear|hi|hey|hello|hola|thanks|"
    r"thank you|gracias|"
    r"pregunten por|llam\w+ a|con|por|call me)\s*,?\s+|"
    r"\b(?:my|our|mi|su|the|el|la)\s+(?:\w+\s+)?(?:husband|wife|son|daughter|brother|sister|mom|mum|mother|dad|father|friend|"
    r"girlfriend|boyfriend|partner|fianc[eé]e?|cousin|uncle|aunt|boss|doctor|dermatologist|surgeon|technician|artist|"
    r"practitioner|nurse|receptionist|neighbou?r|roommate|esposa|esposo|marido|mujer|hijo|hija|hermano|hermana|madre|padre|amigo|amiga|"
    r"novio|novia|doctor|doctora|t[eé]cnico|t[eé]cnica|pareja)\s*,?\s+|"
    r"^\W*(?:hi|hello|hey|hola|buenas)?\W*|[-\u2013\u2014]\s*|\n\s*)",
    re.I,
)
_TITLE = re.compile(
    r"\b(?:mr|mrs|ms|miss|mx|dr|dra|prof|doctor|doctora|nurse|sr|sra|srta|don|do[nñ]a|se[nñ]or|se[nñ]ora)\b\.?\s+", re.I
)
#: What may follow a name that stands alone: an end, or something one says of oneself.
_AFTER_NAME = re.compile(
    r"\s*(?:$|[,.;:!?\n)(\u2013\u2014-]|\b(?:and|here|from|again|by|with|y|de|lol|haha|on|at|in|but|calling|speaking|btw)\b)",
    re.I,
)


def names(text: str, others: Sequence[Found]) -> Iterator[Found]:
    """The names in a text.

    Args:
        text: the message.
        others: what was found before, such as phones: a message of nothing but those and a name has no cue.
    """
    covered = [(one.start, one.end) for one in others]
    is_shouted = text.upper() == text
    candidates = itertools.chain(
        _after_certain(text, is_shouted), _after_titles(text, is_shouted), list(_alone(text, covered)),
        _known_ones(text, is_shouted),
    )  # fmt: skip
    for start, end in candidates:
        if not any(start < stop and begin < end for begin, stop in covered):
            covered.append((start, end))
            yield Found(start, end, Kind.NAME)


def _before(text: str, start: int) -> str:
    """The words right before a place: no more, so that a long message takes no longer than its length."""
    return text[max(0, start - 40) : start]


def _is_capital(word: str) -> bool:
    return word[0].isupper()


def _after_certain(text: str, is_shouted: bool) -> Iterator[tuple[int, int]]:
    for cue in _CERTAIN.finditer(text):
        is_cased = any(w[0][0].isupper() for w in _WORD.finditer(text[cue.end() : cue.end() + 30])) and not is_shouted
        yield from _run(text, cue.end(), needs_capital=is_cased, first_is_sure=True)
    for cue in _CLOSING.finditer(text):
        for start, end in _run(text, cue.end(), needs_capital=not is_shouted):
            if not text[end:].strip(" .!)\n") and not _is_never(text[start:end]):
                yield start, end


def _after_titles(text: str, is_shouted: bool) -> Iterator[tuple[int, int]]:
    for cue in _TITLE.finditer(text):
        word = _WORD.match(text, cue.end())
        if word is None or (not _is_capital(word[0]) and _bare(word[0]) not in given_names()) or _is_never(word[0]):
            continue
        yield from _run(text, cue.end(), needs_capital=not is_shouted and _is_capital(word[0]))


def _alone(text: str, covered: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """What is left of a message that otherwise holds a phone or such, when it is a capitalised word or two."""
    if not covered:
        return
    rest = list(text)
    for start, end in covered:
        rest[start:end] = " " * (end - start)
    for part in re.finditer(r"[^,;:\n|/]+", "".join(rest)):
        words = list(_WORD.finditer(part[0]))
        is_name = 2 <= len(words) <= 3 and all(_is_capital(w[0]) and not _is_never(w[0]) for w in words)
        bare = part[0].strip(" .!-")
        if is_name and words and bare == part[0][words[0].start() : words[-1].end()].strip(" ."):
            yield part.start() + words[0].start(), part.start() + words[-1].end()


def _known_ones(text: str, is_shouted: bool) -> Iterator[tuple[int, int]]:
    """Known names wherever they stand; names that are words too, and unknown ones, beside a word that asks for them."""
    cued = {cue.end() for cue in _POSSIBLE.finditer(text)}
    for word in _WORD.finditer(text):
        bare = _bare(word[0])
        is_capital = _is_capital(word[0]) and not is_shouted
        is_first = word.start() in cued
        if _SAINTS.search(_before(text, word.start())):
            continue
        if bare in given_names() or _is_double(bare):
            is_name = True
        elif _is_never(word[0]):
            is_name = False
        elif bare in named_words():
            is_called = is_first and (bare not in _MONTHS or _is_introduced(text, word))
            is_name = (is_capital or is_shouted) and is_called and _stands_alone(text, word.end())
            is_name |= is_capital and _follows_surname(text, word.end())
        else:
            is_name = is_capital and is_first and _is_introduced(text, word) and not _is_people(word[0])
        if is_name:
            yield from _run(text, word.start(), needs_capital=not is_shouted)


def _is_double(bare: str) -> bool:
    """Anna-Marie."""
    return "-" in bare and bare.partition("-")[0] in given_names()


def _is_never(word: str) -> bool:
    return word.lower().rstrip(".").replace("\u2019", "'") in _never() or _bare(word) in _never()


def _stands_alone(text: str, end: int) -> bool:
    return bool(_AFTER_NAME.match(text, end)) or _follows_surname(text, end)


def _follows_surname(text: str, end: int) -> bool:
    following = _WORD.match(text, end + 1) if text[end : end + 1] in " \u00a0" else None
    return following is not None and _is_capital(following[0]) and not _is_never(following[0])


_MONTHS = frozenset("april may june august".split())
#: "I'm Ghanaian", "I am LADA".
_PEOPLE = re.compile(
    r"^(?:.*(?:ian|ean|ese|ish|stani|ali|uan|can)|[A-Z]{2,5}|Sikh|Jain|Brahmin|Hindu|Buddhist|Mormon|Thai|Czech|Swiss|"
    r"Greek|Scot|Welsh|Israeli|Iraqi|Kuwaiti|Saudi|Afro.*|Maori|Zulu|Roma|Pensioner)$"
)


def _is_people(word: str) -> bool:
    return bool(_PEOPLE.match(word))


_INTRODUCED = re.compile(
    r"(?:\b(?:i am|i['\u2019]?m|this is|it['\u2019]?s|soy|habla|ask(?:ed)? for|spoke (?:to|with)|"
    r"pregunten por|llam\w+ a|call|tell|told|contact|message for|dear)|"
    r"\b(?:husband|wife|son|daughter|brother|sister|mom|mum|dad|friend|"
    r"girlfriend|boyfriend|partner|"
    r"cousin|technician|esposa|esposo|marido|hijo|hija|hermano|hermana|amigo|amiga),?)\s+$",
    re.I,
)


_HERE_AFTER = re.compile(r"\s+here\b", re.I)


def _is_introduced(text: str, word: re.Match[str]) -> bool:
    """Whether an unknown capitalised word is a name: "I'm Zoltan." is, "I'm Mexican with ..." is not."""
    before = _before(text, word.start())
    opens = re.search(r"(?:^|[.!?\n])\W*(?:hi|hey|hello|hola)?\W*$", before, re.I)
    if opens and _HERE_AFTER.match(text, word.end()):
        return True
    return bool(_INTRODUCED.search(before)) and _stands_alone(text, word.end())


def _run(text: str, start: int, *, needs_capital: bool, first_is_sure: bool = False) -> Iterator[tuple[int, int]]:
    """A name from here on: its words, as far as they go on being one."""
    end, count, place = start, 0, start
    while count < _LONGEST_NAME:
        word = _WORD.match(text, place)
        if word is None:
            break
        bare = _bare(word[0])
        is_particle = count > 0 and bare in _PARTICLES and _WORD.match(text, word.end() + 1) is not None
        if not is_particle:
            is_known = bare in given_names()
            if needs_capital:
                is_good = _is_capital(word[0]) or (bare.partition("-")[0] in _PARTICLES and "-" in bare)
                is_good = (is_good and bare not in _FUNCTION) or is_known
            else:
                is_good = (
                    is_known
                    or (first_is_sure and count < 2 and not _is_never(word[0]))
                    or (count == 0 and not first_is_sure)
                )
            if not is_good:
                break
            end = word.end()
            if re.search(r"['\u2019]s$", word[0]):
                end -= 2
                break
        count += 1
        if text[word.end() : word.end() + 1] not in (" ", "\u00a0"):
            break
        place = word.end() + 1
    if end > start:
        yield start, end
