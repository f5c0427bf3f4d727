"""New documents and an index in; how each relates to what the index holds, out.

    documents table  ->  read()   ->  Batch: what is kept of their texts, sketches and keys
    Batch            ->  match()  ->  Matched: measured pairs, among themselves and with old ones

The same stages as a run over a collection, over all documents of a commit at
once. Only where candidates come from is new: the postings of the index, which
also tell in how many documents a shingle stands. The work for one document is
bounded: so many keys are looked up, a key held by many leads to a few, and so
many documents are read.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from dedupe.arrays.ragged import group_starts, running_total
from dedupe.candidates import EXACT, Candidates, find_candidates, representatives
from dedupe.clean import Kept, clean
from dedupe.documents import SCHEMA
from dedupe.index.frequency import weigh_among
from dedupe.index.keys import BAND, ID, ID_CAP, SHINGLE, TEXT, Keys, posting_keys
from dedupe.index.outlets import furniture_of
from dedupe.index.records import MEASURED, PUBLISHED, as_table
from dedupe.published import published_by
from dedupe.settings import Settings
from dedupe.sketch import Sketches, join_sketches, sketch
from dedupe.storage.postings import Found
from dedupe.verify import OnDemand, given_pairs, verify

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe.candidates import Weights
    from dedupe.clean.blocks import Blocks
    from dedupe.index.held import Held
    from dedupe.index.records import Stored
    from dedupe.storage.postings import Postings

MOST_FETCHED = 48
"""Documents read and measured for one new document (benchmarks/index.py)."""

# Documents of one text that are found by it; its story brings the others.
_TEXT_CAP = 8
# Others of a story that are looked at beside one of equal text.
_FEW = 3

_SLIGHT = 0.1
"""Share of the sampled shingles below which a document without a band is only read where it is
the likeliest. Of 417,832 pairs of Reuters 144,899 are read so, and 3 of 1,082 that tell one
story are not; with a band that counts for nothing it would be 143,221, and 9."""

_MANY_SAMPLED = 16
"""Of so many sampled shingles texts with a resemblance of .2 share one, but for 1 pair in 650."""


class Batch(NamedTuple):
    """New documents, read; under a window none of them appeared longer apart than it is.

    Attributes:
        table: documents, by id.
        kept: what is kept of their texts.
        sketches: of them, for finding candidates.
        keys: theirs.
        minutes: clock of each, minutes since 1970, int32 (D,).
        window: compare only what appeared within so many minutes; 0 for no limit.
    """

    table: pa.Table
    kept: Kept
    sketches: Sketches
    keys: Keys
    minutes: NDArray[np.int32]
    window: int

    @property
    def span(self) -> tuple[int, int] | None:
        """The earliest and the latest clock that any of them is compared with; None for all."""
        if not self.window:
            return None
        return int(self.minutes.min()) - self.window, int(self.minutes.max()) + self.window


class Matched(NamedTuple):
    """New documents beside the old ones they resemble.

    Attributes:
        old: the old ones.
        pairs: verify.relation's table over the rows of the new ones, then the old ones; a is new.
        passages: of these pairs.
        on_demand: measures further pairs of rows; None where there are no pairs.
        same_id: by row of a new document: the current document of its id.
    """

    old: list[Stored]
    pairs: pa.Table
    passages: pa.Table
    on_demand: OnDemand | None
    same_id: dict[int, Stored]


def read(
    table: pa.Table,
    held: Held,
    settings: Settings,
    now_minute: int,
    window_minutes: int,
    blocks: Blocks | None = None,
) -> Batch:
    """Sketch new documents with what is known of their outlets."""
    kept = clean(table, settings, furniture_of(held.catalog, table), blocks)
    sketches = sketch(kept, settings)
    keys = posting_keys(sketches, table.column("id").to_pylist(), settings)
    return Batch(table, kept, sketches, keys, minutes_of(table, now_minute), window_minutes)


def minutes_of(table: pa.Table, now_minute: int) -> NDArray[np.int32]:
    """Return when each document appeared, or was fetched, or else now; int32 (D,)."""
    clocks = (table.column(name).to_numpy() for name in ("published", "fetched"))
    published, fetched = (clock.astype("datetime64[m]") for clock in clocks)
    clock = np.where(np.isnat(published), fetched, published)
    minutes = np.where(np.isnat(clock), now_minute, clock.astype(np.int64))
    return np.clip(minutes, -(2**31), 2**31 - 1).astype(np.int32)


def match(batch: Batch, held: Held, settings: Settings, most: int = MOST_FETCHED) -> Matched:
    """Find and measure the pairs of new documents with each other and with old ones.

    Args:
        batch: the new documents.
        held: the index.
        settings: of the index.
        most: old documents read for each new one.
    """
    keys = batch.keys
    found = _looked_up(batch, held.store.postings, settings)
    row, kind = keys.row[found.key], keys.kind[found.key]
    named = kind == ID
    same_id = _same_id(batch, row[named], found.document[named], held)
    within = ~named & _within(batch, row, found.document, held)
    row, kind, number = row[within], kind[within], found.document[within]
    copies = _copies(batch, row[kind == TEXT], number[kind == TEXT], held)
    nets = (kind != TEXT) & ~np.isin(row, np.array(sorted(copies), np.int64))
    chosen = _likely(batch, row[nets], number[nets], kind[nets] == BAND, held, settings, most)
    wanted = {(one, stored.number) for one, stored in same_id.items()}
    wanted |= {(one, number) for one, numbers in copies.items() for number in numbers}
    wanted |= {pair for pair in zip(*chosen, strict=True) if pair[1]}
    wanted |= {
        (one, other)
        for one, numbers in copies.items()
        if one in same_id and same_id[one].number in numbers
        for other in beside(same_id[one].number, held)
    }
    old = held.documents(sorted({number for _, number in wanted}))
    rows = {one.number: len(batch.minutes) + i for i, one in enumerate(old)}
    cross = [(one, rows[number]) for one, number in wanted]
    known = found.counts[keys.kind == SHINGLE]
    matched = _measured(batch, known, old, cross, held, settings)
    return matched._replace(same_id=same_id)


def _looked_up(batch: Batch, postings: Postings, settings: Settings) -> Found:
    """Look all keys up: ids whenever they appeared, all else within the window."""
    kind = batch.keys.kind
    caps = np.array([settings.bucket_cap, settings.rare_cap, _TEXT_CAP, ID_CAP])[kind]
    if not batch.window:
        return postings.find(batch.keys.keys, caps)
    counts = np.zeros(len(kind), np.int64)
    parts = []
    for places, span in ((kind == ID, None), (kind != ID, batch.span)):
        asked = np.flatnonzero(places)
        found = postings.find(batch.keys.keys[asked], caps[asked], span)
        counts[asked] = found.counts
        parts.append((asked[found.key], found.document))
    key, document = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Found(counts, key, document)


def _same_id(
    batch: Batch, row: NDArray[np.int64], number: NDArray[np.int64], held: Held
) -> dict[int, Stored]:
    """Return the current document of each id that was given before, by row."""
    ids = batch.table.column("id")
    held.load_places(number.tolist())
    live = [pair for pair in zip(row.tolist(), number.tolist(), strict=True)
            if held.is_live(pair[1])]  # fmt: skip
    held.load(other for _, other in live)
    return {
        one: held.document(other)
        for one, other in live
        if held.document(other).id == ids[one].as_py()
    }


def _within(
    batch: Batch, row: NDArray[np.int64], number: NDArray[np.int64], held: Held
) -> NDArray[np.bool_]:
    """Say which documents found lie within the window of the one that found them."""
    if not batch.window:
        return np.ones(len(row), np.bool_)
    minutes = held.store.postings.about(number)["minute"].astype(np.int64)
    return np.asarray(np.abs(minutes - batch.minutes[row]) <= batch.window)


def _copies(
    batch: Batch, row: NDArray[np.int64], number: NDArray[np.int64], held: Held
) -> dict[int, list[int]]:
    """Return the documents of equal text that the index holds, by row: one of each story.

    Under a window those of one text may be two stories, which what lies between them joins.
    """
    held.load_places(number.tolist())
    pairs = [
        (one, held.forwarded(other))
        for one, other in sorted(zip(row.tolist(), number.tolist(), strict=True))
    ]
    held.load(live for _, live in pairs if live)
    hashes = batch.sketches.text_hashes.tolist()
    found: dict[int, dict[int, int]] = {}
    for one, live in pairs:
        if live and held.document(live).text_hash == hashes[one]:
            found.setdefault(one, {}).setdefault(held.place(live).story, live)
    return {one: list(numbers.values()) for one, numbers in found.items()}


def beside(number: int, held: Held) -> list[int]:
    """Return a few others of a document's story: of equal texts only one is found by its words."""
    row = held.catalog.get("stories", held.place(number).story)
    members = np.frombuffer(row[0], np.int64).tolist() if row else []
    return [one for one in members if one != number][:_FEW]


