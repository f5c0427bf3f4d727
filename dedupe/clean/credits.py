"""Who is credited: names after the words that announce a credit, and who was told.

text, a cue (see cues.py)  ->  clues with the names read
"""
# ruff: noqa: RUF001 - newspapers set curly quotes, long dashes and other scripts

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from dedupe.clean.clue import Clue
from dedupe.clean.credit_patterns import CITED_AFTER, CITED_BEFORE, NOT_SOURCES
from dedupe.clean.leading import (
    LONGEST_CREDIT,
    SECOND_PARTS,
    further_names,
    leading_name,
    longest_name,
)
from dedupe.clean.scar_patterns import TOLD_BEFORE, TOLD_NAME
from dedupe.names import CAPITALS, SMALL_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dedupe.clean.cues import Cue
    from dedupe.names import Names

# Of a paragraph longer than this, only the front can hold a credit. Half or twice as much changes
# no origin (benchmarks/origins.py).
_CREDIT_REACH = 2000


def credits_of(text: str, start: int, end: int, cue: Cue, names: Names) -> Iterator[Clue]:
    """Read the credits that one cue announces in text[start:end], a line."""
    end = min(end, start + _CREDIT_REACH)
    matches = (
        ([match] if (match := cue.pattern.match(text, start, end)) else [])
        if cue.at_line_start
        else cue.pattern.finditer(text, start, end)
    )
    for match in matches:
        first, last = match.span("name") if match.groupdict().get("name") else (match.end(), end)
        name, stop, known = _credited(text, first, last, names)
        others: list[str] = []
        if known and cue.at_line_start:
            others, stop = further_names(text, stop, last, names)
        if cue.whole_line and text[stop:end].strip(" .:)]"):
            continue
        if _LABEL.search(match.group()) and _is_of_noun(text, stop):
            continue
        # "published in Berlin": a place, unless the name is that of a paper. "First reported by
        # Oslo police": no paper.
        words = match.group().rstrip()
        vague = words.endswith((" in", " at"))
        vague |= words.endswith("reported by") and _is_of_noun(text, stop)
        if name and (known or not (cue.name_known or vague)):
            for one in dict.fromkeys([name, *others]):
                yield Clue("credit", one, cue.rule, match.start(), stop)


_LABEL = re.compile(r"[Ss]ources?: ?$")
_CREDIT_NAME = re.compile(
    # Small words too belong to what guillemets hold.
    rf"«(?P<quoted>[{CAPITALS}][^«»\n]{{1,40}})»"
    r"|[\"'“‘«*_《「\s]*(?:the |la |el |le |de |https?://)?(?:www\.)?"
    r"(?P<name>[a-z0-9-]{2,30}(?:\.[a-z0-9-]{2,30}){1,3}\b"
    rf"|(?:(?:The|La|El|Le|Los|Les|Die|Der|Das|O) )?[{CAPITALS}][\w&'’-]*(?:\.(?=\w)[\w&'’-]+)*"
    rf"(?: (?:(?:{SMALL_WORDS})(?= )|(?:{SECOND_PARTS})\b|(?:[dl]['’])?[{CAPITALS}0-9][\w&'’-]*))"
    r"{0,5}"
    r"|[\u0600-\u06ff]{2,20}(?: [\u0600-\u06ff]{2,20}){0,2}|[\u4e00-\u9fff]{2,12})"
)


_TRAILING = re.compile(rf"(?: (?:{SMALL_WORDS}))+$")


def _credited(text: str, start: int, end: int, names: Names) -> tuple[str | None, int, bool]:
    """Read the name after a credit's lead-in: (name, where it ends, whether it is known)."""
    known, length = leading_name(text[start : min(end, start + LONGEST_CREDIT)], names)
    if known:
        return known, start + length, True
    match = _CREDIT_NAME.match(text, start, min(end, start + LONGEST_CREDIT))
    if not match:
        return None, start, False
    group = "quoted" if match["quoted"] else "name"
    name = _TRAILING.sub("", match[group])
    first = name.split()[0].strip(".'’").lower()
    if first in NOT_SOURCES or name.lower() in NOT_SOURCES or name.isdigit():
        return None, start, False
    stop = match.start(group) + len(name)
    begins, length = longest_name(text[start:stop], names)
    if begins and text.startswith("/", start + length):
        return None, start, False
    if begins and not _is_papers(text, start + length, stop):
        return begins, start + length, True
    # What begins as an outlet and goes on is called after it, or a paper of its own.
    longer = (
        begins is not None
        and begins in names.outlets.values()
        and (" " in begins or begins.isupper())
    )
    chinese = "\u4e00" <= name[0] <= "\u9fff"
    # Of "U.S.", each part is a letter.
    domain = "." in name and " " not in name and min(map(len, name.split("."))) > 1
    plain = domain or chinese or longer or _MEDIA_WORD.search(name) is not None
    return names.of_domain(name) or name, stop, plain


