"""A result in; who copies whom across its stories, out.

    Result  ->  sources()  ->  Network: outlets, edges  ->  GraphML, Parquet

An edge leads from the outlet that was copied to the one that copied it. Only
documents whose likely parent or absent source has a name count, and an
outlet's own versions are no copies. Lags are between the clocks as stated: a
negative one contradicts the verdict.
"""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from xml.etree import ElementTree as ET

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedupe.dates import HOUR_MICROSECONDS
from dedupe.documents import one_array
from dedupe.errors import InputError
from dedupe.in_place import put_in_place

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from dedupe.result import Result


_OUTLETS = pa.schema(
    [
        ("outlet", pa.string()),
        ("documents", pa.int64()),
        ("originals", pa.int64()),
        ("copied", pa.int64()),
        ("copies", pa.int64()),
        ("median_lag_hours", pa.float64()),
        ("uncredited", pa.float64()),
    ]
)


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

    def write_graphml(self, path: str | Path) -> None:
        """Write a directed graph: outlets are nodes, an edge runs from source to copier.

        Raises:
            OutputError: the file cannot be written.
        """
        tree = ET.ElementTree(_graph(self))
        ET.indent(tree)
        with put_in_place(Path(path)) as beside:
            tree.write(beside, encoding="utf-8", xml_declaration=True)

    def write_parquet(self, path: str | Path) -> None:
        """Write the edges.

        Raises:
            OutputError: the file cannot be written.
        """
        import pyarrow.parquet as pq

        # Arrow opens no path that is not UTF-8.
        with put_in_place(Path(path)) as beside, beside.open("wb") as file:
            pq.write_table(self.edges, file, compression="zstd")


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
    return count_copies(result, outlet_names(result))


def count_copies(result: Result, outlets: pa.Array) -> Network:
    """Count who copies whom, as `sources` does.

    Args:
        result: of a run, or loaded from its folder.
        outlets: what `outlet_names` returned of it.
    """
    parents = one_array(result.documents["parent_name"])
    rows = pc.indices_nonzero(pc.not_equal(parents, outlets))
    ends = pa.concat_arrays([parents.take(rows), outlets.take(rows)]).dictionary_encode()
    names, codes = ends.dictionary.to_pylist(), ends.indices.to_numpy()
    originals: Counter[str | None] = Counter()
    credited: list[str] = []
    for story in result.stories:
        originals[story["origin"]["name"]] += 1
        credited += story["credited"]
    copies = _Copies(
        source=codes[: len(rows)],
        copier=codes[len(rows) :],
        lag_hours=_lag_hours(result.documents, rows),
        is_credited=_are_among(result.documents["id"], credited, rows),
    )
    return Network(
        outlets=_outlet_table(outlets, originals, copies, names),
        edges=_edge_table(copies, names),
    )


def outlet_names(result: Result) -> pa.Array:
    """Return what each document's outlet is called: an Arrow array of strings, null where unknown.

    An outlet that a story, or a copy, calls by a name is called so throughout.

    Raises:
        InputError: the run's file of names is gone, or of another form.
    """
    from dedupe.names import default_names
    from dedupe.settings import Settings

    try:
        names = Settings(names=result.run.get("settings", {}).get("names", "")).known_names()
    except InputError as error:
        raise InputError(f"{error}; this run was made with it") from error
    names = names or default_names()
    documents = result.documents
    # Sources recur: each is looked up once.
    given = one_array(documents["source"]).dictionary_encode()
    learned = _learned(result, given)
    listed = enumerate(given.dictionary.to_pylist())
    called = [learned.get(code) or names.outlet(source) for code, source in listed]
    by_source = pa.array(called, pa.string()).take(given.indices)
    url = pc.if_else(pc.is_valid(by_source), None, one_array(documents["url"])).dictionary_encode()
    found = [names.outlet(None, one) for one in url.dictionary.to_pylist()]
    return pc.coalesce(by_source, pa.array(found, pa.string()).take(url.indices))


def _learned(result: Result, given: pa.DictionaryArray) -> dict[int, str]:
    """Return by the code of a source what parents and origins of that source are called."""
    documents = result.documents
    origins = {one["document"]: one["name"] for one in (row["origin"] for row in result.stories)}
    about = [one_array(documents["parent"]), pa.array(list(origins), pa.string())]
    names = [one_array(documents["parent_name"]), pa.array(list(origins.values()), pa.string())]
    rows = pc.index_in(pa.concat_arrays(about), value_set=one_array(documents["id"]))
    table = pa.table({"source": given.indices.take(rows), "name": pa.concat_arrays(names)})
    # One thread keeps the order, so that of two names the same one holds each time.
    found = table.drop_null().group_by(["source", "name"], use_threads=False).aggregate([])
    return {row["source"]: row["name"] for row in found.to_pylist()}


class _Copies(NamedTuple):
    """Documents that one outlet has from another.

    Shapes (C copies)
        source, copier  int32 (C,)    codes of outlets
        lag_hours       float64 (C,)  not a number where a clock is missing
        is_credited     bool (C,)
    """

    source: NDArray[np.int32]
    copier: NDArray[np.int32]
    lag_hours: NDArray[np.float64]
    is_credited: NDArray[np.bool_]


