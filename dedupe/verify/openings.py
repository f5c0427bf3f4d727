"""Aligned pairs in; how many names of its own each text has before what both share, out.

passages  ->  where they begin  ->  opening_names()  ->  names of each
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.threads import for_ranges

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe.kernels.telling import Tokens

# Pairs of one call of the kernel, so that threads share the work.
_STEP = 2_000


def opening_names(
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    passages: NDArray[np.int64],
    tokens: Tokens,
    threads: int,
) -> NDArray[np.int32]:
    """Return how many names stand before the first passage, in the sentence that it begins within.

    Args:
        a: int64 (P,), documents.
        b: int64 (P,), others.
        passages: int64 (n, N_BOX) of `kernels.passages`, by pair.
        tokens: of the documents.
        threads: as in `Settings`.

    Returns:
        int32 (P, 2): capitalised words of a that b has nowhere, and of b; zeros where the passage
        begins with a sentence of either, or is not the first of both.
    """
    from dedupe.kernels.openings import fill_opening_names

    places = _beginnings(passages, len(a))
    found = np.zeros((len(a), 2), np.int32)

    def run(first: int, last: int) -> None:
        fill_opening_names(a, b, places, first, last, tokens, found)

    for_ranges(run, [*range(0, len(a), _STEP), len(a)], threads)
    return found


def _beginnings(passages: NDArray[np.int64], n_pairs: int) -> NDArray[np.int64]:
    """Return the tokens at which the passage that is first in both texts begins, int64 (P, 2).

    -1 where there is none.
    """
    from dedupe.kernels.passages import A_FROM, B_FROM, PAIR

    places = np.full((n_pairs, 2), np.iinfo(np.int64).max)
    for side, column in enumerate((A_FROM, B_FROM)):
        np.minimum.at(places[:, side], passages[:, PAIR], passages[:, column])
    begins = passages[:, [A_FROM, B_FROM]]
    is_first = (begins == places[passages[:, PAIR]]).all(axis=1)
    places[:] = -1
    places[passages[is_first, PAIR]] = begins[is_first]
    return places