def _is_papers(text: str, first: int, stop: int) -> bool:
    """Say whether text[first:stop], behind a known name, makes another paper's name of it."""
    return (
        _MEDIA_WORD.search(text, first, stop) is not None
        or _SMALL_WORD.search(text, first, stop) is not None
        # "on CNN Donald Trump said": the sentence goes on, and the name did not.
        or _CLOSES.match(text, stop) is not None
    )


_SMALL_WORD = re.compile(rf" (?:(?:{SMALL_WORDS}) |[dl]['’])")
# After a name: the end, or a word that does not go on with a sentence's subject.
_CLOSES = re.compile(
    r"\W*$|[\"'“”’»]*[\n.,;:)(|\]]"
    r"| (?:on|in|at|by|as|with|under|last|this|earlier|and|und|am|im|vom|le|el|en|em|il|op|y|et)\b"
)
_MEDIA_WORD = re.compile(
    r"\b(?:News|Times|Post|Herald|Tribune|Standard|Ledger|Gazette|Journal|Courier|Globe|Observer"
    r"|Chronicle|Wire|Register|Examiner|Dispatch|Sentinel|Syndicate|Diario|Jornal|Gazzetta"
    r"|Express|Telegraph|Mercury|Bulletin|Advertiser"
    rf"|{SECOND_PARTS}"
    r"|\w*(?:[Zz]eitung|[Kk]rant|[Dd]agblad|[Tt]idning(?:en)?|[Aa]vis(?:en)?))\b"
)


def cited_clues(text: str, start: int, end: int, names: Names) -> Iterator[Clue]:
    """Read "the Harbor Light reported", "laut Harbor Light": a fact is its, and perhaps the story.

    Args:
        text: a line, and what stands around it.
        start: where the line begins; a name may begin before.
        end: where it ends; a name may run on behind.
        names: agencies and outlets to know: nobody else is a source.
    """
    for match in CITED_AFTER.finditer(text, start, end):
        name, length = _cited(text[match.end() : match.end() + LONGEST_CREDIT], names)
        if name and not _is_of_another(match.group(), text, match.end() + length):
            yield Clue("credit", name, "reported", match.start(), match.end() + length)
    for match in CITED_BEFORE.finditer(text, start, end):
        name, first = _citing(text, max(0, match.start() - LONGEST_CREDIT), match.start(), names)
        if name and not _has_object(match.group(), text, match.end()):
            yield Clue("credit", name, "reported", first, match.end())


def _is_of_another(words: str, text: str, end: int) -> bool:
    """Say whether a noun follows the name: "according to Phoenix police", "to Bloomberg data"."""
    return _ENGLISH_CITED.match(words) is not None and _is_of_noun(text, end)


def _is_of_noun(text: str, end: int) -> bool:
    """Say whether a noun follows a name that ends at a place of a text: "Bloomberg data"."""
    after = _NEXT_WORD.match(text, end)
    return after is not None and after.group(1) not in _AFTER_A_NAME


def _has_object(words: str, text: str, end: int) -> bool:
    """Say whether something is reported as it happened: "the pilot reported engine trouble"."""
    after = _NEXT_WORD.match(text, end) if words.endswith(("reported", "reports")) else None
    return after is not None and after.group(1) not in _AFTER_REPORTED


_ENGLISH_CITED = re.compile(r"(?:according|per|as reported)\b", re.IGNORECASE)
# What stands on the same line with nothing but blanks between, and begins small, or is a number.
_NEXT_WORD = re.compile(r"[ \t]+([a-z0-9$£€]\w*)")
_AFTER_A_NAME = frozenset({
    "on", "in", "at", "this", "that", "last", "late", "early", "earlier", "yesterday", "today",
    "which", "and", "but", "or", "the", "a", "an", "as", "by", "is", "was", "were", "are", "has",
    "had", "have", "will", "would", "said", "says", "when", "while", "after", "before", "there",
    "it", "he", "she", "they", "its", "his", "her", "their", "to", "from", "with", "reporters",
    "report", "reports", "story", "article", "investigation", "via", "staff", "et", "avec",
    "pour",
})  # fmt: skip
_AFTER_REPORTED = frozenset({
    "that", "on", "it", "first", "earlier", "late", "last", "this", "yesterday", "today", "how",
    "there", "here", "and", "from", "citing", "exclusively",
})  # fmt: skip


def _cited(words: str, names: Names) -> tuple[str | None, int]:
    """Return the outlet at the front of some words, set as a name is, and its length."""
    site = _SITE.match(words)
    if site and (name := names.of_site(site.group().lower())):
        return name, site.end()
    name, length = leading_name(words, names)
    is_set = name is not None and (name.islower() or not words[:length].islower())
    return (name, length) if is_set else _chinese(words, names)


_SITE = re.compile(r"[\w-]{2,30}(?:\.[\w-]{2,30}){1,3}\b")


