"""A seed and a number in, that many synthetic news articles with known stories out.

    generate(30_000, seed=1)  ->  dicts with id, text, source, url, published, story, kind

Fiction of random words: word frequencies fall off as in prose (Zipf), lengths
are spread as news lengths are (log-normal, median 330 words, 40 to 3,000), one
article in five is a copy of an earlier one, and every outlet puts its own
furniture around what it prints. Traps are in: a bank of quotes that unrelated
articles share, and daily reports from an outlet's template that are all different.
`crowds` adds what makes buckets overflow: one wire story that everybody prints
(2 in 100 articles) and one form that is filled in anew (10 in 100), so that of a
million articles 20,000 are of one story and 100,000 of one template.

`story` and `kind` are the truth and must be dropped before anything is timed:
`write` puts them in a file of their own.
"""

from __future__ import annotations

import argparse
import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.random import Generator

VOCABULARY = 40_000
OUTLETS = 80
COPY_SHARE = 0.2
TEMPLATE_SHARE = 0.02
TEMPLATE_LIFE = 50_000
"""Articles that appear before every outlet's template is worded anew."""
WIRE_SHARE = 0.02
FORM_SHARE = 0.1
MEMORY = 5_000
"""Originals that may still be copied: news is copied while it is new."""

SYLLABLES = tuple(a + b for a in "bcdfglmnprstvz" for b in "aeiou")
START = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


class Newsroom:
    """Everything that outlives one article: words, quotes, outlets' furniture.

    Attributes:
        seed: what everything follows from.
        rng: the one source of chance of the articles.
        words: (VOCABULARY,) made-up words, most frequent first.
        quotes: sentences that unrelated articles repeat.
        furniture: (head, foot) of each outlet's page.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.rng = np.random.default_rng(seed)
        self.words = _vocabulary(self.rng)
        weights = 1.0 / (np.arange(VOCABULARY) + 5.0)
        self._cumulative = np.cumsum(weights / weights.sum())
        self.quotes = [f"“{self.sentence()}” officials said." for _ in range(300)]
        self.furniture = [self._furniture(outlet) for outlet in range(OUTLETS)]

    def draw(self, n_words: int) -> list[str]:
        """Draw words by their frequency."""
        places = np.searchsorted(self._cumulative, self.rng.random(n_words))
        return [self.words[place] for place in np.minimum(places, VOCABULARY - 1)]

    def sentence(self) -> str:
        """Make one sentence of 8 to 29 words."""
        return _sentence(self.draw(int(self.rng.integers(8, 30))))

    def body(self) -> list[str]:
        """Make the paragraphs of one article."""
        n_words = int(np.clip(self.rng.lognormal(np.log(330), 0.6), 40, 3000))
        drawn = self.draw(n_words)
        paragraphs, start = [], 0
        while start < n_words:
            end = min(n_words, start + int(self.rng.integers(18, 60)))
            paragraphs.append(_sentence(drawn[start:end]))
            start = end
        if self.rng.random() < 0.2:
            paragraphs.insert(len(paragraphs) // 2, self.quotes[int(self.rng.integers(300))])
        return paragraphs

    def template(self, outlet: int, row: int) -> list[str]:
        """Fill an outlet's daily report: the same words every day, other numbers and names."""
        season = row // TEMPLATE_LIFE
        choose = np.random.default_rng([self.seed, outlet, season])
        fixed = [self.words[place] for place in choose.integers(0, 8000, 90)]
        for place in range(4, 90, 9):
            fixed[place] = str(self.rng.integers(1000, 99_999))
        for place, name in zip(range(8, 90, 18), self.draw(5), strict=True):
            fixed[place] = name.title()
        return [_sentence(fixed[start : start + 30]) for start in range(0, 90, 30)]

    def crowd(self) -> tuple[list[str], list[str]]:
        """Make the wire story that all print, and the words of the form that all fill in."""
        choose = np.random.default_rng([self.seed, OUTLETS])
        words = [self.words[place] for place in choose.integers(0, 8000, 300 + 80)]
        return [_sentence(words[at : at + 40]) for at in range(0, 300, 40)], words[300:]

    def filled_in(self, form: list[str]) -> list[str]:
        """Fill in the form: other numbers and names in the same words."""
        words = list(form)
        for place in range(3, len(words), 8):
            words[place] = str(self.rng.integers(1000, 99_999))
        for place, name in zip(range(6, len(words), 16), self.draw(5), strict=True):
            words[place] = name.title()
        return [_sentence(words[:40]), _sentence(words[40:])]

    def _furniture(self, outlet: int) -> tuple[str, str]:
        """Make the lines an outlet prints above and below everything."""
        head = f"{self.draw(1)[0].title()} Daily | Home | News | Sport | Share this on {outlet}"
        foot = [f"Sign up for our letter. {self.sentence()}", f"Copyright {self.sentence()}"]
        return head, "\n\n".join([*foot, *(f"More: {self.sentence()}" for _ in range(3))])


