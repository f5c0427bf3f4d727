"""Features of blocks in; which blocks are story, out.

    features, weights  ->  fill_kept()  ->  the likeliest sequence of kept and cut

A block's score is the sum of its features' weights: the log-odds that it is of
the story. Neighbouring blocks mostly share their fate, so the answer is the best
whole sequence, not the best block by block. Nothing is cut without signs that
only furniture bears, so a poem, a list or a table stays whole, however much it
looks like a menu.

Axes: D documents, K blocks, F features, V values of a feature.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.kernels import blocks
from dedupe.kernels._compile import kernel
from dedupe.kernels.layout import (
    N_FEATURES,
    NOTHING_AHEAD,
    REPEATED,
    SINCE_RELATED,
    announces_list,
    fill_features,
)
from dedupe.kernels.totals import total

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Kinds of dedupe.clean.phrases that count here.
_SHARE, _SUBSCRIBE, _ADVERT, _LEGAL = 1, 2, 3, 5

# A longer block is no badge. Of 48, 96 and 192 F1 of held pages is .8798, .8801 and .8801, and
# .9987, .9983 and .9982 of the words of bodies are kept (benchmarks/cleaning.py).
_BADGE_BYTES = 96
# A longer block with a notice has the story on the same line.
_NOTICE_BYTES = 1500

# A stretch of cut blocks must hold one sign in so many blocks, or so many signs. Of 15, 30 and 60
# blocks F1 of pages is .892, .901 and .903; PAN13 keeps .9953, .9938 and .9936 of its words and
# Reuters .9974, .9974 and .9971 (benchmarks/cleaning.py). Of 4, 8 and 16 signs, at 15 blocks, F1
# is .896, .892 and .893.
_BLOCKS_A_SIGN = 30
_ENOUGH_SIGNS = 8
# Score of what is furniture by itself, at most. Half or twice as much leaves F1 of pages as it is.
_SURE = -4.0
# Once a list of other stories is announced and no paragraph follows, it runs to the end. Half or
# twice as much changes F1 of pages by less than .0001.
_ANNOUNCED = -1.0
# A list of other stories that ends a page has so many whole sentences at most, each so long at
# most; where more follows, the story goes on. Of 3, 5 and 8 sentences F1 of pages is .9056, .9056
# and .9055; of 128, 192 and 256 bytes .9022, .9056 and .9056. Of all of these .9983 of the words of
# bodies are kept (benchmarks/cleaning.py).
_MOST_TEASERS = 5
_TEASER_BYTES = 192
# A shorter block is no sentence. With 72 the F1 of pages is .9022.
_SENTENCE_BYTES = 48
# What can be the story above such a list has a sentence so long. With 48 F1 is the same; with 96 a
# story of one sentence is lost.
_BODY_BYTES = 72


@kernel
def _is_sign(row: NDArray[np.uint8], learned: bool) -> bool:
    """Say whether a block bears what a story's own blocks hardly do."""
    return bool(
        learned
        or row[blocks.PHRASE] > 0
        or row[blocks.MARKS] & (blocks.HAS_COPYRIGHT | blocks.HAS_ADDRESS) > 0
        or row[blocks.ENDING] == blocks.ELLIPSIS
        or row[blocks.SEPARATORS] > 0
    )


@kernel
def _is_sure(size: int, row: NDArray[np.uint8], learned: bool, repeated: bool) -> bool:
    """Say whether a block is furniture by itself.

    It is what the outlet repeats, a copyright line, "Share this" and its like, what tells
    readers how many articles they may still read, what asks for their consent, a licence, or a
    handle or an address that the page shows twice.
    """
    if learned:
        return True
    phrase = np.int64(row[blocks.PHRASE])
    kind = phrase & blocks.KIND
    marks = row[blocks.MARKS]
    if marks & blocks.HAS_COPYRIGHT and kind == _LEGAL:
        return True
    if kind == blocks.NOTICE and not marks & blocks.STARTS_QUOTED:
        return size < _NOTICE_BYTES
    if size >= _BADGE_BYTES or marks & blocks.STARTS_QUOTED:
        return False
    if phrase & blocks.PREFIX:
        return kind in (_SHARE, _SUBSCRIBE, _ADVERT)
    if phrase & (blocks.WHOLE | blocks.ANYWHERE):
        return bool(kind == _ADVERT)
    if marks & blocks.HAS_COPYRIGHT and row[blocks.NUMBERS]:
        return True
    has_handle = marks & (blocks.HAS_AT | blocks.HAS_ADDRESS) > 0
    return bool(repeated and has_handle and row[blocks.ENDING] != blocks.SENTENCE_END)