def _citing(text: str, start: int, end: int, names: Names) -> tuple[str | None, int]:
    """Return the outlet that ends at a place of a text, and where it begins."""
    start = max((blank.end() for blank in _BLANK_LINE.finditer(text, start, end)), default=start)
    tokens = list(_TOKENS.finditer(text, start, end))[-_MOST_WORDS:]
    for place, token in enumerate(tokens):
        piece = " ".join(text[token.start() : end].split()).strip(_QUOTES)
        name = names.known(piece)
        if name is None or piece[0].islower():
            continue
        before = tokens[place - 1] if place else None
        return (None, end) if before and _belongs(before, text, token) else (name, token.start())
    return None, end


def _belongs(word: re.Match[str], text: str, name: re.Match[str]) -> bool:
    """Say whether a word before a name is part of it: "Boston Herald", and not "On Monday AP"."""
    plain = word.group().strip(_QUOTES)
    between = text[word.end() : name.start()]
    # A short line was not wrapped: it is a headline or a label.
    ends_line = "\n" in between and word.end() - text.rfind("\n", 0, word.end()) <= _SHORT_LINE
    parted = between.strip() or ends_line or plain.endswith((".", "!", "?"))
    return not parted and plain[:1].isupper() and plain.lower() not in _MAY_PRECEDE


_BLANK_LINE = re.compile(r"\n\s*\n")
# Code points; pages wrap lines at more.
_SHORT_LINE = 40
# Words of a name, its articles included.
_MOST_WORDS = 6
_TOKENS = re.compile(r"[^\s,;:()|،۔。，]+")
_QUOTES = " \"'“”‘’«»„»›‹"
_MAY_PRECEDE = NOT_SOURCES | frozenset({
    "the", "a", "an", "and", "but", "as", "while", "when", "where", "what", "in", "on", "at",
    "according", "meanwhile", "earlier", "later", "since", "yesterday", "wie", "der", "die", "das",
    "el", "la", "le", "il", "o", "lo", "selon", "según", "como", "segundo", "secondo", "come",
})  # fmt: skip


class Voice(NamedTuple):
    """Whose page a document is: its outlet's name, and its domain."""

    outlet: str | None
    domain: str | None

    def is_named(self, name: str, names: Names) -> bool:
        """Say whether a name is this page's own outlet."""
        return self.outlet is not None and names.same(name, self.outlet, self.domain)


_CAPITALISED = re.compile(r"[A-Z][\w&'’-]*(?: [A-Z][\w&'’-]*){0,3}")
_OUTLET_WORD = re.compile(r"[A-Z]\w*[a-z][A-Z]\w*|[KWC][A-Z]{2,3}")


def told_clues(text: str, end: int, voice: Voice, names: Names) -> Iterator[Clue]:
    """Read "told Harborlight that": the outlet's own voice, or somebody else's.

    Args:
        text: a line and what follows it.
        end: of the line; a name may run on behind it.
        voice: of the page.
        names: agencies and outlets to know.
    """
    for match in TOLD_NAME.finditer(text, 0, end):
        name, length = _told(text[match.end() : match.end() + LONGEST_CREDIT], names)
        if rule := _telling(name, voice, names):
            yield Clue(*rule, match.start(), match.end() + length)
    for match in TOLD_BEFORE.finditer(text, 0, end):
        words = match.group("name").split()
        pieces = (" ".join(words[first:]) for first in range(len(words)))
        name = next((one for piece in pieces if (one := names.known(piece))), "")
        if rule := _telling(name, voice, names):
            yield Clue(*rule, match.start(), match.end())


def _told(words: str, names: Names) -> tuple[str, int]:
    """Return the name at the front of some words, known or as it is set, and its length."""
    if "\u4e00" <= words[:1] <= "\u9fff":
        name, length = _chinese(words, names)
        return name or "", length
    # What was told may begin with a capital, too: the name is not asked whether it goes on.
    name, length = longest_name(words, names)
    if name is not None:
        return name, length
    capitals = _CAPITALISED.match(words)
    return (capitals.group(), capitals.end()) if capitals else ("", 0)


def _chinese(words: str, names: Names) -> tuple[str | None, int]:
    """Return the known name at the front of some words in Chinese, and its length."""
    if not "\u4e00" <= words[:1] <= "\u9fff":
        return None, 0
    pieces = (words[:length] for length in range(12, 1, -1))
    return next(((name, len(piece)) for piece in pieces if (name := names.known(piece))), (None, 0))


def _telling(name: str, voice: Voice, names: Names) -> tuple[str, str, str] | None:
    """Return (kind, name, rule) of whoever was told, or None: it may be a person or a court."""
    if name and voice.is_named(name, names):
        return "self_reference", name, "told_own_name"
    # Without a known name, only inner capitals and callsigns are how outlets spell themselves.
    if name and (names.known(name) or names.is_listed(name) or _OUTLET_WORD.fullmatch(name)):
        return "credit", name, "told_outlet"
    return None
