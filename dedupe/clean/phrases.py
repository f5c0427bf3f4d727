"""Words that pages everywhere put around a story: phrases.txt in, a table of hashes out.

    phrases.txt  ->  load_phrases()  ->  Phrases

A kind says what a block is that holds such words; whether it goes is weighed
later, beside all else that is known of the block.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

KINDS = (
    "share", "subscribe", "advert", "related", "legal", "comments", "credit", "navigation", "meta",
    "list", "notice",
)  # fmt: skip
"""Kinds of phrases; a kind's number is its place from 1, and 0 is none."""

_FILE = Path(__file__).with_name("phrases.txt")


class Phrases(NamedTuple):
    """The phrases as a table of hashes: see `kernels.blocks.fill_phrases`.

    Shapes (P slots)
        keys    uint64 (P,)
        kinds   uint8  (P,)
        starts  uint8  (4096,)
    """

    keys: NDArray[np.uint64]
    kinds: NDArray[np.uint8]
    starts: NDArray[np.uint8]


def read_phrases() -> Iterator[tuple[str, str, str]]:
    """Yield each phrase, its kind, and how it must stand: whole, start or within."""
    kind = stands = ""
    pending = ""
    for line in [*_FILE.read_text(encoding="utf-8").splitlines(), ""]:
        if line.startswith("    "):
            pending = f"{pending} {line.strip()}"
            continue
        for phrase in filter(None, map(str.strip, pending.split("|"))):
            yield phrase, kind, stands
        pending = ""
        if line and not line.startswith("#"):
            kind, stands = line.split()


@functools.lru_cache(maxsize=8)
def load_phrases(seed: int) -> Phrases:
    """Hash the phrases with a seed.

    A phrase given twice keeps the wider way to stand, or else its later kind.
    """
    from dedupe.kernels import blocks, fold

    ways = {"whole": blocks.WHOLE, "start": blocks.PREFIX, "within": blocks.ANYWHERE}
    widest: dict[str, int] = {}
    for phrase, kind, stands in read_phrases():
        known = widest.get(phrase, 0)
        if ways[stands] >= known & ~blocks.KIND:
            widest[phrase] = ways[stands] | (KINDS.index(kind) + 1)
    encoded = [phrase.encode() for phrase in widest]
    n_slots = 1 << (4 * len(encoded)).bit_length()
    keys, kinds = np.zeros(n_slots, np.uint64), np.zeros(n_slots, np.uint8)
    starts = np.zeros(blocks.FIRST_WORDS, np.uint8)
    bad = blocks.fill_phrases(
        np.frombuffer(b"".join(encoded), np.uint8),
        np.cumsum([0, *map(len, encoded)]),
        np.fromiter(widest.values(), np.uint8, len(widest)),
        *fold.load_fold()[:2], np.uint64(seed), keys, kinds, starts,
    )  # fmt: skip
    if bad >= 0:
        raise AssertionError(f"phrases.txt: {list(widest)[bad]!r} is longer than five words")
    return Phrases(keys, kinds, starts)
