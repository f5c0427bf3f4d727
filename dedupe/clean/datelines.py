"""The opening of a story: place, date and the agency that filed it.

    first lines of a body  ->  dateline_clues()  ->  clues

"CITY, Nov 3 (Reuters) -" names an agency; "CITY (KFOR) —" names an outlet;
"() A spokesman" is where such a name was cut out. Only names of names.json are
agencies: station callsigns fit the same pattern.
"""
# ruff: noqa: RUF001 - newspapers set curly quotes, long dashes and other scripts

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, NamedTuple

from dedupe.clean.bylines import spells
from dedupe.clean.clue import Clue
from dedupe.clean.leading import BETWEEN, together
from dedupe.dates import MONTHS
from dedupe.names import CAPITALS, Names, fold

if TYPE_CHECKING:
    from collections.abc import Iterator

# Code points of a place, and of a name in brackets after it. Half or twice as much changes no
# origin (benchmarks/origins.py).
_LONGEST_PLACE = 70
_LONGEST_NAME = 60
_BLANKS = " \t\xa0،,.:۔-–—"
_OPEN = re.compile(r"[(（]")
_CLOSE = re.compile(r"[)）]")
# Some pages give the entity as it is.
_DASH_AFTER = re.compile(r"\s*[.:]?\s*(?:--?|[‐-―−]|&(?:#821[12]|#x201[34]|[mn]dash);)")
_TEXT_AFTER = re.compile(r"[^\S\n]*[.:]?[^\S\n]*(?:--?|[‐-―−])?[^\S\n]*[\"'“”‘’«»]?([^\W\d_])")
_NUMBER = re.compile(r"\d|یکم")
_UPPER_PLACE = re.compile(
    rf"[{CAPITALS}][{CAPITALS}.'’-]{{2,}}|[{CAPITALS}.]{{2,5}} [{CAPITALS}]{{2,}}"
)
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_MAY_OPEN = re.compile(r"[(（【/\d۰-۹\u4e00-\u9fffی]")
_MAY_NAME = re.compile(r"[(（【/\u4e00-\u9fff]")
_SLASHED = re.compile(r"([^/\n]{3,70})[.,]?\s?/(\w{2,12})/[.\s]")
_NAMED_PLACE = re.compile(r"[(（【](\w{1,10})[=＝](\w{2,10})[)）】]|【(\w{1,6}?)(共同|時事)】")
_PARTS = re.compile(BETWEEN)
_OUTLET = re.compile(r"[A-Z][\w&.'’-]{1,20}(?: [A-Z0-9][\w&.'’-]{0,20}){0,2}")
_OUTLET_WORDS = re.compile(
    r"[a-z][A-Z]|^[A-Z]{3,6}$|\b(?:News|Times|Post|Herald|Tribune|TV|Radio|Daily|Press|Media|Ledger"
    r"|Gazette|Journal|Courier|Globe|Observer|Chronicle|Mail|Today|Wire|Network|Online)\b"
)
_CALLSIGN = re.compile(r"[KWC][A-Z]{2,3}(?:-TV|-FM|-AM| \d{1,2})?")
_NOT_OUTLETS = re.compile(
    r"(?:[DR]|I)-|.*\d{4}|(?:updated?|watch|video|photos?|fotos?|bild|live|exclusive|breaking|opinion|file|see"
    r"|left|right|center|top|above|below|pictured|analysis|column|commentary|review|continued|correct(?:ed|ion)|clarified|state|local|nation"
    r"(?:al)?|world|sports?|business|politics|part|page|advisory|eds|urgent|bulletin|recasts?|adds?)\b",
    re.IGNORECASE,
)
_DESK = re.compile(
    r"ڈیسک|رپورٹ|نمائند|نامہ ?نگار|وقائع ?نگار|خبر ?نگار|\bdesk\b|\breporter|\bcorrespondent",
    re.IGNORECASE,
)
_AGENCIES = re.compile(r"ایجنسی|مانیٹر|نیٹ ?نیوز|\bagenc|\bagenturen\b|\bwires?\b", re.IGNORECASE)

