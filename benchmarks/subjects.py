"""Fit how likely two texts are of one subject, and print how well that parts stories.

    python benchmarks/subjects.py                        # data in ../shared/data
    python benchmarks/subjects.py --data FOLDER --dry-run

Two disjoint pieces of one page are parts of one story, or two stories. Parts are of
dispatches of Reuters, reports of ECB+, bodies of web pages and stories of census and
spotify, cut at paragraphs into two and three. Two stories are dispatches by chance and
the likest of another week, reports of the two events of one ECB+ topic (two
earthquakes), bodies of pages by chance, and stories of census or of spotify; each whole
and cut to a half and to a third, so that length tells nothing. Two independent reports of one
event are told apart too seldom to learn from: they are only counted.

The weights of `verify/model_subjects.json` are fitted on the tuning halves. Both halves are
scored: the share of pairs with log-odds above 0; and, of pages that print two stories and
of stories beside their halves, how many a whole run sets right.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import re
import sys
from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import datasets
import numpy as np
from brute_force import words

import dedupe
from dedupe import Settings
from dedupe.clean import keep_all
from dedupe.documents import documents_table
from dedupe.sketch import sketch
from dedupe.verify import subjects
from dedupe.verify.subjects import OVERLAP, VIEWS, Subjects, common_words, views

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from dedupe.verify.subjects import Common

MODEL = Path(subjects.__file__).with_name("model_subjects.json")
CUTS, SHORTENED = (2, 3), (1, 2, 3)
N_STORIES, N_PAIRS, N_PAGES, N_REPORTS = 500, 700, 150, 16
LEAST_WORDS, MOST_WORDS, LEAST_PART = 60, 2500, 25
APART = timedelta(days=4)
ONE_EVENT = "event"
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_PARAGRAPH_END = re.compile(r"\n+(?= {4})|\n{2,}")
_LINE_END = re.compile(r"\n+")


class Case(NamedTuple):
    """Two texts, parts of one story or two stories.

    Attributes:
        half: "tune" or "held".
        kind: the set, and where the texts are from.
        is_same: parts of one story.
        a: the one that stands first.
        b: the other.
    """

    half: str
    kind: str
    is_same: bool
    a: str
    b: str


def cut(text: str, n_parts: int) -> list[str]:
    """Cut a text at sentence ends into parts of about as many sentences."""
    sentences = _SENTENCE_END.split(text)
    bounds = [len(sentences) * i // n_parts for i in range(n_parts + 1)]
    return [" ".join(sentences[start:end]) for start, end in itertools.pairwise(bounds)]


def cut_paragraphs(text: str, n_parts: int) -> list[str]:
    """Cut a text where paragraphs end, or lines, or sentences, into parts of about equal length.

    Returns fewer parts where it has too few paragraphs.
    """
    ways = (way.split(text.strip()) for way in (_PARAGRAPH_END, _LINE_END, _SENTENCE_END))
    pieces = next((found for found in ways if len(found) >= 2 * n_parts), [text])
    reached = np.cumsum([len(piece.split()) for piece in pieces])
    ends = [int(abs(reached - reached[-1] * i / n_parts).argmin()) + 1 for i in range(n_parts + 1)]
    bounds = sorted({0, *ends[1:]})
    return ["\n\n".join(pieces[start:end]) for start, end in itertools.pairwise(bounds)]


def load_cases(data: Path) -> list[Case] | None:
    """Collect the cases of dispatches, reports and pages, None where they are absent.

    Those of census and spotify are added where they are at hand.
    """
    pages = datasets.location("subjects", data)
    if pages is None:
        return None
    rng = random.Random(5)  # noqa: S311 - a reproducible choice, not a secret
    found = [
        *of_dispatches(datasets.load_reuters(data) or (), rng),
        *of_reports(datasets.load_ecbplus(data) or (), rng),
        *of_pages(datasets.read_lines(pages / datasets.FILES["pages"][0]), rng),
    ]
    for name in ("census", "spotify"):
        truth = datasets.load_stories(name, data)
        found += of_stories(truth) if truth is not None else []
    return found


def of_dispatches(documents: Sequence[dict[str, Any]], rng: random.Random) -> Iterator[Case]:
    """Cut dispatches; pair others by chance, and with the likest of another week."""
    for half in ("tune", "held"):
        own = [one for one in documents if datasets.half(one["id"]) == half and _fits(one["text"])]
        long = [one["text"] for one in own if len(one["text"].split()) >= 2 * LEAST_WORDS]
        yield from _parts(half, "reuters", rng.sample(long, min(N_STORIES, len(long))))
        chance = [tuple(one["text"] for one in rng.sample(own, 2)) for _ in range(N_PAIRS)]
        yield from _two(half, "reuters chance", chance)
        yield from _two(half, "reuters likest", _likest(own, rng))


def of_reports(reports: Sequence[dict[str, Any]], rng: random.Random) -> Iterator[Case]:
    """Cut reports; pair those of both events of a topic, and independent ones of one event."""
    events: dict[str, list[str]] = defaultdict(list)
    for one in reports:
        lines = [line for line in one["text"].split("\n") if not line.startswith("http")]
        events[one["event"]].append("\n".join(lines))
    for event, texts in events.items():
        half = datasets.half(event.rstrip("ab"))
        long = [text for text in texts if _fits(text)]
        yield from _parts(half, "ecb+", [one for one in long if len(one.split()) > 100])
        other = [one for one in events.get(event[:-1] + "b", ()) if _fits(one)]
        if event.endswith("a"):
            both = list(itertools.product(long, other))
            yield from _two(half, "ecb+ topic", rng.sample(both, min(len(both), N_REPORTS)))
        apart = [pair for pair in itertools.combinations(long, 2) if not _alike(*pair)]
        yield from _two(
            half, f"ecb+ {ONE_EVENT}", rng.sample(apart, min(len(apart), N_REPORTS // 2))
        )


def of_pages(pages: Sequence[dict[str, Any]], rng: random.Random) -> Iterator[Case]:
    """Cut the bodies of pages, and pair them by chance."""
    for half in ("tune", "held"):
        own = [one["article_body"] for one in pages if datasets.half(one["id"]) == half]
        own = [text for text in own if _fits(text)]
        yield from _parts(half, "pages", own)
        pairs = [rng.sample(own, 2) for _ in range(min(N_PAGES, len(own)))]
        yield from _two(half, "pages chance", [(a, b) for a, b in pairs if not _alike(a, b)])


def of_stories(truth: datasets.StorySet) -> Iterator[Case]:
    """Cut the longest text of each story, and pair those of different ones, all on one event."""
    longest: dict[str, str] = {}
    for one, story in zip(truth.documents, truth.stories, strict=True):
        longest[story] = max(longest.get(story, ""), one["text"], key=len)
    for half in ("tune", "held"):
        own = [text for story, text in longest.items() if datasets.half(story) == half]
        own = [text for text in own if _fits(text)]
        yield from _parts(half, truth.name, own)
        yield from _two(half, f"{truth.name} {ONE_EVENT}", itertools.combinations(own, 2))


def _parts(half: str, kind: str, texts: Iterable[str]) -> Iterator[Case]:
    for text, n_parts in itertools.product(texts, CUTS):
        found = cut_paragraphs(text, n_parts)
        if len(found) == n_parts and all(len(one.split()) >= LEAST_PART for one in found):
            for a, b in itertools.combinations(found, 2):
                yield Case(half, f"{kind} cut in {n_parts}", is_same=True, a=a, b=b)


def _two(half: str, kind: str, pairs: Iterable[Sequence[str]]) -> Iterator[Case]:
    """Yield two stories, whole and cut to their first parts."""
    for pair, n_parts in itertools.product(pairs, SHORTENED):
        a, b = (cut_paragraphs(text, n_parts)[0] for text in pair)
        if min(len(a.split()), len(b.split())) >= LEAST_PART:
            name = kind if n_parts == 1 else f"{kind}, 1/{n_parts}"
            yield Case(half, name, is_same=False, a=a, b=b)


def _fits(text: str) -> bool:
    return LEAST_WORDS <= len(text.split()) <= MOST_WORDS


def _alike(a: str, b: str) -> bool:
    """Say whether two texts have a twentieth of the smaller one's word 5-shingles in common."""
    one, other = ({*zip(*(words(text)[i:] for i in range(5)), strict=False)} for text in (a, b))
    return len(one & other) > 0.05 * min(len(one), len(other))


