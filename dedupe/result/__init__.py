"""What a run found, and its files: all of them or none.

    Result  --save-->  DIR/documents.parquet, pairs.parquet, passages.parquet,
                       stories.jsonl, rejects.jsonl, run.json (last)
            <--load--

A folder is written beside its place and moved into it whole, so a crash, a
full disk or an interrupt leaves the earlier result, or none, but never half of
one. The next save removes drafts left by a killed process.
`run.json` marks a folder as ours; nothing else is ever replaced. It records what
each other file holds, so that one which was changed or cut since is not believed.

tables.py    what the stages found  -> tables of the result
lines.py     rows of stories.jsonl  -> lines, and rows again when they are asked for
recorded.py  files                  -> their sizes and checksums, and whether they still are so
shapes.py    values of JSON         -> what is wrong with their form
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from dedupe.errors import OutputError
from dedupe.in_place import whole_name
from dedupe.result.lines import Lines
from dedupe.result.recorded import check_files, record_of
from dedupe.result.shapes import REJECT, RUN, STORY, check_shape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from dedupe.against.archive import Archive

_TIMESTAMP = pa.timestamp("us", tz="UTC")

DOCUMENTS = pa.schema(
    [
        ("id", pa.string()),
        ("story", pa.string()),
        ("story_size", pa.int64()),
        ("relation", pa.string()),
        ("parent", pa.string()),
        ("parent_name", pa.string()),
        ("parent_probability", pa.float64()),
        ("origin_probability", pa.float64()),
        ("source", pa.string()),
        ("published", _TIMESTAMP),
        ("title", pa.string()),
        ("url", pa.string()),
        ("n_words", pa.int64()),
    ]
)
"""Columns of documents.parquet: every document, in input order."""

PAIRS = pa.schema(
    [
        ("a", pa.string()),
        ("b", pa.string()),
        ("relation", pa.string()),
        ("same_story", pa.bool_()),
        ("probability", pa.float64()),
        ("resemblance", pa.float64()),
        ("containment_a", pa.float64()),
        ("containment_b", pa.float64()),
        ("longest_run", pa.int64()),
        ("a_first_probability", pa.float64()),
    ]
)
"""Columns of pairs.parquet: every verified pair, a < b, sorted."""

PASSAGES = pa.schema(
    [
        ("a", pa.string()),
        ("b", pa.string()),
        ("a_start", pa.int64()),
        ("a_end", pa.int64()),
        ("b_start", pa.int64()),
        ("b_end", pa.int64()),
    ]
)
"""Columns of passages.parquet: half-open code point ranges of the given texts, a < b."""

FILES = (
    "documents.parquet", "pairs.parquet", "passages.parquet", "stories.jsonl", "rejects.jsonl",
    "run.json", "documents.csv", "stories.csv", "report.html", "archive",
)  # fmt: skip
"""Files of a result folder; two come with --csv, report.html with --report or `dedupe report`, and
the folder `archive` with --keep."""

_DRAFT = ".draft-"
# An empty folder so old is no draft that another run has just made.
_AN_HOUR_SECONDS = 3600
_TABLES = {"documents": DOCUMENTS, "pairs": PAIRS, "passages": PASSAGES}
# Of a result; tables of CSV may be edited, since nothing reads them back.
_READ_BACK = (*(f"{name}.parquet" for name in _TABLES), "stories.jsonl", "rejects.jsonl")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Stories, relations and likely origins of a collection.

    Attributes:
        documents: table of `DOCUMENTS`, in input order.
        pairs: table of `PAIRS`, sorted.
        passages: table of `PASSAGES`, sorted.
        stories: rows of stories.jsonl: stories of two or more, singles that are
            derived from something absent, and round-ups; of a run, each is made anew
            from its line when it is asked for.
        rejects: records that could not be read: file, line, reason.
        run: version, settings, inputs, stages, memory: run.json without its `files`.
        archive: what later documents can be compared with, or the folder of it, which is
            read when that is done; None where nothing was kept.
    """

    documents: pa.Table
    pairs: pa.Table
    passages: pa.Table
    stories: Sequence[dict[str, Any]]
    rejects: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    run: dict[str, Any] = dataclasses.field(default_factory=dict)
    archive: Archive | Path | None = dataclasses.field(default=None, repr=False, compare=False)

    def unique(self) -> pa.Table:
        """Return one row of `documents` for each story, in input order.

        It is the document most likely to be the origin; among equals the
        longest, then the smallest id. A story that goes on with one of an
        earlier run has its document there, and gets none here.
        """
        stories = self.documents["story"].to_pylist()
        goes_on = set()
        if "earlier_story" in self.documents.column_names:
            earlier = self.documents["earlier_story"].to_pylist()
            goes_on = {one for one, old in zip(stories, earlier, strict=True) if old is not None}
        ranks = zip(
            (-(p or 0.0) for p in self.documents["origin_probability"].to_pylist()),
            (-n for n in self.documents["n_words"].to_pylist()),
            self.documents["id"].to_pylist(),
            range(len(stories)),
            strict=True,
        )
        best: dict[str, tuple[float, int, str, int]] = {}
        for story, rank in zip(stories, ranks, strict=True):
            if story not in goes_on and (story not in best or rank < best[story]):
                best[story] = rank
        rows = sorted(rank[-1] for rank in best.values())
        return self.documents.take(pa.array(rows, pa.int64()))

    def save(
        self,
        folder: str | Path,
        *,
        overwrite: bool = False,
        also: Callable[[Path], object] | None = None,
    ) -> None:
        """Write the result into `folder`, whole or not at all.

        Args:
            folder: a path that does not exist, or an empty folder.
            overwrite: replace `folder` when it holds an earlier result.
            also: called with the draft of the folder, to add other files of
                `FILES`; they appear with the rest, and if it fails nothing does.

        Raises:
            OutputError: the folder holds something else, or cannot be written.
        """
        place = Path(folder)
        check_place(place, overwrite=overwrite)
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            draft = _beside(place)
            try:
                with _held(draft):
                    self._write(draft, also)
                    _move(draft, place)
                    _remove_leftovers(place)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
        except OSError as error:
            raise OutputError(
                f"{place}: cannot be written ({error.strerror or error}); "
                "what stood there before is untouched"
            ) from error

    def _write(self, folder: Path, also: Callable[[Path], object] | None) -> None:
        import pyarrow.parquet as pq

        from dedupe.against.archive import FOLDER as ARCHIVE
        from dedupe.against.archive import as_archive

        for name in _TABLES:
            # Arrow opens no path that is not UTF-8.
            with (folder / f"{name}.parquet").open("wb") as file:
                pq.write_table(getattr(self, name), file, compression="zstd")
        _write_lines(folder / "stories.jsonl", self.stories)
        if self.rejects:
            _write_lines(folder / "rejects.jsonl", self.rejects)
        if also is not None:
            also(folder)
        if self.archive is not None:
            as_archive(self).write(folder / ARCHIVE)
        for path in sorted(folder.rglob("*")):
            _sync(path)
        path, run = folder / "run.json", self.run | {"files": record_of(folder)}
        text = json.dumps(run, indent=2, ensure_ascii=False) + "\n"
        # A path may hold bytes that are no UTF-8: these become escapes, which JSON gives back.
        path.write_text(text, "utf-8", "backslashreplace")
        _sync(path)
        folder.chmod(0o755)

    @classmethod
    def load(cls, folder: str | Path) -> Result:
        """Read a result back.

        Raises:
            OutputError: no result there, or a file that is read is missing, damaged, or
                not as `run.json` records it (tables of CSV, the page and an archive are
                not compared).
        """
        if not isinstance(folder, (str, Path)):
            raise OutputError(f"a result stands in a folder, not in {type(folder).__name__}")
        from dedupe.against.archive import FOLDER as ARCHIVE

        place = Path(folder)
        if not (place / "run.json").is_file():
            raise OutputError(f'{place}: holds no result; make one with "dedupe cluster"')
        try:
            run = json.loads((place / "run.json").read_text("utf-8"))
            check_shape("run.json", run, RUN)
            is_recorded = "files" in run
            if is_recorded:
                check_files(place, _READ_BACK, run.pop("files"))
            tables = {name: _read_table(place / f"{name}.parquet") for name in _TABLES}
            for name, table in tables.items():
                if not set(_TABLES[name].names) <= set(table.column_names):
                    raise ValueError(f"{name}.parquet: columns are missing")  # noqa: TRY301
            stories = _read_lines(place / "stories.jsonl")
            rejects = _read_lines(place / "rejects.jsonl", optional=True)
            if not is_recorded:
                _check_rows("stories.jsonl", stories, STORY)
                _check_rows("rejects.jsonl", rejects, REJECT)
            archive = place / ARCHIVE
            return cls(
                **tables,
                archive=archive if archive.is_dir() else None,
                stories=stories,
                rejects=rejects,
                run=run,
            )
        except (OSError, ValueError, RecursionError, pa.ArrowException) as error:
            raise OutputError(
                f'{place}: the result is damaged ({error}); run "dedupe cluster" again'
            ) from error


