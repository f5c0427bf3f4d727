"""Blocks of a page in; how each looks, and where it stands, out.

    traits, sizes  ->  fill_features()  ->  small numbers

Features are few-valued, so that a model is a table: one weight for each value
of each feature (see `story.py`).

Axes: D documents, K blocks, F features, V values of a feature.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.kernels import blocks
from dedupe.kernels._compile import kernel
from dedupe.kernels.sorting import sort_range
from dedupe.kernels.totals import total

if TYPE_CHECKING:
    from numpy.typing import NDArray

N_FEATURES = 23
N_VALUES = 32
(
    SIZE, END, PHRASE, CAPITALS, NUMBERS, COMMAS, SEPARATORS, MARKS, START,
    BEFORE_1, BEFORE_2, AFTER_1, AFTER_2,
    DENSITY, PLACE, SINCE_PROSE, TO_PROSE, PROSE_SHARE, MAIN, LENGTH,
    SINCE_RELATED, REPEATED, REPLIES,
) = range(N_FEATURES)  # fmt: skip
"""Columns of features: nine of the block itself, four of its neighbours, seven
of its place among the paragraphs of the page, three of the page's lists."""

NOTHING_AHEAD = 7
"""Added to SINCE_RELATED where all paragraphs of the page are behind."""

# A longer heading may have a link in it. Characters, where a script has no spaces.
_LIST_HEADING_WORDS = 4

# Kinds of dedupe.clean.phrases that count here.
_RELATED, _LEGAL, _COMMENTS, _LIST = 4, 5, 6, 10

# What a feature is, with the steps in the functions below: layout.json was fitted with these, and
# another value asks for another fit (benchmarks/fit_cleaning.py).
_PROSE_BYTES = 120
_HEADING_BYTES = 64
_LONG_PROSE_BYTES = 240
_WINDOW = 5
_GAP = 4
_REPLIES_WINDOW = 8
_FAR = 99
_LOOK_AHEAD = 17


@kernel
def _is_prose(size: int, row: NDArray[np.uint8], learned: bool) -> bool:
    """Say whether a block reads like a paragraph, whoever wrote it."""
    if learned or size < _PROSE_BYTES or row[blocks.SEPARATORS] > 1:
        return False
    if row[blocks.PHRASE] or row[blocks.MARKS] & blocks.HAS_COPYRIGHT:
        return False
    if row[blocks.ENDING] == blocks.ELLIPSIS:
        return False
    return row[blocks.ENDING] == blocks.SENTENCE_END or size >= _LONG_PROSE_BYTES


@kernel
def _kind(row: NDArray[np.uint8]) -> int:
    """Return the kind of a block's phrase, of those that layout.json knows.

    What announces a list counts as what is related, and a notice as a legal line.
    """
    kind = np.int64(row[blocks.PHRASE]) & blocks.KIND
    if kind == blocks.NOTICE:
        return _LEGAL
    return _RELATED if kind == _LIST else kind


@kernel
def _is_heading(size: int, row: NDArray[np.uint8]) -> bool:
    """Say whether a block announces other stories: "You may also like"."""
    if _kind(row) != _RELATED or size >= _HEADING_BYTES:
        return False
    return bool(row[blocks.ENDING] == blocks.NO_END or row[blocks.ENDING] == blocks.COLON)


@kernel
def announces_list(size: int, row: NDArray[np.uint8]) -> bool:
    """Say whether a block announces a list of other stories: "Most read".

    A heading that may lead to one link in the middle of a story does not: "Read more". Nor does
    a long one, which has its link in it: "More from the pier: it falls again".
    """
    is_list = np.int64(row[blocks.PHRASE]) & blocks.KIND == _LIST
    return bool(is_list and row[blocks.TOKENS] <= _LIST_HEADING_WORDS) and _is_heading(size, row)


