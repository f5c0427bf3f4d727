"""A result in; who copies whom across its stories, out.

    Result  ->  sources()  ->  Network: outlets, edges  ->  GraphML, Parquet

An edge leads from the outlet that was copied to the one that copied it. Only
documents whose likely parent or absent source has a name count, and an
outlet's own versions are no copies. Lags are between the clocks as stated: a
negative one contradicts the verdict.
"""

from __future__ import annotations

import dataclasses
import statistics
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from dedupe.dates import HOUR_MICROSECONDS
from dedupe.errors import InputError
from dedupe.in_place import put_in_place

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import pyarrow as pa

    from dedupe.result import Result


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Who copies whom.

    Attributes:
        outlets: table of `outlet`, `documents` (0: not in the collection),
            `originals` (stories whose likely origin it is), `copied` (copies
            that others took from it), `copies` (that it took from others),
            `median_lag_hours` of its copies (null where no clock tells) and
            `uncredited` (share of its copies of which no credit is known).
        edges: table of `source`, `copier`, `copies`, `median_lag_hours` and
            `credited` (share of them), most copies first.
    """

    outlets: pa.Table
    edges: pa.Table

    def write_graphml(self, path: Path) -> None:
        """Write a directed graph: outlets are nodes, an edge runs from source to copier.

        Raises:
            OutputError: the file cannot be written.
        """
        ET.register_namespace("", "http://graphml.graphdrawing.org/xmlns")
        tree = ET.ElementTree(_graph(self))
        ET.indent(tree)
        with put_in_place(path) as beside:
            tree.write(beside, encoding="utf-8", xml_declaration=True)

    def write_parquet(self, path: Path) -> None:
        """Write the edges.

        Raises:
            OutputError: the file cannot be written.
        """
        import pyarrow.parquet as pq

        with put_in_place(path) as beside:
            pq.write_table(self.edges, beside, compression="zstd")


def sources(result: Result | str | Path) -> Network:
    """Count who copies whom across the stories of a result, or of its folder.

    A copy is credited where it names its parent, or the story's origin, as its
    source: `credited` of the story lists such documents.

    Raises:
        InputError: the run's file of names is gone, or of another form.
        OutputError: no result in the folder.
    """
    from dedupe.result import Result

    result = result if isinstance(result, Result) else Result.load(result)
    rows = _named(result)
    by_id = {row["id"]: row for row in rows}
    credited = {document for story in result.stories for document in story["credited"]}
    edges: dict[tuple[str, str], list[tuple[float | None, bool]]] = {}
    for row in rows:
        source, copier = row["parent_name"], row["outlet"]
        if not source or not copier or source == copier:
            continue
        lag = _lag_hours(by_id.get(row["parent"] or ""), row)
        edges.setdefault((source, copier), []).append((lag, row["id"] in credited))
    return Network(outlets=_outlet_table(rows, result.stories, edges), edges=_edge_table(edges))


def _named(result: Result) -> list[dict[str, Any]]:
    """Return the documents, each with its outlet called as stories call it.

    `published` is in microseconds.
    """
    import pyarrow as pa

    from dedupe.names import default_names
    from dedupe.settings import Settings

    try:
        names = Settings(names=result.run.get("settings", {}).get("names", "")).known_names()
    except InputError as error:
        raise InputError(f"{error}; this run was made with it") from error
    names = names or default_names()
    columns = ["id", "parent", "parent_name", "source", "url"]
    # A million moments as whole numbers take a tenth of the time that they take as objects.
    clock = result.documents["published"].cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())
    table = result.documents.select(columns).append_column("published", clock)
    rows: list[dict[str, Any]] = table.to_pylist()
    called = {row["parent"]: row["parent_name"] for row in rows if row["parent"]}
    for story in result.stories:
        called[story["origin"]["document"]] = story["origin"]["name"]
    # An outlet that pages call by a name is called so throughout.
    learned = {row["source"]: called[row["id"]] for row in rows if called.get(row["id"])}
    for row in rows:
        outlet = learned.get(row["source"]) if row["source"] else None
        row["outlet"] = outlet or names.outlet(row["source"], row["url"])
    return rows


def _lag_hours(parent: Mapping[str, Any] | None, row: Mapping[str, Any]) -> float | None:
    if parent is None or parent["published"] is None or row["published"] is None:
        return None
    hours: float = (row["published"] - parent["published"]) / HOUR_MICROSECONDS
    return hours


def _median(lags: Iterable[float | None]) -> float | None:
    known = [lag for lag in lags if lag is not None]
    return round(statistics.median(known), 2) if known else None


def _edge_table(edges: Mapping[tuple[str, str], list[tuple[float | None, bool]]]) -> pa.Table:
    import pyarrow as pa

    ranked = sorted(edges.items(), key=lambda edge: (-len(edge[1]), edge[0]))
    rows = [
        {
            "source": source,
            "copier": copier,
            "copies": len(copies),
            "median_lag_hours": _median(lag for lag, _ in copies),
            "credited": sum(known for _, known in copies) / len(copies),
        }
        for (source, copier), copies in ranked
    ]
    kinds = [pa.string(), pa.string(), pa.int64(), pa.float64(), pa.float64()]
    names = ("source", "copier", "copies", "median_lag_hours", "credited")
    return pa.Table.from_pylist(rows, schema=pa.schema(list(zip(names, kinds, strict=True))))


def _outlet_table(
    rows: Iterable[Mapping[str, Any]],
    stories: Iterable[Mapping[str, Any]],
    edges: Mapping[tuple[str, str], list[tuple[float | None, bool]]],
) -> pa.Table:
    import pyarrow as pa

    counts: dict[str, dict[str, Any]] = {}

    def add(outlet: str | None, column: str, n: int = 1) -> None:
        if outlet:
            blank = {"documents": 0, "originals": 0, "copied": 0, "copies": 0}
            counts.setdefault(outlet, blank)[column] += n

    for row in rows:
        add(row["outlet"], "documents")
    for story in stories:
        add(story["origin"]["name"], "originals")
    taken: dict[str, list[tuple[float | None, bool]]] = {}
    for (source, copier), copies in edges.items():
        add(source, "copied", len(copies))
        add(copier, "copies", len(copies))
        taken.setdefault(copier, []).extend(copies)
    found = [
        {
            "outlet": outlet,
            **numbers,
            "median_lag_hours": _median(lag for lag, _ in taken.get(outlet, ())),
            "uncredited": 1 - sum(known for _, known in taken[outlet]) / len(taken[outlet])
            if outlet in taken
            else None,
        }
        for outlet, numbers in counts.items()
    ]
    found.sort(key=lambda one: (-one["copied"], -one["originals"], -one["copies"], one["outlet"]))
    names = ("outlet", "documents", "originals", "copied", "copies", "median_lag_hours")
    kinds = [pa.string(), *[pa.int64()] * 4, pa.float64()]
    fields = [*zip(names, kinds, strict=True), ("uncredited", pa.float64())]
    return pa.Table.from_pylist(found, schema=pa.schema(fields))


def _graph(network: Network) -> ET.Element:
    space = "{http://graphml.graphdrawing.org/xmlns}"
    root = ET.Element(f"{space}graphml")
    kinds = {"int64": "long", "double": "double"}
    graph = ET.Element(f"{space}graph", {"edgedefault": "directed", "id": "sources"})
    tables = (("node", network.outlets, ("outlet",)), ("edge", network.edges, ("source", "copier")))
    for element, table, ends in tables:
        for field in table.schema:
            if field.name not in ends:
                said = {
                    "for": element,
                    "attr.name": field.name,
                    "attr.type": kinds[str(field.type)],
                }
                ET.SubElement(root, f"{space}key", {"id": f"{element}_{field.name}", **said})
        for row in table.to_pylist():
            where = [_xml(row.pop(end)) for end in ends]
            place = (
                {"id": where[0]}
                if element == "node"
                else dict(zip(("source", "target"), where, strict=True))
            )
            item = ET.SubElement(graph, f"{space}{element}", place)
            for name, value in row.items():
                if value is not None:
                    ET.SubElement(item, f"{space}data", {"key": f"{element}_{name}"}).text = str(
                        value
                    )
    root.append(graph)
    return root


def _xml(text: str) -> str:
    """Return a name without what XML cannot hold."""
    return "".join(
        char
        if char >= " " and char not in "\ufffe\uffff" and not "\ud800" <= char <= "\udfff"
        else " "
        for char in text
    )
