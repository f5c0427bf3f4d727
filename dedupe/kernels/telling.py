"""Two texts in; how they tell it, sentence by sentence and letter by letter, out.

    stems, flags, letters of a pair  ->  fill_tellings()  ->  one row of numbers

Shares of whole words miss what was inflected, respelt or told in another order:
each sentence is held against the likest of the other text, and letters are
compared six at a time, blanks left out.

Axes: P pairs, T tokens, S sentences, L letters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe.kernels._compile import kernel
from dedupe.kernels.facts import NAME, NAME_MASK, NUMBER_MASK
from dedupe.kernels.hashing import GOLDEN, mix
from dedupe.kernels.sentences import (
    Side,
    fill_bounds,
    fill_stems,
    fill_vocabulary,
    list_postings,
    sentence_sizes,
    weigh_stems,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe.kernels.sentences import Postings

GRAM_LETTERS = 6
"""Letters compared at a time: of 4 to 12, the most telling on the tuning half of COUNTER."""

GRAMS_A, GRAMS_B = 0, 1
LIKENESS_A, LIKENESS_B = 2, 3
TOLD_A, TOLD_B = 4, 5
ORDERED_A, ORDERED_B = 6, 7
LEAD_A, LEAD_B = 8, 9
RISING_A, RISING_B = 10, 11
NEAR_A, NEAR_B = 12, 13
LEADS = 14
FACTS_SAME, FACTS_A, FACTS_B = 15, 16, 17
PLAIN_SAME, PLAIN_A, PLAIN_B = 18, 19, 20
N_FRAMES, N_REFILLED = 21, 22
FILED = 23
N_TELLINGS = 24
"""Columns of what `fill_tellings` writes; FILED is left to `verify.filed`."""

SIDES = (
    (GRAMS_A, GRAMS_B),
    (LIKENESS_A, LIKENESS_B),
    (TOLD_A, TOLD_B),
    (ORDERED_A, ORDERED_B),
    (LEAD_A, LEAD_B),
    (RISING_A, RISING_B),
    (NEAR_A, NEAR_B),
    (FACTS_A, FACTS_B),
    (PLAIN_A, PLAIN_B),
)
"""Pairs of columns that change places when the two texts do."""

# What a feature is: the closer models were fitted with these, and another value asks for another
# fit (benchmarks/fit_pairs.py). Shares of distinct words, and words between two that are near.
_TOLD_DICE = 0.5
_FRAME_DICE = 0.4
_NEAR_WORDS = 6
_BASE = GOLDEN
_LOWER_BIT = np.uint64(32)
_UPPER_A, _UPPER_Z = 65, 90
_SHIFT_8 = np.uint64(8)
_ONE = np.uint64(1)
_IN_B = 2
_WORD_BITS = 64


class Tokens(NamedTuple):
    """Tokens of N documents, and the bytes they stand in.

    Shapes
        data    uint8  (B,)
        bases   int64  (N,)    first byte of each document's text
        hashes  uint64 (T,)
        starts  int32  (T,)    bytes from the base
        ends    int32  (T,)
        flags   uint8  (T,)
        bounds  int64  (N+1,)  document d owns tokens bounds[d]:bounds[d+1]
    """

    data: NDArray[np.uint8]
    bases: NDArray[np.int64]
    hashes: NDArray[np.uint64]
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]
    flags: NDArray[np.uint8]
    bounds: NDArray[np.int64]


class Likest(NamedTuple):
    """The likest sentence of the other text, for each sentence of one.

    Shapes
        place   int64   (S,)  -1 where none has a word in common
        cosine  float64 (S,)
        dice    float64 (S,)
    """

    place: NDArray[np.int64]
    cosine: NDArray[np.float64]
    dice: NDArray[np.float64]


@kernel
def fill_tellings(
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    first: int,
    last: int,
    tokens: Tokens,
    prefix: int,
    least: int,
    most: int,
    out: NDArray[np.float64],
) -> None:
    """Write how documents a[i] and b[i] tell it, i from `first` to `last`.

    Shapes
        a, b  int64   (P,)
        out   float64 (P, N_TELLINGS)  overwritten; shares but for the counts
    prefix, least, most  of `fill_stems` and `fill_bounds`
    Cost  sentences of a times sentences of b, at worst, and words of a sentence squared
    """
    for i in range(first, last):
        _fill_pair(a[i], b[i], tokens, prefix, least, most, out[i])


@kernel
def _fill_pair(
    a: int,
    b: int,
    tokens: Tokens,
    prefix: int,
    least: int,
    most: int,
    out: NDArray[np.float64],
) -> None:
    out[:] = 0.0
    stems_a, stems_b = _stems(a, tokens, prefix), _stems(b, tokens, prefix)
    if len(stems_a) == 0 or len(stems_b) == 0:
        return
    flags_a = tokens.flags[tokens.bounds[a] : tokens.bounds[a + 1]]
    flags_b = tokens.flags[tokens.bounds[b] : tokens.bounds[b + 1]]
    places_a, places_b = np.empty(len(stems_a), np.int64), np.empty(len(stems_b), np.int64)
    n_words = fill_vocabulary(stems_a, stems_b, places_a, places_b)
    one = Side(places_a, _bounds(flags_a, least, most))
    other = Side(places_b, _bounds(flags_b, least, most))
    of_one, of_other = list_postings(one, n_words), list_postings(other, n_words)
    weights = weigh_stems(one, other, of_one, of_other)
    likest_a, likest_b = find_likest(one, other, of_one, of_other, weights)
    _write_side(one, other, likest_a, n_words, out, 0)
    _write_side(other, one, likest_b, n_words, out, 1)
    # Either finds the other: which text is a must tell nothing.
    if likest_a.place[0] == 0:
        out[LEADS] = likest_a.cosine[0]
    elif likest_b.place[0] == 0:
        out[LEADS] = likest_b.cosine[0]
    write_near(places_a, places_b, n_words, out)
    _write_slots(one, other, flags_a, flags_b, likest_a, likest_b, out)
    write_grams(_letters(a, tokens), _letters(b, tokens), out)


@kernel
def _stems(document: int, tokens: Tokens, prefix: int) -> NDArray[np.uint64]:
    begin, end = tokens.bounds[document], tokens.bounds[document + 1]
    stems = np.empty(end - begin, np.uint64)
    fill_stems(
        tokens.data, tokens.bases[document], tokens.starts[begin:end], tokens.ends[begin:end],
        tokens.hashes[begin:end], prefix, stems,
    )  # fmt: skip
    return stems


@kernel
def _bounds(flags: NDArray[np.uint8], least: int, most: int) -> NDArray[np.int64]:
    bounds = np.empty(len(flags) + 1, np.int64)
    return bounds[: fill_bounds(flags, least, most, bounds) + 1]


@kernel
def _none_likest(n_sentences: int) -> Likest:
    return Likest(np.full(n_sentences, -1, np.int64), np.zeros(n_sentences), np.zeros(n_sentences))


@kernel
def find_likest(
    a: Side, b: Side, of_a: Postings, of_b: Postings, weights: NDArray[np.float64]
) -> tuple[Likest, Likest]:
    """Return the likest sentence of b for each of a, and of a for each of b, by cosine.

    Of equals the first in b's order, then in a's.
    """
    n_a, n_b = len(a.bounds) - 1, len(b.bounds) - 1
    norms_a, distinct_a = sentence_sizes(of_a, weights, n_a)
    norms_b, distinct_b = sentence_sizes(of_b, weights, n_b)
    likest_a, likest_b = _none_likest(n_a), _none_likest(n_b)
    dots, common = np.zeros(n_a), np.zeros(n_a, np.int64)
    times = np.zeros(len(weights), np.int64)
    for s in range(n_b):
        for t in range(b.bounds[s], b.bounds[s + 1]):
            times[b.stems[t]] += 1
        for t in range(b.bounds[s], b.bounds[s + 1]):
            stem = b.stems[t]
            if times[stem]:
                value = times[stem] * weights[stem] * weights[stem]
                for place in range(of_a.begins[stem], of_a.begins[stem + 1]):
                    dots[of_a.sentences[place]] += value * of_a.times[place]
                    common[of_a.sentences[place]] += 1
            times[stem] = 0
        for i in range(n_a):
            norm = norms_a[i] * norms_b[s]
            if norm > 0 and common[i]:
                cosine = min(1.0, dots[i] / norm)
                dice = 2.0 * common[i] / (distinct_a[i] + distinct_b[s])
                if cosine > likest_a.cosine[i]:
                    likest_a.place[i], likest_a.cosine[i], likest_a.dice[i] = s, cosine, dice
                if cosine > likest_b.cosine[s]:
                    likest_b.place[s], likest_b.cosine[s], likest_b.dice[s] = i, cosine, dice
            dots[i] = 0
            common[i] = 0
    return likest_a, likest_b


@kernel
def _write_side(
    one: Side, other: Side, likest: Likest, n_stems: int, out: NDArray[np.float64], side: int
) -> None:
    """Write what the likest sentences tell of one side; texts have `n_stems` distinct stems."""
    n_words = max(len(one.stems), 1)
    n_sentences = len(likest.place)
    rising = steps = before = 0
    masks = np.zeros(n_stems, np.uint64)
    for s in range(n_sentences):
        size = one.bounds[s + 1] - one.bounds[s]
        out[LIKENESS_A + side] += likest.cosine[s] * size / n_words
        out[TOLD_A + side] += size / n_words if likest.dice[s] >= _TOLD_DICE else 0.0
        at = likest.place[s]
        if at < 0:
            continue
        common = common_order(
            one.stems[one.bounds[s] : one.bounds[s + 1]],
            other.stems[other.bounds[at] : other.bounds[at + 1]],
            masks,
        )
        out[ORDERED_A + side] += common / n_words
        rising += np.int64(steps > 0 and at >= before)
        before = at
        steps += 1
    out[LEAD_A + side] = likest.cosine[0]
    out[RISING_A + side] = rising / (steps - 1) if steps > 1 else float(steps)


@kernel
def common_order(
    one: NDArray[np.int64], other: NDArray[np.int64], masks: NDArray[np.uint64]
) -> int:
    """Return the length of a longest common subsequence.

    Shapes (S, T stems of two sentences, W stems of both texts)
        one    int64  (S,)
        other  int64  (T,)
        masks  uint64 (W,)  zeros, and so again afterwards
    Cost    S and T where `other` has at most 64 stems, else S times T
    Source  Hyyrö 2004, where one word holds a row of Wagner and Fischer's table (1974).
    """
    if len(other) > _WORD_BITS:
        return _common_order_by_rows(one, other)
    for j in range(len(other)):
        masks[other[j]] |= _ONE << np.uint64(j)
    row = ~np.uint64(0)
    for i in range(len(one)):
        met = row & masks[one[i]]
        row = (row + met) | (row - met)
    length = 0
    for j in range(len(other)):
        masks[other[j]] = np.uint64(0)
        length += np.int64((row >> np.uint64(j)) & _ONE == np.uint64(0))
    return length


@kernel
def _common_order_by_rows(one: NDArray[np.int64], other: NDArray[np.int64]) -> int:
    row = np.zeros(len(other) + 1, np.int64)
    for i in range(len(one)):
        diagonal = np.int64(0)
        for j in range(len(other)):
            above = row[j + 1]
            row[j + 1] = diagonal + 1 if one[i] == other[j] else max(above, row[j])
            diagonal = above
    return row[len(other)]


@kernel
def _single_places(stems: NDArray[np.int64], n_words: int) -> NDArray[np.int64]:
    """Return where each word stands; -1 where it does not, -2 where it repeats."""
    places = np.full(n_words, -1, np.int64)
    for t in range(len(stems)):
        places[stems[t]] = t if places[stems[t]] == -1 else -2
    return places


@kernel
def write_near(
    a: NDArray[np.int64], b: NDArray[np.int64], n_words: int, out: NDArray[np.float64]
) -> None:
    """Write how often two common words that follow each other in one text do so in the other."""
    in_a, in_b = _single_places(a, n_words), _single_places(b, n_words)
    for side in range(2):
        stems = a if side == 0 else b
        own, others = (in_a, in_b) if side == 0 else (in_b, in_a)
        before = np.int64(-1)
        near = steps = 0
        for t in range(len(stems)):
            at = others[stems[t]]
            if own[stems[t]] < 0 or at < 0:
                continue
            near += np.int64(before >= 0 and 0 < at - before <= _NEAR_WORDS)
            before = at
            steps += 1
        out[NEAR_A + side] = near / (steps + 4.0)


@kernel
def _write_slots(
    one: Side,
    other: Side,
    flags_a: NDArray[np.uint8],
    flags_b: NDArray[np.uint8],
    likest_a: Likest,
    likest_b: Likest,
    out: NDArray[np.float64],
) -> None:
    """Count the facts, and the plain words, of sentences that are each other's likest.

    A form filled in anew keeps its plain words and changes its facts.
    """
    for s in range(len(likest_a.place)):
        at = likest_a.place[s]
        if at < 0 or likest_b.place[at] != s or likest_a.dice[s] < _FRAME_DICE:
            continue
        begin, end = one.bounds[s], one.bounds[s + 1]
        begin_b, end_b = other.bounds[at], other.bounds[at + 1]
        n_facts, same_facts, n_plain, same_plain = _count_same(
            one.stems[begin:end], flags_a[begin:end], other.stems[begin_b:end_b]
        )
        n_facts_b, back_facts, n_plain_b, back_plain = _count_same(
            other.stems[begin_b:end_b], flags_b[begin_b:end_b], one.stems[begin:end]
        )
        same = min(same_facts, back_facts)
        out[FACTS_SAME] += same
        out[FACTS_A] += n_facts
        out[FACTS_B] += n_facts_b
        out[PLAIN_SAME] += min(same_plain, back_plain)
        out[PLAIN_A] += n_plain
        out[PLAIN_B] += n_plain_b
        out[N_FRAMES] += 1
        out[N_REFILLED] += np.int64(same < min(n_facts, n_facts_b))


@kernel
def _count_same(
    stems: NDArray[np.int64], flags: NDArray[np.uint8], other: NDArray[np.int64]
) -> tuple[int, int, int, int]:
    """Return facts, those the other sentence has; plain words, those it has."""
    n_facts = same_facts = n_plain = same_plain = 0
    for t in range(len(stems)):
        found = 0
        for u in range(len(other)):
            if stems[t] == other[u]:
                found = 1
                break
        flag = np.int64(flags[t])
        if flag & NUMBER_MASK or flag & NAME_MASK == NAME:
            n_facts += 1
            same_facts += found
        else:
            n_plain += 1
            same_plain += found
    return n_facts, same_facts, n_plain, same_plain


@kernel
def _letters(document: int, tokens: Tokens) -> NDArray[np.uint64]:
    """Return the letters of all tokens, in lower case as far as ASCII goes, uint64 (L,)."""
    begin, end = tokens.bounds[document], tokens.bounds[document + 1]
    base = tokens.bases[document]
    room = np.int64(0)
    for t in range(begin, end):
        room += np.int64(tokens.ends[t]) - np.int64(tokens.starts[t])
    letters = np.empty(room, np.uint64)
    n_letters = 0
    for t in range(begin, end):
        for at in range(base + np.int64(tokens.starts[t]), base + np.int64(tokens.ends[t])):
            byte = np.int64(tokens.data[at])
            value = np.uint64(byte)
            if byte & 0xC0 == 0x80 and n_letters:
                letters[n_letters - 1] = (letters[n_letters - 1] << _SHIFT_8) | value
                continue
            upper = _UPPER_A <= byte <= _UPPER_Z
            letters[n_letters] = value | _LOWER_BIT if upper else value
            n_letters += 1
    return letters[:n_letters]


@kernel
def write_grams(a: NDArray[np.uint64], b: NDArray[np.uint64], out: NDArray[np.float64]) -> None:
    """Write which share of each side's runs of letters the other has."""
    mask = np.int64(63)
    while mask + 1 < 2 * (len(a) + len(b)):
        mask = 2 * mask + 1
    keys = np.empty(mask + 1, np.uint64)
    held = np.zeros(mask + 1, np.uint8)
    n_a = n_b = n_both = np.int64(0)
    oldest = _ONE
    for _ in range(GRAM_LETTERS):
        oldest *= _BASE
    for side in range(2):
        letters = a if side == 0 else b
        bit = 1 + side
        state = np.uint64(0)
        for t in range(len(letters)):
            # Each letter times a power of one number, the oldest off: Karp and Rabin 1987.
            state = state * _BASE + letters[t]
            if t >= GRAM_LETTERS:
                state -= oldest * letters[t - GRAM_LETTERS]
            if t < GRAM_LETTERS - 1:
                continue
            key = mix(state)
            slot = np.int64(key & np.uint64(mask))
            while held[slot] and keys[slot] != key:
                slot = (slot + 1) & mask
            keys[slot] = key
            before = np.int64(held[slot])
            held[slot] = before | bit
            n_a += np.int64(side == 0 and before == 0)
            n_b += np.int64(side == 1 and before < _IN_B)
            n_both += np.int64(side == 1 and before == 1)
    out[GRAMS_A] = n_both / max(n_a, 1)
    out[GRAMS_B] = n_both / max(n_b, 1)