_MONTH_LATIN = rf"(?:{'|'.join(name for names in MONTHS for name in names[:-1])})[a-zéûä]{{0,8}}\.?"
_MONTH_URDU = rf"(?:{'|'.join(names[-1] for names in MONTHS)})"
_DATE = re.compile(
    rf"\b{_MONTH_LATIN} \d{{1,2}}\b|\b\d{{1,2}}\.? (?:de )?{_MONTH_LATIN}(?![a-z])"
    rf"|(?:\d{{1,2}}|[۰-۹]{{1,2}}|یکم)\s?{_MONTH_URDU}|\d{{1,2}}月\d{{1,2}}日",
    re.IGNORECASE,
)


def dateline_clues(
    text: str, start: int, end: int, names: Names, *, opens: bool = True
) -> list[Clue]:
    """Read one line of the body that may open the story.

    Args:
        text: the whole text as given.
        start: where the line begins, blanks skipped, in code points.
        end: where it ends.
        names: the agencies and outlets to know.
        opens: no paragraph stands before it: further down, a name in brackets
            alone is a word of the text.
    """
    if not _MAY_OPEN.search(text, start, min(end, start + _LONGEST_PLACE)):
        return []
    end = min(end, start + _LONGEST_PLACE + _LONGEST_NAME + 30)
    found = []
    if _MAY_NAME.search(text, start, min(end, start + _LONGEST_PLACE + len(". /"))):
        found = list(_wired(text, start, end, names))
        found = found or list(_parenthesised(text, start, end, names, opens=opens))
    return found + list(_dated(text, start, end, named=bool(found)))


def _wired(text: str, start: int, end: int, names: Names) -> Iterator[Clue]:
    """Datelines of place and agency: "/TASS/.", "新华社北京11月3日电", "(서울=연합뉴스)"."""
    bracketed = _NAMED_PLACE.match(text, start, end)
    if bracketed and (name := names.agency(bracketed.group(2) or bracketed.group(4))):
        yield Clue("dateline", name, "agency", start, bracketed.end())
    slashed = _SLASHED.match(text, start, end)
    if slashed and (name := names.agency(slashed.group(2))):
        yield Clue("dateline", name, "agency", start, slashed.end(2) + 1)
    if not _CHINESE.search(text, start, min(end, start + 3)):
        return
    chinese = _chinese_wire(names.chinese).match(text, start, end)
    if chinese and (name := names.agency(chinese.group(1))):
        yield Clue("dateline", name, "agency", start, chinese.end())


@functools.lru_cache(maxsize=4)
def _chinese_wire(spellings: tuple[str, ...]) -> re.Pattern[str]:
    either = "|".join(sorted(map(re.escape, spellings), key=len, reverse=True))
    return re.compile(rf"[(（【]?(?:据|據)?({either})[^\n，。,（(]{{0,30}}?(?:电|電|讯|訊)")


class _Opening(NamedTuple):
    """A line's front as a dateline: place (name) dash, or what does for a dash."""

    place: str
    inside: str
    start: int
    stop: int
    dashed: bool

    @property
    def firm(self) -> bool:
        """Whether its words are set as only datelines set them."""
        return not self.place or _is_firm(self.place)


def _parenthesised(text: str, start: int, end: int, names: Names, *, opens: bool) -> Iterator[Clue]:
    opened = _OPEN.search(text, start, min(end, start + _LONGEST_PLACE))
    closed = _CLOSE.search(text, opened.end(), end) if opened else None
    if not opened or not closed or closed.start() - opened.end() > _LONGEST_NAME:
        return
    dash = _DASH_AFTER.match(text, closed.end(), end)
    place = text[start : opened.start()].strip(_BLANKS)
    opening = _Opening(
        place=place,
        inside=text[opened.end() : closed.start()].strip(),
        start=start,
        stop=dash.end() if dash else closed.end(),
        dashed=dash is not None or _filed(text, place, closed.end()),
    )
    bare = not opening.place and not opening.dashed
    if opening.inside:
        if not bare or (opens and _story_follows(text, closed.end())):
            yield from _inside(opening, names)
    elif opening.firm and _story_follows(text, closed.end()):
        yield Clue("scar", None, "empty_dateline", opened.start(), closed.end())


def _story_follows(text: str, start: int) -> bool:
    """Say whether a sentence begins here: "() is a drug" is an encyclopedia's gap."""
    after = _TEXT_AFTER.match(text, start, min(len(text), start + 8))
    return after is not None and not after.group(1).islower()