@kernel
def _look(size: int, row: NDArray[np.uint8], learned: bool) -> int:
    """Sort a block among ten looks, which is all its neighbours see of it."""
    if learned:
        return 1
    if row[blocks.PHRASE]:
        return 2
    if row[blocks.ENDING] == blocks.ELLIPSIS:
        return 3
    if size >= _PROSE_BYTES:
        return 10
    look = 4 if size < 32 else (6 if size < 80 else 8)
    return look + (1 if row[blocks.ENDING] == blocks.SENTENCE_END else 0)


@kernel
def _step(value: int, steps: NDArray[np.int64]) -> int:
    """Return how many of the rising steps a value has reached."""
    reached = 0
    while reached < steps.shape[0] and value >= steps[reached]:
        reached += 1
    return reached


@kernel
def fill_features(
    sizes: NDArray[np.int64],
    hashes: NDArray[np.uint64],
    traits: NDArray[np.uint8],
    learned: NDArray[np.bool_],
    out: NDArray[np.uint8],
) -> None:
    """Write the features of the blocks of one page.

    Shapes (K blocks of the page)
        sizes    int64  (K,)   bytes
        hashes   uint64 (K,)
        traits   uint8  (K, blocks.N_TRAITS)
        learned  bool   (K,)   known furniture of the outlet
        out      uint8  (K, N_FEATURES)  overwritten; each below N_VALUES
    """
    n = sizes.shape[0]
    prose = np.zeros(n, np.int64)
    looks = np.empty(n, np.int64)
    for i in range(n):
        looks[i] = _look(sizes[i], traits[i], learned[i])
        if _is_prose(sizes[i], traits[i], learned[i]):
            prose[i] = sizes[i]
        _fill_own(sizes[i], traits[i], out[i])
    for i in range(n):
        out[i, BEFORE_1] = looks[i - 1] if i > 0 else 0
        out[i, BEFORE_2] = looks[i - 2] if i > 1 else 0
        out[i, AFTER_1] = looks[i + 1] if i + 1 < n else 0
        out[i, AFTER_2] = looks[i + 2] if i + 2 < n else 0
    _fill_places(sizes, prose, out)
    _fill_lists(sizes, traits, prose, out)
    _fill_repeated(hashes, out)


@kernel
def _fill_own(size: int, row: NDArray[np.uint8], x: NDArray[np.uint8]) -> None:
    """Write what a block shows by itself."""
    sizes_at = np.array([8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768])
    n_tokens = np.int64(row[blocks.TOKENS])
    phrase = np.int64(row[blocks.PHRASE])
    marks = np.int64(row[blocks.MARKS])
    size_class = 0 if size < 48 else (1 if size < _PROSE_BYTES else 2)
    x[SIZE] = _step(size, sizes_at)
    x[END] = np.int64(row[blocks.ENDING]) * 3 + size_class
    stands = 0 if phrase & blocks.WHOLE else (1 if phrase & blocks.PREFIX else 2)
    x[PHRASE] = 1 + stands * 10 + _kind(row) if phrase else 0
    x[CAPITALS] = np.int64(row[blocks.CAPITALS]) * 5 // n_tokens + (6 if size >= 64 else 0)
    x[NUMBERS] = np.int64(row[blocks.NUMBERS]) * 4 // n_tokens
    x[COMMAS] = min(int(row[blocks.COMMAS]), 3)
    x[SEPARATORS] = min(int(row[blocks.SEPARATORS]), 3)
    x[MARKS] = marks & (blocks.HAS_COPYRIGHT | blocks.HAS_AT | blocks.HAS_ADDRESS)
    x[START] = np.int64(marks & blocks.STARTS_LOWER != 0) + 2 * np.int64(
        marks & blocks.STARTS_QUOTED != 0
    )


