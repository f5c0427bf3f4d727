"""Spellings of news agencies and outlets in, one canonical name out.

    "اے پی پی", "The Associated Press", "cnn.com"  ->  "APP", "AP", "CNN"

A credit names its source as its own newsroom spells it; a member of the
collection is known by its domain. Both come together here: names.json lists
agencies (one canonical English name each), outlets with their domains, aliases
and owners, and the words by which a newsroom credits nobody in particular. A
second file of the same form extends it; both stages that read names, `harvest`
and `attribute`, take what `load_names` returns.
"""

from __future__ import annotations

import functools
import json
import re
import unicodedata
from importlib import resources
from typing import TYPE_CHECKING, Any, NamedTuple

from dedupe.documents import host
from dedupe.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_TOKENS = re.compile(r"\w[\w.]*")
_NOT_LETTERS = re.compile(r"[\W_]+")
_ACCENTED = re.compile("[\u00c0-\u024f\u1e00-\u1eff]")
ARTICLES = "the|el|la|le|les|los|las|der|die|das|den|dem|des|il|lo|het|de"
"""Words that may stand before a name, and begin a sentence."""

SMALL_WORDS = "of|the|and|de|del|du|des|da|do|dos|das|di|della|von|van|der|la|le|los|las|&"
"""Words in small letters within names of papers: not "die" or "el", which rather go on with a
sentence."""

CAPITALS = "".join(filter(str.isupper, map(chr, range(0x2000))))
"""The capital letters of Latin, Greek and Cyrillic, and of scripts near them."""

# Domains leave small words out at times: "guardianlagos" is The Guardian of Lagos.
_SMALL_WORDS = re.compile(
    rf"\b(?:(?:{SMALL_WORDS}|{ARTICLES})\s+|[dl]['\u2019])",
    re.IGNORECASE,
)
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})
_INFLECTED = ("n", "s")
_SECOND_LEVEL = frozenset({"co", "com", "org", "net", "gov", "ac", "edu", "gob", "ebc", "or", "ne"})
# Below four letters a name fits too many domains by chance ("AP" is in "apple").
_SHORTEST_BINDING = 4
# Parents of a domain that are looked up: a source may be a page of dots.
_MOST_PARENTS = 8
# An agency's name of so few letters may be a word, or what a person is called.
_SHORT = 4
_KEYS = ("agencies", "outlets", "unnamed_agencies", "own_desks")
_ENTRY_KEYS = ("name", "spellings", "domains", "owner")
_FORM = (
    '{"agencies": [{"name": "AP", "spellings": ["AP"], "domains": ["ap.org"]}], '
    '"outlets": [{"name": "Pier News", "domains": ["pier.example"], "owner": "Pier Group"}]}'
)