def _likely(
    batch: Batch,
    row: NDArray[np.int64],
    number: NDArray[np.int64],
    is_band: NDArray[np.bool_],
    held: Held,
    settings: Settings,
    most: int,
) -> tuple[list[int], list[int]]:
    """Choose the old documents worth reading for each new one, the likeliest first.

    Returns rows, and the document that now stands for each chosen one, or 0.
    """
    packed = np.sort((row << 41) | (number << 1) | is_band)
    starts = group_starts((packed >> 1).view(np.uint64))
    distinct = packed[starts] >> 1
    ends = np.append(starts, len(packed))
    n_bands = np.diff(running_total(packed & 1)[ends])
    n_rare = np.diff(ends) - n_bands
    row, number = distinct >> 40, distinct & ((1 << 40) - 1)
    n_sampled = held.store.postings.about(number)["n_sampled"]
    fewer = np.minimum(np.diff(batch.sketches.offsets)[row], n_sampled)
    # Keys of 32 bits meet by chance: of many shingles two alike texts share one as well.
    alone = (n_bands == 1) & (n_rare == 0) & (fewer >= _MANY_SAMPLED)
    enough = ((n_bands > 0) & ~alone) | (
        n_rare >= np.maximum(1, settings.containment_floor * fewer)
    )
    # A band holds as much evidence as its share of the signature.
    score = n_rare / np.maximum(fewer, 1) + n_bands * settings.band_rows / settings.n_slots
    order = np.flatnonzero(enough)
    order = order[np.lexsort((number[order], -score[order], row[order]))]
    rank = np.arange(len(order)) - np.searchsorted(row[order], row[order])
    slight = (n_bands == 0) & (n_rare < _SLIGHT * fewer)
    order = order[(rank < most) & ((rank == 0) | ~slight[order])]
    numbers = number[order].tolist()
    held.load_places(numbers)
    return row[order].tolist(), [held.forwarded(one) for one in numbers]