def check_place(place: Path, *, overwrite: bool) -> None:
    """Refuse a place that a result may not take.

    Raises:
        OutputError: a file, a folder that holds something else, or one that
            holds a result, unless `overwrite`; a place within a result, which could
            not be replaced afterwards.
    """
    # realpath, because Path.resolve raises on links that lead to themselves
    for folder in Path(os.path.realpath(place)).parents:
        if all((folder / name).is_file() for name in ("run.json", "documents.parquet")):
            raise OutputError(f"{place}: lies in the result {folder}; choose another place")
    if not place.exists() and not place.is_symlink():
        return
    if not place.is_dir() or place.is_symlink():
        raise OutputError(f"{place}: is not a folder; choose another place for the result")
    if os.path.ismount(place) or place.samefile(Path.cwd()):
        # The folder is made beside it, and takes its name at the end.
        raise OutputError(f"{place}: cannot be replaced; choose a folder within it")
    names = {path.name for path in place.iterdir()}
    if not names:
        return
    if "run.json" not in names:
        raise OutputError(f"{place}: is not empty and holds no result; choose another place")
    if not overwrite:
        raise OutputError(
            f"{place}: holds a result; add --overwrite (overwrite=True) to replace it"
        )
    strangers = sorted(name for name in names if whole_name(name) not in FILES)
    if strangers:
        raise OutputError(
            f"{place}: holds {strangers[0]}, which is no part of a result and would be lost; "
            "move it, or choose another place"
        )