def _inside(opening: _Opening, names: Names) -> Iterator[Clue]:
    """Tell what stands between the parentheses of a dateline."""
    inside = opening.inside
    parts = [part for part in _PARTS.split(inside) if part]
    whole = together(inside, names)
    whole = whole if names.holds_agency(whole) else []
    named = whole or [name for part in parts if (name := names.agency(part))]
    generic = any(fold(part) in names.unnamed or _AGENCIES.search(part) for part in parts)
    desk = any(fold(part) in names.desks or _DESK.search(part) for part in parts)
    placed = opening.dashed and _is_place(opening.place)
    if not opening.firm and not (placed and (named or _files_here(opening, parts, names))):
        return
    if named:
        # "(J. Doe/Wide World/AP)" credits a photograph: every part must be known.
        if len(named) == len(parts) or whole or generic or desk or _is_not_latin(inside):
            for name in dict.fromkeys(named):
                rule = "agency" if names.holds_agency([name]) else "outlet"
                yield Clue("dateline", name, rule, opening.start, opening.stop)
    elif generic:
        yield Clue("dateline", None, "unnamed_agencies", opening.start, opening.stop)
    elif desk:
        yield Clue("self_reference", None, "own_desk", opening.start, opening.stop)
    elif name := _outlet(opening, parts, names):
        yield Clue("dateline", name, "outlet", opening.start, opening.stop)


def _files_here(opening: _Opening, parts: list[str], names: Names) -> str | None:
    """Return the outlet of the collection between the parentheses, or None.

    "World Health Organization (WHO)" is spelled out, and files nothing.
    """
    if spells(opening.place, opening.inside):
        return None
    return next((name for part in parts if (name := names.of_collection(part))), None)


def _outlet(opening: _Opening, parts: list[str], names: Names) -> str | None:
    """Return the outlet between the parentheses, or None: much else stands there."""
    known = next((name for part in parts if (name := names.outlets.get(fold(part)))), None)
    known = known or _files_here(opening, parts, names)
    if known:
        loose = opening.place and not opening.dashed and not _is_not_latin(opening.place)
        return None if loose else known
    inside = opening.inside
    if _NOT_OUTLETS.match(inside):
        return None
    if not opening.place:
        return inside if opening.dashed and _OUTLET.fullmatch(inside) else None
    if _CALLSIGN.fullmatch(inside):
        return inside
    # After a place, "(Houston) -" is a place again: the words must be an outlet's.
    spelled = _OUTLET.fullmatch(inside) and _OUTLET_WORDS.search(inside)
    return inside if opening.dashed and spelled else None


def _is_firm(place: str) -> bool:
    """Say whether words are set as only datelines set them."""
    return _is_not_latin(place) or (
        _UPPER_PLACE.match(place) is not None and len(place.split()) <= 9
    )


def _may_be_firm(front: str) -> bool:
    """Say whether a place at the head of some words may be firm."""
    return not front.isascii() or _UPPER_PLACE.match(front.lstrip(_BLANKS)) is not None


def _is_place(words: str) -> bool:
    return words[:1].isupper() and len(words.split()) <= 8 and not re.search(r"[?!;\"]", words)


def _filed(text: str, place: str, stop: int) -> bool:
    """Say whether a place is a dateline's without a dash: "New Delhi, Nov 3 (PTI) The"."""
    date = _DATE.search(place)
    front = place[: date.start()].split() if date else []
    # "Oslo (NTB): The", but "Jane Roe (Reuters): Thank you" asks a question.
    is_city = text.startswith(":", stop) and place.isalpha() and not _NOT_OUTLETS.match(place)
    is_dated = bool(front) and not any(word[0].islower() for word in front)
    return (is_city or is_dated) and _story_follows(text, stop)


def _is_not_latin(words: str) -> bool:
    letters = [char for char in words if char.isalpha()]
    return bool(letters) and min(letters) > "\u036f"


def _dated(text: str, start: int, end: int, *, named: bool) -> Iterator[Clue]:
    """A date in the dateline: how a wire files, and what papers drop."""
    end = min(end, start + _LONGEST_PLACE)
    # Few lines can be dated, and names of months take long to look for.
    if not _NUMBER.search(text, start, end) or not (named or _may_be_firm(text[start:end])):
        return
    date = _DATE.search(text, start, end)
    if not date:
        return
    place = text[start : date.start()].strip(_BLANKS)
    if not place or len(place.split()) > 5 or re.search(r"\d|^FILE\b", place):
        return
    if named or _is_firm(place):
        yield Clue("dateline", None, "dated", start, date.end())
