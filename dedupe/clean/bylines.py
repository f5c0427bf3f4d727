"""Who signed a story: byline lines, signatures, copyright lines.

    one line  ->  byline_names(), copyright_names()  ->  agencies and outlets it names

A byline is a whole line of names: "By JANE ROE, Associated Press". A sentence
that mentions an agency is none, and neither is a photo credit.
"""
# ruff: noqa: RUF001 - newspapers set curly quotes and long dashes

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dedupe.clean.leading import (
    LONGEST_CREDIT,
    ROLE,
    further_names,
    goes_on,
    leading_name,
    together,
)
from dedupe.names import CAPITALS, Names, fold, last_word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_NAMED = rf"[{CAPITALS}][\w.'’-]*"
_PERSON = re.compile(rf"{_NAMED}(?: (?:de|del|da|di|van|von|der|{_NAMED})){{1,3}}")
# Parts of a byline, and words of a part: a line of more is a sentence or a list. Half as many, with
# half of LONGEST_CREDIT, change no origin of benchmarks/origins.py.
_MOST_SEGMENTS = 8
_MOST_TOKENS = 12
_TOKENS = re.compile(r"\w[\w.]*")
_BY = re.compile(r"(?:by|por|par|von|door|av|af|de|da|di):?\s+(?=\S)", re.IGNORECASE)
_BROUGHT_BY = re.compile(r"\s[(（]([^()（）]{2,40})[)）]$")
_SEGMENTS = re.compile(r"\s*[,|•·;]\s*|\s+[-–—]\s+")
_PICTURE = re.compile(
    r"(?:file|photos?|photographs?|pictures?|images?|video|graphic|illustration|credit|caption"
    r"|foto|imagen|imagem|bild|grafik|crédits?|图|تصویر)\b",
    re.IGNORECASE,
)
_NAME_PARTICLES = frozenset(
    {"and", "y", "et", "und", "e", "de", "del", "von", "van", "la", "for", "the", "in"}
    | {"with", "am", "pm", "a.m.", "p.m.", "dpa", "afp", "sda", "ats"}
)
# Prose: a word in small letters that is none of the above. A line of names has none.
_PROSE = re.compile(
    rf"\s(?!(?:{'|'.join(sorted(map(re.escape, _NAME_PARTICLES)))}|{ROLE.pattern})(?![a-z]))[a-z]",
    re.ASCII,
)
# Alone on a line, shorter agency names than these are menu items and initials.
_LONE_SHORT = frozenset(
    {"ap", "afp", "efe", "dpa", "upi", "pti", "ani", "aap", "anp", "ntb", "ctk"}
)
# Letters of a name of an agency that may mean something else.
_SHORT = 3
# Roles that no single person has.
_STAFFS = frozenset({"staff", "service", "wire", "newspapers", "contributors"})
_COPYRIGHT = re.compile(
    r"(?:©|\(c\)|\b[Cc]opyright\b|COPYRIGHT)[\s©,-]*(?:\(c\) ?)?(?:\d{4}[\s,-]*){0,2}(?:by )?"
)
_WIRE_NAME = re.compile(r"The-(\w{2,12})-Wire")
_SIGNATURE = re.compile(
    r"(?:[-–—]\s*([^()（）\[\]\n–—]{2,40}?)|[(（]([^()（）\[\]\n]{2,40})[)）]"
    r"|(?<!\S)/([^/\n]{2,40})/)\s*$"
)
# "(mit dpa)": with what an agency sent.
_WITH = re.compile(r"(?:mit|with|avec|con) ")
# Before a signature: the sentence is whole, and its last word is not spelled out in brackets.
_ENDS_SENTENCE = re.compile(r"[.!?。][\"'”’»]?\s*$|\n\s*$|^\s*$")
# "Xinhua writers Jane Roe and Ann Poe": who they are, behind what they are.
_WRITERS = re.compile(rf"( (?:[Ww]riter|[Rr]eporter|[Cc]orrespondent))s? [{CAPITALS}].*")
_LETTERS = re.compile(r"\w+")
_NO_SURNAME = re.compile(rf"[{CAPITALS}]\.?|with")
# By these words an outlet sends out what others print.
_WIRE = re.compile(r"(?:Wire|News Service|News[Ss]ource)$")
_REUTERS_DESK = re.compile(
    r"\(?(?:Reporting|Writing|Additional reporting) by .{3,140}[Ee]diting by "
)


