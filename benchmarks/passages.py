"""Settings of alignment in; passage scores on PAN13, and pairs a second, out.

    python benchmarks/passages.py
    python benchmarks/passages.py --gaps 30,45,60 --words 8,12,15 --pairs 1000
    python benchmarks/passages.py --vary gap=80,100 --vary rival=0,0.5,0.6

Three tables. First the anchored alignment of every run, on a sample of the tuning
half: Plagdet overall and by kind of obfuscation, for each gap between matched runs
and each least number of matched words. `Settings.passage_gap` and `passage_words`
were chosen from it: the score is flat around them, and a larger gap trades the
sharpness of verbatim passages for the reach of summaries.

Then the full alignment of `compare`, on that sample and on a sample of the other
half: as it is; with summaries not extended by sentences that agree only a little;
with no passage spread over more than `gap` words; and on the tuning half with each
value of `--vary`, from which the defaults of `verify.sentences.Agreement` were
chosen.

Last the pairs a second that each aligns on one core: invented articles of 400
words, half of the pairs edited copies, half unrelated.
"""

from __future__ import annotations

import argparse
import dataclasses
import random
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import articles
import datasets
import metrics
import numpy as np

from dedupe.clean import Kept, keep_all
from dedupe.comparison import EVERY_SHINGLE
from dedupe.documents import documents_table
from dedupe.shingle import Shingles, shingle
from dedupe.verify.alignments import align, as_code_points
from dedupe.verify.sentences import AGREEMENT, Agreement, align_sentences

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from datasets import LabelledPair
    from numpy.typing import NDArray

KINDS = ("verbatim", "random", "translation", "summary")
ONE_THREAD = dataclasses.replace(EVERY_SHINGLE, threads=1)
BOTH = np.arange(2)
N_TIMED, TIMED_WORDS = 400, 400


class Ready(NamedTuple):
    """A pair whose texts were read whole: furniture is not what PAN13 is about."""

    pair: LabelledPair
    kept: Kept
    shingles: Shingles


def prepare(pair: LabelledPair) -> Ready:
    """Read both texts."""
    kept = keep_all(documents_table([pair.a["text"], pair.b["text"]]))
    return Ready(pair, kept, shingle(kept, BOTH, ONE_THREAD))


def anchored(ready: Ready, gap: int, words: int) -> NDArray[np.int64]:
    """Align a pair as every run does."""
    settings = dataclasses.replace(ONE_THREAD, passage_gap=gap, passage_words=words)
    a, b = BOTH[:1], BOTH[1:]
    _, boxes = align(a, b, ready.shingles, settings)
    return as_code_points(boxes[:, :5], a, b, BOTH, ready.shingles, ready.kept)


def full(ready: Ready, agreement: Agreement) -> NDArray[np.int64]:
    """Align a pair as `compare` does."""
    given = BOTH[:1], BOTH[1:], BOTH, ready.shingles, ready.kept, ONE_THREAD
    return align_sentences(*given, agreement)


def score(
    given: Sequence[Ready], passages: Callable[[Ready], NDArray[np.int64]]
) -> dict[str, float]:
    """Return Plagdet overall and by kind, granularity, and caseless pairs left untouched."""
    pairs = [ready.pair for ready in given]
    found = {
        ready.pair.key: [metrics.Case(*row[1:]) for row in passages(ready).tolist()]
        for ready in given
    }
    cases = {pair.key: pair.cases for pair in pairs}
    whole = metrics.plagdet(cases, found)
    row = {"plagdet": whole.plagdet, "granularity": whole.granularity}
    for kind in KINDS:
        keys = [pair.key for pair in pairs if pair.label == kind]
        part = metrics.plagdet({key: cases[key] for key in keys}, {key: found[key] for key in keys})
        row[kind] = part.plagdet
    row["caseless"] = metrics.accuracy([not found[p.key] for p in pairs if not p.cases])
    return row


