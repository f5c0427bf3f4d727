"""A small newsroom for tests of attribution: documents, pairs, passages and clues tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from dedupe.attribute import Attribution, attribute
from dedupe.clean.clues import harvest
from dedupe.clean.kept import keep_all
from dedupe.documents import documents_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dedupe.names import Names

PAIRS = pa.schema(
    [
        ("a", pa.int64()),
        ("b", pa.int64()),
        ("relation", pa.string()),
        ("same_story", pa.bool_()),
        ("probability", pa.float64()),
        ("resemblance", pa.float64()),
        ("containment_a", pa.float64()),
        ("containment_b", pa.float64()),
        ("longest_run", pa.int64()),
    ]
)
PASSAGES = pa.schema(
    [(name, pa.int64()) for name in ("pair", "a_start", "a_end", "b_start", "b_end")]
)

BODY = (
    "The harbour council voted on Monday to rebuild the old ferry pier before winter. "
    "Engineers said the piles had rotted faster than anyone expected, and that the "
    "night boat could not berth in a southerly gale. The work will cost nine million "
    "crowns, half of it borrowed against future tolls."
)
"""A story, fiction, for every document that needs one."""


def pair(a: int, b: int, relation: str = "repost", **measures: float) -> dict[str, Any]:
    """Return a row of the pairs table; equal texts unless measures say otherwise."""
    row = {"resemblance": 1.0, "containment_a": 1.0, "containment_b": 1.0, "longest_run": 40}
    same = relation not in ("roundup", "partial", "same_event", "template", "unrelated")
    return {
        "a": a,
        "b": b,
        "relation": relation,
        "same_story": same,
        "probability": 0.9,
        **row,
        **measures,
    }


def judge(
    documents: Sequence[dict[str, Any]],
    stories: Sequence[int] | None = None,
    pairs: Sequence[dict[str, Any]] | None = None,
    passages: Sequence[Sequence[int]] | None = None,
    names: Names | None = None,
) -> Attribution:
    """Attribute documents; one story, all pairs measured, unless told otherwise.

    Documents get ids d000, d001 in their order, and a text of their own if they have none.
    """
    rows = [{"id": f"d{place:03}", "text": BODY, **given} for place, given in enumerate(documents)]
    table = documents_table(rows)
    if pairs is None:
        pairs = [pair(a, b) for a in range(len(rows)) for b in range(a + 1, len(rows))]
    labels = np.zeros(len(rows), np.int64) if stories is None else np.array(stories, np.int64)
    spans = [dict(zip(PASSAGES.names, passage, strict=True)) for passage in passages or ()]
    return attribute(
        table,
        labels,
        pa.Table.from_pylist(list(pairs), schema=PAIRS),
        pa.Table.from_pylist(spans, schema=PASSAGES),
        harvest(table, keep_all(table), names),
        names,
    )


def origin(found: Attribution, story: int = 0) -> dict[str, Any]:
    """Return the ORIGIN object of one story."""
    answer: dict[str, Any] = found.stories[story]["origin"]
    return answer


QUOTATION = """We will not rest until the last family has a roof again, and whoever profited from \
these delays will answer for it before a judge, no matter how high the office they hold or how \
long they have held it,"""
"""What somebody said, without its marks."""

QUOTING = [
    """Work on the flood barrier stopped on Friday when the builder's cranes were seized by a \
bank. Its gates lie on a quay in the next county, where the yard wants to be paid. {} Fishermen \
have begun to move their sheds uphill, and the church has opened its hall to all behind it.""",
    """Nine months after the fire in the cannery district four hundred people live in caravans. \
Their children walk an hour to school along the bypass. {} The insurers say that they have \
settled three claims in five. An architect has drawn terraces of timber, but the plots belong to \
eleven heirs who do not speak to one another.""",
]
"""Stories that have only that in common, {} where it stands."""
