"""Lines that may hold a clue, found in many texts at once.

    texts, kept ranges, Lexicon  ->  find_lines()  ->  lines, with the kinds of words in each

A line belongs to a kept range, or to the furniture that touches one; lines are
cut where ranges are. What the words mean is decided elsewhere: a line found
here is worth reading, and a line passed over holds none of the words.

Axes: B bytes, D documents, S kept ranges, L lines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe.kernels._compile import kernel
from dedupe.kernels.words import find_words, with_room

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe.kernels.words import Lexicon

# The last column of lines; see find_lines().
_KINDS = 5
_UNREAD, _MARGIN, _BODY = -1, 0, 1
_NEWLINE, _SPACE, _OPEN, _SLASH = 10, 32, 40, 47
# A dateline's place ends within 70 code points; blanks before it are no ASCII at times.
_PLACE = 80


class Reach(NamedTuple):
    """How far from the edges of a body words count, in code points.

    Attributes:
        margin: furniture this near a kept range is read.
        dateline: a dateline begins this near the front.
        byline: a byline begins this near the front.
        tail: a signature stands this near the end.
        slack: a line begins within reach, and its words stand this much further.
        byline_bytes: the longest line that may be a byline, in bytes.
    """

    margin: int
    dateline: int
    byline: int
    tail: int
    slack: int
    byline_bytes: int


class Uses(NamedTuple):
    """What kinds of words are for, as masks.

    Attributes:
        listed: those that make a line worth reading.
        body: of these, those that do so in the body only.
        beside_outlet: those that do so only in documents with an outlet.
        name: a name, which counts near the edges of a body.
        opener: a word of datelines, which counts near its front.
        signer: a word that ends names in bylines: in short lines near the edges,
            if there is any name or outlet.
        dateline: of lines only: it may be a dateline.
        outlet: an outlet of the collection; it signs as a name does.
    """

    listed: int
    body: int
    beside_outlet: int
    name: int
    opener: int
    signer: int
    dateline: int
    outlet: int


class _Zones(NamedTuple):
    """Where words count in one text, in bytes: the first three with slack."""

    opening: int
    front: int
    tail: int
    datelines: int
    bylines: int
    signatures: int


@kernel
def _continues(byte: np.uint8) -> bool:
    return bool((int(byte) & 0xC0) == 0x80)


@kernel
def _after(data: NDArray[np.uint8], spans: NDArray[np.int64], start: int, count: int) -> int:
    """Return the byte before which `count` code points of ranges lie, from `start`, or their end.

    `start` is a byte of one of the ranges, or lies before them.
    """
    for span in range(len(spans)):
        for at in range(max(spans[span, 0], start), spans[span, 1]):
            if not _continues(data[at]):
                if count == 0:
                    return int(at)
                count -= 1
    return int(spans[-1, 1])


@kernel
def _before(data: NDArray[np.uint8], spans: NDArray[np.int64], end: int, count: int) -> int:
    """Return the byte from which `count` code points of ranges lie, up to `end`, or their start."""
    for span in range(len(spans) - 1, -1, -1):
        for at in range(min(spans[span, 1], end) - 1, spans[span, 0] - 1, -1):
            if not _continues(data[at]):
                count -= 1
                if count == 0:
                    return int(at)
    return int(spans[0, 0])


@kernel
def _zones(data: NDArray[np.uint8], spans: NDArray[np.int64], reach: Reach) -> _Zones:
    datelines = _after(data, spans, 0, reach.dateline)
    bylines = _after(data, spans, datelines, reach.byline - reach.dateline)
    signatures = _before(data, spans, spans[-1, 1], reach.tail)
    return _Zones(
        _after(data, spans, datelines, reach.slack),
        _after(data, spans, bylines, reach.slack),
        _before(data, spans, signatures, reach.slack),
        datelines,
        bylines,
        signatures,
    )


@kernel
def _in_zone(kinds: int, at: int, zones: _Zones, uses: Uses) -> int:
    """Return the kinds that count at a byte."""
    if at > zones.opening:
        kinds &= ~uses.opener
    if zones.front < at < zones.tail:
        kinds &= ~(uses.name | uses.signer)
    return kinds


@kernel
def _listed(marks: int, uses: Uses) -> int:
    """Return the kinds that make a line worth reading in a document of these kinds."""
    listed = uses.listed
    if marks & uses.outlet == 0:
        listed &= ~uses.beside_outlet
    if marks & (uses.name | uses.outlet) == 0:
        listed &= ~uses.signer
    return listed


@kernel
def _segment(
    data: NDArray[np.uint8],
    text: tuple[int, int],
    spans: NDArray[np.int64],
    span: int,
    at: int,
    margin: int,
) -> tuple[int, int, int]:
    """Return the range around a byte, and what it is: _BODY, _MARGIN or _UNREAD.

    `span` is the first of the document's kept ranges that ends after the byte,
    or their number. Furniture between two ranges is read whole or not at all.
    """
    room = np.empty((1, 2), np.int64)
    if span < len(spans) and at >= spans[span, 0]:
        return int(spans[span, 0]), int(spans[span, 1]), _BODY
    room[0, 0] = text[0] if span == 0 else spans[span - 1, 1]
    room[0, 1] = text[1] if span == len(spans) else spans[span, 0]
    first, last = int(room[0, 0]), int(room[0, 1])
    if span == 0:
        near = _before(data, room, last, margin)
        return (near, last, _MARGIN) if at >= near else (first, near, _UNREAD)
    near = _after(data, room, first, margin)
    if span == len(spans):
        return (first, near, _MARGIN) if at < near else (near, last, _UNREAD)
    return first, last, _MARGIN if near == last else _UNREAD


@kernel
def _line_around(data: NDArray[np.uint8], at: int, first: int, last: int) -> tuple[int, int]:
    """Return the line of data[first:last] that holds a byte, without its newline."""
    start, end = at, at
    while start > first and data[start - 1] != _NEWLINE:
        start -= 1
    while end < last and data[end] != _NEWLINE:
        end += 1
    return start, end


@kernel
def _may_sign(
    line: tuple[int, int],
    span: int,
    spans: NDArray[np.int64],
    place: int,
    zones: _Zones,
    reach: Reach,
) -> bool:
    """Say whether a byline may stand here: furniture is as deep as the range it precedes."""
    if line[1] - line[0] > reach.byline_bytes:
        return False
    if place == _MARGIN and span == len(spans):
        return True
    at = line[0] if place == _BODY else spans[span, 0]
    return bool(at <= zones.bylines or at >= zones.signatures)


@kernel
def _with_line(
    lines: NDArray[np.int64],
    n_lines: int,
    document: int,
    line: tuple[int, int],
    within: tuple[int, int],
    kinds: int,
) -> NDArray[np.int64]:
    """Return some lines with one more, where there was no room for it a longer copy."""
    lines = with_room(lines, n_lines)
    lines[n_lines, 0] = document
    lines[n_lines, 1], lines[n_lines, 2] = line
    lines[n_lines, 3], lines[n_lines, 4] = within
    lines[n_lines, _KINDS] = kinds
    return lines


@kernel
def _append_lines(
    data: NDArray[np.uint8],
    document: int,
    text: tuple[int, int],
    spans: NDArray[np.int64],
    words: NDArray[np.int64],
    marks: int,
    zones: _Zones,
    reach: Reach,
    uses: Uses,
    lines: NDArray[np.int64],
    n_lines: int,
) -> tuple[NDArray[np.int64], int]:
    """Append the lines around the words of one text, each line once."""
    span, row, place = 0, -1, _UNREAD
    signs = uses.signer | uses.outlet
    listed = _listed(marks, uses)
    first, last, start, end = 0, 0, 0, -1
    for n in range(len(words)):
        at, found = int(words[n, 0]), int(words[n, 1]) & listed
        if data[at] == _NEWLINE and at + 1 < text[1]:
            at += 1
        if found == 0:
            continue
        if at >= end:
            while span < len(spans) and at >= spans[span, 1]:
                span += 1
            first, last, place = _segment(data, text, spans, span, at, reach.margin)
            start, end, row = first, last, -1
            if place != _UNREAD:
                start, end = _line_around(data, at, first, last)
        if place == _UNREAD:
            continue
        if place == _MARGIN:
            found &= ~uses.body
        if found & signs and not _may_sign((start, end), span, spans, place, zones, reach):
            found &= ~signs
        if found == 0:
            continue
        if row < 0:
            lines = _with_line(lines, n_lines, document, (start, end), (first, last), 0)
            row = n_lines
            n_lines += 1
        lines[row, _KINDS] |= found
    return lines, n_lines


@kernel
def _may_open(data: NDArray[np.uint8], start: int, end: int) -> bool:
    """Say whether a line may be a dateline: cheap, and never wrongly no.

    It needs parentheses, or a slash before a word, or Chinese in front; or a digit
    after a place, which then is in capitals or in another script.
    """
    while start < end and data[start] <= _SPACE:
        start += 1
    is_place, has_letter = False, False
    count, has_digit = 0, False
    for at in range(start, end):
        byte = int(data[at])
        if _continues(data[at]):
            continue
        count += 1
        if count > _PLACE:
            break
        following = int(data[at + 1]) if at + 1 < end else _SPACE
        if byte == _OPEN or (byte == 0xEF and following == 0xBC):
            return True
        if byte == _SLASH and following > _SPACE and not 48 <= following <= 57:
            return True
        if 0xE4 <= byte <= 0xE9 and count <= 4:
            return True
        is_letter = byte >= 0x80 or 97 <= byte | 32 <= 122
        if is_letter and not has_letter:
            has_letter = True
            is_place = byte >= 0x80 or (
                65 <= byte <= 90
                and (65 <= following <= 90 or following in (39, 45, 46) or following >= 0x80)
            )
        has_digit |= 48 <= byte <= 57 or 0xD8 <= byte <= 0xDB or 0xE4 <= byte <= 0xE9
    return is_place and has_digit


@kernel
def _append_datelines(
    data: NDArray[np.uint8],
    document: int,
    spans: NDArray[np.int64],
    reach_end: int,
    dateline: int,
    lines: NDArray[np.int64],
    n_lines: int,
) -> tuple[NDArray[np.int64], int]:
    """Append the lines of one body, up to a byte, that may be its dateline."""
    for span in range(len(spans)):
        start, last = int(spans[span, 0]), int(spans[span, 1])
        while start < last and start <= reach_end:
            _, end = _line_around(data, start, start, last)
            if _may_open(data, start, end):
                within = (int(spans[span, 0]), last)
                lines = _with_line(lines, n_lines, document, (start, end), within, dateline)
                n_lines += 1
            start = end + 1
    return lines, n_lines


@kernel
def find_lines(
    data: NDArray[np.uint8],
    text_offsets: NDArray[np.int64],
    spans: NDArray[np.int64],
    offsets: NDArray[np.int64],
    lexicon: Lexicon,
    reach: Reach,
    uses: Uses,
    first_doc: int,
    last_doc: int,
    marks: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Find the lines of documents first to last that hold a word of the lexicon.

    Shapes
        data          uint8 (B,)    UTF-8; may be read-only
        text_offsets  int64 (D+1,)  text d is data[text_offsets[d]:text_offsets[d+1]]
        spans         int64 (S, 2)  kept ranges of data, half-open and rising
        offsets       int64 (D+1,)  document d keeps spans[offsets[d]:offsets[d+1]]
        lexicon       see Lexicon
        reach         see Reach
        uses          see Uses
        marks         int64 (D,)    overwritten: all kinds that count, by document
        returns       int64 (L, 6)  document, the line's bytes, its range's bytes, kinds;
                                    by document; of each, lines around words first, both
                                    parts by place
    Edge    a document that keeps nothing has no lines and no marks.
    Cost    about one look-up a byte; each line is measured once.
    """
    words = np.empty((64, 2), np.int64)
    lines = np.empty((64, 6), np.int64)
    n_lines = 0
    for d in range(first_doc, last_doc):
        marks[d] = 0
        kept = spans[offsets[d] : offsets[d + 1]]
        if len(kept) == 0:
            continue
        text = (int(text_offsets[d]), int(text_offsets[d + 1]))
        # No code point is longer than four bytes: the margins are never too narrow.
        start = max(text[0], int(kept[0, 0]) - 4 * reach.margin)
        stop = min(text[1], int(kept[-1, 1]) + 4 * reach.margin)
        words, n_words = find_words(data, (text[0], text[1], start, stop), lexicon, words, 0)
        found = 0
        for n in range(n_words):
            found |= int(words[n, 1])
        if found & (_listed(found, uses) | uses.name | uses.opener) == 0:
            continue
        zones = _Zones(0, 0, 0, 0, 0, 0)
        if found & (uses.name | uses.opener | uses.outlet):
            zones = _zones(data, kept, reach)
            found = 0
            for n in range(n_words):
                words[n, 1] = _in_zone(int(words[n, 1]), int(words[n, 0]), zones, uses)
                found |= int(words[n, 1])
        marks[d] = found
        if found & _listed(found, uses):
            lines, n_lines = _append_lines(
                data, d, text, kept, words[:n_words], found, zones, reach, uses, lines, n_lines
            )
        if found & (uses.name | uses.opener):
            lines, n_lines = _append_datelines(
                data, d, kept, zones.datelines, uses.dateline, lines, n_lines
            )
    return lines[:n_lines]
