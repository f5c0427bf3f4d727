"""Outlets, texts and clocks of a collection, looked up only where a story needs them.

    documents table  ->  Pages

A clock is an interval. A page existed by the time it was fetched, so that
moment bounds its publication from above; a page that claims to appear later
than it was seen has a broken clock, and its claim is void.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.attribute.names import main_label
from dedupe.documents import host

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from dedupe.attribute.names import Names

NEVER = np.iinfo(np.int64).min
"""Stands for an unknown moment, in microseconds since 1970."""

# Clocks of two machines differ; a claim this much later than the sighting is broken.
_CLOCK_SLACK = 15 * 60 * 1_000_000


class Pages:
    """The documents table as attribution reads it.

    Shapes (D documents), all int64 microseconds since 1970, NEVER where unknown
        earliest   first moment the page may have appeared, by its own claim
        latest     last moment it may have appeared, by claim or sighting
        seen       when it was fetched, at the latest
    """

    def __init__(self, documents: pa.Table, names: Names) -> None:
        """Read the clocks of every document.

        Args:
            documents: a table of `documents.SCHEMA`.
            names: agencies and outlets to know.
        """
        self._columns = {
            name: documents.column(name).combine_chunks()
            for name in ("id", "source", "url", "text")
        }
        self._names = names
        self._sources: dict[str, tuple[str | None, str | None]] = {}
        claimed, claimed_until = (
            _moments(documents, name) for name in ("published", "published_until")
        )
        first_seen, self.seen = (_moments(documents, name) for name in ("fetched", "fetched_until"))
        void = (claimed != NEVER) & (self.seen != NEVER) & (claimed > self.seen + _CLOCK_SLACK)
        self.void = void
        self.earliest = np.where(void, NEVER, claimed)
        until = np.where(void, NEVER, claimed_until)
        both = (until != NEVER) & (self.seen != NEVER)
        self.latest = np.where(both, np.minimum(until, self.seen), np.maximum(until, self.seen))
        self.first_seen = first_seen

    def _value(self, column: str, row: int) -> str | None:
        value: str | None = self._columns[column][row].as_py()
        return value

    def id(self, row: int) -> str:
        """Return the id of a document."""
        return self._value("id", row) or ""

    def text(self, row: int) -> str:
        """Return the text as given."""
        return self._value("text", row) or ""

    def outlet(self, row: int) -> str | None:
        """Return the displayed name of a document's outlet."""
        return self._whose(row)[0]

    def label(self, row: int) -> str:
        """Return the outlet's name, or the document's id where it has none."""
        return self.outlet(row) or self.id(row)

    def source(self, row: int) -> str | None:
        """Return the outlet as given."""
        return self._value("source", row)

    def unlisted_labels(self) -> dict[str, str]:
        """Return the letters of each source that names.json does not list, with the source."""
        sources = [source for source in self._columns["source"].unique().to_pylist() if source]
        return {
            main_label(source): source
            for source in sorted(sources)
            if "." in source and not self._names.of_domain(source)
        }

    def learn(self, source: str | None, name: str) -> None:
        """Call a source that has no name but its domain by a name that pages give it."""
        if source is None or "." not in source or "." in name:
            return
        domain = host(source)
        outlet, _ = self._sources.get(source) or (self._names.outlet(source), domain)
        if outlet == domain:
            self._sources[source] = (name, domain)

    def is_outlet(self, row: int, name: str, names: Names) -> bool:
        """Say whether `name` is this document's outlet."""
        outlet, domain = self._whose(row)
        return outlet is not None and names.same(name, outlet, domain)

    def _whose(self, row: int) -> tuple[str | None, str | None]:
        """Return the outlet's name and its domain; most sources recur, so both are kept."""
        source = self._value("source", row)
        if source is None:
            url = self._value("url", row)
            return self._names.outlet(None, url), host(url)
        if source not in self._sources:
            outlet = self._names.outlet(source)
            self._sources[source] = (outlet, host(source) if "." in source else None)
        outlet, domain = self._sources[source]
        return outlet, domain or host(self._value("url", row)) or source


def _moments(documents: pa.Table, name: str) -> NDArray[np.int64]:
    import pyarrow as pa
    import pyarrow.compute as pc

    column = documents.column(name).cast(pa.int64())
    moments: NDArray[np.int64] = pc.fill_null(column, int(NEVER)).to_numpy()
    return moments
