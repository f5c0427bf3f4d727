"""How two texts tell it, by definition: sentences are lists of words, letters are strings."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from tests import reference_sentences as sentences

if TYPE_CHECKING:
    from collections.abc import Sequence

    Sentence = Sequence[int]

GRAM_LETTERS, NEAR_WORDS = 6, 6


def grams(one: str, other: str) -> float:
    """Return the share of one's distinct runs of letters that the other has."""
    own, others = (
        {text[at : at + GRAM_LETTERS] for at in range(len(text) - GRAM_LETTERS + 1)}
        for text in (one, other)
    )
    return len(own & others) / max(len(own), 1)


def common_order(one: Sentence, other: Sentence) -> int:
    """Return the length of a longest common subsequence."""
    if not one or not other:
        return 0
    if one[-1] == other[-1]:
        return 1 + common_order(one[:-1], other[:-1])
    return max(common_order(one[:-1], other), common_order(one, other[:-1]))


def common_order_by_table(one: Sentence, other: Sentence) -> int:
    """Return the same for sentences of any length, by the table of Wagner and Fischer."""
    table = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for i, word in enumerate(one):
        for j, against in enumerate(other):
            best = max(table[i][j + 1], table[i + 1][j])
            table[i + 1][j + 1] = table[i][j] + 1 if word == against else best
    return table[-1][-1]


def likeness(a: Sequence[Sentence], b: Sequence[Sentence]) -> list[float]:
    """Return, for each sentence of a, its cosine with the likest of b."""
    weight = sentences.weights(a, b)
    return [max(min(1.0, sentences.cosine(one, other, weight)) for other in b) for one in a]


def near(one: Sequence[int], other: Sequence[int]) -> float:
    """Return how often words that both have once, neighbours in one, are near in the other."""
    common = [word for word in one if one.count(word) == other.count(word) == 1]
    places = [other.index(word) for word in common]
    steps = [later - earlier for earlier, later in pairwise(places)]
    return sum(0 < step <= NEAR_WORDS for step in steps) / (len(common) + 4)
