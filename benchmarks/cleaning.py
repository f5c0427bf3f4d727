"""Measure the cleaning: what stays of pages, and what is lost of plain stories.

    python benchmarks/cleaning.py --json cleaning.json

Pages are given as a reader of plain text would have them: their visible text, a
line for each block element, nothing known of their tags. Their token F1 is that
of the bags of words of what was kept and of the article's body. Plain stories
are texts that hold no page furniture, or next to none: all of their words
should stay.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import random
import re
import statistics
import time
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import datasets
import numpy as np
import orjson

from dedupe.clean import clean, kept_ranges
from dedupe.documents import documents_table
from dedupe.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

(PAGES,) = datasets.FILES["pages"]
SEED_PAGE = Path("seeds") / "story.txt"
WAYS = ("blocks", "pieces", "everything", "source")
"""How a page's text may reach us: a line for each block element; for each piece of
text between two tags; for each block element, hidden ones and the title
included; or as the source is broken into lines."""

TARGETS = {"pages.f1": 0.85, "plain": 0.99}

_HIDDEN = frozenset({"script", "style"})
_NOT_SHOWN = frozenset(
    {"noscript", "template", "head", "svg", "textarea", "iframe", "object", *_HIDDEN}
)
_BLOCK_ELEMENTS = frozenset({
    "address", "article", "aside", "blockquote", "body", "br", "button", "caption", "dd", "details",
    "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4",
    "h5", "h6", "header", "hr", "legend", "li", "main", "nav", "ol", "option", "p",
    "pre", "section", "select", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "title",
    "tr", "ul",
})  # fmt: skip
_WORD = re.compile(r"\w+")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page and its gold text.

    Attributes:
        id: of the page.
        html: its source.
        body: the text of the article.
        half: "tune" or "held".
    """

    id: str
    html: str
    body: str
    half: str


def load_pages(data: Path) -> list[Page] | None:
    """Load the article pages; None when the file is absent."""
    if not (data / PAGES).is_file():
        return None
    return [
        Page(
            id=row["id"],
            html=row["html"],
            body=row["article_body"],
            half=datasets.half(row["id"]),
        )
        for row in datasets.read_lines(data / PAGES)
    ]


