"""The largest stories of a result in; what the page tells of each, out.

    Result, rows of stories  ->  tell()  ->  Account, one for each story

A page is read by a person, so everything has a bound: of a story of twenty
thousand copies it lists those nearest the origin, and says how many it leaves
out. Texts are not in a result: what is shared is told by its measures, with the
command that shows it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
import shlex
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from dedupe.report.drawing import Drawing, draw, in_order_of_copying
from dedupe.report.words import (
    counts_line,
    evidence_line,
    origin_name,
    plain,
    plural,
    shortened,
    speaks_for,
    without_line,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    import pyarrow as pa

    from dedupe.result import Result

MEMBERS = 3_000
"""Documents a page lists in all; exceeded only by the first ten of each story."""

_FEWEST, _MOST = 10, 100
"""A story lists so many documents at any rate, and at most, if it has them."""
_MOST_EVIDENCE = 8
_MOST_CANDIDATES = 5
_MOST_OUTLETS = 12
_MOST_PARTS = 20
_TITLE_CHARACTERS = 300
_NAME_CHARACTERS = 80
_SENTENCE_CHARACTERS = _LINK_CHARACTERS = 2_000
_COMMAND_CHARACTERS = 400
_NOTABLE = 0.005
"""A candidate that is less likely is not named: it would read 0.00."""

_LINK = re.compile(r"https?://[^\s<>\"'`\\]+", re.IGNORECASE)


class Member(NamedTuple):
    """A document as a row of its story's table.

    Attributes:
        id: of the document, shortened.
        outlet: its name as `outlet_names` of `network.py` gives it, else `source`.
        source: its source as given, else the host of its address.
        title: shortened.
        link: its address if that is http or https, else None.
        published: None if unknown.
        relation: in words.
        parent: the likely parent's name, "" where it has none.
        parent_id: "" where the parent is not in the collection.
        probability: of that parent.
        shared: what it has of its parent, in words.
        command: that shows what they share; "" where none can.
    """

    id: str
    outlet: str
    source: str
    title: str
    link: str | None
    published: datetime | None
    relation: str
    parent: str
    parent_id: str
    probability: float | None
    shared: str
    command: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What the page tells of a story.

    Attributes:
        anchor: where the story stands in the page, by its name and not by its rank, so that a
            link to it holds in the page of the next run.
        title: of the likely origin, or of another document.
        size: documents.
        outlets: the first few of their names; `n_outlets`: how many there are.
        first_published: as in stories.jsonl, None if unknown.
        origin: its name, or that nobody can tell.
        band: how sure that is: "high", "medium", "low", "unknown".
        probability: of the origin, None where nobody can tell.
        reason: the strongest sign of it, None where there is none.
        relations: of the other documents, counted in words.
        candidates: (name, probability) of the origins that are possible besides.
        decided: sentences: what a reader decided about its documents.
        speaks_for: sentences of evidence for the named origin.
        speaks_else: for another, or against it.
        without: sentences: who would be named without a kind of evidence.
        parts: of a page with pieces of several stories, where each likely came from.
        members: the documents, those nearest the origin first.
        left_out: how many documents `members` does not list.
        earlier: how many documents of an earlier run the story has besides.
        drawing: who copied whom; None of a story of one.
    """

    anchor: str
    title: str
    size: int
    outlets: list[str]
    n_outlets: int
    first_published: str | None
    origin: str
    band: str
    probability: float | None
    reason: str | None
    relations: str
    candidates: list[tuple[str, float]]
    decided: list[str]
    speaks_for: list[str]
    speaks_else: list[str]
    without: list[str]
    parts: list[str]
    members: list[Member]
    left_out: int
    earlier: int
    drawing: Drawing | None


def tell(
    result: Result,
    stories: Sequence[Mapping[str, Any]],
    described: Sequence[Mapping[str, Any]],
    outlets: pa.Array,
    folder: str,
) -> list[Account]:
    """Return an account of each story.

    Args:
        result: that the stories are of.
        stories: rows of stories.jsonl.
        described: the same stories as `summarize` describes them.
        outlets: what each document's outlet is called, null where nothing tells.
        folder: where the run stands, as commands name it.
    """
    import pyarrow as pa

    chosen = _chosen(result.documents, [story["story"] for story in stories])
    places = pa.array([place for rows in chosen.values() for place in rows], pa.int64())
    listed = result.documents.take(places).to_pylist()
    called = outlets.take(places).to_pylist()
    rows = [
        row | {"outlet": outlet or _source(row)} for row, outlet in zip(listed, called, strict=True)
    ]
    shared = _Shared(result, rows, folder)
    members: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        members.setdefault(row["story"], []).append(row)
    return [
        _account(story, told, members.get(story["story"], []), shared)
        for story, told in zip(stories, described, strict=True)
    ]


