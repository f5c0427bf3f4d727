"""Candidate pairs in; what each pair shares, exactly, and where, out.

What words alone leave undecided is looked at more closely on the way, while its
texts are at hand: `telling.py`.
"""

from __future__ import annotations

import dataclasses
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from dedupe.arrays.ragged import sorted_distinct
from dedupe.arrays.rows import join_rows
from dedupe.arrays.spill import MEMORY
from dedupe.candidates import EXACT
from dedupe.clean.kept import copied
from dedupe.documents import one_array
from dedupe.kernels.telling import N_TELLINGS
from dedupe.shingle import count_shared, shingle
from dedupe.threads import for_ranges, n_cores
from dedupe.verify.alignments import Alignments, as_code_points
from dedupe.verify.blocks import BLOCK_PAIRS, in_blocks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pyarrow as pa
    from numpy.typing import NDArray

    from dedupe.arrays.spill import Spill
    from dedupe.candidates import Candidates
    from dedupe.clean import Kept
    from dedupe.settings import Settings
    from dedupe.shingle import Shingles
    from dedupe.stages import OnProgress

# Blocks whose answers wait for each other; and parts of a shelf for each thread, at the least, so
# that all are busy to the end.
_BLOCKS_AT_ONCE, _PARTS_EACH = 64, 4
PASSAGE_COLUMNS = ("pair", "a_start", "a_end", "b_start", "b_end")

Answer = TypeVar("Answer")


class Measured(NamedTuple):
    """Pairs above the floor, and their measures, one column each.

    Shapes (P pairs)
        a, b       int64   (P,)      rows, a < b, sorted
        shared     int32   (P,)      distinct shingles in both
        sizes      int32   (P, 2)    distinct shingles of a, of b
        words      int32   (P, 2)    kept words of a, of b
        vocabulary int32   (P, 3)    distinct words in both, of a, of b
        exact      bool    (P,)      equal in all their words
        weighted   float32 (P, 2)    share found in the other, by sampled shingles
                                     weighted with inverse document frequency
        counts     int32   (P, kernels.columns.N_MEASURES)
        openings   int32   (P, 2)    names of a alone, of b alone, before what both share, in
                                     the sentence that it begins within (openings.py)
        view       float64 (P, len(features.FEATURES))  what the first models look at
        looked     int64   (L,)      places of the pairs that were looked at closely, rising
        told       float64 (L, kernels.telling.N_TELLINGS)  how those tell it
        odds       float64 (P, 2)    log-odds of one story and of lineage, by the models:
                                     the second where looked at closely, else the first
        passages   table of pair, a_start, a_end, b_start, b_end: code points
    """

    a: NDArray[np.int64]
    b: NDArray[np.int64]
    shared: NDArray[np.int32]
    sizes: NDArray[np.int32]
    words: NDArray[np.int32]
    vocabulary: NDArray[np.int32]
    exact: NDArray[np.bool_]
    weighted: NDArray[np.float32]
    counts: NDArray[np.int32]
    openings: NDArray[np.int32]
    view: NDArray[np.float64]
    looked: NDArray[np.int64]
    told: NDArray[np.float64]
    odds: NDArray[np.float64]
    passages: pa.Table


def measure(
    candidates: Candidates,
    kept: Kept,
    settings: Settings,
    on_progress: OnProgress | None = None,
    *,
    closely: bool = False,
) -> Measured:
    """Measure every candidate pair, in blocks whose texts fit in memory.

    Those that the first models leave undecided are looked at closely; all of
    them if `closely`.

    Returns:
        The pairs above the floor, sorted by (a, b), with their passages.
    """
    import pyarrow as pa

    blocks = list(
        measured_blocks(
            candidates, kept, settings, lambda block: block, on_progress, closely=closely
        )
    )
    if len(blocks) == 1:
        # Candidates are sorted, and so is a block of all of them.
        return blocks[0]
    before = np.cumsum([0, *(len(one.a) for one in blocks[:-1])])
    passages = pa.concat_tables(
        map(numbered_from, (one.passages for one in blocks), before.tolist())
    )
    joined = Measured(*join_rows([one[:-1] for one in blocks]), passages)
    order = np.lexsort((joined.b, joined.a))
    looked = joined.looked + np.repeat(before, [len(one.looked) for one in blocks])
    looked = np.argsort(order)[looked]
    by_pair = np.argsort(looked)
    of_pairs = {
        name: column[order]
        for name, column in joined._asdict().items()
        if name not in ("looked", "told", "passages")
    }
    return joined._replace(
        **of_pairs,
        looked=looked[by_pair],
        told=joined.told[by_pair],
        passages=in_order(passages, order),
    )


def measured_blocks(
    candidates: Candidates,
    kept: Kept,
    settings: Settings,
    use: Callable[[Measured], Answer],
    on_progress: OnProgress | None,
    spill: Spill = MEMORY,
    *,
    closely: bool,
) -> Iterator[Answer]:
    """Measure the candidates block by block, in threads, and yield what is made of each.

    Pairs are sorted within a block alone. Blocks are of different documents, but where more
    hangs together than one holds.
    """
    n_pairs, threads = len(candidates.a), settings.threads
    order, bounds, shelves = in_blocks(candidates, kept, threads, spill)
    single = dataclasses.replace(settings, threads=1)

    def run(first: int, last: int) -> Answer:
        places = np.sort(order[first:last])
        read = _read(candidates, places, kept, single, spill)
        answer = use(_measure_block(candidates, places, read, single, closely=closely))
        if on_progress:
            on_progress("verify", last, n_pairs)
        return answer

    for at in range(0, len(bounds) - 1, _BLOCKS_AT_ONCE):
        yield from for_ranges(run, bounds[at : at + _BLOCKS_AT_ONCE + 1], threads)
    for first, last in pairwise(shelves):
        # What the blocks took is free by now, and a shelf takes more.
        spill.rest()
        places = np.sort(order[first:last])
        yield from _measured_shelf(candidates, places, kept, settings, use, spill, closely=closely)
        if on_progress:
            on_progress("verify", last, n_pairs)


