"""By whom and when documents were published, as far as stages before attribution ask.

documents table  ->  published_by()  ->  Published
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe.clean.furniture import outlet_numbers

if TYPE_CHECKING:
    from collections.abc import Collection

    import pyarrow as pa
    from numpy.typing import NDArray

NO_CLOCK = np.iinfo(np.int64).min
"""What NumPy makes of a null of Arrow."""


class Published(NamedTuple):
    """By whom and when documents were published.

    Shapes (D documents)
        outlets       uint64 (D,)  the number of each one's outlet; 0 where unknown
        starts, ends  int64  (D,)  microseconds since 1970 that enclose its clock; NO_CLOCK
                                   where unknown
    """

    outlets: NDArray[np.uint64]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]

    def n_outlets(self, rows: Collection[int]) -> int:
        """Return how many outlets documents are of; those of unknown ones count as of one."""
        return len(set(self.outlets[list(rows)].tolist()))

    def of(self, rows: NDArray[np.int64]) -> Published:
        """Return the same for some documents."""
        return Published(self.outlets[rows], self.starts[rows], self.ends[rows])

    def precedence(
        self, text_hashes: NDArray[np.uint64], n_words: NDArray[np.int32]
    ) -> NDArray[np.int64]:
        """Return the place of each document among all, the earliest first, int64 (D,).

        Those of unknown clock come last. Of one clock outlet, length and text decide, the
        longest first, and only between documents that agree in all of these the row: what an
        id is must tell nothing.

        Args:
            text_hashes: of their folded words, uint64 (D,).
            n_words: how many words each has, int32 (D,).
        """
        starts, ends = (
            np.where(clock == NO_CLOCK, np.iinfo(np.int64).max, clock)
            for clock in (self.starts, self.ends)
        )
        # An arbitrary order, but one that any machine agrees on.
        outlets = self.outlets.byteswap()
        place = np.empty(len(starts), np.int64)
        place[np.lexsort((text_hashes, -n_words, outlets, ends, starts))] = np.arange(len(place))
        return place


def published_by(documents: pa.Table) -> Published:
    """Read from a table of `documents.SCHEMA` by whom and when each was published."""
    starts, ends = (
        documents.column(name).to_numpy().view(np.int64)
        for name in ("published", "published_until")
    )
    return Published(outlet_numbers(documents), starts, ends)
