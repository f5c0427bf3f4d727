"""What an outlet repeats on pages that carry different stories.

    Blocks, outlets  ->  learn()     ->  Furniture
    Furniture        ->  is_known()  ->  which blocks are such

One footer under three stories is furniture; one paragraph in three versions of
a running story is not. So the pages of an outlet that share a good part of their
long blocks, and a word of their titles, count as one story, as do those that share
most of their text otherwise, unless they begin as different ones (`leads.py`); and a
block must stand on pages of several. What is learned is a plain set of numbers, so
that an index can keep it and a cluster of machines can send it round.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import logging
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe.arrays.equals import among, may_stand
from dedupe.arrays.ragged import batch_bounds, group_starts, ranges_of, running_total
from dedupe.arrays.spill import MEMORY
from dedupe.clean.blocks import Blocks, documents_of
from dedupe.clean.leads import LONG_BYTES, begin_otherwise, long_words
from dedupe.clean.versions import version_links
from dedupe.documents import one_array
from dedupe.threads import for_ranges

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from dedupe.arrays.spill import Spill
    from dedupe.clean.kept import Kept

logger = logging.getLogger(__name__)

STORIES = 3
"""Different stories an outlet must repeat a block on. Of 2, 3 and 6 pairwise F1 of seeds is .961,
.975 and .954, of spotify 1, .984 and .984 (benchmarks/quality.py)."""

# Two pages carry one story when they share this much of the shorter one's long
# blocks: by whether their titles share a word, or are unknown, or share none. With half as much
# pairwise F1 of seeds is .965, not .975; with .6, .75 and .95 no figure changes.
_SHARED_LIKE_TITLES, _SHARED, _SHARED_UNLIKE_TITLES = 0.3, 0.5, 0.8
# Letters of the words by which titles are alike: they hold few words, and short names.
_LONG_TITLE_WORD = 4
# A block on more pages of its outlet than this links neighbours alone, and no
# title makes up for a small share: a bound on work. With 8 or 32 no figure changes.
_FEW_PAGES = 16

# Blocks whose lengths are added up together: bounds memory.
_BLOCKS_AT_ONCE = 1_000_000
_ONE_PART, _PART_BITS = 1 << 17, 6
"""Repeated blocks that are sorted at once, and by how many bits more are dealt out."""

_FEW_DOCUMENTS = 100
"""Documents whose outlets are numbered one by one: there setting up takes longer than the work."""


class Furniture(NamedTuple):
    """What has been learned of a collection.

    Shapes (N blocks)
        keys  uint64 (N,)  rising; `kernels.repeats.fill_keys` of outlet and block
    """

    keys: NDArray[np.uint64]


def nothing_learned() -> Furniture:
    """Return the furniture of no outlet."""
    return Furniture(np.zeros(0, np.uint64))


def join_furniture(one: Furniture, other: Furniture) -> Furniture:
    """Return what is known by either."""
    return Furniture(np.union1d(one.keys, other.keys))


def outlet_numbers(documents: pa.Table) -> NDArray[np.uint64]:
    """Number outlets by the hash of their names, uint64 (D,); 0 where unknown."""
    import pyarrow.compute as pc

    if documents.num_rows <= _FEW_DOCUMENTS:
        some = (name and _outlet_number(name) for name in documents.column("source").to_pylist())
        return np.array([number or 0 for number in some], np.uint64)
    encoded = pc.dictionary_encode(one_array(documents.column("source")))
    names = encoded.dictionary.to_pylist()
    numbers = np.array([0, *map(_outlet_number, names)], np.uint64)
    codes = encoded.indices.fill_null(-1).to_numpy()
    return np.asarray(numbers[codes + 1])


@functools.lru_cache(maxsize=4096)
def _outlet_number(name: str) -> int:
    folded = name.strip().casefold().removeprefix("www.")
    digest = hashlib.blake2b(folded.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") if folded else 0


def block_keys(
    blocks: Blocks, outlets: NDArray[np.uint64], spill: Spill = MEMORY
) -> NDArray[np.uint64]:
    """Name each block within its outlet, uint64 (K,); 0 where the outlet is unknown."""
    from dedupe.kernels.repeats import fill_keys

    keys: NDArray[np.uint64] = spill.empty(len(blocks.hashes), np.uint64)
    fill_keys(blocks.hashes, blocks.offsets, outlets, keys)
    return keys


def learn(
    blocks: Blocks,
    keys: NDArray[np.uint64],
    outlets: NDArray[np.uint64],
    texts: Kept,
    titles: pa.ChunkedArray | None = None,
    n_threads: int = 0,
) -> Furniture:
    """Find the blocks that an outlet repeats on pages of at least `STORIES` stories.

    Args:
        blocks: of a whole collection.
        keys: uint64 (K,), from `block_keys`.
        outlets: uint64 (D,), from `outlet_numbers`.
        texts: of the same documents, whole.
        titles: string (D,), null where unknown.
        n_threads: threads at work; 0 takes one for each core.

    Returns:
        The same for any order of the documents. A document whose outlet is
        unknown takes no part.
    """
    stands = _stand_for_equals(blocks.text_hashes, outlets, texts, titles)
    key, document, places = _repeated(blocks, keys, stands, n_threads)
    if len(key) == 0:
        return nothing_learned()
    groups = _story_groups(blocks, key, document, places, texts, titles)
    learned = _of_several_stories(key, groups[document])
    is_asked = np.isin(key, learned) & (_prose_sizes(blocks, places) > 0)
    if is_asked.any():
        a, b = version_links(key[is_asked], document[is_asked], texts, n_threads)
        same = _needed_shares(titles, a, b) < _SHARED_UNLIKE_TITLES
        _merge_same(a[same], b[same], texts, titles, groups)
        learned = _of_several_stories(key, groups[document])
    logger.debug("%d repeated blocks are furniture", len(learned))
    return Furniture(learned)


def _merge_same(
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    texts: Kept,
    titles: pa.ChunkedArray | None,
    groups: NDArray[np.int64],
) -> None:
    """Give documents a and b one number, but where they begin as different stories."""
    from dedupe.kernels.components import merge_groups

    same = ~begin_otherwise(a, b, texts, titles)
    merge_groups(a[same], b[same], groups)


def _of_several_stories(key: NDArray[np.uint64], group: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return the blocks, of sorted keys (N,), that stand in at least `STORIES` groups of pages."""
    from dedupe.kernels.repeats import count_groups

    starts, _ = _runs(key)
    n_stories = np.empty(len(starts), np.int64)
    seen = np.empty(int(group.max()) + 1, np.int64)
    count_groups(np.append(starts, len(key)), group, seen, n_stories)
    return np.asarray(key[starts[n_stories >= STORIES]])


