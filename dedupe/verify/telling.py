"""Pairs in; how their texts tell it, sentence by sentence, out.

    pairs -> tell() -> numbers of kernels.telling, a row for each pair

What words alone leave undecided is looked at more closely: the likest sentence
of each, the order of words within it, facts that stand in the same sentence,
letters instead of words, and which of the two an agency filed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.threads import for_ranges
from dedupe.verify.alignments import exchange
from dedupe.verify.filed import filed_sides
from dedupe.verify.sentences import AGREEMENT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe.clean import Kept
    from dedupe.kernels.telling import Tokens
    from dedupe.settings import Settings
    from dedupe.shingle import Shingles

# Pairs of one call of a kernel, so that threads share the work.
_STEP = 64


def tell(
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    rows: NDArray[np.int64],
    shingles: Shingles,
    kept: Kept,
    settings: Settings,
) -> NDArray[np.float64]:
    """Return how documents a[i] and b[i] tell it, float64 (P, kernels.telling.N_TELLINGS).

    Args:
        a: int64 (P,), places in `rows`.
        b: int64 (P,), others.
        rows: int64 (N,), rows of `kept` that were shingled.
        shingles: of those rows.
        kept: their texts.
        settings: `threads` and `names`.
    """
    from dedupe.kernels import telling

    flipped = shingles.content[b] < shingles.content[a]
    one, other = np.where(flipped, b, a), np.where(flipped, a, b)
    tokens = tokens_of(rows, shingles, kept)
    told = np.zeros((len(a), telling.N_TELLINGS))

    def run(first: int, last: int) -> None:
        telling.fill_tellings(
            one, other, first, last, tokens,
            AGREEMENT.prefix, AGREEMENT.least_sentence, AGREEMENT.most_sentence, told,
        )  # fmt: skip

    for_ranges(run, [*range(0, len(a), _STEP), len(a)], settings.threads)
    for left, right in telling.SIDES:
        exchange(told, left, right, flipped)
    told[:, telling.FILED] = filed_sides(a, b, rows, kept, settings)
    return told


def tokens_of(rows: NDArray[np.int64], shingles: Shingles, kept: Kept) -> Tokens:
    """Put tokens of rows of `kept`, int64 (N,), beside the bytes that they stand in."""
    from dedupe.kernels.telling import Tokens

    return Tokens(
        kept.data, kept.text_offsets[rows], shingles.token_hashes, shingles.token_starts,
        shingles.token_ends, shingles.token_flags, shingles.token_offsets,
    )  # fmt: skip
