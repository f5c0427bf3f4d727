"""Clues beside the text: the byline and the canonical address of a page's record.

documents table, Names  ->  record_clues()  ->  clues without a place
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

from dedupe.clean.bylines import byline_names
from dedupe.clean.clue import Clue
from dedupe.documents import host, one_array

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from dedupe.names import Names

# A longer field is no byline; its front is read, in code points.
_LONGEST_BYLINE = 300
_AUTHORITY = r"^(?P<authority>[A-Za-z]+://[^/?#]+)/"


def record_clues(documents: pa.Table, names: Names) -> Iterator[tuple[int, Clue]]:
    """Yield (document, clue) of every byline and of every address elsewhere.

    Args:
        documents: a table of `documents.SCHEMA`.
        names: agencies and outlets to know.
    """
    yield from _signed(documents, names)
    yield from _pointing(documents, names)


def _signed(documents: pa.Table, names: Names) -> Iterator[tuple[int, Clue]]:
    """Read each byline once: an outlet's few authors sign all of its pages."""
    column = one_array(documents.column("byline"))
    if column.null_count == len(column):
        return
    distinct = column.dictionary_encode()
    found = [
        byline_names(line[:_LONGEST_BYLINE], names, alone=True) if line else []
        for line in distinct.dictionary.to_pylist()
    ]
    numbers = distinct.indices.fill_null(-1).to_numpy()
    named = np.array([bool(one) for one in found] + [False], np.bool_)
    for row in np.flatnonzero(named[numbers]).tolist():
        for name in found[numbers[row]]:
            yield row, Clue("byline", name, "byline", -1, -1)


def _pointing(documents: pa.Table, names: Names) -> Iterator[tuple[int, Clue]]:
    """Read the canonical addresses that do not begin as the page's own does."""
    fields = ("canonical", "url", "source")
    canonical, url, source = (one_array(documents.column(field)) for field in fields)
    if canonical.null_count == len(canonical):
        return

    @functools.cache
    def elsewhere(target: str, here: str) -> str | None:
        """Return the outlet of another site's host, or None for the site's own."""
        there, own = names.outlet(target), names.outlet(here)
        return there if there != own and not _same_site(target, host(here) or here) else None

    for row in np.flatnonzero(_may_point(canonical, url)).tolist():
        address, at, whose = canonical[row].as_py(), url[row].as_py(), source[row].as_py()
        target = host(address)
        here = host(at) or (whose if whose and "." in whose else None)
        # A bare homepage is a template's slip, not the address of an original.
        if target and here and _has_path(address) and (name := elsewhere(target, here)):
            yield row, Clue("pointer", name, "canonical", -1, -1)


def _may_point(canonical: pa.Array, url: pa.Array) -> np.ndarray:
    """Say which canonical addresses are given and do not begin as the page's own does."""
    import pyarrow.compute as pc

    one, other = (
        pc.struct_field(pc.extract_regex(column, _AUTHORITY), "authority")
        for column in (canonical, url)
    )
    same = pc.fill_null(pc.equal(one, other), False)  # noqa: FBT003 - the value that fills
    return np.asarray(pc.and_(canonical.is_valid(), pc.invert(same)))


def _has_path(url: str) -> bool:
    _, _, rest = url.partition("//")
    return len(rest.partition("/")[2].strip("/")) > 1


def _same_site(one: str, other: str) -> bool:
    return one == other or one.endswith("." + other) or other.endswith("." + one)