def is_known(keys: NDArray[np.uint64], furniture: Furniture) -> NDArray[np.bool_]:
    """Say of each block key, uint64 (K,), whether it is learned furniture."""
    return among(keys, furniture.keys)


class _Repeated(NamedTuple):
    """Blocks that an outlet repeats, once for each document.

    Shapes (N blocks), sorted by key and then by the hash of the document's text
        key       uint64 (N,)  from `block_keys`
        document  int64  (N,)
        place     int64  (N,)  which block of all it is
    """

    key: NDArray[np.uint64]
    document: NDArray[np.int64]
    place: NDArray[np.int64]


def _repeated(
    blocks: Blocks, keys: NDArray[np.uint64], stands: NDArray[np.bool_], n_threads: int
) -> _Repeated:
    """Return the blocks that an outlet has on two pages or more, of equal texts counted once.

    Args:
        blocks: of a whole collection.
        keys: uint64 (K,), from `block_keys`.
        stands: bool (D,), the documents that stand for those of their text.
        n_threads: threads at work.
    """
    places = np.flatnonzero(may_stand(keys, keys, 2))
    places = places[stands[documents_of(blocks, places)]]
    if len(places) < _ONE_PART:
        return _in_order(blocks, keys, places)
    # Keys are hashes: by their first bits they fall into parts that threads sort in their caches.
    part = (keys[places] >> np.uint64(64 - _PART_BITS)).astype(np.uint8)
    places = places[np.argsort(part, kind="stable")]
    bounds = running_total(np.bincount(part, minlength=1 << _PART_BITS))

    def sort(number: int, _: int) -> _Repeated:
        return _in_order(blocks, keys, places[bounds[number] : bounds[number + 1]])

    parts = for_ranges(sort, range(len(bounds)), n_threads)
    return _Repeated(*map(np.concatenate, zip(*parts, strict=True)))


