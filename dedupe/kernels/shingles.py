"""Token hashes in; one hash for each run of words out.

Axes: T tokens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.kernels._compile import kernel
from dedupe.kernels.hashing import GOLDEN, mix

if TYPE_CHECKING:
    from numpy.typing import NDArray

_POLYNOMIAL = GOLDEN
_ZERO = np.uint64(0)


@kernel
def fill_shingles(
    tokens: NDArray[np.uint64], n_tokens: int, shingle_words: int, out: NDArray[np.uint64]
) -> int:
    """Hash every run of `shingle_words` tokens, in order; returns how many there are.

    Shapes (T tokens)
        tokens  uint64 (T,)  token hashes; the first n_tokens count
        out     uint64 (T,)  shingle i starts at token i; overwritten
    Edge    a text shorter than one shingle has one: all of its tokens.
    Source  Karp and Rabin 1987, a polynomial modulo 2**64 (which wraps
            exactly), each value then mixed.
    """
    if n_tokens == 0:
        return 0
    length = min(shingle_words, n_tokens)
    if length == 3:
        # The same sum, none of which waits for the one before it.
        square = _POLYNOMIAL * _POLYNOMIAL
        for i in range(n_tokens - 2):
            first, second, third = tokens[i], tokens[i + 1], tokens[i + 2]
            out[i] = mix(first * square + second * _POLYNOMIAL + third)
        return n_tokens - 2
    top = np.uint64(1)
    rolling = _ZERO
    for i in range(length):
        rolling = rolling * _POLYNOMIAL + tokens[i]
        if i:
            top *= _POLYNOMIAL
    out[0] = mix(rolling)
    for i in range(length, n_tokens):
        rolling = (rolling - tokens[i - length] * top) * _POLYNOMIAL + tokens[i]
        out[i - length + 1] = mix(rolling)
    return n_tokens - length + 1
