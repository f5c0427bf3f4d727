"""What an index keeps of an outlet's pages when they come again, go, or never came."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dedupe import Index
from dedupe.errors import StoreError
from dedupe.index.records import EDGE
from tests.test_index import partition, text

pytestmark = pytest.mark.needs_jit


def page(i: int) -> dict[str, Any]:
    """Return a page of one outlet, each of its own story."""
    return {"id": f"p{i}", "text": text(100 + i), "source": "Mill Gazette"}


def test_add__an_outlet_goes_on_after_a_page_came_again_unchanged(tmp_path: Path) -> None:
    with Index(tmp_path / "index") as index:
        index.add(page(1))
        again = index.add(page(1))
        assert not again.is_new_story
        index.add(page(2))
        assert len(index) == 2
        assert index.check() == []


def test_add_many__known_and_new_pages_of_one_outlet_come_together(tmp_path: Path) -> None:
    with Index(tmp_path / "index") as index:
        index.add_many(page(i) for i in range(4))
        matches = index.add_many(page(i) for i in range(2, 8))
        assert [match.is_new_story for match in matches] == [False] * 2 + [True] * 4
        index.add_many(page(i) for i in range(10))
        assert len(index) == index.stats()["versions"] == 10
        assert index.check() == []


def test_add__an_outlet_goes_on_after_its_page_was_erased(tmp_path: Path) -> None:
    with Index(tmp_path / "index") as index:
        index.add(page(1))
        index.remove("p1")
        index.compact()
        index.add(page(2))
        index.add(page(1))
        assert [(one["version"], one["state"]) for one in index.history("p1")] == [
            (1, "erased"),
            (2, "current"),
        ]
        assert index.check() == []


def test_add__a_page_given_anew_after_its_removal_does_not_take_the_old_storys_name(
    tmp_path: Path,
) -> None:
    with Index(tmp_path / "index") as index:
        index.add_many([{"id": "a", "text": text(1)}, {"id": "b", "text": text(1)}])
        index.remove("a")
        anew = index.add({"id": "a", "text": text(2)})
        assert anew.is_new_story
        assert anew.story == "a#2"
        copy = index.story("b")
        assert copy is not None
        assert copy.story == "a"
        assert partition(index) == {frozenset("a"), frozenset("b")}


def test_match__the_origin_of_an_erased_document_is_refused_and_others_keep_theirs(
    tmp_path: Path,
) -> None:
    with Index(tmp_path / "index") as index:
        gone = index.add({"id": "a", "text": text(1), "source": "Mill Gazette"})
        copy = index.add({"id": "b", "text": text(1), "source": "Tower Post"})
        index.add({"id": "c", "text": text(1), "source": "Quay Herald"})
        story = next(index.stories())
        index.remove("a")
        index.compact()
        with pytest.raises(StoreError, match='"a" was removed'):
            _ = gone.origin
        assert set(copy.origin) == {"name", "document", "in_collection", "probability", "band"}
        assert set(story.relations) == {"b", "c"}


def with_foot(i: int) -> dict[str, Any]:
    """Return a page of the outlet below which stands what it prints below all its pages."""
    foot = "\n\n".join(text(900 + part, 16) for part in range(3))
    body = "\n\n".join(text(5000 + 10 * i + part, 50) for part in range(4))
    return {**page(i), "text": f"{body}\n\n{foot}"}


def n_learned(index: Index) -> int:
    """Count the blocks that the index knows for furniture."""
    store = index._store
    assert store is not None
    return sum(len(keys) // 8 for _, keys in store.catalog.every("outlets"))


def test_add__what_an_outlet_repeats_is_learned_however_far_apart_the_pages_come(
    tmp_path: Path,
) -> None:
    with Index(tmp_path / "index") as index:
        for i in range(3):
            assert n_learned(index) == 0
            index.add(with_foot(i))
            index.add_many({**page(1000 * (i + 1) + j), "id": f"{i}-{j}"} for j in range(30))
        assert n_learned(index) == 3
        # The same words are no furniture of another outlet.
        index.add_many({**with_foot(10 + i), "source": "Tower Post"} for i in range(2))
        assert n_learned(index) == 3


def test_add__pages_whose_furniture_is_learned_late_are_judged_anew(tmp_path: Path) -> None:
    form = "\n\n".join(text(700 + part, 30) for part in range(3))

    def filled_in(i: int) -> dict[str, Any]:
        return {"id": f"f{i}", "text": f"{text(800 + i, 100)}\n\n{form}", "source": "Mill Gazette"}

    with Index(tmp_path / "one by one") as index:
        for i in range(8):
            index.add(filled_in(i))
        assert n_learned(index) == 3
        store = index._store
        assert store is not None
        edges = [np.frombuffer(row[2], EDGE) for row in store.catalog.every("documents")]
        # What is left of the first two pages has nothing in common.
        assert len(edges[1]) == 0
        assert partition(index) == {frozenset({f"f{i}"}) for i in range(8)}
