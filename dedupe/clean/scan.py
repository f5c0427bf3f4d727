"""Where clues may stand: which documents and which lines, in one pass over the bytes.

    texts, Kept  ->  scan()  ->  Mentions: kinds of words by document, and lines to read

The patterns of clues are many and slow, and most pages hold none of their
words. Every pattern needs one of some hundred words; all are looked for at once
(see kernels/words.py), and a pattern runs only on the lines where its own words
stand. A kind of word is a bit; each cue (see cues.py) has its own.
"""
# ruff: noqa: RUF001 - newspapers set curly quotes, long dashes and other scripts

from __future__ import annotations

import functools
import itertools
import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe.arrays.ragged import BATCH_BYTES, batch_bounds
from dedupe.clean.bylines import signing_words
from dedupe.clean.credit_patterns import CITED_WORDS, CREDITS, RESIDUES
from dedupe.clean.lexicon import build_lexicon, join
from dedupe.clean.scar_patterns import SCARS, SELF_REFERENCES, TOLD_WORDS
from dedupe.dates import MONTHS
from dedupe.threads import for_ranges

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from dedupe.clean.cues import Cue
    from dedupe.clean.kept import Kept
    from dedupe.kernels.words import Lexicon
    from dedupe.names import Names

NAME, OPENER, SIGNER, DATELINE, OUTLET = 1, 2, 4, 8, 16
"""Kinds of which the place matters (see `Uses`): a listed name near the edges of a
body; a word of datelines near its front; the last word of a name, in a short line
near its edges; of lines only, what may be a dateline; and an outlet of the
collection."""

TOLD, CITED, COPYRIGHT = 32, 64, 128
"""Other kinds: "told X", "X reported" or "according to X", and a copyright mark."""

ADDRESS, LINK = 256, 512
"""An address, anywhere near the body and within it."""

# Bits below it are kinds of words; above it, 53 cues fit.
_FIRST_CUE = 10
CUES: tuple[tuple[int, str, Cue], ...] = tuple(
    (1 << place, kind, cue)
    for place, (kind, cue) in enumerate(
        [
            *(("credit", cue) for cue in CREDITS),
            *(("residue", cue) for cue in RESIDUES),
            *(("scar", cue) for cue in SCARS),
            *(("self_reference", cue) for cue in SELF_REFERENCES),
        ],
        _FIRST_CUE,
    )
)
"""(bit, kind, cue) of every cue."""

CREDIT = sum(bit for bit, kind, _ in CUES if kind in ("credit", "residue"))
BODY = sum(bit for bit, kind, _ in CUES if kind in ("scar", "self_reference"))
"""Cues that count in furniture too, and those that count in the body only."""

MARGIN = 400
"""Furniture this near the body, in code points, is read for credit lines.

This and the next four bound what is read. All halved, or all doubled, no origin of test trees
with clocks, census or spotify changes (benchmarks/origins.py)."""

DATELINE_REACH = 1000
"""A dateline stands at a line's start, this near the front of the body."""

BYLINE_REACH = 1500
"""A byline stands this near the front of the body."""

TAIL_REACH = 500
"""A signature stands this near its end."""

LONGEST_LINE = 160
"""A longer line is no byline, and its end no copyright notice; code points."""

# A line begins within reach and may hold its words further on.
_SLACK = 200
_DASHES = (
    "-", " -", "—", " —", "–", " –", ".-", ".—", " &#821", " &#x201", " &mdash", " &ndash",
)  # fmt: skip
_OTHER_MONTHS = ("月", *(names[-1] for names in MONTHS))
_DESKS = ("ڈیسک", "رپورٹ", "نمائند", "نگار", "ایجنسی", "مانیٹر", "نیٹ نیوز", "نیٹنیوز")
_OPENINGS = ("()", "( )", "（）", "(K", "(W", "(C")
_COPYRIGHTS = ("©", "(c)", "copyright", "Copyright", "COPYRIGHT", "-Wire")
_ADDRESSES = ("http://", "https://", "www.", "HTTP://", "HTTPS://", "WWW.")
_TOLD = ("told", "tells")
_UMLAUT = re.compile("([aou])e")
_SHORT_NAME = 4
_CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Mentions(NamedTuple):
    """Where words of clues stand.

    Shapes (D documents, L lines)
        marks  int64 (D,)    the kinds of words each document holds
        lines  int64 (L, 6)  document, the line's bytes, its range's bytes, and the
                             kinds of words in it; see kernels/mentions.py
    """

    marks: NDArray[np.int64]
    lines: NDArray[np.int64]