@kernel
def _fill_places(
    sizes: NDArray[np.int64], prose: NDArray[np.int64], out: NDArray[np.uint8]
) -> None:
    """Write where each block stands among the paragraphs of its page.

    prose  int64 (K,)  bytes of the blocks that read like paragraphs, else 0
    """
    places_at = np.array([1, 100, 500, 900, 1000])
    steps_at = np.array([1, 2, 3, 5, 9, 17])
    lengths_at = np.array([2, 4, 9, 21, 61, 151])
    n = sizes.shape[0]
    all_prose = max(total(prose), 1)
    share = min(total(prose) * 6 // total(sizes), 5)
    length = _step(n, lengths_at)
    main_start, main_end = _main_stretch(prose)
    before = 0
    since = _FAR
    for i in range(n):
        is_prose = np.int64(prose[i] > 0)
        ahead = 1
        while i + ahead < n and prose[i + ahead] == 0 and ahead < _LOOK_AHEAD:
            ahead += 1
        stretch = 0 if i < main_start else (1 if i < main_end else 2)
        out[i, DENSITY] = _density(prose, sizes, i)
        out[i, PLACE] = _step(before * 1000 // all_prose, places_at) + 6 * is_prose
        out[i, SINCE_PROSE] = 7 if since == _FAR else _step(since, steps_at)
        out[i, TO_PROSE] = 7 if i + ahead == n else _step(ahead, steps_at)
        out[i, PROSE_SHARE] = share + 6 * is_prose
        out[i, MAIN] = stretch + 3 * is_prose
        out[i, LENGTH] = length + (7 if sizes[i] >= _PROSE_BYTES else 0)
        before += prose[i]
        if is_prose:
            since = 1
        elif since < _FAR - 1:
            since += 1


@kernel
def _main_stretch(prose: NDArray[np.int64]) -> tuple[int, int]:
    """Return the stretch of blocks with most prose: no gap in it is longer than _GAP blocks."""
    best_start, best_end, best = 0, 0, 0
    start, end, n_bytes = 0, 0, 0
    for i in range(prose.shape[0]):
        if prose[i] == 0:
            continue
        if n_bytes == 0 or i - end > _GAP:
            start, n_bytes = i, 0
        n_bytes += prose[i]
        end = i + 1
        if n_bytes > best:
            best_start, best_end, best = start, end, n_bytes
    return best_start, best_end


@kernel
def _density(prose: NDArray[np.int64], sizes: NDArray[np.int64], i: int) -> int:
    """Return the share of prose in the bytes around a block, itself left out, in sixths."""
    n_prose = 0
    n_bytes = 1
    for k in range(max(0, i - _WINDOW), min(prose.shape[0], i + _WINDOW + 1)):
        if k != i:
            n_prose += prose[k]
            n_bytes += sizes[k]
    return n_prose * 6 // n_bytes


@kernel
def _fill_lists(
    sizes: NDArray[np.int64],
    traits: NDArray[np.uint8],
    prose: NDArray[np.int64],
    out: NDArray[np.uint8],
) -> None:
    """Write how far each block is into a list of other stories, or among readers' replies."""
    steps_at = np.array([1, 2, 3, 5, 9, 17])
    n = prose.shape[0]
    all_prose = total(prose)
    main_start, _ = _main_stretch(prose)
    before = 0
    since = 0
    for i in range(n):
        nothing_ahead = before == all_prose and all_prose > 0
        if _is_heading(sizes[i], traits[i]):
            since = 1
        out[i, SINCE_RELATED] = _step(since, steps_at) + (NOTHING_AHEAD if nothing_ahead else 0)
        replies = 0
        for k in range(max(0, i - _REPLIES_WINDOW), min(n, i + _REPLIES_WINDOW + 1)):
            if np.int64(traits[k, blocks.PHRASE]) & blocks.KIND == _COMMENTS:
                replies += 1
        out[i, REPLIES] = min(replies, 4) + (5 if i >= main_start else 0)
        before += prose[i]
        if prose[i] > 0:
            since = 0
        elif since:
            since += 1


@kernel
def _fill_repeated(hashes: NDArray[np.uint64], out: NDArray[np.uint8]) -> None:
    """Write which blocks stand on this page twice or more."""
    ordered = hashes.copy()
    n = hashes.shape[0]
    sort_range(ordered, 0, n)
    for i in range(n):
        here = hashes[i]
        low = 0
        high = n
        while low < high:
            middle = (low + high) // 2
            if ordered[middle] < here:
                low = middle + 1
            else:
                high = middle
        out[i, REPEATED] = low + 1 < n and ordered[low + 1] == here
