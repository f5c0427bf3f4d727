"""What an index has learned of each outlet's furniture, kept and added to.

A few recent pages of each outlet, and the new ones, are learned from as a run
over a collection would; what was learned stays.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from dedupe.clean.blocks import Blocks, read_blocks
from dedupe.clean.furniture import Furniture, block_keys, learn, outlet_numbers
from dedupe.clean.kept import text_bytes
from dedupe.index.records import as_table
from dedupe.storage.catalog import GROUPED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dedupe.index.held import Held
    from dedupe.settings import Settings
    from dedupe.storage.catalog import Catalog

_RECENT_PAGES = 16
"""Pages of an outlet that new ones are held against (benchmarks/index.py)."""


def furniture_of(catalog: Catalog, documents: pa.Table) -> Furniture:
    """Return what is known of the outlets of some documents."""
    rows = catalog.get_many("outlets", _outlet_keys(documents))
    keys = [np.frombuffer(row[1], np.uint64) for row in rows.values()]
    return Furniture(np.unique(np.concatenate([np.zeros(0, np.uint64), *keys])))


def learn_more(
    held: Held,
    documents: pa.Table,
    blocks: Blocks,
    numbers: Sequence[int],
    settings: Settings,
) -> list[int]:
    """Learn from new documents and the recent pages of their outlets.

    Returns the recent pages of those outlets of which something was learned.

    Args:
        held: the index; its catalogue keeps what is learned.
        documents: new ones, not yet in the catalogue.
        blocks: of their texts.
        numbers: their numbers to be.
        settings: of the index.
    """
    outlets = outlet_numbers(documents)
    if not outlets.any():
        return []
    every = _outlet_keys(documents)
    known = held.catalog.get_many("outlets", every)
    n_new = Counter(outlet >> 1 for outlet in outlets.tolist() if outlet)
    recent = _live_pages(held, {key: _RECENT_PAGES - n_new[key] for key in every}, known)
    read = sorted({number for pages in recent.values() for number in pages})
    learned = _learn(as_table(held.documents(read)), documents, blocks, settings)
    for number, outlet in zip(numbers, outlets.tolist(), strict=True):
        if outlet:
            recent[outlet >> 1] = [*recent[outlet >> 1], number][-_RECENT_PAGES:]
    rows: list[tuple[Any, ...]] = []
    concerned: list[int] = []
    for key, numbers_kept in recent.items():
        before = known.get(key)
        n_before = len(before[1]) // 8 if before else 0
        keys = learned.get(key, np.zeros(0, np.uint64))
        if before:
            keys = np.union1d(keys, np.frombuffer(before[1], np.uint64))
        if len(keys) > n_before:
            concerned += numbers_kept
        rows.append((key, np.array(numbers_kept, np.int64).tobytes(), keys.tobytes()))
    held.catalog.put("outlets", rows)
    return concerned


def missing_pages(catalog: Catalog) -> list[str]:
    """Return the pages of outlets that the catalogue does not hold, as faults, one line each."""
    return [
        f"row {key} of outlets names document {number}, which is not there; it is forgotten when "
        "a page of that outlet is added"
        for key, pages, _ in catalog.every("outlets")
        for number in np.frombuffer(pages, np.int64).tolist()
        if catalog.get("places", number) is None
    ]


def _live_pages(
    held: Held, wanted: dict[int, int], known: dict[int, tuple[Any, ...]]
) -> dict[int, list[int]]:
    """Return so many of each outlet's last pages, without those whose text may be gone."""
    pages: dict[int, list[int]] = {key: [] for key in wanted}
    for key, row in known.items():
        numbers = list(dict.fromkeys(np.frombuffer(row[0], np.int64).tolist()))
        pages[key] = numbers[max(0, len(numbers) - max(0, wanted[key])) :]
    places = held.catalog.get_many("places", {one for some in pages.values() for one in some})
    live = {number for number, place in places.items() if place[0] <= GROUPED}
    return {key: [one for one in numbers if one in live] for key, numbers in pages.items()}


def _learn(
    old: pa.Table, new: pa.Table, new_blocks: Blocks, settings: Settings
) -> dict[int, NDArray[np.uint64]]:
    """Return the furniture of each outlet."""
    old_blocks = read_blocks(*text_bytes(old.combine_chunks()), settings)
    blocks = Blocks(
        np.concatenate([old_blocks.starts, new_blocks.starts]),
        np.concatenate([old_blocks.ends, new_blocks.ends]),
        np.concatenate([old_blocks.hashes, new_blocks.hashes]),
        np.concatenate([old_blocks.traits, new_blocks.traits]),
        np.concatenate([old_blocks.offsets, new_blocks.offsets[1:] + old_blocks.offsets[-1]]),
        np.concatenate([old_blocks.text_hashes, new_blocks.text_hashes]),
    )
    outlets = np.concatenate([outlet_numbers(old), outlet_numbers(new)])
    keys = block_keys(blocks, outlets)
    titles = pa.concat_tables([old.select(["title"]), new.select(["title"])]).column("title")
    furniture = learn(blocks, keys, outlets, titles)
    owners = np.repeat(outlets, np.diff(blocks.offsets))
    found = np.flatnonzero(np.isin(keys, furniture.keys) & (keys != 0))
    order = found[np.lexsort((keys[found], owners[found]))]
    outlet, starts = np.unique(owners[order], return_index=True)
    parts = np.split(keys[order], starts[1:])
    return {
        int(one) >> 1: np.unique(part) for one, part in zip(outlet, parts, strict=len(outlet) > 0)
    }


def _outlet_keys(documents: pa.Table) -> list[int]:
    """Return the outlets of documents as row numbers, which SQLite has 63 bits for."""
    return sorted({number >> 1 for number in outlet_numbers(documents).tolist() if number})
