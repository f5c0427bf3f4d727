"""Texts in, the stories other people's libraries make of them out.

    texts  ->  datasketch | text-dedup | rensa | tf-idf cosine  ->  pairs  ->  components

Each peer is used as its own documentation shows, over the word 3-shingles that
its users compute in Python, and its pairs are joined into connected components,
which is what its users do next. A peer's "best" is the threshold that scores
highest on the very data it is scored on: a bound on what tuning could reach.

Run alone, this file is a peer as a whole process, JSON lines to story labels:

    python benchmarks/peers.py rensa articles.jsonl stories.jsonl --threads 2
"""

from __future__ import annotations

import argparse
import os
import re
from concurrent.futures import ProcessPoolExecutor
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from metrics import Case, accuracy, components

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from datasets import LabelledPair

    Pairs = set[tuple[int, int]]

N_SLOTS = 128
RENSA_BANDS = 16
CHUNK = 1000
"""Texts a worker sketches at a time, and sketches asked for at a time."""

DATASKETCH_DEFAULT = 0.9
TFIDF_PUBLISHED = 0.85
NEWS_SLOTS, NEWS_THRESHOLD, NEWS_WORDS = 256, 0.45, 2
"""What text-dedup publishes for news (configs/benchmark_news_minhash.toml): nothing is verified."""
THRESHOLDS = tuple(step / 20 for step in range(1, 20))

_WORD = re.compile(r"\w+")
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9\s-]")


def shingles(text: str, size: int = 3) -> list[str]:
    """Return the word n-grams of a text, as users of these libraries write them."""
    words = _WORD.findall(text.lower())
    if len(words) <= size:
        return [" ".join(words)]
    return [" ".join(words[place : place + size]) for place in range(len(words) - size + 1)]


def sketch_datasketch(texts: Sequence[str]) -> list[Any]:
    """Return one datasketch MinHash per text."""
    from datasketch import MinHash

    return list(
        MinHash.generator(
            [[one.encode() for one in set(shingles(text))] for text in texts], num_perm=N_SLOTS
        )
    )


def text_dedup_pairs(texts: Sequence[str]) -> Pairs:
    """Return what text-dedup's news setting calls similar; a < b.

    Its parameters in datasketch's LSH, which splits the slots into bands by the
    same rule; as in its news benchmark, line breaks, punctuation and what is not
    ASCII go first.
    """
    from datasketch import MinHash

    plain = [_NOT_PLAIN.sub("", one.replace("-\n", "").replace("\n", " ")) for one in texts]
    grams = [[one.encode() for one in set(shingles(text, NEWS_WORDS))] for text in plain]
    sketches = list(MinHash.generator(grams, num_perm=NEWS_SLOTS))
    return set(datasketch_pairs(sketches, NEWS_THRESHOLD, NEWS_SLOTS))


def sketch_rensa(texts: Sequence[str]) -> list[Any]:
    """Return one full-set R-MinHash per text."""
    from rensa import RMinHash

    sketches: list[Any] = RMinHash.from_token_sets(
        [shingles(text) for text in texts], num_perm=N_SLOTS, seed=42
    )
    return sketches


def sketch_all(
    sketch: Callable[[Sequence[str]], list[Any]], texts: Sequence[str], threads: int
) -> list[Any]:
    """Sketch texts in as many processes as we give ourselves threads.

    Python shingling holds the interpreter lock, so that threads would give a
    peer nothing.
    """
    chunks = [texts[start : start + CHUNK] for start in range(0, len(texts), CHUNK)]
    if threads == 1:
        return list(chain.from_iterable(map(sketch, chunks)))
    with ProcessPoolExecutor(threads) as pool:
        return list(chain.from_iterable(pool.map(sketch, chunks)))


def datasketch_pairs(
    sketches: Sequence[Any], threshold: float = DATASKETCH_DEFAULT, n_slots: int = N_SLOTS
) -> Iterator[tuple[int, int]]:
    """Yield what datasketch's LSH calls similar; a < b."""
    from datasketch import MinHashLSH

    lsh = MinHashLSH(threshold=threshold, num_perm=n_slots)
    with lsh.insertion_session() as session:
        for row, sketch in enumerate(sketches):
            session.insert(row, sketch)
    for row, sketch in enumerate(sketches):
        yield from ((other, row) for other in lsh.query(sketch) if other < row)


def rensa_pairs(
    sketches: Sequence[Any], threshold: float | None = None, bands: int = RENSA_BANDS
) -> Iterator[tuple[int, int]]:
    """Yield what rensa's LSH puts in one bucket; a < b.

    A threshold also asks for that much estimated resemblance.
    """
    from rensa import RMinHashLSH

    lsh = RMinHashLSH(threshold or 0.5, N_SLOTS, bands)
    lsh.insert_many(sketches)
    for start in range(0, len(sketches), CHUNK):
        answers = lsh.query_all(sketches[start : start + CHUNK])
        for row, others in enumerate(answers, start):
            yield from (
                (other, row)
                for other in others
                if other < row
                and (threshold is None or sketches[row].jaccard(sketches[other]) >= threshold)
            )


