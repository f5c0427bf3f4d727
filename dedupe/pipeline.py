"""The stages in order: follow one document from here.

documents -> clean -> harvest -> sketch -> weigh_and_pair -> find_candidates -> verify
          -> mark_roundups -> cluster -> attribute -> Result

With an earlier result, `against` stands in for what follows sketch, up to and with verify.
"""

from __future__ import annotations

import contextlib
import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe.against import check_ids, compare_with, counted, known_answers, learn_with, only_new
from dedupe.against.archive import Archive, as_archive
from dedupe.arrays.spill import Spill
from dedupe.attribute import Attribution, attribute
from dedupe.candidates import Candidates, RareNet, Weights, find_candidates, weigh_and_pair
from dedupe.clean import Kept, clean_and_learn
from dedupe.clean.clues import harvest
from dedupe.clean.furniture import Furniture
from dedupe.cluster import cluster
from dedupe.compared import Compared, Sketched
from dedupe.documents import text_bytes
from dedupe.errors import InputError, SettingsError
from dedupe.intake import as_reading, in_id_order, is_rising
from dedupe.overrides import Overrides, constrained, decided_origins, rows_of, signed
from dedupe.published import published_by
from dedupe.result import Result
from dedupe.result.lines import Written
from dedupe.result.tables import result_documents, result_pairs, result_passages
from dedupe.settings import Settings
from dedupe.sketch import Sketches, sketch
from dedupe.stages import Stages, peak_memory_bytes
from dedupe.verify import mark_roundups, verify

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pyarrow as pa
    from numpy.typing import NDArray

    from dedupe.checkpoints import Checkpoints
    from dedupe.intake import Documents
    from dedupe.names import Names
    from dedupe.read import Reading
    from dedupe.stages import OnProgress
    from dedupe.verify import Answers


def find_duplicates(
    documents: Reading | pa.Table | Documents,
    settings: Settings = Settings(),
    on_progress: OnProgress | None = None,
    overrides: Overrides = Overrides(),
    *,
    checkpoints: str | Path | None = None,
    keep: bool = False,
    against: Result | str | Path | None = None,
    spill: Spill | None = None,
) -> Result:
    """Group documents that tell the same written story, and name who likely wrote it first.

    Args:
        documents: Document, dict or str, many; or a pyarrow Table; or what `read` returned,
            whose rejects and inputs the result then tells of.
        settings: see Settings.
        on_progress: called with a stage, its rows done, and its rows in all;
            from worker threads too, one call at a time, never going back.
        overrides: what a reader decided: documents that are, or are not, one story,
            and documents that were the first of theirs.
        checkpoints: a folder in which finished stages are kept. A call with the
            same documents and settings goes on from there. Remove it when the
            result is safe.
        keep: let the result keep what later documents can be compared with.
        against: an earlier result that was told to keep, or its folder. The
            documents are compared with each other and with those of that run,
            whose pairs stay as they were judged.
        spill: where arrays go that memory does not hold; None takes the system's
            folder of temporary files, and the settings' limit of memory.

    Returns:
        The stories, the relations, the likely origins; with `against`, of those
        stories that a new document belongs to.

    Raises:
        SettingsError: settings that are no Settings, or not those of the earlier
            run; a `memory_limit` too small for these documents; `keep` together with
            `against`.
        InputError: a document without text (a row of a table without one is
            rejected, and stands in `Result.rejects`), or two with one id; a
            table of documents whose texts are not UTF-8; an override that names
            no document or contradicts another; a file of names that is none.
        OutputError: the folder for checkpoints holds something else, or cannot
            be written; the earlier result kept nothing, or is damaged; the folder of
            temporary files is full.
    """
    _check_kinds(settings, overrides)
    earlier = _earlier(against, settings, keep=keep)
    names = settings.known_names()
    spill = spill or Spill(limit_bytes=settings.memory_limit_bytes)
    given = as_reading(documents)
    spill.check(given.documents.num_rows)
    table, order = in_id_order(given.documents, spill)
    _check_decisions(overrides, table, earlier)
    beside = settings.threads != 1 and not settings.memory_limit_bytes
    with contextlib.ExitStack() as held:
        held.enter_context(spill.held())
        # Last of all, for it locks its folder until the stages are closed.
        kept_stages = _checkpoints(checkpoints, table, settings, overrides, names, earlier)
        stages = Stages(on_progress, kept_stages, spill, beside=beside)
        held.enter_context(contextlib.closing(stages))
        return _run(
            given, table, order, stages,
            settings=settings, names=names, overrides=overrides, earlier=earlier, keep=keep,
        )  # fmt: skip


