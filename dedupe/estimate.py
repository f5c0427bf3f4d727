"""Inputs in; what clustering them will take, out, and nothing written.

    inputs  --a sample, read and clustered twice-->  seconds of each stage, bytes  -->  Estimate

A stage costs something to begin and something for each document. Two runs, over
a sample and over its first quarter, tell one from the other; the rest is a
straight line. Memory grows by less, since buffers fill before more are made: it
follows the power that the two runs show. The sample is the beginning of the
inputs and not a draw from them: copies stand near each other in time, and a draw
would part them.
"""

from __future__ import annotations

import dataclasses
import functools
import logging
import math
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa

from dedupe.errors import InputError
from dedupe.read import read_batches
from dedupe.read.ledger import Limits
from dedupe.read.sources import STDIN, find_sources
from dedupe.stages import peak_memory_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dedupe.read.ledger import OnError
    from dedupe.read.sources import Source
    from dedupe.settings import Settings

logger = logging.getLogger(__name__)

SAMPLE = 6_000
"""Documents that are read and clustered (benchmarks/README.md tells how far off this leaves it)."""
# The smaller of two runs is over a quarter of the sample: what grows between them tells the rest.
_QUARTER = 4
_FIRST = 200
"""Documents of a first run, which pays for loading the kernels."""
# Memory grows with this power of the documents at the least, though it hardly grew in the sample.
_LEAST_POWER = 0.5
# Small batches, so that reading ends soon after the sample is full.
_BATCH_DOCUMENTS = 1_000
# Bytes read at once to count lines.
_PIECE_BYTES = 1 << 22


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a run will take.

    Attributes:
        documents: in the inputs.
        counted: whether they were counted; else their number follows from bytes.
        sample: documents that were clustered to find out.
        stages: seconds of each stage, starting and saving among them.
        seconds: their sum.
        peak_memory_bytes: resident, at most at any moment; never above the settings' limit.
        disk_bytes: of the result's folder.
    """

    documents: int
    counted: bool
    sample: int
    stages: dict[str, float]
    seconds: float
    peak_memory_bytes: int
    disk_bytes: int


class _Run(NamedTuple):
    n_docs: int
    stages: dict[str, float]
    peak_bytes: int
    disk_bytes: int


def estimate(
    inputs: Sequence[str],
    settings: Settings,
    *,
    fields: Mapping[str, str] | None = None,
    on_error: OnError = "skip",
    keep: bool = False,
    against: Path | None = None,
    sample: int = SAMPLE,
) -> Estimate:
    """Cluster a sample of some inputs, and tell what all of them will take.

    Args:
        inputs: as `read` takes them, but no standard input.
        settings: of the run.
        fields: as `read` takes them.
        on_error: the same.
        keep: as `find_duplicates` takes it.
        against: the same.
        sample: documents to cluster.

    Raises:
        InputError: standard input or a pipe, which cannot be read twice; no document; and as
            `read`.
    """
    sources = [source for given in inputs for source in find_sources(given)[0]]
    for source in sources:
        if source.size is None:
            name = "standard input" if source.path == STDIN else source.name
            raise InputError(f"{name}: cannot be read twice; give files to estimate by")
    starting = time.process_time()
    documents, share, reading = _sampled(inputs, fields, on_error, sample)
    if not documents.num_rows:
        raise InputError("the inputs hold no document to estimate by")
    n_docs, counted = _count(sources, documents.num_rows, share)
    started = time.perf_counter()
    run = functools.partial(_run, settings=settings, keep=keep, against=against)
    first = run(documents.slice(0, _FIRST))
    starting += time.perf_counter() - started
    n_sample = documents.num_rows
    small = run(documents.slice(0, max(1, n_sample // _QUARTER)))
    large = run(documents)
    stages = {"start": starting, "read": reading * n_docs}
    stages |= {
        stage: _line(small, large, small.stages.get(stage, 0.0), seconds, n_docs)
        for stage, seconds in large.stages.items()
    }
    memory = _memory(first, small, large, n_docs)
    if settings.memory_limit_bytes:
        memory = min(memory, settings.memory_limit_bytes)
    disk = _line(small, large, small.disk_bytes, large.disk_bytes, n_docs)
    return Estimate(
        documents=n_docs,
        counted=counted,
        sample=n_sample,
        stages={stage: round(seconds, 3) for stage, seconds in stages.items()},
        seconds=round(sum(stages.values()), 3),
        peak_memory_bytes=memory,
        disk_bytes=int(disk),
    )


def _line(small: _Run, large: _Run, before: float, after: float, n_docs: int) -> float:
    """Extend the line through two runs to all documents; it neither falls nor begins below 0."""
    more = large.n_docs - small.n_docs
    slope = (after - before) / more if more else 0.0
    slope = min(max(slope, 0.0), after / large.n_docs)
    return after + slope * (n_docs - large.n_docs)


def _memory(first: _Run, small: _Run, large: _Run, n_docs: int) -> int:
    """Extend the growth of memory above the first run's, as a power of the documents."""
    before, after = (run.peak_bytes - first.peak_bytes for run in (small, large))
    if after <= 0 or large.n_docs == n_docs:
        return large.peak_bytes
    power = 1.0
    if before > 0 and large.n_docs > small.n_docs:
        power = math.log(after / before) / math.log(large.n_docs / small.n_docs)
    times = (n_docs / large.n_docs) ** min(max(power, _LEAST_POWER), 1.0)
    return int(first.peak_bytes + after * times)


