"""Eight bytes of text as one number; which of them are of an ASCII word.

    data, place  ->  eight_bytes()       ->  one number, the first byte lowest
    that number  ->  word_bits()         ->  a bit for each byte that is of a word
                 ->  count_word_bytes()  ->  how many it begins with

Most news is ASCII words, and eight bytes take no longer than one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.kernels._compile import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

STEP_BYTES = 8
_ZERO = np.uint64(0)
_ONE = np.uint64(1)
_SHIFT_7 = np.uint64(7)
_SHIFT_56 = np.uint64(56)
# The same number in each of eight bytes.
_EACH_1 = np.uint64(0x0101010101010101)
EACH_20 = np.uint64(0x2020202020202020)
_EACH_7F = np.uint64(0x7F7F7F7F7F7F7F7F)
EACH_40 = np.uint64(0x4040404040404040)
EACH_80 = np.uint64(0x8080808080808080)
# Added to a byte below 0x80, these carry into its high bit from "0", ":", "a" and "{" on.
_FROM_0 = np.uint64(0x5050505050505050)
_PAST_9 = np.uint64(0x4646464646464646)
_FROM_A = np.uint64(0x1F1F1F1F1F1F1F1F)
_PAST_Z = np.uint64(0x0505050505050505)
_GATHER = np.uint64(0x0102040810204080)
_LOW_BYTE = np.uint64(0xFF)


@kernel
def eight_bytes(data: NDArray[np.uint8], at: int) -> np.uint64:
    """Return data[at:at + 8] as a number, its first byte lowest: one load, compiled."""
    eight = _ZERO
    for i in range(STEP_BYTES):
        eight |= np.uint64(data[np.uint64(at + i)]) << np.uint64(8 * i)
    return eight


@kernel
def reversed_bytes(eight: np.uint64) -> np.uint64:
    """Return a number with its first byte last: one instruction, compiled."""
    turned = _ZERO
    for i in range(STEP_BYTES):
        turned |= ((eight >> np.uint64(8 * i)) & _LOW_BYTE) << np.uint64(56 - 8 * i)
    return turned


@kernel
def count_word_bytes(eight: np.uint64) -> int:
    """Count the ASCII letters and digits that eight bytes begin with, 0 to 8."""
    lowest = _other_bytes(eight) >> _SHIFT_7
    below = (lowest - _ONE) & ~lowest & _EACH_1
    return np.int64((below * _EACH_1) >> _SHIFT_56)


@kernel
def word_bits(eight: np.uint64) -> np.uint64:
    """Return one bit for each of eight bytes, the first lowest: set in ASCII letters and digits."""
    return ((~_other_bytes(eight) & EACH_80) >> _SHIFT_7) * _GATHER >> _SHIFT_56


@kernel
def _other_bytes(eight: np.uint64) -> np.uint64:
    """Set the high bit of each of eight bytes that is no ASCII letter or digit."""
    ascii_bits = eight & _EACH_7F
    folded = ascii_bits | EACH_20
    is_digit = (ascii_bits + _FROM_0) & ~(ascii_bits + _PAST_9)
    is_letter = (folded + _FROM_A) & ~(folded + _PAST_Z)
    return ~((is_digit | is_letter) & ~eight) & EACH_80


@kernel
def trailing_zeros(bits: np.uint64) -> int:
    """Count the zeros below the lowest bit that is set; 64 where none is.

    Source  the population count of Hacker's Delight (Warren 2002), of the bits
            below: compilers know it, and make one instruction of the whole.
    """
    below = (bits - _ONE) & ~bits
    below -= (below >> _ONE) & np.uint64(0x5555555555555555)
    pairs = np.uint64(0x3333333333333333)
    below = (below & pairs) + ((below >> np.uint64(2)) & pairs)
    below = (below + (below >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((below * _EACH_1) >> _SHIFT_56)
