"""Graphs of stories in; all evidence, and the likeliest origins of each, out.

    Graphs  ->  Inference: glance(), read_texts(), recall()  ->  Reasons, CandidateOrigins

An origin is inferred from what is seen at a glance; from the texts where that leaves
it open; and from the records of its outlets in the other stories where it is
open still. Python looks at the stories that have clues or texts to be read;
kernels see all the others.
"""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dedupe.arrays.ragged import running_total
from dedupe.arrays.rows import join_rows, take_rows
from dedupe.attribute.days import broken_clocks, out_of_the_week
from dedupe.attribute.evidence import Evidence, Story
from dedupe.attribute.findings import find_evidence, find_more
from dedupe.attribute.origin import HIGH, MEDIUM
from dedupe.attribute.reasons import Reasons, limits, members_of
from dedupe.attribute.said import leads
from dedupe.attribute.signals import POINTS, SIGNALS
from dedupe.attribute.standing import Record, leanings
from dedupe.threads import for_ranges

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from dedupe.attribute.pages import Pages
    from dedupe.attribute.tables import ClueTable, PairTable
    from dedupe.kernels.glances import Glimpses
    from dedupe.kernels.graphs import CandidateOrigins, Graphs, Model, Weighing
    from dedupe.names import Names

_OUTLET_PRIOR = next(n for n, signal in enumerate(SIGNALS) if signal.name == "outlet_prior")
# A story of more works is decided without whole texts and records: a bound on work, that no
# figure notices at 12 or 48.
_MOST_READ = 24
# Stories in one call of a kernel, so that two threads share even a few hundred.
_RANGE = 256
# Stories whose pairs are looked up at once.
_BLOCK = 1024


class Inputs(NamedTuple):
    """What the origins of all stories are inferred from, and by how many threads.

    `precedence`, int64 (D,), is the place of each document among all: of equals the first.
    """

    pages: Pages
    names: Names
    clues: ClueTable
    table: PairTable
    n_threads: int
    precedence: NDArray[np.int64]


