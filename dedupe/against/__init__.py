"""New documents and an earlier run's archive in; what a run over both would find of the new, out.

    new documents  ->  clean, harvest, sketch  --+
    Archive        ->  what shares a bucket  ----+->  find_candidates  ->  pairs with a new document
    Archive        ->  their stories, and every pair judged before  ------->  Compared

archive.py   what a run keeps  -> later documents can be compared with it
touching.py  sketches of new documents, an archive -> what shares a bucket with one

Two earlier documents are never compared again: their pairs are as they were
judged. Only what shares a band or a rare shingle with a new document is sorted
into buckets, and only the texts of stories that a new document may belong to,
or take from, are read.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from dedupe.against.archive import flat_ranges
from dedupe.against.touching import touching
from dedupe.arrays.equals import among
from dedupe.arrays.ragged import ranges_of, rank_within
from dedupe.arrays.spill import MEMORY
from dedupe.candidates import find_candidates, names_its_text, weighted
from dedupe.clean.blocks import read_blocks
from dedupe.clean.furniture import Furniture, block_keys, join_furniture, learn, outlet_numbers
from dedupe.clean.kept import Kept, keep_all
from dedupe.compared import Compared, Sketched
from dedupe.documents import one_array, text_bytes
from dedupe.errors import InputError
from dedupe.published import Published, published_by
from dedupe.sketch import join_sketches, take_sketches
from dedupe.verify import verify
from dedupe.verify.pieces import LIKELY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from dedupe.against.archive import Archive
    from dedupe.candidates import Candidates, Weights
    from dedupe.result import Result
    from dedupe.settings import Settings
    from dedupe.sketch import Sketches
    from dedupe.stages import Stages

_PAGES = 16
"""Earlier pages of an outlet that new ones are held against."""


class Pile(NamedTuple):
    """Some earlier documents and all new ones, in order of id.

    Shapes (E earlier, D documents in all)
        earlier  int64 (E,)  rows of the archive, rising
        order    int64 (D,)  for each row here, its place among earlier, then new ones
        is_new   bool  (D,)
    """

    earlier: NDArray[np.int64]
    order: NDArray[np.int64]
    is_new: NDArray[np.bool_]

    def row_of_earlier(self) -> NDArray[np.int64]:
        """Return the row here of each earlier document, int64 (E,)."""
        return np.argsort(self.order)[: len(self.earlier)]

    def row_of_each(self, n_docs: int) -> NDArray[np.int64]:
        """Return the row here of each of the archive's documents, -1 where it has none; int64."""
        rows = np.full(n_docs, -1, np.int64)
        rows[self.earlier] = self.row_of_earlier()
        return rows


def check_ids(archive: Archive, ids: pa.ChunkedArray) -> None:
    """Refuse ids that an earlier document has.

    Raises:
        InputError: naming the first of them.
    """
    import pyarrow.compute as pc

    both = ids.filter(pc.is_in(ids, value_set=one_array(archive.column("id"))))
    if len(both):
        raise InputError(
            f'the id "{pc.min(both).as_py()}" is in the earlier run already, and in the new '
            "documents; ids must be unique: rename the file, or give ids of their own"
        )


def learn_with(archive: Archive, new: pa.Table, settings: Settings) -> Furniture:
    """Return what the archive knows of outlets, and what its pages and the new ones tell together.

    An outlet may have repeated a block on two pages then and on a third now. A
    few pages of each outlet are read again; of those with many it is known already.
    """
    outlets = outlet_numbers(pa.table({"source": archive.column("source")}))
    rows = np.flatnonzero(np.isin(outlets, outlet_numbers(new)) & (outlets != 0))
    rows = rows[np.argsort(outlets[rows], kind="stable")]
    pages, _ = archive.take(np.sort(rows[rank_within(outlets[rows]) < _PAGES]))
    both = pa.concat_tables([pages, new.select(pages.column_names)]).combine_chunks()
    blocks = read_blocks(*text_bytes(both), settings)
    outlets = outlet_numbers(both)
    keys = block_keys(blocks, outlets)
    learned = learn(blocks, keys, outlets, keep_all(both), both.column("title"), settings.threads)
    return join_furniture(archive.furniture(), learned)


