"""Documents as a caller has them in; a table in order of id, and what was rejected, out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pyarrow as pa

from dedupe.documents import Document, documents_table, spilled_table
from dedupe.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from dedupe.arrays.spill import Spill
    from dedupe.read import Reading

    Documents: TypeAlias = Iterable[Document | Mapping[str, Any] | str]


# Rows whose copies are in memory beside the table they come from.
_TAKEN_AT_ONCE = 10_000


def as_reading(documents: Reading | pa.Table | Documents) -> Reading:
    """Return documents as a table of `documents.SCHEMA`, and what was rejected of them.

    A `Reading` is returned unchanged.

    Raises:
        InputError: one document instead of many, one without text, or a table
            without a column of texts.
    """
    from dedupe.read import Reading, read_table

    if isinstance(documents, Reading):
        return documents
    if isinstance(documents, pa.Table):
        return read_table(documents)
    if isinstance(documents, pa.RecordBatch):
        return read_table(pa.table(documents))
    require_many(documents, "find_duplicates")
    return Reading(documents=documents_table(documents), rejects=[], inputs=[])


def require_many(documents: object, asker: str) -> None:
    """Refuse one document where many are taken.

    Raises:
        InputError: it is one document, or nothing that holds any.
    """
    one = isinstance(documents, (str, bytes, Document)) or hasattr(documents, "keys")
    if one or not hasattr(documents, "__iter__"):
        raise InputError(
            f"{asker} takes many documents, put into a list, an iterator or an Arrow table, "
            f"not {type(documents).__name__}"
        )


def in_id_order(table: pa.Table, spill: Spill) -> tuple[pa.Table, NDArray[np.int64]]:
    """Sort by id (code points), so that no later stage sees the order of input.

    Returns the table and the input row of each of its rows.
    """
    ids = table.column("id")
    import pyarrow.compute as pc

    # UTF-8 bytes sort as code points do.
    order = pc.sort_indices(ids).to_numpy().astype(np.int64)
    ordered = ids.take(order)
    same = np.flatnonzero(pc.equal(ordered.slice(1), ordered.slice(0, max(len(order) - 1, 0))))
    if len(same):
        first, second = sorted(order[same[0] : same[0] + 2].tolist())
        raise InputError(
            f'documents {first + 1} and {second + 1} both have the id "{ordered[same[0]]}"; '
            "ids must be unique"
        )
    if is_rising(order):
        return table.combine_chunks(), order
    steps = range(0, len(order), _TAKEN_AT_ONCE)
    taken = (table.take(order[start : start + _TAKEN_AT_ONCE]) for start in steps)
    return spilled_table(taken, spill), order


def is_rising(order: NDArray[np.int64]) -> bool:
    """Say whether rows stand in the order of the input already."""
    return bool(np.all(order[1:] > order[:-1]))
