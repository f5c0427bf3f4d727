"""JSON lines that are plain, into Arrow columns without a Python object for each record.

    lines  ->  PlainLines.read()  ->  Columns, or None: the patient reader has them
                                         `-> rows.build_columns()

Nearly all lines of nearly all files are objects of a few known keys. A kernel
finds where their values stand, and the texts are written to Arrow from there.
Whatever else lines hold, from a lone surrogate to a text in a list, sends the
whole group of lines to `orjson` and to the rules of json_records.py, so that
both ways give equal documents; tests compare them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from dedupe.read.json_values import load_value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dedupe.read.fields import FieldNames

GROUP_BYTES = 1 << 22
"""Lines are read in groups of about so many bytes."""
LEAST_BYTES = 1 << 20
"""Smaller files are read sooner than a kernel is loaded."""

# Keys of a file, 9 bytes a line each; a file with more of them is read in Python.
_MOST_KEYS = 60
_MOST_FAILURES = 8
"""After so many more groups that were not plain than were, the file is taken not to be."""
# A column that wastes more than an eighth of its memory is copied.
_SPARE_SHARE = 8
# Bytes looked at together: what NumPy makes of them stays in the nearest caches.
_BLOCK = 1 << 16
_NEWLINE = ord("\n")
_NO_NUMBER = np.frombuffer(b"tf[{", np.uint8)


class Columns:
    """The values of some records, by key, as they stand in their JSON.

    Args:
        data: uint8 (B,), the lines.
        keys: of the values, K.
        places: int32 (2, K, N), where each value starts and ends in data.
        kinds: uint8 (K, N), see kernels.json_strings.
        lines: int64 (N,), numbers of the records' lines, from 1 for the first of data.
        n_lines: of data, be there a record or not.
        file: their file.

    Attributes:
        keys: those that some record has.
    """

    def __init__(
        self,
        data: NDArray[np.uint8],
        keys: Sequence[str],
        places: NDArray[np.int32],
        kinds: NDArray[np.uint8],
        lines: NDArray[np.int64],
        n_lines: int,
        file: str,
    ) -> None:
        present = np.any(kinds, axis=1)
        self._rows = {key: place for place, key in enumerate(keys) if present[place]}
        self.keys = frozenset(self._rows)
        self.lines = lines
        self.n_lines = n_lines
        self.file = file
        self._data, self._places, self._kinds = data, places, kinds

    def __len__(self) -> int:
        return len(self.lines)

    def begin_at(self, number: int) -> None:
        """Number the lines from `number` on, which is the first one's in the file."""
        self.lines += number - 1

    def is_strings(self, key: str) -> bool:
        """Tell whether all values of a key are null, missing or strings fit for a short field."""
        from dedupe.kernels import json_strings as kernels

        kinds = self._kinds[self._rows[key]]
        is_other = kinds & kernels.KIND == kernels.OTHER
        return not (is_other | (kinds & (kernels.WHITE | kernels.CONTROL) > 0)).any()

    def holds_truths(self, key: str) -> bool:
        """Tell whether a value of a key is true or false, or no scalar."""
        from dedupe.kernels import json_strings as kernels

        row = self._rows[key]
        starts = self._places[0, row][self._kinds[row] & kernels.KIND == kernels.OTHER]
        return bool(np.isin(self._data[starts], _NO_NUMBER).any())

    def is_full(self, key: str, *, allow_empty: bool = False) -> bool:
        """Tell whether every record has a string under a key."""
        from dedupe.kernels import json_strings as kernels

        row = self._rows[key]
        is_empty = self._places[0, row] >= self._places[1, row]
        is_good = self._kinds[row] & kernels.KIND == kernels.STRING
        return bool(is_good.all()) and (allow_empty or not is_empty.any())

    def strings(self, key: str, kind: pa.DataType, *, keep_empty: bool) -> pa.Array:
        """Return the strings of a key, null where there is none, or an empty one.

        Args:
            key: of these values, of which `is_strings` or `is_full` is true.
            kind: string or large_string.
            keep_empty: an empty string stays one.
        """
        from dedupe.kernels import json_strings as kernels

        row = self._rows[key]
        starts, ends, kinds = self._places[0, row], self._places[1, row], self._kinds[row]
        is_string = kinds & kernels.KIND == kernels.STRING
        sizes = np.where(is_string, ends - starts, 0)
        offsets = np.empty(len(kinds) + 1, np.int64)
        out = np.empty(int(sizes.sum()) + kernels.MARGIN, np.uint8)
        kernels.fill_strings(self._data, starts, ends, kinds, offsets, out)
        used = out[: offsets[-1]]
        if len(out) - len(used) > len(out) // _SPARE_SHARE:
            used = used.copy()
        if kind != pa.large_string():
            offsets = offsets.astype(np.int32)
        is_valid = is_string if keep_empty else sizes > 0
        bits = None if is_valid.all() else pa.py_buffer(np.packbits(is_valid, bitorder="little"))
        buffers = [bits, pa.py_buffer(offsets), pa.py_buffer(used)]
        return pa.Array.from_buffers(kind, len(kinds), buffers)

    def records(self, keys: Sequence[str]) -> list[dict[str, Any]]:
        """Return the records with some of their keys alone, as json_records.py reads them."""
        columns = [self._values(key) for key in keys]
        return [dict(zip(keys, values, strict=True)) for values in zip(*columns, strict=True)]

    def _values(self, key: str) -> list[Any]:
        from dedupe.kernels import json_strings as kernels

        row = self._rows[key]
        kinds = self._kinds[row] & kernels.KIND
        quotes = kinds == kernels.STRING
        starts, ends = self._places[0, row] - quotes, self._places[1, row] + quotes
        places = zip(kinds.tolist(), starts.tolist(), ends.tolist(), strict=True)
        data = self._data.data
        nothing = (kernels.MISSING, kernels.NULL)
        return [
            None if kind in nothing else load_value(data[start:end]) for kind, start, end in places
        ]


def _count_lines(data: NDArray[np.uint8]) -> tuple[int, int]:
    """Count lines, and those not empty: block by block, so that what is compared stays in cache."""
    n_lines = n_empty = 0
    before = True
    for at in range(0, len(data), _BLOCK):
        ends = data[at : at + _BLOCK] == _NEWLINE
        n_lines += int(np.count_nonzero(ends))
        n_empty += int(before and ends[0]) + int(np.count_nonzero(ends[1:] & ends[:-1]))
        before = bool(ends[-1])
    return n_lines, n_lines - n_empty


class PlainLines:
    """Reads the lines of one file where they are plain.

    Args:
        names: of the fields.
        file: for messages and ids.
    """

    def __init__(self, names: FieldNames, file: str) -> None:
        self._names = names
        self._file = file
        self._keys: list[bytes] = []
        self._n_failures = 0

    def read(self, lines: bytes) -> Columns | None:
        """Return the records of whole lines, or None where one is not plain.

        What the file ends with is a whole line only if a newline ends it.
        """
        if self._n_failures >= _MOST_FAILURES or not lines.endswith(b"\n"):
            return None
        columns = self._columns(lines)
        if columns is None or not self._can_be_documents(columns):
            self._n_failures += 1
            return None
        self._n_failures = max(0, self._n_failures - 1)
        return columns

    def _columns(self, text: bytes) -> Columns | None:
        from dedupe.kernels import json_lines as kernels

        data = np.frombuffer(text, np.uint8)
        n_lines, n_filled = _count_lines(data)
        places = np.empty((2, _MOST_KEYS, n_filled), np.int32)
        kinds = np.zeros((_MOST_KEYS, n_filled), np.uint8)
        numbers = np.empty(n_filled, np.int64)
        progress, unknown = np.zeros(3, np.int64), np.zeros(2, np.int64)
        verdict = kernels.UNKNOWN_KEY
        while verdict == kernels.UNKNOWN_KEY:
            keys, offsets = self._known_keys()
            verdict = kernels.find_values(
                data, keys, offsets, len(self._keys), progress, unknown,
                places[0], places[1], kinds, numbers,
            )  # fmt: skip
            if verdict == kernels.UNKNOWN_KEY:
                if len(self._keys) == _MOST_KEYS:
                    return None
                self._keys.append(text[unknown[0] : unknown[1]])
        if verdict != kernels.DONE:
            return None
        n_rows, n_keys = int(progress[1]), len(self._keys)
        return Columns(
            data, [key.decode() for key in self._keys], places[:, :n_keys, :n_rows],
            kinds[:n_keys, :n_rows], numbers[:n_rows] + 1, n_lines, self._file,
        )  # fmt: skip

    def _known_keys(self) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        # One byte more, so that there is a buffer before any key is known.
        joined = np.frombuffer(b"".join(self._keys) + b"\n", np.uint8)
        return joined, np.cumsum([0, *map(len, self._keys)])

    def _can_be_documents(self, columns: Columns) -> bool:
        """Tell whether every record has a text, and no rule about names needs a closer look."""
        if not all(name in columns.keys for name in self._names.given.values()):
            return False
        texts = self._names.paths("text", columns.keys)
        if not texts or self._names.paths("html", columns.keys):
            return False
        if any(columns.holds_truths(path[0]) for path in self._names.paths("id", columns.keys)):
            return False
        return columns.is_full(texts[0][0], allow_empty=len(texts) == 1)