def scan(kept: Kept, names: Names, n_threads: int = 0) -> Mentions:
    """Find the documents and the lines that may hold a clue.

    Args:
        kept: texts and their kept ranges.
        names: whose spellings are looked for, and the outlets that it has
            `collected` or `held`, however spaced.
        n_threads: threads at work; 0 takes one for each core.
    """
    from dedupe.kernels.mentions import Reach, Uses, find_lines

    marks = np.zeros(kept.n_docs, np.int64)
    lexicon = _lexicon(names)
    reach = Reach(MARGIN, DATELINE_REACH, BYLINE_REACH, TAIL_REACH, _SLACK, 4 * LONGEST_LINE)
    in_body = BODY | TOLD | CITED | LINK
    uses = Uses(
        listed=in_body | CREDIT | COPYRIGHT | ADDRESS | SIGNER | OUTLET, body=in_body,
        beside_outlet=CITED, name=NAME, opener=OPENER, signer=SIGNER, dateline=DATELINE,
        outlet=OUTLET,
    )  # fmt: skip

    def read(first: int, last: int) -> NDArray[np.int64]:
        return find_lines(
            kept.data, kept.text_offsets, kept.spans, kept.offsets, lexicon, reach, uses,
            first, last, marks,
        )  # fmt: skip

    bounds = batch_bounds(np.diff(kept.text_offsets), BATCH_BYTES)
    found = for_ranges(read, bounds, n_threads)
    return Mentions(marks, np.concatenate([np.zeros((0, 6), np.int64), *found]))


class _Word(NamedTuple):
    """A word to find: its kinds, and those that count only where it ends a word of the text."""

    spelling: str
    kinds: int
    whole: int = 0


def _words(spellings: Iterable[str]) -> Iterator[_Word]:
    """Yield the words that every pattern needs, those of some names too, and their kinds."""
    for spelling in spellings:
        if len(spelling) > 1:
            yield _name(spelling, NAME)
            yield _name(spelling.upper(), NAME)
    yield from (_name(spelling, SIGNER) for spelling in signing_words(spellings))
    for bit, _, cue in CUES:
        yield from (_Word(way, bit) for needle in cue.needles for way in _cases(needle))
    told = [f"{verb} {article}" for verb in _TOLD for article in ("", "the ")]
    yield from (_Word(f"{words}{letter}", TOLD) for words in told for letter in _CAPITALS)
    yield from (_Word(words, TOLD) for words in TOLD_WORDS)
    yield from (_Word(mark, ADDRESS | LINK) for mark in _ADDRESSES)
    yield from (_Word(mark, COPYRIGHT) for mark in _COPYRIGHTS)
    yield from (_Word(way, CITED) for words in CITED_WORDS for way in _cases(words))
    yield _Word("Per ", CITED)
    yield from (_Word(close + dash, OPENER) for close in (")", "）") for dash in _DASHES)
    yield from (_Word(word, OPENER) for word in (*_OPENINGS, *_DESKS, *_OTHER_MONTHS))
    yield from (_Word(f", {names[0].capitalize()}", OPENER) for names in MONTHS)
    yield from (_Word(way, OPENER | NAME | SIGNER) for way in ("Reporting by ", "reporting by "))
    yield from (_Word(way, SIGNER) for way in ("Editing by ", "editing by "))


def _name(spelling: str, kind: int) -> _Word:
    """Return a name as a word, whole in scripts that part words by blanks."""
    return _Word(spelling, 0, kind) if spelling.isascii() else _Word(spelling, kind)


def _cases(needle: str) -> set[str]:
    """Return all ways to set a needle: each word with or without a capital, or all in them."""
    ways = itertools.product(*({word, _capitalised(word)} for word in needle.split(" ")))
    return {needle.upper(), *map(" ".join, ways)}


def _capitalised(word: str) -> str:
    return re.sub(r"[^\W\d_]", lambda letter: letter.group().upper(), word, count=1)


# Names are few sets in one process: the package's, and a user's.
@functools.lru_cache(maxsize=4)
def _listed(spellings: tuple[str, ...]) -> Lexicon:
    """Build the lexicon of all patterns' words, once for each list of names."""
    words: dict[bytes, tuple[int, int]] = {}
    for word in _words(spellings):
        kinds, whole = words.get(word.spelling.encode(), (0, 0))
        words[word.spelling.encode()] = (kinds | word.kinds, whole | word.whole)
    return build_lexicon(words)


def _lexicon(names: Names) -> Lexicon:
    """Join the words of all patterns and the outlets of a collection."""
    listed = _listed(names.spellings)
    labels = dict.fromkeys(names.collected, (OUTLET, 0))
    # "muehlbote" is found where "ü" is read as "u".
    labels |= {_UMLAUT.sub(r"\1", label): (OUTLET, 0) for label in names.collected}
    # A short name begins too many words.
    labels |= {
        label: (0, OUTLET) if label.isascii() and len(label) <= _SHORT_NAME else (OUTLET, 0)
        for label in names.held
    }
    lexicon = listed
    for western in (True, False):
        words = {
            label.encode(): kinds for label, kinds in labels.items() if label.isascii() == western
        }
        if words:
            lexicon = join(lexicon, build_lexicon(words, letters_only=True))
    return lexicon
