"""A column of dates as given in, two columns of moments out.

["2018-06-02T09:16:55Z", "June 2, 2018", None]  ->  earliest, latest (documents.SCHEMA)
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from dedupe.dates import is_given, parse_interval
from dedupe.documents import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dedupe.read.ledger import Ledger

_KIND = SCHEMA.field("published").type
_CARRIERS = ("$date", "value", "name")
"""Keys under which an object keeps the date it stands for, as in MongoDB's exports."""


def interval_arrays(values: Sequence[Any] | pa.Array, ledger: Ledger) -> tuple[pa.Array, pa.Array]:
    """Return the earliest and latest moments of dates in any form, or in an array of strings.

    What is given but not understood, or impossible, is null in both and counted
    in the ledger.
    """
    if isinstance(values, pa.Array):
        moments = None if values.null_count == len(values) else _zoned_clocks(values)
        if moments is not None:
            return moments, moments
        values = values.to_pylist()
    types = set(map(type, values))
    if types <= {type(None)}:
        nothing = pa.nulls(len(values), _KIND)
        return nothing, nothing
    if types <= {str, type(None)}:
        moments = _zoned_clocks(pa.array(values, pa.string()))
        if moments is not None:
            return moments, moments
    intervals = [parse_interval(_inner(value)) for value in values]
    earliest, latest = zip(*intervals, strict=True)
    if None in earliest:
        unknown = (value for value, first in zip(values, earliest, strict=True) if first is None)
        ledger.n_bad_dates += sum(map(is_given, unknown))
    return pa.array(earliest, _KIND), pa.array(latest, _KIND)


def _zoned_clocks(values: pa.Array) -> pa.Array | None:
    """Read a column that holds nothing but good ISO 8601 clocks with zones; else None.

    Most crawls give this one form, and Arrow reads it ten times faster than
    Python does. Whatever Arrow refuses, or `parse_interval` would call
    impossible, is left to the slow way.
    """
    import pyarrow.compute as pc

    try:
        moments = values.cast(_KIND)
    except pa.ArrowInvalid:
        return None
    bounds = pc.min_max(moments).as_py()
    low, high = datetime(1970, 1, 2, tzinfo=UTC), datetime.now(UTC)
    return moments if bounds["min"] > low and bounds["max"] < high else None


def _inner(value: Any) -> Any:
    """Return the date inside a list of one, or inside an object that carries one."""
    if isinstance(value, list):
        return value[0] if value else None
    if isinstance(value, dict):
        return next((value[key] for key in _CARRIERS if key in value), None)
    return value
