"""Documents in their three forms, and the table they become."""

from __future__ import annotations

import dataclasses
import inspect
import json
from collections import UserDict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedupe.documents import SCHEMA, Document, as_document, documents_table, host, stated
from dedupe.errors import InputError
from dedupe.read import read
from tests import mixed_scripts

if TYPE_CHECKING:
    from pathlib import Path


def row(value: Any) -> dict[str, Any]:
    (found,) = documents_table([value]).to_pylist()
    assert isinstance(found, dict)
    return found


def test_table__a_document_a_dict_and_a_string_are_one() -> None:
    forms: list[Any] = [Document(text="Tide"), {"text": "Tide"}, UserDict({"text": "Tide"}), "Tide"]
    table = documents_table(forms)
    assert table.schema.equals(SCHEMA)
    assert table.drop_columns(["id"]).to_pylist() == table.drop_columns(["id"]).to_pylist()[:1] * 4
    assert table["id"].to_pylist() == ["1", "2", "3", "4"]


def test_table__of_nothing_has_the_schema() -> None:
    assert documents_table([]).schema.equals(SCHEMA)
    assert documents_table(iter([])).num_rows == 0


def test_table__every_field_of_a_document_arrives() -> None:
    given_fields = {
        "text": "Tide", "id": "a", "title": "High", "url": "https://www.harbor.example/1",
        "canonical": "https://other.example/2", "source": "Harbor", "byline": "I. Calder",
        "language": "en",
    }  # fmt: skip
    found = row(given_fields | {"published": "2021-03-04T05:06:07Z", "shares": 12})
    assert given_fields.items() <= found.items()
    assert (
        found["published"] == found["published_until"] == datetime(2021, 3, 4, 5, 6, 7, tzinfo=UTC)
    )
    assert found["fetched"] is found["fetched_until"] is None
    assert set(found) == set(SCHEMA.names)


def test_table__a_date_without_a_clock_is_an_interval_that_holds_its_day() -> None:
    found = row({"text": "Tide", "fetched": "2021-03-04"})
    noon = datetime(2021, 3, 4, 12, tzinfo=UTC)
    assert found["fetched"] <= noon - timedelta(hours=12)
    assert noon + timedelta(hours=11) <= found["fetched_until"]


@given(text=st.one_of(mixed_scripts.texts, st.text(max_size=20)))
def test_table__texts_stay_as_given(text: str) -> None:
    assert row(text)["text"] == text


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("a\ud800b", "a\ufffdb"),
        ("\udc80", "\ufffd"),
        (json.loads('"\\ud83d port"'), "\ufffd port"),
        ("a\x00b", "a\x00b"),
    ],
)
def test_table__lone_surrogates_are_replaced_one_for_one(given_text: str, expected: str) -> None:
    found = row({"text": given_text, "title": given_text})
    assert found["text"] == found["title"] == expected


@pytest.mark.parametrize(
    ("given_id", "expected"),
    [(None, "1"), ("", "1"), (17, "17"), (0, "0"), (-3, "-3"), ("../../x", "../../x"), ("0", "0")],
)
def test_table__ids_are_strings_and_a_missing_one_is_its_place(
    given_id: object, expected: str
) -> None:
    assert row({"text": "Tide", "id": given_id})["id"] == expected


def test_table__nan_is_a_missing_field() -> None:
    nan = float("nan")
    found = row({"text": "Tide", "title": nan, "source": nan, "url": "b.example", "published": nan})
    assert found["title"] is None
    assert found["source"] == "b.example"
    assert found["published"] is None


FIELDS = ["title", "url", "canonical", "source", "byline", "language"]


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("value", [object(), {1, 2}, print])
def test_table__a_field_that_is_no_value_is_named(name: str, value: object) -> None:
    with pytest.raises(InputError, match=f"the {name} of a document is a string, not"):
        documents_table([{"text": "Tide", name: value}])


@pytest.mark.parametrize(
    "value", [5, 0.5, ["a", "b"], [["a"], None, 5], {"name": "a"}, {"b": 1}, True, "", [], None]
)
def test_table__a_field_of_another_type_says_what_a_record_of_it_would(
    tmp_path: Path, value: object
) -> None:
    record = {"id": "a", "text": ["Ebb", "Tide"]} | dict.fromkeys(FIELDS, value)
    (tmp_path / "day.jsonl").write_text(json.dumps(record), encoding="utf-8")
    assert row(record) == read([tmp_path / "day.jsonl"]).documents.to_pylist()[0]


@pytest.mark.parametrize("value", [5, None, 0.5, ["text"], object()])
def test_as_document__another_type_is_named(value: Any) -> None:
    with pytest.raises(InputError, match=f"not {type(value).__name__}$"):
        as_document(value)


def test_document__is_frozen_and_says_what_it_holds() -> None:
    document = Document(text="Tide", id="a")
    assert as_document(document) is document
    with pytest.raises(dataclasses.FrozenInstanceError):
        document.text = "Ebb"  # type: ignore[misc]
    for field in dataclasses.fields(Document):
        assert f"\n    {field.name}: " in (inspect.getdoc(Document) or "")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://www.harbor.example/a?b", "harbor.example"),
        ("http://News.Harbor.Example:8080/a", "news.harbor.example"),
        ("harbor.example/a", "harbor.example"),
        ("//harbor.example", "harbor.example"),
        ("https://user:word@harbor.example", "harbor.example"),
        ("http://[::1", None),
        ("", None),
        (None, None),
        ("/a/b", None),
        ("https://", None),
    ],
)
def test_host__is_the_name_without_www(url: str | None, expected: str | None) -> None:
    assert host(url) == expected


def test_table__the_source_is_the_host_where_none_is_given() -> None:
    assert row({"text": "", "url": "https://www.a.example/1"})["source"] == "a.example"
    assert row({"text": "", "url": "https://a.example/1", "source": "B"})["source"] == "B"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("2024-03-05", "2024-03-05T00:00:00+00:00"),
        ("2024-03-05 10:30:00", "2024-03-05T10:30:00+00:00"),
        ("2024-03-05T10:00:00+02:00", "2024-03-05T08:00:00+00:00"),
        (None, None),
    ],
)
def test_stated__is_the_clock_as_its_page_gives_it(given: str | None, said: str | None) -> None:
    (moment,) = stated(documents_table([{"text": "a", "published": given}])).to_pylist()
    assert (moment and moment.isoformat()) == said


def test_table__an_id_with_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(InputError, match=r"the id '\\ud800' holds a lone surrogate"):
        documents_table([{"id": "\ud800", "text": "a"}, {"id": "\ud801", "text": "b"}])


@pytest.mark.parametrize("given_id", [{"a": 1}, True, ["a"], {"name": {"x": 1}}])
def test_table__an_id_that_is_none_is_refused_and_not_replaced(given_id: Any) -> None:
    with pytest.raises(InputError, match="the id of a document is a string or a number"):
        documents_table([{"id": given_id, "text": "a"}])


@pytest.mark.parametrize(
    ("given_document", "said"),
    [
        ({}, "a document has no text and no other field"),
        ({"titel": "a", "x": 1}, "a document has no text; its fields are titel, x"),
        ({"text": 5}, "the text of a document is a string, not int"),
        ({"text": None}, "the text of a document is a string, not None"),
        ({"text": ["a", 5]}, "the text of a document is a string, not a list of more than strings"),
        ({"text": b"\xff"}, "the text of a document is not UTF-8"),
    ],
)
def test_as_document__says_why_there_is_no_text(given_document: Any, said: str) -> None:
    with pytest.raises(InputError) as refusal:
        as_document(given_document)
    assert str(refusal.value) == said
