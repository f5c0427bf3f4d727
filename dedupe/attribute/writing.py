"""Stories, their origins and places in, the rows of stories.jsonl out.

    Inference, Places  ->  write_rows()  ->  lines

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
from dedupe.attribute.origin import Candidate, NamedOrigin, name_origin
from dedupe.attribute.reasons import GROUPS
from dedupe.attribute.relations import BY_CLOSENESS, Placed
from dedupe.attribute.rows import Told, story_row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from dedupe.attribute.counterfactual import LeftOut
    from dedupe.attribute.inference import Inference
    from dedupe.kernels.places import Places
    from dedupe.result.lines import LineWriter

# Stories whose rows are made together: bounds memory.
_BLOCK = 4096


def write_rows(
    inference: Inference,
    written: NDArray[np.int64],
    places: Places,
    without: LeftOut,
    lines: LineWriter,
) -> None:
    """Write the rows of some stories.

    Args:
        inference: the stories.
        written: those that get a row, rising.
        places: where their documents stand.
        without: what kinds of evidence change in them.
        lines: written to.
    """
    with _uncollected():
        for start in range(0, len(written), _BLOCK):
            block = _block(inference, written[start : start + _BLOCK], places, without)
            lines.add({min(told.rows): story_row(told) for told in block})


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
    inference: Inference, block: NDArray[np.int64], places: Places, without: LeftOut
) -> Iterator[Told]:
    """Yield what is told of some stories."""
    graphs, pages = inference.graphs, inference.inputs.pages
    first, last = int(block[0]), int(block[-1]) + 1
    base, end = graphs.offsets[[first, last]].tolist()
    rows, works = graphs.rows[base:end].tolist(), graphs.work[base:end].tolist()
    documents = pages.hold(graphs.rows[base:end])
    inference.inputs.clues.hold(graphs.rows[base:end])
    evidence = inference.reasons.of(graphs, first, last, pages, inference.records)
    names = [*inference.reasons.names, None]
    kinds = (~places.head, places.relation, places.parent, places.name, places.probability)
    standing = [column[base:end].tolist() for column in kinds]
    ends = (graphs.offsets[first : last + 1] - base).tolist()
    for s, named in zip(block.tolist(), _named_origins(inference, block), strict=True):
        span = slice(ends[s - first], ends[s - first + 1])
        story = _with_clues(inference, rows[span])
        told = Told(
            pages, rows[span], documents[span], works[span], named, evidence[s - first],
            [], [], story,
        )  # fmt: skip
        if named.told or story:
            placed = _placed(told, [column[span] for column in standing], span.start + base, names)
            told.placed.extend(placed)
        if named.told:
            told.counterfactuals.extend(_counterfactuals(inference, without, s, told))
        yield told


def _named_origins(inference: Inference, block: NDArray[np.int64]) -> Iterator[NamedOrigin]:
    """Yield the origins of some stories, in words."""
    origins, graphs, names = inference.origins, inference.graphs, [*inference.reasons.names, None]
    members = origins.member[block]
    documents = np.where(members >= 0, graphs.rows[members], -1).tolist()
    works = np.where(members >= 0, graphs.work[members], -1).tolist()
    columns = (origins.chance[block].tolist(), documents, origins.name[block].tolist(), works)
    counts = np.minimum(origins.n_candidates[block], members.shape[1]).tolist()
    for n, told, chances, rows, sources, work in zip(
        counts, origins.told[block].tolist(), *columns, strict=True
    ):
        ranked = [
            Candidate(chance, row, names[source])
            for chance, row, source in zip(chances[:n], rows, sources, strict=False)
        ]
        yield name_origin(inference.inputs.pages, ranked, work, told=told)


def _with_clues(inference: Inference, rows: list[int]) -> Story | None:
    """Return a story with all its documents, weighed or not, if any has a clue."""
    inputs = inference.inputs
    found = {row: said for row in rows if (said := inputs.clues.of(row))}
    if not found:
        return None
    return Story(
        rows=rows,
        works=[],
        work_of={},
        pairs=[],
        clues=found,
        pages=inputs.pages,
        names=inputs.names,
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
    ordered = sorted(zip(told.works, below, range(len(told.rows)), *columns, strict=True))
    for work, _, place, relation, parent, name, probability in ordered:
        if work >= 0:
            row, above = told.rows[place], told.rows[parent - start] if parent >= 0 else -1
            yield Placed(row, BY_CLOSENESS[relation], above, names[name], probability)


def _counterfactuals(
    inference: Inference, without: LeftOut, s: int, told: Told
) -> list[dict[str, Any]]:
    """Return what each kind of evidence changes, that which matters most first."""
    names, found = [*inference.reasons.names, None], []
    for kind, before, after, work, name, clear in without.get(s, ()):
        origin = None
        if clear:
            origin = told.called(work) if work >= 0 else names[name]
        found.append(counterfactual(told.named, GROUPS[kind], before, after, origin))
    return sorted(filter(None, found), key=lambda row: (row["probability"], row["without"]))
