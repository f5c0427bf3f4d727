"""What the stages found in; the tables that a result holds, out: rows become ids.

documents, pairs, passages, Attribution  ->  tables of result.DOCUMENTS, PAIRS, PASSAGES
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from dedupe.documents import one_array, stated
from dedupe.result import DOCUMENTS, PAIRS, PASSAGES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe.arrays.spill import Spill
    from dedupe.attribute import Attribution
    from dedupe.settings import Settings


def result_documents(
    table: pa.Table,
    n_words: NDArray[np.int32],
    stories: NDArray[np.int64],
    origins: Attribution,
    spill: Spill,
) -> pa.Table:
    """Return a row for each document, in their order."""
    ids = one_array(table.column("id"))
    parents = pa.array(origins.parent, mask=origins.parent < 0)
    sizes = np.bincount(stories, minlength=len(stories))[stories]
    columns = {
        "id": ids,
        "story": spill.column(ids.take(pa.array(stories))),
        "story_size": sizes,
        "relation": origins.relation,
        "parent": spill.column(ids.take(parents)),
        "parent_name": origins.parent_name,
        "parent_probability": pa.array(
            origins.parent_probability, mask=np.isnan(origins.parent_probability)
        ),
        "origin_probability": origins.origin_probability,
        "n_words": n_words.astype(np.int64),
    }
    given = {name: table.column(name) for name in ("source", "title", "url")}
    given["published"] = stated(table)
    return pa.table(
        {name: (columns | given)[name] for name in DOCUMENTS.names},
        schema=DOCUMENTS,
    )


def result_pairs(table: pa.Table, pairs: pa.Table, origins: Attribution, spill: Spill) -> pa.Table:
    """Return a row for each judged pair."""
    ids = one_array(table.column("id"))
    columns = {name: pairs.column(name) for name in PAIRS.names if name in pairs.schema.names}
    columns |= {
        "a": spill.column(ids.take(one_array(pairs.column("a")))),
        "b": spill.column(ids.take(one_array(pairs.column("b")))),
        "a_first_probability": pa.array(origins.pair_a_first),
    }
    return pa.table({name: columns[name] for name in PAIRS.names}, schema=PAIRS)


def result_passages(
    table: pa.Table,
    pairs: pa.Table,
    passages: pa.Table,
    stories: NDArray[np.int64],
    origins: Attribution,
    settings: Settings,
) -> pa.Table:
    """Keep the passages of each document with its parent or nearest story member."""
    a, b = pairs.column("a").to_numpy(), pairs.column("b").to_numpy()
    wanted = np.ones(len(a), np.bool_)
    if not settings.all_passages:
        wanted = _with_parent(a, b, pairs, stories, origins)
    pair = passages.column("pair").to_numpy()
    chosen = passages.filter(pa.array(wanted[pair]))
    pair = pair[wanted[pair]]
    ids = one_array(table.column("id"))
    columns = {"a": ids.take(pa.array(a[pair])), "b": ids.take(pa.array(b[pair]))}
    columns |= {name: chosen.column(name) for name in PASSAGES.names[2:]}
    return pa.table(columns, schema=PASSAGES)


def _with_parent(
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    pairs: pa.Table,
    stories: NDArray[np.int64],
    origins: Attribution,
) -> NDArray[np.bool_]:
    """Say which pairs join a document to its parent, or to what contains most of it."""
    wanted = (origins.parent[a] == b) | (origins.parent[b] == a)
    orphan = origins.parent < 0
    together = stories[a] == stories[b]
    sides = ((a, pairs.column("containment_a")), (b, pairs.column("containment_b")))
    places = np.concatenate([np.flatnonzero(together & orphan[side]) for side, _ in sides])
    document = np.concatenate([side[together & orphan[side]] for side, _ in sides])
    contained = np.concatenate([share.to_numpy()[together & orphan[side]] for side, share in sides])
    order = np.lexsort((places, -contained, document))
    _, first = np.unique(document[order], return_index=True)
    wanted[places[order[first]]] = True
    return np.asarray(wanted)
