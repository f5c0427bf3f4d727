"""Names in; the documents and stories of an index that have them, out."""

from __future__ import annotations

import bisect
from datetime import UTC
from typing import TYPE_CHECKING

import numpy as np

from dedupe.index.keys import ID_CAP, id_keys
from dedupe.storage.tables import ALONE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from dedupe.index.held import Held
    from dedupe.index.records import Stored
    from dedupe.settings import Settings
    from dedupe.storage.store import Store


def members_of(held: Held, story: int) -> list[int]:
    """Return the documents of a story; none when there is no such story now."""
    row = held.catalog.get("stories", story)
    if row is not None:
        return list(np.frombuffer(row[0], np.int64).tolist())
    return [story] if held.place(story).state == ALONE else []


def versions_of(held: Held, document: str, settings: Settings) -> list[Stored]:
    """Return every version of an id, oldest first."""
    found = held.store.postings.find(id_keys([document], settings), ID_CAP)
    numbers = sorted(found.document.tolist())
    return [one for one in held.documents(numbers) if one.id == document]


def newest_of(held: Held, ids: Sequence[str], settings: Settings) -> list[Stored | None]:
    """Return the newest version of each id that an index has seen, current or not."""
    found = held.store.postings.find(id_keys(ids, settings), ID_CAP)
    newest: list[Stored | None] = [None] * len(ids)
    seen: dict[int, list[int]] = {}
    for row, number in sorted(zip(found.key.tolist(), found.document.tolist(), strict=True)):
        seen.setdefault(row, []).append(number)
    while seen:
        # An older one is read only where keys met by chance.
        held.load(numbers[-1] for numbers in seen.values())
        for row, numbers in list(seen.items()):
            stored = held.document(numbers.pop())
            if stored.id == ids[row]:
                newest[row] = stored
            if newest[row] is not None or not numbers:
                del seen[row]
    return newest


def commit_before(store: Store, since: datetime | int | None) -> int:
    """Return the number of the last commit not after a moment."""
    if since is None or isinstance(since, int):
        return since or 0
    moment = since.replace(tzinfo=since.tzinfo or UTC).timestamp()
    numbers = range(1, store.counts["n_commits"] + 1)
    return bisect.bisect_right(
        numbers, moment, key=lambda number: store.catalog.need("commits", number)[0]
    )
