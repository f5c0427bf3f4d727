"""The Scrapy pipeline: items of every kind, what is dropped, what is counted; whole crawls."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
import os
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dedupe import Index
from dedupe.errors import InputError, MissingExtraError, SettingsError, StoreError
from dedupe.index import Match
from tests.test_index import text, with_changes

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest.importorskip("scrapy", reason='needs the extra "scrapy"')

import scrapy
from itemadapter import ItemAdapter
from scrapy.exceptions import DropItem, NotConfigured
from scrapy.utils.test import get_crawler

from dedupe.scrapy import StoryPipeline

pytestmark = pytest.mark.needs_jit

ROOT = Path(__file__).parent.parent
BRIEF = {
    "document", "story", "is_new_story", "is_new_text", "probability", "nearest", "merged",
    "change",
}  # fmt: skip


class Crawled:
    """What a pipeline made of items that came at once.

    Args:
        folder: of the index.
        items: given to the pipeline.
        one_commit: hold the writer until all items wait, so that they share a commit.
        settings: of the crawl.

    Attributes:
        items: what went on, the items themselves.
        drops: reasons of the others.
        stats: without their prefix.
    """

    def __init__(
        self, folder: Path, items: list[Any], *, one_commit: bool = False, **settings: Any
    ) -> None:
        self.crawler = get_crawler(settings_dict={"DEDUPE_INDEX": str(folder), **settings})
        found = asyncio.run(self._crawl(items, one_commit=one_commit))
        unexpected = [one for one in found if isinstance(one, Exception)]
        self.drops = [str(one) for one in unexpected if isinstance(one, DropItem)]
        assert len(self.drops) == len(unexpected), unexpected
        self.items = [one for one in found if not isinstance(one, Exception)]
        assert self.crawler.stats
        stats = self.crawler.stats.get_stats()
        self.stats = {name.removeprefix("dedupe/"): n for name, n in stats.items()}

    async def _crawl(self, items: list[Any], *, one_commit: bool) -> list[Any]:
        pipeline = StoryPipeline.from_crawler(self.crawler)
        pipeline.open_spider()
        all_wait = threading.Event()
        if one_commit:
            pipeline._writer.submit(all_wait.wait)
        asked = [asyncio.create_task(pipeline.process_item(item)) for item in items]
        await asyncio.sleep(0)
        all_wait.set()
        found = await asyncio.gather(*asked, return_exceptions=True)
        await pipeline.close_spider()
        return found


class Article(scrapy.Item):
    url = scrapy.Field()
    body = scrapy.Field()
    dedupe = scrapy.Field()


@dataclasses.dataclass
class Page:
    url: str
    body: str
    dedupe: dict[str, Any] | None = None


@pytest.mark.parametrize("kind", [dict, Article, Page, "attrs", "pydantic"])
def test_pipeline__items_of_every_kind_are_told_their_story(kind: Any, tmp_path: Path) -> None:
    if kind == "attrs":
        attrs = pytest.importorskip("attrs")
        fields = {"url": attrs.field(), "body": attrs.field(), "dedupe": attrs.field(default=None)}
        kind = attrs.make_class("Made", fields)
    if kind == "pydantic":
        kind = pytest.importorskip("pydantic").create_model(
            "Model", url=str, body=str, dedupe=(dict[str, Any] | None, None)
        )
    items = [kind(url=f"https://{name}.example/1", body=text(1)) for name in "ab"]
    crawled = Crawled(tmp_path / "index", items)
    assert [one is item for one, item in zip(crawled.items, items, strict=True)] == [True, True]
    first, copy = (ItemAdapter(item)["dedupe"] for item in crawled.items)
    assert set(first) == set(copy) == BRIEF
    assert (first["story"], first["is_new_story"], first["is_new_text"]) == (
        "https://a.example/1", True, True,
    )  # fmt: skip
    assert (copy["story"], copy["is_new_story"], copy["is_new_text"]) == (
        "https://a.example/1", False, False,
    )  # fmt: skip
    assert crawled.stats == {"added": 2, "exact": 1, "new_stories": 1}


def test_pipeline__an_item_that_refuses_the_match_goes_on_and_is_warned_of_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bare = dataclasses.make_dataclass("Bare", ["id", "text"])
    frozen = dataclasses.make_dataclass("Frozen", ["id", "text", "dedupe"], frozen=True)
    items = [bare("a", text(1)), bare("b", text(2)), frozen("c", text(3), None)]
    with caplog.at_level(logging.WARNING, "dedupe.scrapy"):
        crawled = Crawled(tmp_path / "index", items)
    assert crawled.items == items
    assert crawled.stats["added"] == 3
    told = [record.getMessage() for record in caplog.records]
    assert [message.partition(" ")[0] for message in told] == ["Bare", "Frozen"]
    assert "DEDUPE_MATCH_FIELD" in told[0]


def test_pipeline__the_match_goes_into_the_field_asked_for_or_none(tmp_path: Path) -> None:
    item = {"id": "a", "text": text(1)}
    (told,) = Crawled(tmp_path / "one", [dict(item)], DEDUPE_MATCH_FIELD="story").items
    assert set(told) == {"id", "text", "story"}
    assert Crawled(tmp_path / "two", [dict(item)], DEDUPE_MATCH_FIELD="").items == [item]


def test_pipeline__fields_are_found_by_common_names_in_lists_of_one_or_where_said(
    tmp_path: Path,
) -> None:
    loaded = {
        "Headline": ["Bridge closed"], "link": ["https://a.example/1"],
        "date_publish": ["2024-03-05T10:00:00Z"], "maintext": [text(1)[:300], text(1)[300:]],
    }  # fmt: skip
    nested = {"id": 7, "article": {"copy": text(2)}, "paper": "Pier News"}
    fields = {"text": "article.copy", "source": "paper"}
    Crawled(tmp_path / "index", [loaded])
    Crawled(tmp_path / "index", [nested], DEDUPE_FIELDS=fields)
    with Index(tmp_path / "index") as index:
        first, second = index.export()
    assert (first["id"], first["title"]) == ("https://a.example/1", "Bridge closed")
    assert first["source"] == "a.example"
    assert str(first["published"]).startswith("2024-03-05")
    assert first["text"].split() == f"{text(1)[:300]} {text(1)[300:]}".split()
    assert (second["id"], second["source"], second["text"]) == ("7", "Pier News", text(2))


def test_pipeline__a_page_without_text_is_extracted(tmp_path: Path) -> None:
    pytest.importorskip("trafilatura", reason='needs the extra "html"')
    paragraphs = "".join(f"<p>{text(seed)}</p>" for seed in (1, 2))
    page = f"<html><body><article>{paragraphs}</article></body></html>"
    crawled = Crawled(tmp_path / "index", [{"url": "https://a.example/1", "html": [page]}])
    assert crawled.stats["added"] == 1
    with Index(tmp_path / "index") as index:
        assert text(2) in next(index.export())["text"]


def test_pipeline__a_page_that_cannot_be_read_is_rejected_with_the_reason(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("trafilatura", reason='needs the extra "html"')
    crawled = Crawled(tmp_path / "index", [{"id": "a", "html": "<div>" * 2_000}])
    assert crawled.stats == {"rejected": 1}
    assert "the HTML nests more than 1000 elements" in caplog.text


def test_pipeline__a_page_without_the_extra_is_rejected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("dedupe.scrapy.can_extract", lambda: False)
    crawled = Crawled(tmp_path / "index", [{"html": "<p>one</p>"}])
    assert crawled.stats == {"rejected": 1}
    assert 'needs the extra "html"' in caplog.text


def test_pipeline__what_is_no_document_passes_on_and_spoils_nothing_beside_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bad: list[dict[str, Any]] = [
        {"price": 3}, {"text": ""}, {"body": [" \n"]}, {"text": None}, {"text": 5},
        {"text": text(1), "id": object()}, {"html": b""}, {"text": text(1), "id": "\ud800"},
    ]  # fmt: skip
    good = {"id": "a", "text": text(1) + "\ud800"}
    with caplog.at_level(logging.WARNING, "dedupe.scrapy"):
        crawled = Crawled(tmp_path / "index", [*map(dict, bad), good])
    assert crawled.items[:-1] == bad
    assert crawled.items[-1]["dedupe"]["document"] == "a"
    assert crawled.stats == {"rejected": len(bad), "added": 1, "new_stories": 1}
    assert [record.getMessage() for record in caplog.records] == [
        "an item passes on without its story: no field text; the fields are: price"
    ]


def articles() -> list[dict[str, Any]]:
    """Return an article, copies and relatives of it, and another."""
    wire = {"id": "a", "text": text(1, 300), "published": "2024-03-05T08:00:00Z"}
    later = {"published": "2024-03-06T08:00:00Z"}
    return [
        wire,
        {"id": "exact", "text": wire["text"], **later},
        {"id": "repost", "text": with_changes(wire["text"], 1, 60), **later},
        {"id": "excerpt", "text": " ".join(wire["text"].split()[:120]), **later},
        {"id": "rewrite", "text": wire["text"][:900] + text(2, 140), **later},
        {"id": "other", "text": text(3, 300), **later},
    ]


@pytest.mark.parametrize(
    ("drop", "kept"),
    [
        ("none", ["a", "exact", "repost", "excerpt", "rewrite", "other"]),
        ("exact", ["a", "repost", "excerpt", "rewrite", "other"]),
        ("copies", ["a", "rewrite", "other"]),
    ],
)
def test_pipeline__drops_what_it_is_asked_to_and_says_why(
    drop: str, kept: list[str], tmp_path: Path
) -> None:
    crawled = Crawled(tmp_path / "index", articles(), DEDUPE_DROP=drop)
    assert [item["id"] for item in crawled.items] == kept
    assert crawled.stats.get("dropped", 0) == len(articles()) - len(kept)
    reasons = {
        "exact": '"exact" tells the story "a": the same words',
        "repost": '"repost" tells the story "a": repost of "a"',
        "excerpt": '"excerpt" tells the story "a": excerpt of "a"',
    }
    assert crawled.drops == [why for name, why in reasons.items() if name not in kept]
    with Index(tmp_path / "index") as index:
        assert len(index) == len(articles())


def test_pipeline__a_page_crawled_again_is_dropped_and_a_changed_one_is_a_version(
    tmp_path: Path,
) -> None:
    page = {"url": "https://a.example/1", "text": text(1)}
    Crawled(tmp_path / "index", [dict(page)])
    again = [dict(page), page | {"scraped_at": "2024-03-05"}, page | {"text": text(2)}]
    crawled = Crawled(tmp_path / "index", again, DEDUPE_DROP="exact")
    assert [item["dedupe"]["change"] for item in crawled.items] == ["version"]
    assert crawled.items[0]["dedupe"]["is_new_text"]
    assert crawled.stats == {
        "unchanged": 1, "added": 2, "exact": 1, "dropped": 2, "new_stories": 1,
    }  # fmt: skip
    with Index(tmp_path / "index") as index:
        states = [one["state"] for one in index.history("https://a.example/1")]
        assert states == ["replaced", "replaced", "current"]


def test_pipeline__of_equal_texts_that_come_at_once_one_is_kept(tmp_path: Path) -> None:
    wire, *_, rewrite, _ = articles()
    Crawled(tmp_path / "index", [rewrite])
    copies = [
        {"id": "a", "text": wire["text"], "published": "2024-03-09T08:00:00Z"},
        {"id": "b", "text": wire["text"], "published": "2024-03-01T08:00:00Z"},
    ]
    crawled = Crawled(tmp_path / "index", copies, one_commit=True, DEDUPE_DROP="copies")
    with Index(tmp_path / "index") as index:
        assert index.stats()["commits"] == 2
        # What is kept stands for the other, also where that is the origin.
        assert index.story("a") == index.story("rewrite")
    assert [item["id"] for item in crawled.items] == ["a"]
    assert crawled.drops == ['"b" tells the story "rewrite": the same words']


def test_pipeline__versions_that_come_at_once_are_added_in_their_order(tmp_path: Path) -> None:
    versions = [{"id": "a", "text": text(seed)} for seed in range(40)]
    Crawled(tmp_path / "index", [dict(one) for one in versions])
    with Index(tmp_path / "index") as index:
        assert [one["text"] for one in index.history("a")] == [one["text"] for one in versions]


def test_pipeline__items_that_come_while_one_is_added_share_a_commit(tmp_path: Path) -> None:
    items = [{"id": str(seed), "text": text(seed)} for seed in range(60)]
    crawled = Crawled(tmp_path / "index", items, one_commit=True)
    assert crawled.stats == {"added": 60, "new_stories": 60}
    with Index(tmp_path / "index") as index:
        assert index.stats()["commits"] == 1


def test_pipeline__a_window_holds(tmp_path: Path) -> None:
    pages = [
        {"id": year, "text": text(1), "published": f"{year}-05-01"} for year in ("2021", "2024")
    ]
    crawled = Crawled(tmp_path / "index", pages, DEDUPE_WINDOW="30d", DEDUPE_DROP="copies")
    assert crawled.stats == {"added": 2, "new_stories": 2}


def test_pipeline__items_that_a_full_disk_refuses_go_on_as_they_came_and_one_error_is_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from dedupe.storage import store

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    async def crawl() -> list[Any]:
        pipeline = StoryPipeline.from_crawler(crawler)
        pipeline.open_spider()
        with monkeypatch.context() as patched:
            patched.setattr(store.Store, "append", full)
            found = [await pipeline.process_item({"id": i, "text": text(1)}) for i in "abc"]
        found.append(await pipeline.process_item({"id": "d", "text": text(1)}))
        await pipeline.close_spider()
        return found

    settings = {"DEDUPE_INDEX": str(tmp_path / "index"), "DEDUPE_DROP": "copies"}
    crawler = get_crawler(settings_dict=settings)
    with caplog.at_level(logging.DEBUG, "dedupe.scrapy"):
        *failed, last = asyncio.run(crawl())
    assert failed == [{"id": i, "text": text(1)} for i in "abc"]
    assert last["dedupe"]["is_new_story"]
    assert crawler.stats
    assert crawler.stats.get_stats() == {
        "dedupe/failed": 3, "dedupe/added": 1, "dedupe/new_stories": 1,
    }  # fmt: skip
    told = [one for one in caplog.records if one.name == "dedupe.scrapy"]
    assert [one.levelno for one in told] == [logging.ERROR, logging.DEBUG, logging.DEBUG]
    assert "No space left on device" in told[0].getMessage()
    assert [one.exc_info for one in told] == [None] * 3


def dispatches() -> list[dict[str, Any]]:
    """Return what papers made of an agency's text that is not there, and one that adds its own."""
    wire = text(1, 300)
    bodies = [
        with_changes(wire, 1, 60),
        with_changes(wire, 2, 60),
        " ".join(wire.split()[:120]),
        wire[:900] + text(2, 140),
    ]
    return [
        {
            "id": f"m{i}", "source": f"m{i}.example", "text": f"PORT CITY (AP) — {body}",
            "published": f"2024-03-0{5 + i}T08:00:00Z",
        }
        for i, body in enumerate(bodies)
    ]  # fmt: skip


