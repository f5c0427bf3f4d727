"""An earlier run's archive: what is found with it is what a run over both piles finds."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import articles
import numpy as np
import orjson
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import dedupe
import dedupe.cli
from dedupe import InputError, OutputError, Overrides, Result, Settings, SettingsError
from dedupe import find_duplicates as find
from dedupe.against.archive import Archive
from dedupe.report import summarize
from dedupe.verify import measures
from tests.test_equal_texts import BRIEF, EARLY

if TYPE_CHECKING:
    from collections.abc import Iterable

pytestmark = pytest.mark.needs_jit


NEWSROOM = Path(__file__).parent.parent / "seeds" / "newsroom.jsonl"
PAGES = [orjson.loads(line) for line in NEWSROOM.read_bytes().splitlines()]
IDS = [page["id"] for page in PAGES]


def groups(result: Result) -> set[frozenset[str]]:
    """Return the stories of two or more."""
    return {frozenset(one["documents"]) for one in result.stories if one["size"] > 1}


def with_any(stories: set[frozenset[str]], names: Iterable[str]) -> set[frozenset[str]]:
    return {story for story in stories if story & set(names)}


@pytest.fixture(scope="module")
def whole() -> Result:
    return find(PAGES)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The even pages, clustered and kept."""
    folder = tmp_path_factory.mktemp("kept") / "earlier"
    find(PAGES[::2], keep=True).save(folder)
    return folder


# Without outlets nothing is furniture: what is cut from a page then depends on that page alone.
PLAIN = [page | {"source": None, "url": None} for page in PAGES]


@settings(max_examples=12)
@given(st.sets(st.sampled_from(range(len(PAGES))), min_size=1, max_size=len(PAGES) - 1))
def test_against__stories_are_those_of_one_run_over_both(new: set[int]) -> None:
    earlier = find([page for place, page in enumerate(PLAIN) if place not in new], keep=True)
    later = [PLAIN[place] for place in sorted(new)]
    found = find(later, against=earlier)
    names = [page["id"] for page in later]
    assert found.documents["id"].to_pylist() == names
    assert groups(found) == with_any(groups(find(PLAIN)), names)


def test_against__a_footer_on_two_earlier_pages_and_a_new_one_is_furniture() -> None:
    footer = " ".join(f"footer{place}" for place in range(60))
    pages = [
        {
            "id": name,
            "source": "a.example",
            "title": f"Of {name}",
            "text": "\n\n".join(
                [" ".join(f"{name}{place}" for place in range(start, start + 50)), footer]
            ),
        }
        for name, start in (("alpha", 0), ("beta", 100), ("gamma", 200))
    ]
    assert groups(find(pages)) == set()
    assert groups(find(pages[2:], against=find(pages[:2], keep=True))) == set()


def test_against__articles_with_crowds_are_grouped_as_in_one_run() -> None:
    rows = [
        {name: value for name, value in one.items() if name not in ("story", "kind")}
        for one in articles.generate(1500, crowds=True)
    ]
    earlier = find(rows[:1000], keep=True)
    found = find(rows[1000:], against=earlier)
    names = [row["id"] for row in rows[1000:]]
    assert groups(found) == with_any(groups(find(rows)), names)
    assert found.run["against"]["pairs_screened"]["earlier_earlier"] == 0


