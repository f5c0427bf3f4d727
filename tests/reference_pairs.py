"""Pairs by definition: what is linked, and what two texts share.

Texts are lists of tokens of `reference_text`; nothing is hashed, no table is
built, and no constant is taken from the kernels.
"""

from __future__ import annotations

import functools
from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.reference_text import Token

SHINGLE_WORDS = 3
LEAD_SHINGLES = 40


def linked(buckets: Sequence[Sequence[int]], priority: Sequence[int], cap: int) -> list[int]:
    """Pair all members of a bucket, or, above the cap, each with its three first in rank."""
    pairs = []
    for bucket in buckets:
        hubs = sorted(bucket, key=lambda row: (priority[row], row))[:3]
        for one, other in combinations(sorted(bucket), 2):
            if len(bucket) <= cap or one in hubs or other in hubs:
                pairs.append(one << 32 | other)
    return sorted(pairs)


def shingles(tokens: Sequence[Token]) -> list[tuple[str, ...]]:
    """List every run of three words; all of them if there are fewer."""
    words = [token.folded for token in tokens]
    length = min(SHINGLE_WORDS, len(words))
    return [tuple(words[i : i + length]) for i in range(len(words) - length + 1)] if words else []


def longest_run(a: Sequence[Token], b: Sequence[Token]) -> int:
    """Return the words of the longest run of shingles that both have."""
    left, right = shingles(a), shingles(b)
    best = 0
    for i in range(len(left)):
        for j in range(len(right)):
            length = 0
            for one, other in zip(left[i:], right[j:], strict=False):
                if one != other:
                    break
                length += 1
            best = max(best, length)
    return best + min(SHINGLE_WORDS, len(a), len(b)) - 1 if best else 0


def narration(a: Sequence[Token], b: Sequence[Token]) -> tuple[int, int]:
    """Count a's shingles free of quoted words: those that b has anywhere, and all."""
    others = set(shingles(b))
    length = min(SHINGLE_WORDS, len(a))
    free = [
        shingle
        for i, shingle in enumerate(shingles(a))
        if not any(token.quoted for token in a[i : i + length])
    ]
    return sum(shingle in others for shingle in free), len(free)


def lead(a: Sequence[Token], b: Sequence[Token]) -> int:
    """Count the shingles of a's beginning that b has anywhere."""
    others = set(shingles(b))
    return sum(shingle in others for shingle in shingles(a)[:LEAD_SHINGLES])


def numbers(tokens: Sequence[Token]) -> set[str]:
    """Collect the distinct number words."""
    return {token.folded for token in tokens if token.number}


def names(tokens: Sequence[Token]) -> set[str]:
    """Collect the distinct capitalised words that begin no sentence."""
    return {token.folded for token in tokens if is_name(token)}


def is_name(token: Token) -> bool:
    """Say whether a word looks like a name: a capital that no sentence asks for."""
    return token.capitalised and not token.sentence_start


def best_match_score(a: list[str], b: list[str]) -> int:
    """Return the most that words matched in order earn: 2 each, less 1 for each run of them."""

    @functools.cache
    def rest(i: int, j: int, run: int) -> int:
        if i == len(a) or j == len(b):
            return 0
        best = max(rest(i + 1, j, 0), rest(i, j + 1, 0))
        if a[i] == b[j]:
            best = max(best, rest(i + 1, j + 1, run + 1) + (2 if run else 1))
        return best

    return rest(0, 0, 0)
