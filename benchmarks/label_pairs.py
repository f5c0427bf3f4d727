"""Real documents in, the pairs that readers judge out; their readings in, the agreement out.

    python benchmarks/label_pairs.py --sheet FILE    write the texts of every pair to read
    python benchmarks/label_pairs.py                 print how far the readings agree

The pairs are those whose smaller text has .1 to .7 of its word 3-shingles in
the other: too much to be chance, too little to be plain copies. All 38 of census
are there, 62 of spotify, 100 of Reuters, as many from each sixth of that range as
there are, drawn by a hash of their ids. `labels/pairs.tsv` holds the ids and
two readings made apart; no text is kept there.

A reading says of the two texts, by their narration (furniture and quotes aside):

    same     one written story, or versions of one running story
    partial  several sentences of narration were taken over into another story
    not      what they share is quotes, statements, furniture, stock phrases, a template
"""

from __future__ import annotations

import argparse
import csv
import hashlib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import datasets
import numpy as np
from brute_force import exact_pairs

if TYPE_CHECKING:
    from collections.abc import Sequence

LABELS = ("same", "partial", "not")
PAIRS = datasets.ROOT / "benchmarks" / "labels" / "pairs.tsv"
COUNTS = {"census": 38, "spotify": 62, "reuters": 100}
LOW, HIGH, STEPS = 0.1, 0.7, 6


class Drawn(NamedTuple):
    """A pair to read: the set, the ids of its documents, and its containment."""

    set: str
    a: str
    b: str
    containment: float


class Reading(NamedTuple):
    """A pair that was read twice; labels are those of LABELS."""

    set: str
    a: str
    b: str
    containment: float
    reading_1: str
    reading_2: str


def main() -> None:
    """Write the sheet of pairs, or print the agreement."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=datasets.DEFAULT_DATA)
    parser.add_argument("--sheet", type=Path, help="write the pairs and their texts here")
    options = parser.parse_args()
    if options.sheet is None:
        report(load_readings())
    else:
        write_sheet(options.sheet, options.data)


def load_readings(path: Path = PAIRS) -> list[Reading]:
    """Read the pairs and both readings of each.

    Raises:
        ValueError: a label that is none of LABELS.
    """
    with path.open(encoding="utf-8", newline="") as lines:
        next(lines)
        rows = [
            Reading(name, a, b, float(containment), first, second)
            for name, a, b, containment, first, second in csv.reader(lines, delimiter="\t")
        ]
    for row in rows:
        if not {row.reading_1, row.reading_2} <= set(LABELS):
            raise ValueError(f"{path}: {row.a} and {row.b}: a label is one of {LABELS}")
    return rows


def kappa(first: Sequence[str], second: Sequence[str]) -> float:
    """Return Cohen's kappa (1960) of two readings: agreement beyond chance, at most 1."""
    n = len(first)
    seen = sum(a == b for a, b in zip(first, second, strict=True)) / n
    ones, others = Counter(first), Counter(second)
    chance = sum(ones[label] * others[label] for label in ones) / n**2
    return 1.0 if chance == 1 else (seen - chance) / (1 - chance)


def report(readings: Sequence[Reading]) -> None:
    """Print the agreement of each set, and what the readers said."""
    print(f"{'set':<10}{'pairs':>6}{'agreed':>8}{'kappa':>7}   both said")
    for name in (*COUNTS, "all"):
        rows = [row for row in readings if name in (row.set, "all")]
        pairs = [(row.reading_1, row.reading_2) for row in rows]
        agreed = Counter(one for one, other in pairs if one == other)
        said = ", ".join(f"{label} {agreed[label]}" for label in LABELS)
        share = sum(agreed.values()) / len(pairs)
        measured = kappa(*map(list, zip(*pairs, strict=True)))
        print(f"{name:<10}{len(pairs):>6}{share:>8.2f}{measured:>7.2f}   {said}")


def draw(name: str, documents: Sequence[dict[str, Any]], n: int) -> list[Drawn]:
    """Draw pairs of a set, as many of each step of containment, by a hash of the ids."""
    found = exact_pairs([one["text"] for one in documents], floor=LOW, size=3)
    contained = found.containment()
    ids = [str(one["id"]) for one in documents]
    bins: list[list[tuple[bytes, Drawn]]] = [[] for _ in range(STEPS)]
    for place in np.flatnonzero(contained < HIGH):
        a, b = sorted((ids[found.a[place]], ids[found.b[place]]))
        share = float(contained[place])
        step = min(int((share - LOW) / (HIGH - LOW) * STEPS), STEPS - 1)
        key = hashlib.blake2b(f"{name} {a} {b}".encode(), digest_size=8).digest()
        bins[step].append((key, Drawn(name, a, b, round(share, 3))))
    queues = [[pair for _, pair in sorted(one)] for one in bins]
    drawn: list[Drawn] = []
    while len(drawn) < n and any(queues):
        drawn += [queue.pop(0) for queue in queues if queue][: n - len(drawn)]
    return sorted(drawn)


def load_documents(name: str, data: Path) -> list[dict[str, Any]] | None:
    """Load the documents of a set, or None when its files are absent."""
    if name == "reuters":
        return datasets.load_reuters(data)
    stories = datasets.load_stories(name, data)
    return None if stories is None else list(stories.documents)


def write_sheet(sheet: Path, data: Path) -> None:
    """Write every drawn pair with both texts, to be read."""
    with sheet.open("w", encoding="utf-8") as file:
        for name, n in COUNTS.items():
            documents = load_documents(name, data)
            if documents is None:
                print(datasets.skipped(name, data))
                continue
            by_id = {str(one["id"]): one for one in documents}
            for pair in draw(name, documents, n):
                file.write(f"##### {pair.set}\t{pair.a}\t{pair.b}\t{pair.containment}\n")
                for side in (pair.a, pair.b):
                    one = by_id[side]
                    about = " | ".join(str(one.get(key) or "") for key in ("published", "title"))
                    file.write(f"--- {side} | {about}\n{one['text']}\n")


if __name__ == "__main__":
    main()
