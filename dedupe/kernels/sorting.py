"""Hashes in, sorted in place, or with repeats moved out. Packed numbers in, sorted by digits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.kernels._compile import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

# So few numbers are put in order by insertion.
_SHORT_RANGE = 16
_STEPS_EACH = 8
"""Steps of insertion for each value of a crowded bucket, before it is sorted otherwise."""
_FEWEST_BITS, _MOST_BITS = 5, 15
"""Bits of a hash that choose its bucket; the table stays in the nearest caches."""

_NONE, _ONE = np.uint64(0), np.uint64(1)

_DIGIT_BITS = 8
_DIGITS = 64 // _DIGIT_BITS


@kernel
def sort_distinct(values: NDArray[np.uint64], start: int, end: int) -> int:
    """Sort values[start:end] in place and move repeats out; returns how many are left."""
    if end - start < 2:
        return end - start
    sort_range(values, start, end)
    distinct = start + 1
    for i in range(start + 1, end):
        if values[i] != values[distinct - 1]:
            values[distinct] = values[i]
            distinct += 1
    return distinct - start


@kernel
def move_distinct(
    values: NDArray[np.uint64], start: int, end: int, table: NDArray[np.uint64]
) -> int:
    """Move repeats out of values[start:end], and a 0 to their front; returns how many are left.

    Where no 0 is among them, what is left stays in its order.

    Shapes
        values  uint64 (N,)
        table   uint64 (T,)  overwritten; `table_size(end - start)` places or more are used
    """
    mask = np.uint64(table_size(end - start) - 1)
    for place in range(np.int64(mask) + 1):
        table[place] = _NONE
    left = start
    has_none = False
    for i in range(start, end):
        value = values[i]
        if value == _NONE:
            if not has_none:
                values[left] = values[start]
                values[start] = _NONE
                left += 1
            has_none = True
            continue
        at = value & mask
        while table[np.int64(at)] != _NONE and table[np.int64(at)] != value:
            at = (at + _ONE) & mask
        # Without branches: whether a word was there before is a coin toss to the processor.
        is_new = np.int64(table[np.int64(at)] == _NONE)
        table[np.int64(at)] = value
        values[left] = value
        left += is_new
    return left - start


@kernel
def table_size(n_values: int) -> int:
    """Return how many places a table of so many values has: a power of two, two for each."""
    size = 16
    while size < 2 * n_values:
        size *= 2
    return size


@kernel
def sort_range(values: NDArray[np.uint64], start: int, end: int) -> None:
    """Sort values[start:end] in place.

    Shapes  values uint64 (N,)
    Hashes fall evenly into as many buckets as there are of them, by their high
    bits; then hardly one is out of place. What crowds one bucket is sorted first.
    Cost    O(N) for hashes, O(N log N) expected for other numbers.
    Source  Isaac and Singleton 1956, sorting by address calculation.
    """
    n = np.int64(end - start)
    if n < _SHORT_RANGE:
        _insert_in_order(values, start, end - 1)
        return
    n_bits = _FEWEST_BITS
    while (1 << n_bits) < n and n_bits < _MOST_BITS:
        n_bits += 1
    shift = np.uint64(64 - n_bits)
    places = np.zeros((1 << n_bits) + 1, dtype=np.int32)
    for i in range(start, end):
        places[np.int64(values[i] >> shift) + 1] += 1
    for bucket in range(1 << n_bits):
        places[bucket + 1] += places[bucket]
    given = values[start:end].copy()
    for i in range(n):
        bucket = np.int64(given[i] >> shift)
        values[start + places[bucket]] = given[i]
        places[bucket] += 1
    low = np.int64(start)
    for bucket in range(1 << n_bits):
        high = start + np.int64(places[bucket])
        if high - low > _SHORT_RANGE and not _insert_few(values, low, high):
            _sort_any(values, low, high)
        low = high
    _insert_in_order(values, start, end - 1)


@kernel
def _insert_few(values: NDArray[np.uint64], start: int, end: int) -> bool:
    """Sort values[start:end] by insertion, and say so, unless that takes many steps a value.

    A crowd of equal hashes, numbered as they came, is in order but for the few others of
    its bucket: sorted as any other numbers, it would take twenty times as long.
    """
    left = _STEPS_EACH * np.int64(end - start)
    for i in range(start + 1, end):
        value = values[i]
        j = i
        while j > start and values[j - 1] > value:
            values[j] = values[j - 1]
            j -= 1
        values[j] = value
        left -= i - j
        if left < 0:
            return False
    return True


@kernel
def sort_by_digits(
    values: NDArray[np.uint64], spare: NDArray[np.uint64], low_bit: int
) -> NDArray[np.uint64]:
    """Sort values by their bits from `low_bit` on, equal ones as they stood; returns the array.

    Shapes (N values)
        values  uint64 (N,)  overwritten
        spare   uint64 (N,)  overwritten; the answer is this array or `values`
    Digits in which all values agree cost nothing but their counting, so keys and row numbers
    packed into one number are sorted by the bits they use.
    Cost    O(N) for each digit of 8 bits in which some differ: NumPy's sort of uint64, which
            compares, takes several times as long for 140,000 keys of 32 bits.
    Source  Seward 1954, radix sort from the least digit on.
    """
    counts = np.zeros((_DIGITS, 1 << _DIGIT_BITS), np.int64)
    mask = np.uint64((1 << _DIGIT_BITS) - 1)
    for i in range(len(values)):
        value = values[i] >> np.uint64(low_bit)
        for digit in range(_DIGITS):
            counts[digit, np.int64((value >> np.uint64(digit * _DIGIT_BITS)) & mask)] += 1
    given = values
    sorted_ = spare
    for digit in range(_DIGITS):
        shift = np.uint64(low_bit + digit * _DIGIT_BITS)
        if low_bit + digit * _DIGIT_BITS >= 64 or len(values) == 0:
            break
        places = counts[digit]
        if places[np.int64((given[0] >> shift) & mask)] == len(values):
            continue
        before = np.int64(0)
        for value_of_digit in range(1 << _DIGIT_BITS):
            n_of_digit = places[value_of_digit]
            places[value_of_digit] = before
            before += n_of_digit
        for i in range(len(given)):
            value_of_digit = np.int64((given[i] >> shift) & mask)
            sorted_[places[value_of_digit]] = given[i]
            places[value_of_digit] += 1
        given, sorted_ = sorted_, given
    return given


@kernel
def _sort_any(values: NDArray[np.uint64], start: int, end: int) -> None:
    """Sort values[start:end] in place, however they are spread.

    `values.sort()` will not do: Numba 0.68 gives the inner functions of sort and
    of argsort one name, and where both are read from the cache the first to be
    loaded serves for both, so that nothing is sorted.

    Source  Hoare 1962, quicksort; the larger part waits, so the stack is short.
    """
    waiting = np.empty((64, 2), dtype=np.int64)
    n_waiting = 0
    low = np.int64(start)
    high = np.int64(end - 1)
    while True:
        while high - low >= _SHORT_RANGE:
            middle = (low + high) >> 1
            pivot = _median(values[low], values[middle], values[high])
            i = low
            j = high
            while i <= j:
                while values[i] < pivot:
                    i += 1
                while values[j] > pivot:
                    j -= 1
                if i <= j:
                    values[i], values[j] = values[j], values[i]
                    i += 1
                    j -= 1
            if j - low < high - i:
                waiting[n_waiting, 0] = i
                waiting[n_waiting, 1] = high
                high = j
            else:
                waiting[n_waiting, 0] = low
                waiting[n_waiting, 1] = j
                low = i
            n_waiting += 1
        _insert_in_order(values, low, high)
        if n_waiting == 0:
            return
        n_waiting -= 1
        low = waiting[n_waiting, 0]
        high = waiting[n_waiting, 1]


@kernel
def _insert_in_order(values: NDArray[np.uint64], low: int, high: int) -> None:
    """Sort values[low:high + 1], a short range, by insertion."""
    for i in range(low + 1, high + 1):
        value = values[i]
        j = i
        while j > low and values[j - 1] > value:
            values[j] = values[j - 1]
            j -= 1
        values[j] = value


@kernel
def _median(x: np.uint64, y: np.uint64, z: np.uint64) -> np.uint64:
    return max(min(x, y), min(max(x, y), z))
