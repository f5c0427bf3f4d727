"""Tokens of two documents in; pairs of sentences that tell the same, out.

    bytes of tokens  ->  fill_stems()       ->  one hash for a word and its inflections
    flags            ->  fill_bounds()      ->  sentences
    stems of a pair  ->  fill_vocabulary()  ->  places in one vocabulary
    sentences        ->  fill_seeds()       ->  pairs of sentences whose words agree

Axes: T tokens of a text, S sentences of it, W distinct stems of a pair, E seeds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe.kernels._compile import kernel
from dedupe.kernels.hashing import mix
from dedupe.kernels.text import SENTENCE_START

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_SEEDS = 16
"""A sentence that agrees with more sentences of the other text than this tells no place."""

_SENTENCE_START = np.int64(SENTENCE_START)
_PRIME = np.uint64(0x100000001B3)
_BASIS = np.uint64(0xCBF29CE484222325)
_LOWER, _SMALL_S = 32, 115
# Letters; shorter words that end in s are seldom plurals ("bus", "gas").
_SHORTEST_PLURAL = 4
_STEPS = 65536.0


class Side(NamedTuple):
    """One text of a pair.

    Shapes
        stems   int64 (T,)    places in the pair's vocabulary
        bounds  int64 (S+1,)  sentence s owns tokens bounds[s]:bounds[s+1]
    """

    stems: NDArray[np.int64]
    bounds: NDArray[np.int64]


class Postings(NamedTuple):
    """In which sentences of a text each stem stands, and how often.

    Shapes (H: distinct stems of each sentence, summed)
        begins     int64 (W+1,)  stem w owns sentences[begins[w]:begins[w+1]]
        sentences  int64 (H,)
        times      int64 (H,)
    """

    begins: NDArray[np.int64]
    sentences: NDArray[np.int64]
    times: NDArray[np.int64]


@kernel
def fill_stems(
    data: NDArray[np.uint8],
    base: int,
    starts: NDArray[np.int32],
    ends: NDArray[np.int32],
    hashes: NDArray[np.uint64],
    prefix: int,
    out: NDArray[np.uint64],
) -> None:
    """Write one hash for the words that begin alike: a word and its inflections.

    Shapes (T tokens)
        data          uint8  (B,)  UTF-8; the text begins at byte `base`
        starts, ends  int32  (T,)  bytes from there
        hashes        uint64 (T,)  of the whole folded words
        out           uint64 (T,)  overwritten: of the first `prefix` letters, a
                                   plural s taken off; of a word past ASCII its own
    Source  Fowler, Noll and Vo 1991, FNV-1a, then mixed.
    """
    for t in range(len(starts)):
        first = base + np.int64(starts[t])
        last = base + np.int64(ends[t])
        size = last - first
        plural = (
            _SHORTEST_PLURAL <= size <= prefix and np.int64(data[last - 1]) | _LOWER == _SMALL_S
        )
        n_read = size - 1 if plural else min(size, prefix)
        state = _BASIS
        plain = True
        for at in range(first, last):
            byte = np.int64(data[at])
            plain = plain and byte < 0x80
            if at - first < n_read:
                state = (state ^ np.uint64(byte | _LOWER)) * _PRIME
        out[t] = mix(state) if plain else hashes[t]


@kernel
def fill_bounds(flags: NDArray[np.uint8], least: int, most: int, bounds: NDArray[np.int64]) -> int:
    """Write where sentences begin, and the end; returns the number of sentences.

    One of fewer than `least` words is part of the next, the last one of the one
    before; one of `most` is cut, so that text without marks has sentences too.

    Shapes
        flags   uint8 (T,)
        bounds  int64 (T+1,) or more; the first S+1 are written
    """
    n_sentences = 0
    begin = 0
    for t in range(1, len(flags)):
        starts = np.int64(flags[t]) & _SENTENCE_START != 0
        if (starts and t - begin >= least) or t - begin >= most:
            bounds[n_sentences] = begin
            n_sentences += 1
            begin = t
    if len(flags) and (n_sentences == 0 or len(flags) - begin >= least):
        bounds[n_sentences] = begin
        n_sentences += 1
    bounds[n_sentences] = len(flags)
    return n_sentences


@kernel
def fill_vocabulary(
    a: NDArray[np.uint64],
    b: NDArray[np.uint64],
    out_a: NDArray[np.int64],
    out_b: NDArray[np.int64],
) -> int:
    """Number the distinct stems of two texts as they come; returns how many there are.

    Shapes
        a, b          uint64 (T,)  stems of each text
        out_a, out_b  int64  (T,)  overwritten
    """
    mask = np.int64(15)
    while mask + 1 < 2 * (len(a) + len(b)):
        mask = 2 * mask + 1
    places = np.full(mask + 1, -1, np.int64)
    keys = np.empty(mask + 1, np.uint64)
    n_words = 0
    for given, out in ((a, out_a), (b, out_b)):
        for t in range(len(given)):
            slot = np.int64(given[t] & np.uint64(mask))
            while places[slot] >= 0 and keys[slot] != given[t]:
                slot = (slot + 1) & mask
            if places[slot] < 0:
                places[slot] = n_words
                keys[slot] = given[t]
                n_words += 1
            out[t] = places[slot]
    return n_words


@kernel
def list_postings(side: Side, n_words: int) -> Postings:
    """List the sentences of each stem, rising."""
    begins = np.zeros(n_words + 1, np.int64)
    last = np.full(n_words, -1, np.int64)
    for s in range(len(side.bounds) - 1):
        for t in range(side.bounds[s], side.bounds[s + 1]):
            stem = side.stems[t]
            if last[stem] != s:
                last[stem] = s
                begins[stem + 1] += 1
    for word in range(n_words):
        begins[word + 1] += begins[word]
    filled = begins[:-1].copy()
    sentences = np.empty(begins[n_words], np.int64)
    times = np.zeros(begins[n_words], np.int64)
    last[:] = -1
    for s in range(len(side.bounds) - 1):
        for t in range(side.bounds[s], side.bounds[s + 1]):
            stem = side.stems[t]
            if last[stem] != s:
                last[stem] = s
                sentences[filled[stem]] = s
                filled[stem] += 1
            times[filled[stem] - 1] += 1
    return Postings(begins, sentences, times)


@kernel
def weigh_stems(a: Side, b: Side, of_a: Postings, of_b: Postings) -> NDArray[np.float64]:
    """Return each stem's inverse sentence frequency over both texts, float64 (W,).

    Weights are whole multiples of 2**-16: sums of their squares are exact, so that no order of
    words, and no order of the two texts, tells in the last digit.

    Source  Sanchez-Perez, Sidorov and Gelbukh 2014, the weights they call tf-isf.
    """
    n_sentences = len(a.bounds) + len(b.bounds) - 2
    weights = np.empty(len(of_a.begins) - 1)
    for word in range(len(weights)):
        held = of_a.begins[word + 1] - of_a.begins[word]
        held += of_b.begins[word + 1] - of_b.begins[word]
        weights[word] = np.round(np.log((n_sentences + 1.0) / held) * _STEPS) / _STEPS
    return weights


@kernel
def sentence_sizes(
    postings: Postings, weights: NDArray[np.float64], n_sentences: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the length of each sentence's weighted vector, and its distinct stems, (S,) each."""
    squares = np.zeros(n_sentences)
    distinct = np.zeros(n_sentences, np.int64)
    for word in range(len(weights)):
        for place in range(postings.begins[word], postings.begins[word + 1]):
            value = postings.times[place] * weights[word]
            squares[postings.sentences[place]] += value * value
            distinct[postings.sentences[place]] += 1
    return np.sqrt(squares), distinct


