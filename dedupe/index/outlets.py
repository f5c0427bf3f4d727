"""New pages in; what their outlets are seen to repeat, kept and added to, out.

An index knows in which pages of an outlet each block stands: blocks are keys
like others. Where a new page brings a block to enough pages, those pages are
learned from as a run over a collection would. What was learned stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from dedupe.arrays.ragged import ranges_of, running_total
from dedupe.clean.blocks import Blocks, documents_of, read_blocks
from dedupe.clean.furniture import STORIES, Furniture, block_keys, is_known, learn, outlet_numbers
from dedupe.clean.kept import keep_all
from dedupe.documents import text_bytes
from dedupe.index.keys import BLOCK, Keys, mixed
from dedupe.index.records import as_table
from dedupe.storage.postings import merged

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe.index.held import Held
    from dedupe.settings import Settings
    from dedupe.storage.catalog import Catalog

BLOCK_CAP = 16
"""Pages with one block that are learned from; of more the oldest few (benchmarks/index.py)."""


class Learned(NamedTuple):
    """What new pages have taught.

    Attributes:
        keys: by which their blocks are found again; known furniture needs none.
        concerned: older pages whose furniture is known only now.
    """

    keys: Keys
    concerned: list[int]


def furniture_of(catalog: Catalog, documents: pa.Table) -> Furniture:
    """Return what is known of the outlets of some documents."""
    numbers = {number >> 1 for number in outlet_numbers(documents).tolist() if number}
    rows = catalog.get_many("outlets", numbers)
    keys = [np.frombuffer(keys, np.uint64) for (keys,) in rows.values()]
    return Furniture(keys[0] if len(keys) == 1 else merged([np.zeros(0, np.uint64), *keys]))


def learn_more(held: Held, documents: pa.Table, blocks: Blocks, settings: Settings) -> Learned:
    """Learn from new documents and the older pages that have a block in common with them.

    Args:
        held: the index; its catalogue keeps what is learned.
        documents: new ones, not yet in the catalogue.
        blocks: of their texts.
        settings: of the index.
    """
    outlets = outlet_numbers(documents)
    furniture = furniture_of(held.catalog, documents)
    every = block_keys(blocks, outlets)
    fresh = (every != 0) & ~is_known(every, furniture)
    key, row = _each_once(every[fresh], documents_of(blocks, np.flatnonzero(fresh)))
    distinct, place, n_new = np.unique(key, return_inverse=True, return_counts=True)
    found = held.store.postings.find(mixed(distinct, BLOCK), BLOCK_CAP)
    repeated = found.counts + n_new >= STORIES
    learned = np.zeros(0, np.uint64)
    concerned: list[int] = []
    if repeated.any():
        numbers = found.document[repeated[found.key]].tolist()
        held.load_places(numbers)
        old = held.documents(sorted({one for one in numbers if held.is_live(one)}))
        rows = np.unique(row[repeated[place]])
        learned = _learn(
            as_table(old), documents.take(pa.array(rows)), _of_rows(blocks, rows), settings
        )
        learned = np.setdiff1d(learned, furniture.keys)
        is_new = np.isin(distinct, learned)
        concerned = sorted(set(found.document[is_new[found.key]].tolist()))
    if len(learned):
        _keep(held.catalog, every, np.repeat(outlets, np.diff(blocks.offsets)), learned)
    posted = ~np.isin(key, learned)
    keys = mixed(key[posted], BLOCK)
    return Learned(Keys(keys, row[posted], np.full(len(keys), BLOCK, np.uint8)), concerned)


def _each_once(
    key: NDArray[np.uint64], row: NDArray[np.int64]
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return the blocks of each document, those that it has twice once."""
    order = np.lexsort((row, key))
    key, row = key[order], row[order]
    first = np.ones(len(key), np.bool_)
    first[1:] = (key[1:] != key[:-1]) | (row[1:] != row[:-1])
    return key[first], row[first]


def _of_rows(blocks: Blocks, rows: NDArray[np.int64]) -> Blocks:
    """Return the blocks of some documents."""
    n_blocks = np.diff(blocks.offsets)[rows]
    places = ranges_of(blocks.offsets[rows], n_blocks)
    return Blocks(
        blocks.starts[places], blocks.ends[places], blocks.hashes[places], blocks.traits[places],
        running_total(n_blocks), blocks.text_hashes[rows],
    )  # fmt: skip


def _learn(
    old: pa.Table, new: pa.Table, new_blocks: Blocks, settings: Settings
) -> NDArray[np.uint64]:
    """Return the furniture of pages, old and new, as `clean.furniture` names it."""
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
    pages = pa.concat_tables([one.select(["title", "text"]) for one in (old, new)])
    titles = pages.column("title")
    return learn(blocks, keys, outlets, keep_all(pages), titles, settings.threads).keys


def _keep(
    catalog: Catalog,
    keys: NDArray[np.uint64],
    owners: NDArray[np.uint64],
    learned: NDArray[np.uint64],
) -> None:
    """Add what was learned to the outlets whose blocks it is.

    Args:
        catalog: keeps it.
        keys: uint64 (K,), of the new pages' blocks.
        owners: uint64 (K,), the outlet of each.
        learned: those of them that are furniture.
    """
    places = np.flatnonzero(np.isin(keys, learned))
    new: dict[int, list[int]] = {}
    for owner, key in zip(owners[places].tolist(), keys[places].tolist(), strict=True):
        # SQLite has 63 bits for the number of a row.
        new.setdefault(owner >> 1, []).append(key)
    before = catalog.get_many("outlets", new)
    catalog.put(
        "outlets",
        [
            (owner, np.union1d(np.frombuffer(before.get(owner, (b"",))[0], np.uint64),
                               np.array(own, np.uint64)).tobytes())
            for owner, own in sorted(new.items())
        ],
    )  # fmt: skip