@dataclasses.dataclass(slots=True)
class Inference:
    """The stories of graphs, and what is inferred of each.

    Attributes:
        inputs: outlets, clues, pairs.
        graphs: the stories.
        reasons: their evidence.
        origins: who wrote each first.
        records: of outlets, in the stories that were decided without them.
    """

    inputs: Inputs
    graphs: Graphs
    reasons: Reasons
    origins: CandidateOrigins
    records: Mapping[str, Record] = dataclasses.field(default_factory=dict)

    @property
    def n_stories(self) -> int:
        """Count the stories."""
        return len(self.graphs.n_works)

    def story_of(self) -> NDArray[np.int64]:
        """Return the story of each member."""
        return np.repeat(np.arange(self.n_stories), np.diff(self.graphs.offsets))

    def glance(self) -> None:
        """Collect what clues, days, clocks and lengths say."""
        graphs, pages = self.graphs, self.inputs.pages
        has_clue = np.isin(graphs.rows, self.inputs.clues.documents) & (graphs.work >= 0)
        said: list[tuple[int, Evidence]] = []
        for s, one in self.stories(np.unique(self.story_of()[has_clue])):
            said += ((s, item) for item in find_evidence(one))
            self._note_pages(s, one)
        said += out_of_the_week(graphs, pages, self.inputs.table)
        self.reasons.say(said, members_of(graphs, said))
        self.reasons.seen(_glimpses(self))

    def _note_pages(self, s: int, story: Story) -> None:
        """Note clocks that are not believed, and versions that themselves or others name."""
        place = {row: place for place, row in enumerate(self._rows(s))}
        start = int(self.graphs.offsets[s])
        for row in broken_clocks(story):
            self.graphs.broken[start + place[row]] = True
        for row, points in leads(story):
            at = start + place[row]
            self.graphs.lead[at] = max(self.graphs.lead[at], points)

    def _rows(self, s: int) -> list[int]:
        rows: list[int] = self.graphs.rows[slice(*self.graphs.offsets[s : s + 2])].tolist()
        return rows

    def stories(self, chosen: NDArray[np.int64]) -> Iterator[tuple[int, Story]]:
        """Yield some stories with all that signals ask for; only what is weighed."""
        graphs, inputs = self.graphs, self.inputs
        for start in range(0, len(chosen), _BLOCK):
            block = chosen[start : start + _BLOCK]
            counts, pairs = self._weighed_pairs(block)
            inputs.clues.hold(graphs.rows[graphs.offsets[block[0]] : graphs.offsets[block[-1] + 1]])
            found = iter(inputs.table.pairs(graphs.place[pairs]))
            for s, n_pairs in zip(block.tolist(), counts.tolist(), strict=True):
                works: list[list[int]] = [[] for _ in range(graphs.n_works[s])]
                span = slice(*graphs.offsets[s : s + 2].tolist())
                work_of = {}
                rows = graphs.rows[span].tolist()
                for row, work in zip(rows, graphs.work[span].tolist(), strict=True):
                    if work >= 0:
                        works[work].append(row)
                        work_of[row] = work
                yield (
                    s,
                    Story(
                        rows=list(work_of),
                        works=works,
                        work_of=work_of,
                        pairs=list(itertools.islice(found, n_pairs)),
                        clues={row: said for row in work_of if (said := inputs.clues.of(row))},
                        pages=inputs.pages,
                        names=inputs.names,
                    ),
                )

    def _weighed_pairs(
        self, stories: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return how many pairs each of some stories has, and these pairs, of weighed works."""
        graphs = self.graphs
        firsts, lasts = graphs.pair_offsets[stories], graphs.pair_offsets[stories + 1]
        story = np.repeat(np.arange(len(stories)), lasts - firsts)
        ends = np.cumsum(lasts - firsts)
        pairs = np.arange(len(story)) + (lasts - ends)[story]
        weighed = (graphs.work[graphs.a[pairs]] >= 0) & (graphs.work[graphs.b[pairs]] >= 0)
        return np.bincount(story[weighed], minlength=len(stories)), pairs[weighed]

    def weigh(self, chosen: NDArray[np.int64] | None = None) -> None:
        """Weigh the origins of some stories, or of all, by the evidence so far."""
        from dedupe.kernels.candidate_origins import fill_candidate_origins

        chosen = np.arange(self.n_stories) if chosen is None else chosen
        why, bounds = self.reasons.weighing(), limits()
        model = self.model(why, chosen)
        self.in_ranges(
            len(chosen),
            lambda first, last: fill_candidate_origins(
                self.graphs, why, bounds, chosen, first, last, model, self.origins
            ),
        )

    def model(
        self,
        why: Weighing,
        chosen: NDArray[np.int64],
        without: NDArray[np.int64] | None = None,
        *,
        parents: bool = False,
    ) -> Model:
        """Return the chances of origins of some stories.

        Args:
            why: all evidence.
            chosen: the stories; one may stand there more than once.
            without: int64, the kind of evidence to leave out of each; None leaves out none.
            parents: the chances of parents are wanted, too.
        """
        from dedupe.kernels.graphs import MOST_ABSENT, Model
        from dedupe.kernels.sums import fill_model

        without = np.full(len(chosen), -1) if without is None else without
        n_works = self.graphs.n_works[chosen]
        n_all = n_works + MOST_ABSENT
        offsets = [
            running_total(sizes)
            for sizes in (n_all, n_works**2, n_all * n_works if parents else 0 * n_all)
        ]
        flat = [np.zeros(ends[-1]) for ends in offsets]
        absent = np.full((len(chosen), MOST_ABSENT), -1)
        columns = itertools.chain.from_iterable(zip(offsets, flat, strict=True))
        model = Model(np.zeros(len(chosen), np.int64), absent, *columns)
        bounds = limits()
        self.in_ranges(
            len(chosen),
            lambda first, last: fill_model(
                self.graphs, why, bounds, chosen, without, first, last, model
            ),
        )
        return model

    def in_ranges(self, n: int, function: Callable[[int, int], Any]) -> list[Any]:
        """Call a function for ranges of stories, in threads; at least once."""
        bounds = [*range(0, n, _RANGE), n] if n else [0, 0]
        return for_ranges(function, bounds, self.inputs.n_threads)

    def sure(self, probability: float) -> NDArray[np.bool_]:
        """Say which stories have an origin of some probability."""
        return np.asarray(self.origins.told & (self.origins.chance[:, 0] >= probability))

    def read_texts(self) -> None:
        """Ask the texts of stories that are open yet, and weigh them again."""
        n_works = self.graphs.n_works
        open_yet = ~self.sure(HIGH) & (n_works >= 2) & (n_works <= _MOST_READ)
        edited = self._edited(open_yet)
        asked = np.flatnonzero(open_yet & (edited | (n_works >= 3)))
        said = [
            (s, item)
            for s, story in self.stories(asked)
            for item in find_more(story, edited=bool(edited[s]))
        ]
        self.reasons.say(said, members_of(self.graphs, said), look=1)
        self.weigh(np.unique([s for s, _ in said]).astype(np.int64))

    def _edited(self, asked: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Say of which stories two works' aligned texts differ in marks, accents or speakers."""
        from dedupe.kernels.edits import fill_edited

        graphs, table = self.graphs, self.inputs.table
        story = np.repeat(np.arange(self.n_stories), np.diff(graphs.pair_offsets))
        apart = graphs.work[graphs.a] != graphs.work[graphs.b]
        pairs = np.flatnonzero(asked[story] & apart)
        differs = np.zeros(len(pairs), np.bool_)
        rows, places = table.rows[graphs.place[pairs]], graphs.place[pairs]
        data, offsets = self.inputs.pages.text_bytes()
        self.in_ranges(
            len(pairs),
            lambda first, last: fill_edited(
                data, offsets, rows, places, table.span_ends, table.spans, first, last, differs
            ),
        )
        edited = np.zeros(self.n_stories, np.bool_)
        edited[story[pairs[differs]]] = True
        return edited

    def recall(self) -> None:
        """Weigh open stories again by what the decided ones say of their outlets."""
        graphs, story = self.graphs, self.story_of()
        named = np.flatnonzero((graphs.work >= 0) & (graphs.outlet >= 0))
        n_outlets = int(graphs.outlet.max(initial=-1)) + 1
        _, firsts = np.unique(story[named] * n_outlets + graphs.outlet[named], return_index=True)
        member = named[firsts]
        n_of_story = np.bincount(story[member], minlength=self.n_stories)
        rivals = n_of_story >= 2
        decided = self.sure(MEDIUM)
        counted = member[(rivals & decided)[story[member]]]
        best = self.origins.member[:, 0]
        first = np.where(best >= 0, graphs.outlet[best], -1)
        won = first[story[counted]] == graphs.outlet[counted]
        self.records = self._records(graphs.outlet[counted], counted, won)
        open_yet = rivals & ~decided & (graphs.n_works >= 2) & (graphs.n_works <= _MOST_READ)
        self._lean(np.flatnonzero(open_yet))

    def _records(
        self, outlets: NDArray[np.int64], members: NDArray[np.int64], won: NDArray[np.bool_]
    ) -> dict[str, Record]:
        """Count, by outlet, the decided stories that it has part in, and was the origin of."""
        distinct, firsts, which = np.unique(outlets, return_index=True, return_inverse=True)
        counts = np.bincount(which, minlength=len(distinct))
        origins = np.bincount(which[won], minlength=len(distinct))
        rows = self.graphs.rows[members[firsts]].tolist()
        return {
            self.inputs.pages.outlet(row) or "": Record(*record)
            for row, *record in zip(rows, counts.tolist(), origins.tolist(), strict=True)
        }

    def _lean(self, chosen: NDArray[np.int64]) -> None:
        """Let the records of outlets speak in some stories."""
        from dedupe.kernels.glances import Glimpses

        leaning = leanings(self.records)
        graphs, story = self.graphs, self.story_of()
        wanted = np.zeros(self.n_stories, np.bool_)
        wanted[chosen] = True
        members = np.flatnonzero(wanted[story] & (graphs.work >= 0))
        _, firsts = np.unique(
            np.stack([story[members], graphs.work[members]]), axis=1, return_index=True
        )
        members = members[firsts]
        points = np.array(
            [
                leaning.get(self.inputs.pages.outlet(row) or "", 0.0)
                for row in graphs.rows[members].tolist()
            ]
        )
        members, points = members[points != 0], points[points != 0]
        nobody = np.full(len(members), -1)
        self.reasons.glimpse(
            Glimpses(
                story[members], nobody, graphs.work[members], nobody, points, members, nobody,
                np.zeros(len(members)),
            ),
            np.full(len(members), _OUTLET_PRIOR),
            look=2,
        )  # fmt: skip
        self.weigh(np.unique(story[members]))


def new_inference(inputs: Inputs, graphs: Graphs) -> Inference:
    """Return the stories of graphs, of which nothing is inferred yet."""
    from dedupe.kernels.graphs import N_CANDIDATES, CandidateOrigins

    n_stories = len(graphs.n_works)
    origins = CandidateOrigins(
        probability=np.zeros(len(graphs.rows)),
        told=np.zeros(n_stories, np.bool_),
        n_candidates=np.zeros(n_stories, np.int64),
        chance=np.zeros((n_stories, N_CANDIDATES)),
        member=np.full((n_stories, N_CANDIDATES), -1),
        name=np.full((n_stories, N_CANDIDATES), -1),
    )
    return Inference(inputs, graphs, Reasons(n_stories), origins)


def _glimpses(inference: Inference) -> Glimpses:
    """Return what clocks, lengths and outlets say of all stories."""
    from dedupe.kernels.glances import Glimpses, Worth, glance

    graphs = inference.graphs
    worth = Worth(
        apart=POINTS["clock"]["apart"],
        shifted=POINTS["clock"]["shifted"],
        seen=POINTS["first_seen"]["apart"],
        excerpt=POINTS["length"]["excerpt"],
        longer=POINTS["length"]["other"],
        one_outlet=POINTS["one_outlet"]["one_outlet"],
    )

    def of_range(first: int, last: int) -> Glimpses:
        n = int(graphs.pair_offsets[last] - graphs.pair_offsets[first]) + 64
        while True:
            a, b, c, d, e, f = np.zeros((6, n), np.int64)
            points, value = np.zeros((2, n))
            room = Glimpses(a, b, c, d, points, e, f, value)
            n_found = glance(graphs, worth, first, last, room)
            if n_found <= n:
                return take_rows(room, slice(n_found))
            n = n_found

    parts: list[Glimpses] = inference.in_ranges(len(graphs.n_works), of_range)
    return join_rows(parts)