class Names(NamedTuple):
    """Folded spellings and domains, each to its canonical name.

    Attributes:
        agencies: folded spelling of an agency to its name.
        outlets: folded spelling of an outlet to its name.
        domains: domain to the name of its agency or outlet.
        owners: canonical name to the name of its owner, where one is listed.
        spellings: agencies and outlets as their pages spell them.
        listed: every canonical name.
        last_words: lower-case last words of all spellings: a line without one names nobody.
        spelled: canonical name to its spellings.
        collected: letters of the outlets of a collection that are not listed.
        short: those of so few letters that they may be a word.
        held: folded spellings of those of a collection that are.
        chinese: spellings of agencies in Chinese.
        unnamed: folded words that credit agencies without naming one.
        desks: folded words by which a newsroom signs for itself.
    """

    agencies: dict[str, str]
    outlets: dict[str, str]
    domains: dict[str, str]
    owners: dict[str, str]
    spellings: tuple[str, ...]
    listed: frozenset[str]
    last_words: frozenset[str]
    chinese: tuple[str, ...]
    spelled: dict[str, tuple[str, ...]]
    collected: frozenset[str]
    short: frozenset[str]
    held: frozenset[str]
    unnamed: frozenset[str]
    desks: frozenset[str]

    def known(self, spelling: str) -> str | None:
        """Return the canonical name of an agency or outlet, or None.

        Short names of agencies are only known in capitals, or as they are listed: "app" and
        "pa" are words, Ria and Ani are people, and Efe is an agency still.
        """
        folded = fold(spelling)
        if folded in self.agencies:
            return self.agency(spelling)
        return self._collected(spelling) or self.outlets.get(folded)

    def _collected(self, spelling: str) -> str | None:
        """Return the name of an outlet of the collection as it is spelled, or None."""
        if not self.collected or not spelling[:1].isupper():
            return None
        spelling = spelling.removeprefix("The ")
        if not self.collected.isdisjoint(_as_in_domains(spelling)):
            return spelling
        if not spelling.endswith(_INFLECTED):
            return None
        # "des Altenroder Boten", "the Courier's"; of one word, "Couriers" are people.
        stem = spelling[:-1].rstrip("'\u2019")
        may_be = " " in stem or len(stem) < len(spelling) - 1
        return stem if may_be and not self.collected.isdisjoint(_as_in_domains(stem)) else None

    def of_collection(self, spelling: str) -> str | None:
        """Return the name of an outlet of the collection, however short, or None.

        For where names stand, and words do not.
        """
        return self._collected(spelling) or (spelling if fold(spelling) in self.short else None)

    def collecting(self, sources: Iterable[str | None]) -> Names:
        """Know the outlets of a collection too, by the letters of their names or domains."""
        given = [source for source in sources if source]
        labels = {main_label(source) for source in given if not self.of_domain(source)}
        labels -= self.outlets.keys() | self.agencies.keys()
        held = {name for source in given if (name := self.of_domain(source) or self.known(source))}
        return self._replace(
            held=frozenset(
                folded
                for spellings in (self.agencies, self.outlets)
                for folded, name in spellings.items()
                if name in held
            ),
            collected=frozenset(label for label in labels if len(label) > _SHORTEST_BINDING),
            short=frozenset(label for label in labels if 1 < len(label) <= _SHORTEST_BINDING),
        )

    def knowing(self, outlets: Iterable[str]) -> Names:
        """Know some outlets more, as they are spelled."""
        return self._replace(outlets=self.outlets | {fold(name): name for name in outlets})

    def agency(self, spelling: str) -> str | None:
        """Return the canonical name of an agency, or None."""
        folded = fold(spelling)
        name = self.agencies.get(folded)
        if name and len(folded) <= _SHORT and folded.isascii():
            plain = spelling.strip(" .")
            return name if plain.isupper() or plain in self.spellings else None
        return name

    def holds_agency(self, found: Iterable[str]) -> bool:
        """Say whether one of some canonical names is an agency's."""
        return any(name in self.agencies.values() for name in found)

    def is_listed(self, name: str) -> bool:
        """Say whether a canonical name is one of names.json."""
        return name in self.listed

    def one_owner(self, one: str, other: str) -> bool:
        """Say whether two canonical names belong to one owner, and are not one outlet."""
        owner = self.owners.get(one)
        return owner is not None and one != other and owner == self.owners.get(other)

    def outlet(self, source: str | None, url: str | None = None) -> str | None:
        """Return the displayed name of a document's outlet, or None.

        The longest domain of names.json that ends the host wins; a source that
        is no domain is looked up as a spelling, and else stands as it is.
        """
        for place in (source, host(url)):
            if not place:
                continue
            domain = host(place) if "." in place and " " not in place.strip() else None
            if domain is None:
                return self.known(place) or place
            return self.of_domain(domain) or domain
        return None

    def of_domain(self, domain: str) -> str | None:
        """Return the name that owns a domain or one of its parents, or None."""
        labels = domain.lower().rsplit(".", _MOST_PARENTS)
        for first in range(len(labels) - 1):
            name = self.domains.get(".".join(labels[first:]))
            if name:
                return name
        return None

    def of_site(self, place: str | None) -> str | None:
        """Return the outlet of a host, if it is listed or of the collection, or None."""
        if not place or "." not in place:
            return None
        return self.of_domain(place) or (place if main_label(place) in self.collected else None)

    def same(self, credited: str, outlet: str, domain: str | None = None) -> bool:
        """Say whether a credited name is this outlet.

        True for the same canonical name, the credited name's own domain, or
        letters that match those of the outlet or its domain: "Harborlight" is
        harborlightnow.com, "Cedar Ledger" is cedarledger.com, "La Dépêche d'Orens"
        is ladepechedorens.com.
        """
        name = self.known(credited) or credited
        if name == outlet:
            return True
        if "." in credited and " " not in credited:
            return (self.of_domain(credited) or main_label(credited)) in (
                outlet,
                main_label(outlet),
                main_label(domain or ""),
            )
        if outlet in self.listed:
            return False
        letters = fold(name).removeprefix("the")
        return any(
            _letters_match(letters, label) or label in _as_in_domains(name)
            for label in (main_label(place) for place in (outlet, domain) if place)
        )


def _letters_match(letters: str, label: str) -> bool:
    if letters == label:
        return True
    if len(letters) < _SHORTEST_BINDING or len(label) < _SHORTEST_BINDING:
        return False
    # "star" begins "startribune" and is not it: half of the label must agree.
    return label.startswith(letters) and 2 * len(letters) >= len(label)


@functools.lru_cache(maxsize=65_536)
def fold(spelling: str) -> str:
    """Keep letters and digits, in lower case, without accents: how two spellings are compared.

    Only Western letters lose them: in other scripts a mark makes another letter.
    """
    if not spelling.isascii():
        spelling = _ACCENTED.sub(lambda one: unicodedata.normalize("NFD", one[0])[0], spelling)
    return _NOT_LETTERS.sub("", spelling).casefold()


