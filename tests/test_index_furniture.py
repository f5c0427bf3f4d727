"""What an index keeps of an outlet's pages when they come again, go, or never came."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dedupe import Index
from dedupe.errors import StoreError
from tests.test_index import partition, text

pytestmark = pytest.mark.needs_jit


def page(i: int) -> dict[str, Any]:
    """Return a page of one outlet, each of its own story."""
    return {"id": f"p{i}", "text": text(100 + i), "source": "Mill Gazette"}


def outlet_pages(index: Index) -> list[list[int]]:
    """Return the numbers that the index keeps of each outlet."""
    store = index._store
    assert store is not None
    rows = store.catalog.every("outlets")
    return [np.frombuffer(pages, np.int64).tolist() for _, pages, _ in rows]


def keep_pages(index: Index, numbers: list[int]) -> None:
    """Write other numbers into the row of the one outlet."""
    store = index._store
    assert store is not None
    with store.transaction():
        for key, _, keys in list(store.catalog.every("outlets")):
            store.catalog.put("outlets", [(key, np.array(numbers, np.int64).tobytes(), keys)])


def test_add__an_outlet_goes_on_after_a_page_came_again_unchanged(tmp_path: Path) -> None:
    with Index(tmp_path / "index") as index:
        index.add(page(1))
        again = index.add(page(1))
        assert not again.is_new_story
        assert outlet_pages(index) == [[1]]
        index.add(page(2))
        assert outlet_pages(index) == [[1, 2]]
        assert index.check() == []


def test_add_many__known_and_new_pages_of_one_outlet_come_together(tmp_path: Path) -> None:
    with Index(tmp_path / "index") as index:
        index.add_many(page(i) for i in range(4))
        matches = index.add_many(page(i) for i in range(2, 8))
        assert [match.is_new_story for match in matches] == [False] * 2 + [True] * 4
        index.add_many(page(i) for i in range(10))
        assert outlet_pages(index) == [list(range(1, 11))]
        assert len(index) == index.stats()["versions"] == 10
        assert index.check() == []


def test_add__an_outlet_goes_on_after_its_page_was_erased(tmp_path: Path) -> None:
    with Index(tmp_path / "index") as index:
        index.add(page(1))
        index.remove("p1")
        index.compact()
        index.add(page(2))
        assert outlet_pages(index) == [[2]]
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


def test_check__a_page_of_an_outlet_that_never_came_is_told_and_the_next_add_forgets_it(
    tmp_path: Path,
) -> None:
    with Index(tmp_path / "index") as index:
        index.add(page(1))
        keep_pages(index, [1, 2])
        (fault,) = index.check()
        assert "document 2, which is not there" in fault
        index.add({"id": "other", "text": text(5), "source": "Other Post"})
        keep_pages(index, [1, 77])
        index.add(page(2))
        assert sorted(outlet_pages(index)) == [[1, 3], [1, 77]]


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
