"""Judged and placed stories in, the rows of stories.jsonl out.

    Judging, Places  ->  write_rows()  ->  rows by first document

Columns become lists a block of stories at a time: a list of all documents
would be the largest thing of the run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe.attribute.counterfactual import counterfactual
from dedupe.attribute.docket import MOST_WORKS
from dedupe.attribute.evidence import Story
from dedupe.attribute.judging import in_ranges
from dedupe.attribute.parents import RELATIONS, Placed
from dedupe.attribute.reasons import GROUPS, limits
from dedupe.attribute.rows import Told, story_row
from dedupe.attribute.verdict import Candidate, Verdict, verdict_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from dedupe.attribute.judging import Judging
    from dedupe.kernels.places import Places, Without

_BLOCK = 4096


def write_rows(
    judging: Judging, written: NDArray[np.int64], places: Places
) -> dict[int, dict[str, Any]]:
    """Return the rows of some stories, by their first document.

    Args:
        judging: the stories.
        written: those that get a row, rising.
        places: where their documents stand.
    """
    without = _without(judging, written)
    rows = {}
    for start in range(0, len(written), _BLOCK):
        for told in _block(judging, written[start : start + _BLOCK], places, without):
            rows[told.rows[0]] = story_row(told)
    return rows


def _without(judging: Judging, written: NDArray[np.int64]) -> Without:
    """Judge stories again without each of their strongest kinds of evidence."""
    from dedupe.kernels.places import N_KINDS, Without, fill_without

    shape = (judging.n_stories, N_KINDS)
    out = Without(
        kind=np.full(shape, -1),
        before=np.zeros(shape),
        after=np.zeros(shape),
        work=np.full(shape, -1),
        name=np.full(shape, -1),
        clear=np.zeros(shape, np.bool_),
    )
    why, bounds = judging.reasons.weighing(), limits()
    in_ranges(
        len(written),
        lambda first, last: fill_without(
            judging.docket, why, bounds, written, first, last, judging.verdicts, out
        ),
    )
    return out


def _block(
    judging: Judging, block: NDArray[np.int64], places: Places, without: Without
) -> Iterator[Told]:
    """Yield what is told of some stories."""
    docket, pages = judging.docket, judging.desk.pages
    base, end = int(docket.offsets[block[0]]), int(docket.offsets[block[-1] + 1])
    pages.hold(docket.rows[base:end])
    evidence = judging.reasons.of(docket, int(block[0]), int(block[-1]) + 1, pages, judging.records)
    rows, works = docket.rows[base:end].tolist(), docket.work[base:end].tolist()
    first = int(block[0])
    ends = (docket.offsets[first : int(block[-1]) + 2] - base).tolist()
    verdicts = _verdicts(judging, block)
    for s, verdict in zip(block.tolist(), verdicts, strict=True):
        span = slice(ends[s - first], ends[s - first + 1])
        reasons = evidence[s - first]
        told = Told(pages, rows[span], works[span], verdict, reasons, [], [], _whole(judging, s))
        if reasons or told.story:
            told.placed.extend(_placed(judging, places, span.start + base, told))
        if verdict.told:
            told.counterfactuals.extend(_counterfactuals(judging, without, s, told))
        yield told


def _verdicts(judging: Judging, block: NDArray[np.int64]) -> Iterator[Verdict]:
    """Yield the verdicts of some stories, in words."""
    verdicts, docket, names = judging.verdicts, judging.docket, [*judging.reasons.names, None]
    members = verdicts.member[block]
    documents = np.where(members >= 0, docket.rows[members], -1).tolist()
    works = np.where(members >= 0, docket.work[members], -1).tolist()
    columns = (verdicts.chance[block].tolist(), documents, verdicts.name[block].tolist(), works)
    counts = np.minimum(verdicts.n_candidates[block], members.shape[1]).tolist()
    for n, told, chances, rows, sources, work in zip(
        counts, verdicts.told[block].tolist(), *columns, strict=True
    ):
        ranked = [
            Candidate(chance, row, names[source])
            for chance, row, source in zip(chances[:n], rows, sources, strict=False)
        ]
        yield verdict_of(judging.desk.pages, ranked, work, told=told)


def _whole(judging: Judging, s: int) -> Story | None:
    """Return a story with all its documents, weighed or not; None where none has a clue."""
    docket, desk = judging.docket, judging.desk
    span = slice(*docket.offsets[s : s + 2])
    if docket.n_works[s] < MOST_WORKS or (docket.work[span] >= 0).all():
        return judging.speaking.get(s)
    rows = docket.rows[span].tolist()
    found = {row: said for row in rows if (said := desk.clues.of(row))}
    return Story(
        rows=rows, works=[], work_of={}, pairs=[], clues=found, pages=desk.pages, names=desk.names
    )


def _placed(judging: Judging, places: Places, start: int, told: Told) -> Iterator[Placed]:
    """Yield where the weighed documents of a story stand, work by work, its head first."""
    span = slice(start, start + len(told.rows))
    parents, names = places.parent[span].tolist(), [*judging.reasons.names, None]
    columns = zip(
        told.works, (~places.head[span]).tolist(), told.rows, places.relation[span].tolist(),
        parents, places.name[span].tolist(), places.probability[span].tolist(), strict=True,
    )  # fmt: skip
    for work, _, row, relation, parent, name, probability in sorted(
        columns, key=lambda one: one[:3]
    ):
        if work >= 0:
            above = told.rows[parent - start] if parent >= 0 else -1
            yield Placed(row, RELATIONS[relation], above, names[name], probability)


def _counterfactuals(
    judging: Judging, without: Without, s: int, told: Told
) -> list[dict[str, Any]]:
    """Return what each kind of evidence changes, that which matters most first."""
    names, found = [*judging.reasons.names, None], []
    columns = (column[s].tolist() for column in without)
    for kind, before, after, work, name, clear in zip(*columns, strict=True):
        if kind < 0:
            break
        origin = None
        if clear:
            origin = told.called(work) if work >= 0 else names[name]
        found.append(counterfactual(told.verdict, GROUPS[kind], before, after, origin))
    return sorted(filter(None, found), key=lambda row: (row["probability"], row["without"]))