@pytest.mark.parametrize("one_commit", [False, True])
def test_pipeline__copies_of_an_agency_whose_own_page_is_absent_are_dropped_but_one(
    tmp_path: Path, *, one_commit: bool
) -> None:
    found = [
        Crawled(tmp_path / "index", items, one_commit=one_commit, DEDUPE_DROP="copies")
        for items in ([dispatches()] if one_commit else [[one] for one in dispatches()])
    ]
    kept = [item["id"] for crawled in found for item in crawled.items]
    assert kept == ["m0", "m3"]
    with Index(tmp_path / "index") as index:
        story = index.story("m0")
        assert story
        assert set(story.relations.values()) == {("derived", "AP")}
    assert [why for crawled in found for why in crawled.drops] == [
        '"m1" tells the story "m0": "m0" has 100% of its text',
        '"m2" tells the story "m0": "m0" has 100% of its text',
    ]


def test_pipeline__of_such_copies_that_come_at_once_into_an_old_story_one_is_kept(
    tmp_path: Path,
) -> None:
    first, second, *older = dispatches()
    Crawled(tmp_path / "index", older)
    crawled = Crawled(tmp_path / "index", [second, first], one_commit=True, DEDUPE_DROP="copies")
    assert [item["id"] for item in crawled.items] == ["m0"]
    assert crawled.drops == ['"m1" tells the story "m2": "m0" has 100% of its text']