class _Text(HTMLParser):
    """Collects the text of a page, with the line breaks of one of `WAYS`."""

    def __init__(self, way: str) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._way = way
        self._skipped = _HIDDEN if way in {"everything", "source"} else _NOT_SHOWN
        self._within: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag in self._skipped:
            self._within.append(tag)
        else:
            self._break(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self._break(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._within:
            while self._within.pop() != tag:
                pass
        self._break(tag)
        if tag == "head":
            self._within.clear()

    def handle_data(self, data: str) -> None:
        if self._within:
            return
        if self._way == "source":
            self.pieces.append(data)
        else:
            end = "\n" if self._way == "pieces" else ""
            self.pieces.append(re.sub(r"\s", " ", data) + end)

    def _break(self, tag: str) -> None:
        if tag in _BLOCK_ELEMENTS and self._way != "source":
            self.pieces.append("\n")


def visible_text(html: str, way: str = "blocks") -> str:
    """Return the visible text of a page, its lines broken in one of `WAYS`."""
    parser = _Text(way)
    parser.feed(html)
    parser.close()
    lines = (" ".join(line.split()) for line in "".join(parser.pieces).split("\n"))
    return "\n".join(line for line in lines if line)


def words(text: str) -> list[str]:
    """Return the folded words of a text."""
    return _WORD.findall(text.casefold())


def token_f1(found: str, gold: str) -> float:
    """Return F1 of two bags of words; two empty ones agree.

    >>> token_f1("a b b", "a b c")
    0.6666666666666666
    """
    ours, theirs = Counter(words(found)), Counter(words(gold))
    total = ours.total() + theirs.total()
    return 2 * (ours & theirs).total() / total if total else 1.0


def kept_texts(documents: Iterable[dict[str, Any]]) -> list[str]:
    """Clean documents and return what is kept of each, its ranges on lines of their own."""
    rows = list(documents)
    kept = clean(documents_table(rows), Settings())
    return [
        "\n".join(row["text"][start:end] for start, end in kept_ranges(kept, number))
        for number, row in enumerate(rows)
    ]


def share_kept(
    documents: Sequence[dict[str, Any]], bodies: Sequence[Sequence[Sequence[int]]]
) -> float:
    """Return the share of words of the bodies, given as ranges of each text, that stay."""
    kept = clean(documents_table(documents), Settings())
    n_words = n_kept = 0
    for number, (row, body) in enumerate(zip(documents, bodies, strict=True)):
        is_kept = np.zeros(len(row["text"]) + 1, np.bool_)
        for start, end in kept_ranges(kept, number):
            is_kept[start:end] = True
        for start, end in body:
            places = [start + match.start() for match in _WORD.finditer(row["text"][start:end])]
            n_words += len(places)
            n_kept += int(is_kept[places].sum())
    return n_kept / max(n_words, 1)


def versions_kept(bodies: Sequence[str], n_changed: int = 4, n_versions: int = 6) -> float:
    """Return the share of words that stay of versions of stories, all of one outlet.

    In each version some words are others' words.
    """
    rng = random.Random(23)  # noqa: S311 - a reproducible choice, not a secret
    pool = [word for body in bodies for word in body.split(" ")]
    versions = []
    for body in bodies:
        for _ in range(n_versions):
            found = body.split(" ")
            for place in rng.choices(range(len(found)), k=n_changed):
                found[place] = rng.choice(pool)
            versions.append({"text": " ".join(found), "source": "outlet.example"})
    whole = [[(0, len(version["text"]))] for version in versions]
    return share_kept(versions, whole)


def paragraphs(body: str) -> list[str]:
    """Return the lines of a body that are long enough for paragraphs, each once."""
    return list(dict.fromkeys(line for line in body.split("\n") if len(line.encode()) >= 72))


def sidebars_cut(
    bodies: Sequence[str],
    sizes: Sequence[int] = (3, 5, 8, 12, 18, 40),
    n_own: Sequence[int] = (1, 2, 3),
    n_teasers: Sequence[int] = (2, 4, 8),
) -> float:
    """Return the share of words cut of what outlets of some sizes put below each of their stories.

    A story is the first few paragraphs of a body; below it stand the opening
    sentences of some others, without a heading.
    """
    stories = [found for body in bodies if len(found := paragraphs(body)) >= max(n_own)]
    rng = random.Random(29)  # noqa: S311 - a reproducible choice, not a secret
    documents, tails = [], []
    outlets = [*itertools.product(sizes, n_own, n_teasers)] * 3
    for outlet, (n_pages, n_first, n_others) in enumerate(outlets):
        chosen = rng.sample(stories, n_pages + n_others)
        teasers = (re.split(r"(?<=[.!?]) ", story[0])[0] for story in chosen[n_pages:])
        tail = "\n\n".join(teasers)
        for story in chosen[:n_pages]:
            text = "\n\n".join([*story[:n_first], tail])
            documents.append({"text": text, "source": f"outlet{outlet}.example"})
            tails.append([(len(text) - len(tail), len(text))])
    return 1 - share_kept(documents, tails)


def new_tops_kept(bodies: Sequence[str], n_versions: int = 4, n_below: int = 3) -> float:
    """Return the share of words that stay of stories whose versions begin otherwise.

    Each opens with another paragraph of a body, and goes on with the same ones.
    """
    documents = []
    for number, found in enumerate(map(paragraphs, bodies)):
        below = found[n_versions : n_versions + n_below]
        if len(below) == n_below:
            documents += [
                {"text": "\n\n".join([top, *below]), "source": f"outlet{number}.example"}
                for top in found[:n_versions]
            ]
    return share_kept(documents, [[(0, len(row["text"]))] for row in documents])


def measure_pages(pages: Sequence[Page], ways: Sequence[str] = WAYS) -> dict[str, float]:
    """Measure token F1 on pages that know nothing of each other."""
    figures: dict[str, float] = {}
    for way in ways:
        texts = [visible_text(page.html, way) for page in pages]
        found = kept_texts({"text": text} for text in texts)
        scores = [token_f1(text, page.body) for text, page in zip(found, pages, strict=True)]
        name = "pages" if way == "blocks" else f"pages_{way}"
        figures[f"{name}.f1"] = statistics.mean(scores)
        figures[f"{name}.f1_median"] = statistics.median(scores)
        for half in ("tune", "held"):
            chosen = [s for s, page in zip(scores, pages, strict=True) if page.half == half]
            figures[f"{name}.f1_{half}"] = statistics.mean(chosen) if chosen else 1.0
        figures[f"{name}.f1_uncleaned"] = statistics.mean(
            token_f1(text, page.body) for text, page in zip(texts, pages, strict=True)
        )
    return figures


def plain_sets(data: Path, pages: Sequence[Page]) -> dict[str, list[dict[str, Any]]]:
    """Return the sets of texts that hold no furniture, or next to none."""
    loaded: dict[str, list[dict[str, Any]] | None] = {
        "reuters": datasets.load_reuters(data),
        "ecbplus": datasets.load_ecbplus(data),
        "article_bodies": [{"id": page.id, "text": page.body} for page in pages],
    }
    for name in ("counter", "clough", "pan13"):
        if folder := datasets.location(name, data):
            loaded[name] = datasets.read_lines(folder / datasets.FILES[name][0])
    for name in ("census", "spotify"):
        if stories := datasets.load_stories(name, data):
            loaded[name] = stories.documents
    fields = ("id", "text", "title", "source")
    return {
        name: [{field: row[field] for field in fields if field in row} for row in rows]
        for name, rows in loaded.items()
        if rows
    }


def measure_plain(data: Path, pages: Sequence[Page]) -> dict[str, float]:
    """Measure the share of words that stay on each plain set, and in the bodies of seeds."""
    figures = {
        f"{name}.kept": share_kept(rows, [[(0, len(row["text"]))] for row in rows])
        for name, rows in plain_sets(data, pages).items()
    }
    rows = datasets.read_lines(datasets.SEEDS / "newsroom.jsonl")
    truth = {row["id"]: row for row in datasets.read_lines(datasets.SEEDS / "truth.jsonl")}
    bodies = [truth[row["id"]]["body"] for row in rows]
    outside = [_complement(body, len(row["text"])) for row, body in zip(rows, bodies, strict=True)]
    fields = ("id", "text", "title", "source")
    given = [{field: row.get(field) for field in fields} for row in rows]
    figures["seeds.kept"] = share_kept(given, bodies)
    figures["seeds.furniture_cut"] = 1 - share_kept(given, outside)
    return figures


def _complement(ranges: Sequence[Sequence[int]], length: int) -> list[tuple[int, int]]:
    edges = [0, *(edge for span in ranges for edge in span), length]
    return [(edges[i], edges[i + 1]) for i in range(0, len(edges), 2)]


def measure_seed_page(path: Path) -> dict[str, float]:
    """Say of one aggregator's page, alone: is its story kept whole, and what else is.

    The story stands between the page's two share badges. A headline above it
    may stay.
    """
    text = path.read_text(encoding="utf-8")
    (found,) = kept_texts([{"text": text}])
    lines = [line for line in text.split("\n") if line.strip()]
    first, last = (n for n, line in enumerate(lines) if line.startswith("Share this"))
    lost = [line for line in lines[first + 1 : last] if line not in found]
    others = [line for line in [*lines[1 : first + 1], *lines[last:]] if line in found]
    return {"seed_page.lines_lost": len(lost), "seed_page.other_lines_kept": len(others)}


def measure_speed(data: Path) -> dict[str, float]:
    """Time one thread over all of Reuters, kernels compiled."""
    rows = datasets.load_reuters(data)
    if rows is None:
        return {}
    table = documents_table([{"text": row["text"], "source": "reuters"} for row in rows])
    settings = Settings(threads=1)
    clean(table.slice(0, 100), settings)
    started = time.perf_counter()
    clean(table, settings)
    seconds = time.perf_counter() - started
    return {"speed.reuters_mb_per_second": table.column("text").nbytes / 1e6 / seconds}


def measure(data: Path) -> dict[str, float]:
    """Return every figure that the data at hand allow."""
    pages = load_pages(data) or []
    figures = measure_pages(pages) if pages else {}
    figures |= measure_plain(data, pages)
    tuned = [page.body for page in pages if page.half == "tune"]
    if tuned:
        figures["outlets.sidebars_cut"] = sidebars_cut(tuned)
        figures["outlets.new_tops_kept"] = new_tops_kept(tuned)
    seed_page = data.parent / SEED_PAGE
    if seed_page.is_file():
        figures |= measure_seed_page(seed_page)
    return figures | measure_speed(data)


def _is_plain(figure: str) -> bool:
    """Say whether a figure is of texts that should stay whole; spotify's hold furniture."""
    return figure.endswith(".kept") and figure != "spotify.kept"


def main() -> None:
    """Parse, measure, print, write."""
    parser = argparse.ArgumentParser(description="Measure the cleaning of pages.")
    parser.add_argument("--data", type=Path, default=datasets.DEFAULT_DATA, help="measuring sets")
    parser.add_argument("--json", type=Path, help="write the figures here")
    arguments = parser.parse_args()
    if load_pages(arguments.data) is None:
        print(f"skipped: pages: no {PAGES} in {arguments.data} (--data says where)")
    figures = measure(arguments.data)
    for name, value in figures.items():
        floor = TARGETS["plain"] if _is_plain(name) else TARGETS.get(name)
        missed = floor is not None and value < floor
        target = "" if floor is None else f">= {floor:g}{' MISSED' if missed else ''}"
        print(f"{name:32} {value:10.4f}  {target}".rstrip())
    if arguments.json:
        arguments.json.write_bytes(orjson.dumps(figures, option=orjson.OPT_INDENT_2))


if __name__ == "__main__":
    main()
