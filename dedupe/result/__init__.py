"""What a run found, and its files: all of them or none.

    Result  --save-->  DIR/documents.parquet, pairs.parquet, passages.parquet,
                       stories.jsonl, rejects.jsonl, run.json (last)
            <--load--

`run.json` marks a folder as ours; nothing else is ever replaced. It records what
each other file holds, so that one which was changed or cut since is not believed.

folder.py    a place                -> a folder that takes it whole, or leaves it as it was
tables.py    what the stages found  -> tables of the result
lines.py     rows of stories.jsonl  -> lines, and rows again when they are asked for
recorded.py  files                  -> their sizes and checksums, and whether they still are so
shapes.py    values of JSON         -> what is wrong with their form
"""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from dedupe.errors import OutputError
from dedupe.in_place import sync
from dedupe.result.folder import folder_in_place
from dedupe.result.lines import Lines, write_lines
from dedupe.result.recorded import check_files, record_of
from dedupe.result.shapes import RUN, check_shape

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dedupe.against.archive import Archive

_TIMESTAMP = pa.timestamp("us", tz="UTC")
# Later than any moment that is known, in microseconds.
_NEVER = 2**63 - 1

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
            derived from something absent, and round-ups. Each is parsed anew from its
            line when it is asked for, so a row that is changed is not changed here.
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

        It is the document most likely to be the origin; among equals the longest, then
        the earliest, then the one whose outlet, and at last whose id, is the smallest. A
        story that goes on with one of an earlier run has its document there, and gets none
        here.
        """
        stories = self.documents["story"].to_pylist()
        goes_on = set()
        if "earlier_story" in self.documents.column_names:
            earlier = self.documents["earlier_story"].to_pylist()
            goes_on = {one for one, old in zip(stories, earlier, strict=True) if old is not None}
        ranks = zip(
            (-(p or 0.0) for p in self.documents["origin_probability"].to_pylist()),
            (-n for n in self.documents["n_words"].to_pylist()),
            self.documents["published"].cast(pa.int64()).fill_null(_NEVER).to_pylist(),
            self.documents["source"].fill_null("").to_pylist(),
            self.documents["id"].to_pylist(),
            range(len(stories)),
            strict=True,
        )
        best: dict[str, tuple[float, int, int, str, str, int]] = {}
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
            OutputError: the folder holds something else, also what another run wrote
                there meanwhile; or it cannot be written.
        """
        place = Path(folder)
        try:
            with folder_in_place(place, overwrite=overwrite) as draft:
                self._write(draft, also)
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
        write_lines(folder / "stories.jsonl", self.stories)
        if self.rejects:
            write_lines(folder / "rejects.jsonl", self.rejects)
        if also is not None:
            also(folder)
        if self.archive is not None:
            as_archive(self).write(folder / ARCHIVE)
        for path in sorted(folder.rglob("*")):
            sync(path)
        path, run = folder / "run.json", self.run | {"files": record_of(folder)}
        text = json.dumps(run, indent=2, ensure_ascii=False) + "\n"
        # A path may hold bytes that are no UTF-8: these become escapes, which JSON gives back.
        path.write_text(text, "utf-8", "backslashreplace")
        sync(path)
        # The names of all these files.
        sync(folder)

    @classmethod
    def load(cls, folder: str | Path) -> Result:
        """Read a result back.

        Raises:
            OutputError: no result there, or one that may not be read; or a file that is
                read is missing, damaged, or not as `run.json` records it (tables of CSV,
                the page and an archive are not compared).
        """
        if not isinstance(folder, (str, Path)):
            raise OutputError(f"a result stands in a folder, not in {type(folder).__name__}")
        from dedupe.against.archive import FOLDER as ARCHIVE

        place = Path(folder)
        try:
            if not (place / "run.json").is_file():
                raise OutputError(f'{place}: holds no result; make one with "dedupe cluster"')
            run = json.loads((place / "run.json").read_text("utf-8"))
            check_shape("run.json", run, RUN)
            check_files(place, _READ_BACK, run.pop("files", None))
            tables = {name: _read_table(place / f"{name}.parquet") for name in _TABLES}
            for name, table in tables.items():
                if not set(_TABLES[name].names) <= set(table.column_names):
                    raise ValueError(f"{name}.parquet: columns are missing")  # noqa: TRY301
            stories = Lines.read(place / "stories.jsonl")
            rejected = place / "rejects.jsonl"
            rejects = list(Lines.read(rejected)) if rejected.exists() else []
            archive = place / ARCHIVE
            return cls(
                **tables,
                archive=archive if archive.is_dir() else None,
                stories=stories,
                rejects=rejects,
                run=run,
            )
        except PermissionError as error:
            raise OutputError(
                f"{place}: cannot be read ({error.strerror or error}); let this account read it"
            ) from error
        except (OSError, ValueError, RecursionError, pa.ArrowException) as error:
            raise OutputError(
                f'{place}: the result is damaged ({error}); run "dedupe cluster" again'
            ) from error


def _read_table(path: Path) -> pa.Table:
    import pyarrow.parquet as pq

    with pa.OSFile(os.fsencode(path)) as file:
        return pq.read_table(file)