def compare_with(
    archive: Archive,
    new: Sketched,
    new_clues: pa.Table,
    settings: Settings,
    stages: Stages,
    named: Iterable[str],
) -> tuple[Compared, Pile]:
    """Compare new documents with each other and with those of an archive.

    Args:
        archive: of an earlier run with the same settings.
        new: the new documents.
        new_clues: theirs.
        settings: of both runs.
        stages: runs and times the stages.
        named: ids of earlier documents that are wanted in any case.
    """
    ids = one_array(archive.column("id"))
    n_new = new.table.num_rows
    touched = stages.run("look up", archive.n_docs, touching, archive, new.sketches, settings)
    near = _pile(ids, touched, new.table)
    sketches, weights = _sketches(archive, near, new.sketches)
    candidates = stages.run(
        "candidates", n_new, find_candidates, sketches, weights, settings, stages.report,
        near.is_new, MEMORY, None, _published(archive, near, new.table),
    )  # fmt: skip
    wanted = _rows_of(ids, named)
    pairs = archive.part("pairs")
    stories = archive.stories()
    cores = _cores(np.union1d(wanted, _earlier_in(candidates, near)), pairs, stories)
    carried = _carried(pairs, cores)
    pile = _pile(ids, np.union1d(np.flatnonzero(cores), _ends(pairs, carried)), new.table)
    candidates = _renumbered(candidates, near, pile)
    sketches, weights = _sketches(archive, pile, new.sketches)
    table, kept = _texts(archive, pile, new)
    clues = _clues(archive, pile, new_clues)
    judged = stages.run(
        "verify", len(candidates.a), verify, candidates, table, kept, settings, stages.report
    )
    pairs, passages = _with_carried(judged, archive, carried, pile)
    return Compared(
        table, kept, new.furniture, sketches, clues, weights, candidates,
        pairs, passages,
    ), pile  # fmt: skip


def _pile(ids: pa.Array, earlier: NDArray[np.int64], new: pa.Table) -> Pile:
    """Put some earlier documents and the new ones in order of id."""
    import pyarrow.compute as pc

    both = pa.concat_arrays([ids.take(pa.array(earlier)), *new.column("id").chunks])
    order = pc.sort_indices(both).to_numpy().astype(np.int64)
    return Pile(earlier, order, order >= len(earlier))


def _published(archive: Archive, pile: Pile, new: pa.Table) -> Published:
    """Return by whom and when the documents of a pile were published."""
    names = ("source", "published", "published_until")
    old = pa.table({name: archive.column(name) for name in names}).take(pa.array(pile.earlier))
    both = pa.concat_tables([old, new.select(names).cast(old.schema)])
    return published_by(both.take(pa.array(pile.order)).combine_chunks())


def _sketches(archive: Archive, pile: Pile, new: Sketches) -> tuple[Sketches, Weights]:
    """Return the sketches of a pile, and weights by document frequency in both collections."""
    old = archive.sketches()
    chosen = take_sketches(old, pile.earlier)
    places = ranges_of(old.offsets[pile.earlier], np.diff(chosen.offsets))
    before = archive.frequencies()[places].astype(np.int64)
    counted = names_its_text(new) & ~among(new.text_hashes, np.sort(old.text_hashes))
    distinct, counts = _holders(new, counted)
    frequency = np.concatenate([before, _before(old, archive, new.sampled)])
    sketches = join_sketches([chosen, new])
    found = np.searchsorted(distinct, sketches.sampled)
    found[found == len(distinct)] = 0
    if len(distinct):
        frequency += np.where(distinct[found] == sketches.sampled, counts[found], 0)
    n_docs = int(names_its_text(old).sum() + counted.sum())
    places = ranges_of(sketches.offsets[pile.order], np.diff(sketches.offsets)[pile.order])
    sketches = take_sketches(sketches, pile.order)
    return sketches, weighted(sketches, frequency[places], n_docs)


