"""Tokens of two documents in; what they share, where, and in how long runs, out.

    tokens of a pair -> fill_alignments() -> measures (P, N_MEASURES), passages (n, 6)

Anchors are shared runs of `shingle_words` tokens, found through a hash table
of a's shingles. Anchors that stand closely together in both texts are one passage,
whatever their order in a, so substituted, inserted, dropped and reordered words
do not end it; a chance anchor elsewhere is a passage of its own, too short to
keep.

Axes: P pairs, T tokens, D documents.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.kernels._compile import kernel
from dedupe.kernels.text import CAPITALISED, NUMBER, QUOTED, SENTENCE_START, fill_shingles

if TYPE_CHECKING:
    from numpy.typing import NDArray

LONGEST_RUN = 0
NARRATION_SHARED_A, NARRATION_A = 1, 2
NARRATION_SHARED_B, NARRATION_B = 3, 4
NUMBERS_SHARED, NUMBERS_A, NUMBERS_B = 5, 6, 7
NAMES_SHARED, NAMES_A, NAMES_B = 8, 9, 10
ALIGNED_A, ALIGNED_B, N_PASSAGES = 11, 12, 13
NUMBER_SLOTS_SAME, NUMBER_SLOTS_CHANGED = 14, 15
NAME_SLOTS_SAME, NAME_SLOTS_CHANGED = 16, 17
LEAD_A, LEAD_B = 18, 19
MATCHED = 20
N_MEASURES = 21
"""Columns of the measures; see `fill_alignments`."""

LEAD_SHINGLES = 40
"""A text's lead is its first forty shingles: where a new story says what is new."""

# A shingle that stands more often than this in one text tells no place, and
# texts made of one repeated word would cost the square of their length.
_MAX_PLACES = 16

# Passages under way, at most; when all are taken the oldest is closed.
_MAX_OPEN = 16
# A run this much shorter is still taken where it continues a passage.
_NEAR_BONUS = 8
# Columns of a passage under way: its box in tokens, and counts.
_A_FROM, _A_TO, _B_FROM, _B_TO, _MATCHED = 0, 1, 2, 3, 4
_NUMBERS_SAME, _NUMBERS_CHANGED, _NAMES_SAME, _NAMES_CHANGED = 5, 6, 7, 8

_QUOTED = np.int64(QUOTED)
_NUMBER = np.int64(NUMBER)
_NAME_MASK = np.int64(CAPITALISED | SENTENCE_START)
_NAME = np.int64(CAPITALISED)


@kernel
def max_passages(n_tokens_b: int, min_words: int) -> int:
    """Return how many passages of `min_words` fit in a text without overlap."""
    return n_tokens_b // max(min_words, 1) + 1


