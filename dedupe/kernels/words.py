"""Words of a list, found in many texts at once: one step a byte, however long the list.

    bytes, automaton  ->  fill_marks()  ->  which kinds of words each text holds

The automaton (Aho and Corasick, 1975) is one table: a byte leads from state to
state, and some states end a word.

Axes: B bytes, D documents, S kept ranges, Q states, C classes of bytes, W words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe.kernels._compile import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

ANYWHERE, OPENING, EDGES = 0, 1, 2
"""Where a word counts: near the body, where the body opens, where it opens or ends."""

SKIPPED = 255
"""Class of bytes that are passed over, so that "Harbor Light" is "harborlight"."""

_LEADING = np.uint8(0xC0)
_CONTINUES = np.uint8(0x80)
_ZERO, _NINE = np.uint8(48), np.uint8(57)
_A, _Z, _LOWER = np.uint8(97), np.uint8(122), np.uint8(32)


class Automaton(NamedTuple):
    """The words to find.

    Shapes
        step     int32 (Q*C,)  by state * C + class: next state * C, or its complement
                               (negative) where that state ends a word
        classes  uint8 (256,)  class of each byte; 0 for bytes in no word, or SKIPPED
        ends     int32 (Q,)    longest word that ends in this state, or -1
        shorter  int32 (W,)    next shorter word that ends where this one does, or -1
        length   int32 (W,)    bytes
        zone     uint8 (W,)    ANYWHERE, OPENING or EDGES
        bit      uint8 (W,)    what finding it sets
        whole    uint8 (W,)    1: not inside a longer run of ASCII letters and digits
    """

    step: NDArray[np.int32]
    classes: NDArray[np.uint8]
    ends: NDArray[np.int32]
    shorter: NDArray[np.int32]
    length: NDArray[np.int32]
    zone: NDArray[np.uint8]
    bit: NDArray[np.uint8]
    whole: NDArray[np.uint8]


@kernel
def _is_alphanumeric(byte: np.uint8) -> bool:
    if byte <= _NINE:
        return bool(byte >= _ZERO)
    lower = byte | _LOWER
    return bool(lower >= _A and lower <= _Z)


@kernel
def fill_marks(
    data: NDArray[np.uint8],
    text_offsets: NDArray[np.int64],
    spans: NDArray[np.int64],
    offsets: NDArray[np.int64],
    automaton: Automaton,
    reach: NDArray[np.int64],
    first: int,
    last: int,
    out: NDArray[np.uint8],
) -> None:
    """Mark which kinds of words stand in and beside each document's body.

    Shapes
        data          uint8 (B,)    UTF-8; may be read-only
        text_offsets  int64 (D+1,)  text d is data[text_offsets[d]:text_offsets[d+1]]
        spans         int64 (S, 2)  kept ranges of data, half-open and rising
        offsets       int64 (D+1,)  document d keeps spans[offsets[d]:offsets[d+1]]
        automaton     see Automaton
        reach         int64 (4,)    code points of margin, opening, front and tail
        out           uint8 (D,)    documents first to last are overwritten: the
                                    bits of the words found
    Edge    a document that keeps nothing gets 0.
    Cost    one table look-up a byte.
    """
    n_classes = len(automaton.step) // len(automaton.ends)
    for d in range(first, last):
        out[d] = np.uint8(0)
        if offsets[d] == offsets[d + 1]:
            continue
        begin, end = text_offsets[d], text_offsets[d + 1]
        body_end = spans[offsets[d + 1] - 1, 1]
        # No code point is longer than four bytes: the margins are never too narrow.
        low = max(begin, spans[offsets[d], 0] - 4 * reach[0])
        high = min(end, body_end + 4 * reach[0])
        tail = body_end
        left = reach[3]
        while tail > begin and left > 0:
            tail -= 1
            if (data[tail] & _LEADING) != _CONTINUES:
                left -= 1
        span = offsets[d]
        depth = 0
        counted = spans[span, 0]
        state = np.int64(0)
        marks = np.uint8(0)
        for i in range(low, high):
            code = np.int64(automaton.classes[data[i]])
            if code == SKIPPED:
                continue
            state = np.int64(automaton.step[state + code])
            if state >= 0:
                continue
            state = ~state
            word = np.int64(automaton.ends[state // n_classes])
            # Kept code points before i are counted here only: hits are rare.
            while counted <= i and span < offsets[d + 1]:
                if counted >= spans[span, 1]:
                    span += 1
                    if span < offsets[d + 1]:
                        counted = max(counted, spans[span, 0])
                    continue
                if (data[counted] & _LEADING) != _CONTINUES:
                    depth += 1
                counted += 1
            while word >= 0:
                zone = automaton.zone[word]
                here = (
                    zone == ANYWHERE
                    or (zone == OPENING and depth <= reach[1])
                    or (zone == EDGES and (depth <= reach[2] or i >= tail))
                )
                if here and (marks & automaton.bit[word]) != automaton.bit[word]:
                    before = i - np.int64(automaton.length[word])
                    inside = automaton.whole[word] == 1 and (
                        (before >= begin and _is_alphanumeric(data[before]))
                        or (i + 1 < end and _is_alphanumeric(data[i + 1]))
                    )
                    if not inside:
                        marks = np.uint8(marks | automaton.bit[word])
                word = np.int64(automaton.shorter[word])
        out[d] = marks