@pytest.mark.parametrize("agency", ["", "PORT CITY (AP) — "])
def test_pipeline__a_story_is_read_once_for_all_copies_of_it_in_a_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, agency: str
) -> None:
    from dedupe.index.reading import attributed

    n_read = []

    def counted(table: Any, *rest: Any) -> Any:
        n_read.append(table.num_rows)
        return attributed(table, *rest)

    monkeypatch.setattr("dedupe.index.telling.attributed", counted)
    wire = text(1, 300)
    copies = [
        {"id": f"{i:02}", "source": f"{i}.example", "text": agency + with_changes(wire, i, 60)}
        for i in range(30)
    ]
    Crawled(tmp_path / "index", copies[:1], DEDUPE_DROP="copies")
    crawled = Crawled(tmp_path / "index", copies[1:], one_commit=True, DEDUPE_DROP="copies")
    assert crawled.stats["dropped"] > 10
    assert n_read == [30]


def test_pipeline__a_copy_without_a_parent_is_never_one_of_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Match, "relation", property(lambda _: "repost"))
    monkeypatch.setattr(Match, "parent", property(lambda _: None))
    crawled = Crawled(tmp_path / "index", dispatches(), one_commit=True, DEDUPE_DROP="copies")
    assert [item["id"] for item in crawled.items] == ["m0", "m3"]
    assert not any("None" in why for why in crawled.drops)


