"""New documents and an index in; how each relates to what the index holds, out.

    documents table  ->  read()   ->  Batch: sketches and keys
    Batch            ->  match()  ->  Matched: measured pairs, among themselves and with old ones

The same stages as a run over a collection. Only where candidates come from is
new: the postings of the index, which also tell in how many documents a shingle
stands. The work for one document is bounded: so many keys are looked up, a key
held by many leads to a few, and so many documents are read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from dedupe.candidates import Candidates, find_candidates, first_of_text, weigh
from dedupe.clean import clean
from dedupe.comparison import Background
from dedupe.index.keys import BAND, ID, ID_CAP, SHINGLE, TEXT, Keys, mixed, posting_keys
from dedupe.index.outlets import furniture_of
from dedupe.index.records import Stored, as_table, unpack
from dedupe.runs import sorted_distinct
from dedupe.sketch import sketch
from dedupe.storage.catalog import ALONE, GROUPED
from dedupe.verify import OnDemand, given_pairs, verify

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dedupe.settings import Settings
    from dedupe.sketch import Sketches
    from dedupe.storage.store import Store

MOST_FETCHED = 48
"""Documents read and measured for one new document (benchmarks/index.py)."""

_TEXT_CAP = 8


class Batch(NamedTuple):
    """New documents, read.

    Attributes:
        table: documents, by id.
        sketches: of them, for finding candidates.
        keys: theirs.
        minutes: clock of each, minutes since 1970, int32 (D,).
    """

    table: pa.Table
    sketches: Sketches
    keys: Keys
    minutes: NDArray[np.int32]


class Counted(NamedTuple):
    """In how many documents of an index keys stand.

    Shapes (N keys)
        keys    uint64 (N,)  rising
        counts  int64  (N,)
    """

    keys: NDArray[np.uint64]
    counts: NDArray[np.int64]

    @classmethod
    def none(cls) -> Counted:
        """Return the counts of no key."""
        return cls(np.zeros(0, np.uint64), np.zeros(0, np.int64))


class Matched(NamedTuple):
    """New documents beside the old ones they resemble.

    Attributes:
        table: new documents, then old ones.
        old: the old ones.
        pairs: verify.relation's table over the rows of `table`; a is new.
        passages: of these pairs.
        on_demand: measures further pairs of rows.
        same_id: by row of a new document: the current document of its id.
        n_postings: read from the index.
    """

    table: pa.Table
    old: list[Stored]
    pairs: pa.Table
    passages: pa.Table
    on_demand: OnDemand
    same_id: dict[int, Stored]
    n_postings: int


def read(table: pa.Table, store: Store, settings: Settings, now_minute: int) -> Batch:
    """Sketch new documents with what is known of their outlets."""
    sketches = sketch(clean(table, settings, furniture_of(store.catalog, table)), settings)
    keys = posting_keys(sketches, table.column("id").to_pylist(), settings)
    return Batch(table, sketches, keys, _minutes(table, now_minute))


def _minutes(table: pa.Table, now_minute: int) -> NDArray[np.int32]:
    """Return when each document appeared, or was fetched, or else now."""
    import pyarrow.compute as pc

    clock = pc.coalesce(table.column("published"), table.column("fetched"))
    microseconds = clock.cast("int64").fill_null(now_minute * 60_000_000).to_numpy()
    minutes = np.clip(microseconds // 60_000_000, -(2**31), 2**31 - 1)
    return np.asarray(minutes.astype(np.int32))


def match(batch: Batch, store: Store, settings: Settings, window_minutes: int) -> Matched:
    """Find and measure the pairs of new documents with each other and with old ones."""
    caps = np.array([settings.bucket_cap, settings.rare_cap, _TEXT_CAP, ID_CAP])
    found = store.postings.find(batch.keys.keys, caps[batch.keys.kind])
    row, kind = batch.keys.row[found.key], batch.keys.kind[found.key]
    same_id = _same_id(batch, row[kind == ID], found.document[kind == ID], store)
    copies = _copies(batch, row[kind == TEXT], found.document[kind == TEXT], store)
    nets = (kind == BAND) | (kind == SHINGLE)
    nets &= ~np.isin(row, np.array(sorted(copies), np.int64))
    chosen = _likely(
        batch, row[nets], found.document[nets], kind[nets] == BAND, store, settings, window_minutes
    )
    wanted = {(one, stored.number) for one, stored in [*copies.items(), *same_id.items()]}
    wanted |= set(zip(*(side.tolist() for side in chosen), strict=True))
    numbers = sorted({number for _, number in wanted})
    old = [one for one in fetch(store, numbers) if store.catalog.place(one.number).state <= GROUPED]
    table = pa.concat_tables([batch.table, as_table(old)]).combine_chunks()
    rows = {one.number: len(batch.minutes) + i for i, one in enumerate(old)}
    cross = [(one, rows[number]) for one, number in wanted if number in rows]
    return _measured(batch, found.counts, table, old, cross, store, settings)._replace(
        same_id=same_id, n_postings=len(found.document)
    )


def fetch(store: Store, numbers: Sequence[int]) -> list[Stored]:
    """Read documents of the catalogue."""
    return [unpack(number, store.catalog.need("documents", number)) for number in numbers]


def _same_id(
    batch: Batch, row: NDArray[np.int64], number: NDArray[np.int64], store: Store
) -> dict[int, Stored]:
    """Return the current document of each id that was given before, by row."""
    ids = batch.table.column("id")
    found = {}
    for one, other in zip(row.tolist(), number.tolist(), strict=True):
        if store.catalog.place(other).state <= GROUPED:
            stored = fetch(store, [other])[0]
            if stored.id == ids[one].as_py():
                found[one] = stored
    return found


def _copies(
    batch: Batch, row: NDArray[np.int64], number: NDArray[np.int64], store: Store
) -> dict[int, Stored]:
    """Return the document of equal text that the index holds, by row."""
    found: dict[int, Stored] = {}
    for one, other in sorted(zip(row.tolist(), number.tolist(), strict=True)):
        live = forwarded(store, other)
        if one not in found and live:
            stored = fetch(store, [live])[0]
            if stored.text_hash == int(batch.sketches.text_hashes[one]):
                found[one] = stored
    return found


def forwarded(store: Store, number: int) -> int:
    """Return a document, or the copy that stands for it when it is gone; 0 for none."""
    place = store.catalog.place(number)
    while place.state not in {ALONE, GROUPED}:
        if place.leader == number:
            return 0
        number = place.leader
        place = store.catalog.place(number)
    return number


def _likely(
    batch: Batch,
    row: NDArray[np.int64],
    number: NDArray[np.int64],
    is_band: NDArray[np.bool_],
    store: Store,
    settings: Settings,
    window_minutes: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Choose the old documents worth reading for each new one, the likeliest first."""
    packed = (row.astype(np.uint64) << np.uint64(40)) | number.astype(np.uint64)
    distinct, inverse = np.unique(packed, return_inverse=True)
    n_bands = np.bincount(inverse, is_band, len(distinct))
    n_rare = np.bincount(inverse, ~is_band, len(distinct))
    row = (distinct >> np.uint64(40)).astype(np.int64)
    number = (distinct & np.uint64((1 << 40) - 1)).astype(np.int64)
    about = store.postings.about(number)
    fewer = np.minimum(np.diff(batch.sketches.offsets)[row], about["n_sampled"])
    enough = (n_bands > 0) | (n_rare >= np.maximum(1, settings.containment_floor * fewer / 2))
    if window_minutes:
        apart = np.abs(about["minute"].astype(np.int64) - batch.minutes[row])
        enough &= apart <= window_minutes
    # A band holds as much evidence as its share of the signature.
    score = n_rare / np.maximum(fewer, 1) + n_bands * settings.band_rows / settings.n_slots
    order = np.flatnonzero(enough)
    order = order[np.lexsort((number[order], -score[order], row[order]))]
    starts = np.searchsorted(row[order], row[order])
    order = order[np.arange(len(order)) - starts < MOST_FETCHED]
    live = [forwarded(store, one) for one in number[order].tolist()]
    return row[order], np.array(live, np.int64)


def _measured(
    batch: Batch,
    counts: NDArray[np.int64],
    table: pa.Table,
    old: list[Stored],
    cross: list[tuple[int, int]],
    store: Store,
    settings: Settings,
) -> Matched:
    kept = clean(table, settings, furniture_of(store.catalog, table))
    sketches = sketch(kept, settings)
    shingles = batch.keys.kind == SHINGLE
    order = np.argsort(batch.keys.keys[shingles])
    known = Counted(batch.keys.keys[shingles][order], counts[shingles][order])
    background = background_of(sketches, len(batch.minutes), known, store)
    weights = weigh(sketches, background)
    a, b = (np.array([pair[side] for pair in cross], np.int64) for side in (0, 1))
    candidates = given_pairs(a, b, sketches, weights, settings)
    if len(batch.minutes) > 1:
        new_only = sketches._replace(n_words=sketches.n_words.copy())
        new_only.n_words[len(batch.minutes) :] = 0
        candidates = joined(find_candidates(new_only, weights, settings), candidates)
    pairs, passages = verify(candidates, table, kept, settings)
    on_demand = OnDemand(sketches, weights, table, kept, settings)
    return Matched(table, old, pairs, passages, on_demand, {}, 0)


def joined(one: Candidates, other: Candidates) -> Candidates:
    """Join candidates that have no pair in common."""
    a, b = np.concatenate([one.a, other.a]), np.concatenate([one.b, other.b])
    order = np.lexsort((b, a))
    nets = np.concatenate([one.nets, other.nets])[order]
    share = np.concatenate([one.shared_weight, other.shared_weight])[order]
    return Candidates(a[order], b[order], nets, share, one.n_found + other.n_found, one.n_capped)


def background_of(sketches: Sketches, n_new: int, known: Counted, store: Store) -> Background:
    """Count in how many texts each sampled shingle stands: those of the index, and the new.

    Args:
        sketches: new documents, then old ones.
        n_new: how many are new.
        known: what was already looked up in the index.
        store: the index.
    """
    hashes = sorted_distinct(sketches.sampled)
    keys = mixed(hashes, SHINGLE)
    places = np.searchsorted(known.keys, keys)
    places[places == len(known.keys)] = 0
    found = known.keys[places] == keys if len(known.keys) else np.zeros(len(keys), np.bool_)
    frequency = np.zeros(len(keys), np.int64)
    frequency[found] = known.counts[places[found]]
    frequency[~found] = store.postings.find(keys[~found], 0).counts
    counted = first_of_text(sketches)
    counted[n_new:] = False
    counted[:n_new] &= ~np.isin(sketches.text_hashes[:n_new], sketches.text_hashes[n_new:])
    new = sketches.sampled[np.repeat(counted, np.diff(sketches.offsets))]
    np.add.at(frequency, np.searchsorted(hashes, new), 1)
    return Background(hashes, frequency, store.counts["n_texts"] + int(counted.sum()))
