"""What a run keeps, so that later documents can be compared with it and nothing is done twice.

    Compared, stories  --of-->  Archive  --write-->  DIR/archive/*.arrow, archive.json (last)
                                         <--open--

Texts with their kept ranges are compressed and read back in part. Signatures and
sampled shingles are noise, which no compression makes smaller: they are mapped
into memory. Pairs are kept as they were judged, before round-ups were marked.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from dedupe.candidates import names_its_text
from dedupe.clean.furniture import Furniture
from dedupe.documents import SCHEMA
from dedupe.errors import OutputError, SettingsError
from dedupe.result.recorded import file_record
from dedupe.result.shapes import check_shape
from dedupe.settings import Settings
from dedupe.sketch import Sketches

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from dedupe.candidates import Weights
    from dedupe.clean import Kept
    from dedupe.compared import Compared
    from dedupe.verify import Answers

FOLDER = "archive"
"""The folder of an archive in that of its result."""

_FORMAT = 2
_HEAD = "archive.json"
_SHAPE = {
    "name": str, "version": str, "settings": dict, "documents": int,
    "sizes": {"*": int}, "checksums": {"*": str},
}  # fmt: skip
_AT_ONCE = 1024
"""Documents that are compressed together: as many are read where one is wanted."""
# Noise gains nothing from compression, and what is mapped must be plain.
_PLAIN = frozenset({"sketches"})


class Archive:
    """The documents of a run and what was found out about them, in memory or in a folder.

    Args:
        head: what tells this archive from others: name, version, settings, documents.
        tables: its parts, or the folder that holds them.
    """

    def __init__(self, head: Mapping[str, Any], tables: Mapping[str, pa.Table] | Path) -> None:
        self._head = head
        self._tables = tables
        self._checked: set[str] = set()

    @classmethod
    def of(
        cls, found: Compared, stories: NDArray[np.int64], answers: Answers, settings: Settings
    ) -> Archive:
        """Keep what a run has found."""
        from dedupe import __version__

        sketches = found.sketches
        digest = hashlib.blake2b(sketches.text_hashes.tobytes(), digest_size=16)
        digest.update(stories.tobytes())
        slots = pa.array(sketches.signatures.ravel())
        tables = {
            "documents": _with_kept(found.table, found.kept, stories),
            "sketches": pa.table(
                {
                    "signature": pa.FixedSizeListArray.from_arrays(slots, settings.n_slots),
                    "text_hash": sketches.text_hashes,
                    "n_words": sketches.n_words,
                    "sampled": pa.LargeListArray.from_arrays(sketches.offsets, sketches.sampled),
                }
            ),
            "frequencies": pa.table({"holders": _frequencies(sketches, found.weights)}),
            "furniture": pa.table({"key": found.furniture.keys}),
            "clues": found.clues,
            "pairs": found.pairs,
            "passages": found.passages,
            "answers": answers.table(),
        }
        head = {
            "format": _FORMAT,
            "name": digest.hexdigest(),
            "version": __version__,
            "settings": settings.to_dict(),
            "documents": found.table.num_rows,
        }
        return cls(head, tables)

    @classmethod
    def open(cls, folder: Path) -> Archive:
        """Open an archive; its parts are read when they are asked for.

        Raises:
            OutputError: none there, of another format, or not whole.
        """
        try:
            head = json.loads((folder / _HEAD).read_text("utf-8"))
            check_shape(_HEAD, head, {"format": int})
            if head["format"] == _FORMAT:
                check_shape(_HEAD, head, _SHAPE)
                _check_sizes(folder, head["sizes"])
        except FileNotFoundError as error:
            raise OutputError(
                f"{folder.parent}: keeps nothing to compare with; make it again with "
                '"dedupe cluster INPUT --out DIR --keep"'
            ) from error
        except (OSError, ValueError, RecursionError) as error:
            raise _damaged(folder, error) from error
        if head["format"] != _FORMAT:
            raise OutputError(
                f"{folder}: archive format {head['format']}, this version reads {_FORMAT}; "
                'run "dedupe cluster" with --keep again'
            )
        return cls(head, folder)

    def write(self, folder: Path) -> None:
        """Write all parts into a folder of this name, which must not exist; the head last."""
        folder.mkdir()
        names = ("documents", "sketches", "frequencies", "furniture", "clues", "pairs")
        for name in (*names, "passages", "answers"):
            table = self.part(name)
            compression = None if name in _PLAIN else "zstd"
            options = pa.ipc.IpcWriteOptions(compression=compression)
            at_once = _AT_ONCE if name == "documents" else None
            with (
                _place(folder, name).open("wb") as file,
                pa.ipc.new_file(file, table.schema, options=options) as writer,
            ):
                writer.write_table(table, at_once)
        records = {path.name: file_record(path) for path in sorted(folder.iterdir())}
        head = dict(self._head) | {
            "sizes": {name: record["bytes"] for name, record in records.items()},
            "checksums": {name: record["blake2b"] for name, record in records.items()},
        }
        (folder / _HEAD).write_text(json.dumps(head, indent=2) + "\n", "utf-8")

    @property
    def name(self) -> str:
        """What tells this archive from others."""
        return str(self._head["name"])

    @property
    def n_docs(self) -> int:
        """Count the documents."""
        return int(self._head["documents"])

    def check(self, settings: Settings) -> None:
        """Refuse a run whose answers could not be put beside these.

        Raises:
            SettingsError: another version of the package, or other settings.
        """
        from dedupe import __version__

        hint = "cluster the earlier documents again, with --keep"
        if self._head["version"] != __version__:
            raise SettingsError(
                f"the earlier run was made by version {self._head['version']}, this is "
                f"{__version__}; {hint}"
            )
        before = Settings.from_dict(self._head["settings"])
        for name in settings.differing(before):
            raise SettingsError(
                f"the earlier run was made with {name} = {getattr(before, name)!r}, this one has "
                f"{getattr(settings, name)!r}; take the same, or {hint}"
            )

    def part(self, name: str) -> pa.Table:
        """Return one part as a table.

        Raises:
            OutputError: its file is damaged.
        """
        if not isinstance(self._tables, Path):
            return self._tables[name]
        try:
            return pa.ipc.open_file(self._mapped(name)).read_all()
        except (OSError, pa.ArrowException) as error:
            raise _damaged(self._tables, error) from error

    def column(self, name: str) -> pa.ChunkedArray:
        """Return one column of the documents: `id`, `story`, or one of `SCHEMA`."""
        if not isinstance(self._tables, Path):
            return self._tables["documents"].column(name)
        try:
            file = self._mapped("documents")
            fields = pa.ipc.open_file(file).schema.get_field_index(name)
            options = pa.ipc.IpcReadOptions(included_fields=[fields])
            return pa.ipc.open_file(file, options=options).read_all().column(name)
        except (OSError, pa.ArrowException) as error:
            raise _damaged(self._tables, error) from error

    def stories(self) -> NDArray[np.int64]:
        """Return the story of each document as its smallest row, int64 (D,)."""
        found: NDArray[np.int64] = self.column("story").to_numpy()
        return found

    def sketches(self) -> Sketches:
        """Return what was sketched of all documents; arrays may be read-only."""
        table = self.part("sketches")
        n_slots = table.schema.field("signature").type.list_size
        sampled = _array(table, "sampled")
        offsets = sampled.offsets.to_numpy()
        return Sketches(
            _array(table, "signature").flatten().to_numpy().reshape(-1, n_slots),
            _array(table, "text_hash").to_numpy(),
            _array(table, "n_words").to_numpy(),
            sampled.values.to_numpy()[offsets[0] : offsets[-1]] if len(sampled) else _NO_HASHES,
            offsets - offsets[0] if len(sampled) else np.zeros(1, np.int64),
        )

    def frequencies(self) -> NDArray[np.int32]:
        """Return how many documents, equal texts once, hold each sampled shingle, int32 (R,)."""
        found: NDArray[np.int32] = self.part("frequencies").column("holders").to_numpy()
        return found

    def furniture(self) -> Furniture:
        """Return what was learned of the outlets."""
        return Furniture(self.part("furniture").column("key").to_numpy())

    def take(self, rows: NDArray[np.int64]) -> tuple[pa.Table, pa.Array]:
        """Return some documents and their kept ranges.

        Args:
            rows: rising.

        Returns:
            A table of `SCHEMA`, and of each document a list of bytes of its text, start
            and end in turn.
        """
        table = self._taken(rows)
        return table.select(SCHEMA.names), _array(table, "kept")

    def _mapped(self, name: str) -> pa.MemoryMappedFile:
        """Map the file of a part, which is read whole and checked the first time.

        Arrow believes what a file says of itself: a changed byte may crash the process.

        Raises:
            OutputError: it is not as it was written.
        """
        folder = Path(self._tables)  # type: ignore[arg-type]
        place = _place(folder, name)
        if name not in self._checked:
            if file_record(place)["blake2b"] != self._head["checksums"].get(place.name):
                raise _damaged(folder, ValueError(f"{place.name} has changed"))
            self._checked.add(name)
        return pa.memory_map(os.fsencode(place))

    def _taken(self, rows: NDArray[np.int64]) -> pa.Table:
        if not isinstance(self._tables, Path):
            return self._tables["documents"].take(pa.array(rows))
        try:
            file = pa.ipc.open_file(self._mapped("documents"))
            batches, places = np.unique(rows // _AT_ONCE, return_index=True)
            bounds = [*places.tolist(), len(rows)]
            parts = [
                pa.table(file.get_batch(batch)).take(pa.array(rows[first:last] % _AT_ONCE))
                for batch, first, last in zip(batches.tolist(), bounds, bounds[1:], strict=False)
            ]
            return pa.concat_tables(parts) if parts else file.schema.empty_table()
        except (OSError, pa.ArrowException) as error:
            raise _damaged(self._tables, error) from error


_NO_HASHES = np.zeros(0, np.uint64)


def as_archive(result: object) -> Archive:
    """Return what a result, or a folder that holds one, keeps for later.

    Raises:
        OutputError: no result there, or one that keeps nothing.
    """
    from dedupe.result import Result

    if isinstance(result, Result):
        if result.archive is None:
            raise OutputError(
                "the earlier result keeps nothing to compare with; make it again with keep=True"
            )
        return (
            result.archive if isinstance(result.archive, Archive) else Archive.open(result.archive)
        )
    if not isinstance(result, (str, Path)):
        raise OutputError(f"against takes a Result or its folder, not {type(result).__name__}")
    place = Path(result)
    if not (place / "run.json").is_file():
        raise OutputError(f'{place}: holds no result; make one with "dedupe cluster --keep"')
    return Archive.open(place / FOLDER)


def flat_ranges(kept: Kept) -> pa.Array:
    """Return the kept ranges of each document as one list of bytes of its own text."""
    rows = np.repeat(np.arange(kept.n_docs), np.diff(kept.offsets))
    own = kept.spans - kept.text_offsets[rows][:, None]
    return pa.LargeListArray.from_arrays(pa.array(2 * kept.offsets), pa.array(own.ravel()))


def _with_kept(table: pa.Table, kept: Kept, stories: NDArray[np.int64]) -> pa.Table:
    table = table.select(SCHEMA.names).append_column("kept", flat_ranges(kept))
    return table.append_column("story", pa.array(stories)).combine_chunks()


def _frequencies(sketches: Sketches, weights: Weights) -> NDArray[np.int32]:
    """Read off its weight how many documents hold each sampled shingle."""
    n_docs = max(1, int(names_its_text(sketches).sum()))
    holders = n_docs / np.expm1(weights.weights.astype(np.float64))
    return np.rint(holders).astype(np.int32)


def _check_sizes(folder: Path, sizes: Mapping[str, int]) -> None:
    for name, size in sizes.items():
        if (folder / name).stat().st_size != size:
            raise ValueError("a file is cut short")


def _place(folder: Path, name: str) -> Path:
    return folder / f"{name}.arrow"


def _array(table: pa.Table, name: str) -> Any:
    column = table.column(name).combine_chunks()
    if isinstance(column, pa.ChunkedArray):
        return column.chunk(0) if column.num_chunks else pa.array([], column.type)
    return column


def _damaged(folder: Path, error: Exception) -> OutputError:
    return OutputError(
        f'{folder}: what the run kept is damaged ({error}); run "dedupe cluster" with --keep again'
    )
