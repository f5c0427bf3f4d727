"""Documents in; their rows, postings and stories in the catalogue, out. Inside one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from dedupe.candidates import first_of_text
from dedupe.documents import SCHEMA, append_document, as_document
from dedupe.index.edges import edges_of
from dedupe.index.keys import ID, Keys
from dedupe.index.lookup import is_live, newest_of
from dedupe.index.matching import match, read
from dedupe.index.outlets import learn_more
from dedupe.index.records import (
    Stored,
    as_table,
    compress,
    pack_about,
    pack_fields,
    plain_columns,
)
from dedupe.index.review import review, take_turn
from dedupe.index.stories import Changes, Regrouping
from dedupe.pipeline import as_reading, require_many
from dedupe.storage.catalog import REPLACED
from dedupe.storage.segments import ABOUT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from dedupe.documents import Document
    from dedupe.index.matching import Batch, Matched
    from dedupe.settings import Settings
    from dedupe.storage.store import Store


_AT_ONCE = 1000
"""Documents of one commit that are read together (benchmarks/index.py)."""


class Added(NamedTuple):
    """Where a document has gone.

    Attributes:
        number: its number.
        probability: of shared lineage with the nearest.
        nearest: id of the nearest, None without any.
        name: its id.
        story_name: what a story is called that begins with it.
        is_known: the index held it just so; it is its own nearest.
    """

    number: int
    probability: float
    nearest: str | None
    name: str
    story_name: str
    is_known: bool


def table_of(documents: pa.Table | Iterable[Document | Mapping[str, Any] | str]) -> pa.Table:
    """Return documents as a table; one without an id is named by its url, or by its text.

    Raises:
        InputError: a document without text; one document instead of many.
    """
    import hashlib

    if isinstance(documents, pa.Table):
        return documents if documents.schema == SCHEMA else as_reading(documents).documents
    if isinstance(documents, pa.RecordBatch):
        return table_of(pa.table(documents))
    require_many(documents, "an index")
    columns: dict[str, list[Any]] = {name: [] for name in SCHEMA.names}
    for value in documents:
        document = as_document(value)
        text = document.text.encode("utf-8", "surrogatepass")
        name = document.url or hashlib.blake2b(text, digest_size=12).hexdigest()
        append_document(columns, document, default_id=name)
    return pa.table(columns, schema=SCHEMA)


def parts_of(table: pa.Table) -> Iterator[pa.Table]:
    """Cut documents into parts in which no id stands twice."""
    start = 0
    seen: set[str] = set()
    for row, name in enumerate(table.column("id").to_pylist()):
        if name in seen or len(seen) == _AT_ONCE:
            yield table.slice(start, row - start)
            start, seen = row, set()
        seen.add(name)
    yield table.slice(start)


def add_table(
    table: pa.Table, store: Store, settings: Settings, window_minutes: int, now_minute: int
) -> tuple[list[Added], Changes]:
    """Add documents of different ids; returns where each has gone, in the order given.

    Those that the index holds just so are left out first: a page crawled again
    must cost nothing, and nothing may be learned from it twice.
    """
    import pyarrow.compute as pc

    order = pc.sort_indices(table.column("id")).to_numpy().astype(np.int64)
    table = table.take(order).combine_chunks()
    newest = newest_of(store, table.column("id").to_pylist(), settings)
    unchanged = _unchanged(table, newest, store)
    answers = {
        row: Added(one.number, 1.0, one.id, one.id, one.story_name, is_known=True)
        for row, one in unchanged.items()
    }
    changes = Changes()
    rows = [row for row in range(table.num_rows) if row not in unchanged]
    if rows:
        n_before = [one.version if (one := newest[row]) else 0 for row in rows]
        added, changes = _add_changed(
            table.take(rows).combine_chunks(), n_before, store, settings, window_minutes, now_minute
        )
        answers |= dict(zip(rows, added, strict=True))
    return [answers[row] for row in np.argsort(order).tolist()], changes


def _add_changed(
    table: pa.Table,
    n_before: list[int],
    store: Store,
    settings: Settings,
    window_minutes: int,
    now_minute: int,
) -> tuple[list[Added], Changes]:
    """Add documents, by id, that the index does not hold just so.

    Args:
        table: the documents.
        n_before: how many versions of each the index has seen.
        store: the index.
        settings: of the index.
        window_minutes: compare only within so much time; 0 for no limit.
        now_minute: the clock.
    """
    first = store.counts["n_docs"] + 1
    numbers = np.arange(first, first + table.num_rows)
    concerned = learn_more(store.catalog, table, numbers.tolist(), settings)
    batch = read(table, store, settings, now_minute)
    matched = match(batch, store, settings, window_minutes)
    everyone = np.concatenate([numbers, [one.number for one in matched.old]]).astype(np.int64)
    edges = edges_of(matched.pairs, matched.passages, everyone)
    gone = {
        stored.number: (REPLACED, _heir(stored, edges, int(numbers[row])))
        for row, stored in matched.same_id.items()
    }
    _put_documents(batch, n_before, edges, numbers, store)
    _append_postings(batch, matched, set(gone), store)
    store.counts["n_live"] += len(numbers) - len(gone)
    regrouping = Regrouping(store, settings)
    regrouping.add(numbers.tolist(), gone)
    _review([*concerned, *take_turn(store, len(numbers))], regrouping.changes, store, settings)
    return _nearest(matched, everyone, numbers, n_before), regrouping.changes


def _review(numbers: list[int], changes: Changes, store: Store, settings: Settings) -> None:
    """Judge some old pairs again, and cluster where verdicts have changed."""
    changed = review(numbers, store, settings)
    if changed:
        regrouping = Regrouping(store, settings)
        regrouping.again(changed)
        changes.include(regrouping.changes)


def _unchanged(table: pa.Table, newest: list[Stored | None], store: Store) -> dict[int, Stored]:
    """Return the documents that the index holds just so, by row."""
    current = {
        row: one for row, one in enumerate(newest) if one is not None and is_live(store, one)
    }
    if not current:
        return {}
    held, given = as_table(list(current.values())), table.take(list(current))
    same = np.ones(len(current), np.bool_)
    for name in SCHEMA.names:
        pairs = zip(held.column(name).to_pylist(), given.column(name).to_pylist(), strict=True)
        same &= np.array([one == other for one, other in pairs])
    return {row: one for (row, one), is_same in zip(current.items(), same, strict=True) if is_same}


def _heir(stored: Stored, edges: dict[int, NDArray[np.void]], number: int) -> int:
    """Return the new version's number when it tells the old one's story, else 0."""
    own = edges.get(number)
    if own is None:
        return 0
    same = own[(own["other"] == stored.number) & (own["odds"] > 0)]
    return number if len(same) else 0


def _put_documents(
    batch: Batch,
    n_before: list[int],
    edges: dict[int, NDArray[np.void]],
    numbers: NDArray[np.int64],
    store: Store,
) -> None:
    columns = plain_columns(batch.table)
    texts = compress(columns["text"])
    hashes = batch.sketches.text_hashes.tolist()
    rows = []
    for row, number in enumerate(numbers.tolist()):
        about = pack_about(pack_fields(columns, row), n_before[row] + 1, hashes[row])
        own = edges.get(number)
        rows.append((number, about, b"" if own is None else own.tobytes(), texts[row]))
    store.catalog.put("documents", rows)


def _append_postings(batch: Batch, matched: Matched, gone: set[int], store: Store) -> None:
    """Append the keys of each document; a copy of a known text has only its id's."""
    from dedupe.kernels.postings import DOCUMENT_BITS

    held = [one.text_hash for one in matched.old if one.number not in gone]
    hashes = batch.sketches.text_hashes
    is_new = first_of_text(batch.sketches) & ~np.isin(hashes, np.array(held, np.uint64))
    keys: Keys = batch.keys.take(is_new[batch.keys.row] | (batch.keys.kind == ID))
    packed = np.sort((keys.keys << np.uint64(DOCUMENT_BITS)) | keys.row.astype(np.uint64))
    about = np.zeros(len(hashes), ABOUT)
    about["n_sampled"] = np.minimum(np.diff(batch.sketches.offsets), 65_535)
    about["minute"] = batch.minutes
    store.append(packed, about)
    store.counts["n_texts"] += int((is_new & (batch.sketches.n_words > 0)).sum())


def _nearest(
    matched: Matched,
    everyone: NDArray[np.int64],
    numbers: NDArray[np.int64],
    n_before: list[int],
) -> list[Added]:
    """Return the likeliest relative of each new document."""
    a, b = matched.pairs.column("a").to_numpy(), matched.pairs.column("b").to_numpy()
    likely = matched.pairs.column("probability").to_numpy()
    row, other = np.concatenate([a, b]), np.concatenate([b, a])
    both = np.concatenate([likely, likely])
    order = np.lexsort((everyone[other], -both, row))
    rows, first = np.unique(row[order], return_index=True)
    ids = matched.table.column("id").to_pylist()
    best = {
        one: (float(both[place]), ids[other[place]])
        for one, place in zip(rows.tolist(), order[first].tolist(), strict=True)
    }
    added = []
    for place, number in enumerate(numbers.tolist()):
        version = n_before[place] + 1
        story_name = ids[place] if version == 1 else f"{ids[place]}#{version}"
        probability, nearest = best.get(place, (0.0, None))
        added.append(Added(number, probability, nearest, ids[place], story_name, is_known=False))
    return added