@pytest.mark.parametrize("fault", [StoreError("unreadable"), InputError("no such story")])
def test_pipeline__an_item_whose_story_cannot_be_read_is_kept_and_warned_of_once(
    fault: Exception,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(_: Match) -> str:
        raise fault

    monkeypatch.setattr(Match, "relation", property(fail))
    with caplog.at_level(logging.WARNING, "dedupe.scrapy"):
        crawled = Crawled(tmp_path / "index", articles(), one_commit=True, DEDUPE_DROP="copies")
    assert [item["id"] for item in crawled.items] == ["a", "repost", "excerpt", "rewrite", "other"]
    assert crawled.stats == {"added": 6, "exact": 1, "dropped": 1, "new_stories": 2}
    assert [record.getMessage() for record in caplog.records] == [
        f"an item is kept, for its story cannot be read: {fault}"
    ]


def test_pipeline__an_input_error_of_the_index_raises_and_rejects_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise InputError("a file of names cannot be read")

    async def crawl() -> None:
        pipeline = StoryPipeline.from_crawler(crawler)
        pipeline.open_spider()
        with pytest.raises(InputError, match="names"):
            await pipeline.process_item({"id": "a", "text": text(1)})
        await pipeline.close_spider()

    monkeypatch.setattr(Index, "add_many", fail)
    crawler = get_crawler(settings_dict={"DEDUPE_INDEX": str(tmp_path / "index")})
    asyncio.run(crawl())
    assert crawler.stats
    assert crawler.stats.get_stats() == {}


def test_pipeline__an_item_before_the_index_is_open_is_told_so(tmp_path: Path) -> None:
    async def ask() -> None:
        crawler = get_crawler(settings_dict={"DEDUPE_INDEX": str(tmp_path / "index")})
        pipeline = StoryPipeline.from_crawler(crawler)
        with pytest.raises(StoreError, match="open_spider"):
            await asyncio.wait_for(pipeline.process_item({"id": "a", "text": text(1)}), 10)

    asyncio.run(ask())


@pytest.mark.parametrize("fault", [None, OSError("no such disk")])
def test_pipeline__an_item_after_the_end_is_told_so_whether_or_not_the_index_could_be_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Exception | None
) -> None:
    close = Index.close

    def closing(index: Index) -> None:
        close(index)
        if fault:
            raise fault

    async def ask() -> None:
        crawler = get_crawler(settings_dict={"DEDUPE_INDEX": str(tmp_path / "index")})
        pipeline = StoryPipeline.from_crawler(crawler)
        pipeline.open_spider()
        monkeypatch.setattr(Index, "close", closing)
        (ended,) = await asyncio.gather(pipeline.close_spider(), return_exceptions=True)
        assert ended is fault
        with pytest.raises(StoreError, match="is not open"):
            await asyncio.wait_for(pipeline.process_item({"id": "a", "text": text(1)}), 10)
        with pytest.raises(RuntimeError, match="after shutdown"):
            pipeline._writer.submit(print)

    asyncio.run(ask())