def _chosen(documents: pa.Table, stories: Sequence[str]) -> dict[str, list[int]]:
    """Return the rows of the documents that each story lists, in order of copying.

    Every story lists its first few; what is left goes to the largest.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    table = documents.select(["story", "relation", "published", "id", "parent"])
    table = table.append_column("place", pa.array(range(table.num_rows), pa.int64()))
    table = table.filter(pc.is_in(table["story"], value_set=pa.array(stories, pa.string())))
    table = table.append_column("follows", pc.not_equal(table["relation"], "origin"))
    # Siblings come by date, undated ones last, then by id; the origin before all.
    keys = [(name, "ascending") for name in ("follows", "published", "id")]
    columns = (table.sort_by(keys)[name].to_pylist() for name in ("story", "id", "parent", "place"))
    held: dict[str, list[tuple[str, str | None, int]]] = {name: [] for name in stories}
    for story, *row in zip(*columns, strict=True):
        held[story].append(tuple(row))
    left = MEMBERS - sum(min(len(rows), _FEWEST) for rows in held.values())
    chosen = {}
    for story, rows in held.items():
        more = max(0, min(left, min(len(rows), _MOST) - _FEWEST))
        left -= more
        chosen[story] = in_order_of_copying(rows)[: _FEWEST + more]
    return chosen


def _account(
    story: Mapping[str, Any],
    described: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    shared: _Shared,
) -> Account:
    origin, earlier = story["origin"], len(story.get("earlier", ()))
    decided: list[str] = []
    sides: dict[bool, list[str]] = {True: [], False: []}
    for row in story["evidence"]:
        side = decided if row["signal"] == "reader" else sides[speaks_for(row, origin)]
        side.append(evidence_line(row))
    return Account(
        anchor=_anchor(story["story"]),
        title=shortened(described["title"] or story["story"], _TITLE_CHARACTERS),
        size=story["size"],
        outlets=[shortened(name, _NAME_CHARACTERS) for name in story["sources"][:_MOST_OUTLETS]],
        n_outlets=len(story["sources"]),
        first_published=story["first_published"],
        origin=shortened(origin_name(origin), _TITLE_CHARACTERS),
        band=origin["band"],
        probability=origin["probability"],
        reason=described["reason"] and shortened(described["reason"], _TITLE_CHARACTERS),
        relations=counts_line(described["relations"]),
        candidates=_others(story),
        decided=_first_of(decided),
        speaks_for=_first_of(sides[True]),
        speaks_else=_first_of(sides[False]),
        without=[without_line(row) for row in story.get("counterfactuals", [])],
        parts=[_part(row) for row in story.get("passage_parents", [])[:_MOST_PARTS]],
        members=[shared.member(row) for row in rows],
        left_out=max(0, story["size"] - earlier - len(rows)),
        earlier=earlier,
        drawing=draw(rows) if len(rows) > 1 or any(row["parent_name"] for row in rows) else None,
    )


def _anchor(story: str) -> str:
    """Return a fragment of an address for a story, whatever its name holds."""
    return f"story-{hashlib.blake2b(story.encode(), digest_size=8).hexdigest()}"


def _others(story: Mapping[str, Any]) -> list[tuple[str, float]]:
    """Return the candidates besides the named origin, likeliest first."""
    named = {key: story["origin"][key] for key in ("name", "document")}
    return [
        (shortened(origin_name(one), _TITLE_CHARACTERS), one["probability"])
        for one in story["candidates"]
        if {key: one[key] for key in named} != named and one["probability"] >= _NOTABLE
    ][:_MOST_CANDIDATES]


def _first_of(sentences: Iterable[str]) -> list[str]:
    """Return the first few sentences, each once: several clues may say the same."""
    return [shortened(one, _SENTENCE_CHARACTERS) for one in list(dict.fromkeys(sentences))][
        :_MOST_EVIDENCE
    ]


def _part(row: Mapping[str, Any]) -> str:
    name = shortened(row["parent_name"] or row["parent"], _NAME_CHARACTERS)
    where = f" ({shortened(row['parent'], _NAME_CHARACTERS)})" if row["parent"] else ""
    return (
        f"characters {row['start']:,} to {row['end']:,}: {name or 'a source without a name'}"
        f"{where}, {row['probability']:.2f}"
    )


def _source(row: Mapping[str, Any]) -> str:
    """Return a document's source as given, else the host of its address."""
    link = safe_link(row["url"])
    return row["source"] or (link and urlsplit(link).hostname) or "no outlet given"


