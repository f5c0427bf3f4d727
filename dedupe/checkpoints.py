"""What finished stages returned, kept on disk: an interrupted run goes on from there.

    stage, its answer  --keep-->  FOLDER/STAGE.arrow, then FOLDER/kept.json
                       <--find--

A checkpoint counts once `kept.json` names it and its checksum; a file that is
cut, damaged or of another run (other documents, settings or code) is as if
it were not there, and its stage runs again. Each file is one Arrow row: a column
for every array, and in the schema's metadata how they belong together.

While a run is at work it holds a lock on the folder: a second one is refused.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import logging
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import pyarrow as pa

from dedupe.arrays.spill import MEMORY
from dedupe.documents import one_array
from dedupe.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dedupe.arrays.spill import Spill
    from dedupe.settings import Settings

logger = logging.getLogger(__name__)

_INDEX = "kept.json"
_SHAPE = b"dedupe.shape"


class Checkpoints:
    """The finished stages of one run, in one folder.

    Args:
        folder: made if it is not there.
        run: what tells this run from others, see `fingerprint`.
        records: the named tuples that stages return.

    Raises:
        OutputError: the folder holds something else, cannot be looked into or made, or
            another run is at work in it.
    """

    def __init__(self, folder: str | Path, run: str, records: Iterable[type]) -> None:
        self._folder = Path(folder)
        self._run = run
        self._records: dict[str, Any] = {kind.__name__: kind for kind in records}
        self._checksums: dict[str, str] = {}
        with self._writing():
            _check_place(self._folder)
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = _lock(self._folder)
        if self._lock is None:
            raise OutputError(
                f"{self._folder}: another run with --resume is at work here; "
                "wait for its end, or give --out another folder"
            )
        try:
            index = json.loads((self._folder / _INDEX).read_text("utf-8"))
            if index["run"] == run:
                self._checksums = dict(index["checksums"])
            else:
                logger.info("%s is of another run and will be replaced", self._folder)
        except (OSError, ValueError, KeyError, TypeError):
            pass

    def close(self) -> None:
        """Give up the lock; a folder in which nothing was kept goes."""
        if self._lock is not None:
            with contextlib.suppress(OSError):
                self._folder.rmdir()
            os.close(self._lock)
            self._lock = None

    def find(self, stage: str, spill: Spill = MEMORY) -> Any:
        """Return what a stage returned in an earlier run, or None.

        Large arrays are put into `spill`.
        """
        if stage not in self._checksums:
            return None
        try:
            data = pa.py_buffer(spill.opened(self._place(stage)))
            if _checksum(data) != self._checksums[stage]:
                raise ValueError("its checksum is wrong")  # noqa: TRY301
            row = pa.ipc.open_stream(data).read_all()
            shape = json.loads(row.schema.metadata[_SHAPE])
            answer = self._unpack(shape, row, spill)
        except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
            logger.warning("the %s stage runs again: its checkpoint is lost (%s)", stage, error)
            return None
        logger.info("the %s stage is taken from %s", stage, self._folder)
        return answer

    def keep(self, stage: str, answer: Any) -> None:
        """Write what a stage returned.

        Raises:
            OutputError: the folder cannot be written.
        """
        columns: list[pa.Array] = []
        shape = _pack(answer, columns)
        row = pa.table(columns, [str(place) for place in range(len(columns))])
        row = row.replace_schema_metadata({_SHAPE: json.dumps(shape).encode()})
        with self._writing():
            checksum = _write(self._place(stage), row)
            checksums = self._checksums | {stage: checksum}
            index = {"run": self._run, "checksums": checksums}
            _write(self._folder / _INDEX, json.dumps(index).encode())
        self._checksums = checksums

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise OutputError(
                f"{self._folder}: cannot be written ({error.strerror or error}); what was kept "
                "there before stands: make room and go on with --resume, or run without"
            ) from error

    def _place(self, stage: str) -> Path:
        return self._folder / f"{stage}.arrow"

    def _unpack(self, shape: Any, row: pa.Table, spill: Spill) -> Any:
        """Put together what `_pack` took apart; arrays are copies, so that kernels may write."""
        (kind, value), *more = shape.items()
        if kind == "array":
            values = row.column(value).chunk(0).values.to_numpy(zero_copy_only=False)
            copy = spill.empty(len(values), values.dtype)
            copy[:] = values
            return copy.reshape(more[0][1])
        if kind == "table":
            columns = [row.column(place).chunk(0).values for place in value]
            schema = pa.ipc.read_schema(pa.py_buffer(bytes.fromhex(more[0][1])))
            return pa.table(columns, schema=schema)
        if kind == "tuple":
            return tuple(self._unpack(part, row, spill) for part in value)
        if kind in self._records:
            return self._records[kind]._make(self._unpack(part, row, spill) for part in value)
        return value


def remove(folder: str | Path) -> None:
    """Remove the checkpoints of a run that is done, unless another has begun to use them."""
    # The result is safe: what may not be looked into may stay.
    with contextlib.suppress(OSError):
        if (Path(folder) / _INDEX).is_file():
            lock = _lock(Path(folder))
            if lock is not None:
                shutil.rmtree(folder, ignore_errors=True)
                os.close(lock)


def _lock(folder: Path) -> int | None:
    """Lock a folder until the handle is closed; None while another holds it.

    Some file systems know no locks: there nobody is refused.
    """
    import fcntl

    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    except OSError:
        logger.info("%s cannot be locked", folder)
    return handle


@functools.cache
def _code(package: Path) -> str:
    """Hash a package, tables too: between two releases the version stays, and results may not."""
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(package.rglob("*")):
        if "__pycache__" not in path.parts and path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()


def fingerprint(documents: pa.Table, settings: Settings, more: Any = None) -> str:
    """Name a run by its code, its settings that can change a result, and all its documents.

    Args:
        documents: in id order.
        settings: of the run.
        more: what else the run depends on, as JSON holds it.
    """
    from dedupe import __version__

    digest = hashlib.blake2b(digest_size=16)
    code = _code(Path(__file__).parent)
    told = [__version__, code, settings.decisive(), more]
    digest.update(json.dumps(told, sort_keys=True).encode())
    with pa.ipc.new_stream(pa.PythonFile(_Digesting(digest), "w"), documents.schema) as stream:
        stream.write_table(documents.combine_chunks())
    return digest.hexdigest()


class _Digesting:
    """A file for Arrow to write: into a digest, and on to a file if there is one."""

    closed = False

    def __init__(self, digest: Any, file: BinaryIO | None = None) -> None:
        self._digest = digest
        self._file = file

    def write(self, data: Any) -> int:
        """Take bytes."""
        self._digest.update(data)
        if self._file is not None:
            self._file.write(data)
        return len(data)

    def flush(self) -> None:
        """Nothing waits here."""

    def close(self) -> None:
        """Leave the file to who opened it."""


def _pack(value: Any, columns: list[pa.Array]) -> dict[str, Any]:
    """Say how a value is put together, and append its arrays to `columns`."""
    if isinstance(value, np.ndarray):
        flat = pa.array(np.ascontiguousarray(value).ravel())
        return {"array": _put(flat, columns), "shape": value.shape}
    if isinstance(value, pa.Table):
        places = [_put(one_array(column), columns) for column in value.columns]
        return {"table": places, "schema": value.schema.serialize().to_pybytes().hex()}
    if isinstance(value, tuple):
        kind = type(value).__name__ if hasattr(value, "_fields") else "tuple"
        return {kind: [_pack(part, columns) for part in value]}
    return {"plain": value}


def _put(array: pa.Array, columns: list[pa.Array]) -> int:
    """Append an array to columns as their one row, without a copy; returns its place."""
    columns.append(pa.LargeListArray.from_arrays(pa.array([0, len(array)]), array))
    return len(columns) - 1


def _checksum(data: Any) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def _write(place: Path, content: pa.Table | bytes) -> str:
    """Write a file whole or not at all, and onto the disk; returns its checksum."""
    draft = place.with_name(place.name + ".draft")
    digest = hashlib.blake2b(digest_size=16)
    try:
        with draft.open("wb") as file:
            sink = _Digesting(digest, file)
            if isinstance(content, bytes):
                sink.write(content)
            else:
                with pa.ipc.new_stream(pa.PythonFile(sink, "w"), content.schema) as stream:
                    stream.write_table(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(place)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    return digest.hexdigest()


def _check_place(folder: Path) -> None:
    """Refuse a folder that holds anything else."""
    if folder.is_dir():
        names = {path.name.removesuffix(".draft") for path in folder.iterdir()}
        strangers = sorted(name for name in names if name != _INDEX and name[-6:] != ".arrow")
        if strangers:
            raise OutputError(
                f"{folder}: holds {strangers[0]}, which is no checkpoint; choose another place"
            )
    elif folder.exists():
        raise OutputError(f"{folder}: is not a folder; choose another place for the checkpoints")
