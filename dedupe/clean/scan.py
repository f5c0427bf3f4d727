"""Which documents may hold a clue at all, and of which kinds: one pass over the bytes.

    texts, Kept  ->  scan()  ->  MARKS bits by document

The patterns of clues are many and slow, and most pages hold none of their
words. Every pattern needs one of a few hundred words; all are looked for at
once (see kernels/words.py), and patterns run only where their words stand.
"""
# ruff: noqa: RUF001 - newspapers set curly quotes, long dashes and other scripts

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

from dedupe.attribute.names import default_names
from dedupe.clean.credit_patterns import CREDITS, SCARS, SELF_REFERENCES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from dedupe.attribute.names import Names
    from dedupe.clean.kept import Kept
    from dedupe.kernels.words import Automaton

DATELINE, NAME, CREDIT, BODY, TOLD, OUTLET = 1, 2, 4, 8, 16, 32
"""Bits of a document's marks: the kinds of patterns that are worth running."""

EVERYTHING = DATELINE | NAME | CREDIT | BODY | TOLD | OUTLET

MARGIN = 400
"""Furniture this near the body, in code points, is read for credit lines."""

DATELINE_REACH = 1000
"""A dateline stands at a line's start, this near the front of the body."""

BYLINE_REACH = 1500
"""A byline stands this near the front of the body."""

TAIL_REACH = 500
"""A signature stands this near its end."""

# A line begins within reach and may hold its words further on.
_LINE = 200
_BATCH_BYTES = 1 << 24
_DASHES = ("-", " -", "—", " —", "–", " –", ".-", ".—")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_OTHER_MONTHS = (
    "月", "جنوری", "فروری", "مارچ", "اپریل", "مئی", "جون", "جولائی", "اگست", "ستمبر", "اکتوبر",
    "نومبر", "دسمبر",
)  # fmt: skip
_DESKS = ("ڈیسک", "رپورٹ", "نمائند", "نگار", "ایجنسی", "مانیٹر", "نیٹ نیوز", "نیٹنیوز")


def scan(kept: Kept, names: Names, n_threads: int = 0) -> NDArray[np.uint8]:
    """Return uint8 (D,): the kinds of clues each document may hold.

    Args:
        kept: texts and their kept ranges.
        names: whose `collected` outlets are looked for too, however spaced; the
            listed ones are always those of the package.
        n_threads: threads at work; 0 takes one for each core.
    """
    marks = _scan(kept, _automaton(), n_threads)
    if names.collected:
        marks |= _scan(kept, _outlets_automaton(names.collected), n_threads)
    return marks


def _scan(kept: Kept, automaton: Automaton, n_threads: int) -> NDArray[np.uint8]:
    from dedupe.kernels._compile import for_ranges
    from dedupe.kernels.words import fill_marks

    marks = np.zeros(kept.n_docs, np.uint8)
    reach = np.array(
        [MARGIN, DATELINE_REACH + _LINE, BYLINE_REACH + _LINE, TAIL_REACH + _LINE], np.int64
    )

    def read(first: int, last: int) -> None:
        fill_marks(
            kept.data, kept.text_offsets, kept.spans, kept.offsets, automaton, reach,
            first, last, marks,
        )  # fmt: skip

    if kept.n_docs:
        steps = np.arange(0, kept.text_offsets[-1], _BATCH_BYTES)
        bounds = np.unique(np.append(np.searchsorted(kept.text_offsets, steps), kept.n_docs))
        for_ranges(read, [0, *bounds[bounds > 0].tolist()], n_threads)
    return marks


def _outlets_automaton(labels: frozenset[str]) -> Automaton:
    """Build the automaton of a collection's outlets, over letters and digits alone."""
    from dedupe.kernels.words import ANYWHERE, SKIPPED

    encoded = sorted(label.encode() for label in labels)
    found = _build([(label, ANYWHERE, OUTLET | NAME, 0) for label in encoded])
    classes = found.classes.copy()
    for byte in range(128):
        letter = chr(byte)
        if letter.isupper():
            classes[byte] = classes[ord(letter.lower())]
        elif not letter.isalnum():
            classes[byte] = SKIPPED
    return found._replace(classes=classes)


