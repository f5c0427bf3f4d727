"""Aligned text in; how one side was edited into the other, out.

    tokens of two passages     ->  fill_matches()  which token of one is which of the other
    texts, passages of pairs   ->  fill_edited()   which pairs lost marks, accents or words

Axes: N tokens of a, M tokens of b.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.kernels._compile import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

MATCH, NEW_RUN = 2, 1
"""What a matched token earns, and what beginning a run of them costs.

A word that stands alone between two substitutions is still matched; of two ways
to match as many, the one in fewer runs is taken, as a reader would.
"""

_ACCENTS, _MARKS, _CUT, _SAID = 0, 1, 2, 3
_UP, _LEFT, _MATCHED, _RUNS_ON = 0, 1, 2, 4
# Below every score; sums of it do not overflow.
_NEVER = -(1 << 30)
# Bytes looked at together; in most texts all are ASCII.
_STRIDE = 16


@kernel
def fill_matches(
    a: NDArray[np.uint64],
    b: NDArray[np.uint64],
    came: NDArray[np.uint8],
    match: NDArray[np.int64],
) -> None:
    """Write for each token of a the token of b that it is, in order, -1 for none.

    Shapes
        a, b   uint64 (N,), (M,)  token hashes
        came   uint8  (N, M)      scratch
        match  int64  (N,)        overwritten
    Cost    N * M steps and bytes; the caller bounds them.
    Source  Wagner and Fischer 1974; Gotoh 1982 for the cost of a run.
    """
    n_b = len(b)
    best = np.zeros(n_b + 1, np.int64)
    ended = np.full(n_b + 1, _NEVER, np.int64)
    for i in range(len(a)):
        diagonal = best[0]
        diagonal_ended = ended[0]
        for j in range(n_b):
            above = best[j + 1]
            above_ended = ended[j + 1]
            code = _UP
            score = above
            if best[j] > score:
                code = _LEFT
                score = best[j]
            matched = np.int64(_NEVER)
            if a[i] == b[j]:
                runs_on = diagonal_ended >= diagonal - NEW_RUN
                matched = MATCH + (diagonal_ended if runs_on else diagonal - NEW_RUN)
                if matched >= score:
                    code = _MATCHED
                    score = matched
                if runs_on:
                    code |= _RUNS_ON
            came[i, j] = code
            best[j + 1] = score
            ended[j + 1] = matched
            diagonal = above
            diagonal_ended = above_ended
    _trace(came, match)


@kernel
def _trace(came: NDArray[np.uint8], match: NDArray[np.int64]) -> None:
    """Walk back from the end of both along what scored best."""
    match[:] = -1
    i, j = came.shape
    in_run = False
    while i > 0 and j > 0:
        code = np.int64(came[i - 1, j - 1])
        if in_run or code & 3 == _MATCHED:
            match[i - 1] = j - 1
            in_run = code & _RUNS_ON != 0
            i -= 1
            j -= 1
        elif code & 3 == _LEFT:
            j -= 1
        else:
            i -= 1


@kernel
def fill_edited(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    rows: NDArray[np.int64],
    places: NDArray[np.int64],
    span_ends: NDArray[np.int64],
    spans: NDArray[np.int64],
    first: int,
    last: int,
    differs: NDArray[np.bool_],
) -> None:
    """Write of which pairs the aligned texts differ in what attribution reads in them.

    One side has accents or quotation marks and the other none, one is cut with
    an ellipsis, or both quote somebody (so that words must be read).

    Shapes (D documents, Q pairs asked, P pairs, G passages)
        data       uint8 (B,)    texts, UTF-8
        offsets    int64 (D+1,)  text d is data[offsets[d]:offsets[d+1]]
        rows       int64 (Q, 2)  documents
        places     int64 (Q,)    the pair's place among P
        span_ends  int64 (P+1,)  pair p has passages [span_ends[p], span_ends[p+1])
        spans      int64 (G, 4)  code points: where they begin and end in a, and in b
        differs    bool  (Q,)    overwritten for [first, last)
    """
    for q in range(first, last):
        start, end = span_ends[places[q]], span_ends[places[q] + 1]
        ones = _byte_spans(data, offsets, rows[q, 0], spans[start:end, 0], spans[start:end, 1])
        others = _byte_spans(data, offsets, rows[q, 1], spans[start:end, 2], spans[start:end, 3])
        differs[q] = False
        if _are_equal(data, ones, others):
            continue
        one, other = _look(data, ones), _look(data, others)
        differs[q] = one[_CUT] != other[_CUT] or (one[_SAID] > 0 and other[_SAID] > 0)
        for counted in (_ACCENTS, _MARKS):
            differs[q] |= (one[counted] == 0) != (other[counted] == 0)


@kernel
def _byte_spans(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    row: int,
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return where passages, given in code points of a text, begin and end in `data`."""
    found = np.empty((len(starts), 2), np.int64)
    at, n_points, last = offsets[row], 0, offsets[row + 1]
    for k in range(len(starts)):
        if starts[k] < n_points:
            at, n_points = offsets[row], 0
        found[k, 0] = _advanced(data, at, last, starts[k] - n_points)
        found[k, 1] = _advanced(data, found[k, 0], last, ends[k] - starts[k])
        at, n_points = found[k, 1], ends[k]
    return found