def _move(draft: Path, place: Path) -> None:
    """Put `draft` where `place` is; an earlier result steps aside first."""
    if place.exists():
        aside = _beside(place)
        try:
            with _held(place):
                place.replace(aside)
                draft.replace(place)
        except BaseException:
            if not place.exists():
                aside.replace(place)
            raise
        finally:
            # Whatever came between: while nothing stands in its place, it is the only one.
            if place.exists():
                shutil.rmtree(aside, ignore_errors=True)
    else:
        draft.replace(place)
    # The result is in its place; what cannot be forced to disk now will be later.
    with contextlib.suppress(OSError):
        _sync(place.parent)


def _beside(place: Path) -> Path:
    """Make an empty folder on the disk of a place, by a name that says whose it is."""
    return Path(tempfile.mkdtemp(prefix=f".{place.name}{_DRAFT}", dir=place.parent))


@contextlib.contextmanager
def _held(folder: Path) -> Iterator[bool]:
    """Lock a folder while this process lives, wherever it is moved; yields whether that worked.

    Some file systems know no locks: a save goes on without.
    """
    import fcntl

    handle = os.open(folder, os.O_RDONLY)
    try:
        locked = True
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            locked = False
        yield locked
    finally:
        os.close(handle)


def _remove_leftovers(place: Path) -> None:
    """Remove drafts of this place that no living process holds.

    Only folders of our name and with nothing but files of ours. Called when a
    result stands in its place, so that an earlier one which stepped aside is no
    longer the only one.
    """
    # The result is safe: what cannot be listed or removed may stay.
    with contextlib.suppress(OSError):
        for path in sorted(place.absolute().parent.iterdir()):
            named = path.name.startswith(f".{place.name}{_DRAFT}")
            if named and path.is_dir() and not path.is_symlink() and _is_ours(path):
                with _held(path) as dead:
                    if dead:
                        shutil.rmtree(path, ignore_errors=True)


def _is_ours(draft: Path) -> bool:
    """Say whether a folder holds files of a result alone; an empty one, if it is no new draft."""
    names = {found.name for found in draft.iterdir()}
    if not names:
        return time.time() - draft.stat().st_mtime > _AN_HOUR_SECONDS
    return set(map(whole_name, names)) <= set(FILES)


def _sync(path: Path) -> None:
    """Force a file or folder onto the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    import orjson

    with path.open("wb") as file:
        if isinstance(rows, Lines):
            rows.write(file)
            return
        file.writelines(orjson.dumps(row) + b"\n" for row in rows)


def _read_table(path: Path) -> pa.Table:
    import pyarrow.parquet as pq

    with pa.OSFile(os.fsencode(path)) as file:
        return pq.read_table(file)


def _read_lines(path: Path, *, optional: bool = False) -> list[dict[str, Any]]:
    import orjson

    if optional and not path.exists():
        return []
    return [orjson.loads(line) for line in path.read_bytes().splitlines() if line]


def _check_rows(name: str, rows: Iterable[Any], shape: Any) -> None:
    """Compare rows, which no record speaks for, with a shape."""
    for place, row in enumerate(rows, start=1):
        check_shape(f"{name}, row {place}", row, shape)
