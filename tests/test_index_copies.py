"""Leaders of one component: who speaks for each, which texts are read, which edges are shown."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from dedupe import Index, Settings
from dedupe.documents import documents_table
from dedupe.index.copies import Printed, _Met, _shown, _turned
from dedupe.index.held import Held
from dedupe.index.placing import Places
from dedupe.index.records import EDGE, as_table
from dedupe.published import published_by
from dedupe.verify import mark_roundups
from tests.test_index import text, with_changes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pyarrow as pa
    from numpy.typing import NDArray

    from dedupe.verify import OnDemand

ONE_THREAD = Settings(threads=1)
NOON, EVENING = "2026-09-01T12:00Z", "2026-09-01T20:00Z"


def page(name: str, words: str, outlet: str | None, published: str | None) -> dict[str, Any]:
    return {"id": name, "text": words, "source": outlet, "published": published}


@contextlib.contextmanager
def printed(folder: Path, documents: list[dict[str, Any]]) -> Iterator[Printed]:
    """Index documents one by one; yields what was printed, of all leaders."""
    with Index(folder, ONE_THREAD) as index:
        for one in documents:
            index.add(one)
        assert index._store is not None
        held = Held(index._store)
        numbers = range(1, len(documents) + 1)
        leaders = sorted({held.place(one).leader for one in numbers})
        yield Printed(leaders, Places(held), index._store)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list of how many texts each reading of some has asked for."""
    found: list[int] = []

    def counting(stored: Any, schema: pa.Schema) -> pa.Table:
        if "text" in schema.names:
            found.append(len(stored))
        return as_table(stored, schema)

    monkeypatch.setattr("dedupe.index.copies.as_table", counting)
    return found


class Counting(dict[int, int]):
    """Counts how often it is asked."""

    n_asked = 0

    def __getitem__(self, key: int) -> int:
        self.n_asked += 1
        return super().__getitem__(key)


LEADERS = [
    page("1", text(1), "a.example", EVENING),
    page("2", f"{text(2)} And more of it.", "b.example", NOON),
    page("3", text(3), "b.example", NOON),
    page("4", f"{text(4)} And {text(5)}", "b.example", NOON),
    page("5", text(6), None, None),
]
COPIES = [
    page("6", text(1), "c.example", NOON),
    page("7", text(3), "d.example", EVENING),
    page("8", text(6), "e.example", EVENING),
]


def test_speakers__are_the_first_of_each_leader_and_the_earliest_come_first(
    tmp_path: Path, read: list[int]
) -> None:
    table = documents_table([*LEADERS, *COPIES])
    n_words = [len(one.split()) for one in table.column("text").to_pylist()]
    # No two documents here agree in clock, outlet and length.
    hashes = np.zeros(len(n_words), np.uint64)
    place = published_by(table).precedence(hashes, np.array(n_words, np.int32))
    with printed(tmp_path / "index", [*LEADERS, *COPIES]) as found:
        leader_of = dict(found.leader_of)
        assert leader_of == {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 1, 7: 3, 8: 5}
        found.leader_of = asked = Counting(leader_of)
        speakers = found.speakers()
    first = {
        leader: min(
            (one for one in leader_of if leader_of[one] == leader), key=lambda x: place[x - 1]
        )
        for leader in leader_of.values()
    }
    assert speakers == first
    assert list(speakers.values()) == sorted(first.values(), key=lambda x: place[x - 1])
    assert asked.n_asked == len(leader_of)
    assert read == [3]


def test_edges__are_found_without_reading_a_text(tmp_path: Path, read: list[int]) -> None:
    documents = [
        page("1", text(1), "a.example", NOON),
        page("2", with_changes(text(1), 1, 25), "a.example", NOON),
        page("3", text(1), "b.example", NOON),
    ]
    with printed(tmp_path / "index", documents) as found:
        edges = found.edges(lambda _: pytest.fail("both are measured"))
        assert set(found.leader_of.values()) == {1, 2}
    assert edges[2]["other"].tolist() == [1]
    assert read == []


def met(own: int, other: int, start: int, *, is_copy: bool = False) -> _Met:
    edge = np.zeros((), EDGE)
    edge["span"] = [start, start + 9, 0, 9]
    return _Met(own, other, edge, is_copy)


@pytest.mark.parametrize(
    ("given", "starts"),
    [
        ([met(3, 1, 5), met(2, 1, 7)], [7]),
        ([met(3, 1, 5), met(2, 4, 7)], [5, 7]),
        ([met(3, 1, 5), met(2, 1, 7, is_copy=True)], [5]),
        ([met(2, 1, 5), met(2, 1, 7, is_copy=True)], [5]),
        ([met(3, 1, 5, is_copy=True), met(2, 1, 7, is_copy=True)], [7]),
    ],
    ids=["leaders", "followers", "copy", "leaders and copy", "copies"],
)
def test_shown__are_edges_measured_of_the_leaders_before_others(
    given: list[_Met], starts: list[int]
) -> None:
    assert [int(one.edge["span"][0]) for one in _shown(given, 2, 1)] == starts


def test_turned__a_copied_edge_stays_one() -> None:
    turned = _turned(met(2, 1, 7, is_copy=True))
    assert (turned.own, turned.other, turned.is_copy) == (1, 2, True)
    assert turned.edge["span"].tolist() == [0, 9, 7, 16]


def test_query__stories_stand_in_a_round_up_by_their_earliest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[list[int]] = []

    def noting(
        pairs: pa.Table,
        passages: pa.Table,
        asked: OnDemand,
        precedence: NDArray[np.int64] | None = None,
    ) -> pa.Table:
        given.append([] if precedence is None else precedence.tolist())
        return mark_roundups(pairs, passages, asked, precedence)

    with Index(tmp_path / "index", ONE_THREAD) as index:
        index.add(page("late", text(1), "a.example", EVENING))
        index.add(page("early", text(2), "b.example", NOON))
        monkeypatch.setattr("dedupe.index.telling.mark_roundups", noting)
        index.query(page("page", f"{text(1)} {text(2)}", "c.example", None))
    # The page itself has no clock, and comes last.
    assert given == [[2, 1, 0]]
