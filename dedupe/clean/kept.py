"""Which bytes of each text belong to its story: texts stay whole, ranges say what counts.

Nothing is cut out of a text. A document keeps ranges of its bytes, and every
later stage reads only those, so that all offsets refer to the text as given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe.arrays.ragged import ranges_of, running_total
from dedupe.arrays.spill import MEMORY
from dedupe.documents import text_bytes

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from dedupe.arrays.spill import Spill

# Texts copied between two looks at memory: the system maps 64 KB for each (benchmarks/README.md).
_LOOK_EVERY = 64


class Kept(NamedTuple):
    """Texts as UTF-8, and the ranges of them that are kept.

    Shapes (B bytes, D documents, S ranges)
        data          uint8 (B,)    the text column's own buffer, read-only
        text_offsets  int64 (D+1,)  text d is data[text_offsets[d]:text_offsets[d+1]]
        spans         int64 (S, 2)  kept ranges of data, half-open and rising
        offsets       int64 (D+1,)  document d keeps spans[offsets[d]:offsets[d+1]]
    """

    data: NDArray[np.uint8]
    text_offsets: NDArray[np.int64]
    spans: NDArray[np.int64]
    offsets: NDArray[np.int64]

    @property
    def n_docs(self) -> int:
        """Count the documents."""
        return len(self.offsets) - 1


def documents_between(kept: Kept, first: int, last: int) -> Kept:
    """Return what is kept of documents first to below last, without a copy."""
    return Kept(
        kept.data,
        kept.text_offsets[first : last + 1],
        kept.spans[kept.offsets[first] : kept.offsets[last]],
        kept.offsets[first : last + 1] - kept.offsets[first],
    )


def copied(kept: Kept, rows: NDArray[np.int64], spill: Spill = MEMORY) -> Kept:
    """Return a copy of some documents, rows (N,), one after another.

    Where texts wait in a mapped file, one brings those beside it into memory, whose
    pages are of no use: so memory is looked at every few texts.
    """
    starts, ends = kept.text_offsets[rows], kept.text_offsets[rows + 1]
    text_offsets = running_total(ends - starts)
    data = np.empty(text_offsets[-1], np.uint8)
    places = zip(text_offsets[:-1].tolist(), starts.tolist(), ends.tolist(), strict=True)
    for number, (at, start, end) in enumerate(places):
        if number % _LOOK_EVERY == 0:
            spill.look()
        data[at : at + end - start] = kept.data[start:end]
    counts = kept.offsets[rows + 1] - kept.offsets[rows]
    moved = np.repeat(text_offsets[:-1] - starts, counts)
    spans = kept.spans[ranges_of(kept.offsets[rows], counts)] + moved[:, None]
    # As Arrow's buffers are, or kernels would be compiled anew for what can be written.
    data.flags.writeable = False
    return Kept(data, text_offsets, spans, running_total(counts))


def keep_all(documents: pa.Table) -> Kept:
    """Keep every text whole, as one range."""
    data, text_offsets = text_bytes(documents)
    spans = np.stack([text_offsets[:-1], text_offsets[1:]], axis=1)
    return Kept(data, text_offsets, spans, np.arange(len(text_offsets), dtype=np.int64))


def kept_ranges(kept: Kept, row: int) -> list[tuple[int, int]]:
    """Return the kept ranges of one document in code points of its text."""
    start = int(kept.text_offsets[row])
    positions = kept.spans[kept.offsets[row] : kept.offsets[row + 1]].ravel()
    data = kept.data[start : kept.text_offsets[row + 1]]
    points = code_points(data, positions - start)
    return [(int(points[i]), int(points[i + 1])) for i in range(0, len(points), 2)]


def furniture_ranges(kept: Kept, row: int) -> list[tuple[int, int]]:
    """Return what was cut from one document, in code points: the gaps between kept ranges."""
    text = kept.data[kept.text_offsets[row] : kept.text_offsets[row + 1]]
    end = int(code_points(text, np.array([len(text)]))[0])
    edges = [0, *(edge for span in kept_ranges(kept, row) for edge in span), end]
    gaps = zip(edges[::2], edges[1::2], strict=True)
    return [(start, stop) for start, stop in gaps if start < stop]


def code_points(text: NDArray[np.uint8], positions: NDArray[np.int64]) -> NDArray[np.int64]:
    """Turn byte positions in one UTF-8 text into code point positions."""
    # Continuation bytes are 10xxxxxx: all others begin a code point.
    begins = np.concatenate([[0], np.cumsum((text & 0xC0) != 0x80)])
    return begins[positions].astype(np.int64)