def show(name: str, row: dict[str, float], *, heading: bool) -> None:
    """Print a row of a table, and its heading before the first."""
    if heading:
        print(f"\n{'':24} " + " ".join(f"{column:>11}" for column in row))
    print(f"{name:24} " + " ".join(f"{value:11.4f}" for value in row.values()), flush=True)


def show_anchored(tuning: Sequence[Ready], gaps: Sequence[int], words: Sequence[int]) -> None:
    """Print the scores of the anchored alignment."""
    for place, (gap, least) in enumerate((gap, least) for gap in gaps for least in words):
        row = score(tuning, lambda ready, g=gap, n=least: anchored(ready, g, n))  # type: ignore[misc]
        show(f"anchored, {gap} {least}", row, heading=not place)


def variants(given: Sequence[str]) -> dict[str, Agreement]:
    """Read `--vary` options: one agreement for each value of each."""
    found = {}
    for option in given:
        name, _, values = option.partition("=")
        kind = type(getattr(AGREEMENT, name))
        for value in values.split(","):
            found[f"{name}={value}"] = Agreement(**(AGREEMENT._asdict() | {name: kind(value)}))
    return found


def show_full(halves: dict[str, list[Ready]], varied: dict[str, Agreement]) -> None:
    """Print the scores of the full alignment on both halves, varied on the first."""
    rows = {
        "full": AGREEMENT,
        "not extended": AGREEMENT._replace(
            weak_cosine=AGREEMENT.seed_cosine, weak_dice=AGREEMENT.seed_dice
        ),
        "not spread": AGREEMENT._replace(spread_gap=0),
    }
    for half, given in halves.items():
        wanted = rows | varied if half == "tune" else rows
        for place, (name, agreement) in enumerate(wanted.items()):
            row = score(given, lambda ready, chosen=agreement: full(ready, chosen))  # type: ignore[misc]
            show(f"{half}: {name}", row, heading=not place)


def show_speed() -> None:
    """Print the pairs a second that one core aligns, in either way."""
    room = articles.Newsroom(1)
    texts = []
    for _ in range(N_TIMED):
        words = " ".join(room.sentence() for _ in range(60)).split()[:TIMED_WORDS]
        copy = [word for place, word in enumerate(words) if place % 10]
        texts += [" ".join(words), " ".join(copy)]
    kept = keep_all(documents_table(texts))
    rows = np.arange(len(texts))
    shingles = shingle(kept, rows, ONE_THREAD)
    a = rows[::2]

    def anchor(b: NDArray[np.int64]) -> None:
        align(a, b, shingles, ONE_THREAD)

    def tell(b: NDArray[np.int64]) -> None:
        align_sentences(a, b, rows, shingles, kept, ONE_THREAD)

    for name, function in (("anchored", anchor), ("full", tell)):
        seconds = []
        for _ in range(5):
            start = time.perf_counter()
            function(a + 1)
            function(np.roll(a, 1) + 1)
            seconds.append(time.perf_counter() - start)
        print(f"{name}: {2 * N_TIMED / min(seconds):,.0f} pairs of {TIMED_WORDS} words a second")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=datasets.DEFAULT_DATA)
    parser.add_argument("--gaps", default="20,45,60,100")
    parser.add_argument("--words", default="8,12,15")
    parser.add_argument("--pairs", type=int, default=300, help="of each half")
    parser.add_argument("--vary", action="append", default=[], help="name=value,value")
    options = parser.parse_args()
    show_speed()
    loaded = datasets.load_pan13(options.data)
    if loaded is None:
        print(datasets.skipped("pan13", options.data))
        return
    halves = {}
    for half in ("tune", "held"):
        pairs = [pair for pair in loaded if pair.half == half]
        chosen = random.Random(3).sample(pairs, min(options.pairs, len(pairs)))  # noqa: S311
        halves[half] = [prepare(pair) for pair in chosen]
    gaps, words = ([int(n) for n in given.split(",")] for given in (options.gaps, options.words))
    show_anchored(halves["tune"], gaps, words)
    show_full(halves, variants(options.vary))


if __name__ == "__main__":
    main()