def _run(
    given: Reading,
    table: pa.Table,
    order: NDArray[np.int64],
    stages: Stages,
    *,
    settings: Settings,
    names: Names | None,
    overrides: Overrides,
    earlier: Archive | None,
    keep: bool,
) -> Result:
    """Run the stages over documents in order of id."""
    sketched, clues = _sketched(table, settings, names, stages, earlier)
    if earlier:
        found, pile = compare_with(earlier, sketched, clues(), settings, stages, _named(overrides))
        answers = found.answers(settings, known_answers(earlier, pile), ~pile.is_new)
    else:
        found, pile = _compared(sketched, clues, settings, stages), None
        answers = found.answers(settings)
    result, stories = _settle(found, settings, names, overrides, stages, answers)
    record = _record(settings, given, found.candidates, stages)
    result = dataclasses.replace(result, rejects=given.rejects, run=record | result.run)
    if earlier and pile:
        told = {"against": counted(found.candidates, pile, earlier, answers.n_earlier)}
        result = dataclasses.replace(result, run=result.run | told)
        return only_new(result, earlier, pile, order)
    kept = Archive.of(found, stories, answers, settings) if keep else None
    documents = result.documents
    if not is_rising(order):
        documents = documents.take(np.argsort(order))
    return dataclasses.replace(result, documents=documents, archive=kept)


def _earlier(
    against: Result | str | Path | None, settings: Settings, *, keep: bool
) -> Archive | None:
    """Return what the earlier run kept, if there is one."""
    if against is None:
        return None
    if keep:
        raise SettingsError(
            "a run compared with an earlier one keeps nothing; cluster both piles with "
            "--keep (keep=True), or let an index grow (dedupe index)"
        )
    earlier = as_archive(against)
    earlier.check(settings)
    return earlier


def _named(overrides: Overrides) -> set[str]:
    linked = (*overrides.must_link, *overrides.cannot_link, overrides.origins)
    return {one for ids in linked for one in ids}


def _check_decisions(overrides: Overrides, table: pa.Table, earlier: Archive | None) -> None:
    """Refuse, before the work, ids that clash and decisions on no document."""
    if earlier:
        check_ids(earlier, table.column("id"))
    if overrides != Overrides():
        ids = table.column("id").to_pylist()
        rows_of(overrides, [*ids, *earlier.column("id").to_pylist()] if earlier else ids)


def _sketched(
    table: pa.Table,
    settings: Settings,
    names: Names | None,
    stages: Stages,
    earlier: Archive | None,
) -> tuple[Sketched, Callable[[], pa.Table]]:
    """Clean and sketch documents, and begin to harvest their clues, which nothing needs yet."""
    n_docs = table.num_rows
    *spans, keys = stages.run("clean", n_docs, _kept_spans, table, settings, earlier, stages.spill)
    kept = Kept(*text_bytes(table), *spans)
    clues = stages.aside(
        "harvest", n_docs, harvest, table, kept, names, settings.threads, stages.go_on
    )
    sketches = stages.run("sketch", n_docs, sketch, kept, settings, stages.report, stages.spill)
    return Sketched(table, kept, Furniture(keys), sketches), clues


def _compared(
    sketched: Sketched, clues: Callable[[], pa.Table], settings: Settings, stages: Stages
) -> Compared:
    """Find what may be alike, and measure it."""
    table, kept, _, sketches = sketched
    n_docs, spill = table.num_rows, stages.spill
    weights, rare = stages.run(
        "weigh", len(sketches.sampled), weigh_and_pair, sketches, settings, spill
    )
    candidates = stages.run(
        "candidates", n_docs, find_candidates, sketches, weights, settings, stages.report,
        spill=spill, rare=rare, published=published_by(table),
    )  # fmt: skip
    pairs, passages = stages.run(
        "verify", len(candidates.a), verify, candidates, table, kept, settings, stages.report,
        spill,
    )  # fmt: skip
    return Compared(*sketched, clues(), weights, candidates, pairs, passages)