def tfidf_pairs(texts: Sequence[str], threshold: float = TFIDF_PUBLISHED) -> Pairs:
    """Return the pairs whose tf-idf vectors have at least this cosine; a < b."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectors = TfidfVectorizer().fit_transform(texts)
    found: Pairs = set()
    for start in range(0, len(texts), CHUNK):
        similar = (vectors[start : start + CHUNK] @ vectors.T).tocoo()
        high = similar.data >= threshold
        rows = zip((similar.row[high] + start).tolist(), similar.col[high].tolist(), strict=True)
        found.update((a, b) for a, b in rows if a < b)
    return found


def rensa_rho_flags(texts: Sequence[str], threshold: float = 0.5) -> list[bool]:
    """Return which texts rensa's position sampler calls duplicates (it names no pairs)."""
    from rensa import RMinHash, RMinHashLSH

    matrix = RMinHash.digest_matrix_from_token_sets_rho(
        [shingles(text) for text in texts], N_SLOTS, 42
    )
    lsh = RMinHashLSH(threshold, N_SLOTS, RENSA_BANDS)
    flags: list[bool] = lsh.query_duplicate_flags_matrix_one_shot(matrix)
    return flags


def direction_rules(pairs: Sequence[LabelledPair]) -> dict[str, float]:
    """Score two rules of thumb for which text came first: the longer, the earlier dated.

    Every pair's b is the source. A tie of lengths or dates is not right.
    """
    longer = [len(pair.b["text"]) > len(pair.a["text"]) for pair in pairs]
    dates = [(_day(pair.b["published"]), _day(pair.a["published"])) for pair in pairs]
    earlier = [bool(b) and bool(a) and b < a for b, a in dates]
    return {
        "counter.direction_text": accuracy(longer),
        "counter.direction_dated": accuracy(earlier),
    }


def _day(given: str | None) -> tuple[int, ...]:
    """Read day.month.year so that days can be compared; empty where it is not whole."""
    parts = re.findall(r"\d+", given or "")
    return tuple(int(part) for part in reversed(parts)) if len(parts) == 3 else ()


def naive_passages(pair: LabelledPair, gap: int = 30, least: int = 200) -> list[Case]:
    """Align two texts by shared word 3-grams, merged while no gap exceeds `gap` words.

    Returns:
        The runs of at least `least` characters in both texts.
    """
    words_a = [m.span() for m in _WORD.finditer(pair.a["text"].lower())]
    words_b = [m.span() for m in _WORD.finditer(pair.b["text"].lower())]
    places: dict[str, list[int]] = {}
    for place, gram in enumerate(shingles(pair.b["text"])):
        places.setdefault(gram, []).append(place)
    runs: list[list[int]] = []
    for i, gram in enumerate(shingles(pair.a["text"])):
        for j in places.get(gram, ())[:4]:
            for run in runs:
                if i - run[1] <= gap and run[2] - gap <= j <= run[3] + gap:
                    run[1], run[2], run[3] = i, min(run[2], j), max(run[3], j)
                    break
            else:
                runs.append([i, i, j, j])
    found = [
        Case(
            words_a[first_a][0],
            words_a[min(last_a + 2, len(words_a) - 1)][1],
            words_b[first_b][0],
            words_b[min(last_b + 2, len(words_b) - 1)][1],
        )
        for first_a, last_a, first_b, last_b in runs
        if words_a and words_b
    ]
    return [
        one
        for one in found
        if one.a_end - one.a_start >= least and one.b_end - one.b_start >= least
    ]


def variants(texts: Sequence[str], *, tuned: bool = True) -> dict[str, list[Pairs]]:
    """Run every peer on a collection; `tuned` also tries its thresholds, if it is small.

    Returns:
        The pairs of each peer's settings; where there are several, the caller
        scores them all and keeps the best.
    """
    datasketch = sketch_datasketch(texts)
    rensa = sketch_rensa(texts)
    found = {
        "datasketch .9": [set(datasketch_pairs(datasketch))],
        "text-dedup news": [text_dedup_pairs(texts)],
        "rensa": [set(rensa_pairs(rensa))],
        "tf-idf .85": [tfidf_pairs(texts)],
    }
    if tuned:
        found |= {
            "datasketch best": [set(datasketch_pairs(datasketch, one)) for one in THRESHOLDS],
            "rensa best": [
                set(rensa_pairs(rensa, one, bands)) for bands in (16, 32, 64) for one in THRESHOLDS
            ],
            "tf-idf best": [tfidf_pairs(texts, one) for one in THRESHOLDS],
        }
    return found


def main() -> None:
    """Read articles, group them with one peer, write one label a line."""
    parser = argparse.ArgumentParser(description="Run one peer as a whole process.")
    parser.add_argument("peer", choices=["datasketch", "rensa", "rensa-rho"])
    parser.add_argument("articles", type=Path, help="JSON lines with id and text")
    parser.add_argument("stories", type=Path, help="JSON lines with id and story, written")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--threshold", type=float, default=0.5, help="datasketch's LSH threshold")
    arguments = parser.parse_args()
    os.environ["RAYON_NUM_THREADS"] = str(arguments.threads)

    with arguments.articles.open("rb") as file:
        rows = [orjson.loads(line) for line in file]
    texts = [row["text"] for row in rows]
    labels: Sequence[object]
    if arguments.peer == "rensa-rho":
        labels = rensa_rho_flags(texts)
    elif arguments.peer == "rensa":
        sketches = sketch_all(sketch_rensa, texts, arguments.threads)
        labels = components(len(texts), rensa_pairs(sketches))
    else:
        sketches = sketch_all(sketch_datasketch, texts, arguments.threads)
        labels = components(len(texts), datasketch_pairs(sketches, arguments.threshold))
    with arguments.stories.open("wb") as out:
        for row, label in zip(rows, labels, strict=True):
            out.write(orjson.dumps({"id": row["id"], "story": label}) + b"\n")


if __name__ == "__main__":
    main()
