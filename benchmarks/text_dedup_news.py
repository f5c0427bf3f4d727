"""JSON lines in, the clusters of text-dedup's own command out, under its news setting.

    python -m venv FOLDER && FOLDER/bin/pip install text-dedup
    FOLDER/bin/python benchmarks/text_dedup_news.py articles.jsonl stories.jsonl --threads 2

It runs in an environment of its own, for text-dedup and this project need other
versions of the same libraries, so that nothing but the standard library and
text-dedup is imported here. The setting is the one it publishes for news
(configs/benchmark_news_minhash.toml): 256 slots, word 2-grams, threshold .45.
"""

from __future__ import annotations

import argparse
import json
import pickle
import runpy
import sys
import tempfile
from pathlib import Path

SETTING = (
    "--num_perm", "256", "--ngram", "2", "--threshold", "0.45", "--min_length", "0",
    "--hash_func", "xxh3", "--seed", "42",
)  # fmt: skip


def cluster(articles: Path, threads: int) -> dict[int, int]:
    """Run the command; returns the cluster of each row that has one."""
    # A module of this folder has the name of a library that text-dedup imports.
    here = Path(__file__).resolve().parent
    sys.path[:] = [place for place in sys.path if Path(place or ".").resolve() != here]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        where = ["--path", "json", "--data_files", str(articles), "--split", "train"]
        where += ["--cache_dir", str(place / "cache"), "--output", str(place / "out")]
        how = ["--column", "text", "--num_proc", str(threads), "--debug"]
        sys.argv = ["text_dedup.minhash", *where, *how, *SETTING]
        try:
            runpy.run_module("text_dedup.minhash", run_name="__main__", alter_sys=True)
        except SystemExit as ended:
            if ended.code:
                raise
        # Written by the command itself, a moment ago.
        found = pickle.loads((place / "out" / "uf.pkl").read_bytes())  # noqa: S301
    parents: dict[int, int] = getattr(found, "parent", found)
    return parents


def root(parents: dict[int, int], row: int) -> int:
    """Return the row that stands for a row's cluster."""
    while parents.get(row, row) != row:
        row = parents[row]
    return row


def main() -> None:
    """Cluster, and write one label a line."""
    parser = argparse.ArgumentParser(description="Run text-dedup's command on articles.")
    parser.add_argument("articles", type=Path, help="JSON lines with id and text")
    parser.add_argument("stories", type=Path, help="JSON lines with id and story, written")
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    parents = cluster(given.articles, given.threads)
    with given.articles.open("rb") as file, given.stories.open("w") as out:
        for row, line in enumerate(file):
            name = json.loads(line)["id"]
            out.write(json.dumps({"id": name, "story": root(parents, row)}) + "\n")


if __name__ == "__main__":
    main()
