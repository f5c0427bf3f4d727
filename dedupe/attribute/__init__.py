"""Stage 8: stories in; who wrote each first, who copied whom, and why we think so.

documents, stories, pairs, passages, clues  ->  attribute()  ->  Attribution

tables.py    the clues of a document, the pairs of a story, looked up
pages.py     outlets, texts and clocks, looked up where a story needs them
graphs.py    stories as columns; exact copies and an outlet's own versions are one work
inference.py  their origins, inferred: at a glance, by texts, by the records of outlets
evidence.py  a story, and a piece of evidence
signals.py   the table of signals: what each looks for, and its points
said.py      signals of one page: credits, scars, self-references
losses.py    signals of two pages: what one kept and the other lost
traces.py    signals of where a page's parts came from: residue, links
days.py      signals of the days that texts name
edits.py     signals of how aligned text was edited
standing.py  signals of what a work holds of all others, and of its outlet's record
findings.py  all signals of clues and texts asked; kernels/glances.py finds the others
reasons.py   evidence of all stories as columns; kernels/origins.py sums over all copy trees
placing.py   relation and parent of each document, direction of each pair
relations.py the relations, and a placed document
crossings.py what one story's page took from others: round-ups and their parents
origin.py    the origin named or "cannot tell"
counterfactual.py  who would be named without each kind of evidence
writing.py   columns to what is told of each story
rows.py      the row of stories.jsonl

Words: a *work* is the documents that are one text of one hand, exact copies and an
outlet's own versions. Documents and the measured pairs between them are a story's
*graph*; the *copy tree* is what is sought in it: its root is the *origin*, a work in
hand or an absent source, and above each other work stands its *parent*. *Evidence* is
told with a sentence, *reasons* are the same as numbers.

Documents alone and without a clue are settled at once. Stories of two or more,
and single pages that say they are copies, are weighed together, column by column.

Where a comment of this package or its kernels says how many origins of test trees are right,
it is the mean over both bases of `benchmarks/origins.py --trees 150`, with no clocks and with
30% of clocks wrong.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe.arrays.spill import MEMORY
from dedupe.attribute.counterfactual import left_out
from dedupe.attribute.crossings import settle_crossings
from dedupe.attribute.evidence import UNSEEN_PRIOR
from dedupe.attribute.graphs import story_graphs
from dedupe.attribute.inference import Inference, Inputs, new_inference
from dedupe.attribute.pages import Pages
from dedupe.attribute.placing import Filled, hang_rest, place
from dedupe.attribute.relations import BY_CLOSENESS, SINGLE
from dedupe.attribute.tables import ClueTable, PairTable
from dedupe.attribute.writing import write_rows
from dedupe.names import default_names, fold
from dedupe.result.lines import Lines, LineWriter

if TYPE_CHECKING:
    from collections.abc import Collection

    import pyarrow as pa
    from numpy.typing import NDArray

    from dedupe.arrays.spill import Spill
    from dedupe.names import Names
    from dedupe.result.lines import Written

_OWN_VOICE = frozenset({"outlet", "agency", "told_own_name", "byline"})


class Attribution(NamedTuple):
    """What attribution knows, by document and by pair.

    Shapes (D documents, P pairs)
        relation            list of str (D,)
        parent              int64 (D,)     row of the likeliest parent, -1 where absent
        parent_name         list (D,)      its outlet or agency, also when absent; None unknown
        parent_probability  float64 (D,)   NaN without a parent
        origin_probability  float64 (D,)
        pair_a_first        float64 (P,)   that a's text stands nearer the origin; .5 unknown
        written             rows of stories.jsonl, in the order of their first document
    """

    relation: list[str]
    parent: NDArray[np.int64]
    parent_name: list[str | None]
    parent_probability: NDArray[np.float64]
    origin_probability: NDArray[np.float64]
    pair_a_first: NDArray[np.float64]
    written: Written

    @property
    def stories(self) -> Lines:
        """The rows of stories.jsonl."""
        return Lines(*self.written)


def attribute(
    documents: pa.Table,
    stories: NDArray[np.int64],
    pairs: pa.Table,
    passages: pa.Table,
    clues: pa.Table,
    names: Names | None = None,
    decided: Collection[int] = (),
    spill: Spill = MEMORY,
    n_threads: int = 0,
    precedence: NDArray[np.int64] | None = None,
) -> Attribution:
    """Name the likely origin of every story, or say that nothing tells.

    Args:
        documents: table of `documents.SCHEMA`, sorted by id.
        stories: int64 (D,), the story of each document: its smallest row.
        pairs: verified pairs, rows of `documents`, a < b, sorted.
        passages: aligned passages, sorted by pair.
        clues: table of `clues_schema()`.
        names: agencies and outlets to know, those with which the clues were
            harvested; None takes those of the package.
        decided: documents that a reader holds for the origins of their stories.
        spill: where rows and places of passages go that memory does not hold.
        n_threads: threads at work; 0 takes one for each core.
        precedence: int64 (D,), the place of each document among all, by which ties are
            broken; None takes its row.
    """
    stories = np.asarray(stories, dtype=np.int64)
    names = names or default_names()
    if precedence is None:
        precedence = np.arange(len(stories))
    table = PairTable(pairs, passages, stories, precedence, spill)
    pages = Pages(documents, names, spill)
    inputs = Inputs(pages, names, ClueTable(clues), table, n_threads, precedence)
    _learn_names(inputs)
    filled = _nothing_known(len(stories), pairs.num_rows)
    copies = _lone_copies(inputs, stories, decided, filled)
    rows = _rows_of(stories, copies, precedence)
    inference = _inferred(inputs, rows, stories, decided)
    inference.read_texts()
    inference.recall()
    written = _written(inference)
    why = inference.reasons.weighing()
    model = inference.model(why, written, parents=True)
    placed = place(inference, written, model, filled)
    hang_rest(inference, filled)
    lines = LineWriter(spill)
    write_rows(inference, written, placed, left_out(inference, why, written, model), lines)
    lines.add(settle_crossings(inputs, stories, decided, filled))
    return Attribution(
        relation=np.array(BY_CLOSENESS, object)[filled.relation].tolist(),
        parent=filled.parent,
        parent_name=filled.parent_name.tolist(),
        parent_probability=filled.parent_probability,
        origin_probability=filled.origin_probability,
        pair_a_first=filled.pair_a_first,
        written=lines.done(),
    )


def _nothing_known(n_docs: int, n_pairs: int) -> Filled:
    """Return the columns as they are of documents alone that say nothing."""
    return Filled(
        relation=np.full(n_docs, SINGLE, np.int8),
        parent=np.full(n_docs, -1),
        parent_name=np.full(n_docs, None, object),
        parent_probability=np.full(n_docs, np.nan),
        origin_probability=np.full(n_docs, 1 - UNSEEN_PRIOR),
        pair_a_first=np.full(n_pairs, 0.5),
    )


def _learn_names(inputs: Inputs) -> None:
    """Learn what outlets most often call themselves, and else what others call them."""
    if not inputs.pages.has_nameless():
        return
    pages, labels = inputs.pages, inputs.pages.unlisted_labels()
    by_itself: Counter[tuple[str, str]] = Counter()
    by_others: Counter[tuple[str, str]] = Counter()
    for row, clue in inputs.clues.named():
        name = clue.name or ""
        if clue.rule in _OWN_VOICE and pages.is_outlet(row, name, inputs.names):
            by_itself[pages.source(row) or "", name] += 1
        if source := labels.get(fold(name).removeprefix("the")):
            by_others[source, name] += 1
    for called in (by_itself, by_others):
        for source, name in sorted(called, key=lambda one: (-called[one], one)):
            pages.learn(source, name)


def _lone_copies(
    inputs: Inputs, stories: NDArray[np.int64], decided: Collection[int], filled: Filled
) -> NDArray[np.int64]:
    """Return single documents that are copies, or that a reader decided.

    Pages with the same outlet and clues are judged once.
    """
    sizes = np.bincount(stories, minlength=len(stories))
    deriving = inputs.clues.deriving()
    alike: dict[tuple[object, ...], list[int]] = {}
    alone = deriving[sizes[stories[deriving]] == 1]
    inputs.clues.hold(alone)
    for row in alone.tolist():
        if row not in decided:
            alike.setdefault(_said(inputs, row), []).append(row)
    firsts = np.array(sorted(rows[0] for rows in alike.values()), np.int64)
    inference = _inferred(inputs, firsts, stories, ())
    is_copy = dict(zip(firsts.tolist(), _names_absent(inference).tolist(), strict=True))
    chance = dict(zip(firsts.tolist(), inference.origins.probability.tolist(), strict=True))
    copies = [row for row in decided if sizes[stories[row]] == 1]
    for rows in alike.values():
        if is_copy[rows[0]]:
            copies += rows
        else:
            filled.origin_probability[rows] = chance[rows[0]]
    return np.array(copies, np.int64)


def _said(inputs: Inputs, row: int) -> tuple[object, ...]:
    """Return all that a page alone is judged by."""
    whose = inputs.pages.outlet(row), inputs.pages.domain(row)
    return *whose, *((clue.kind, clue.name, clue.rule) for clue in inputs.clues.of(row))


def _names_absent(inference: Inference) -> NDArray[np.bool_]:
    """Say of which stories the origin that is named is in no one's hands."""
    return np.asarray(inference.origins.told & (inference.origins.member[:, 0] < 0))


def _rows_of(
    stories: NDArray[np.int64], copies: NDArray[np.int64], precedence: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the documents of all stories that need thought, by story, the first before others."""
    wanted = np.bincount(stories, minlength=len(stories))[stories] >= 2
    wanted[copies] = True
    rows = np.flatnonzero(wanted)
    return rows[np.lexsort((precedence[rows], stories[rows]))]


def _inferred(
    inputs: Inputs, rows: NDArray[np.int64], stories: NDArray[np.int64], decided: Collection[int]
) -> Inference:
    """Judge the stories of some documents by what is seen at a glance."""
    speaking = np.zeros(len(stories), np.bool_)
    speaking[inputs.clues.naming()] = True
    graphs = story_graphs(rows, stories, inputs.pages, inputs.table, decided, speaking)
    inference = new_inference(inputs, graphs)
    inference.glance()
    inference.weigh()
    return inference


def _written(inference: Inference) -> NDArray[np.int64]:
    """Return the stories that get a row: all of two or more, and copies."""
    sizes = np.diff(inference.graphs.offsets)
    return np.flatnonzero((sizes >= 2) | _names_absent(inference))