def _in_order(blocks: Blocks, keys: NDArray[np.uint64], places: NDArray[np.int64]) -> _Repeated:
    """Sort some blocks, and leave out what one document alone has."""
    document = documents_of(blocks, places)
    key = keys[places]
    order = np.lexsort((blocks.text_hashes[document], key))
    key, document, places = key[order], document[order], places[order]
    first = np.ones(len(key), np.bool_)
    first[1:] = (key[1:] != key[:-1]) | (document[1:] != document[:-1])
    key, document, places = key[first], document[first], places[first]
    _, sizes = _runs(key)
    several = np.repeat(sizes >= 2, sizes)
    return _Repeated(key[several], document[several], places[several])


def _stand_for_equals(
    text_hashes: NDArray[np.uint64],
    outlets: NDArray[np.uint64],
    texts: Kept,
    titles: pa.ChunkedArray | None,
) -> NDArray[np.bool_]:
    """Say which documents stand for those of their text in their outlet, bool (D,).

    Of several it is the one whose title comes first in the alphabet, and of one title, as
    equal blocks may be set otherwise, the one whose text does: any rule that knows no order.
    """
    order = np.lexsort((text_hashes, outlets))
    same = (np.diff(text_hashes[order]) == 0) & (np.diff(outlets[order]) == 0)
    same &= outlets[order[1:]] != 0
    stands = np.ones(len(order), np.bool_)
    stands[order[1:][same]] = False
    bounds = np.flatnonzero(np.diff(same, prepend=False, append=False))
    rows = order[ranges_of(bounds[::2], bounds[1::2] - bounds[::2] + 1)]
    named = [None] * len(rows) if titles is None else titles.take(rows).to_pylist()
    title = dict(zip(rows.tolist(), named, strict=True))

    def first(row: int) -> tuple[str, bytes]:
        text = texts.data[texts.text_offsets[row] : texts.text_offsets[row + 1]]
        return title[row] or "", text.tobytes()

    for start, end in bounds.reshape(-1, 2).tolist():
        equals = order[start : end + 1]
        stands[equals[0]] = False
        stands[min(equals.tolist(), key=first)] = True
    return stands


