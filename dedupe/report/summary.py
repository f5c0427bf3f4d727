"""A result in, its figures and its largest stories out.

Result  ->  survey()  ->  dict, ready for --json: what summarize() returns
                          rows of stories.jsonl, of the largest stories
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from dedupe.report.words import relation_rank, strongest_reason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from dedupe.result import Result


def summarize(result: Result, *, top: int = 10) -> dict[str, Any]:
    """Reduce a result to the figures and the largest stories a person wants.

    Args:
        result: of a run, or loaded from its folder.
        top: how many stories to describe; the others are only counted.

    Returns:
        A dict of plain values: `documents`, `stories` (of two documents or
        more), `duplicates` (documents beyond the first of each story; of a
        story that an earlier run holds, all new ones),
        `singles` (alone in their story), `derived` (from a source that is
        absent or unnamed), `rejects`, `bad_dates`, `capped_buckets`,
        `relations` (documents of each), `listed` (stories in stories.jsonl)
        and `largest`, a list of the first of them, largest first, ties by name.
    """
    return survey(result, top=top)[0]


def survey(result: Result, *, top: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return what `summarize` does, and the rows of the stories that it describes."""
    sizes = [_Size.of(place, story) for place, story in enumerate(result.stories)]
    shared = [one for one in sizes if one.size > 1]
    n_new = [one.size - one.n_earlier for one in shared]
    n_firsts = sum(not one.n_earlier for one in shared)
    relations = _count(result.documents["relation"])
    first = [result.stories[one.place] for one in sorted(sizes, key=_Size.rank)[:top]]
    members = _members(result.documents, [story["story"] for story in first])
    summary = {
        "documents": result.documents.num_rows,
        "stories": len(shared),
        "duplicates": sum(n_new) - n_firsts,
        "singles": result.documents.num_rows - sum(n_new),
        "derived": relations.get("derived", 0),
        "rejects": len(result.rejects),
        "bad_dates": sum(row.get("bad_dates", 0) for row in result.run.get("inputs", [])),
        "capped_buckets": result.run.get("capped_buckets", {}),
        "relations": relations,
        "listed": len(result.stories),
        "largest": [_describe(story, members.get(story["story"], [])) for story in first],
    }
    return summary, first


class _Size(NamedTuple):
    """How large a story is, and where its row stands: rows are too large to hold them all."""

    size: int
    story: str
    n_earlier: int
    place: int

    @classmethod
    def of(cls, place: int, story: Mapping[str, Any]) -> _Size:
        return cls(story["size"], story["story"], len(story.get("earlier", ())), place)

    def rank(self) -> tuple[int, str]:
        return -self.size, self.story


def _count(column: pa.ChunkedArray) -> dict[str, int]:
    counts = {row["values"]: row["counts"] for row in column.value_counts().to_pylist()}
    return dict(sorted(counts.items(), key=lambda item: relation_rank(item[0])))


def _members(documents: pa.Table, stories: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of some stories, by story, in input order."""
    import pyarrow as pa
    import pyarrow.compute as pc

    wanted = pc.is_in(documents["story"], value_set=pa.array(stories, pa.string()))
    columns = ["id", "story", "relation", "source", "title"]
    members: dict[str, list[dict[str, Any]]] = {}
    for row in documents.select(columns).filter(wanted).to_pylist():
        members.setdefault(row["story"], []).append(row)
    return members


def _describe(story: Mapping[str, Any], members: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    relations = Counter(row["relation"] for row in members)
    return {
        "story": story["story"],
        "title": _title(story, members),
        "size": story["size"],
        "sources": story["sources"],
        "first_published": story["first_published"],
        "origin": story["origin"],
        "reason": strongest_reason(story),
        "relations": dict(sorted(relations.items(), key=lambda item: relation_rank(item[0]))),
    }


def _title(story: Mapping[str, Any], members: Sequence[Mapping[str, Any]]) -> str | None:
    """Return the origin's headline, else the first member's that has one."""
    titles = {row["id"]: row["title"] for row in members if row["title"]}
    return titles.get(story["origin"]["document"]) or next(iter(titles.values()), None)