@kernel
def _advanced(data: NDArray[np.uint8], at: int, last: int, n_points: int) -> int:
    """Return the place some code points on from another."""
    while n_points > 0 and at < last:
        if n_points >= _STRIDE and at + _STRIDE <= last:
            high = np.uint8(0)
            for k in range(_STRIDE):
                high |= data[at + k]
            if high < 0x80:
                at += _STRIDE
                n_points -= _STRIDE
                continue
        at += 1
        while at < last and data[at] & 0xC0 == 0x80:
            at += 1
        n_points -= 1
    return at


@kernel
def _are_equal(data: NDArray[np.uint8], ones: NDArray[np.int64], others: NDArray[np.int64]) -> bool:
    for k in range(len(ones)):
        size = ones[k, 1] - ones[k, 0]
        if others[k, 1] - others[k, 0] != size:
            return False
        for n in range(size):
            if data[ones[k, 0] + n] != data[others[k, 0] + n]:
                return False
    return True


@kernel
def _look(data: NDArray[np.uint8], spans: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count accents and quotation marks in passages, and say if they are cut or quote somebody."""
    found = np.zeros(4, np.int64)
    for k in range(len(spans)):
        for at in range(spans[k, 0], spans[k, 1]):
            if data[at] & 0xC0 != 0x80:
                _count(data, spans[k, 0], at, spans[k, 1], found)
    return found


@kernel
def _count(
    data: NDArray[np.uint8], begin: int, at: int, last: int, found: NDArray[np.int64]
) -> None:
    """Count the character at one place, or the words that end there."""
    byte = np.int64(data[at])
    if byte == ord('"'):
        found[_MARKS] += 1
    elif byte == ord("."):
        if at - begin >= 2 and data[at - 1] == byte and data[at - 2] == byte:
            found[_CUT] = 1
    elif byte == ord("d"):
        if (
            at - begin >= 4
            and data[at - 1] == ord("i")
            and data[at - 2] == ord("a")
            and data[at - 3] == ord("s")
            and data[at - 4] == ord(" ")
        ):
            found[_SAID] = 1
    elif byte >= 0xC2 and at + 1 < last:
        second = np.int64(data[at + 1])
        third = np.int64(data[at + 2]) if at + 2 < last else 0
        if byte == 0xC2:
            found[_MARKS] += second in (0xAB, 0xBB)
        elif byte <= 0xC9:
            is_sign = byte == 0xC3 and second in (0x97, 0xB7)
            found[_ACCENTS] += not (is_sign or (byte == 0xC9 and second > 0x8F))
        elif byte == 0xE2 and second == 0x80:
            found[_MARKS] += third in (0x9C, 0x9D, 0x9E)
            found[_CUT] = max(found[_CUT], np.int64(third == 0xA6))
        elif byte == 0xE3 and second == 0x80:
            found[_MARKS] += third in (0x8C, 0x8D)