def _runs(values: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where runs of equal values start, and their lengths."""
    starts = group_starts(values)
    return starts, np.diff(starts, append=len(values))


def _story_groups(
    blocks: Blocks,
    key: NDArray[np.uint64],
    document: NDArray[np.int64],
    places: NDArray[np.int64],
    texts: Kept,
    titles: pa.ChunkedArray | None,
) -> NDArray[np.int64]:
    """Number the documents so that pages of one story in one outlet have one number, int64 (D,).

    Args:
        blocks: of all documents.
        key: uint64 (N,), repeated blocks, equal ones together.
        document: int64 (N,), where each stands.
        places: int64 (N,), which block it is.
        texts: of all documents, whole.
        titles: string (D,).
    """
    n_docs = len(blocks.offsets) - 1
    groups = np.arange(n_docs)
    length, size = _prose_lengths(blocks), _prose_sizes(blocks, places)
    document, size, key = document[size > 0], size[size > 0], key[size > 0]
    starts, lengths = _runs(key)
    for few, least in ((True, _SHARED_LIKE_TITLES), (False, _SHARED)):
        chosen = (lengths >= 2) & ((lengths <= _FEW_PAGES) == few)
        left, right = _pairs_within(starts[chosen], lengths[chosen], all_pairs=few)
        a = np.minimum(document[left], document[right])
        b = np.maximum(document[left], document[right])
        a, b, shared = _sum_by_pair(a, b, np.minimum(size[left], size[right]), n_docs)
        share = shared / np.minimum(length[a], length[b])
        a, b, share = a[share >= least], b[share >= least], share[share >= least]
        same = share >= _needed_shares(titles, a, b)
        _merge_same(a[same], b[same], texts, titles, groups)
    return groups


def _prose_sizes(blocks: Blocks, places: NDArray[np.int64] | slice) -> NDArray[np.int64]:
    """Return the bytes of blocks that may be paragraphs of a story, int64 (N,), 0 for others."""
    from dedupe.kernels import blocks as kernels

    sizes = blocks.ends[places] - blocks.starts[places]
    phrase, marks = (blocks.traits[:, one][places] for one in (kernels.PHRASE, kernels.MARKS))
    bears_sign = (phrase > 0) | (marks & kernels.HAS_COPYRIGHT > 0)
    return np.where((sizes >= LONG_BYTES) & ~bears_sign, sizes, 0)


def _prose_lengths(blocks: Blocks) -> NDArray[np.int64]:
    """Return the bytes of the blocks of each document that may be paragraphs, int64 (D,)."""
    lengths = [np.zeros(0, np.int64)]
    for first, last in itertools.pairwise(batch_bounds(np.diff(blocks.offsets), _BLOCKS_AT_ONCE)):
        bounds = blocks.offsets[first : last + 1]
        total = running_total(_prose_sizes(blocks, slice(bounds[0], bounds[-1])))
        lengths.append(np.diff(total[bounds - bounds[0]]))
    return np.concatenate(lengths)


def _needed_shares(
    titles: pa.ChunkedArray | None, a: NDArray[np.int64], b: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Say how much pairs of pages must share to carry one story, float64 (N,).

    Versions of a story keep at least a name in their titles; pages that have no
    more in common than their furniture do not.
    """
    if titles is None or titles.null_count == len(titles):
        return np.full(len(a), _SHARED)
    rows, places = np.unique(np.concatenate([a, b]), return_inverse=True)
    words = [long_words(title, _LONG_TITLE_WORD) for title in titles.take(rows).to_pylist()]
    needed = []
    for i, j in zip(places[: len(a)].tolist(), places[len(a) :].tolist(), strict=True):
        if not (words[i] and words[j]):
            needed.append(_SHARED)
        else:
            needed.append(_SHARED_LIKE_TITLES if words[i] & words[j] else _SHARED_UNLIKE_TITLES)
    return np.array(needed, np.float64)


def _pairs_within(
    starts: NDArray[np.int64], lengths: NDArray[np.int64], *, all_pairs: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pair the members of each run: every two, or only neighbours."""
    if not all_pairs:
        left = np.repeat(starts - np.cumsum(lengths - 1) + lengths - 1, lengths - 1)
        left = left + np.arange(len(left))
        return left, left + 1
    lefts, rights = [], []
    for length in np.unique(lengths).tolist():
        one, other = np.triu_indices(length, 1)
        begin = starts[lengths == length][:, None]
        lefts.append((begin + one).ravel())
        rights.append((begin + other).ravel())
    empty = np.zeros(0, np.int64)
    return np.concatenate([empty, *lefts]), np.concatenate([empty, *rights])


def _sum_by_pair(
    a: NDArray[np.int64], b: NDArray[np.int64], values: NDArray[np.int64], n_docs: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Add up the values of equal pairs."""
    packed, inverse = np.unique(a * n_docs + b, return_inverse=True)
    total = np.zeros(len(packed), np.int64)
    np.add.at(total, inverse, values)
    return packed // n_docs, packed % n_docs, total
