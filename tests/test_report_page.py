"""The page of a result: what it tells, what it leaves out, and what can never act in it."""

import base64
import dataclasses
import hashlib
import html.parser
import itertools
import os
import re
import shlex
import subprocess
import sys
import unicodedata
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

import dedupe.cli
from dedupe.errors import OutputError
from dedupe.overrides import Overrides, signed
from dedupe.report import accounts, drawing, write_page
from dedupe.report.page import page
from dedupe.report.words import plain
from dedupe.result import DOCUMENTS, PAIRS, PASSAGES, Result
from dedupe.result.shapes import RUN, check_shape
from tests import invented
from tests.test_network import file_size_limit

PAYLOAD = '</script></style><img src=x onerror="alert(1)">\'"\u202egnp\u2028\x1b[2J{{ 7*7 }}'

ROOT = Path(__file__).parent.parent

VOID = {"meta", "link", "input", "br", "rect", "circle", "path"}


class Parsed(html.parser.HTMLParser):
    """A page as its elements, with a complaint for each that is not closed where it should be."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.complaints: list[str] = []
        self.words: list[tuple[str, str]] = []
        self._open: list[str] = []
        self.feed(text)
        self.complaints += self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self._open or self._open.pop() != tag:
            self.complaints.append(f"{tag} at {self.getpos()}")

    def handle_data(self, data: str) -> None:
        self.words.append((self._open[-1] if self._open else "", data))

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def text(self) -> str:
        shown = (data for tag, data in self.words if tag not in {"script", "style"})
        return " ".join(" ".join(shown).split())

    def inside(self, tag: str) -> list[str]:
        """Return the texts directly in elements of a kind."""
        return [data for name, data in self.words if name == tag]


def written(result: Result, folder: str = "stories", **options: Any) -> str:
    return page(result, folder=folder, **options).decode()


def parsed(result: Result, folder: str = "stories", **options: Any) -> Parsed:
    return Parsed(written(result, folder, **options))


def press(n_copies: int = 2, **values: Any) -> Result:
    """One story: an original, and copies of it an hour apart."""
    start = datetime(2021, 3, 4, 5, tzinfo=UTC)
    names = [f"d{place:06}" for place in range(n_copies + 1)]
    shared = {
        "story": "d000000",
        "story_size": len(names),
        "title": "Ferry",
        "source": "two.example",
    }
    first = {"relation": "origin", "source": "one.example", "published": start}
    copies = {
        "relation": "repost",
        "parent": "d000000",
        "parent_name": "One",
        "parent_probability": 0.9,
    }
    rows = [invented.document(names[0], **shared | first | values)]
    rows += [
        invented.document(
            name, **shared | copies | {"published": start + timedelta(hours=hours)} | values
        )
        for hours, name in enumerate(names[1:], 1)
    ]
    pairs = [
        {"a": names[0], "b": name, "containment_a": 0.5, "containment_b": 0.97, "longest_run": 31}
        for name in names[1:]
    ]
    passages = [{"a": names[0], "b": name} for name in names[1:]] * 2
    origin = invented.HARBOUR | {"name": "One", "document": names[0]}
    return Result(
        documents=pa.Table.from_pylist(rows, schema=DOCUMENTS),
        pairs=pa.Table.from_pylist(pairs, schema=PAIRS),
        passages=pa.Table.from_pylist(passages, schema=PASSAGES),
        stories=[invented.story(names[0], names, origin=origin, sources=["One", "two.example"])],
        run={"inputs": [{"path": "a.jsonl", "documents": 3, "rejects": 0, "bad_dates": 0}]},
    )


def poisoned() -> Result:
    """A result whose every text is hostile."""
    result = press(title=PAYLOAD, source=PAYLOAD, url="javascript:alert(1)", parent_name=PAYLOAD)
    origin = result.stories[0]["origin"] | {"name": PAYLOAD}
    other = origin | {"document": None, "in_collection": False}
    bad = invented.reason(PAYLOAD, toward=PAYLOAD) | {"quote": PAYLOAD}
    story = result.stories[0] | {
        "sources": [PAYLOAD],
        "origin": origin,
        "candidates": [origin, other],
        "evidence": [bad, bad | {"against": True}],
        "counterfactuals": [{"without": PAYLOAD, "probability": 0.5, "origin": PAYLOAD}],
        "passage_parents": [
            {"start": 1, "end": 2, "parent": PAYLOAD, "parent_name": PAYLOAD, "probability": 0.5}
        ],
        "first_published": PAYLOAD,
    }
    run = {
        "version": PAYLOAD,
        "inputs": [{"path": PAYLOAD, "documents": 1, "rejects": 1, "bad_dates": 0}],
        "stages": [{"stage": PAYLOAD, "seconds": 1.0, "rows": 1}],
        "settings": {PAYLOAD: PAYLOAD},
        "capped_buckets": {PAYLOAD: 1},
        "overrides": {PAYLOAD: [1]},
    }
    rejects = [{"file": PAYLOAD, "line": 1, "reason": PAYLOAD}]
    return dataclasses.replace(result, stories=[story], run=run, rejects=rejects)


@pytest.mark.parametrize(
    "result", [invented.newsroom(), press(), poisoned(), dataclasses.replace(press(), stories=[])]
)
def test_page__is_well_formed_and_every_reference_leads_somewhere(result: Result) -> None:
    found = parsed(result)
    assert found.complaints == []
    ids = [attributes["id"] for _, attributes in found.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    referred = [one["href"] for one in found.of("a") if str(one["href"]).startswith("#")]
    referred += [
        f"#{one['aria-labelledby']}" for _, one in found.elements if "aria-labelledby" in one
    ]
    assert len(referred) > 4
    assert {str(one)[1:] for one in referred} <= set(ids)


def test_page__has_a_language_headings_captions_and_scopes() -> None:
    found = parsed(press())
    assert found.of("html") == [{"lang": "en"}]
    levels = [int(tag[1]) for tag, _ in found.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert len(found.of("table")) == len(found.of("caption")) > 3
    assert all("scope" in one for one in found.of("th"))
    assert all(one["dir"] == "auto" for one in found.of("h3"))


def test_page__same_result_same_bytes_whatever_the_order_of_sets() -> None:
    code = (
        "from tests.test_report_page import invented, press, sys, written\n"
        "sys.stdout.buffer.write((written(press()) + written(invented.newsroom())).encode())"
    )
    one, other = (
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    )
    assert one == other
    assert one.decode() == written(press()) + written(invented.newsroom())


def test_page__a_story_stands_at_its_name_whatever_its_rank() -> None:
    def anchors(*names: str) -> list[str | None]:
        stories = [invented.story(name, ["a"] * size) for size, name in enumerate(names, 1)]
        found = parsed(dataclasses.replace(invented.newsroom(), stories=stories))
        return [one["id"] for one in found.of("article")]

    first = anchors("a", "b#x y%", "\U0001f4f0")
    assert anchors("\U0001f4f0", "b#x y%", "a") == first[::-1]
    assert len(set(first)) == 3
    assert all(re.fullmatch(r"story-[0-9a-f]{16}", one or "") for one in first)


def test_page__tells_origin_parents_measures_and_the_command_that_shows_more() -> None:
    found = parsed(press())
    for words in (
        "Likely origin One high, 0.97",
        "first published 2021-03-04 05:06 : 2 repost",
        "97% of its text, longest run 31 words, 2 passages",
        "2021-03-04 06:00",
    ):
        assert words in found.text
    assert "dedupe explain stories d000002 d000000" in found.inside("code")


def test_page__words_are_those_of_the_terminal() -> None:
    found = parsed(invented.newsroom())
    assert "credits harborlight.example by name" in found.text
    assert "cannot tell" in found.text
    assert "1 document from a source absent or unnamed." in found.text


def test_page__evidence_for_the_named_origin_stands_apart_from_the_rest() -> None:
    text = parsed(invented.newsroom()).text
    assert (
        "What speaks for it credits harborlight.example by name: “Text” "
        "What speaks for another, or against it dates speak for copy.example: “Text” "
        "but its clock is wrong: “Text”"
    ) in text


def test_page__a_readers_decisions_stand_apart_from_what_was_found() -> None:
    result = invented.newsroom()
    decided = Overrides(must_link=(("a", "c"),), origins=("b",))
    text = parsed(dataclasses.replace(result, stories=signed(result.stories, decided))).text
    assert (
        "What a reader decided a reader decided that b wrote it first "
        "a reader decided that a and c are one story "
        "What speaks for it credits harborlight.example"
    ) in text


def test_page__a_page_of_several_stories_says_where_its_parts_came_from() -> None:
    part = {"start": 5, "end": 1200, "parent": "b", "parent_name": "One", "probability": 0.9154}
    story = invented.story("d", ["d"], origin=invented.UNKNOWN, passage_parents=[part])
    text = parsed(dataclasses.replace(invented.newsroom(), stories=[story])).text
    assert "characters 5 to 1,200: One (b), 0.92" in text


def test_page__an_outlet_has_one_name_throughout_and_its_source_beside_it() -> None:
    # What the run calls one of its documents holds for all of them.
    result = press(source="one.example")
    rows = parsed(result).inside("bdi")
    assert rows.count("One") > rows.count("one.example") == 3
    assert "one.example" not in parsed(result).inside("text")


def test_page__an_outlet_that_nobody_copied_is_called_as_everywhere() -> None:
    result = press()
    place = result.documents.schema.get_field_index("source")
    sources = pa.array(["one.example", "cnn.com", "edition.cnn.com"])
    documents = result.documents.set_column(place, "source", sources)
    story = result.stories[0] | {"sources": ["CNN", "One"]}
    found = parsed(dataclasses.replace(result, documents=documents, stories=[story]))
    # As outlets of the story and of the run, in the tables and the drawing.
    assert [row for row in found.inside("bdi") if "cnn" in row.lower()].count("CNN") >= 4
    assert found.inside("text").count("CNN") == 2
    # The source as given stands in small beside the name.
    assert found.inside("bdi").count("cnn.com") == found.inside("bdi").count("edition.cnn.com") == 1


def test_page__a_source_without_a_name_is_said_to_be_one() -> None:
    result = press(relation="derived", parent=None, parent_name=None)
    assert parsed(result).text.count("a source without a name not in the collection") == 3


def test_page__nothing_but_a_reader_is_certain() -> None:
    def shown(probability: float) -> str:
        result = press()
        origin = result.stories[0]["origin"] | {"probability": probability}
        return parsed(
            dataclasses.replace(result, stories=[result.stories[0] | {"origin": origin}])
        ).text

    assert "high, > 0.99" in shown(0.9962)
    assert "high, 1.00" in shown(1.0)


def test_page__top_bounds_the_stories_and_says_how_many_are_left_out() -> None:
    result = dataclasses.replace(
        press(), stories=[invented.story(name, [name]) for name in "abcdefg"]
    )
    assert len(parsed(result, top=3).of("article")) == 3
    assert "The 3 largest; 4 smaller ones are left out" in parsed(result, top=3).text
    assert "left out" not in parsed(result).text


def test_page__without_stories_says_whether_there_are_any() -> None:
    none = "No two documents tell the same story"
    unshown = parsed(invented.newsroom(), top=0).text
    assert "None of 2 is shown ( dedupe report --top N shows N)." in unshown
    assert none not in unshown
    assert none in parsed(dataclasses.replace(invented.newsroom(), stories=[])).text


def test_page__a_record_of_the_run_may_leave_out_what_was_counted() -> None:
    result = dataclasses.replace(press(), run={"inputs": [{"path": "a.jsonl"}]})
    check_shape("run.json", result.run, RUN)
    found = parsed(result)
    assert "a.jsonl" in found.inside("bdi")
    assert "None" not in found.text
    assert parsed(dataclasses.replace(result, run={})).complaints == []


def test_page__a_story_of_thousands_lists_those_nearest_the_origin() -> None:
    found = parsed(press(5_000))
    assert "4,901 more stand in documents.parquet" in found.text
    assert sum(one.get("class") == "command" for one in found.of("details")) == 99
    assert "dedupe explain stories d000099 d000000" in found.inside("code")


def test_chosen__the_page_as_a_whole_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "MEMBERS", 130)
    rows = [
        invented.document(f"{story}{place:03}", story=story)
        for story in "abcdefghij"
        for place in range(60)
    ]
    table = pa.Table.from_pylist(rows, schema=DOCUMENTS)
    chosen = accounts._chosen(table, list("abcdefghij"))
    assert [len(rows) for rows in chosen.values()] == [40, *[10] * 9]


@pytest.mark.parametrize("text", ["x" * 100_000, "كراتشي " * 20_000])
def test_page__a_text_of_any_length_takes_little(text: str) -> None:
    short, long = (
        written(press(title="x")),
        written(press(title=text, source=text, url="http://" + text)),
    )
    assert len(long) - len(short) < 5_000


def test_page__documents_of_an_earlier_run_are_counted_and_not_listed() -> None:
    result = press()
    story = result.stories[0] | {"size": 5, "earlier": ["x", "y"], "earlier_stories": ["x"]}
    text = parsed(dataclasses.replace(result, stories=[story])).text
    assert "2 of an earlier run are not listed" in text
    assert "more stand in" not in text


def test_page__a_lost_file_of_names_costs_the_outlets_alone() -> None:
    text = parsed(dataclasses.replace(press(), run={"settings": {"names": "/desk/lost.json"}})).text
    assert "Who copies whom could not be counted: /desk/lost.json: the file of names" in text
    assert "Likely origin" in text


def test_page__no_text_of_strangers_becomes_markup() -> None:
    found, clean = parsed(poisoned()), parsed(press())
    assert {tag for tag, _ in found.elements} <= {tag for tag, _ in clean.elements} | {"h4"}
    assert len(found.of("script")) == len(found.of("style")) == 1
    names = {name for _, attributes in found.elements for name in attributes}
    assert not [name for name in names if name.startswith("on") or name in {"src", "style"}]
    assert "{{ 7*7 }}" in found.text


def test_page__no_control_or_reordering_character_gets_through() -> None:
    text = written(poisoned())
    assert {one for one in text if unicodedata.category(one) == "Cc"} == {"\n"}
    assert "\u202e" not in text
    assert "gnp" in text


def test_page__a_path_that_is_no_text_is_shown_all_the_same() -> None:
    run = {"inputs": [{"path": "p\udcff.txt", "documents": 1, "rejects": 0, "bad_dates": 0}]}
    assert "p?.txt" in parsed(dataclasses.replace(press(), run=run)).text


def test_page__policy_names_its_script_and_style_by_hash_and_allows_nothing_else() -> None:
    text = written(press())
    found = Parsed(text)
    (policy,) = (one["content"] for one in found.of("meta") if "http-equiv" in one)
    for tag in ("script", "style"):
        (source,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, flags=re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in str(policy)
    assert str(policy).startswith("default-src 'none'; ")
    assert "unsafe" not in str(policy)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,<script>", "vbscript:x",
        "file:///etc/passwd", "//one.example/", "/relative", "http://", "https:///x", "http:one",
        " http://one.example/", "http://one.example/a b", "http://one.example/\n", "http://[",
        "http://one.example/\u202e", 'http://one.example/"onclick="', "http://one.example\\@two",
        "http://one.example/" + "x" * 3_000, "", None,
    ],
)  # fmt: skip
def test_safe_link__refuses_all_but_plain_addresses_of_the_web(url: str | None) -> None:
    assert accounts.safe_link(url) is None
    assert not [
        one for one in parsed(press(url=url)).of("a") if not str(one["href"]).startswith("#")
    ]


@pytest.mark.parametrize(
    "url", ["http://one.example/a?b=c&d=e#f", "HTTPS://one.example", "https://ٹائمز.example/خبر"]
)
def test_safe_link__keeps_addresses_of_the_web_and_tells_them_nothing(url: str) -> None:
    assert accounts.safe_link(url) == url
    link = parsed(press(url=url)).of("a")[-1]
    assert link == {"href": url, "rel": "noreferrer noopener"}


@given(st.one_of(st.text(), st.text().map("https://a".__add__)))
def test_safe_link__what_passes_begins_as_an_address_and_is_unchanged(url: str) -> None:
    link = accounts.safe_link(url)
    assert link is None or (link == url and link.lower().startswith(("http://", "https://")))


names = st.text(st.sampled_from("ab -'\"$;é"), min_size=1, max_size=4)


@given(names, names, names)
def test_command__is_what_a_shell_takes_for_these_documents(folder: str, a: str, b: str) -> None:
    rows = [invented.document(a, parent=b), invented.document(b)]
    table = pa.Table.from_pylist(rows, schema=DOCUMENTS)
    result = dataclasses.replace(press(), documents=table)
    command = accounts._Shared(result, rows, folder).member(rows[0] | {"outlet": "x"}).command
    if not command:
        assert any(plain(name) != name for name in (folder, a, b))
        return
    root: Any = typer.main.get_command(dedupe.cli.app)
    words = shlex.split(command)
    assert words[:2] == ["dedupe", "explain"]
    explain = root.commands["explain"]
    given_ = explain.make_context("explain", words[2:]).params
    assert (given_["folder"], given_["a"], given_["b"]) == (Path(folder), a, b)


@pytest.mark.parametrize(
    "inputs", [[], [{"path": "-"}], [{"path": "table"}], [{"path": "a.jsonl"}, {"path": "-"}]]
)
def test_command__asks_for_inputs_that_cannot_be_read_again(inputs: list[dict[str, Any]]) -> None:
    rows = press().documents.to_pylist()
    shared = accounts._Shared(dataclasses.replace(press(), run={"inputs": inputs}), rows, "stories")
    command = shared.member(rows[1] | {"outlet": "x"}).command
    assert command == "dedupe explain --inputs FILE stories d000001 d000000"


def test_command__asks_for_no_file_whose_name_is_only_that_of_a_table() -> None:
    rows = press().documents.to_pylist()
    run = {"inputs": [{"path": "table"}], "reading": {"start": "/news"}}
    shared = accounts._Shared(dataclasses.replace(press(), run=run), rows, "stories")
    command = shared.member(rows[1] | {"outlet": "x"}).command
    assert command == "dedupe explain stories d000001 d000000"


def test_command__none_where_the_parent_is_of_an_earlier_run_or_absent() -> None:
    result = press(parent="earlier")
    assert "dedupe explain" not in " ".join(parsed(result).inside("code"))


def test_command__none_where_the_page_cannot_show_the_name_of_the_folder() -> None:
    shown = parsed(press(), "caf\udce9").inside("code")
    assert not [command for command in shown if "explain" in command]


parents = st.lists(st.integers(-1, 30), max_size=30).map(
    lambda drawn: [min(parent, place - 1) for place, parent in enumerate(drawn)]
)


@given(parents, st.randoms(use_true_random=False), st.integers(0, 30))
def test_in_order_of_copying__the_first_of_them_hold_each_parent(
    drawn: list[int], shuffle: Any, n_first: int
) -> None:
    rows = [
        (str(place), str(parent) if parent >= 0 else None, place)
        for place, parent in enumerate(drawn)
    ]
    shuffle.shuffle(rows)
    order = drawing.in_order_of_copying(rows)
    assert sorted(order) == list(range(len(drawn)))
    first = set(order[:n_first])
    assert all(drawn[place] in first for place in first if drawn[place] >= 0)


@given(parents)
def test_draw__every_document_has_a_row_below_its_parent(drawn: list[int]) -> None:
    rows = [
        invented.document(
            f"d{place}", outlet=f"d{place}", parent=f"d{parent}" if parent >= 0 else None
        )
        for place, parent in enumerate(drawn)
    ]
    drawn_nodes = {node.name: node for node in drawing.draw(rows).nodes}
    assert len(drawn_nodes) == len(drawn)
    for place, parent in enumerate(drawn):
        node = drawn_nodes[f"d{place}"]
        if parent >= 0:
            assert node.y > drawn_nodes[f"d{parent}"].y
            assert node.x > drawn_nodes[f"d{parent}"].x


def test_draw__time_runs_from_the_first_date_to_the_last() -> None:
    rows = [row | {"outlet": "x"} for row in press(4).documents.to_pylist()]
    rows.append(rows[-1] | {"id": "undated", "published": None})
    found = drawing.draw(rows)
    at = [node.at for node in found.nodes]
    assert at[-1] is None
    assert [at[0], at[4]] == [found.start, found.end]
    assert at[2] == (found.start + found.end) / 2
    assert found.lasts == "4 hours"


def test_draw__without_dates_there_is_no_line_of_time() -> None:
    rows = [row | {"outlet": "x", "published": None} for row in press().documents.to_pylist()]
    found = drawing.draw(rows)
    assert found.begins is None
    assert found.width == found.start
    assert found.guides == ""


def test_draw__copies_of_an_absent_source_hang_below_it() -> None:
    rows = [
        invented.document(name, outlet=name, relation="derived", parent_name="AP") for name in "ab"
    ]
    absent, first, second = drawing.draw(rows).nodes
    assert (absent.name, absent.absent, absent.at) == ("AP", True, None)
    assert first.x == second.x > absent.x
    assert not first.absent


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(minutes=1), "1 minute"),
        (timedelta(minutes=119), "119 minutes"),
        (timedelta(hours=2), "2 hours"),
        (timedelta(hours=47), "47 hours"),
        (timedelta(days=1200), "1,200 days"),
    ],
)
def test_in_words__by_the_largest_unit(span: timedelta, words: str) -> None:
    assert drawing.in_words(span) == words


def test_write_page__stands_in_its_place_whole(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    write_page(press(), file)
    assert file.read_bytes() == page(press(), folder=str(tmp_path))
    assert list(tmp_path.iterdir()) == [file]


def test_write_page__what_stood_there_stays_until_all_is_written(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_bytes(b"as it was")
    with file_size_limit(100), pytest.raises(OutputError, match=r"report\.html: cannot be written"):
        write_page(press(), file)
    assert file.read_bytes() == b"as it was"
    assert list(tmp_path.iterdir()) == [file]


def test_write_page__never_replaces_another_file_of_a_result(tmp_path: Path) -> None:
    press().save(tmp_path / "stories")
    with pytest.raises(OutputError, match=r"run\.json: a result has a file of this name"):
        write_page(press(), tmp_path / "stories" / "run.json")
    assert Result.load(tmp_path / "stories") == press()


def test_save__a_folder_with_a_page_is_replaced_like_any_other(tmp_path: Path) -> None:
    place = tmp_path / "stories"
    press().save(place)
    write_page(press(), place / "report.html")
    press(1).save(place, overwrite=True)
    assert not (place / "report.html").exists()