def _parent(row: Mapping[str, Any]) -> str | None:
    """Return what a document's likely parent is called, None where it has none."""
    unnamed = "a source without a name" if row["relation"] == "derived" else None
    return row["parent_name"] or row["parent"] or unnamed


def safe_link(url: str | None) -> str | None:
    """Return an address that a browser may open: http or https, and nothing odd in it."""
    if not url or len(url) > _LINK_CHARACTERS or plain(url) != url or not _LINK.fullmatch(url):
        return None
    try:
        return url if urlsplit(url).hostname else None
    except ValueError:
        return None


class _Shared:
    """What documents share with their parents, by the pairs and passages of the run.

    Args:
        result: of the run.
        rows: documents that are listed.
        folder: where the run stands, as commands name it.
    """

    def __init__(self, result: Result, rows: Iterable[Mapping[str, Any]], folder: str) -> None:
        import pyarrow as pa

        from dedupe.read import paths_to_reread

        self._folder = folder
        self._readable = bool(paths_to_reread(result.run))
        rows = list(rows)
        self._known = _known(result.documents, [row["parent"] for row in rows if row["parent"]])
        ids = pa.array([name for row in rows for name in (row["id"], row["parent"]) if name])
        self._pairs = {(row["a"], row["b"]): row for row in _between(result.pairs, ids)}
        self._passages: dict[tuple[str, str], int] = {}
        for row in _between(result.passages.select(["a", "b"]), ids):
            key = row["a"], row["b"]
            self._passages[key] = self._passages.get(key, 0) + 1

    def member(self, row: Mapping[str, Any]) -> Member:
        """Return a document as a row of its story's table."""
        return Member(
            id=shortened(row["id"], _NAME_CHARACTERS),
            outlet=shortened(row["outlet"], _NAME_CHARACTERS),
            source=shortened(_source(row), _NAME_CHARACTERS),
            title=shortened(row["title"], _TITLE_CHARACTERS),
            link=safe_link(row["url"]),
            published=row["published"],
            relation=row["relation"].replace("_", " "),
            parent=shortened(_parent(row), _NAME_CHARACTERS),
            parent_id=shortened(row["parent"], _NAME_CHARACTERS),
            probability=row["parent_probability"],
            shared=self._measures(row),
            command=self._command(row),
        )

    def _measures(self, row: Mapping[str, Any]) -> str:
        if not row["parent"]:
            return ""
        key = min(row["id"], row["parent"]), max(row["id"], row["parent"])
        pair, n_passages = self._pairs.get(key), self._passages.get(key, 0)
        says = []
        if pair and pair["containment_a"] is not None:
            share = pair["containment_a" if row["id"] == key[0] else "containment_b"]
            says += [
                f"{share:.0%} of its text",
                f"longest run {plural(pair['longest_run'], 'word')}",
            ]
        return ", ".join(says + ([plural(n_passages, "passage")] if n_passages else []))

    def _command(self, row: Mapping[str, Any]) -> str:
        """Return the command that shows a document and its parent side by side."""
        if row["parent"] not in self._known:
            return ""
        ids = [row["id"], row["parent"]]
        # An id that begins with a hyphen would be read as an option.
        ends = ["--"] if any(name.startswith("-") for name in (self._folder, *ids)) else []
        again = [] if self._readable else ["--inputs", "FILE"]
        command = shlex.join(["dedupe", "explain", *again, *ends, self._folder, *ids])
        # As the page shows it: a folder may have bytes in its name that are no text.
        shown = plain(command.encode("utf-8", "replace").decode())
        return command if shown == command and len(command) <= _COMMAND_CHARACTERS else ""


def _known(documents: pa.Table, ids: Sequence[str]) -> set[str]:
    """Return which of some ids are documents of the run, and not of an earlier one."""
    import pyarrow as pa
    import pyarrow.compute as pc

    wanted = pc.is_in(documents["id"], value_set=pa.array(ids, pa.string()))
    return set(documents["id"].filter(wanted).to_pylist())


def _between(table: pa.Table, ids: pa.Array) -> list[dict[str, Any]]:
    """Return the rows of pairs or passages whose two documents are both among some."""
    import pyarrow.compute as pc

    ids = ids.cast("string")
    for side in ("a", "b"):
        table = table.filter(pc.is_in(table[side], value_set=ids))
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows
