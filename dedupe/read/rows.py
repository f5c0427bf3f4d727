"""Records in, a documents table out; what cannot be a document is refused.

    Records  ->  columns by field  ->  values of one type  ->  Table (documents.SCHEMA)

Work goes column by column: a million records pass here, and a Python call for
each field of each would take longer than parsing them. Control characters that
text does not need become spaces, one for one, so that offsets hold; in the short
fields they are dropped.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from dedupe.documents import SCHEMA, as_text, host, plain
from dedupe.read.moments import interval_arrays

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from dedupe.read.fields import FieldNames
    from dedupe.read.ledger import Ledger, Records


class Documents(NamedTuple):
    """A table of `documents.SCHEMA`; document i has ids[i] and came from files[i], lines[i]."""

    table: pa.Table
    ids: list[str]
    files: list[str]
    lines: list[int]


_SHORT_FIELDS = ("title", "url", "canonical", "source", "byline", "language")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_WHITE_CONTROLS = "\t\n\r"
_CONTROLS = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0))]
_IN_TEXT = str.maketrans({char: " " for char in _CONTROLS if char not in _WHITE_CONTROLS})
_IN_FIELD = str.maketrans({char: " " if char in _WHITE_CONTROLS else "" for char in _CONTROLS})
_BLOCK = 1 << 17
_KINDS = {
    bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "an object"
}  # fmt: skip


def build_documents(records: Records, names: FieldNames, ledger: Ledger) -> Documents:
    """Turn records into documents, in their order.

    Raises:
        InputError: a record without text, where the ledger fails on the first.
    """
    keys: frozenset[str] = frozenset().union(*records.records)
    texts = names.column("text", records.records, keys)
    if set(map(type, texts)) != {str}:
        records, texts = _with_text(records, texts, names, keys, ledger)
    rows = records.records
    ids = _ids(names.column("id", rows, keys), records)
    columns = {"id": pa.array(ids, pa.string()), "text": _text_array(texts)}
    for name in _SHORT_FIELDS:
        columns[name] = pa.array(_cleared(_strings(names.column(name, rows, keys))), pa.string())
    columns["source"] = _with_hosts(columns["source"], columns["url"])
    for name in ("published", "fetched"):
        moments = interval_arrays(names.column(name, rows, keys), ledger)
        columns[name], columns[f"{name}_until"] = moments
    ledger.n_documents += len(rows)
    table = pa.table([columns[name] for name in SCHEMA.names], schema=SCHEMA)
    return Documents(table, ids, records.files, records.lines)


def _with_text(
    records: Records, texts: list[Any], names: FieldNames, keys: frozenset[str], ledger: Ledger
) -> tuple[Records, list[str]]:
    """Keep the records whose text is one, or can be made one."""
    kept: list[int] = []
    good: list[str] = []
    for row, value in enumerate(texts):
        text = as_text(value, mend=ledger.on_error == "replace")
        if text is None:
            reason = _no_text(value, records.records[row], names, keys)
            ledger.reject(records.files[row], records.lines[row], reason)
        else:
            kept.append(row)
            good.append(text)
    chosen = records._replace(
        records=[records.records[row] for row in kept],
        files=[records.files[row] for row in kept],
        lines=[records.lines[row] for row in kept],
    )
    return chosen, good


def _no_text(value: Any, record: dict[str, Any], names: FieldNames, keys: frozenset[str]) -> str:
    if isinstance(value, bytes):
        return "the text is not UTF-8"
    if value is not None:
        return f"the text is {_KINDS.get(type(value), type(value).__name__)}, not a string"
    if any(path[0] in record for path in names.paths("text", keys)):
        return "the text is null"
    return names.missing_text(record)


def _strings(values: Sequence[Any]) -> list[str | None]:
    types = set(map(type, values))
    if types <= {str, type(None)}:
        return [value or None for value in values] if "" in values else list(values)
    return [plain(value) for value in values]


def _cleared(strings: list[str | None]) -> list[str | None]:
    """Drop control characters; look at each string only where some has one."""
    if "".join(filter(None, strings)).isprintable():
        return strings
    return [string and (string.translate(_IN_FIELD) or None) for string in strings]


def _with_hosts(sources: pa.Array, urls: pa.Array) -> pa.Array:
    """Name the outlet by the host of its address, where nothing else names it."""
    if not sources.null_count or urls.null_count == len(urls):
        return sources
    pairs = zip(sources.to_pylist(), urls.to_pylist(), strict=True)
    return pa.array([source or host(url) for source, url in pairs], sources.type)


def _text_array(texts: list[str]) -> pa.Array:
    array = pa.array(texts, pa.large_string())
    if not _may_hold_controls(array):
        return array
    cleared = [text.translate(_IN_TEXT) if _CONTROL.search(text) else text for text in texts]
    return pa.array(cleared, pa.large_string())


def _may_hold_controls(array: pa.Array) -> bool:
    """Look through the bytes of all texts, block by block so that each stays in cache."""
    import numpy as np

    data = array.buffers()[2]
    if data is None:
        return False
    codes = np.frombuffer(data, np.uint8)
    # One byte of overlap: the controls from U+0080 on take two bytes, C2 and 80 to 9F.
    return any(
        _block_holds_controls(codes[start : start + _BLOCK + 1])
        for start in range(0, len(codes), _BLOCK)
    )


def _block_holds_controls(codes: NDArray[np.uint8]) -> bool:
    import numpy as np

    white = sum(np.count_nonzero(codes == ord(char)) for char in _WHITE_CONTROLS)
    if np.count_nonzero(codes < 0x20) != white:
        return True
    if codes.max() < 0x7F:
        return False
    return bool(np.any(codes == 0x7F) or np.any(codes[1:][codes[:-1] == 0xC2] < 0xA0))


def _ids(values: Sequence[Any], records: Records) -> list[str]:
    """Return the ids, and FILE:LINE where a record gives none."""
    return [
        name or f"{file}:{line}".translate(_IN_FIELD)
        for name, file, line in zip(_strings(values), records.files, records.lines, strict=True)
    ]
