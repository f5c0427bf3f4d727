"""Settings of alignment in; passage scores on PAN13 out.

    python benchmarks/passages.py
    python benchmarks/passages.py --gaps 30,45,60 --words 8,12,15 --pairs 1000

Plagdet on a sample of the tuning half, overall and by kind of obfuscation, for
each gap between matched runs and each least number of matched words. The
defaults of `Settings.passage_gap` and `passage_words` were chosen from this
table: the score is flat around them, and a larger gap trades the sharpness of
verbatim passages for the reach of summaries.
"""

from __future__ import annotations

import argparse
import dataclasses
import random
from pathlib import Path
from typing import TYPE_CHECKING

import datasets
import metrics
import numpy as np

from dedupe.candidates import Candidates, weigh
from dedupe.clean import Kept, keep_all
from dedupe.comparison import EVERY_SHINGLE
from dedupe.documents import documents_table
from dedupe.sketch import sketch
from dedupe.verify import given_pairs, measure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from datasets import LabelledPair

KINDS = ("verbatim", "random", "translation", "summary")


def prepare(pair: LabelledPair) -> tuple[Kept, Candidates]:
    """Read both texts whole: furniture is not what PAN13 is about."""
    kept = keep_all(documents_table([pair.a["text"], pair.b["text"]]))
    sketches = sketch(kept, EVERY_SHINGLE)
    one, other = np.array([0]), np.array([1])
    return kept, given_pairs(one, other, sketches, weigh(sketches), EVERY_SHINGLE)


def score(
    pairs: Sequence[LabelledPair], ready: Sequence[tuple[Kept, Candidates]], gap: int, words: int
) -> dict[str, float]:
    """Return Plagdet overall and by kind, granularity, and caseless pairs left untouched."""
    settings = dataclasses.replace(EVERY_SHINGLE, passage_gap=gap, passage_words=words, threads=1)
    names = ("a_start", "a_end", "b_start", "b_end")
    found = {
        pair.key: [
            metrics.Case(*(row[name] for name in names))
            for row in measure(candidates, kept, settings).passages.to_pylist()
        ]
        for pair, (kept, candidates) in zip(pairs, ready, strict=True)
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


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=datasets.DEFAULT_DATA)
    parser.add_argument("--gaps", default="20,45,60,100")
    parser.add_argument("--words", default="8,12,15")
    parser.add_argument("--pairs", type=int, default=300)
    options = parser.parse_args()
    loaded = datasets.load_pan13(options.data)
    if loaded is None:
        print(datasets.skipped("pan13", options.data))
        return
    tuning = [pair for pair in loaded if pair.half == "tune"]
    pairs = random.Random(3).sample(tuning, min(options.pairs, len(tuning)))  # noqa: S311
    ready = [prepare(pair) for pair in pairs]
    for place, gap in enumerate(map(int, options.gaps.split(","))):
        for words in map(int, options.words.split(",")):
            row = score(pairs, ready, gap, words)
            if not place and words == int(options.words.split(",")[0]):
                print(f"{'gap':>4} {'words':>5} " + " ".join(f"{name:>11}" for name in row))
            print(f"{gap:4} {words:5} " + " ".join(f"{v:11.4f}" for v in row.values()), flush=True)


if __name__ == "__main__":
    main()