def _measured(
    batch: Batch,
    counts: NDArray[np.int64],
    old: list[Stored],
    cross: list[tuple[int, int]],
    held: Held,
    settings: Settings,
) -> Matched:
    """Measure pairs (row, row) of new documents with old ones, and those among the new.

    Args:
        batch: the new documents.
        counts: int64 (R,), how many texts of the index hold each of their sampled shingles.
        old: the old ones.
        cross: rows of pairs of a new document and an old one.
        held: the index.
        settings: of the index.
    """
    if not cross and len(batch.minutes) == 1:
        # Most pages that are asked for tell nothing known.
        return Matched([], *_no_pairs(), None, {})
    old_table = as_table(old, MEASURED)
    old_kept = clean(old_table, settings, furniture_of(held.catalog, old_table))
    kept = _kept_together(batch.kept, old_kept)
    sketches = join_sketches([batch.sketches, sketch(old_kept, settings)])
    names = PUBLISHED.names
    table = pa.concat_tables([batch.table.select(names), old_table.select(names)])
    weights = weigh_among(sketches, len(batch.minutes), counts, held.store, batch.span)
    a, b = (np.array([pair[side] for pair in cross], np.int64) for side in (0, 1))
    candidates = given_pairs(a, b, sketches, weights, settings)
    if len(batch.minutes) > 1:
        among = weights.of_first(len(batch.minutes))
        candidates = join_candidates(_among(batch, among, settings), candidates)
    pairs, passages = verify(candidates, table, kept, settings)
    on_demand = OnDemand(sketches, weights, published_by(table), kept, settings)
    return Matched(old, pairs, passages, on_demand, {})


def _among(batch: Batch, weights: Weights, settings: Settings) -> Candidates:
    """Find the pairs among new documents; those of equal texts are with the first that came."""
    published = published_by(batch.table)
    found = find_candidates(batch.sketches, weights, settings, published=published)
    first = representatives(batch.sketches)
    copies = np.flatnonzero(first != np.arange(len(first)))
    others = np.flatnonzero(found.nets != EXACT)
    equal = given_pairs(first[copies], copies, batch.sketches, weights, settings)
    return join_candidates(found._replace(**{
        name: getattr(found, name)[others] for name in ("a", "b", "nets", "shared_weight")
    }), equal)  # fmt: skip


@functools.cache
def _no_pairs() -> tuple[pa.Table, pa.Table]:
    """Return the pairs and passages of documents without any."""
    nothing = np.zeros(0, np.int64)
    kept = Kept(np.zeros(0, np.uint8), np.zeros(1, np.int64), np.zeros((0, 2), np.int64),
                np.zeros(1, np.int64))  # fmt: skip
    no_nets, no_shares = np.zeros(0, np.uint8), np.zeros((0, 2), np.float32)
    candidates = Candidates(nothing, nothing, no_nets, no_shares, 0, {})
    return verify(candidates, SCHEMA.empty_table(), kept, Settings(threads=1))


def _kept_together(one: Kept, other: Kept) -> Kept:
    shift = len(one.data)
    return Kept(
        np.concatenate([one.data, other.data]),
        np.concatenate([one.text_offsets, other.text_offsets[1:] + shift]),
        np.concatenate([one.spans, other.spans + shift]),
        np.concatenate([one.offsets, other.offsets[1:] + one.offsets[-1]]),
    )


def join_candidates(one: Candidates, other: Candidates) -> Candidates:
    """Join candidates that have no pair in common."""
    a, b = np.concatenate([one.a, other.a]), np.concatenate([one.b, other.b])
    order = np.lexsort((b, a))
    nets = np.concatenate([one.nets, other.nets])[order]
    share = np.concatenate([one.shared_weight, other.shared_weight])[order]
    return Candidates(a[order], b[order], nets, share, one.n_found + other.n_found, one.n_capped)
