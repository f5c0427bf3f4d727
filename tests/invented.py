"""A small invented result, and readings to go with it, for tests of what is shown."""

import dataclasses
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from dedupe.result import DOCUMENTS, PAIRS, PASSAGES, Result


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reading:
    documents: pa.Table
    rejects: list[dict[str, Any]]
    inputs: list[dict[str, Any]]


def document(name: str, **values: Any) -> dict[str, Any]:
    row = dict.fromkeys(DOCUMENTS.names) | {
        "id": name,
        "story": name,
        "story_size": 1,
        "relation": "single",
        "published": datetime(2021, 3, 4, 5, 6, tzinfo=UTC),
        "n_words": 120,
    }
    return row | values


UNKNOWN = {
    "name": None,
    "document": None,
    "in_collection": None,
    "probability": None,
    "band": "unknown",
}

HARBOUR = {
    "name": "harborlight.example",
    "document": "b",
    "in_collection": True,
    "probability": 0.97,
    "band": "high",
}


def reason(says: str, *, toward: str | None, against: bool = False) -> dict[str, Any]:
    return {
        "signal": "credit",
        "points": 2.0,
        "document": "a",
        "toward": toward,
        "against": against,
        "start": 0,
        "end": 4,
        "quote": "Text",
        "says": says,
    }


def story(name: str, members: list[str], **values: Any) -> dict[str, Any]:
    row = {
        "story": name,
        "size": len(members),
        "documents": members,
        "sources": ["copy.example", "harborlight.example"],
        "first_published": "2021-03-04T05:06:00+00:00",
        "origin": HARBOUR,
        "candidates": [HARBOUR],
        "credited": [],
        "evidence": [],
        "clues": [],
    }
    return row | values


def newsroom() -> Result:
    """Five documents: a story of three, a single, and one derived from an absent source."""
    rows = [
        document("a", story="a", story_size=3, relation="repost", title="Ferry", source="copy"),
        document("b", story="a", story_size=3, relation="origin", title="Ferry runs aground"),
        document("c", story="a", story_size=3, relation="repost", title=None),
        document("d", title="Bake sale"),
        document("e", relation="derived", title="Scarred"),
    ]
    evidence = [
        reason("dates speak for copy.example", toward="copy.example"),
        reason("but its clock is wrong", toward="harborlight.example", against=True),
        reason("credits harborlight.example by name", toward="harborlight.example"),
    ]
    return Result(
        documents=pa.Table.from_pylist(rows, schema=DOCUMENTS),
        pairs=pa.Table.from_pylist([{"a": "a", "b": "b"}, {"a": "a", "b": "c"}], schema=PAIRS),
        passages=PASSAGES.empty_table(),
        stories=[
            story("a", ["a", "b", "c"], evidence=evidence),
            story("e", ["e"], origin=UNKNOWN, sources=["last.example"]),
        ],
        run={"capped_buckets": {"bands": 0, "rare": 0}, "inputs": [], "stages": []},
    )
