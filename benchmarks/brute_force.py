"""Texts in, every pair that shares enough shingles out, by exact counting.

    texts  ->  exact_pairs()  ->  Overlaps (pairs, shared shingles, sizes)

The truth for recall: no sketch, no bucket, no cap. A sparse document-by-shingle
matrix times its own transpose counts what each pair shares; a block of rows at
a time, since all counts at once would not fit. Shingles are word 5-grams of the
folded text as given, counted by identity, not by hash.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

BLOCK = 256
_WORD = re.compile(r"\w+")


class Overlaps(NamedTuple):
    """Pairs of rows with what they share, sorted by (a, b); arrays of one length.

    Attributes:
        a: int64, the smaller row.
        b: int64, the larger row.
        shared: int64, distinct shingles in both.
        size_a: int64, distinct shingles of a.
        size_b: int64, distinct shingles of b.
    """

    a: NDArray[np.int64]
    b: NDArray[np.int64]
    shared: NDArray[np.int64]
    size_a: NDArray[np.int64]
    size_b: NDArray[np.int64]

    def resemblance(self) -> NDArray[np.float64]:
        """Return the Jaccard coefficient of each pair."""
        return self.shared / (self.size_a + self.size_b - self.shared)

    def containment(self) -> NDArray[np.float64]:
        """Return the share of the smaller text's shingles found in the larger."""
        return self.shared / np.minimum(self.size_a, self.size_b)


def words(text: str) -> list[str]:
    """Return the folded words of a text."""
    return _WORD.findall(text.casefold())


def shingle_matrix(texts: Sequence[str], size: int = 5) -> csr_array:
    """Return the 0/1 matrix of documents (D) by distinct shingles (V), int32.

    A text of fewer than `size` words has no shingle.
    """
    from scipy.sparse import csr_array

    number: dict[tuple[str, ...], int] = {}
    columns: list[int] = []
    offsets = [0]
    for text in texts:
        tokens = words(text)
        grams = {tuple(tokens[i : i + size]) for i in range(len(tokens) - size + 1)}
        columns.extend(number.setdefault(gram, len(number)) for gram in grams)
        offsets.append(len(columns))
    ones = np.ones(len(columns), np.int32)
    return csr_array(
        (ones, np.array(columns, np.int64), np.array(offsets, np.int64)),
        shape=(len(texts), len(number)),
    )


def exact_pairs(
    texts: Sequence[str], floor: float = 0.5, size: int = 5, cache: Path | None = None
) -> Overlaps:
    """Return every pair whose containment, and so perhaps resemblance, reaches `floor`.

    Args:
        texts: the documents (D).
        floor: least containment of the smaller text; resemblance never exceeds it.
        size: words of a shingle.
        cache: a folder to keep the answer in; it is keyed by all of the above.
    """
    if cache is None:
        return _count(texts, floor, size)
    digest = hashlib.blake2b(f"{floor} {size}".encode(), digest_size=12)
    for text in texts:
        digest.update(text.encode("utf-8", "surrogatepass") + b"\0")
    path = cache / f"brute-force-{digest.hexdigest()}.npz"
    if path.is_file():
        with np.load(path) as kept:
            return Overlaps(*(kept[name] for name in Overlaps._fields))
    overlaps = _count(texts, floor, size)
    cache.mkdir(parents=True, exist_ok=True)
    np.savez(path, **overlaps._asdict())
    return overlaps


def _count(texts: Sequence[str], floor: float, size: int) -> Overlaps:
    """Multiply the matrix with itself, block by block, and keep what passes."""
    from scipy.sparse import csr_array

    matrix = shingle_matrix(texts, size)
    sizes = np.diff(matrix.indptr).astype(np.int64)
    # A shingle of one document is in no pair; dropping it keeps the product small.
    seen = np.bincount(matrix.indices, minlength=matrix.shape[1])
    matrix = csr_array(matrix[:, np.flatnonzero(seen > 1)])
    across = csr_array(matrix.T)
    parts = [
        _block(csr_array(matrix[start : start + BLOCK]) @ across, start, sizes, floor)
        for start in range(0, len(texts), BLOCK)
    ]
    empty = np.empty(0, np.int64)
    a, b, shared = (
        (np.concatenate(column) for column in zip(*parts, strict=True))
        if parts
        else (empty, empty, empty)
    )
    order = np.lexsort((b, a))
    a, b, shared = a[order], b[order], shared[order]
    return Overlaps(a, b, shared, sizes[a], sizes[b])


def _block(
    counts: csr_array, first_row: int, sizes: NDArray[np.int64], floor: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Keep the pairs a < b of one block of rows that reach the floor."""
    entries = counts.tocoo()
    a = entries.row.astype(np.int64) + first_row
    b = entries.col.astype(np.int64)
    shared = entries.data.astype(np.int64)
    keep = (a < b) & (shared >= floor * np.minimum(sizes[a], sizes[b]))
    return a[keep], b[keep], shared[keep]