@functools.lru_cache(maxsize=65_536)
def _as_in_domains(name: str) -> frozenset[str]:
    """Return the letters of a name as a domain may spell them, none of them too few."""
    ways = {name, name.translate(_UMLAUTS)}
    ways |= {_SMALL_WORDS.sub("", way) for way in ways}
    ways |= {_SMALL_WORDS.sub("", way, count=1) for way in ways if _SMALL_WORDS.match(way)}
    letters = {fold(way).removeprefix("the") for way in ways}
    return frozenset(one for one in letters if len(one) > _SHORTEST_BINDING)


def main_label(domain: str) -> str:
    """Return the letters of a domain's own label: "cedarledger" of news.cedarledger.com."""
    labels = domain.lower().split("/")[0].removeprefix("www.").split(".")
    if len(labels) == 1:
        return fold(domain).removeprefix("the")
    if len(labels) > 2 and labels[-2] in _SECOND_LEVEL:
        labels = labels[:-1]
    return fold(labels[-2]).removeprefix("the")


@functools.cache
def default_names() -> Names:
    """Return the names that ship with the package."""
    return _build([_shipped()])


def load_names(path: Path) -> Names:
    """Extend the names that ship with the package by a file of the same form.

    Raises:
        OSError: the file cannot be read.
        InputError: it is not JSON, or not of the form of names.json.
    """
    return _extended(path, path.read_bytes())


@functools.lru_cache(maxsize=1)
def _extended(path: Path, content: bytes) -> Names:
    """Return what a file of names adds to those of the package: asked again for every few pairs."""
    try:
        data = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not JSON ({error}); mend it, or see {_FORM}") from error
    fault = _fault(data)
    if fault:
        raise InputError(f"{path}: {fault}; write {_FORM}")
    return _build([_shipped(), data])


def _fault(data: Any) -> str | None:
    """Return what keeps parsed JSON from being a file of names, or None."""
    if not isinstance(data, dict):
        return "not an object"
    for key, values in data.items():
        if key not in _KEYS:
            return f'unknown key "{key}"; known: {", ".join(_KEYS)}'
        if not isinstance(values, list):
            return f'"{key}" is no list'
        if key in ("agencies", "outlets"):
            found = next(filter(None, map(_entry_fault, values)), None)
        else:
            found = _words_fault(values)
        if found:
            return f'"{key}": {found}'
    return None


def _entry_fault(entry: Any) -> str | None:
    if not isinstance(entry, dict):
        return f"{entry!r} is no object"
    shown = repr(entry.get("name", entry))
    for key, value in entry.items():
        if key not in _ENTRY_KEYS:
            return f'unknown key "{key}" in {shown}; known: {", ".join(_ENTRY_KEYS)}'
        listed = value if key in ("spellings", "domains") else [value]
        found = _words_fault(listed) if isinstance(listed, list) else "no list"
        if found:
            return f'"{key}" of {shown}: {found}'
    return None if "name" in entry else f'no "name" in {shown}'


def _words_fault(words: list[Any]) -> str | None:
    """Return why one of some names names nothing: "the" alone is left out of every name."""
    for word in words:
        if not isinstance(word, str) or not fold(word).removeprefix("the"):
            return f"{word!r} names nothing"
    return None


def _shipped() -> dict[str, Any]:
    text = resources.files("dedupe").joinpath("names.json").read_text(encoding="utf-8")
    shipped: dict[str, Any] = json.loads(text)
    return shipped


def _build(files: list[dict[str, Any]]) -> Names:
    agencies: dict[str, str] = {}
    outlets: dict[str, str] = {}
    entries = []
    spelled: dict[str, tuple[str, ...]] = {}
    for data in files:
        for key, folded in (("agencies", agencies), ("outlets", outlets)):
            for entry in data.get(key, ()):
                entries.append(entry)
                folded |= {fold(spelling): entry["name"] for spelling in entry.get("spellings", ())}
                known = (*spelled.get(entry["name"], ()), *entry.get("spellings", ()))
                spelled[entry["name"]] = tuple(dict.fromkeys(known))
    spellings = [spelling for entry in entries for spelling in entry.get("spellings", ())]
    return Names(
        agencies=agencies,
        outlets=outlets,
        domains={domain: entry["name"] for entry in entries for domain in entry.get("domains", ())},
        owners={entry["name"]: entry["owner"] for entry in entries if entry.get("owner")},
        spellings=tuple(dict.fromkeys(spellings)),
        listed=frozenset(entry["name"] for entry in entries),
        last_words=frozenset(last_word(spelling).lower() for spelling in spellings),
        chinese=tuple(word for word in agencies if "\u4e00" <= word[0] <= "\u9fff"),
        spelled=spelled,
        collected=frozenset(),
        short=frozenset(),
        held=frozenset(),
        unnamed=_folded(files, "unnamed_agencies"),
        desks=_folded(files, "own_desks"),
    )


def _folded(files: list[dict[str, Any]], key: str) -> frozenset[str]:
    return frozenset(fold(word) for data in files for word in data.get(key, ()))


def last_word(spelling: str) -> str:
    """Return the last word of a name, which a line that signs with it must hold."""
    word: str = _TOKENS.findall(spelling)[-1]
    return word