def test_pipeline__items_that_cannot_be_judged_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("beyond all expectation")

    async def crawl() -> list[Any]:
        pipeline = StoryPipeline.from_crawler(crawler)
        pipeline.open_spider()
        asked = [pipeline.process_item(item) for item in articles()]
        found = await asyncio.wait_for(asyncio.gather(*asked), 60)
        await pipeline.close_spider()
        return found

    monkeypatch.setattr(StoryPipeline, "_known", fail)
    settings = {"DEDUPE_INDEX": str(tmp_path / "index"), "DEDUPE_DROP": "copies"}
    crawler = get_crawler(settings_dict=settings)
    assert [one["id"] for one in asyncio.run(crawl())] == [one["id"] for one in articles()]
    assert "beyond all expectation" in caplog.text


def test_pipeline__an_item_given_up_while_it_waits_leaves_the_others_answered(
    tmp_path: Path,
) -> None:
    async def crawl() -> list[Any]:
        crawler = get_crawler(settings_dict={"DEDUPE_INDEX": str(tmp_path / "index")})
        pipeline = StoryPipeline.from_crawler(crawler)
        pipeline.open_spider()
        items = [{"id": str(seed), "text": text(seed)} for seed in range(30)]
        tasks = [asyncio.create_task(pipeline.process_item(item)) for item in items]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        await pipeline.close_spider()
        return found

    found = asyncio.run(crawl())
    assert [one["dedupe"]["story"] for one in found[1::2]] == [str(i) for i in range(1, 30, 2)]


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"DEDUPE_INDEX": None}, NotConfigured, "DEDUPE_INDEX"),
        ({"DEDUPE_DROP": "some"}, SettingsError, "none, exact, copies, not 'some'"),
        ({"DEDUPE_FIELDS": {"body": "x"}}, InputError, 'no field "body"'),
    ],
)
def test_pipeline__settings_that_cannot_be_say_so(
    settings: dict[str, Any], error: type[Exception], message: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=message):
        Crawled(tmp_path / "index", [], **settings)
    assert list(tmp_path.iterdir()) == []


