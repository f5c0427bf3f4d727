"""Writes what the pipeline finds in the bundled newsroom, for a test to hold it to.

    python -m tests.golden.update

Run it when a change of results is meant, and read the difference before it is
committed: `git diff tests/golden`.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from dedupe import Result, find_duplicates

GOLDEN = Path(__file__).with_name("newsroom.json")
_SEEDS = Path(__file__).parents[2] / "seeds" / "newsroom.jsonl"


def read() -> Result:
    """Run the pipeline over the newsroom with the settings that everyone gets."""
    lines = _SEEDS.read_text("utf-8").splitlines()
    return find_duplicates([json.loads(line) for line in lines])


def summary(result: Result) -> dict[str, Any]:
    """Return the stories of two or more, and how many pairs there are of each relation.

    No probabilities: a better fit may move them all without changing a story.
    """
    stories = defaultdict(list)
    for row in result.documents.to_pylist():
        stories[row["story"]].append(row["id"])
    relations = Counter(result.pairs["relation"].to_pylist())
    return {
        "stories": sorted(sorted(ids) for ids in stories.values() if len(ids) > 1),
        "relations": dict(sorted(relations.items())),
    }


if __name__ == "__main__":
    text = json.dumps(summary(read()), indent=1, ensure_ascii=False)
    GOLDEN.write_text(text + "\n", "utf-8")