@functools.cache
def _automaton() -> Automaton:
    """Build the automaton of all words, once a process."""
    from dedupe.kernels.words import ANYWHERE

    words: dict[bytes, tuple[int, int, int]] = {}
    for word, *use in _words():
        # One word may serve two kinds: the wider zone and the looser edge then hold for both.
        zone, bit, whole = words.get(word.encode(), (use[0], 0, use[2]))
        words[word.encode()] = (
            zone if zone == use[0] else ANYWHERE,
            bit | use[1],
            min(whole, use[2]),
        )
    return _build(sorted((word, *use) for word, use in words.items()))


def _words() -> Iterator[tuple[str, int, int, int]]:
    """Yield (word, zone, bit, whole) of every pattern."""
    from dedupe.kernels.words import ANYWHERE, EDGES, OPENING

    names = default_names()
    for spelling in (*names.agency_spellings, *names.outlet_spellings):
        for variant in {spelling, spelling.upper()}:
            if len(variant) > 1:
                yield variant, EDGES, NAME | DATELINE, int(variant.isascii())
    for cues, bit in ((CREDITS, CREDIT), (SCARS, BODY), (SELF_REFERENCES, BODY)):
        for needle in (needle for cue in cues for needle in cue.needles):
            for variant in {needle, needle.title(), needle.upper(), _with_capital(needle)}:
                yield variant, ANYWHERE, bit, 0
    for mark in ("©", "(c)", "opyright", "COPYRIGHT", "-Wire"):
        yield mark, ANYWHERE, CREDIT, 0
    yield from ((f"told {letter}", ANYWHERE, TOLD, 0) for letter in _CAPITALS)
    yield from ((f"tells {letter}", ANYWHERE, TOLD, 0) for letter in _CAPITALS)
    for close in (")", "）"):
        yield from ((close + dash, OPENING, DATELINE, 0) for dash in _DASHES)
    openings = ("()", "( )", "（）", "(K", "(W", "(C", "eporting by ", *_DESKS, *_OTHER_MONTHS)
    yield from ((word, OPENING, DATELINE, 0) for word in openings)
    yield from ((f", {month}", OPENING, DATELINE, 0) for month in _MONTHS)
    yield "eporting by ", EDGES, NAME, 0


def _with_capital(words: str) -> str:
    return words[0].upper() + words[1:]


_CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _build(words: Sequence[tuple[bytes, int, int, int]]) -> Automaton:
    """Build the automaton of (word, zone, bit, whole), sorted and unique by word."""
    from dedupe.kernels.words import Automaton

    classes = np.zeros(256, np.uint8)
    used = sorted({byte for word, *_ in words for byte in word})
    classes[used] = np.arange(1, len(used) + 1)
    children, ends = _trie(words, classes)
    step = np.zeros((len(children), len(used) + 1), np.int32)
    shorter = np.full(len(words), -1, np.int32)
    fail = [0] * len(children)
    queue = [0]
    for state in queue:
        step[state] = step[fail[state]] if state else 0
        for code, child in children[state].items():
            fail[child] = int(step[state, code])
            step[state, code] = child
            below = ends[fail[child]]
            if ends[child] >= 0:
                shorter[ends[child]] = below
            else:
                ends[child] = below
            queue.append(child)
    last_words = np.array(ends, np.int32)
    rows = step.astype(np.int32) * np.int32(len(used) + 1)
    columns = np.array([(len(word), zone, bit, whole) for word, zone, bit, whole in words])
    return Automaton(
        np.where(last_words[step] >= 0, ~rows, rows).ravel(),
        classes,
        last_words,
        shorter,
        columns[:, 0].astype(np.int32),
        *(columns[:, column].astype(np.uint8) for column in (1, 2, 3)),
    )


def _trie(
    words: Sequence[tuple[bytes, int, int, int]], classes: NDArray[np.uint8]
) -> tuple[list[dict[int, int]], list[int]]:
    """Return the children of each state, and the word that ends in it or -1."""
    children: list[dict[int, int]] = [{}]
    ends = [-1]
    for number, (word, *_) in enumerate(words):
        state = 0
        for code in classes[list(word)].tolist():
            if code not in children[state]:
                children[state][code] = len(children)
                children.append({})
                ends.append(-1)
            state = children[state][code]
        ends[state] = number
    return children, ends
