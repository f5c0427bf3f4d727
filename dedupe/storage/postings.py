"""All segments and the newest postings, asked as one.

    keys  ->  Postings.find()  ->  Found: how many documents hold each, and which

The newest postings are in memory (their rows in the catalogue make them
durable); sorted pieces of about equal size are joined as they come, so there
are never more than a few.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe.storage.segments import ABOUT, Hits, Segment, SegmentWriter, span_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dedupe.storage.folder import Folder
    from dedupe.storage.segments import Name

HUBS = 3
"""Documents that a key with more than its cap of them still leads to: its oldest."""


class Found(NamedTuple):
    """What was found under N keys.

    Shapes (N keys, H postings read)
        counts     int64 (N,)  documents that hold each key
        key        int64 (H,)  place in the keys asked for
        document   int64 (H,)  number of a document that holds it
    """

    counts: NDArray[np.int64]
    key: NDArray[np.int64]
    document: NDArray[np.int64]


class Tail(NamedTuple):
    """The newest postings, in memory; never changed, so that a failed commit leaves no trace.

    Attributes:
        first: number of the first document.
        about: `ABOUT` of each.
        pieces: sorted postings, documents counted from the first.
    """

    first: int
    about: NDArray[np.void]
    pieces: tuple[NDArray[np.uint64], ...] = ()

    @classmethod
    def empty(cls, first: int) -> Tail:
        """Return a tail without documents."""
        return cls(first, np.zeros(0, ABOUT))

    def with_next(self, postings: NDArray[np.uint64], about: NDArray[np.void]) -> Tail:
        """Add the next documents; their postings count them from the first of these."""
        pieces = [*self.pieces, postings + np.uint64(len(self.about))]
        while len(pieces) > 1 and len(pieces[-2]) < 2 * len(pieces[-1]):
            last = pieces.pop()
            pieces[-1] = merged([pieces[-1], last])
        return Tail(self.first, np.concatenate([self.about, about]), tuple(pieces))

    def postings(self) -> NDArray[np.uint64]:
        """Return all postings, sorted."""
        return merged([np.zeros(0, np.uint64), *self.pieces])

    def parts(self) -> list[_Piece]:
        """Return the pieces, asked like segments."""
        return [_Piece(self.first, piece) for piece in self.pieces]


class _Piece(NamedTuple):
    """Sorted postings in memory, asked like a segment."""

    first: int
    sorted: NDArray[np.uint64]

    def hits(self, keys: NDArray[np.uint64]) -> Hits:
        from dedupe.kernels import postings as kernels

        found = np.empty((3, len(keys)), np.int64)
        n_hits = kernels.fill_hits(self.sorted, keys, *found)
        return Hits(*found[:, :n_hits])

    def documents(self, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.int64]:
        from dedupe.kernels import postings as kernels

        out = np.empty(int((ends - starts).sum()), np.int64)
        kernels.fill_packed_documents(self.sorted, starts, ends, out)
        return out + self.first


class Postings:
    """Postings of a whole index.

    Args:
        folder: the index.
        names: its segments, by first document.
        tail: the newest postings.
    """

    def __init__(self, folder: Folder, names: list[Name], tail: Tail) -> None:
        self._folder = folder
        self.segments = [Segment(folder, name) for name in names]
        self.tail = tail

    def find(
        self,
        keys: NDArray[np.uint64],
        caps: NDArray[np.int64] | int,
        minutes: tuple[int, int] | None = None,
    ) -> Found:
        """Look keys up; one that more than its cap of documents hold leads to a few, the oldest.

        The work is bounded: a search in each segment for each key, and at most
        the cap of postings read.

        Args:
            keys: uint64 (N,).
            caps: int64 (N,), or one for all.
            minutes: the earliest and the latest clock of interest; segments without any
                document between them are not searched, and a key above its cap leads to the
                newest few, for the oldest may lie too far back.

        Raises:
            CorruptIndexError: a block that is needed has changed.
        """
        order, wanted = sorted_keys(keys)
        parts = [(part, part.hits(wanted)) for part in self._parts(minutes)]
        parts = [(part, hits) for part, hits in parts if len(hits.key)]
        newest_first = minutes is not None
        if newest_first:
            parts.reverse()
        counts = np.zeros(len(keys), np.int64)
        for _, hits in parts:
            counts[hits.key] += hits.ends - hits.starts
        limits = caps if isinstance(caps, int) else caps[order]
        left = np.where(counts > limits, np.minimum(HUBS, limits), counts)
        places, documents = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        for part, (key, starts, ends) in parts:
            taken = np.minimum(ends - starts, left[key])
            left[key] -= taken
            if taken.any():
                firsts = ends - taken if newest_first else starts
                documents.append(part.documents(firsts, firsts + taken))
                places.append(np.repeat(order[key], taken))
        given = np.empty_like(counts)
        given[order] = counts
        return Found(given, np.concatenate(places), np.concatenate(documents))

    def _parts(self, minutes: tuple[int, int] | None) -> list[Segment | _Piece]:
        newest = self.tail.parts()
        if minutes is None:
            return [*self.segments, *newest]
        low, high = minutes

        def concerns(span: tuple[int, int]) -> bool:
            return span[0] <= high and span[1] >= low

        some = [segment for segment in self.segments if concerns(segment.minutes)]
        return [*some, *(newest if concerns(span_of(self.tail.about)) else ())]

    def share_within(self, minutes: tuple[int, int] | None) -> float:
        """Return the share of all documents that stand in the parts searched."""
        sizes = [(segment.minutes, len(segment.about)) for segment in self.segments]
        sizes.append((span_of(self.tail.about), len(self.tail.about)))
        n_docs = sum(n for _, n in sizes)
        if minutes is None or not n_docs:
            return 1.0
        low, high = minutes
        return sum(n for (first, last), n in sizes if first <= high and last >= low) / n_docs

    def about(self, numbers: NDArray[np.int64]) -> NDArray[np.void]:
        """Return `ABOUT` of documents by number."""
        out = np.zeros(len(numbers), ABOUT)
        tables = [(segment.name.first, segment.about) for segment in self.segments]
        tables.append((self.tail.first, self.tail.about))
        holder = np.searchsorted([first for first, _ in tables], numbers, "right") - 1
        for place in np.unique(holder).tolist():
            first, table = tables[place]
            inside = np.flatnonzero(holder == place)
            out[inside] = table[numbers[inside] - first]
        return out

    def write_tail(self, file: str) -> Name:
        """Write the newest postings as a segment, synced; the tail stays as it is."""
        writer = SegmentWriter(self._folder, file, self.tail.first, [self.tail.about], 0)
        try:
            writer.add(self.tail.postings())
            return writer.finish()
        except BaseException:
            writer.abandon()
            raise

    def replaced(self, names: list[Name], tail: Tail) -> Postings:
        """Return the postings of another list of segments; files already open stay open."""
        postings = Postings(self._folder, [], tail)
        opened = {segment.name.file: segment for segment in self.segments}
        postings.segments = [opened.get(name.file) or Segment(self._folder, name) for name in names]
        return postings


def merged(parts: Sequence[NDArray[np.uint64]]) -> NDArray[np.uint64]:
    """Return sorted postings of several arrays as one.

    The stable sort finds the sorted runs and merges them (Peters 2002), in a tenth of the
    time that sorting them anew takes.
    """
    return np.sort(np.concatenate(parts), kind="stable")


def sorted_keys(keys: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """Return the order of keys of 32 bits, equal ones as given, and the sorted keys.

    Sorting key and place as one number is several times faster than argsort.
    """
    from dedupe.kernels.sorting import sort_by_digits

    packed = (keys << np.uint64(32)) | np.arange(len(keys), dtype=np.uint64)
    packed = sort_by_digits(packed, np.empty_like(packed), 32)
    return (packed & np.uint64(0xFFFFFFFF)).astype(np.int64), packed >> np.uint64(32)