def _sampled(
    inputs: Sequence[str], fields: Mapping[str, str] | None, on_error: OnError, sample: int
) -> tuple[pa.Table, float, float]:
    """Read the first documents.

    Returns them, the share of all bytes that gave them, and seconds for each, those
    of the first batch left out where there are more: it loads what reading needs.
    """
    read = [0, 0]

    def on_progress(_stage: str, done: int, total: int) -> None:
        read[:] = done, total

    tables: list[pa.Table] = []
    n_docs = n_before = 0
    limits = Limits(batch_documents=_BATCH_DOCUMENTS, group_ahead=False)
    batches = read_batches(
        inputs, fields=fields, on_error=on_error, limits=limits, on_progress=on_progress
    )
    started = ended = time.perf_counter()
    for batch in batches:
        # Only now is it told how many bytes the batches before have taken.
        if n_docs >= sample:
            break
        if len(tables) == 1 and batch.documents.num_rows:
            started, n_before = ended, n_docs
        tables.append(batch.documents)
        n_docs += batch.documents.num_rows
        ended = time.perf_counter()
    seconds = (ended - started) / max(n_docs - n_before, 1)
    documents = pa.concat_tables(tables).combine_chunks()
    share = read[0] / max(read[1], 1) if n_docs >= sample else 1.0
    return documents.slice(0, sample), share * min(1.0, sample / max(n_docs, 1)), seconds


def _count(sources: Sequence[Source], n_sampled: int, share: float) -> tuple[int, bool]:
    """Return how many documents there are, and whether they were counted: lines can be."""
    if share >= 1.0:
        return n_sampled, True
    n_lines = 0
    for source in sources:
        found = _lines(source.path) if source.form == "lines" else None
        if found is None:
            return max(n_sampled, round(n_sampled / share)), False
        n_lines += found
    return n_lines, True


def _lines(path: str) -> int | None:
    """Count the lines of a file; None if it is compressed."""
    n_lines, last = 0, b"\n"
    with Path(path).open("rb") as file:
        if file.read(2) in (b"\x1f\x8b", b"\x28\xb5"):
            return None
        file.seek(0)
        while piece := file.read(_PIECE_BYTES):
            n_lines += piece.count(b"\n")
            last = piece[-1:]
    return n_lines + (last != b"\n")


def _run(documents: pa.Table, settings: Settings, *, keep: bool, against: Path | None) -> _Run:
    """Cluster some documents and write the result where it is removed again."""
    from dedupe.pipeline import find_duplicates

    result = find_duplicates(documents, settings, keep=keep, against=against)
    # A stage that ran beside others costs what the run waited for it.
    stages = {
        row["stage"]: float(row.get("waited", row["seconds"])) for row in result.run["stages"]
    }
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "result"
        started = time.perf_counter()
        result.save(place)
        stages["write"] = time.perf_counter() - started
        n_bytes = sum(path.stat().st_size for path in place.rglob("*") if path.is_file())
    logger.info("clustered a sample of %d documents", documents.num_rows)
    return _Run(documents.num_rows, stages, peak_memory_bytes(), n_bytes)
