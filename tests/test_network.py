"""Who copies whom: counts, lags, credits, and the network as files."""

import contextlib
import dataclasses
import resource
import signal
import statistics
import tracemalloc
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedupe.errors import InputError, OutputError
from dedupe.network import Network, sources
from dedupe.result import DOCUMENTS, Result
from tests import invented

SPACE = "{http://graphml.graphdrawing.org/xmlns}"


def press(absent: str = "Pier & Sons <wire>") -> Result:
    def at(hour: int) -> datetime:
        return datetime(2021, 3, 4, hour, tzinfo=UTC)

    first = {"story": "a", "parent": "a", "parent_name": "One", "relation": "repost"}
    rows = [
        invented.document("a", source="One", relation="origin", published=at(1)),
        invented.document("b", source="Two", published=at(3), **first),
        invented.document("c", source="Two", published=at(7), **first),
        invented.document("d", source="One", published=at(9), **first),
        invented.document("e", source="Two", relation="derived", parent_name=absent),
        invented.document("f", source=None),
    ]
    origin = invented.HARBOUR | {"name": "One", "document": "a"}
    return dataclasses.replace(
        invented.newsroom(),
        documents=pa.Table.from_pylist(rows, schema=DOCUMENTS),
        stories=[invented.story("a", list("abcd"), origin=origin, credited=["b"])],
    )


def test_sources__edges_count_copies_lags_and_credits() -> None:
    first, second = sources(press()).edges.to_pylist()
    assert first == {
        "source": "One", "copier": "Two", "copies": 2, "median_lag_hours": 4.0, "credited": 0.5,
    }  # fmt: skip
    assert (second["copies"], second["median_lag_hours"]) == (1, None)


def test_sources__takes_a_folder_too(tmp_path: Path) -> None:
    result = press()
    result.save(tmp_path / "stories")
    for folder in (tmp_path / "stories", str(tmp_path / "stories")):
        assert sources(folder).edges.equals(sources(result).edges)


def test_sources__says_whose_the_lost_file_of_names_was() -> None:
    lost = dataclasses.replace(press(), run={"settings": {"names": "lost.json"}})
    with pytest.raises(
        InputError, match=r"lost\.json: the file of names .* this run was made with"
    ):
        sources(lost)


def test_sources__an_outlets_own_versions_are_no_copies() -> None:
    network = sources(press())
    outlets = {row["outlet"]: row for row in network.outlets.to_pylist()}
    assert outlets["One"]["copies"] == 0
    assert (outlets["One"]["originals"], outlets["One"]["copied"]) == (1, 2)
    assert outlets["Two"]["copies"] == 3
    assert outlets["Two"]["uncredited"] == 1 - 1 / 3
    assert outlets["Pier & Sons <wire>"]["documents"] == 0


def test_sources__graphml_names_nodes_edges_and_the_types_of_their_data(tmp_path: Path) -> None:
    network = sources(press("Pier\x00 & <wire>"))
    known = dict(ET._namespace_map)  # type: ignore[attr-defined]
    network.write_graphml(str(tmp_path / "n.graphml"))
    assert ET._namespace_map == known  # type: ignore[attr-defined]
    assert b'<graphml xmlns="http://' in (tmp_path / "n.graphml").read_bytes()
    root = ET.parse(tmp_path / "n.graphml").getroot()  # noqa: S314 - our own
    keys = {key.get("id"): key for key in root.iter(f"{SPACE}key")}
    nodes = {node.get("id") for node in root.iter(f"{SPACE}node")}
    edges = list(root.iter(f"{SPACE}edge"))
    assert nodes == {"One", "Two", "Pier  & <wire>"}
    assert {(edge.get("source"), edge.get("target")) for edge in edges} == {
        ("One", "Two"), ("Pier  & <wire>", "Two"),
    }  # fmt: skip
    for data in root.iter(f"{SPACE}data"):
        kind = {"long": int, "double": float}[keys[data.get("key")].get("attr.type") or ""]
        assert kind(data.text or "") is not None


def test_sources__parquet_holds_the_edges(tmp_path: Path) -> None:
    network = sources(press())
    for path in (tmp_path / "n.parquet", str(tmp_path / "s.parquet")):
        network.write_parquet(path)
        assert pq.read_table(path).equals(network.edges)


