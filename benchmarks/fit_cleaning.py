"""Fit the model of page layout that ships as dedupe/clean/layout.json.

    python benchmarks/fit_cleaning.py

Half of the article pages teach it (`datasets.half` of the page's id); the other
half only tells how well it learned: see cleaning.py. A block is story when most
of its word triples are in the article's body. Every page is shown in each of
the ways its text may reach us, and its body alone as well, where every block is
story: so the model learns what a plain text looks like.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import datasets
import numpy as np
import orjson
from cleaning import PAGES, WAYS, Page, load_pages, visible_text, words

from dedupe.clean.blocks import read_blocks
from dedupe.clean.layout import MODEL_FILE
from dedupe.kernels import layout
from dedupe.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# Chosen from a small grid: near the best F1 of the tuning half, over WAYS, among
# settings that keep 99 in 100 words of every plain set of cleaning.py.
OTHER_WAYS_WEIGHT = 0.3
PLAIN_WEIGHT = 1.0
REGULARISATION = 0.1
KEEPING = 0.5
TOLL = 3.0
SIZE_POWER = 0.75
PAGE_WEIGHT = 50.0


class Examples(NamedTuple):
    """Blocks to learn from.

    Shapes (K blocks)
        features  uint8   (K, N_FEATURES)
        is_story  bool    (K,)
        weights   float64 (K,)
    """

    features: NDArray[np.uint8]
    is_story: NDArray[np.bool_]
    weights: NDArray[np.float64]


def examples(texts: Sequence[str], bodies: Sequence[str], weight: float) -> Examples:
    """Cut texts into blocks and label them by the bodies of their articles."""
    encoded = [text.encode() for text in texts]
    data = np.frombuffer(b"".join(encoded), np.uint8)
    blocks = read_blocks(data, np.cumsum([0, *map(len, encoded)]), Settings())
    sizes = blocks.ends - blocks.starts
    features = np.zeros((len(sizes), layout.N_FEATURES), np.uint8)
    is_story = np.zeros(len(sizes), np.bool_)
    weights = sizes.astype(np.float64) ** SIZE_POWER
    for page, body in enumerate(bodies):
        rows = slice(int(blocks.offsets[page]), int(blocks.offsets[page + 1]))
        if rows.start == rows.stop:
            continue
        nothing_learned = np.zeros(rows.stop - rows.start, np.bool_)
        layout.fill_features(
            sizes[rows], blocks.hashes[rows], blocks.traits[rows], nothing_learned, features[rows]
        )
        places = zip(blocks.starts[rows], blocks.ends[rows], strict=True)
        lines = [bytes(data[start:end]).decode() for start, end in places]
        is_story[rows] = labels(lines, body)
        weights[rows] *= weight * PAGE_WEIGHT / weights[rows].sum()
    return Examples(features, is_story, weights)


def labels(lines: Sequence[str], body: str) -> list[bool]:
    """Say of each line whether it is of the body."""
    triples = set(_triples(words(body)))
    whole = {" ".join(words(line)) for line in body.split("\n")}
    answers = []
    for line in lines:
        own = words(line)
        found = [triple in triples for triple in _triples(own)]
        answers.append(2 * sum(found) >= len(found) if found else " ".join(own) in whole)
    return answers


def _triples(tokens: Sequence[str]) -> list[tuple[str, ...]]:
    return list(zip(tokens, tokens[1:], tokens[2:], strict=False))


def fit(pages: Sequence[Page]) -> dict[str, Any]:
    """Fit a logistic model on the tuning half; returns what layout.json holds."""
    from sklearn.linear_model import LogisticRegression

    tuned = [page for page in pages if page.half == "tune"]
    bodies = [page.body for page in tuned]
    parts = [examples(bodies, bodies, PLAIN_WEIGHT)._replace()]
    for way in WAYS:
        texts = [visible_text(page.html, way) for page in tuned]
        parts.append(examples(texts, bodies, 1.0 if way == "blocks" else OTHER_WAYS_WEIGHT))
    features, is_story, weights = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    model = LogisticRegression(C=REGULARISATION, max_iter=3000)
    model.fit(_one_hot(features), is_story, sample_weight=weights)
    table = model.coef_[0].reshape(layout.N_FEATURES, layout.N_VALUES)
    return {
        "fitted_on": f"{len(tuned)} pages of {PAGES}",
        "bias": round(float(model.intercept_[0]) + KEEPING, 4),
        "toll": TOLL,
        "weights": [[round(float(value), 4) for value in np.trim_zeros(row, "b")] for row in table],
    }


def _one_hot(features: NDArray[np.uint8]) -> Any:
    """Spread features (K, F) into a sparse matrix (K, F*V) with one 1 for each feature."""
    from scipy.sparse import csr_matrix

    n_rows, n_features = features.shape
    places = features.astype(np.int64) + np.arange(n_features) * layout.N_VALUES
    ends = np.arange(n_rows + 1) * n_features
    shape = (n_rows, n_features * layout.N_VALUES)
    return csr_matrix((np.ones(places.size), places.ravel(), ends), shape=shape)


def main() -> None:
    """Parse, fit, write."""
    parser = argparse.ArgumentParser(description="Fit the model of page layout.")
    parser.add_argument("--data", type=Path, default=datasets.DEFAULT_DATA, help="measuring sets")
    parser.add_argument("--out", type=Path, default=MODEL_FILE, help="JSON, written")
    arguments = parser.parse_args()
    pages = load_pages(arguments.data)
    if pages is None:
        sys.exit(f"no {PAGES} in {arguments.data} (--data says where)")
    arguments.out.write_bytes(orjson.dumps(fit(pages)).replace(b"],", b"],\n") + b"\n")
    print(f"{arguments.out}: written")


if __name__ == "__main__":
    main()
