"""Outlets, texts and clocks of a collection, looked up only where a story needs them.

    documents table  ->  Pages

A clock is an interval. A page existed by the time it was fetched, so that
moment bounds its publication from above; a page that claims to appear later
than it was seen has a broken clock, and its claim is void.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.arrays.spill import MEMORY
from dedupe.documents import host, one_array, stated, text_bytes
from dedupe.names import main_label

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from dedupe.arrays.spill import Spill
    from dedupe.clean.clue import Clue
    from dedupe.names import Names

NEVER = np.iinfo(np.int64).min
"""Stands for an unknown moment, in microseconds since 1970."""

# Clocks of two machines differ; a claim this much later than the sighting is broken. With 7 or
# 30 minutes no origin changes (benchmarks/origins.py).
_CLOCK_SLACK = 15 * 60 * 1_000_000
# One story after another is told, and its evidence quotes a few texts again and again.
_MOST_TEXTS = 16
# Clues of fields, by kind: the column, and what it is called; so many code points are shown.
_FIELDS = {"byline": ("byline", "byline"), "pointer": ("canonical", "canonical address")}
_MOST_SHOWN = 80
_LOOK_EVERY = 64
"""Texts between two looks at memory: where they wait in a mapped file, one brings 64 KB of those
beside it."""


class Pages:
    """The documents table as attribution reads it.

    Shapes (D documents), all int64 microseconds since 1970, NEVER where unknown
        earliest   first moment the page may have appeared, by its own claim
        latest     last moment it may have appeared, by claim or sighting
        seen       when it was fetched, at the latest
        claimed, claimed_until    as the page says, broken or not
        stated     the one moment the page names, read as UTC, broken or not
    """

    def __init__(self, documents: pa.Table, names: Names, spill: Spill = MEMORY) -> None:
        """Read the clocks of every document.

        Args:
            documents: a table of `documents.SCHEMA`.
            names: agencies and outlets to know.
            spill: where texts wait that memory does not hold.
        """
        self._spill, self._n_texts_read = spill, 0
        self._columns = {
            name: one_array(documents.column(name))
            for name in ("id", "source", "url", "text", "title", "byline", "canonical")
        }
        self._names = names
        self._ids: dict[int, str] = {}
        self._texts: dict[int, str] = {}
        encoded = self._columns["source"].dictionary_encode()
        # Most sources recur: each is looked up once, and a document knows its place.
        self._sources: list[str] = encoded.dictionary.to_pylist()
        self._place = {source: place for place, source in enumerate(self._sources)}
        self._source_of = encoded.indices.fill_null(-1).to_numpy()
        self._outlets = [
            (names.outlet(source), host(source) if "." in source else None)
            for source in self._sources
        ]
        self._same: dict[tuple[str, str, str | None], bool] = {}
        claimed, claimed_until, seen = (
            _moments(documents.column(name))
            for name in ("published", "published_until", "fetched_until")
        )
        void = (claimed != NEVER) & (seen != NEVER) & (claimed > seen + _CLOCK_SLACK)
        until = np.where(void, NEVER, claimed_until)
        both = (until != NEVER) & (seen != NEVER)
        latest = np.where(both, np.minimum(until, seen), np.maximum(until, seen))
        self.claimed, self.claimed_until = claimed, claimed_until
        self.stated = _moments(stated(documents))
        self.earliest, self.latest, self.seen = np.where(void, NEVER, claimed), latest, seen

    def _value(self, column: str, row: int) -> str | None:
        value: str | None = self._columns[column][row].as_py()
        return value

    def hold(self, rows: NDArray[np.int64]) -> list[str]:
        """Look up the ids of some documents at once, keep them at hand, and return them."""
        ids: list[str] = self._columns["id"].take(rows).to_pylist()
        self._ids = dict(zip(rows.tolist(), ids, strict=True))
        return ids

    def is_moment(self, row: int) -> bool:
        """Say whether a document's clock is one moment, and not a day or more."""
        return bool(self.earliest[row] == self.latest[row])

    def outlet_numbers(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return a number for the name of each document's outlet, -1 where it has none."""
        number: dict[str, int] = {}
        by_source = [
            -1 if outlet is None else number.setdefault(outlet, len(number))
            for outlet, _ in self._outlets
        ]
        places = self._source_of[rows]
        found: NDArray[np.int64] = np.array([*by_source, -1], np.int64)[places]
        for at in np.flatnonzero(places < 0).tolist():
            outlet = self.outlet(int(rows[at]))
            if outlet is not None:
                found[at] = number.setdefault(outlet, len(number))
        return found

    def id(self, row: int) -> str:
        """Return the id of a document."""
        return self._ids.get(row) or self._value("id", row) or ""

    def text(self, row: int) -> str:
        """Return the text as given; the last few are at hand."""
        if row not in self._texts:
            if len(self._texts) >= _MOST_TEXTS:
                self._texts.clear()
            if self._n_texts_read % _LOOK_EVERY == 0:
                self._spill.look()
            self._n_texts_read += 1
            self._texts[row] = self._value("text", row) or ""
        return self._texts[row]

    def field(self, name: str, row: int) -> str | None:
        """Return the title, byline or canonical address of a document."""
        return self._value(name, row)

    def beside(self, row: int, clue: Clue) -> str:
        """Return what to say of a clue that stands in no text: its field, and the words there."""
        if clue.start >= 0 or clue.kind not in _FIELDS:
            return ""
        field, called = _FIELDS[clue.kind]
        words = " ".join((self.field(field, row) or "").split())
        shown = words if len(words) <= _MOST_SHOWN else f"{words[:_MOST_SHOWN]}…"
        return f' in its {called}, "{shown}"'

    def text_bytes(self) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """Return all texts, UTF-8, and where each begins: see `documents.text_bytes`."""
        import pyarrow as pa

        return text_bytes(pa.table({"text": self._columns["text"]}))

    def address(self, row: int) -> str | None:
        """Return where a page was found, as `plain_address` writes it."""
        url = self._value("url", row)
        return plain_address(url) if url else None

    def outlet(self, row: int) -> str | None:
        """Return the displayed name of a document's outlet."""
        place = self._source_of[row]
        return self._outlets[place][0] if place >= 0 else self._whose(row)[0]

    def domain(self, row: int) -> str | None:
        """Return the domain of a document's outlet, or its source as given."""
        return self._whose(row)[1]

    def label(self, row: int) -> str:
        """Return the outlet's name, or the document's id where it has none."""
        return self.outlet(row) or self.id(row)

    def source(self, row: int) -> str | None:
        """Return the outlet as given."""
        return self._value("source", row)

    def unlisted_labels(self) -> dict[str, str]:
        """Return the letters of each source that names.json does not list, with the source."""
        return {
            main_label(source): source
            for source in sorted(filter(None, self._sources))
            if "." in source and not self._names.of_domain(source)
        }

    def has_nameless(self) -> bool:
        """Say whether a source has no name but its domain, so that one can be learned."""
        return any(
            "." in source and outlet == domain
            for source, (outlet, domain) in zip(self._sources, self._outlets, strict=True)
        )

    def learn(self, source: str, name: str) -> None:
        """Call a source that has no name but its domain by a name that pages give it."""
        if "." not in source or "." in name:
            return
        place = self._place[source]
        outlet, domain = self._outlets[place]
        if outlet == domain:
            self._outlets[place] = (name, domain)

    def is_outlet(self, row: int, name: str, names: Names) -> bool:
        """Say whether `name` is this document's outlet."""
        outlet, domain = self._whose(row)
        if outlet is None:
            return False
        key = (name, outlet, domain)
        if key not in self._same:
            self._same[key] = names.same(*key)
        return self._same[key]

    def _whose(self, row: int) -> tuple[str | None, str | None]:
        """Return the name of a document's outlet, and its domain."""
        place = self._source_of[row]
        if place < 0:
            url = self._value("url", row)
            return (self._names.outlet(None, url), host(url)) if url else (None, None)
        outlet, domain = self._outlets[place]
        return outlet, domain or host(self._value("url", row)) or self._sources[place]


def _moments(column: pa.Array | pa.ChunkedArray) -> NDArray[np.int64]:
    import pyarrow as pa
    import pyarrow.compute as pc

    moments: NDArray[np.int64] = pc.fill_null(column.cast(pa.int64()), int(NEVER)).to_numpy()
    return moments


def plain_address(url: str) -> str:
    """Return an address without what differs from copy to copy: scheme, "www.", query, slash."""
    place = url.partition("://")[2] or url
    for mark in "?#":
        place = place.partition(mark)[0]
    return place.removeprefix("www.").rstrip("/.,;").lower()