def _are_among(ids: pa.ChunkedArray, some: Sequence[str], rows: pa.Array) -> NDArray[np.bool_]:
    """Say which rows hold one of some ids."""
    found = pc.is_in(one_array(ids).take(rows), value_set=pa.array(some, pa.string()))
    return np.asarray(found.to_numpy(zero_copy_only=False), np.bool_)


class _Tally(NamedTuple):
    """Copies counted by a key: each figure in the order of the keys, which rise."""

    keys: list[int]
    copies: list[int]
    median_lag_hours: list[float | None]
    credited: list[float]

    @classmethod
    def of(cls, keys: NDArray[np.int64], copies: _Copies) -> _Tally:
        """Count the copies of each key, one a copy."""
        distinct, group, n_copies = np.unique(keys, return_inverse=True, return_counts=True)
        # Unknown lags stand last in each group.
        lags = copies.lag_hours[np.lexsort((copies.lag_hours, group))]
        n_known = np.bincount(group[~np.isnan(copies.lag_hours)], minlength=len(distinct))
        starts = np.cumsum(n_copies) - n_copies
        low, high = (lags[starts + middle] for middle in ((n_known - 1) // 2, n_known // 2))
        medians = zip(((low + high) / 2).tolist(), n_known.tolist(), strict=True)
        n_credited = np.bincount(group[copies.is_credited], minlength=len(distinct))
        return cls(
            distinct.tolist(),
            n_copies.tolist(),
            [round(median, 2) if known else None for median, known in medians],
            (n_credited / n_copies).tolist(),
        )


def _lag_hours(documents: pa.Table, rows: pa.Array) -> NDArray[np.float64]:
    """Return how long after its parent each of some documents was published."""
    # Moments as whole numbers: microseconds.
    clock = one_array(documents["published"]).cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())
    parents = one_array(documents["parent"]).take(rows)
    before = clock.take(pc.index_in(parents, value_set=one_array(documents["id"])))
    lag = pc.subtract(clock.take(rows), before).cast(pa.float64())
    return np.asarray(pc.divide(lag, HOUR_MICROSECONDS).fill_null(math.nan))


def _edge_table(copies: _Copies, names: Sequence[str]) -> pa.Table:
    tally = _Tally.of(copies.source * np.int64(len(names)) + copies.copier, copies)
    ends = [(names[key // len(names)], names[key % len(names)]) for key in tally.keys]
    ranked = sorted(range(len(ends)), key=lambda place: (-tally.copies[place], ends[place]))
    columns = {
        "source": pa.array([source for source, _ in ends], pa.string()),
        "copier": pa.array([copier for _, copier in ends], pa.string()),
        "copies": pa.array(tally.copies, pa.int64()),
        "median_lag_hours": pa.array(tally.median_lag_hours, pa.float64()),
        "credited": pa.array(tally.credited, pa.float64()),
    }
    return pa.table(columns).take(pa.array(ranked, pa.int64()))


def _outlet_table(
    outlets: pa.Array,
    originals: Mapping[str | None, int],
    copies: _Copies,
    names: Sequence[str],
) -> pa.Table:
    counted = {row["values"]: row["counts"] for row in outlets.value_counts().to_pylist()}
    copied = Counter(names[code] for code in copies.source.tolist())
    tally = _Tally.of(copies.copier.astype(np.int64), copies)
    taken = dict(zip((names[key] for key in tally.keys), zip(*tally[1:], strict=True), strict=True))
    rows = []
    for outlet in {*counted, *originals, *names} - {None}:
        n_taken, lag, credited = taken.get(outlet, (0, None, None))
        rows.append(
            {
                "outlet": outlet,
                "documents": counted.get(outlet, 0),
                "originals": originals.get(outlet, 0),
                "copied": copied[outlet],
                "copies": n_taken,
                "median_lag_hours": lag,
                "uncredited": None if credited is None else 1 - credited,
            }
        )
    rows.sort(key=lambda one: (-one["copied"], -one["originals"], -one["copies"], one["outlet"]))
    return pa.Table.from_pylist(rows, schema=_OUTLETS)


def _graph(network: Network) -> ET.Element:
    # As an attribute: a prefix registered with ElementTree would hold for the whole process, and
    # its option for a default namespace refuses attributes without one, as GraphML has them.
    root = ET.Element("graphml", {"xmlns": "http://graphml.graphdrawing.org/xmlns"})
    kinds = {"int64": "long", "double": "double"}
    graph = ET.Element("graph", {"edgedefault": "directed", "id": "sources"})
    tables = (("node", network.outlets, ("outlet",)), ("edge", network.edges, ("source", "copier")))
    for element, table, ends in tables:
        for field in table.schema:
            if field.name not in ends:
                said = {
                    "for": element,
                    "attr.name": field.name,
                    "attr.type": kinds[str(field.type)],
                }
                ET.SubElement(root, "key", {"id": f"{element}_{field.name}", **said})
        for row in table.to_pylist():
            where = [_xml(row.pop(end)) for end in ends]
            place = (
                {"id": where[0]}
                if element == "node"
                else dict(zip(("source", "target"), where, strict=True))
            )
            item = ET.SubElement(graph, element, place)
            for name, value in row.items():
                if value is not None:
                    ET.SubElement(item, "data", {"key": f"{element}_{name}"}).text = str(value)
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