def test_against__no_two_earlier_documents_are_measured(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[tuple[bool, bool]] = []
    earlier = {page["text"] for page in PAGES[::2]}
    overlaps = measures._measure_block

    def watched(candidates: Any, places: Any, read: Any, *more: Any, closely: bool) -> Any:
        data, bounds = read.texts.data, read.texts.text_offsets
        old = {
            row: bytes(data[bounds[number] : bounds[number + 1]]).decode() in earlier
            for number, row in enumerate(read.rows.tolist())
        }
        sides = zip(candidates.a[places], candidates.b[places], strict=True)
        measured.extend((old[a], old[b]) for a, b in sides)
        return overlaps(candidates, places, read, *more, closely=closely)

    monkeypatch.setattr(measures, "_measure_block", watched)
    find(PAGES[1::2], against=kept)
    assert len(measured) > 20
    assert measured.count((True, True)) == 0


def test_against__earlier_documents_are_asked_of_when_a_new_page_prints_two() -> None:
    one, other = EARLY, BRIEF.format("Keith Dolan", 34, "Mill Lane")
    earlier = find([{"id": "one", "text": one}, {"id": "other", "text": other}], keep=True)
    # No one had asked whether they are of one subject.
    found = find([{"id": "page", "text": f"{one}\n\n{other}"}], against=earlier)
    assert found.run["against"]["earlier_pairs_asked_first"] == 1


def test_against__a_folder_and_a_result_in_memory_give_the_same(kept: Path) -> None:
    from_folder = find(PAGES[1::2], against=kept)
    for earlier in (find(PAGES[::2], keep=True), Result.load(kept), str(kept)):
        found = find(PAGES[1::2], against=earlier)
        for name in ("documents", "pairs", "passages"):
            assert getattr(found, name).equals(getattr(from_folder, name))
        assert found.stories == from_folder.stories


def test_against__the_new_documents_are_told_as_in_one_run(kept: Path, whole: Result) -> None:
    found = find(PAGES[1::2], against=kept)
    known = {row["id"]: row for row in whole.documents.to_pylist()}
    for row in found.documents.to_pylist():
        row.pop("earlier_story")
        assert {name: row[name] for name in ("story", "story_size", "relation", "parent")} == {
            name: known[row["id"]][name] for name in ("story", "story_size", "relation", "parent")
        }


def test_against__says_which_earlier_story_goes_on(kept: Path) -> None:
    before = Result.load(kept).documents.to_pylist()
    story_of = {row["id"]: row["story"] for row in before}
    found = find(PAGES[1::2], against=kept)
    by_story = {one["story"]: one for one in found.stories}
    joined = 0
    for row in found.documents.to_pylist():
        story = by_story.get(row["story"], {"earlier": [], "earlier_stories": []})
        assert {story_of[one] for one in story["earlier"]} == set(story["earlier_stories"])
        assert row["earlier_story"] == (story["earlier_stories"] or [None])[0]
        joined += row["earlier_story"] is not None
    assert 0 < joined < len(PAGES[1::2])


def test_summarize__counts_the_new_documents_alone(kept: Path) -> None:
    result = find(PAGES[1::2], against=kept)
    summary = summarize(result)
    alone = pc.sum(pc.equal(result.documents["story_size"], 1)).as_py()
    assert summary["singles"] == alone > 0
    assert summary["duplicates"] == result.documents.num_rows - result.unique().num_rows > 0


def test_against__no_pair_of_two_earlier_documents_is_written(kept: Path) -> None:
    found = find(PAGES[1::2], against=kept)
    names = set(IDS[1::2])
    for table in (found.pairs, found.passages):
        rows = table.to_pylist()
        assert rows
        assert all({row["a"], row["b"]} & names for row in rows)


def test_unique__a_story_that_goes_on_is_told_in_the_earlier_run_already(
    kept: Path, whole: Result
) -> None:
    story_of = {row["id"]: row["story"] for row in whole.documents.to_pylist()}
    told = {story_of[name] for name in Result.load(kept).documents["id"].to_pylist()}
    new = [story_of[name] for name in find(PAGES[1::2], against=kept).unique()["id"].to_pylist()]
    assert len(new) == len(set(new))
    assert not told & set(new)
    assert told | set(new) == set(story_of.values())


def test_against__a_decision_may_name_an_earlier_document(kept: Path) -> None:
    lone = {row["id"] for row in Result.load(kept).documents.to_pylist() if row["story_size"] == 1}
    new = find(PAGES[1::2], against=kept)
    single = next(row["id"] for row in new.documents.to_pylist() if row["story_size"] == 1)
    pair = (str(single), str(min(lone)))
    found = find(PAGES[1::2], against=kept, overrides=Overrides(must_link=(pair,)))
    assert frozenset(pair) in groups(found)


def test_against__nothing_new_and_nothing_earlier_are_no_special_case(whole: Result) -> None:
    nothing = find([], keep=True)
    assert groups(find(PAGES, against=nothing)) == groups(whole)
    assert find([], against=find(PAGES, keep=True)).documents.num_rows == 0


def test_against__a_run_stopped_and_resumed_ends_the_same(kept: Path, tmp_path: Path) -> None:
    def stop(stage: str, _done: int, _total: int) -> None:
        if stage == "cluster":
            raise KeyboardInterrupt

    stages = tmp_path / "stages"
    with pytest.raises(KeyboardInterrupt):
        find(PAGES[1::2], on_progress=stop, against=kept, checkpoints=stages)
    resumed = find(PAGES[1::2], against=kept, checkpoints=stages)
    assert resumed.stories == find(PAGES[1::2], against=kept).stories


# -- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (Settings(seed=2), "seed = 1, this one has 2"),
        (Settings(containment_floor=0.1), "containment_floor = 0.05, this one has 0.1"),
    ],
)
def test_against__other_settings_are_refused(kept: Path, changed: Settings, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        find(PAGES[1::2], changed, against=kept)


def test_against__threads_may_differ(kept: Path) -> None:
    assert find(PAGES[1::2], Settings(threads=1), against=kept).stories


def test_against__another_version_is_refused(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dedupe, "__version__", "9.9.9")
    with pytest.raises(SettingsError, match=r"version 0\.1\.0, this is 9\.9\.9.*--keep"):
        find(PAGES[1::2], against=kept)


def test_against__an_id_of_the_earlier_run_is_refused(kept: Path) -> None:
    with pytest.raises(InputError, match=f'"{IDS[2]}" is in the earlier run already'):
        find(PAGES[2:4], against=kept)


def test_against__a_folder_that_keeps_nothing_is_refused(tmp_path: Path, whole: Result) -> None:
    with pytest.raises(OutputError, match="holds no result"):
        find(PAGES, against=tmp_path)
    whole.save(tmp_path / "run")
    with pytest.raises(OutputError, match=r"keeps nothing to compare with.*--keep"):
        find(PAGES, against=tmp_path / "run")
    with pytest.raises(OutputError, match="keep=True"):
        find(PAGES, against=whole)
    with pytest.raises(OutputError, match="not int"):
        find(PAGES, against=3)  # type: ignore[arg-type]


def test_against__keeping_as_well_is_refused(kept: Path) -> None:
    with pytest.raises(SettingsError, match="index"):
        find(PAGES[1::2], against=kept, keep=True)


@pytest.mark.parametrize("name", ["documents", "sketches", "pairs", "answers"])
def test_against__a_damaged_archive_is_refused(kept: Path, tmp_path: Path, name: str) -> None:
    place = tmp_path / "damaged"
    shutil.copytree(kept, place)
    file = place / "archive" / f"{name}.arrow"
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(OutputError, match=r"damaged \(a file is cut short\).*--keep"):
        find(PAGES[1::2], against=place)
    file.write_bytes(b"\0" * (file.stat().st_size + 20))
    with pytest.raises(OutputError, match=r"damaged.*--keep"):
        find(PAGES[1::2], against=place)


@pytest.mark.parametrize("name", ["documents", "sketches", "clues", "furniture", "frequencies"])
def test_against__no_changed_byte_is_answered_from(kept: Path, tmp_path: Path, name: str) -> None:
    place = tmp_path / "damaged"
    shutil.copytree(kept, place)
    file = place / "archive" / f"{name}.arrow"
    data = file.read_bytes()
    for at in range(9, len(data), max(1, len(data) // 7)):
        changed = bytearray(data)
        changed[at] ^= 0xFF
        file.write_bytes(changed)
        with pytest.raises(OutputError, match=rf"damaged \({name}.arrow has changed\).*--keep"):
            find(PAGES[1::2], against=place)


def test_against__an_archive_of_another_format_is_refused(kept: Path, tmp_path: Path) -> None:
    place = tmp_path / "later"
    shutil.copytree(kept, place)
    head = place / "archive" / "archive.json"
    head.write_text(json.dumps(json.loads(head.read_text()) | {"format": 9}))
    with pytest.raises(OutputError, match="format 9, this version reads 2"):
        find(PAGES[1::2], against=place)


@pytest.mark.parametrize(
    "head", ["{", "[]", "{}", '{"format": 2}', '{"format": 1}', '{"format": 2, "sizes": 7}']
)
def test_load__reads_a_result_whatever_its_archive_is(
    kept: Path, tmp_path: Path, head: str
) -> None:
    place = tmp_path / "older"
    shutil.copytree(kept, place)
    (place / "archive" / "archive.json").write_text(head)
    older = Result.load(place)
    assert older == Result.load(kept)
    for against in (older, place):
        with pytest.raises(OutputError, match=r"(damaged|format 1).*--keep"):
            find(PAGES[1::2], against=against)


def test_against__an_archive_without_checksums_is_refused(kept: Path, tmp_path: Path) -> None:
    place = tmp_path / "damaged"
    shutil.copytree(kept, place)
    head = place / "archive" / "archive.json"
    said = json.loads(head.read_text())
    del said["checksums"]
    head.write_text(json.dumps(said))
    with pytest.raises(OutputError, match=r"damaged \(archive\.json, checksums: missing.*--keep"):
        find(PAGES[1::2], against=place)


def test_save__a_loaded_result_keeps_what_it_was_loaded_with(kept: Path, tmp_path: Path) -> None:
    Result.load(kept).save(tmp_path / "again")
    again, before = (find(PAGES[1::2], against=place) for place in (tmp_path / "again", kept))
    assert (again.documents, again.stories) == (before.documents, before.stories)


def test_archive__gives_back_what_was_kept(kept: Path) -> None:
    archive, again = Archive.open(kept / "archive"), find(PAGES[::2], keep=True).archive
    assert isinstance(again, Archive)
    rows = np.array([1, 4, 5])
    table, ranges = archive.take(rows)
    assert table["id"].to_pylist() == sorted(IDS[::2])[1:2] + sorted(IDS[::2])[4:6]
    assert ranges.equals(again.take(rows)[1])
    for one, other in zip(archive.sketches(), again.sketches(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert archive.frequencies().min() == 1
    assert archive.frequencies().max() <= archive.n_docs


# -- the command -------------------------------------------------------------------------------


def cluster(*arguments: str) -> Any:
    return CliRunner().invoke(dedupe.cli.app, ["cluster", *arguments], prog_name="dedupe")


def test_cluster__keeps_and_compares(tmp_path: Path) -> None:
    for name, pages in (("monday", PAGES[::2]), ("tuesday", PAGES[1::2])):
        lines = b"\n".join(map(orjson.dumps, pages))
        (tmp_path / f"{name}.jsonl").write_bytes(lines)
    monday, tuesday = str(tmp_path / "monday"), str(tmp_path / "tuesday")
    assert cluster(f"{monday}.jsonl", "--out", monday, "--keep").exit_code == 0
    found = cluster(f"{tuesday}.jsonl", "--against", monday, "--out", tuesday)
    assert found.exit_code == 0, found.output
    result = Result.load(tuesday)
    assert groups(result) == groups(find(PAGES[1::2], against=monday))
    assert result.run["against"]["documents"] == len(PAGES[::2])
    again = cluster(f"{monday}.jsonl", "--out", monday, "--overwrite")
    assert again.exit_code == 0, again.output
    assert not (tmp_path / "monday" / "archive").exists()


@pytest.mark.parametrize("out", ["earlier", "earlier/new", "."])
def test_cluster__the_earlier_run_is_never_written_over(kept: Path, out: str) -> None:
    place = kept.parent / out
    ended = cluster(str(NEWSROOM), "--against", str(kept), "--out", str(place), "--overwrite")
    assert isinstance(ended.exception, OutputError)
    assert "the earlier run" in str(ended.exception)