def _likest(documents: Sequence[dict[str, Any]], rng: random.Random) -> Iterator[tuple[str, str]]:
    """Pair dispatches with the likest of another week, by tf-idf, that is no copy."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = [one["text"] for one in documents]
    clocks = [one["published"] or "" for one in documents]
    vectors = TfidfVectorizer(sublinear_tf=True, stop_words="english", max_df=0.2)
    table = vectors.fit_transform(texts)
    for place in rng.sample(range(len(texts)), min(N_PAIRS, len(texts))):
        near = np.argsort(-(table[place] @ table.T).toarray()[0])[1:40].tolist()
        for other in near:
            if _days_apart(clocks[place], clocks[other]) and not _alike(texts[place], texts[other]):
                yield texts[place], texts[other]
                break


def _days_apart(one: str, other: str) -> bool:
    if not (one and other):
        return False
    return abs(datetime.fromisoformat(one) - datetime.fromisoformat(other)) >= APART


def seen(cases: Sequence[Case], common: Common | None) -> NDArray[np.float64]:
    """Return the views of cases, float64 (P, len(VIEWS))."""
    sides = [(case.a, case.b) for case in cases]
    place = {text: row for row, text in enumerate(dict.fromkeys(itertools.chain(*sides)))}
    kept = keep_all(documents_table(list(place)))
    a, b = (np.array([place[text] for text in side]) for side in zip(*sides, strict=True))
    return views(kept, np.arange(len(place)), a, b, Settings(threads=1), common)


def fit(cases: Sequence[Case], values: NDArray[np.float64]) -> dict[str, Any]:
    """Fit weights on the tuning halves; kinds count by the roots of their sizes, labels alike."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    chosen = np.array([case.half == "tune" and ONE_EVENT not in case.kind for case in cases])
    labels = np.array([case.is_same for case in cases])
    kinds = np.array([case.kind for case in cases])
    weights = np.zeros(len(cases))
    for kind in np.unique(kinds[chosen]):
        weights[kinds == kind] = 1 / np.sqrt((chosen & (kinds == kind)).sum())
    for label in (False, True):
        weights[labels == label] *= chosen.sum() / 2 / weights[chosen & (labels == label)].sum()
    built = values[chosen, 4:]
    scale = StandardScaler().fit(built)
    model = LogisticRegression().fit(scale.transform(built), labels[chosen], weights[chosen])
    fitted = model.coef_[0] / scale.scale_
    bias = float(model.intercept_[0] - fitted @ scale.mean_)
    told = {name: round(float(one), 4) for name, one in zip(VIEWS[4:], fitted, strict=True)}
    return {"bias": round(bias, 4), "weights": told}


