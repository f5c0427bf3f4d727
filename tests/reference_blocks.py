"""Blocks by definition: what `kernels/blocks.py` must compute, code point by code point.

No constant is taken from the kernels.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from tests import reference_text

if TYPE_CHECKING:
    from collections.abc import Sequence

HEAD = 96
_BLANK = "".join(map(chr, range(33)))
_CLOSING = "\"'”\u2019»“«„\u2018「」『』\uff02)]"


class Block(NamedTuple):
    """A block: its bytes in the text, and what its head shows."""

    start: int
    end: int
    words: tuple[str, ...]
    capitals: int
    numbers: int
    commas: int
    separators: int
    ending: str
    whole: bool
    apart: bool


class _Line(NamedTuple):
    start: int
    end: int
    apart: bool


def blocks(text: str) -> list[Block]:
    """Cut a text into its blocks."""
    data = text.encode()
    return [
        block for line in _joined(data, _lines(data)) if (block := _read(data, line)) is not None
    ]


def _lines(data: bytes) -> list[_Line]:
    found = []
    at, apart = 0, True
    for line in data.split(b"\n"):
        bare = line.strip(_BLANK.encode())
        if bare:
            start = at + line.index(bare)
            found.append(_Line(start, start + len(bare), apart or line[:1] in {b" ", b"\t"}))
        apart = not bare
        at += len(line) + 1
    return found


def _joined(data: bytes, lines: list[_Line]) -> list[_Line]:
    going_on = [
        line.end - line.start for line, after in itertools.pairwise(lines) if not after.apart
    ]
    wrapped = (
        all(line.end - line.start <= 100 for line in lines)
        and len(going_on) >= 3
        and sum(going_on) >= 45 * len(going_on)
    )
    found: list[_Line] = []
    for line in lines:
        before = data[found[-1].start : found[-1].end] if found else b""
        here = data[line.start : line.end]
        if found and not line.apart and (wrapped or _goes_on(before, here)):
            found[-1] = found[-1]._replace(end=line.end)
        else:
            found.append(line)
    return found


def _goes_on(before: bytes, here: bytes) -> bool:
    """Say whether a line goes on from a block within its sentence."""
    if before.endswith(b","):
        return len(before) >= 28 and here[0] >= ord("a")
    if here[:1] in {b",", b".", b";"}:
        return len(here) > 1
    return (
        len(before) >= 28
        and re.search(rb"[a-z\"')]$", before) is not None
        and re.match(rb"[a-z]", here) is not None
    )


def _read(data: bytes, line: _Line) -> Block | None:
    cut = min(line.end, line.start + HEAD)
    head = data[line.start : cut].decode(errors="ignore")
    tokens = reference_text.tokens(head)
    if not tokens:
        return None
    return Block(
        line.start,
        line.end,
        tuple(token.folded for token in tokens),
        sum(token.capitalised for token in tokens),
        sum(token.number for token in tokens),
        sum(head.count(mark) for mark in ",;،、。\uff0c"),
        sum(head.count(mark) for mark in "|>·»\u203a•"),
        _ending(data[line.start : line.end].decode()),
        line.end - line.start <= HEAD,
        line.apart,
    )


def _ending(block: str) -> str:
    """Return how a block ends, at most three closing marks passed over."""
    for place in range(len(block) - 1, max(-1, len(block) - 5), -1):
        char = block[place]
        if char == "…" or (char == "." and block[place - 1 : place] == "."):
            return "ellipsis"
        if char in ".!?。\uff01\uff1f؟\u06d4।":
            return "sentence"
        if char in ":\uff1a":
            return "colon"
        if char not in _CLOSING and char not in _BLANK:
            return "none"
    return "none"


def learned(
    pages: Sequence[tuple[str, Sequence[str]]], *, long: int, shared: float, stories: int
) -> set[tuple[str, str]]:
    """Return the (outlet, block) that an outlet repeats on pages of several stories.

    Args:
        pages: outlet and blocks of each page; no block bears a sign of furniture,
            and none stands on more than 16 pages.
        long: bytes of a block that may be a paragraph.
        shared: the share of the shorter page that makes two pages one story.
        stories: how many stories a block must stand in.
    """
    pages = list(dict.fromkeys((outlet, tuple(blocks)) for outlet, blocks in pages))
    story = list(range(len(pages)))
    for a, (outlet_a, blocks_a) in enumerate(pages):
        for b, (outlet_b, blocks_b) in enumerate(pages[:a]):
            sizes = [
                sum(len(x.encode()) for x in blocks if len(x.encode()) >= long)
                for blocks in (blocks_a, blocks_b, set(blocks_a) & set(blocks_b))
            ]
            if outlet_a == outlet_b and sizes[2] and sizes[2] >= shared * min(sizes[:2]):
                story = [story[b] if s == story[a] else s for s in story]
    found = defaultdict(set)
    for page, (outlet, blocks) in enumerate(pages):
        for block in blocks:
            found[outlet, block].add(story[page])
    return {key for key, groups in found.items() if key[0] and len(groups) >= stories}


def kept_ranges(page: list[tuple[int, bool, bool]], start: int) -> list[tuple[int, int]]:
    """Return the ranges that are kept of a page, from the bytes, sign and cut of its blocks."""
    kept = ""
    for is_cut, stretch in itertools.groupby(page, key=lambda block: block[2]):
        held = list(stretch)
        slight = sum(size for size, *_ in held) < 30 and not any(sign for _, sign, _ in held)
        kept += ("k" if slight or not is_cut else "c") * len(held)
    size = sum(size + 1 for size, *_ in page)
    if len(set(kept)) < 2:
        return [(start, start + size)]
    places = list(itertools.accumulate((size + 1 for size, *_ in page), initial=start))
    runs = [(found.start(), found.end()) for found in re.finditer("k+", kept)]
    return [(places[first], places[last] - 1) for first, last in runs]