def _holders(
    new: Sketches, counted: NDArray[np.bool_]
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Count the new documents that hold each sampled shingle; sorted hashes, counts."""
    holds = np.repeat(counted, np.diff(new.offsets))
    return np.unique(new.sampled[holds], return_counts=True)


def _before(old: Sketches, archive: Archive, hashes: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return how many earlier documents hold each of some shingles, int64."""
    distinct, inverse = np.unique(hashes, return_inverse=True)
    places = np.flatnonzero(among(old.sampled, distinct))
    counts = np.zeros(len(distinct), np.int64)
    counts[np.searchsorted(distinct, old.sampled[places])] = archive.frequencies()[places]
    return counts[inverse]


def _rows_of(ids: pa.Array, named: Iterable[str]) -> NDArray[np.int64]:
    import pyarrow.compute as pc

    value_set = pa.array(sorted(named), pa.string())
    return np.flatnonzero(pc.is_in(ids, value_set=value_set).to_numpy(zero_copy_only=False))


def _earlier_in(candidates: Candidates, pile: Pile) -> NDArray[np.int64]:
    """Return the earlier documents that stand in a candidate pair, rows of the archive."""
    rows = np.unique(np.concatenate([candidates.a, candidates.b]))
    return np.asarray(pile.earlier[pile.order[rows[~pile.is_new[rows]]]], np.int64)


def _cores(
    rows: NDArray[np.int64], pairs: pa.Table, stories: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Say which earlier documents may end up in one story with some of them.

    Clustering never joins what no pair for it connects, so that whatever is
    connected comes along, and the whole story of each.
    """
    from dedupe.kernels.components import merge_groups

    joins = pairs.column("same_story_odds").to_numpy() > 0
    a, b = (pairs.column(side).to_numpy()[joins] for side in ("a", "b"))
    labels = stories.copy()
    merge_groups(a, b, labels)
    return np.asarray(np.isin(labels, np.unique(labels[rows])), np.bool_)


def _carried(pairs: pa.Table, cores: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the earlier pairs that matter: among the cores, or likely and with one of them."""
    a, b = cores[pairs.column("a").to_numpy()], cores[pairs.column("b").to_numpy()]
    likely = pairs.column("probability").to_numpy() >= LIKELY
    return np.flatnonzero((a & b) | ((a | b) & likely))


def _ends(pairs: pa.Table, places: NDArray[np.int64]) -> NDArray[np.int64]:
    sides = [pairs.column(side).to_numpy()[places] for side in ("a", "b")]
    return np.unique(np.concatenate(sides))


def _renumbered(candidates: Candidates, near: Pile, pile: Pile) -> Candidates:
    """Give the rows of candidates in one pile as rows of another that holds them all."""
    place = np.full(len(near.order), -1, np.int64)
    place[near.is_new] = np.flatnonzero(pile.is_new)
    found = np.searchsorted(pile.earlier, near.earlier)
    found = np.minimum(found, max(len(pile.earlier) - 1, 0))
    rows = near.row_of_earlier()
    if len(pile.earlier):
        there = pile.earlier[found] == near.earlier
        place[rows[there]] = pile.row_of_earlier()[found[there]]
    # Both piles are in order of id, so that a < b holds and the pairs stay sorted.
    return candidates._replace(a=place[candidates.a], b=place[candidates.b])


def _texts(archive: Archive, pile: Pile, new: Sketched) -> tuple[pa.Table, Kept]:
    """Return the documents of a pile and their kept ranges."""
    table, ranges = archive.take(pile.earlier)
    order = pa.array(pile.order)
    table = pa.concat_tables([table, new.table.select(table.column_names)])
    table = table.combine_chunks().take(order).combine_chunks()
    flat = pa.concat_arrays([ranges, flat_ranges(new.kept)]).take(order)
    data, text_offsets = text_bytes(table)
    offsets = (flat.offsets.to_numpy() - flat.offsets[0].as_py()) // 2
    spans = flat.flatten().to_numpy().reshape(-1, 2)
    spans = spans + np.repeat(text_offsets[:-1], np.diff(offsets))[:, None]
    return table, Kept(data, text_offsets, spans, offsets)


def _clues(archive: Archive, pile: Pile, new: pa.Table) -> pa.Table:
    """Return the clues of a pile: those kept, and those harvested."""
    old = archive.part("clues")
    place = pile.row_of_each(archive.n_docs)
    row = place[old.column("document").to_numpy()]
    rows = [row[row >= 0], np.flatnonzero(pile.is_new)[new.column("document").to_numpy()]]
    both = pa.concat_tables([old.filter(pa.array(row >= 0)), new])
    document = np.concatenate(rows)
    both = both.set_column(0, both.schema.field(0), pa.array(document))
    return both.take(pa.array(np.argsort(document, kind="stable")))


def _with_carried(
    judged: tuple[pa.Table, pa.Table], archive: Archive, carried: NDArray[np.int64], pile: Pile
) -> tuple[pa.Table, pa.Table]:
    """Add the earlier pairs and their passages to the new ones, sorted."""
    old, old_passages = archive.part("pairs").take(pa.array(carried)), archive.part("passages")
    place = pile.row_of_each(archive.n_docs)
    for column, side in enumerate(("a", "b")):
        rows = pa.array(place[old.column(side).to_numpy()])
        old = old.set_column(column, old.schema.field(column), rows)
    pairs = pa.concat_tables([old, judged[0].cast(old.schema)])
    order = np.lexsort((pairs.column("b").to_numpy(), pairs.column("a").to_numpy()))
    rank = np.argsort(order)
    pair = old_passages.column("pair").to_numpy()
    number = np.full(archive.part("pairs").num_rows, -1, np.int64)
    number[carried] = rank[: len(carried)]
    chosen = old_passages.filter(pa.array(number[pair] >= 0))
    numbers = [
        number[pair][number[pair] >= 0],
        rank[len(carried) + judged[1].column("pair").to_numpy()],
    ]
    both = pa.concat_tables([chosen, judged[1].cast(chosen.schema)])
    new_pair = np.concatenate(numbers)
    both = both.set_column(0, both.schema.field(0), pa.array(new_pair))
    return pairs.take(pa.array(order)), both.take(pa.array(np.argsort(new_pair, kind="stable")))


def known_answers(archive: Archive, pile: Pile) -> pa.Table:
    """Return what the earlier run asked of its own documents, as rows of a pile."""
    table = archive.part("answers")
    place = pile.row_of_each(archive.n_docs)
    rows = {side: place[table.column(side).to_numpy()] for side in ("a", "b")}
    there = (rows["a"] >= 0) & (rows["b"] >= 0)
    for column, side in enumerate(("a", "b")):
        table = table.set_column(column, side, pa.array(rows[side]))
    return table.filter(pa.array(there))


def only_new(result: Result, archive: Archive, pile: Pile, order: NDArray[np.int64]) -> Result:
    """Keep of a result what concerns new documents, and say what they go on with.

    Args:
        result: over a pile, documents sorted by id.
        archive: of the earlier run.
        pile: what the result is over.
        order: input row of each new document, in order of id.
    """
    import pyarrow.compute as pc

    documents = result.documents
    fresh = documents.filter(pa.array(pile.is_new)).take(pa.array(np.argsort(order)))
    ids = documents.column("id").to_pylist()
    is_new = dict(zip(ids, pile.is_new.tolist(), strict=True))
    stories = archive.stories()
    names = one_array(archive.column("id")).take(pa.array(stories[pile.earlier])).to_pylist()
    earlier = dict(zip((ids[row] for row in pile.row_of_earlier().tolist()), names, strict=True))
    rows = []
    goes_on: dict[str, str] = {}
    for story in result.stories:
        if any(is_new[one] for one in story["documents"]):
            old = [one for one in story["documents"] if not is_new[one]]
            before = sorted({earlier[one] for one in old})
            rows.append(story | {"earlier": old, "earlier_stories": before})
            if before:
                goes_on[story["story"]] = before[0]
    joined = pa.array([goes_on.get(one) for one in fresh.column("story").to_pylist()], pa.string())
    known = one_array(fresh.column("id"))
    tables = {
        name: table.filter(
            pc.or_(*(pc.is_in(table.column(side), value_set=known) for side in ("a", "b")))
        )
        for name, table in (("pairs", result.pairs), ("passages", result.passages))
    }
    return dataclasses.replace(
        result, documents=fresh.append_column("earlier_story", joined), stories=rows, **tables
    )


def counted(candidates: Candidates, pile: Pile, archive: Archive, n_asked: int) -> dict[str, Any]:
    """Count what was compared, for the record of a run."""
    a, b = pile.is_new[candidates.a], pile.is_new[candidates.b]
    return {
        "documents": archive.n_docs,
        "looked_at": len(pile.earlier),
        "pairs_screened": {
            "new_new": int((a & b).sum()),
            "new_earlier": int((a ^ b).sum()),
            "earlier_earlier": int((~a & ~b).sum()),
        },
        "earlier_pairs_asked_first": n_asked,
    }