def page_documents(cases: Iterable[Case], n_outlets: int) -> Iterator[dict[str, str]]:
    """Yield a page of both texts of each case, beside both in some outlets of their own."""
    for number, case in enumerate(cases):
        for copy in range(n_outlets):
            for name, text in (("a", case.a), ("b", case.b)):
                outlet = f"{name}{number}-{copy}"
                yield {"id": f"{number} {name} {copy}", "text": text, "source": outlet}
        page = f"{case.a}\n\n{case.b}"
        yield {"id": f"{number} page", "text": page, "source": f"page{number}"}


def joined_by_page(cases: Sequence[Case], n_outlets: int = 1) -> NDArray[np.bool_]:
    """Say of which cases a whole run makes one story, where a page prints both texts."""
    documents = dedupe.find_duplicates(page_documents(cases, n_outlets)).documents
    story = dict(zip(*(documents[name].to_pylist() for name in ("id", "story")), strict=True))
    return np.array([story[f"{i} a 0"] == story[f"{i} b 0"] for i in range(len(cases))])


def joined_by_kind(cases: Sequence[Case], n_outlets: int) -> NDArray[np.bool_]:
    """Say the same, each kind of each half run alone."""
    joined = np.zeros(len(cases), np.bool_)
    groups = [f"{case.half} {case.kind}" for case in cases]
    for group in set(groups):
        chosen = [place for place, one in enumerate(groups) if one == group]
        joined[chosen] = joined_by_page([cases[place] for place in chosen], n_outlets)
    return joined


def page_figures(cases: Sequence[Case]) -> dict[str, float]:
    """Measure whole runs over pages of held cases: halves of a story, and two whole ones."""
    held = [case for case in cases if case.half == "held" and ONE_EVENT not in case.kind]
    halves = [case for case in held if case.kind.endswith("cut in 2")]
    two = [case for case in held if not case.is_same and "/" not in case.kind]
    return {
        "subjects.halves_joined": float(joined_by_page(halves).mean()),
        "subjects.stories_apart": 1 - float(joined_by_page(two).mean()),
        "subjects.reprinted_apart": 1 - float(joined_by_page(two, n_outlets=2).mean()),
    }


def show(title: str, cases: Sequence[Case], told: NDArray[np.bool_]) -> None:
    """Print the share of each kind that is taken for one story."""
    kinds = np.array([case.kind for case in cases])
    for half in ("tune", "held"):
        own = np.array([case.half == half for case in cases])
        shares = (
            f"{kind} {told[own & (kinds == kind)].mean():.3f}" for kind in np.unique(kinds[own])
        )
        print(f"{title}, {half}: taken for one story: {'; '.join(shares)}")


def main() -> None:
    """Fit, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=datasets.DEFAULT_DATA)
    parser.add_argument("--dry-run", action="store_true", help="do not write the model")
    options = parser.parse_args()
    cases = load_cases(options.data)
    if cases is None:
        sys.exit(datasets.skipped("subjects", options.data))
    texts = [one["text"] for one in datasets.load_reuters(options.data) or ()]
    settings, kept = Settings(threads=1), keep_all(documents_table(texts))
    common = common_words(kept, sketch(kept, settings).text_hashes, settings)
    model = {"command": "python benchmarks/subjects.py"} | fit(cases, seen(cases, None))
    weights = np.array(list(model["weights"].values()))
    for name, known in (("new", None), ("known", common)):
        told = Subjects(np.array(OVERLAP[known is not None]), weights, model["bias"])
        show(name, cases, told.log_odds(seen(cases, known)) > 0)
    if not options.dry_run:
        MODEL.write_text(json.dumps(model) + "\n", encoding="utf-8")
    shown = [case for case in cases if not case.kind.endswith(("3", "/2"))]
    for n_outlets in (1, 2):
        show(f"whole runs, {n_outlets} outlets", shown, joined_by_kind(shown, n_outlets))
    print(page_figures(cases))


if __name__ == "__main__":
    main()
