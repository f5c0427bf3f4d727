"""Settings in; what the candidate nets find and what they cost, out.

    python benchmarks/recall.py
    python benchmarks/recall.py --vary rare_sampling=1,2,4,8 --json recall.json
    python benchmarks/recall.py --crowd 20000

Each row is one change to the defaults, on Reuters: recall of the pairs that
exact counting finds (word 5-shingles; resemblance of .5 or more; containment of
.5 or more in texts of fifty words), recall of edited copies of 200 dispatches,
and what it took: pairs found, pairs screened and bytes for each document. The
defaults of `Settings` were chosen from this table.
"""

from __future__ import annotations

import argparse
import dataclasses
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import datasets
import numpy as np
import orjson
from brute_force import exact_pairs, words
from edits import EDITS

from dedupe.candidates import (
    BANDS,
    EXACT,
    RARE,
    Candidates,
    find_candidates,
    representatives,
    weigh,
)
from dedupe.clean import keep_all
from dedupe.documents import documents_table
from dedupe.settings import Settings
from dedupe.sketch import sketch
from dedupe.verify import measure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

VARIANTS = {
    "n_slots": (64, 128, 256),
    "band_rows": (2, 3, 4),
    "rare_sampling": (1, 2, 4, 8),
    "rare_cap": (8, 32, 128),
    "bucket_cap": (16, 64, 256),
    "containment_floor": (0.02, 0.05, 0.1),
}
"""What is varied, one at a time."""

N_EDITED = 200
LEAST_WORDS = 50


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """Dispatches followed by edited copies of some.

    Attributes:
        texts: all of them.
        alike: pairs of rows of resemblance .5 or more, int64 (n, 2).
        held: pairs of rows of containment .5 or more, int64 (n, 2).
        edited: for each edit, pairs of a dispatch and its copy, int64 (n, 2).
    """

    texts: list[str]
    alike: NDArray[np.int64]
    held: NDArray[np.int64]
    edited: dict[str, NDArray[np.int64]]


def build(dispatches: Sequence[dict[str, Any]], cache: Path | None) -> Corpus:
    """Count the pairs that exist, and make the edited copies."""
    texts = [str(row["text"]) for row in dispatches]
    overlaps = exact_pairs(texts, cache=cache)
    pairs = np.stack([overlaps.a, overlaps.b], axis=1)
    n_words = np.array([len(words(text)) for text in texts])
    long = n_words[pairs].min(axis=1) >= LEAST_WORDS
    rng = random.Random(11)  # noqa: S311 - a reproducible choice, not a secret
    parents = rng.sample(np.flatnonzero(n_words >= 4 * LEAST_WORDS).tolist(), N_EDITED)
    edited = {}
    n_texts = len(texts)
    for name, edit in EDITS.items():
        edited[name] = np.array([(one, len(texts) + i) for i, one in enumerate(parents)])
        texts += [edit(texts[one], rng.sample(texts[:n_texts], 30), rng) for one in parents]
    return Corpus(
        texts=texts,
        alike=pairs[overlaps.resemblance() >= 0.5],
        held=pairs[(overlaps.containment() >= 0.5) & long],
        edited=edited,
    )


def figures(corpus: Corpus, settings: Settings) -> dict[str, float]:
    """Run the stages up to the exact overlap, and count."""
    kept = keep_all(documents_table(corpus.texts))
    sketches = sketch(kept, settings)
    weights = weigh(sketches)
    candidates = find_candidates(sketches, weights, settings)
    measured = measure(candidates, kept, settings)
    texts = representatives(sketches)
    n_docs = len(corpus.texts)
    found = _Found(texts, measured.a, measured.b)
    row = {
        "alike": found.share(corpus.alike),
        "alike_bands": _of_net(candidates, BANDS, texts).share(corpus.alike),
        "alike_rare": _of_net(candidates, RARE, texts).share(corpus.alike),
        "held": found.share(corpus.held),
        "worst_edit": min(found.share(pairs) for pairs in corpus.edited.values()),
        "found_per_document": candidates.n_found / n_docs,
        "screened_per_document": len(candidates.a) / n_docs,
        "verified_per_document": len(measured.a) / n_docs,
        "bytes_per_document": (sketches.signatures.nbytes + sketches.sampled.nbytes) / n_docs,
    }
    return row | {f"edit_{name}": found.share(pairs) for name, pairs in corpus.edited.items()}


