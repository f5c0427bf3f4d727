"""The name at the front of some words: a known one, unless it goes on as another's.

    "Reuters Monday that ...", "The Sun Chronicle"  ->  leading_name()  ->  "Reuters", None

Many papers begin as a famous one does: The Hindu BusinessLine is not The Hindu.
A known name goes on where what follows may belong to it, and ends where the
sentence goes on, or where its newsroom names itself: "Reuters News Agency".
"""
# ruff: noqa: RUF001 - newspapers set curly quotes

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dedupe.clean.credit_patterns import NOT_SOURCES
from dedupe.names import ARTICLES, CAPITALS, SMALL_WORDS, fold

if TYPE_CHECKING:
    from dedupe.names import Names

LONGEST_CREDIT = 80
"""Code points read for the name after a credit's lead-in."""

ROLE = re.compile(
    r"(?:writers?|reporters?|correspondents?|editors?|staff|wire|producers?|columnists?"
    r"|contributors?|newspapers|service)",
    re.IGNORECASE,
)
"""A word by which somebody signs for a newsroom."""

SECOND_PARTS = r"diplomatique|kompakt|hebdo|deportivo|en [Ee]spañol|am (?:Sonntag|Abend)"
"""Words in small letters that end names of papers, and make of one another."""

# What may belong to a name: capitals, after small words or not. "Reuters and Bloomberg" are two.
_GOES_ON = re.compile(
    rf"[ \xa0\n](?:(?:{SECOND_PARTS})\b|(?P<small>(?:(?:{SMALL_WORDS}) )*(?:[dl]['’])?)"
    rf"(?P<word>[{CAPITALS}](?:[\w&'’.-]*[\w&'’-])?))"
)
_AND = re.compile(r"(?:and|the) ")
# Between names that are credited together.
BETWEEN = r"\s*[/+,،、&]\s*|\s+(?:and|with|y|et|und|e|en|og|och|i|و)\s+"
_PARTS = re.compile(rf"{BETWEEN}|-")
# In a sentence, a preposition may follow: "da AFP e da Reuters".
_LINK = re.compile(rf"[\"'”’»]?(?:{BETWEEN})(?:(?:from|da|do|de|von) )?")
# A newsroom's own words: whose name they follow it is.
_ITS_OWN = frozenset({
    "news", "newspaper", "newspapers", "newswire", "newswires", "media", "group", "network",
    "networks", "agency", "service", "services", "company", "co", "inc", "ltd", "limited", "llc",
    "lp", "corp", "corporation", "gmbh", "ag", "sa", "spa", "plc", "online", "digital", "tv",
    "television", "radio", "sport", "sports", "business", "world", "international", "press",
    "magazine", "agencia", "agence", "agenzia", "agentur",
})  # fmt: skip
# Words that may be in capitals, and begin something else.
_ENDS = NOT_SOURCES | frozenset({
    "montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag", "januar",
    "februar", "märz", "mai", "juni", "juli", "oktober", "dezember", "all", "read", "visit", "see",
    "distributed", "published", "copyright", "on", "in", "at", "by", "as", "for", "with", "to",
    "from", "is", "was", "are", "were", "has", "have", "had", "that", "who", "which", "said",
    "says", "report", "reports", "reported",
    # The next sentence.
    "a", "an", "ein", "eine", "un", "una", "une", "he", "she", "it", "they", "we", "you", "but",
    "and", "if", "when", "there", "these", "those",
    # Of rights.
    "tous", "toute", "toutes", "todos", "todas", "tutti", "tutte", "alle", "alla", "wszelkie",
    "všechna", "tüm", "все", "усі", "всі", "rights", "terms", "reproduction", "riproduzione",
    "reproducción", "reprodução", "prohibida", "vervielfältigung", "nachdruck", "unauthorized",
    "droits", "derechos", "direitos", "diritti", "rechte", "nutzung", "any", "no", "not",
    # Pictures.
    "photo", "photos", "photograph", "picture", "pictures", "image", "images", "video", "videos",
    "foto", "fotos", "bild", "bilder", "imagen", "imágenes", "imagem", "фото",
    # What a page asks of its readers, and its footer's links.
    "subscribe", "learn", "click", "sign", "follow", "get", "join", "download", "listen", "watch",
    "continue", "more", "view", "find", "share", "donate", "here", "advertisement", "related",
    "abonnieren", "lesen", "leia", "lea", "leer", "lire", "leggi", "suscríbete", "abonnez-vous",
    "about", "contact", "privacy", "cookie", "cookies", "sitemap", "advertise", "careers",
    "powered", "impressum", "datenschutz",
    # Titles of people.
    "president", "vice", "mr", "mrs", "ms", "dr", "prof", "professor", "sen", "senator", "rep",
    "gov", "governor", "gen", "minister", "ministers", "prime", "premier", "chancellor",
    "secretary", "mayor", "king", "queen", "pope", "sir", "judge", "justice", "police", "officials",
    "präsident", "bundespräsident", "kanzler", "bundeskanzler", "bundeskanzlerin", "ministerin",
    "bürgermeister", "herr", "frau", "papst", "président", "ministre", "monsieur", "madame",
    "presidente", "presidenta", "ministro", "ministra", "alcalde", "papa", "президент", "министр",
})  # fmt: skip
_QUOTES = " .\"'“”‘’«»*_》」《「„\u2039\u203a"
_ARTICLE = re.compile(rf"(?:{ARTICLES}|[oa])\s+|l['’]", re.IGNORECASE)


