"""Judged and placed stories in, the rows of stories.jsonl out.

    Judging, Places  ->  write_rows()  ->  lines

Columns become lists a block of stories at a time: a list of all documents
would be the largest thing of the run.
"""

from __future__ import annotations

import contextlib
import gc
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe.attribute.counterfactual import counterfactual
from dedupe.attribute.evidence import Story
from dedupe.attribute.parents import BY_CLOSENESS, Placed
from dedupe.attribute.reasons import GROUPS
from dedupe.attribute.rows import Told, story_row
from dedupe.attribute.verdict import Candidate, Verdict, verdict_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from dedupe.attribute.counterfactual import LeftOut
    from dedupe.attribute.judging import Judging
    from dedupe.jsonl import LineWriter
    from dedupe.kernels.places import Places

# Stories whose rows are made together: bounds memory.
_BLOCK = 4096


def write_rows(
    judging: Judging,
    written: NDArray[np.int64],
    places: Places,
    without: LeftOut,
    lines: LineWriter,
) -> None:
    """Write the rows of some stories.

    Args:
        judging: the stories.
        written: those that get a row, rising.
        places: where their documents stand.
        without: what kinds of evidence change in them.
        lines: written to.
    """
    with _uncollected():
        for start in range(0, len(written), _BLOCK):
            block = _block(judging, written[start : start + _BLOCK], places, without)
            lines.add({told.rows[0]: story_row(told) for told in block})


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the collector of garbage from looking through all rows again for every few of them."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _block(
    judging: Judging, block: NDArray[np.int64], places: Places, without: LeftOut
) -> Iterator[Told]:
    """Yield what is told of some stories."""
    docket, pages = judging.docket, judging.desk.pages
    first, last = int(block[0]), int(block[-1]) + 1
    base, end = docket.offsets[[first, last]].tolist()
    rows, works = docket.rows[base:end].tolist(), docket.work[base:end].tolist()
    documents = pages.hold(docket.rows[base:end])
    judging.desk.clues.hold(docket.rows[base:end])
    evidence = judging.reasons.of(docket, first, last, pages, judging.records)
    names = [*judging.reasons.names, None]
    kinds = (~places.head, places.relation, places.parent, places.name, places.probability)
    standing = [column[base:end].tolist() for column in kinds]
    ends = (docket.offsets[first : last + 1] - base).tolist()
    for s, verdict in zip(block.tolist(), _verdicts(judging, block), strict=True):
        span = slice(ends[s - first], ends[s - first + 1])
        story = _with_clues(judging, rows[span])
        told = Told(
            pages, rows[span], documents[span], works[span], verdict, evidence[s - first],
            [], [], story,
        )  # fmt: skip
        if verdict.told or story:
            placed = _placed(told, [column[span] for column in standing], span.start + base, names)
            told.placed.extend(placed)
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


def _with_clues(judging: Judging, rows: list[int]) -> Story | None:
    """Return a story with all its documents, weighed or not, if any has a clue."""
    desk = judging.desk
    found = {row: said for row in rows if (said := desk.clues.of(row))}
    if not found:
        return None
    return Story(
        rows=rows, works=[], work_of={}, pairs=[], clues=found, pages=desk.pages, names=desk.names
    )


def _placed(
    told: Told, standing: Sequence[list[Any]], start: int, names: Sequence[str | None]
) -> Iterator[Placed]:
    """Yield where the weighed documents of a story stand, work by work, its head first.

    Args:
        told: the story.
        standing: columns of Places: heads last, relations, parents, names, probabilities.
        start: its first member.
        names: of absent sources.
    """
    below, *columns = standing
    ordered = sorted(zip(told.works, below, told.rows, *columns, strict=True))
    for work, _, row, relation, parent, name, probability in ordered:
        if work >= 0:
            above = told.rows[parent - start] if parent >= 0 else -1
            yield Placed(row, BY_CLOSENESS[relation], above, names[name], probability)


def _counterfactuals(
    judging: Judging, without: LeftOut, s: int, told: Told
) -> list[dict[str, Any]]:
    """Return what each kind of evidence changes, that which matters most first."""
    names, found = [*judging.reasons.names, None], []
    for kind, before, after, work, name, clear in without.get(s, ()):
        origin = None
        if clear:
            origin = told.called(work) if work >= 0 else names[name]
        found.append(counterfactual(told.verdict, GROUPS[kind], before, after, origin))
    return sorted(filter(None, found), key=lambda row: (row["probability"], row["without"]))