def signing_words(spellings: Iterable[str]) -> set[str]:
    """Return the last words of some names, as a byline may spell them.

    In lower case only where a byline's words may be so.
    """
    spelled = {last_word(spelling) for spelling in spellings}
    cases = (str, str.lower, str.upper, str.title)
    return {
        word
        for word in (case(word) for word in spelled for case in cases)
        if not word[0].islower() or word in _NAME_PARTICLES or ROLE.fullmatch(word)
    }


def may_sign(words: str, names: Names) -> bool:
    """Say whether a line holds a listed name's last word, and not as the end of a sentence."""
    return not names.last_words.isdisjoint(_TOKENS.findall(words.lower()))


def byline_names(words: str, names: Names, *, alone: bool = False) -> list[str]:
    """Return the agencies and outlets that a byline names, or none if it is no byline.

    Args:
        words: one whole line, or a byline from metadata.
        names: what to know.
        alone: it is known to be a byline.
    """
    words = words.strip(" \t\xa0/-–—[]*_©")
    if _PROSE.search(words) or _PICTURE.match(words):
        return []
    is_bracketed = words[:1] in {"(", "（"} and words[-1:] in {")", "）"}
    if is_bracketed:
        words = words[1:-1].strip()
    signed = _BY.match(words)
    # "Jane Roe | Harbor Light (TNS)": the agency only brought it.
    brought = _BROUGHT_BY.search(words)
    if brought and names.known(brought.group(1)):
        own = byline_names(f"By {words[signed.end() if signed else 0 : brought.start()]}", names)
        if own:
            return own
    segments = [
        part for part in _SEGMENTS.split(words[signed.end() :] if signed else words) if part
    ]
    if len(segments) > _MOST_SEGMENTS or not all(map(_is_byline_part, segments)):
        return []
    found: list[str] = []
    for segment in segments:
        named = _segment_names(segment, names, signed=signed is not None)
        # "(PAP)" is a line of its own as only agencies sign.
        signs = is_bracketed and names.holds_agency(named)
        if signed or alone or signs or _may_stand(named, segment, segments, words, names):
            found += named
    return list(dict.fromkeys(found))


def is_person(line: str, names: Names) -> tuple[bool, bool]:
    """Say whether a line is a person's name, which no outlet has, and whether a "By" says so."""
    words = line.strip()
    signed = _BY.match(words)
    person = words[signed.end() :] if signed else words
    named = _PERSON.fullmatch(person) is not None and names.known(person) is None
    return named, named and signed is not None


def _may_stand(
    named: list[str], segment: str, segments: list[str], words: str, names: Names
) -> bool:
    """Say whether names without "By" sign their line.

    "Fox News, CNN" may be a menu: an outlet signs only after a person's name.
    """
    agency = names.holds_agency(named) or (named and _WIRE.search(segment.strip(" .")))
    if len(segments) == 1:
        return bool(agency) and _stands_alone(segment)
    if agency:
        return True
    others = [part for part in segments if names.known(part.strip(" .")) is None]
    return bool(others) and "|" not in words


def _segment_names(segment: str, names: Names, *, signed: bool) -> list[str]:
    """Read "dpa/AFP", "AP Sports Writer", "JANE ROE Associated Press", "AP June 1, 2018"."""
    if found := together(segment, names):
        return found
    plain = segment.strip(" .")
    tokens = (_WRITERS.sub(r"\1", plain) if signed else plain).split()
    if not tokens:
        return []
    if ROLE.fullmatch(tokens[-1]):
        name = _of_role(tokens, names, signed=signed)
    elif len(tokens) > 1 and tokens[1][0].isupper() and any(map(str.isdigit, plain)):
        name = names.agency(tokens[0])
    else:
        name = _after_person(tokens, names)
    return [name] if name else []