def _vocabulary(rng: Generator) -> list[str]:
    """Make distinct pronounceable words, the shortest first, as in prose."""
    words: dict[str, None] = {}
    while len(words) < VOCABULARY:
        parts = rng.integers(0, len(SYLLABLES), int(rng.integers(1, 5)))
        words["".join(SYLLABLES[part] for part in parts)] = None
    return sorted(words, key=len)


def _sentence(words: list[str]) -> str:
    """Write words as a sentence."""
    text = " ".join(words)
    return text[:1].upper() + text[1:] + "."


def _repost(room: Newsroom, body: list[str]) -> list[str]:  # noqa: ARG001
    """Copy word for word."""
    return body


def _tagged(room: Newsroom, body: list[str]) -> list[str]:
    """Put a dateline in front."""
    return [f"{room.draw(1)[0].upper()} (HNA) - {body[0]}", *body[1:]]


def _edited(room: Newsroom, body: list[str]) -> list[str]:
    """Replace every tenth word."""
    paragraphs = []
    for paragraph in body:
        words = paragraph.split(" ")
        for place in range(int(room.rng.integers(0, 10)), len(words), 10):
            words[place] = room.draw(1)[0]
        paragraphs.append(" ".join(words))
    return paragraphs


def _cut(room: Newsroom, body: list[str]) -> list[str]:
    """Keep the first half or more."""
    return body[: max(1, int(np.ceil(len(body) * room.rng.uniform(0.5, 0.9))))]


COPIES: dict[str, Callable[[Newsroom, list[str]], list[str]]] = {
    "repost": _repost,
    "tagged": _tagged,
    "edited": _edited,
    "cut": _cut,
}


def generate(n_docs: int, seed: int = 1, *, crowds: bool = False) -> Iterator[dict[str, Any]]:
    """Yield articles in the order they appeared.

    The same seed yields the same articles, and a longer run begins as a
    shorter one does.
    """
    room = Newsroom(seed)
    wire, form = room.crowd()
    recent: list[tuple[str, list[str], int]] = []
    for row in range(n_docs):
        name, outlet, chance = f"a{row:08d}", int(room.rng.integers(OUTLETS)), room.rng.random()
        story = name
        if chance < COPY_SHARE and recent:
            story, body, outlet_before = recent[int(room.rng.integers(len(recent)))]
            outlet = (outlet_before + 1 + outlet % (OUTLETS - 1)) % OUTLETS
            kind = tuple(COPIES)[int(room.rng.integers(len(COPIES)))]
            body = COPIES[kind](room, body)
        elif crowds and chance < COPY_SHARE + WIRE_SHARE:
            story, kind = "wire", tuple(COPIES)[int(room.rng.integers(len(COPIES)))]
            body = COPIES[kind](room, wire)
        elif crowds and chance < COPY_SHARE + WIRE_SHARE + FORM_SHARE:
            kind, body = "form", room.filled_in(form)
        elif chance > 1 - TEMPLATE_SHARE:
            kind, body = "template", room.template(outlet, row)
        else:
            kind, body = "original", room.body()
            place = len(recent) if len(recent) < MEMORY else int(room.rng.integers(MEMORY))
            recent[place : place + 1] = [(story, body, outlet)]
        yield _article(room, name, outlet, body, row) | {"story": story, "kind": kind}


def _article(room: Newsroom, name: str, outlet: int, body: list[str], row: int) -> dict[str, Any]:
    """Print a body on an outlet's page."""
    head, foot = room.furniture[outlet]
    return {
        "id": name,
        "text": "\n\n".join([head, *body, foot]),
        "source": f"outlet{outlet}.example",
        "url": f"https://outlet{outlet}.example/{name}",
        "published": (START + dt.timedelta(seconds=20 * row)).isoformat(),
    }


def write(n_docs: int, articles: Path, truth: Path, seed: int = 1, *, crowds: bool = False) -> int:
    """Write articles and truth as JSON lines; return the bytes of text."""
    n_bytes = 0
    with articles.open("wb") as pages, truth.open("wb") as answers:
        for article in generate(n_docs, seed, crowds=crowds):
            answer = {name: article.pop(name) for name in ("story", "kind")}
            answers.write(orjson.dumps({"id": article["id"], **answer}) + b"\n")
            pages.write(orjson.dumps(article) + b"\n")
            n_bytes += len(article["text"].encode())
    return n_bytes


def main() -> None:
    """Write a synthetic collection."""
    parser = argparse.ArgumentParser(description="Write synthetic articles with known stories.")
    parser.add_argument("articles", type=Path, help="JSON lines, written")
    parser.add_argument("truth", type=Path, help="JSON lines with id, story, kind, written")
    parser.add_argument("--documents", type=int, default=30_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--crowds", action="store_true", help="one wire story and one form for all")
    arguments = parser.parse_args()
    n_bytes = write(
        arguments.documents,
        arguments.articles,
        arguments.truth,
        arguments.seed,
        crowds=arguments.crowds,
    )
    print(f"{arguments.documents:,} articles, {n_bytes / 1e6:.1f} MB of text")


if __name__ == "__main__":
    main()