@pytest.mark.parametrize("write", [Network.write_graphml, Network.write_parquet])
def test_write__what_stood_there_stays_until_all_is_written(
    write: Callable[[Network, Path], None], tmp_path: Path
) -> None:
    file = tmp_path / "network"
    file.write_bytes(b"as it was")
    with file_size_limit(100), pytest.raises(OutputError, match="network: cannot be written"):
        write(sources(press()), file)
    assert file.read_bytes() == b"as it was"
    assert list(tmp_path.iterdir()) == [file]


@contextlib.contextmanager
def file_size_limit(n_bytes: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


OUTLETS = ["One", "Two", "cnn.com", "edition.cnn.com", None]
COPIES = st.lists(
    st.tuples(
        st.sampled_from(OUTLETS),
        st.integers(0, 19) | st.none(),
        st.none() | st.integers(0, 50),
        st.booleans(),
    ),
    max_size=20,
)


@given(COPIES)
def test_sources__counts_what_obvious_code_counts(given_copies: list[Any]) -> None:
    """Each document is: its source, the place of its parent or none, an hour or none, credit."""
    called = {"cnn.com": "CNN", "edition.cnn.com": "CNN"}
    outlets = [called.get(source, source) for source, *_ in given_copies]
    rows, expected, documents = [], defaultdict(list), Counter(filter(None, outlets))
    for place, (source, parent, hour, credit) in enumerate(given_copies):
        at = None if hour is None else datetime(2021, 3, 4, tzinfo=UTC) + timedelta(hours=hour)
        row = invented.document(f"d{place}", source=source, published=at)
        if parent is not None and parent < len(outlets) and parent != place:
            row |= {"parent": f"d{parent}", "parent_name": outlets[parent]}
            known = hour is not None and given_copies[parent][2] is not None
            lag = hour - given_copies[parent][2] if known else None
            if outlets[parent] and outlets[place] and outlets[parent] != outlets[place]:
                expected[outlets[parent], outlets[place]].append((lag, credit))
        rows.append(row)
    credited = [f"d{place}" for place, one in enumerate(given_copies) if one[3]]
    origin = invented.HARBOUR | {"name": "Two", "document": None, "in_collection": False}
    result = dataclasses.replace(
        invented.newsroom(),
        documents=pa.Table.from_pylist(rows, schema=DOCUMENTS),
        stories=[invented.story("d0", [], origin=origin, credited=credited)],
    )
    network = sources(result)
    edges = {(row.pop("source"), row.pop("copier")): row for row in network.edges.to_pylist()}
    assert edges == {ends: figures(copies) for ends, copies in expected.items()}
    counted = {row["outlet"]: row for row in network.outlets.to_pylist()}
    assert counted.keys() == {*documents, "Two"}
    for outlet, row in counted.items():
        taken = [one for ends, copies in expected.items() if ends[1] == outlet for one in copies]
        given_away = sum(len(copies) for ends, copies in expected.items() if ends[0] == outlet)
        told = figures(taken)
        share = told.pop("credited")
        assert row == {
            "outlet": outlet,
            "documents": documents[outlet],
            "originals": int(outlet == "Two"),
            "copied": given_away,
            "uncredited": None if share is None else 1 - share,
            **told,
        }


def figures(copies: list[tuple[int | None, bool]]) -> dict[str, Any]:
    lags = [lag for lag, _ in copies if lag is not None]
    return {
        "copies": len(copies),
        "median_lag_hours": round(statistics.median(lags), 2) if lags else None,
        "credited": sum(known for _, known in copies) / len(copies) if copies else None,
    }


def test_sources__makes_no_object_of_each_document() -> None:
    n_docs = 20_000
    first = invented.document("d0", source="cnn.com", relation="origin")
    copy = invented.document("d0", source="Two", parent="d0", parent_name="CNN")
    rows = [first, *(copy | {"id": f"d{place}"} for place in range(1, n_docs))]
    documents = pa.Table.from_pylist(rows, schema=DOCUMENTS)
    result = dataclasses.replace(invented.newsroom(), documents=documents, stories=[])
    sources(result)
    tracemalloc.start()
    network = sources(result)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert network.edges["copies"].to_pylist() == [n_docs - 1]
    # An empty dict takes 64 bytes; numpy's arrays count here, and Arrow's do not.
    assert peak < 100 * n_docs
