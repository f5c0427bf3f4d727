"""Documents in; their rows, postings and stories in the catalogue, out. Inside one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from dedupe.candidates import first_of_text
from dedupe.documents import SCHEMA, append_document, as_document
from dedupe.index.edges import edges_of
from dedupe.index.keys import ID, Keys
from dedupe.index.matching import fetch, match, read
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
from dedupe.pipeline import as_reading
from dedupe.storage.catalog import REPLACED
from dedupe.storage.segments import ABOUT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from dedupe.documents import Document
    from dedupe.index.matching import Batch, Matched
    from dedupe.settings import Settings
    from dedupe.storage.store import Store


class Added(NamedTuple):
    """Where a document has gone.

    Attributes:
        number: its number.
        probability: of shared lineage with the nearest.
        nearest: id of the nearest, None without any.
        name: its id.
        story_name: what a story is called that begins with it.
    """

    number: int
    probability: float
    nearest: str | None
    name: str
    story_name: str


def table_of(documents: pa.Table | Iterable[Document | Mapping[str, Any] | str]) -> pa.Table:
    """Return documents as a table; one without an id is named by its url, or by its text.

    Raises:
        InputError: a document without text.
    """
    import hashlib

    if isinstance(documents, pa.Table):
        return documents if documents.schema == SCHEMA else as_reading(documents).documents
    columns: dict[str, list[Any]] = {name: [] for name in SCHEMA.names}
    for value in documents:
        document = as_document(value)
        text = document.text.encode("utf-8", "surrogatepass")
        name = document.url or hashlib.blake2b(text, digest_size=12).hexdigest()
        append_document(columns, document, default_id=name)
    return pa.table(columns, schema=SCHEMA)


def add_table(
    table: pa.Table, store: Store, settings: Settings, window_minutes: int, now_minute: int
) -> tuple[list[Added], Changes]:
    """Add documents of different ids; returns where each has gone, in the order given."""
    import pyarrow.compute as pc

    order = pc.sort_indices(table.column("id")).to_numpy().astype(np.int64)
    table = table.take(order).combine_chunks()
    first = store.counts["n_docs"] + 1
    numbers = np.arange(first, first + table.num_rows)
    concerned = learn_more(
        store.catalog, table, numbers.tolist(), lambda wanted: fetch(store, wanted), settings
    )
    batch = read(table, store, settings, now_minute)
    matched = match(batch, store, settings, window_minutes)
    unchanged = _unchanged(batch, matched)
    if unchanged:
        return _add_changed(table, order, unchanged, store, settings, window_minutes, now_minute)
    everyone = np.concatenate([numbers, [one.number for one in matched.old]]).astype(np.int64)
    edges = edges_of(matched.pairs, matched.passages, everyone)
    gone = {
        stored.number: (REPLACED, _heir(stored, edges, int(numbers[row])))
        for row, stored in matched.same_id.items()
    }
    _put_documents(batch, matched, edges, numbers, store)
    _append_postings(batch, matched, set(gone), store)
    store.counts["n_live"] += len(numbers) - len(gone)
    regrouping = Regrouping(store, settings)
    regrouping.add(numbers.tolist(), gone)
    _review([*concerned, *take_turn(store, len(numbers))], regrouping.changes, store, settings)
    added = _nearest(matched, everyone, numbers)
    return [added[row] for row in np.argsort(order).tolist()], regrouping.changes


def _review(numbers: list[int], changes: Changes, store: Store, settings: Settings) -> None:
    """Judge some old pairs again, and cluster where verdicts have changed."""
    changed = review(numbers, store, settings)
    if changed:
        regrouping = Regrouping(store, settings)
        regrouping.again(changed)
        changes.include(regrouping.changes)


def _unchanged(batch: Batch, matched: Matched) -> dict[int, Stored]:
    """Return the documents that the index holds just so, by row."""
    if not matched.same_id:
        return {}
    rows = sorted(matched.same_id)
    held = as_table([matched.same_id[row] for row in rows])
    given = batch.table.take(rows)
    same = np.ones(len(rows), np.bool_)
    for name in SCHEMA.names:
        pairs = zip(held.column(name).to_pylist(), given.column(name).to_pylist(), strict=True)
        same &= np.array([one == other for one, other in pairs])
    return {row: matched.same_id[row] for row, is_same in zip(rows, same, strict=True) if is_same}


def _add_changed(
    table: pa.Table,
    order: NDArray[np.int64],
    unchanged: dict[int, Stored],
    store: Store,
    settings: Settings,
    window_minutes: int,
    now_minute: int,
) -> tuple[list[Added], Changes]:
    """Add those that the index does not hold just so; a recrawled page costs nothing."""
    rows = [row for row in range(table.num_rows) if row not in unchanged]
    answers = {
        row: Added(one.number, 1.0, one.id, one.id, one.story_name)
        for row, one in unchanged.items()
    }
    changes = Changes()
    if rows:
        added, changes = add_table(table.take(rows), store, settings, window_minutes, now_minute)
        answers |= dict(zip(rows, added, strict=True))
    return [answers[row] for row in np.argsort(order).tolist()], changes


def _heir(stored: Stored, edges: dict[int, NDArray[np.void]], number: int) -> int:
    """Return the new version's number when it tells the old one's story, else 0."""
    own = edges.get(number)
    if own is None:
        return 0
    same = own[(own["other"] == stored.number) & (own["odds"] > 0)]
    return number if len(same) else 0


def _put_documents(
    batch: Batch,
    matched: Matched,
    edges: dict[int, NDArray[np.void]],
    numbers: NDArray[np.int64],
    store: Store,
) -> None:
    columns = plain_columns(batch.table)
    texts = compress(columns["text"])
    hashes = batch.sketches.text_hashes.tolist()
    rows = []
    for row, number in enumerate(numbers.tolist()):
        before = matched.same_id.get(row)
        about = pack_about(
            pack_fields(columns, row), before.version + 1 if before else 1, hashes[row]
        )
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
    matched: Matched, everyone: NDArray[np.int64], numbers: NDArray[np.int64]
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
        before = matched.same_id.get(place)
        story_name = ids[place] if before is None else f"{ids[place]}#{before.version + 1}"
        probability, nearest = best.get(place, (0.0, None))
        added.append(Added(number, probability, nearest, ids[place], story_name))
    return added
