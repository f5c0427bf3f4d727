"""Edits that news texts go through, as functions of a text: what a copy may look like.

    text -> EDITS[name](text, others, rng) -> edited text

`others` are texts of other stories: they lend words, furniture, and the other
parts of a round-up.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

    Edit = Callable[[str, Sequence[str], random.Random], str]

_SENTENCE = re.compile(r"(?<=[.!?])\s+")


def word_in_front(text: str, others: Sequence[str], rng: random.Random) -> str:
    """Put one word before the text."""
    return f"{rng.choice(others).split()[0]} {text}"


def agency_in_front(text: str, others: Sequence[str], rng: random.Random) -> str:  # noqa: ARG001
    """Put an agency's dateline before the text."""
    return f"GENEVA (AP) - {text}"


def tenth_word(text: str, others: Sequence[str], rng: random.Random) -> str:
    """Replace every tenth word."""
    return _replace_every(text, 10, others, rng)


def fifth_word(text: str, others: Sequence[str], rng: random.Random) -> str:
    """Replace every fifth word."""
    return _replace_every(text, 5, others, rng)


def _replace_every(text: str, step: int, others: Sequence[str], rng: random.Random) -> str:
    words = text.split()
    pool = [word for other in others for word in other.split()]
    for i in range(step - 1, len(words), step):
        words[i] = rng.choice(pool)
    return " ".join(words)


def first_half(text: str, others: Sequence[str], rng: random.Random) -> str:  # noqa: ARG001
    """Cut from the end, as editors do."""
    words = text.split()
    return " ".join(words[: len(words) // 2])


def first_quarter(text: str, others: Sequence[str], rng: random.Random) -> str:  # noqa: ARG001
    """Keep the top."""
    words = text.split()
    return " ".join(words[: len(words) // 4])


def last_quarter(text: str, others: Sequence[str], rng: random.Random) -> str:  # noqa: ARG001
    """Keep the end."""
    words = text.split()
    return " ".join(words[-(len(words) // 4) :])


def shuffled(text: str, others: Sequence[str], rng: random.Random) -> str:  # noqa: ARG001
    """Put the sentences in another order."""
    sentences = _SENTENCE.split(text)
    rng.shuffle(sentences)
    return " ".join(sentences)


def upper_case(text: str, others: Sequence[str], rng: random.Random) -> str:  # noqa: ARG001
    """Shout."""
    return text.upper()


def wrapped(text: str, others: Sequence[str], rng: random.Random) -> str:
    """Surround the text with teasers: 55% of the page is not it."""
    wanted = len(text.split()) * 0.55 / 0.45
    teasers: list[str] = []
    n_words = 0
    while n_words < wanted:
        words = rng.choice(others).split()[: rng.randint(8, 20)]
        teasers.append(" ".join(words) + "…")
        n_words += len(words)
    cut = len(teasers) // 4
    return "\n\n".join([*teasers[:cut], text, *teasers[cut:]])


def round_up(text: str, others: Sequence[str], rng: random.Random) -> str:
    """Stand among two other stories of about the same length."""
    size = len(text.split())
    parts = [text, *(" ".join(rng.choice(others).split()[: size + 20]) for _ in range(2))]
    rng.shuffle(parts)
    return "\n\n".join(parts)


EDITS: dict[str, Edit] = {
    function.__name__: function
    for function in (
        word_in_front, agency_in_front, tenth_word, fifth_word, first_half, first_quarter,
        last_quarter, shuffled, upper_case, wrapped, round_up,
    )
}  # fmt: skip
"""Every edit by name; only `round_up` makes another story of the text."""
