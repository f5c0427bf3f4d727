"""Tokens of two documents in; what they share, where, and in how long runs, out.

    tokens of a pair -> fill_alignments() -> measures (P, N_MEASURES), passages (n, N_BOX)

Anchors are shared runs of `shingle_words` tokens, found through a hash table of
a's shingles. Anchors that stand closely together in both texts are one passage,
whatever their order in a, so substituted, inserted, dropped and reordered words
do not end it; a chance anchor elsewhere is a passage of its own, too short to
keep.

Axes: P pairs, T tokens, D documents.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe.kernels import passages as boxes
from dedupe.kernels._compile import kernel
from dedupe.kernels.anchors import MAX_PLACES, build_table, find_shingle
from dedupe.kernels.columns import (
    ALIGNED_A,
    ALIGNED_B,
    LEAD_A,
    LEAD_B,
    LEAD_SHINGLES,
    LONGEST_RUN,
    MATCHED,
    N_PASSAGES,
    NAME_SLOTS_CHANGED,
    NAME_SLOTS_SAME,
    NAMES_A,
    NAMES_B,
    NAMES_SHARED,
    NARRATION_A,
    NARRATION_B,
    NARRATION_SHARED_A,
    NARRATION_SHARED_B,
    NUMBER_PLACES_CHANGED,
    NUMBER_SLOTS_CHANGED,
    NUMBER_SLOTS_SAME,
    NUMBERS_A,
    NUMBERS_B,
    NUMBERS_SHARED,
)
from dedupe.kernels.facts import count_common, fill_narration
from dedupe.kernels.passages import MAX_OPEN, N_BOX, fill_passages
from dedupe.kernels.shingles import fill_shingles

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Scratch(NamedTuple):
    """Working arrays, as long as the longest text.

    `found` is where in a each shingle of b stands: its last place; -1 where it
    stands nowhere, or in too many places to tell one.
    """

    heads: NDArray[np.int32]
    following: NDArray[np.int32]
    n_places: NDArray[np.int32]
    shingles_a: NDArray[np.uint64]
    shingles_b: NDArray[np.uint64]
    outside_a: NDArray[np.bool_]
    outside_b: NDArray[np.bool_]
    found: NDArray[np.int32]
    hit: NDArray[np.bool_]
    taken: NDArray[np.bool_]
    run_length: NDArray[np.int32]
    run_seen: NDArray[np.int32]
    opened: NDArray[np.int64]


class Pair(NamedTuple):
    """Where the tokens of two documents begin, how many there are, and a's table.

    `least_run` is the tokens of a shingle, fewer where a text has fewer.
    """

    start_a: int
    n_a: int
    n_shingles_a: int
    start_b: int
    n_b: int
    n_shingles_b: int
    shingle_words: int
    least_run: int
    mask: int


@kernel
def fill_alignments(
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    first: int,
    last: int,
    hashes: NDArray[np.uint64],
    flags: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    facts: NDArray[np.uint64],
    fact_offsets: NDArray[np.int64],
    shingle_words: int,
    max_gap: int,
    min_words: int,
    measures: NDArray[np.int32],
    passages: NDArray[np.int64],
) -> int:
    """Align pairs [first, last); returns the number of passages.

    Shapes
        a, b      int64  (P,)    document numbers; sorted by a, so that a's
                                 table is built once for its pairs
        hashes    uint64 (T,)    token hashes
        flags     uint8  (T,)    of kernels.text
        offsets   int64  (D+1,)  document d owns hashes[offsets[d]:offsets[d+1]]
        facts     uint64 (F,)    distinct numbers and names of each, see `facts.fill_facts`
        fact_offsets  int64 (2D+1,)  where the numbers and the names of each begin
        measures  int32  (P, N_MEASURES)  written in rows [first, last)
        passages  int64  (n, N_BOX)  pair, first and last+1 token in a, in b,
                                 counted from the start of each document, matched
                                 tokens, and the counts of kernels.passages
    Measures  LONGEST_RUN in tokens; NARRATION_*: shingles outside quotation marks
              and those of them found in the other; NUMBERS_*, NAMES_*: distinct
              number tokens, and capitalised ones within sentences; ALIGNED_*:
              tokens in passages; MATCHED: those of them equal on both sides;
              NUMBER_SLOTS_*, NAME_SLOTS_*: numbers and names inside passages
              that stand in both, or change between them; NUMBER_PLACES_CHANGED: gaps
              between runs in which numbers change; LEAD_*: of the first LEAD_SHINGLES
              shingles, those in the other
    max_gap    tokens that may lie between two anchors of one passage, on either side
    min_words  a passage with fewer matched tokens is dropped
    Cost       linear in the tokens of both, for shingles of at most 16 places
    """
    longest = 0
    for p in range(first, last):
        longest = max(longest, offsets[a[p] + 1] - offsets[a[p]])
        longest = max(longest, offsets[b[p] + 1] - offsets[b[p]])
    scratch = _scratch(longest)
    previous = np.int64(-1)
    n_shingles_a = np.int64(0)
    narration = np.int64(0)
    mask = np.int64(0)
    n_passages = 0
    for p in range(first, last):
        start_a = offsets[a[p]]
        n_a = offsets[a[p] + 1] - start_a
        start_b = offsets[b[p]]
        n_b = offsets[b[p] + 1] - start_b
        if a[p] != previous:
            previous = a[p]
            n_shingles_a = fill_shingles(hashes[start_a:], n_a, shingle_words, scratch.shingles_a)
            mask = np.int64(15)
            while mask + 1 < 2 * n_shingles_a:
                mask = 2 * mask + 1
            build_table(
                scratch.shingles_a, n_shingles_a, mask,
                scratch.heads, scratch.following, scratch.n_places,
            )  # fmt: skip
            narration = fill_narration(
                flags, start_a, n_a, n_shingles_a, shingle_words, scratch.outside_a
            )
        n_shingles_b = fill_shingles(hashes[start_b:], n_b, shingle_words, scratch.shingles_b)
        least_run = min(shingle_words, n_a, n_b)
        pair = Pair(
            start_a, n_a, n_shingles_a, start_b, n_b, n_shingles_b, shingle_words, least_run, mask
        )
        row = measures[p]
        row[:] = 0
        row[NARRATION_A] = narration
        _measure_shared(pair, scratch, flags, row)
        _measure_facts(facts, fact_offsets, 2 * a[p], 2 * b[p], row)
        scratch.taken[:n_a] = False
        from_passage = n_passages
        n_passages = fill_passages(
            p, pair, scratch, hashes, flags, max_gap, min_words, passages, n_passages
        )
        _measure_passages(passages, from_passage, n_passages, row)
    return n_passages


@kernel
def _scratch(longest: int) -> Scratch:
    table_size = 16
    while table_size < 2 * longest:
        table_size *= 2
    size = longest + 1
    return Scratch(
        np.empty(table_size, dtype=np.int32),
        np.empty(size, dtype=np.int32),
        np.empty(size, dtype=np.int32),
        np.empty(size, dtype=np.uint64),
        np.empty(size, dtype=np.uint64),
        np.empty(size, dtype=np.bool_),
        np.empty(size, dtype=np.bool_),
        np.empty(size, dtype=np.int32),
        np.empty(size, dtype=np.bool_),
        np.empty(size, dtype=np.bool_),
        np.empty(size, dtype=np.int32),
        np.empty(size, dtype=np.int32),
        np.empty((MAX_OPEN, N_BOX), dtype=np.int64),
    )


@kernel
def _measure_shared(
    pair: Pair, scratch: Scratch, flags: NDArray[np.uint8], row: NDArray[np.int32]
) -> None:
    """Look every shingle of b up in a: the longest run, narration and leads in the other."""
    outside, found, hit = scratch.outside_b, scratch.found, scratch.hit
    run_seen, run_length = scratch.run_seen, scratch.run_length
    row[NARRATION_B] = fill_narration(
        flags, pair.start_b, pair.n_b, pair.n_shingles_b, pair.shingle_words, outside
    )
    hit[: pair.n_shingles_a] = False
    run_seen[: pair.n_shingles_a + 1] = -2
    best = np.int64(0)
    shared = np.int64(0)
    lead = np.int64(0)
    for j in range(pair.n_shingles_b):
        i = find_shingle(scratch.shingles_b[j], scratch.shingles_a, pair.mask, scratch.heads)
        found[j] = i
        if i < 0:
            continue
        shared += np.int64(outside[j])
        lead += np.int64(j < LEAD_SHINGLES)
        if scratch.n_places[i] > MAX_PLACES:
            hit[i] = True
            found[j] = -1
            continue
        while i >= 0:
            hit[i] = True
            length = np.int64(1)
            if i > 0 and run_seen[i - 1] == j - 1:
                length += run_length[i - 1]
            run_length[i] = length
            run_seen[i] = j
            best = max(best, length)
            i = np.int64(scratch.following[i])
    row[NARRATION_SHARED_B] = shared
    row[LEAD_B] = lead
    shared = np.int64(0)
    for i in range(pair.n_shingles_a):
        shared += np.int64(hit[i] & scratch.outside_a[i])
    row[NARRATION_SHARED_A] = shared
    lead = np.int64(0)
    for i in range(min(pair.n_shingles_a, LEAD_SHINGLES)):
        lead += np.int64(hit[i])
    row[LEAD_A] = lead
    row[LONGEST_RUN] = best + pair.least_run - 1 if best else 0


@kernel
def _measure_facts(
    facts: NDArray[np.uint64],
    offsets: NDArray[np.int64],
    of_a: int,
    of_b: int,
    row: NDArray[np.int32],
) -> None:
    """Count the numbers and the names of a and of b, which begin at two offsets, and the common."""
    row[NUMBERS_A] = offsets[of_a + 1] - offsets[of_a]
    row[NUMBERS_B] = offsets[of_b + 1] - offsets[of_b]
    row[NUMBERS_SHARED] = count_common(
        facts, offsets[of_a], offsets[of_a + 1], offsets[of_b], offsets[of_b + 1]
    )
    row[NAMES_A] = offsets[of_a + 2] - offsets[of_a + 1]
    row[NAMES_B] = offsets[of_b + 2] - offsets[of_b + 1]
    row[NAMES_SHARED] = count_common(
        facts, offsets[of_a + 1], offsets[of_a + 2], offsets[of_b + 1], offsets[of_b + 2]
    )


@kernel
def _measure_passages(
    passages: NDArray[np.int64], first: int, last: int, row: NDArray[np.int32]
) -> None:
    row[N_PASSAGES] = last - first
    for passage in range(first, last):
        box = passages[passage]
        row[ALIGNED_A] += box[boxes.A_TO] - box[boxes.A_FROM]
        row[ALIGNED_B] += box[boxes.B_TO] - box[boxes.B_FROM]
        row[MATCHED] += box[boxes.MATCHED]
        row[NUMBER_SLOTS_SAME] += box[boxes.NUMBERS_SAME]
        row[NUMBER_SLOTS_CHANGED] += box[boxes.NUMBERS_CHANGED]
        row[NUMBER_PLACES_CHANGED] += box[boxes.NUMBER_PLACES_CHANGED]
        row[NAME_SLOTS_SAME] += box[boxes.NAMES_SAME]
        row[NAME_SLOTS_CHANGED] += box[boxes.NAMES_CHANGED]
