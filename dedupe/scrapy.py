"""An item of a Scrapy crawl in; the same item, told its story, or dropped as known, out.

    items  ->  documents  ->  Index.add_many()  ->  Match  ->  item["dedupe"], or DropItem

A crawl must not wait for a disk, so a thread adds the documents. It is one
thread: a later version of a page must not overtake an earlier one. Items that
come while a commit is made are the next commit, so that none waits for others to
fill a batch, and a crawl that is faster than single commits makes larger ones. An
item goes on when it is on disk.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa

from dedupe.errors import InputError, MissingExtraError, SettingsError, StoreError
from dedupe.index import Index
from dedupe.index.adding import READ_TOGETHER
from dedupe.index.asked import table_of
from dedupe.read.fields import PAGE, FieldNames
from dedupe.read.pages import can_extract, extract_page, needs_extra
from dedupe.verify.relation import NEARLY_ALL

try:
    from itemadapter import ItemAdapter
    from scrapy.exceptions import DropItem, NotConfigured
    from scrapy.utils.asyncio import is_asyncio_available
except ImportError as error:
    raise MissingExtraError("dedupe.scrapy", "scrapy") from error

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from dedupe.index import Match

    Answer = Future[tuple[Match, str] | InputError | StoreError]
    """A match, and why its item is to be dropped, "" where it is not; or why an item is no
    document, or the index did not take it."""

_LOGGER = logging.getLogger(__name__)
_DROPS = ("none", "exact", "copies")
_COPIES = {"repost", "excerpt"}
"""Relations to a parent that add nothing to it. Of equal texts in one commit the first counts as
new and stays, whichever is the parent, or all of them would be dropped."""


class StoryPipeline:
    """Adds each item to an index, and puts what that says of it onto the item.

    Settings:
        DEDUPE_INDEX: folder of the index; made when there is none. One crawl at a time
            writes an index. Without this setting the pipeline is off.
        DEDUPE_WINDOW: as `window` of `Index`.
        DEDUPE_FIELDS: field of a document to the name it has in the items, with dots
            into nested ones; other fields are found by `read.fields.COMMON_NAMES`.
        DEDUPE_MATCH_FIELD: field of an item that takes `Match.to_brief()`, a dict;
            "dedupe" by default, and "" for none.
        DEDUPE_DROP: "none", the default; "exact" drops an item whose words the index
            has in their order already (`Match.is_new_text`), a page crawled again without
            a change too; "copies" also drops reposts and excerpts of another document. Where
            the source is absent or unnamed, it drops an item if one other document of its
            story covers .85 of its kept text (`Match.coverage`). It reads the story of each
            item that joins one. What is dropped is in the index all the same.

    Stats, all under "dedupe/": `added` items, of these `exact` copies and `new_stories`;
    `unchanged` items, which the index held just so; `merged_stories`, by items that showed
    two to be one; `dropped` items; `rejected` ones, which no document could be made of, and
    `failed` ones, which the index did not take, as when the disk is full; both pass on as they
    came.

    Raises:
        NotConfigured: no DEDUPE_INDEX; Scrapy warns, and goes on without.
        SettingsError: a DEDUPE_DROP that is none of these; a reactor of Twisted without asyncio.
        InputError: DEDUPE_FIELDS names a field that documents do not have.
    """

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        self._folder = settings.get("DEDUPE_INDEX")
        if not self._folder:
            raise NotConfigured('set DEDUPE_INDEX to the folder of an index, as in "stories"')
        self._drop = settings.get("DEDUPE_DROP", _DROPS[0])
        if self._drop not in _DROPS:
            raise SettingsError(f"DEDUPE_DROP is one of {', '.join(_DROPS)}, not {self._drop!r}")
        if not is_asyncio_available():
            raise SettingsError(
                "dedupe.scrapy needs asyncio, Scrapy's default; unset TWISTED_REACTOR"
            )
        self._window = settings.get("DEDUPE_WINDOW")
        self._names = FieldNames(settings.getdict("DEDUPE_FIELDS"))
        self._match_field = settings.get("DEDUPE_MATCH_FIELD", "dedupe")
        self._stats = crawler.stats
        self._logged: set[str] = set()
        self._index: Index | None = None
        self._waiting: deque[tuple[dict[str, Any], Answer]] = deque()
        self._writer = ThreadPoolExecutor(1, "dedupe")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make the pipeline of a crawl."""
        return cls(crawler)

    def open_spider(self) -> None:
        """Open the index.

        Raises:
            As `Index`; Scrapy then ends the crawl.
        """
        compiler = logging.getLogger("numba")
        if compiler.level == logging.NOTSET:
            # At Scrapy's level, DEBUG, a first crawl would log every instruction it compiles.
            compiler.setLevel(logging.WARNING)
        self._index = Index(self._folder, window=self._window)

    async def close_spider(self) -> None:
        """Close the index: another process may write it then."""
        index, self._index = self._index, None
        try:
            if index is not None:
                await asyncio.wrap_future(self._writer.submit(index.close))
        finally:
            self._writer.shutdown(wait=False)

    async def process_item(self, item: Any) -> Any:
        """Add an item, durably, and return it.

        Raises:
            DropItem: as DEDUPE_DROP asks.
            StoreError: the index is not open.
        """
        if self._index is None:
            raise StoreError(
                f"{self._folder}: is not open; call open_spider before the first item, and "
                "close_spider after the last"
            )
        answer: Answer = Future()
        self._waiting.append((ItemAdapter(item).asdict(), answer))
        self._writer.submit(self._add_waiting, self._index)
        answered = await asyncio.wrap_future(answer)
        if isinstance(answered, InputError):
            self._count("rejected")
            self._log_once("rejected", f"an item passes on without its story: {answered}")
            return item
        if isinstance(answered, StoreError):
            # A feed must not lose what was crawled because the index cannot keep it.
            self._count("failed")
            self._log_once(
                "failed", f"items pass on without their story: {answered}", logging.ERROR
            )
            return item
        match, known = answered
        self._count("unchanged" if match.change == "unchanged" else "added")
        self._count("exact", not match.is_new_text and match.change != "unchanged")
        self._count("new_stories", match.is_new_story)
        self._count("merged_stories", len(match.merged))
        if known:
            self._count("dropped")
            raise DropItem(f'"{match.document}" tells the story "{match.story}": {known}')
        self._tell(item, match)
        return item

    def _add_waiting(self, index: Index) -> None:
        """Add the items that wait in one commit; a call before may have taken them all."""
        ready: list[tuple[pa.Table, Answer]] = []
        while self._waiting and len(ready) < READ_TOGETHER:
            record, answer = self._waiting.popleft()
            if answer.set_running_or_notify_cancel():
                try:
                    ready.append((table_of([self._document(record)]), answer))
                except InputError as error:
                    answer.set_result(error)
                except Exception as error:  # noqa: BLE001 - raised where the item waits
                    answer.set_exception(error)
        if ready:
            self._add(index, ready)

    def _add(self, index: Index, ready: list[tuple[pa.Table, Answer]]) -> None:
        """Add documents in one commit, and answer those who wait for them."""
        try:
            matches = index.add_many(pa.concat_tables(table for table, _ in ready))
        except StoreError as error:
            for _, answer in ready:
                answer.set_result(error)
            return
        except Exception as error:  # noqa: BLE001 - raised where the items wait
            for _, answer in ready:
                answer.set_exception(error)
            return
        try:
            known = self._known(matches)
        except Exception as error:  # noqa: BLE001
            self._keep_unread(error)
            known = [""] * len(matches)
        for (_, answer), match, why in zip(ready, matches, known, strict=True):
            answer.set_result((match, why))

    def _known(self, matches: list[Match]) -> list[str]:
        """Say why each item of a commit is to be dropped, "" where it is not.

        Of copies that come together one must stay. So those without a parent are judged last,
        by their ids, and none of them by an item that is dropped or not yet judged.
        """
        known = [self._known_by_parent(match) for match in matches]
        unsure = [place for place, why in enumerate(known) if why is None]
        not_by = {match.document for match, why in zip(matches, known, strict=True) if why != ""}
        for place in sorted(unsure, key=lambda place: matches[place].document):
            match = matches[place]
            known[place] = self._known_by_another(match, not_by | {match.document})
            if not known[place]:
                not_by.discard(match.document)
        return [why or "" for why in known]

    def _known_by_parent(self, match: Match) -> str | None:
        """Say why an item is to be dropped, "" where it is not; None where it has no parent.

        The item is in the index by now: whatever hinders reading its story must not fail it.
        """
        try:
            if self._drop != "none" and not match.is_new_text:
                return "the same words"
            if self._drop != "copies" or match.is_new_story:
                return ""
            if match.relation == "derived" or (match.relation in _COPIES and not match.parent):
                return None
            if match.relation in _COPIES:
                return f'{match.relation} of "{match.parent}"'
        except Exception as error:  # noqa: BLE001
            self._keep_unread(error)
        return ""

    def _known_by_another(self, match: Match, not_by: set[str]) -> str:
        """Say which other document of its story holds nearly all of an item; "" where none does."""
        try:
            others = {name: share for name, share in match.coverage.items() if name not in not_by}
        except Exception as error:  # noqa: BLE001
            self._keep_unread(error)
            return ""
        most = max(others, key=lambda name: others[name], default="")
        if others.get(most, 0.0) < NEARLY_ALL:
            return ""
        return f'"{most}" has {others[most]:.0%} of its text'

    def _keep_unread(self, error: Exception) -> None:
        self._log_once("unread", f"an item is kept, for its story cannot be read: {error}")

    def _document(self, record: dict[str, Any]) -> dict[str, Any]:
        """Return a record's fields by the names of a document.

        Raises:
            InputError: it holds no text, and no page that one can be extracted from.
        """
        # An item loader makes a list of every value, and a list of one date is no date.
        record = {
            name: value[0] if isinstance(value, list) and len(value) == 1 else value
            for name, value in record.items()
        }
        document = self._names.of_one(record)
        page = document.get("html")
        if not document.get("text") and page and isinstance(page, (str, bytes)):
            if not can_extract():
                raise InputError(str(needs_extra()))
            document = self._names.of_one({**record, PAGE: extract_page(page)})
        text = document.get("text")
        if text is None:
            raise InputError(self._names.missing_text(record))
        if not text or (isinstance(text, str) and text.isspace()):
            raise InputError("its text is empty")
        return document

    def _tell(self, item: Any, match: Match) -> None:
        """Put a match onto its item, if it takes it."""
        if not self._match_field:
            return
        try:
            ItemAdapter(item)[self._match_field] = match.to_brief()
        except (AttributeError, KeyError, TypeError, ValueError):  # fields or values are fixed
            self._log_once(
                type(item).__qualname__,
                f'{type(item).__name__} takes no field "{self._match_field}"; declare it, or set '
                'DEDUPE_MATCH_FIELD to another, or to "" for none',
            )

    def _count(self, name: str, n: int = 1) -> None:
        if n and self._stats is not None:
            self._stats.inc_value(f"dedupe/{name}", n)

    def _log_once(self, key: str, message: str, level: int = logging.WARNING) -> None:
        """Log the first of its kind; those after it are for whoever debugs."""
        _LOGGER.log(logging.DEBUG if key in self._logged else level, message)
        self._logged.add(key)