class _Found:
    """Pairs of distinct texts, to be asked."""

    def __init__(
        self, texts: NDArray[np.int64], a: NDArray[np.int64], b: NDArray[np.int64]
    ) -> None:
        self._texts = texts
        self._keys = np.unique(self._key(a, b))

    def _key(self, a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.int64]:
        one, other = self._texts[a], self._texts[b]
        return np.minimum(one, other) * len(self._texts) + np.maximum(one, other)

    def share(self, pairs: NDArray[np.int64]) -> float:
        """Return the share of pairs that were found, or are equal texts."""
        keys = self._key(pairs[:, 0], pairs[:, 1])
        equal = self._texts[pairs[:, 0]] == self._texts[pairs[:, 1]]
        return float((equal | np.isin(keys, self._keys)).mean())


def _of_net(candidates: Candidates, net: int, texts: NDArray[np.int64]) -> _Found:
    chosen = (candidates.nets & (net | EXACT)) > 0
    return _Found(texts, candidates.a[chosen], candidates.b[chosen])


def variants(asked: Sequence[str]) -> list[tuple[str, Settings]]:
    """Return the defaults and each change to them; `asked` are NAME=VALUE,VALUE."""
    chosen: dict[str, Sequence[float]] = {} if asked else dict(VARIANTS)
    for one in asked:
        setting, _, listed = one.partition("=")
        chosen[setting] = [orjson.loads(value) for value in listed.split(",")]
    default = Settings()
    rows = [("default", default)]
    for name, values in chosen.items():
        for value in values:
            changed = Settings.from_dict(default.to_dict() | {name: value})
            if changed != default:
                rows.append((f"{name}={value}", changed))
    return rows


def crowd_pairs(text: str, others: Sequence[str], n_copies: int) -> float:
    """Return the pairs a document that remain of near-copies, each with ten new words."""
    rng = random.Random(29)  # noqa: S311 - a reproducible choice, not a secret
    pool = [word for other in others for word in other.split()]
    copies = []
    for _ in range(n_copies):
        changed = text.split()
        for place in rng.sample(range(len(changed)), 10):
            changed[place] = rng.choice(pool)
        copies.append(" ".join(changed))
    sketches = sketch(keep_all(documents_table(copies)), Settings())
    return len(find_candidates(sketches, weigh(sketches), Settings()).a) / n_copies


def main() -> None:
    """Print the table, and write it as JSON when asked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=datasets.DEFAULT_DATA)
    parser.add_argument("--vary", nargs="*", default=[], metavar="NAME=V,V")
    parser.add_argument("--cache", type=Path, help="folder to keep the exact counts in")
    parser.add_argument("--crowd", type=int, help="pairs of this many near-copies, and no more")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    dispatches = datasets.load_reuters(options.data)
    if dispatches is None:
        print(datasets.skipped("reuters", options.data))
        return
    if options.crowd:
        texts = [str(row["text"]) for row in dispatches[:200]]
        longest = max(texts, key=len)
        print(f"pairs a near-copy: {crowd_pairs(longest, texts, options.crowd):.2f}")
        return
    corpus = build(dispatches, options.cache)
    table = {}
    columns = (
        "alike", "alike_bands", "alike_rare", "held", "worst_edit",
        "found_per_document", "screened_per_document", "verified_per_document",
        "bytes_per_document",
    )  # fmt: skip
    print(f"{'':24}" + "".join(f"{name.replace('_per_document', '/doc'):>14}" for name in columns))
    for name, settings in variants(options.vary):
        table[name] = figures(corpus, settings)
        print(
            f"{name:24}" + "".join(f"{table[name][column]:14.4f}" for column in columns), flush=True
        )
    print("\nedited copies found, by default settings:")
    for name in EDITS:
        print(f"  {name:20} {table['default']['edit_' + name]:.4f}")
    if options.json:
        options.json.write_bytes(orjson.dumps(table, option=orjson.OPT_INDENT_2))


if __name__ == "__main__":
    main()
