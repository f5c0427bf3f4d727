"""Records in, a documents table out; what cannot be a document is refused.

    Records  ->  columns by field  ->  values of one type  ->  Table (documents.SCHEMA)
    Columns (plain JSON lines)     ->  Arrow columns       ->  the same

Work goes column by column: a million records pass here, and a Python call for
each field of each would take longer than parsing them. Control characters that
text does not need become spaces, one for one, so that offsets hold; in the short
fields they are dropped.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from dedupe.documents import SCHEMA, as_id, as_string, as_text, host, is_unsaid
from dedupe.read.moments import interval_arrays

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from dedupe.read.fields import FieldNames
    from dedupe.read.ledger import Ledger, Records
    from dedupe.read.plain_lines import Columns

    Name = Callable[[str | None, str], str]
    """Names a document without an id, by its url and its text."""


class Documents(NamedTuple):
    """A table of `documents.SCHEMA`; document i has ids[i] and came from files[i], lines[i]."""

    table: pa.Table
    ids: list[str]
    files: list[str]
    lines: list[int]


_SHORT_FIELDS = ("title", "url", "canonical", "source", "byline", "language")
_MOMENTS = ("published", "fetched")
_TEXT = pa.large_string()
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_WHITE_CONTROLS = "\t\n\r"
_CONTROLS = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0))]
_IN_TEXT = str.maketrans({char: " " for char in _CONTROLS if char not in _WHITE_CONTROLS})
_IN_FIELD = str.maketrans({char: " " if char in _WHITE_CONTROLS else "" for char in _CONTROLS})
# Bytes looked at together: what NumPy makes of them stays in the nearest caches.
_BLOCK = 1 << 17
_ID_TYPES = {str, int, type(None)}
"""Of an id that is one, or none, without a closer look."""
_KINDS = {
    bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "an object"
}  # fmt: skip


def build_documents(
    records: Records, names: FieldNames, ledger: Ledger, name: Name | None = None
) -> Documents:
    """Turn records into documents, in their order.

    Args:
        records: many.
        names: of their fields.
        ledger: of their input.
        name: names those without an id; None gives them FILE:LINE. The path of a text or
            a page is no id then: it stands for another document in another folder.

    Raises:
        InputError: a record without text, where the ledger fails on the first.
    """
    keys: frozenset[str] = frozenset().union(*records.records)
    texts = names.column("text", records.records, keys)
    if set(map(type, texts)) != {str}:
        records, texts = _with_text(records, texts, names, keys, ledger)
    named = names.column("id", records.records, keys)
    if not set(map(type, named)) <= _ID_TYPES:
        records, texts, named = _with_id(records, texts, named, ledger)
    rows = records.records
    columns = {"text": _text_array(texts)}
    for field in _SHORT_FIELDS:
        columns[field] = _short_array(names.column(field, rows, keys))
    given = [None] * len(named) if name and records.own_names else _strings(named)
    ids = _ids(given, records.files, records.lines, columns, name)
    columns["id"] = pa.array(ids, pa.string())
    moments = {field: names.column(field, rows, keys) for field in _MOMENTS}
    return Documents(_table(columns, moments, ledger), ids, records.files, records.lines)


def build_columns(
    given: Columns, names: FieldNames, ledger: Ledger, name: Name | None
) -> Documents:
    """Turn the columns of plain records into documents, in their order."""
    files, lines = [given.file] * len(given), given.lines.tolist()
    [text, *_] = names.paths("text", given.keys)
    columns = {"text": given.strings(text[0], _TEXT, keep_empty=True)}
    for field in _SHORT_FIELDS:
        values = _of_columns(given, names, field, keep_empty=False)
        columns[field] = values if isinstance(values, pa.Array) else _short_array(values)
    named = _of_columns(given, names, "id", keep_empty=False)
    if isinstance(named, pa.Array) and not named.null_count:
        ids = named.to_pylist()
    else:
        named = named.to_pylist() if isinstance(named, pa.Array) else _strings(named)
        ids = _ids(named, files, lines, columns, name)
    columns["id"] = pa.array(ids, pa.string())
    moments = {field: _of_columns(given, names, field, keep_empty=True) for field in _MOMENTS}
    return Documents(_table(columns, moments, ledger), ids, files, lines)


def _of_columns(
    given: Columns, names: FieldNames, field: str, *, keep_empty: bool
) -> pa.Array | list[Any]:
    """Return a field as an Arrow column, or as Python values where it is not so simple."""
    paths = names.paths(field, given.keys)
    if not paths:
        return pa.nulls(len(given), pa.string())
    keys = [path[0] for path in paths]
    if given.is_strings(keys[0]) and (len(keys) == 1 or given.is_full(keys[0])):
        return given.strings(keys[0], pa.string(), keep_empty=keep_empty)
    return names.column(field, given.records(keys), given.keys)


def _table(
    columns: dict[str, pa.Array], moments: Mapping[str, Sequence[Any] | pa.Array], ledger: Ledger
) -> pa.Table:
    """Complete the columns of documents, and count them."""
    columns["source"] = _with_hosts(columns["source"], columns["url"])
    for name, values in moments.items():
        columns[name], columns[f"{name}_until"] = interval_arrays(values, ledger)
    ledger.n_documents += len(columns["id"])
    return pa.table([columns[name] for name in SCHEMA.names], schema=SCHEMA)


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
    return _chosen(records, kept), good


def _with_id(
    records: Records, texts: list[str], named: list[Any], ledger: Ledger
) -> tuple[Records, list[str], list[Any]]:
    """Keep the records whose id can be one, or that have none."""
    kept = []
    for row, value in enumerate(named):
        if not is_unsaid(value) and as_id(value) is None:
            kind = _KINDS.get(type(value), type(value).__name__)
            kind = "an infinite number" if isinstance(value, float) else kind
            reason = f"the id is {kind}, not a string or a number"
            ledger.reject(records.files[row], records.lines[row], reason)
        else:
            kept.append(row)
    return _chosen(records, kept), [texts[row] for row in kept], [named[row] for row in kept]


def _chosen(records: Records, kept: Sequence[int]) -> Records:
    return records._replace(
        records=[records.records[row] for row in kept],
        files=[records.files[row] for row in kept],
        lines=[records.lines[row] for row in kept],
    )


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
    return [as_string(value) for value in values]


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
    array = pa.array(texts, _TEXT)
    if not _may_hold_controls(array):
        return array
    cleared = [text.translate(_IN_TEXT) if _CONTROL.search(text) else text for text in texts]
    return pa.array(cleared, _TEXT)


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


def _short_array(values: Sequence[Any]) -> pa.Array:
    return pa.array(_cleared(_strings(values)), pa.string())


def _ids(
    given: Sequence[str | None],
    files: Sequence[str],
    lines: Sequence[int],
    columns: Mapping[str, pa.Array],
    name: Name | None,
) -> list[str]:
    """Return the ids; a record that gives none is named by `name`, or else FILE:LINE."""
    if name:
        urls, texts = columns["url"], columns["text"]
        return [one or name(urls[row].as_py(), texts[row].as_py()) for row, one in enumerate(given)]
    return [
        one or f"{file}:{line}".translate(_IN_FIELD)
        for one, file, line in zip(given, files, lines, strict=True)
    ]
