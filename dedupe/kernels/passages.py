"""Matched runs in, in the order of b; passages out.

A passage under way is a box: a range of tokens in a, one in b, and counts. A
run of equal tokens hangs on the nearest open box, whatever its order in a, or
opens one; a box is closed when b has moved on by more than the gap.

Axes: T tokens, S shingles of a text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.kernels._compile import kernel
from dedupe.kernels.anchors import free_run
from dedupe.kernels.facts import NAME, NAME_MASK, NUMBER_MASK, count_facts, count_gap_facts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe.kernels.align import Pair, Scratch

MAX_OPEN = 16
"""Passages under way, at most; when all are taken the one least advanced in b is closed."""

PAIR, A_FROM, A_TO, B_FROM, B_TO, MATCHED = 0, 1, 2, 3, 4, 5
NUMBERS_SAME, NUMBERS_CHANGED, NAMES_SAME, NAMES_CHANGED = 6, 7, 8, 9
NUMBER_PLACES_CHANGED = 10
N_BOX = 11
"""Columns of a passage: its pair, its token ranges in a and b, and counts."""

# A run this much shorter is still taken where it continues a passage.
_NEAR_BONUS = 8


@kernel
def fill_passages(
    number: int,
    pair: Pair,
    scratch: Scratch,
    hashes: NDArray[np.uint64],
    flags: NDArray[np.uint8],
    max_gap: int,
    min_words: int,
    passages: NDArray[np.int64],
    at: int,
) -> int:
    """Write the passages of one pair after the first `at`; returns the new count.

    Walks b; at each anchor takes the longest run of tokens that are equal in
    both and not taken yet in a, one that continues a passage before others.

    Shapes
        hashes    uint64 (T,)       token hashes of all documents
        flags     uint8  (T,)
        passages  int64  (n, N_BOX)
    """
    first = at
    n_open = 0
    opened, found = scratch.opened, scratch.found
    j = np.int64(0)
    while j < pair.n_shingles_b:
        # Most words of two texts are no anchors: they cost no more than this look.
        if found[j] < 0:
            j += 1
            continue
        i, length, owner = _best_run(j, n_open, pair, scratch, hashes, max_gap)
        if i < 0:
            j += 1
            continue
        scratch.taken[i : i + length] = True
        if owner < 0:
            if n_open == MAX_OPEN:
                at = _close(opened, n_open, min_words, passages, at)
                n_open -= 1
            owner = n_open
            n_open += 1
            opened[owner] = 0
            opened[owner, PAIR] = number
            opened[owner, A_FROM] = opened[owner, A_TO] = i
            opened[owner, B_FROM] = opened[owner, B_TO] = j
        _extend(opened[owner], i, j, length, hashes, flags, pair)
        j += length
        while n_open and j - opened[_least_advanced(opened, n_open), B_TO] > max_gap:
            at = _close(opened, n_open, min_words, passages, at)
            n_open -= 1
    while n_open:
        at = _close(opened, n_open, min_words, passages, at)
        n_open -= 1
    return part_passages(passages, first, at)


@kernel
def _best_run(
    j: int,
    n_open: int,
    pair: Pair,
    scratch: Scratch,
    hashes: NDArray[np.uint64],
    max_gap: int,
) -> tuple[int, int, int]:
    """Return place in a, length and open passage of the best run at j in b; -1 for none."""
    best_i = np.int64(-1)
    best_length = np.int64(0)
    best_owner = np.int64(-1)
    i = np.int64(scratch.found[j])
    while i >= 0:
        length = free_run(hashes, pair, i, j, scratch.taken)
        if length >= pair.least_run:
            owner = _nearest(scratch.opened, n_open, i, length, j, max_gap)
            bonus = _NEAR_BONUS if owner >= 0 else 0
            best_bonus = _NEAR_BONUS if best_owner >= 0 else 0
            if length + bonus >= best_length + best_bonus:
                best_i = np.int64(i)
                best_length = np.int64(length)
                best_owner = np.int64(owner)
        i = np.int64(scratch.following[i])
    return best_i, best_length, best_owner


@kernel
def _nearest(
    opened: NDArray[np.int64], n_open: int, i: int, length: int, j: int, max_gap: int
) -> int:
    """Return the open passage that a run at (i, j) continues, the closest in a; -1 for none."""
    nearest = np.int64(-1)
    least = max_gap + 1
    for passage in range(n_open):
        box = opened[passage]
        gap = max(i - box[A_TO], box[A_FROM] - (i + length), 0)
        if j - box[B_TO] <= max_gap and gap < least:
            nearest = np.int64(passage)
            least = gap
    return nearest


@kernel
def _extend(
    box: NDArray[np.int64],
    i: int,
    j: int,
    length: int,
    hashes: NDArray[np.uint64],
    flags: NDArray[np.uint8],
    pair: Pair,
) -> None:
    """Add a run to a passage, and count the facts of the run and of the gap before it."""
    if i >= box[A_TO]:
        a_from, a_to = pair.start_a + box[A_TO], pair.start_a + i
        b_from, b_to = pair.start_b + box[B_TO], pair.start_b + j
        same, changed = count_gap_facts(
            hashes, flags, a_from, a_to, b_from, b_to, NUMBER_MASK, NUMBER_MASK
        )
        box[NUMBERS_SAME] += same
        box[NUMBERS_CHANGED] += changed
        box[NUMBER_PLACES_CHANGED] += np.int64(changed > 0)
        same, changed = count_gap_facts(hashes, flags, a_from, a_to, b_from, b_to, NAME_MASK, NAME)
        box[NAMES_SAME] += same
        box[NAMES_CHANGED] += changed
    numbers, names = count_facts(flags, pair.start_b + j, pair.start_b + j + length)
    box[NUMBERS_SAME] += numbers
    box[NAMES_SAME] += names
    box[A_FROM] = min(box[A_FROM], i)
    box[A_TO] = max(box[A_TO], i + length)
    box[B_TO] = j + length
    box[MATCHED] += length


@kernel
def _least_advanced(opened: NDArray[np.int64], n_open: int) -> int:
    least = 0
    for passage in range(1, n_open):
        if opened[passage, B_TO] < opened[least, B_TO]:
            least = passage
    return least


@kernel
def _close(
    opened: NDArray[np.int64], n_open: int, min_words: int, passages: NDArray[np.int64], at: int
) -> int:
    """Take out the passage least advanced in b; write it when enough of its words match."""
    least = _least_advanced(opened, n_open)
    if opened[least, MATCHED] >= min_words:
        _copy_box(opened, least, passages, at)
        at += 1
    for later in range(least, n_open - 1):
        _copy_box(opened, later + 1, opened, later)
    return at


@kernel
def _copy_box(boxes: NDArray[np.int64], place: int, into: NDArray[np.int64], at: int) -> None:
    for column in range(N_BOX):
        into[at, column] = boxes[place, column]


@kernel
def part_passages(passages: NDArray[np.int64], first: int, last: int) -> int:
    """Trim passages [first, last) until none overlaps another on either side.

    The one with more matched words keeps what two claim; a passage that loses
    more than half of a side is dropped. Returns the new end.
    """
    kept = first
    for _ in range(first, last):
        best = kept
        for other in range(kept + 1, last):
            if passages[other, MATCHED] > passages[best, MATCHED] or (
                passages[other, MATCHED] == passages[best, MATCHED]
                and passages[other, B_FROM] < passages[best, B_FROM]
            ):
                best = other
        for column in range(passages.shape[1]):
            passages[kept, column], passages[best, column] = (
                passages[best, column],
                passages[kept, column],
            )
        fits = True
        for side in (A_FROM, B_FROM):
            fits = fits and _trim(passages, first, kept, side)
        if fits:
            kept += 1
        else:
            last -= 1
            _copy_box(passages, last, passages, kept)
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
