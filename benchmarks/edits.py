"""Edits that news texts go through, as functions of a text: what a copy may look like.

    text -> EDITS[name](text, others, rng) -> edited text

`others` are texts of other stories: they lend words, furniture, and the other
parts of a round-up.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

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


def updated(text: str, others: Sequence[str], rng: random.Random) -> str:
    """Write a new top over six tenths of the old story, as the next version does."""
    words = text.split()
    kept = len(words) * 6 // 10
    start = rng.randint(0, len(words) - kept)
    new = rng.choice(others).split()[: len(words) - kept]
    return " ".join([*new, *words[start : start + kept]])


def borrowed(text: str, others: Sequence[str], rng: random.Random) -> str:
    """Take a few sentences over into another story, a quarter of it."""
    words = text.split()
    kept = len(words) // 4
    start = rng.randint(0, len(words) - kept)
    new: list[str] = []
    while len(new) < 3 * kept:
        new += rng.choice(others).split()
    new = new[: 3 * kept]
    cut = rng.randint(0, len(new))
    return " ".join([*new[:cut], *words[start : start + kept], *new[cut:]])


def spun(text: str, others: Sequence[str], rng: random.Random) -> str:
    """Replace a quarter to a half of the plain words; names and numbers stay, as in spin."""
    rate = rng.uniform(0.2, 0.45)
    pool = [word for other in others for word in other.split() if word.islower()]
    return " ".join(
        rng.choice(pool) if word.islower() and rng.random() < rate else word
        for word in text.split()
    )


class Mixed(NamedTuple):
    """Two texts, and what the second took over from the first.

    Attributes:
        a: a story, some of it in quotation marks.
        b: another, with part of a's narration and part of its quotations.
        narration: share of the narration of the shorter text that both have.
        quotations: share of a's quotations that b has.
    """

    a: str
    b: str
    narration: float
    quotations: float


def mixed(text: str, others: Sequence[str], rng: random.Random) -> Mixed:
    """Write two stories that share as much as chance decides, narration and quotes apart.

    What they share tells, by definition, whether they are one story: half of the
    shorter text's own narration. Quotations never do.
    """
    sentences = _SENTENCE.split(text)
    quoted = [rng.random() < 0.4 for _ in sentences]
    a = [f'"{one}"' if q else one for one, q in zip(sentences, quoted, strict=True)]
    narration = [i for i, q in enumerate(quoted) if not q]
    speech = [i for i, q in enumerate(quoted) if q]
    taken = _window(narration, rng.random(), rng)
    said = _window(speech, rng.random(), rng)
    new = _SENTENCE.split(" ".join(rng.sample(list(others), 4)))
    new = new[: round(rng.uniform(0.1, 1.6) * len(narration)) + 1]
    kept = [a[i] for i in sorted({*taken, *said})]
    cut = rng.randint(0, len(kept))
    b = [*kept[:cut], *new, *kept[cut:]] if rng.random() < 0.5 else [*new, *kept]
    words_a = _n_words([sentences[i] for i in narration])
    words_taken = _n_words([sentences[i] for i in taken])
    shorter = min(words_a, words_taken + _n_words(new))
    return Mixed(
        " ".join(a), " ".join(b), words_taken / max(shorter, 1), len(said) / max(len(speech), 1)
    )


def quoting(texts: Sequence[str], said: str, rng: random.Random) -> list[str]:
    """Cut texts short, and let each of them print one quotation, and who said it.

    The words of `said` are the quotation's, and behind it the speaker's.
    """
    words = said.split()
    n_quoted, n_speaker = rng.randint(20, 60), rng.randint(4, 14)
    speaker = " ".join(words[n_quoted : n_quoted + n_speaker])
    quotation = f'"{" ".join(words[:n_quoted])}," {speaker}.'
    found = []
    for text in texts:
        sentences = _SENTENCE.split(" ".join(text.split()[: rng.randint(50, 250)]))
        place = rng.randint(1, len(sentences))
        found.append(" ".join([*sentences[:place], quotation, *sentences[place:]]))
    return found


def _window(places: Sequence[int], share: float, rng: random.Random) -> list[int]:
    """Choose about a share of the places, all in one stretch."""
    size = round(share * len(places))
    start = rng.randint(0, len(places) - size)
    return list(places[start : start + size])


def _n_words(sentences: Sequence[str]) -> int:
    return sum(len(one.split()) for one in sentences)


EDITS: dict[str, Edit] = {
    function.__name__: function
    for function in (
        word_in_front, agency_in_front, tenth_word, fifth_word, first_half, first_quarter,
        last_quarter, shuffled, upper_case, wrapped, updated, spun, round_up, borrowed,
    )
}  # fmt: skip
"""Every edit by name."""

OTHER_STORY = ("round_up", "borrowed")
"""Edits after which the text is part of another story."""