def _measured_shelf(
    candidates: Candidates,
    places: NDArray[np.int64],
    kept: Kept,
    settings: Settings,
    use: Callable[[Measured], Answer],
    spill: Spill,
    *,
    closely: bool,
) -> list[Answer]:
    """Tokenise the texts of many pairs in threads, and measure parts of the pairs in threads."""
    read = _read(candidates, places, kept, settings, spill)
    single = dataclasses.replace(settings, threads=1)

    def run(first: int, last: int) -> Answer:
        spill.look()
        return use(_measure_block(candidates, places[first:last], read, single, closely=closely))

    # Few large parts: each takes a millisecond or two, whatever it holds.
    n_parts = max(-(-len(places) // BLOCK_PAIRS), _PARTS_EACH * (settings.threads or n_cores()))
    return for_ranges(
        run, [len(places) * i // n_parts for i in range(n_parts + 1)], settings.threads
    )


class _Read(NamedTuple):
    """Texts that were tokenised together.

    Attributes:
        rows: int64 (N,), of all documents, rising.
        texts: a copy of them.
        shingles: of them.
    """

    rows: NDArray[np.int64]
    texts: Kept
    shingles: Shingles


def _read(
    candidates: Candidates,
    places: NDArray[np.int64],
    kept: Kept,
    settings: Settings,
    spill: Spill,
) -> _Read:
    """Tokenise all texts that the pairs at some places are of."""
    rows = sorted_distinct(np.concatenate([candidates.a[places], candidates.b[places]]))
    texts = copied(kept, rows, spill)
    return _Read(rows, texts, shingle(texts, np.arange(len(rows)), settings))


def _measure_block(
    candidates: Candidates,
    places: NDArray[np.int64],
    read: _Read,
    settings: Settings,
    *,
    closely: bool,
) -> Measured:
    import pyarrow as pa

    from dedupe.verify.models import judged_twice
    from dedupe.verify.openings import opening_names
    from dedupe.verify.telling import tell, tokens_of

    rows, texts, shingles = read
    numbers = np.arange(len(rows))
    a = np.searchsorted(rows, candidates.a[places])
    b = np.searchsorted(rows, candidates.b[places])
    shared = count_shared(a, b, shingles.hashes, shingles.offsets, settings.threads)
    sizes = np.diff(shingles.offsets).astype(np.int32)
    # No shared shingle is no pair; the floor itself is on the smaller text.
    floor = np.maximum(1, settings.containment_floor * np.minimum(sizes[a], sizes[b]))
    above = np.flatnonzero(shared >= floor)
    a, b, places = a[above], b[above], places[above]
    alignments = Alignments(a, b, shingles, settings)
    words = np.diff(shingles.token_offsets).astype(np.int32)
    distinct = np.diff(shingles.word_offsets).astype(np.int32)
    shared_words = count_shared(a, b, shingles.words, shingles.word_offsets, settings.threads)
    measured = Measured(
        rows[a],
        rows[b],
        shared[above],
        np.stack([sizes[a], sizes[b]], axis=1),
        np.stack([words[a], words[b]], axis=1),
        np.stack([shared_words, distinct[a], distinct[b]], axis=1),
        (candidates.nets[places] & EXACT).astype(bool),
        candidates.shared_weight[places],
        alignments.counts,
        np.zeros((len(a), 2), np.int32),
        np.zeros((len(a), 0)),
        np.zeros(0, np.int64),
        np.zeros((0, N_TELLINGS)),
        np.zeros((len(a), 2)),
        pa.table({}),
    )
    measured = judged_twice(
        measured,
        alignments.look_again,
        lambda at: tell(a[at], b[at], numbers, shingles, texts, settings),
        closely=closely,
    )
    tokens = tokens_of(numbers, shingles, texts)
    openings = opening_names(a, b, alignments.passages, tokens, settings.threads)
    spans = as_code_points(alignments.passages, a, b, numbers, shingles, texts)
    passages = pa.table({name: spans[:, i] for i, name in enumerate(PASSAGE_COLUMNS)})
    return measured._replace(openings=openings, passages=passages)


def numbered_from(passages: pa.Table, before: int) -> pa.Table:
    """Number the pairs of passages from `before` on, not from 0."""
    import pyarrow.compute as pc

    if not before:
        return passages
    return passages.set_column(0, "pair", pc.add(passages.column("pair"), before))


def in_order(passages: pa.Table, order: NDArray[np.int64], spill: Spill = MEMORY) -> pa.Table:
    """Number and sort passages anew when pair order[i] becomes pair i; (P,)."""
    import pyarrow as pa

    places = np.empty(len(order), np.int64)
    places[order] = np.arange(len(order))
    pair = places[passages.column("pair").to_numpy()]
    passages = passages.set_column(0, "pair", pa.array(pair))
    return taken(passages, np.argsort(pair, kind="stable"), spill)


def taken(table: pa.Table, order: NDArray[np.int64], spill: Spill) -> pa.Table:
    """Return the rows of a table in an order, with one column in memory at a time."""
    import pyarrow as pa

    rows = pa.array(order)
    return pa.table(
        {
            name: spill.column(one_array(table.column(name)).take(rows))
            for name in table.column_names
        }
    )
