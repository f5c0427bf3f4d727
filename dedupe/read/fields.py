"""Whatever a record calls its fields, under the names of `Document`.

    {"headline": ..., "maintext": ..., "date_publish": ...}
        ->  title, text, published

Names are compared without case, spaces and punctuation: `publishedAt`,
`published_at` and `Published At` are one. Of several names for one field the
first in the order below that is there and not empty wins. A name the user gives
for a field replaces all of them; one with dots leads into nested objects.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from dedupe.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

COMMON_NAMES: dict[str, tuple[str, ...]] = {
    "id": (
        "id", "_id", "doc_id", "document_id", "article_id", "docid", "guid", "uuid", "uid",
        "identifier",
    ),
    "text": (
        "text", "body", "content", "maintext", "main_text", "article_text", "article_body",
        "body_text", "full_text", "plain_text", "raw_text", "clean_text", "cleaned_text", "story",
        "article",
    ),
    "html": ("html", "raw_html", "page_html", "body_html", "content_html"),
    "title": ("title", "headline", "head_line", "page_title", "heading"),
    "url": ("url", "link", "uri", "href", "permalink", "page_url", "article_url"),
    "canonical": ("canonical", "canonical_url", "canonical_link", "original_url"),
    "source": (
        "source", "publisher", "source_name", "source_domain", "domain", "outlet", "site",
        "site_name", "publication", "newspaper", "hostname", "host", "provider", "media",
    ),
    "byline": ("byline", "author", "authors", "author_name", "writer", "creator", "by"),
    "published": (
        "published", "date", "date_publish", "date_published", "published_at", "published_date",
        "publish_date", "publication_date", "published_time", "published_on", "pub_date",
        "datetime", "timestamp", "time", "created_at", "date_created",
    ),
    "fetched": (
        "fetched", "date_download", "scrape_time", "fetched_at", "download_date", "downloaded_at",
        "crawled", "crawled_at", "crawl_date", "date_crawled", "scraped", "scraped_at",
        "scrape_date", "retrieved", "retrieved_at", "date_retrieved", "accessed", "seen_date",
    ),
    "language": ("language", "lang", "language_code", "lang_code", "locale"),
}  # fmt: skip
"""Field of a document to the names it goes by, the preferred first."""

PAGE = "\0page"
"""Key under which a record keeps what was extracted from its HTML."""

# Names of fields in one message.
_LONGEST_LISTING = 20
# Sets of keys whose paths are remembered: records of one input mostly have the same few.
_MOST_PLANS = 64

Path = tuple[str, ...]


class FieldNames:
    """Finds the fields of documents in records.

    Args:
        given: field of a document to the name it has in the records.

    Raises:
        InputError: `given` names a field that documents do not have.
    """

    def __init__(self, given: Mapping[str, str]) -> None:
        for field in given:
            if field not in COMMON_NAMES:
                raise InputError(
                    f'a document has no field "{field}"; its fields: {", ".join(COMMON_NAMES)}'
                )
        self.given = dict(given)
        self._plans: dict[frozenset[str], dict[str, list[Path]]] = {}

    def paths(self, field: str, keys: frozenset[str]) -> list[Path]:
        """Return the paths that may hold `field` in records of these keys, best first."""
        plan = self._plans.get(keys)
        if plan is None:
            if len(self._plans) == _MOST_PLANS:
                self._plans.clear()
            plan = {name: self._find(name, keys) for name in COMMON_NAMES}
            self._plans[keys] = plan
        return plan[field]

    def column(
        self, field: str, records: Sequence[Mapping[str, Any]], keys: frozenset[str]
    ) -> list[Any]:
        """Return the value of `field` of each record; None where there is none.

        `keys` are all keys of all the records.
        """
        paths = self.paths(field, keys)
        if not paths:
            return [None] * len(records)
        values = _follow(paths[0], records)
        for path in paths[1:]:
            if not any(value is None or _is_empty(value) for value in values):
                break
            others = _follow(path, records)
            values = [
                other if _prefers(other, value) else value
                for value, other in zip(values, others, strict=True)
            ]
        return values

    def of_one(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields that one record has, by the names of `Document`, and `html`."""
        keys = frozenset(record)
        found = {field: self.column(field, [record], keys)[0] for field in COMMON_NAMES}
        return {field: value for field, value in found.items() if value is not None}

    def has_text(self, keys: frozenset[str]) -> bool:
        """Tell whether records of these keys can hold a text or a page."""
        return bool(self.paths("text", keys) or self.paths("html", keys))

    def missing_text(self, keys: Collection[str]) -> str:
        """Say that records of these keys hold no text, and what they hold."""
        wanted = f'"{self.given["text"]}" for the text' if "text" in self.given else "text"
        return f"no field {wanted}; the fields are: {listing(keys)}"

    def _find(self, field: str, keys: frozenset[str]) -> list[Path]:
        given = self.given.get(field)
        found = _common_paths(field, keys) if given is None else _given_paths(given, keys)
        return [*found, (PAGE, field)] if PAGE in keys else found


def _common_paths(field: str, keys: frozenset[str]) -> list[Path]:
    by_name: dict[str, list[Path]] = {}
    for key in sorted(keys):
        by_name.setdefault(_folded(key), []).append((key,))
    names = dict.fromkeys(map(_folded, COMMON_NAMES[field]))
    return [path for name in names for path in by_name.get(name, ())]


def distinct_names(names: Iterable[str]) -> list[str]:
    """Return the names of columns; one that comes again is told apart by its place."""
    distinct: dict[str, None] = {}
    for place, given in enumerate(names, start=1):
        name = given
        while name in distinct:
            name = f"{name} ({place})"
        distinct[name] = None
    return list(distinct)


def listing(keys: Collection[str]) -> str:
    """Return names as one line fit for a message."""
    shown = [_printable(key) for key in sorted(keys) if key != PAGE]
    more = len(shown) - _LONGEST_LISTING
    return ", ".join(shown[:_LONGEST_LISTING]) + (f" and {more} more" if more > 0 else "") or "none"


def _printable(key: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in key[:60])


def _folded(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).casefold()


def _given_paths(name: str, keys: frozenset[str]) -> list[Path]:
    """Resolve a name the user gave: as it stands, as a path, or in another case."""
    if name in keys:
        return [(name,)]
    steps = tuple(name.split("."))
    if len(steps) > 1 and steps[0] in keys:
        return [steps]
    return [(key,) for key in sorted(keys) if key.casefold() == name.casefold()]


def _follow(path: Path, records: Sequence[Mapping[str, Any]]) -> list[Any]:
    values = [record.get(path[0]) for record in records]
    for step in path[1:]:
        values = [value.get(step) if isinstance(value, dict) else None for value in values]
    return values


def _is_empty(value: Any) -> bool:
    return isinstance(value, (str, list, dict, bytes)) and not value


def _prefers(other: Any, value: Any) -> bool:
    """Tell whether a later name's value should stand in for an earlier one's."""
    if value is None:
        return other is not None
    return _is_empty(value) and other is not None and not _is_empty(other)