def _of_role(tokens: list[str], names: Names, *, signed: bool) -> str | None:
    """Read whose writer somebody is: "AP Sports Writer", "JANE ROE AP Sports Writer"."""
    # Words before an agency are a person's: "The New AP Editor" is a headline.
    has_person = signed or (tokens[0].isupper() and not tokens[-1].isupper())
    for first in (0, 2, 3, 4) if has_person else (0,):
        for last in range(len(tokens) - 1, first, -1):
            piece = " ".join(tokens[first:last])
            agency = names.agency(piece)
            if name := agency if first else names.known(piece):
                # An agency has writers for everything; of The Sun Chronicle's, none is The Sun's,
                # and of MTI College Staff, none is MTI's.
                has_desks = tokens[-1].lower() not in _STAFFS and (piece.isupper() or agency)
                whole = " ".join(tokens[first:])
                return name if has_desks or not goes_on(whole, len(piece), names) else None
    return None


def _after_person(tokens: list[str], names: Names) -> str | None:
    """Read an agency after two to four words of a person's name."""
    if "/" in tokens or not tokens[0][0].isupper():
        return None  # "Jane Roe / Reuters" credits a photograph
    for last in (2, 1, 3):
        person, piece = tokens[:-last], " ".join(tokens[-last:])
        if (
            2 <= len(person) <= 4
            # "Jane M. Bloomberg", "Interview with Reuters"
            and not _NO_SURNAME.fullmatch(person[-1])
            and len(fold(piece)) > _SHORT + 2
            and (name := names.agency(piece))
        ):
            return name
    return None


def _is_byline_part(segment: str) -> bool:
    tokens = segment.split()
    return len(tokens) <= _MOST_TOKENS and all(
        not token[0].islower()
        or token.lower().partition("/")[0] in _NAME_PARTICLES
        or ROLE.fullmatch(token)
        for token in tokens
    )


def copyright_names(
    text: str, start: int, end: int, names: Names
) -> tuple[list[str], int, int] | None:
    """Return (names, start, end) of a copyright notice in text[start:end], or None."""
    wire = _WIRE_NAME.match(text, start, end)
    if wire and (name := names.known(wire.group(1))):
        return [name], start, wire.end()
    mark = _COPYRIGHT.search(text, start, end)
    if not mark:
        return None
    name, length = leading_name(text[mark.end() : min(end, mark.end() + LONGEST_CREDIT)], names)
    if not name:
        return None
    others, stop = further_names(text, mark.end() + length, end, names)
    return list(dict.fromkeys([name, *others])), mark.start(), stop


def signatures(text: str, start: int, end: int, names: Names) -> Iterator[tuple[str, int, int]]:
    """Yield (name, start, end) of "... he said. (Reuters)" where text[start:end] ends."""
    tail = text[start:end]
    match = _SIGNATURE.search(tail)
    if not match:
        return
    words = _WITH.sub("", (match[1] or match[2] or match[3]).strip(" .©"))
    before = tail[: match.start()]
    if not (_stands_alone(words) or _ENDS_SENTENCE.search(before)) or spells(before, words):
        return
    found = together(words, names)
    if names.holds_agency(found):
        for name in found:
            yield name, start + match.start(), start + len(tail.rstrip())


def spells(words: str, letters: str) -> bool:
    """Say whether some words end in a name of these initials: "the Awami National Party", "ANP"."""
    initials = "".join(word[0] for word in _LETTERS.findall(words) if word[0].isupper())
    return initials.endswith(letters)


def _stands_alone(words: str) -> bool:
    """Say whether an agency's name is plain without a byline around it: "(CNS)" may be nerves."""
    return len(fold(words)) > _SHORT or fold(words) in _LONE_SHORT


def is_reuters_desk(words: str) -> bool:
    """Say whether a line is the credit that one agency ends its stories with."""
    return _REUTERS_DESK.match(words) is not None
