"""Documents in; their rows, postings and stories in the catalogue, out. Inside one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from dedupe.candidates import names_its_text
from dedupe.clean.blocks import read_blocks
from dedupe.documents import SCHEMA, text_bytes
from dedupe.index.answers import NEW, UNCHANGED, VERSION
from dedupe.index.edges import edges_of
from dedupe.index.held import Held
from dedupe.index.keys import ID, Keys
from dedupe.index.lookup import newest_of
from dedupe.index.matching import beside, match, minutes_of, read
from dedupe.index.outlets import learn_more
from dedupe.index.placing import Newcomer
from dedupe.index.records import (
    EDGE,
    Stored,
    as_table,
    compress,
    name_of_story,
    pack_about,
    pack_fields,
    plain_columns,
)
from dedupe.index.review import around, review, take_turn
from dedupe.index.stories import Changes, Regrouping
from dedupe.storage.segments import ABOUT
from dedupe.storage.tables import REPLACED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from dedupe.index.matching import Batch, Matched
    from dedupe.settings import Settings
    from dedupe.storage.store import Store


READ_TOGETHER = 1000
"""Documents of one commit that are read together (benchmarks/index.py): who may choose makes
commits of as many."""


class Added(NamedTuple):
    """Where a document has gone.

    Attributes:
        number: its number.
        probability: of shared lineage with the nearest.
        nearest: id of the nearest, None without any.
        name: its id.
        story_name: what a story is called that begins with it.
        is_new_text: as in `Match`.
        change: as in `Match`.
    """

    number: int
    probability: float
    nearest: str | None
    name: str
    story_name: str
    is_new_text: bool
    change: str


class Terms(NamedTuple):
    """On which terms documents are added.

    Attributes:
        settings: of the index.
        window: compare only what appeared within so many minutes; 0 for no limit.
        now: the clock, in minutes since 1970.
    """

    settings: Settings
    window: int
    now: int


def parts_of(table: pa.Table, terms: Terms) -> Iterator[NDArray[np.int64]]:
    """Cut documents into parts in which no id stands twice; yields the rows of each.

    Under a window no two documents of a part appeared longer apart than it is: of equal texts
    one stands for the others, and must be near enough to all of them.
    """
    start = 0
    seen: set[str] = set()
    for row, name in enumerate(table.column("id").to_pylist()):
        if name in seen or len(seen) == READ_TOGETHER:
            yield from _near_in_time(table, np.arange(start, row), terms)
            start, seen = row, set()
        seen.add(name)
    yield from _near_in_time(table, np.arange(start, table.num_rows), terms)


def _near_in_time(
    table: pa.Table, rows: NDArray[np.int64], terms: Terms
) -> Iterator[NDArray[np.int64]]:
    if not terms.window:
        yield rows
        return
    minutes = minutes_of(table.take(pa.array(rows)), terms.now).astype(np.int64)
    order = np.argsort(minutes, kind="stable")
    rows, minutes = rows[order], minutes[order]
    start = 0
    while start < len(rows):
        end = int(np.searchsorted(minutes, minutes[start] + terms.window, "right"))
        yield rows[start:end]
        start = end


def add_table(table: pa.Table, held: Held, terms: Terms) -> tuple[list[Added], Changes]:
    """Add documents of different ids; returns where each has gone, in the order given.

    Those that the index holds just so are left out first: a page crawled again
    must cost nothing, and nothing may be learned from it twice.
    """
    import pyarrow.compute as pc

    order = pc.sort_indices(table.column("id")).to_numpy().astype(np.int64)
    table = table.take(order).combine_chunks()
    newest = newest_of(held, table.column("id").to_pylist(), terms.settings)
    unchanged = _unchanged(table, newest, held)
    answers = {row: _as_known(one, held) for row, one in unchanged.items()}
    changes = Changes()
    rows = [row for row in range(table.num_rows) if row not in unchanged]
    if rows:
        if unchanged:
            table = table.take(rows).combine_chunks()
        n_before = [one.version if (one := newest[row]) else 0 for row in rows]
        added, changes = _add_changed(table, n_before, held, terms)
        answers |= dict(zip(rows, added, strict=True))
    return [answers[row] for row in np.argsort(order).tolist()], changes


def _as_known(one: Stored, held: Held) -> Added:
    """Answer for a document that the index holds just so, by what was measured before.

    That is when it came, or of the first of a story when others did. An older version of it is
    no relative.
    """
    edges = one.edges[np.argsort(-one.edges["probability"], kind="stable")]
    # Read one by one: the first is nearly always another's.
    own = ((edge, held.document(int(edge["other"]))) for edge in edges)
    likely = next(((edge, other) for edge, other in own if other.id != one.id), None)
    if likely is None:
        later = [
            (edge, other)
            for other in held.documents(beside(one.number, held))
            for edge in other.edges[other.edges["other"] == one.number]
            if other.id != one.id
        ]
        likely = max(later, key=lambda found: float(found[0]["probability"]), default=None)
    best, nearest = (float(likely[0]["probability"]), likely[1].id) if likely else (0.0, None)
    return Added(
        one.number, best, nearest, one.id, one.story_name, is_new_text=False, change=UNCHANGED
    )


def _add_changed(
    table: pa.Table, n_before: list[int], held: Held, terms: Terms
) -> tuple[list[Added], Changes]:
    """Add documents, by id, that the index does not hold just so.

    Args:
        table: the documents.
        n_before: how many versions of each the index has seen.
        held: the index.
        terms: on which they are added.
    """
    store, settings = held.store, terms.settings
    first = store.counts["n_docs"] + 1
    numbers = np.arange(first, first + table.num_rows)
    blocks = read_blocks(*text_bytes(table), settings)
    learned = learn_more(held, table, blocks, settings)
    batch = read(table, held, settings, terms.now, terms.window, blocks)
    matched = match(batch, held, settings)
    everyone = np.concatenate([numbers, [one.number for one in matched.old]]).astype(np.int64)
    edges = edges_of(matched.pairs, matched.passages, everyone)
    gone = {
        stored.number: (REPLACED, _heir(stored, edges, int(numbers[row])))
        for row, stored in matched.same_id.items()
    }
    ids = _put_documents(batch, n_before, edges, numbers, store)
    _append_postings(batch, learned.keys, matched, set(gone), store)
    store.counts["n_live"] += len(numbers) - len(gone)
    regrouping = Regrouping(held, settings)
    nothing = np.zeros(0, EDGE)
    replaced = {row: stored.number for row, stored in matched.same_id.items()}
    regrouping.add(
        [
            Newcomer(number, name, edges.get(number, nothing), replaced.get(row, 0))
            for row, (number, name) in enumerate(zip(numbers.tolist(), ids, strict=True))
        ],
        gone,
    )
    again = [*around(learned.concerned, held.later(())), *take_turn(store, len(numbers))]
    _review(again, learned.concerned, regrouping.changes, store, settings)
    known = [one.text_hash for one in matched.old]
    is_new_text = names_its_text(batch.sketches) & ~np.isin(
        batch.sketches.text_hashes, np.array(known, np.uint64)
    )
    added = _nearest(matched, everyone, ids, n_before, is_new_text.tolist())
    return added, regrouping.changes


def _review(
    numbers: list[int], cleaned: list[int], changes: Changes, store: Store, settings: Settings
) -> None:
    """Judge some old pairs again, and cluster where verdicts have changed."""
    changed = review(numbers, Held(store), settings, cleaned) if numbers else []
    if changed:
        regrouping = Regrouping(Held(store), settings)
        regrouping.again(changed)
        changes.include(regrouping.changes)
        changes.judged.update(changed)


def _unchanged(table: pa.Table, newest: list[Stored | None], held: Held) -> dict[int, Stored]:
    """Return the documents that the index holds just so, by row."""
    seen = {row: one for row, one in enumerate(newest) if one is not None}
    held.load_places(one.number for one in seen.values())
    current = {row: one for row, one in seen.items() if held.is_live(one.number)}
    if not current:
        return {}
    ours, given = as_table(list(current.values())), table.take(list(current))
    same = np.ones(len(current), np.bool_)
    for name in SCHEMA.names:
        pairs = zip(ours.column(name).to_pylist(), given.column(name).to_pylist(), strict=True)
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
) -> list[str]:
    """Write the rows of new documents; returns their ids."""
    columns = plain_columns(batch.table)
    texts = compress(columns["text"])
    hashes = batch.sketches.text_hashes.tolist()
    fields = pack_fields(columns)
    store.catalog.put(
        "documents",
        (
            (
                number,
                pack_about(fields[row], n_before[row] + 1, hashes[row]),
                edges[number].tobytes() if number in edges else b"",
                texts[row],
            )
            for row, number in enumerate(numbers.tolist())
        ),
    )
    return columns["id"]


def _append_postings(
    batch: Batch, blocks: Keys, matched: Matched, gone: set[int], store: Store
) -> None:
    """Append the keys of each document; a copy of a known text has but its id's and its blocks'.

    Args:
        batch: the documents.
        blocks: keys of their blocks.
        matched: with what they were matched.
        gone: old documents that they replace.
        store: the index.
    """
    from dedupe.kernels.postings import DOCUMENT_BITS
    from dedupe.kernels.sorting import sort_by_digits

    alike = [one.text_hash for one in matched.old if one.number not in gone]
    hashes = batch.sketches.text_hashes
    is_new = names_its_text(batch.sketches) & ~np.isin(hashes, np.array(alike, np.uint64))
    # Under a window a copy is found when the text it repeats lies too far back.
    is_new |= batch.window > 0
    keys: Keys = batch.keys.take(is_new[batch.keys.row] | (batch.keys.kind == ID))
    keys = keys.and_those(blocks)
    packed = (keys.keys << np.uint64(DOCUMENT_BITS)) | keys.row.astype(np.uint64)
    packed = sort_by_digits(packed, np.empty_like(packed), 0)
    about = np.zeros(len(hashes), ABOUT)
    about["n_sampled"] = np.minimum(np.diff(batch.sketches.offsets), 65_535)
    about["minute"] = batch.minutes
    store.append(packed, about)
    store.counts["n_texts"] += int((is_new & (batch.sketches.n_words > 0)).sum())


def _nearest(
    matched: Matched,
    everyone: NDArray[np.int64],
    ids: list[str],
    n_before: list[int],
    is_new_text: list[bool],
) -> list[Added]:
    """Return the likeliest relative of each new document; an older version of it is none.

    Args:
        matched: the new documents and their pairs.
        everyone: int64, the number of each row.
        ids: of the new documents.
        n_before: how many versions of each the index had seen.
        is_new_text: of each, as in `Match`.
    """
    a, b = matched.pairs.column("a").to_numpy(), matched.pairs.column("b").to_numpy()
    likely = matched.pairs.column("probability").to_numpy()
    row, other = np.concatenate([a, b]), np.concatenate([b, a])
    both = np.concatenate([likely, likely])
    order = np.lexsort((everyone[other], -both, row))
    old_ids = [one.id for one in matched.old]
    best: dict[int, tuple[float, str]] = {}
    for place in order[row[order] < len(ids)].tolist():
        one, another = int(row[place]), int(other[place])
        name = ids[another] if another < len(ids) else old_ids[another - len(ids)]
        if one not in best and name != ids[one]:
            best[one] = (float(both[place]), name)
    added = []
    for place, name in enumerate(ids):
        version = n_before[place] + 1
        probability, nearest = best.get(place, (0.0, None))
        story = name_of_story(name, version)
        number = int(everyone[place])
        change = NEW if version == 1 else VERSION
        is_new = is_new_text[place]
        added.append(Added(number, probability, nearest, name, story, is_new, change))
    return added