def _settle(
    found: Compared,
    settings: Settings,
    names: Names | None,
    overrides: Overrides,
    stages: Stages,
    answers: Answers,
) -> tuple[Result, NDArray[np.int64]]:
    """Make stories of judged pairs, and name who wrote each first.

    Returns the result, documents in order of id, and the story of each.
    """
    table, passages = found.table, found.passages
    ids = table.column("id").to_pylist() if overrides != Overrides() else ()
    decided = rows_of(overrides, ids)
    sketches = found.sketches
    precedence = published_by(table).precedence(sketches.text_hashes, sketches.n_words)
    pairs = stages.run(
        "roundups", found.pairs.num_rows, mark_roundups, found.pairs, passages, answers, precedence
    )
    stories = stages.run(
        "cluster", pairs.num_rows, cluster, pairs, precedence, answers.same_story_odds
    )
    stories = constrained(stories, pairs, decided, precedence)
    origins = stages.run(
        "attribute", table.num_rows, attribute, table, stories, pairs, passages, found.clues,
        names, decided_origins(overrides, ids, stories),
        spill=stages.spill, n_threads=settings.threads, precedence=precedence,
    )  # fmt: skip
    return Result(
        documents=result_documents(table, found.sketches.n_words, stories, origins, stages.spill),
        pairs=result_pairs(table, pairs, origins, stages.spill),
        passages=result_passages(table, pairs, passages, stories, origins, settings),
        stories=signed(origins.stories, overrides),
        run={"overrides": overrides.to_dict()},
    ), stories


def _check_kinds(settings: object, overrides: object) -> None:
    if not isinstance(settings, Settings):
        raise SettingsError(
            f"settings must be Settings, not {settings!r}; Settings.from_dict takes a dict"
        )
    if not isinstance(overrides, Overrides):
        raise InputError(
            f"overrides must be Overrides, not {overrides!r}; write Overrides(must_link=[(a, b)])"
        )


def _kept_spans(
    table: pa.Table, settings: Settings, earlier: Archive | None, spill: Spill
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint64]]:
    """Clean, and leave out the texts: they need not be kept twice."""
    known = learn_with(earlier, table, settings) if earlier else None
    kept, furniture = clean_and_learn(table, settings, known, spill=spill)
    return kept.spans, kept.offsets, furniture.keys


def _checkpoints(
    folder: str | Path | None,
    table: pa.Table,
    settings: Settings,
    overrides: Overrides,
    names: Names | None,
    earlier: Archive | None,
) -> Checkpoints | None:
    if folder is None:
        return None
    from dedupe.checkpoints import Checkpoints, fingerprint

    # The settings tell where the names stand; what stands there may change.
    known = [sorted(field) if isinstance(field, frozenset) else field for field in names or ()]
    before = [earlier.name] if earlier else []
    run = fingerprint(table, settings, [overrides.to_dict(), known, *before])
    return Checkpoints(folder, run, (Sketches, Weights, RareNet, Candidates, Attribution, Written))


def _record(
    settings: Settings, given: Reading, candidates: Candidates, stages: Stages
) -> dict[str, Any]:
    from dedupe import __version__

    return {
        "version": __version__,
        "settings": settings.to_dict(),
        "inputs": given.inputs,
        "reading": {
            "fields": dict(given.fields),
            "on_error": given.on_error,
            "start": given.start,
        },
        "documents": given.documents.num_rows,
        "rejects": len(given.rejects),
        "candidate_pairs": {"found": candidates.n_found, "screened": len(candidates.a)},
        "capped_buckets": candidates.n_capped,
        "stages": stages.rows,
        "peak_memory_bytes": peak_memory_bytes(),
        "spilled_bytes": stages.spill.spilled_bytes,
    }