def test_pipeline__without_scrapy_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "dedupe.scrapy")
    monkeypatch.setitem(sys.modules, "itemadapter", None)
    with pytest.raises(MissingExtraError, match=r"dedupe-news\[scrapy\]"):
        __import__("dedupe.scrapy")


class Site(ThreadingHTTPServer):
    """Twelve pages, each pair of them of one text, and the list of them; some may be held back.

    Attributes:
        address: of it.
        pages: addresses of the twelve.
        open: cleared, what is asked for after the seventh file waits.
    """

    def __init__(self, folder: Path) -> None:
        pages = {str(place): {"body": text(text_of(str(place)))} for place in range(1, 13)}
        for name, page in {"0": [*pages], **pages}.items():
            (folder / name).write_text(json.dumps(page), encoding="utf-8")
        super().__init__(("127.0.0.1", 0), partial(_Handler, directory=str(folder)))
        self.address = f"http://127.0.0.1:{self.server_port}"
        self.pages = {f"{self.address}/{name}" for name in pages}
        self.open = threading.Event()
        self.open.set()
        self.n_asked = 0


class _Handler(SimpleHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        self.server.n_asked += 1
        if self.server.n_asked > 7:
            self.server.open.wait()
        super().do_GET()

    def log_message(self, *_: Any) -> None:
        pass


def text_of(address: str) -> int:
    """Return which text a page has."""
    return (int(address.rpartition("/")[2]) + 1) // 2


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    (tmp_path / "site").mkdir()
    with Site(tmp_path / "site") as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def crawl(site: Site, folder: Path, **settings: Any) -> subprocess.Popen[str]:
    given = {
        "ITEM_PIPELINES": {"dedupe.scrapy.StoryPipeline": 300},
        "DEDUPE_INDEX": str(folder),
        "CONCURRENT_REQUESTS": 1,
        "TELNETCONSOLE_ENABLED": False,
        **settings,
    }
    return subprocess.Popen(
        [sys.executable, str(ROOT / "tests" / "crawl.py"), site.address, json.dumps(given)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )


def finished(process: subprocess.Popen[str]) -> tuple[list[dict[str, Any]], str, int]:
    """Return the events of a crawl, its log, and its exit code."""
    out, log = process.communicate()
    return [json.loads(line) for line in out.splitlines()], log, process.returncode


def test_crawl__a_killed_one_is_remembered_by_the_next(site: Site, tmp_path: Path) -> None:
    site.open.clear()
    with crawl(site, tmp_path / "index") as process:
        assert process.stdout
        gone_on = {json.loads(next(process.stdout))["item"]["url"] for _ in range(5)}
        process.kill()
    site.open.set()
    with Index(tmp_path / "index") as index:
        held = {one["id"] for one in index.export()}
    # No more than six pages were served.
    assert gone_on <= held
    assert len(held) <= 6

    events, log, code = finished(crawl(site, tmp_path / "index", DEDUPE_DROP="exact"))
    assert code == 0, log
    dropped = {event["dropped"]: event["reason"] for event in events if "dropped" in event}
    kept = [event["item"]["url"] for event in events if "item" in event]
    assert {*kept, *dropped} == site.pages
    # Of each text that the killed crawl had not seen one page is kept.
    assert sorted(map(text_of, kept)) == sorted({*map(text_of, site.pages)} - {*map(text_of, held)})
    stats = events[-1]["stats"]
    assert stats["dedupe/dropped"] == len(dropped)
    assert stats["dedupe/unchanged"] == len(held)
    assert stats["dedupe/added"] == len(site.pages) - len(held)
    with Index(tmp_path / "index", read_only=True) as index:
        assert {one["id"] for one in index.export()} == site.pages
        assert [story.size for story in index.stories()] == [2] * 6
        assert index.check() == []


def test_crawl__an_index_that_another_process_writes_ends_it(site: Site, tmp_path: Path) -> None:
    with Index(tmp_path / "index") as index:
        events, log, _ = finished(crawl(site, tmp_path / "index"))
        assert len(index) == 0
    assert "IndexBusyError" in log
    assert events == [{"stats": {}}]


def test_crawl__another_reactor_is_refused(site: Site, tmp_path: Path) -> None:
    reactor = "twisted.internet.selectreactor.SelectReactor"
    events, log, _ = finished(crawl(site, tmp_path / "index", TWISTED_REACTOR=reactor))
    assert "unset TWISTED_REACTOR" in log
    assert not any("item" in event for event in events)