@kernel
def _is_sentence(size: int, row: NDArray[np.uint8]) -> bool:
    """Say whether a block reads like words of a story, be it one sentence or more."""
    if size < _SENTENCE_BYTES or row[blocks.PHRASE]:
        return False
    return bool(row[blocks.ENDING] == blocks.SENTENCE_END)


@kernel
def _is_list(sizes: NDArray[np.int64], traits: NDArray[np.uint8]) -> bool:
    """Say whether the blocks below a heading look like other stories, and not like its link.

    They are whole sentences throughout, or each sentence has a title of its own. A title or two
    and then sentence upon sentence is a link in the middle of a story, which goes on below it.
    So it does where a sentence opens with a quote.

    Shapes (K blocks below the heading)
        sizes   int64 (K,)   bytes
        traits  uint8 (K, blocks.N_TRAITS)
    """
    n_titles = n_sentences = n_in_a_row = longest = 0
    for i in range(sizes.shape[0]):
        if traits[i, blocks.PHRASE]:
            continue
        if not _is_sentence(sizes[i], traits[i]):
            n_titles += 1
            n_in_a_row = 0
            continue
        if traits[i, blocks.MARKS] & blocks.STARTS_QUOTED:
            return False
        n_sentences += 1
        n_in_a_row += 1
        longest = max(longest, n_in_a_row)
    return n_titles == 0 or n_sentences == 0 or (longest == 1 and n_sentences > 1)


@kernel
def _announced_from(
    sizes: NDArray[np.int64], traits: NDArray[np.uint8], learned: NDArray[np.bool_]
) -> int:
    """Return where the list of other stories begins that ends a page, with its heading.

    Its teasers are whole sentences, one at least, but few and short ones: where more follows, the
    story goes on below the heading. Something must stand before it that can be the story. Of
    several headings it is the highest one below which each part looks like other stories.

    Shapes (K blocks of the page)
        sizes    int64  (K,)   bytes
        traits   uint8  (K, blocks.N_TRAITS)
        learned  bool   (K,)   known furniture of the outlet
    Edge    K where no list is announced.
    """
    n = sizes.shape[0]
    body = 0
    while body < n and (
        learned[body] or sizes[body] < _BODY_BYTES or not _is_sentence(sizes[body], traits[body])
    ):
        body += 1
    found = n
    end = n
    n_teasers = 0
    for i in range(n - 1, body, -1):
        if announces_list(sizes[i], traits[i]):
            if not _is_list(sizes[i + 1 : end], traits[i + 1 : end]):
                break
            end = i
            if n_teasers:
                found = i
        if learned[i] or traits[i, blocks.PHRASE]:
            continue
        n_teasers += _is_sentence(sizes[i], traits[i])
        if n_teasers > _MOST_TEASERS or sizes[i] > _TEASER_BYTES:
            break
    return found


