"""Sentences by definition: which agree, and which passages they make.

Texts are lists of sentences, sentences are lists of words; nothing is hashed
and no constant is taken from the kernels.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    Sentence = Sequence[int]
    Seed = tuple[int, int]
    Box = tuple[int, int, int, int]

MAX_SEEDS = 16


def weights(a: Sequence[Sentence], b: Sequence[Sentence]) -> dict[int, float]:
    """Return each word's inverse sentence frequency over both texts."""
    held = Counter(word for sentence in [*a, *b] for word in set(sentence))
    exact = {word: math.log((len(a) + len(b) + 1) / n) for word, n in held.items()}
    return {word: round(weight * 2**16) / 2**16 for word, weight in exact.items()}


def cosine(one: Sentence, other: Sentence, weight: dict[int, float]) -> float:
    """Return the cosine of two bags of weighted words."""
    left, right = (
        {word: n * weight[word] for word, n in Counter(bag).items()} for bag in (one, other)
    )
    dot = sum(value * right.get(word, 0.0) for word, value in left.items())
    norm = math.hypot(*left.values()) * math.hypot(*right.values())
    return dot / norm if norm else 0.0


def dice(one: Sentence, other: Sentence) -> float:
    """Return the share of distinct words in common."""
    return 2 * len(set(one) & set(other)) / max(len(set(one)) + len(set(other)), 1)


def seeds(
    a: Sequence[Sentence], b: Sequence[Sentence], least_cosine: float, least_dice: float
) -> dict[Seed, tuple[float, float]]:
    """Return the sentence pairs that agree, with their cosine and Dice."""
    weight = weights(a, b)
    found: dict[Seed, tuple[float, float]] = {}
    for j, other in enumerate(b):
        likeness = {
            (i, j): (cosine(one, other, weight), dice(one, other)) for i, one in enumerate(a)
        }
        agreeing = {
            seed: (c, d)
            for seed, (c, d) in likeness.items()
            if c >= least_cosine and d >= least_dice
        }
        if len(agreeing) <= MAX_SEEDS:
            found |= agreeing
    return found


def gathered(
    a: Sequence[Sentence],
    b: Sequence[Sentence],
    given: Sequence[Seed],
    gaps: tuple[int, int],
    least_cosine: float,
) -> list[Box]:
    """Return the token ranges of the passages that seeds make."""
    starts = [[sum(map(len, text[:s])) for s in range(len(text) + 1)] for text in (a, b)]
    for side in (0, 1):
        ordered = sorted(given, key=lambda seed: seed[side])
        for at in range(1, len(ordered)):
            reached = max(starts[side][seed[side] + 1] for seed in ordered[:at])
            if starts[side][ordered[at][side]] - reached > gaps[side]:
                return [
                    box
                    for part in (ordered[:at], ordered[at:])
                    for box in gathered(a, b, part, gaps, least_cosine)
                ]
    box: list[int] = []
    parts = []
    for side, text in enumerate((a, b)):
        first, last = (pick(seed[side] for seed in given) for pick in (min, max))
        box += [starts[side][first], starts[side][last + 1]]
        parts.append([word for sentence in text[first : last + 1] for word in sentence])
    if cosine(parts[0], parts[1], weights(a, b)) >= least_cosine:
        return [(box[0], box[1], box[2], box[3])]
    if sum(gaps) > 0 and len(given) > 1:
        return gathered(a, b, given, (gaps[0] // 2, gaps[1] // 2), least_cosine)
    return []
