"""Fit how likely two texts are of one subject, and print how well that parts stories.

    python benchmarks/subjects.py                        # data in ../shared/data
    python benchmarks/subjects.py --data FOLDER

Parts of one Reuters story, cut at sentence ends into two, three and four, against as many
first parts, and as many whole stories of any length, of different ones (a few of which are
of one subject: Reuters corrects and resends). The log-odds of `verify/subjects.py` are
fitted on the tuning half by logistic regression, and both halves are scored: the share of
groups whose pairs have log-odds above 0 on average, which `roundups.py` takes for one story.
"""

from __future__ import annotations

import argparse
import itertools
import random
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import datasets
import numpy as np

from dedupe import Settings
from dedupe.clean import keep_all
from dedupe.documents import documents_table
from dedupe.verify.subjects import common_words, views

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

N_STORIES = 600
LONG_WORDS, ANY_WORDS = (180, 700), (60, 700)
CUTS = (2, 3, 4)
SHIFTS = (0.0, -0.5, -1.0)
CLIP = 3.0
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


class Groups(NamedTuple):
    """Groups of texts, and the views of all pairs of each.

    Shapes (P pairs)
        views   float64 (P, 4)  as verify.subjects.views gives them, by whether it is known
                                how common words are
        group   int64   (P,)    whose pair
        kinds   of each group: "same", "parts" or "whole", and of how many texts
    """

    views: dict[bool, NDArray[np.float64]]
    group: NDArray[np.int64]
    kinds: list[str]

    def is_same(self) -> NDArray[np.bool_]:
        """Say which pairs are of one story."""
        same = np.array([kind.startswith("same") for kind in self.kinds])
        return same[self.group]


def cut(text: str, n_parts: int) -> list[str]:
    """Cut a text at sentence ends into parts of about as many sentences."""
    sentences = _SENTENCE_END.split(text)
    bounds = [len(sentences) * i // n_parts for i in range(n_parts + 1)]
    return [" ".join(sentences[start:end]) for start, end in itertools.pairwise(bounds)]


def groups(texts: Sequence[str], seed: int = 5) -> Groups:
    """Make groups of parts of one story, of parts of several, and of several whole ones."""
    rng = random.Random(seed)  # noqa: S311 - a reproducible choice, not a secret
    fit = {limits: [text for text in texts if _fits(text, limits)]
           for limits in (LONG_WORDS, ANY_WORDS)}  # fmt: skip
    long = rng.sample(fit[LONG_WORDS], min(N_STORIES, len(fit[LONG_WORDS])))
    members: list[list[str]] = []
    kinds: list[str] = []
    for n_parts in CUTS:
        for text in long:
            firsts = [cut(other, n_parts)[0] for other in rng.sample(long, n_parts)]
            members += [cut(text, n_parts), firsts, rng.sample(fit[ANY_WORDS], n_parts)]
            kinds += [f"{kind} {n_parts}" for kind in ("same", "parts", "whole")]
    place = itertools.count()
    places = [[next(place) for _ in one] for one in members]
    pairs = [
        (group, a, b) for group, one in enumerate(places) for a, b in itertools.combinations(one, 2)
    ]
    group, a, b = np.array(pairs, np.int64).T
    one_thread = Settings(threads=1)
    common = common_words(keep_all(documents_table(list(texts))), one_thread)
    kept = keep_all(documents_table([text for one in members for text in one]))
    asked = np.arange(kept.n_docs), a.copy(), b.copy(), one_thread
    found = {known is not None: views(kept, *asked, known) for known in (None, common)}
    return Groups(found, group, kinds)


def _fits(text: str, limits: tuple[int, int]) -> bool:
    return limits[0] <= len(text.split()) <= limits[1]


def main() -> None:
    """Fit, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=datasets.DEFAULT_DATA)
    data = parser.parse_args().data
    documents = datasets.load_reuters(data)
    if documents is None:
        sys.exit(datasets.skipped("reuters", data))
    from sklearn.linear_model import LogisticRegression

    found = {
        half: groups([one["text"] for one in documents if datasets.half(one["id"]) == half])
        for half in ("tune", "held")
    }
    tune = found["tune"]
    for is_known in (False, True):
        fitted = LogisticRegression(C=100).fit(tune.views[is_known], tune.is_same())
        weights = ", ".join(f"{weight:.2f}" for weight in (*fitted.coef_[0], *fitted.intercept_))
        print(f"{'common words known' if is_known else 'no word known'}: {weights}")
        for half, of in found.items():
            odds = np.clip(fitted.decision_function(of.views[is_known]), -CLIP, CLIP)
            mean = np.bincount(of.group, odds) / np.bincount(of.group)
            kinds = np.array(of.kinds)
            for shift in SHIFTS:
                told = [
                    f"{kind} {(mean[kinds == kind] + shift > 0).mean():.3f}"
                    for kind in sorted(set(of.kinds))
                ]
                print(f"{half}, {shift:+.1f}: taken for one story: {', '.join(told)}")


if __name__ == "__main__":
    main()