@kernel
def fill_kept(
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    hashes: NDArray[np.uint64],
    traits: NDArray[np.uint8],
    learned: NDArray[np.bool_],
    offsets: NDArray[np.int64],
    first: int,
    last: int,
    weights: NDArray[np.float64],
    bias: float,
    toll: float,
    kept: NDArray[np.bool_],
) -> None:
    """Write which blocks of documents [first, last) are kept.

    Shapes (D documents, K blocks)
        starts, ends  int64   (K,)
        hashes        uint64  (K,)
        traits        uint8   (K, blocks.N_TRAITS)
        learned       bool    (K,)  known furniture of the outlet
        offsets       int64   (D+1,)
        weights       float64 (N_FEATURES, N_VALUES)
        kept          bool    (K,)  overwritten for these documents
    bias    is added to every score, log-odds
    toll    what each stretch of cut blocks costs, log-odds
    Edge    a page without a sign of furniture is kept whole, unscored.
    """
    longest = 0
    for d in range(first, last):
        longest = max(longest, offsets[d + 1] - offsets[d])
    features = np.empty((longest, N_FEATURES), np.uint8)
    scores = np.empty(longest, np.float64)
    signs = np.empty(longest, np.bool_)
    sure = np.empty(longest, np.bool_)
    for d in range(first, last):
        a, b = offsets[d], offsets[d + 1]
        n = b - a
        kept[a:b] = True
        may_be_cut = False
        for i in range(n):
            signs[i] = _is_sign(traits[a + i], learned[a + i])
            may_be_cut |= signs[i] or traits[a + i, blocks.MARKS] & blocks.HAS_AT > 0
        if not may_be_cut:
            continue
        sizes = ends[a:b] - starts[a:b]
        listed = _announced_from(sizes, traits[a:b], learned[a:b])
        fill_features(sizes, hashes[a:b], traits[a:b], learned[a:b], features)
        for i in range(n):
            score = bias
            for f in range(N_FEATURES):
                score += weights[f, features[i, f]]
            repeated = features[i, REPEATED] > 0
            sure[i] = _is_sure(sizes[i], traits[a + i], learned[a + i], repeated)
            if sure[i]:
                score = min(score, _SURE)
                signs[i] = True
            elif features[i, SINCE_RELATED] > NOTHING_AHEAD:
                score = min(score, _ANNOUNCED)
            scores[i] = score * _stake(sizes[i])
        _fill_likeliest(scores[:n], toll, kept[a:b])
        _keep_unproven(signs[:n], kept[a:b])
        # One badge among paragraphs is not worth the toll of a stretch, and is still a badge.
        for i in range(n):
            kept[a + i] &= not sure[i]
        if listed < n:
            _settle_list(listed, sizes, traits[a:b], sure[:n], kept[a:b])


@kernel
def _settle_list(
    listed: int,
    sizes: NDArray[np.int64],
    traits: NDArray[np.uint8],
    sure: NDArray[np.bool_],
    kept: NDArray[np.bool_],
) -> None:
    """Cut a list of other stories where that is safe, and keep what stands above it.

    To lose the words of a story is worse than to keep a teaser. So the list goes only if it
    has two sentences or more, or if the page would be left without a sentence of what stands
    above: then the list would pass for the story.

    Shapes (K blocks of the page)
        sizes   int64 (K,)
        traits  uint8 (K, blocks.N_TRAITS)
        sure    bool  (K,)  what is furniture by itself
        kept    bool  (K,)  overwritten from `listed` on, if the list goes
    """
    n_kept = 0
    for i in range(listed):
        n_kept += kept[i] and _is_sentence(sizes[i], traits[i])
    n_teasers = 0
    for i in range(listed, sizes.shape[0]):
        n_teasers += _is_sentence(sizes[i], traits[i])
    if n_kept == 0 or n_teasers > 1:
        kept[listed:] = False
    if n_kept == 0:
        for i in range(listed):
            kept[i] |= not sure[i] and _is_sentence(sizes[i], traits[i])


@kernel
def _stake(size: int) -> float:
    """Return what a wrong answer costs: more words, more harm."""
    if size < 24:
        return 0.5
    if size < 96:
        return 1.0
    return 1.5 if size < 192 else 2.0


@kernel
def _fill_likeliest(scores: NDArray[np.float64], toll: float, kept: NDArray[np.bool_]) -> None:
    """Write the sequence of kept and cut with the best sum of scores.

    Source  Viterbi 1967, with two states; to begin to cut costs the toll.
    """
    n = scores.shape[0]
    from_cut = np.empty((n, 2), np.bool_)
    keep, cut = 0.0, -toll
    for i in range(n):
        from_cut[i, 1] = cut > keep
        from_cut[i, 0] = cut >= keep - toll
        keep, cut = max(keep, cut) + scores[i] / 2, max(cut, keep - toll) - scores[i] / 2
    state = keep >= cut
    for i in range(n - 1, -1, -1):
        kept[i] = state
        state = not from_cut[i, np.int64(state)]


@kernel
def _keep_unproven(signs: NDArray[np.bool_], kept: NDArray[np.bool_]) -> None:
    """Keep again each stretch that was cut without enough signs of furniture."""
    n = kept.shape[0]
    start = 0
    while start < n:
        end = start + 1
        while end < n and kept[end] == kept[start]:
            end += 1
        if not kept[start]:
            n_signs = total(signs[start:end])
            if n_signs < _ENOUGH_SIGNS and n_signs * _BLOCKS_A_SIGN < end - start:
                kept[start:end] = True
        start = end