@kernel
def fill_alignments(
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    first: int,
    last: int,
    hashes: NDArray[np.uint64],
    flags: NDArray[np.uint8],
    offsets: NDArray[np.int64],
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
        measures  int32  (P, N_MEASURES)  written in rows [first, last)
        passages  int64  (n, 6)  pair, first and last+1 token in a, in b, counted
                                 from the start of each document, matched tokens
    Measures  LONGEST_RUN in tokens; NARRATION_*: shingles outside quotation marks
              and those of them found in the other; NUMBERS_*, NAMES_*: distinct
              number tokens, and capitalised ones within sentences; ALIGNED_*:
              tokens in passages; MATCHED: those of them equal on both sides;
              NUMBER_SLOTS_*, NAME_SLOTS_*: numbers and
              names inside passages that stand in both, or change between them;
              LEAD_*: of the first LEAD_SHINGLES shingles, those in the other
    max_gap    tokens that may lie between two anchors of one passage, on either side
    min_words  a passage with fewer matched tokens is dropped
    Cost       linear in the tokens of both, for shingles of at most 16 places
    """
    longest = 0
    for p in range(first, last):
        longest = max(longest, offsets[a[p] + 1] - offsets[a[p]])
        longest = max(longest, offsets[b[p] + 1] - offsets[b[p]])
    table_size = 16
    while table_size < 2 * longest:
        table_size *= 2
    heads = np.empty(table_size, dtype=np.int32)
    following = np.empty(longest + 1, dtype=np.int32)
    n_places = np.empty(longest + 1, dtype=np.int32)
    shingles_a = np.empty(longest + 1, dtype=np.uint64)
    shingles_b = np.empty(longest + 1, dtype=np.uint64)
    hit_a = np.empty(longest + 1, dtype=np.bool_)
    taken_a = np.empty(longest + 1, dtype=np.bool_)
    run_length = np.empty(longest + 1, dtype=np.int32)
    run_seen = np.empty(longest + 1, dtype=np.int32)
    numbers_a = np.empty(longest + 1, dtype=np.uint64)
    names_a = np.empty(longest + 1, dtype=np.uint64)
    opened = np.empty((_MAX_OPEN, 9), dtype=np.int64)
    facts_b = np.empty(longest + 1, dtype=np.uint64)
    previous_a = np.int64(-1)
    n_a = np.int64(0)
    n_shingles_a = np.int64(0)
    n_numbers_a = np.int64(0)
    n_names_a = np.int64(0)
    narration_a = np.int64(0)
    mask = np.int64(0)
    n_passages = 0
    for p in range(first, last):
        start_a = offsets[a[p]]
        start_b = offsets[b[p]]
        n_b = offsets[b[p] + 1] - start_b
        if a[p] != previous_a:
            previous_a = a[p]
            n_a = offsets[a[p] + 1] - start_a
            n_shingles_a = fill_shingles(hashes[start_a:], n_a, shingle_words, shingles_a)
            mask = np.int64(15)
            while mask + 1 < 2 * n_shingles_a:
                mask = 2 * mask + 1
            _build_table(shingles_a, n_shingles_a, mask, heads, following, n_places)
            n_numbers_a = _sorted_facts(hashes, flags, start_a, n_a, _NUMBER, _NUMBER, numbers_a)
            n_names_a = _sorted_facts(hashes, flags, start_a, n_a, _NAME_MASK, _NAME, names_a)
            narration_a = _count_narration(flags, start_a, n_a, n_shingles_a, shingle_words)
        n_shingles_b = fill_shingles(hashes[start_b:], n_b, shingle_words, shingles_b)
        hit_a[:n_shingles_a] = False
        taken_a[:n_a] = False
        run_seen[: n_shingles_a + 1] = -2
        row = measures[p]
        row[:] = 0
        row[NARRATION_A] = narration_a

        # Every place of every shared shingle: exact overlaps and the longest run.
        best = 0
        narration_b = 0
        narration_shared_b = 0
        for j in range(n_shingles_b):
            outside = _is_narration(flags, start_b + j, shingle_words, n_b)
            narration_b += outside
            i = _find(shingles_b[j], shingles_a, mask, heads)
            if i < 0:
                continue
            row[LEAD_B] += np.int32(j < LEAD_SHINGLES)
            narration_shared_b += outside
            if n_places[i] > _MAX_PLACES:
                hit_a[i] = True
                continue
            while i >= 0:
                hit_a[i] = True
                length = 1
                if i > 0 and run_seen[i - 1] == j - 1:
                    length = run_length[i - 1] + 1
                run_length[i] = length
                run_seen[i] = j
                best = max(best, length)
                i = following[i]
        narration_shared_a = 0
        for i in range(n_shingles_a):
            row[LEAD_A] += np.int32(hit_a[i] and i < LEAD_SHINGLES)
            if hit_a[i] and _is_narration(flags, start_a + i, shingle_words, n_a):
                narration_shared_a += 1
        row[LONGEST_RUN] = best + min(shingle_words, n_a, n_b) - 1 if best else 0
        row[NARRATION_SHARED_A] = narration_shared_a
        row[NARRATION_B] = narration_b
        row[NARRATION_SHARED_B] = narration_shared_b

        n_b_facts = _sorted_facts(hashes, flags, start_b, n_b, _NUMBER, _NUMBER, facts_b)
        row[NUMBERS_SHARED] = _count_common(numbers_a, n_numbers_a, facts_b, n_b_facts)
        row[NUMBERS_A] = n_numbers_a
        row[NUMBERS_B] = n_b_facts
        n_b_facts = _sorted_facts(hashes, flags, start_b, n_b, _NAME_MASK, _NAME, facts_b)
        row[NAMES_SHARED] = _count_common(names_a, n_names_a, facts_b, n_b_facts)
        row[NAMES_A] = n_names_a
        row[NAMES_B] = n_b_facts

        # Passages: walk b, take the best free run at each anchor, hang it on a near passage.
        from_passage = n_passages
        n_open = 0
        j = np.int64(0)
        while j < n_shingles_b:
            i = _find(shingles_b[j], shingles_a, mask, heads)
            if i < 0 or n_places[i] > _MAX_PLACES:
                j += 1
                continue
            best_i = np.int64(-1)
            best_length = np.int64(0)
            best_owner = -1
            while i >= 0:
                length = _free_run(hashes, start_a, i, n_a, start_b, j, n_b, taken_a)
                if length >= min(shingle_words, n_a, n_b):
                    owner = _nearest(opened, n_open, i, length, j, max_gap)
                    # A place that continues a passage beats a longer run elsewhere.
                    bonus = _NEAR_BONUS if owner >= 0 else 0
                    best_bonus = _NEAR_BONUS if best_owner >= 0 else 0
                    if length + bonus >= best_length + best_bonus:
                        best_i = np.int64(i)
                        best_length = length
                        best_owner = owner
                i = following[i]
            if best_i < 0:
                j += 1
                continue
            taken_a[best_i : best_i + best_length] = True
            if best_owner < 0:
                if n_open == opened.shape[0]:
                    n_passages = _close(opened, 0, min_words, p, passages, n_passages, row)
                    n_open = _forget(opened, 0, n_open)
                best_owner = n_open
                n_open += 1
                _open(opened[best_owner], best_i, j)
            _extend(
                opened[best_owner], best_i, j, best_length, flags, start_a, start_b,
            )  # fmt: skip
            j += best_length
            while n_open and j - _least_end(opened, n_open) > max_gap:
                oldest = _oldest(opened, n_open)
                n_passages = _close(opened, oldest, min_words, p, passages, n_passages, row)
                n_open = _forget(opened, oldest, n_open)
        for passage in range(n_open):
            n_passages = _close(opened, passage, min_words, p, passages, n_passages, row)
        n_passages = _part(passages, from_passage, n_passages)
        for passage in range(from_passage, n_passages):
            row[ALIGNED_A] += passages[passage, 2] - passages[passage, 1]
            row[ALIGNED_B] += passages[passage, 4] - passages[passage, 3]
            row[MATCHED] += passages[passage, 5]
        row[N_PASSAGES] = n_passages - from_passage
    return n_passages


@kernel
def _nearest(
    opened: NDArray[np.int64], n_open: int, i: int, length: int, j: int, max_gap: int
) -> int:
    """Return the open passage that a run at (i, j) continues, the closest in a; -1 for none."""
    nearest = -1
    least = max_gap + 1
    for passage in range(n_open):
        box = opened[passage]
        gap = max(i - box[_A_TO], box[_A_FROM] - (i + length), 0)
        if j - box[_B_TO] <= max_gap and gap < least:
            nearest = passage
            least = gap
    return nearest


@kernel
def _open(box: NDArray[np.int64], i: int, j: int) -> None:
    box[:] = 0
    box[_A_FROM] = box[_A_TO] = i
    box[_B_FROM] = box[_B_TO] = j


@kernel
def _extend(
    box: NDArray[np.int64],
    i: int,
    j: int,
    length: int,
    flags: NDArray[np.uint8],
    start_a: int,
    start_b: int,
) -> None:
    """Add a run to a passage, and count the facts of the run and of the gap before it."""
    if i >= box[_A_TO]:
        numbers_a, names_a = _count_facts(flags, start_a + box[_A_TO], start_a + i)
        numbers_b, names_b = _count_facts(flags, start_b + box[_B_TO], start_b + j)
        box[_NUMBERS_CHANGED] += min(numbers_a, numbers_b)
        box[_NAMES_CHANGED] += min(names_a, names_b)
    numbers, names = _count_facts(flags, start_b + j, start_b + j + length)
    box[_NUMBERS_SAME] += numbers
    box[_NAMES_SAME] += names
    box[_A_FROM] = min(box[_A_FROM], i)
    box[_A_TO] = max(box[_A_TO], i + length)
    box[_B_TO] = j + length
    box[_MATCHED] += length


@kernel
def _oldest(opened: NDArray[np.int64], n_open: int) -> int:
    oldest = 0
    for passage in range(1, n_open):
        if opened[passage, _B_TO] < opened[oldest, _B_TO]:
            oldest = passage
    return oldest


@kernel
def _least_end(opened: NDArray[np.int64], n_open: int) -> int:
    return opened[_oldest(opened, n_open), _B_TO]


@kernel
def _forget(opened: NDArray[np.int64], passage: int, n_open: int) -> int:
    for later in range(passage, n_open - 1):
        opened[later] = opened[later + 1]
    return n_open - 1


@kernel
def _close(
    opened: NDArray[np.int64],
    passage: int,
    min_words: int,
    pair: int,
    passages: NDArray[np.int64],
    at: int,
    row: NDArray[np.int32],
) -> int:
    """Write a passage that has enough matched words, and its facts to the pair's row."""
    box = opened[passage]
    if box[_MATCHED] < min_words:
        return at
    passages[at, 0] = pair
    passages[at, 1] = box[_A_FROM]
    passages[at, 2] = box[_A_TO]
    passages[at, 3] = box[_B_FROM]
    passages[at, 4] = box[_B_TO]
    passages[at, 5] = box[_MATCHED]
    row[NUMBER_SLOTS_SAME] += box[_NUMBERS_SAME]
    row[NUMBER_SLOTS_CHANGED] += box[_NUMBERS_CHANGED]
    row[NAME_SLOTS_SAME] += box[_NAMES_SAME]
    row[NAME_SLOTS_CHANGED] += box[_NAMES_CHANGED]
    return at + 1


@kernel
def _part(passages: NDArray[np.int64], first: int, last: int) -> int:
    """Trim passages [first, last) until none overlaps another on either side.

    The one with more matched words keeps what two claim; a passage that loses
    more than half of a side is dropped. Returns the new end.
    """
    kept = first
    for _ in range(first, last):
        best = kept
        for other in range(kept + 1, last):
            if passages[other, 5] > passages[best, 5] or (
                passages[other, 5] == passages[best, 5] and passages[other, 3] < passages[best, 3]
            ):
                best = other
        for column in range(passages.shape[1]):
            passages[kept, column], passages[best, column] = (
                passages[best, column],
                passages[kept, column],
            )
        fits = True
        for side in (1, 3):
            fits = fits and _trim(passages, first, kept, side)
        if fits:
            kept += 1
        else:
            last -= 1
            passages[kept] = passages[last]
        if kept >= last:
            break
    return kept


@kernel
def _trim(passages: NDArray[np.int64], first: int, at: int, side: int) -> bool:
    """Cut one side of passage `at` to what the passages [first, at) leave; False if too little."""
    start = passages[at, side]
    end = passages[at, side + 1]
    size = end - start
    for other in range(first, at):
        taken_from = passages[other, side]
        taken_to = passages[other, side + 1]
        if taken_to <= start or taken_from >= end:
            continue
        if taken_from - start >= end - taken_to:
            end = max(taken_from, start)
        else:
            start = min(taken_to, end)
    passages[at, side] = start
    passages[at, side + 1] = end
    return 2 * (end - start) >= size and end > start


@kernel
def _build_table(
    shingles: NDArray[np.uint64],
    n_shingles: int,
    mask: int,
    heads: NDArray[np.int32],
    following: NDArray[np.int32],
    n_places: NDArray[np.int32],
) -> None:
    """Index shingles by hash: heads[slot] is the last place of one, following[i] an earlier."""
    heads[: mask + 1] = -1
    for i in range(n_shingles):
        slot = np.int64(shingles[i] & np.uint64(mask))
        while heads[slot] >= 0 and shingles[heads[slot]] != shingles[i]:
            slot = (slot + 1) & mask
        following[i] = heads[slot]
        n_places[i] = 1 if heads[slot] < 0 else n_places[heads[slot]] + 1
        heads[slot] = i


@kernel
def _find(
    shingle: np.uint64, shingles: NDArray[np.uint64], mask: int, heads: NDArray[np.int32]
) -> int:
    slot = np.int64(shingle & np.uint64(mask))
    while heads[slot] >= 0:
        if shingles[heads[slot]] == shingle:
            return np.int64(heads[slot])
        slot = (slot + 1) & mask
    return np.int64(-1)


@kernel
def _free_run(
    hashes: NDArray[np.uint64],
    start_a: int,
    i: int,
    n_a: int,
    start_b: int,
    j: int,
    n_b: int,
    taken_a: NDArray[np.bool_],
) -> int:
    """Return how many tokens from i in a and from j in b are equal and not taken."""
    length = np.int64(0)
    while (
        i + length < n_a
        and j + length < n_b
        and not taken_a[i + length]
        and hashes[start_a + i + length] == hashes[start_b + j + length]
    ):
        length += 1
    return length


@kernel
def _is_narration(flags: NDArray[np.uint8], at: int, shingle_words: int, n_tokens: int) -> int:
    """Return 1 for a shingle with no token inside quotation marks."""
    for i in range(min(shingle_words, n_tokens)):
        if np.int64(flags[at + i]) & _QUOTED:
            return 0
    return 1


@kernel
def _count_narration(
    flags: NDArray[np.uint8], start: int, n_tokens: int, n_shingles: int, shingle_words: int
) -> int:
    count = 0
    for i in range(n_shingles):
        count += _is_narration(flags, start + i, shingle_words, n_tokens)
    return count


@kernel
def _count_facts(flags: NDArray[np.uint8], start: int, end: int) -> tuple[int, int]:
    """Count the numbers, and the names within sentences, among tokens [start, end)."""
    n_numbers = np.int64(0)
    n_names = np.int64(0)
    for i in range(start, end):
        flag = np.int64(flags[i])
        n_numbers += np.int64(flag & _NUMBER != 0)
        n_names += np.int64(flag & _NAME_MASK == _NAME)
    return n_numbers, n_names


@kernel
def _sorted_facts(
    hashes: NDArray[np.uint64],
    flags: NDArray[np.uint8],
    start: int,
    n_tokens: int,
    flag_mask: int,
    wanted: int,
    out: NDArray[np.uint64],
) -> int:
    """Write the distinct tokens whose masked flags are as wanted, rising; returns their count."""
    count = 0
    for i in range(start, start + n_tokens):
        if np.int64(flags[i]) & flag_mask == wanted:
            out[count] = hashes[i]
            count += 1
    if count == 0:
        return 0
    out[:count].sort()
    distinct = 1
    for i in range(1, count):
        if out[i] != out[distinct - 1]:
            out[distinct] = out[i]
            distinct += 1
    return distinct


@kernel
def _count_common(
    left: NDArray[np.uint64], n_left: int, right: NDArray[np.uint64], n_right: int
) -> int:
    """Count the numbers that stand in both rising lists."""
    i = j = count = 0
    while i < n_left and j < n_right:
        x = left[i]
        y = right[j]
        count += np.int64(x == y)
        i += np.int64(x <= y)
        j += np.int64(y <= x)
    return count