@kernel
def fill_seeds(
    a: Side,
    b: Side,
    of_a: Postings,
    of_b: Postings,
    weights: NDArray[np.float64],
    least_cosine: float,
    least_dice: float,
    seeds: NDArray[np.int64],
    likeness: NDArray[np.float64],
) -> int:
    """Write the sentence pairs that agree, by sentence of b; returns how many.

    Shapes
        weights   float64 (W,)
        seeds     int64   (MAX_SEEDS * sentences of b, 2)  sentence of a, of b
        likeness  float64 (same, 2)  cosine of the weighted vectors, and share of
                                   distinct stems in common (Dice 1945)
    least_cosine, least_dice  above 0: what both must reach
    Cost      sentences of a times sentences of b, at worst
    """
    n_a, n_b = len(a.bounds) - 1, len(b.bounds) - 1
    norms_a, distinct_a = sentence_sizes(of_a, weights, n_a)
    norms_b, distinct_b = sentence_sizes(of_b, weights, n_b)
    dots = np.zeros(n_a)
    common = np.zeros(n_a, np.int64)
    times = np.zeros(len(weights), np.int64)
    n_seeds = 0
    for s in range(n_b):
        for t in range(b.bounds[s], b.bounds[s + 1]):
            times[b.stems[t]] += 1
        for t in range(b.bounds[s], b.bounds[s + 1]):
            stem = b.stems[t]
            value = times[stem] * weights[stem] * weights[stem]
            # The first place of a stem counts all of them.
            if times[stem]:
                for place in range(of_a.begins[stem], of_a.begins[stem + 1]):
                    dots[of_a.sentences[place]] += value * of_a.times[place]
                    common[of_a.sentences[place]] += 1
            times[stem] = 0
        first = n_seeds
        n_found = 0
        for i in range(n_a):
            norm = norms_a[i] * norms_b[s]
            dice = 2.0 * common[i] / max(distinct_a[i] + distinct_b[s], 1)
            if dice >= least_dice and norm > 0 and dots[i] >= least_cosine * norm:
                n_found += 1
                if n_found <= MAX_SEEDS:
                    seeds[n_seeds, 0] = i
                    seeds[n_seeds, 1] = s
                    likeness[n_seeds, 0] = dots[i] / norm
                    likeness[n_seeds, 1] = dice
                    n_seeds += 1
            dots[i] = 0
            common[i] = 0
        if n_found > MAX_SEEDS:
            n_seeds = first
    return n_seeds
