"""What an index has learned of each outlet's furniture, kept and added to.

A few recent pages of each outlet, and the new ones, are learned from as a run
over a collection would; what was learned stays.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from dedupe.clean.blocks import read_blocks
from dedupe.clean.furniture import Furniture, block_keys, learn, outlet_numbers
from dedupe.clean.kept import text_bytes
from dedupe.index.records import as_table, unpack
from dedupe.storage.catalog import GROUPED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dedupe.settings import Settings
    from dedupe.storage.catalog import Catalog

_RECENT_PAGES = 16
"""Pages of an outlet that new ones are held against (benchmarks/index.py)."""


def furniture_of(catalog: Catalog, documents: pa.Table) -> Furniture:
    """Return what is known of the outlets of some documents."""
    rows = [catalog.get("outlets", key) for key in _outlet_keys(documents)]
    keys = [np.frombuffer(row[1], np.uint64) for row in rows if row is not None]
    return Furniture(np.unique(np.concatenate([np.zeros(0, np.uint64), *keys])))


def learn_more(
    catalog: Catalog,
    documents: pa.Table,
    numbers: Sequence[int],
    settings: Settings,
) -> list[int]:
    """Learn from new documents and the recent pages of their outlets.

    Returns the recent pages of those outlets of which something was learned.

    Args:
        catalog: keeps what is learned.
        documents: new ones, not yet in the catalogue.
        numbers: their numbers to be.
        settings: of the index.
    """
    outlets = outlet_numbers(documents)
    if not outlets.any():
        return []
    known = {key: catalog.get("outlets", key) for key in _outlet_keys(documents)}
    recent = {key: _live_pages(catalog, row[0]) if row else [] for key, row in known.items()}
    n_new = Counter(outlet >> 1 for outlet in outlets.tolist() if outlet)
    wanted = [
        pages[max(0, len(pages) - max(0, _RECENT_PAGES - n_new[key])) :]
        for key, pages in recent.items()
    ]
    read = sorted({number for pages in wanted for number in pages})
    old = [unpack(number, catalog.need("documents", number)) for number in read]
    pages = pa.concat_tables([as_table(old), documents]).combine_chunks()
    learned = _learn(pages, settings)
    for number, outlet in zip(numbers, outlets.tolist(), strict=True):
        if outlet:
            recent[outlet >> 1] = [*recent[outlet >> 1], number][-_RECENT_PAGES:]
    rows: list[tuple[Any, ...]] = []
    concerned: list[int] = []
    for key, numbers_kept in recent.items():
        before = known[key]
        n_before = len(before[1]) // 8 if before else 0
        keys = learned.get(key, np.zeros(0, np.uint64))
        if before:
            keys = np.union1d(keys, np.frombuffer(before[1], np.uint64))
        if len(keys) > n_before:
            concerned += numbers_kept
        rows.append((key, np.array(numbers_kept, np.int64).tobytes(), keys.tobytes()))
    catalog.put("outlets", rows)
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


def _live_pages(catalog: Catalog, pages: bytes) -> list[int]:
    """Return the pages of an outlet that are current: others may have no text left."""
    numbers = dict.fromkeys(np.frombuffer(pages, np.int64).tolist())
    places = {number: catalog.get("places", number) for number in numbers}
    return [number for number, place in places.items() if place and place[0] <= GROUPED]


def _learn(pages: pa.Table, settings: Settings) -> dict[int, NDArray[np.uint64]]:
    """Return the furniture of each outlet."""
    data, text_offsets = text_bytes(pages)
    blocks = read_blocks(data, text_offsets, settings)
    outlets = outlet_numbers(pages)
    keys = block_keys(blocks, outlets)
    furniture = learn(blocks, keys, outlets, pages.column("title"))
    owners = np.repeat(outlets, np.diff(blocks.offsets))
    found = np.isin(keys, furniture.keys) & (keys != 0)
    return {
        int(outlet) >> 1: np.unique(keys[found & (owners == outlet)])
        for outlet in np.unique(owners[found])
    }


def _outlet_keys(documents: pa.Table) -> list[int]:
    """Return the outlets of documents as row numbers, which SQLite has 63 bits for."""
    return sorted({number >> 1 for number in outlet_numbers(documents).tolist() if number})