def leading_name(words: str, names: Names) -> tuple[str | None, int]:
    """Return the known name at the front of some words, and its length; none if it goes on."""
    name, length = longest_name(words, names)
    return (None, 0) if name and goes_on(words, length, names) else (name, length)


def further_names(text: str, start: int, end: int, names: Names) -> tuple[list[str], int]:
    """Return the known names of a list behind its first, which ends at `start`, and its end."""
    found = []
    while link := _LINK.match(text, start, end):
        name, length = leading_name(text[link.end() : min(end, link.end() + LONGEST_CREDIT)], names)
        if not name:
            break
        found.append(name)
        start = link.end() + length
    return found, start


def together(words: str, names: Names) -> list[str]:
    """Return whom some words name, if nobody else: "Reuters", "dpa/AFP", "AFP-Jiji".

    "Web Desk" and "Agencies" beside a name say nothing, and are passed over.
    """
    words = words.strip(" .")
    if name := _known(words, names):
        return [name]
    parts = _PARTS.split(words)
    if len(parts) == 1:
        return []
    silent = names.desks | names.unnamed
    found = [_known(part, names) for part in parts if fold(part) not in silent]
    return list(dict.fromkeys(filter(None, found))) if all(found) else []


def _known(words: str, names: Names) -> str | None:
    bare = words.removeprefix("The ").removeprefix("the ")
    return names.known(words) or (names.known(bare) if bare != words else None)


def longest_name(words: str, names: Names) -> tuple[str | None, int]:
    """Return the longest known name at the front of some words, and its length."""
    lead = len(words) - len(words.lstrip(_QUOTES))
    tokens = list(re.finditer(r"[^\s,;:()|/]+", words[lead : lead + LONGEST_CREDIT]))[:6]
    for last in range(len(tokens), 0, -1):
        piece = words[lead : lead + tokens[last - 1].end()].rstrip(f"{_QUOTES}&")
        bare = _ARTICLE.sub("", piece, count=1) if _ARTICLE.match(piece) else piece
        name = names.known(piece) or names.known(bare.lstrip(_QUOTES))
        if name:
            return name, lead + len(piece)
    return None, 0


def goes_on(words: str, end: int, names: Names) -> bool:
    """Say whether a known name that ends at a place of some words is the front of a longer one."""
    if words[end : end + 1] == "/":
        # "AFP/Reuters" are two; "Reuters/Jane Roe" took a picture.
        return longest_name(words[end + 1 :], names)[0] is None
    after = _GOES_ON.match(words, end)
    while after and (word := after.group("word")):
        folded = word.replace(".", "").strip("'’-").lower()
        if (
            folded in _ENDS
            or ROLE.fullmatch(folded)
            or _AND.match(after.group("small"))
            # "Le Monde Le texte"; "EL MUNDO DE TEHUACÁN" is one name.
            or (folded != "de" and _ARTICLE.match(words, after.start("word")))
        ):
            return False
        if folded not in _ITS_OWN:
            # "Reuters AFP": a list.
            following = words[after.start("word") :]
            return bool(after.group("small")) or longest_name(following, names)[0] is None
        after = _GOES_ON.match(words, after.end())
    return after is not None
