"""A word in; a hash that looks like chance, out."""

from __future__ import annotations

import numpy as np

from dedupe.kernels._compile import kernel

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
"""2 ** 64 over the golden ratio, odd: its multiples lie far apart (Knuth 1973, 6.4)."""
MULTIPLY = np.uint64(0xFF51AFD7ED558CCD)
"""The first multiplier of MurmurHash3's finaliser; see `mix`."""
_MULTIPLY_2 = np.uint64(0xC4CEB9FE1A85EC53)
_SHIFT_33 = np.uint64(33)
_SHIFT_32 = np.uint64(32)


@kernel
def mix(x: np.uint64) -> np.uint64:
    """Spread every bit of a uint64 over all others.

    Source  Appleby 2011, the finaliser of MurmurHash3, a bijection.
    """
    x ^= x >> _SHIFT_33
    x *= MULTIPLY
    x ^= x >> _SHIFT_33
    x *= _MULTIPLY_2
    return x ^ (x >> _SHIFT_33)


@kernel
def absorb(state: np.uint64, word: np.uint64) -> np.uint64:
    """Take eight more bytes into the state of a hash, whose last word `mix` then spreads."""
    state = (state ^ word) * MULTIPLY
    return state ^ (state >> _SHIFT_32)
