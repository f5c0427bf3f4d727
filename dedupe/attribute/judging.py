"""A docket of stories in; all evidence, and the verdict on each, out.

    Docket  ->  Judging: glance(), read_texts(), recall()  ->  Reasons, Verdicts

A story is judged by what is seen at a glance; by its texts where that leaves
it open; and by the records of its outlets in the other stories where it is
open still. Python looks at the stories that have clues or texts to be read;
kernels see all the others.
"""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dedupe.attribute.days import broken_clocks, out_of_the_week
from dedupe.attribute.evidence import Evidence, Story
from dedupe.attribute.findings import find_evidence, find_more
from dedupe.attribute.reasons import Reasons, limits, members_of
from dedupe.attribute.said import leads
from dedupe.attribute.signals import POINTS, SIGNALS
from dedupe.attribute.standing import Record, leanings
from dedupe.attribute.verdict import HIGH, MEDIUM
from dedupe.ragged import running_total

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from dedupe.attribute.pages import Pages
    from dedupe.attribute.tables import ClueTable, PairTable
    from dedupe.kernels.dockets import Docket, Model, Verdicts, Weighing
    from dedupe.kernels.glances import Glimpses
    from dedupe.names import Names

_OUTLET_PRIOR = next(n for n, signal in enumerate(SIGNALS) if signal.name == "outlet_prior")
# A story of more works is decided without whole texts and records: a bound on work, that no
# figure notices at 12 or 48.
_MOST_READ = 24
# Stories in one call of a kernel, so that two threads share even a few hundred.
_RANGE = 256
# Stories whose pairs are looked up at once.
_BLOCK = 1024


class Desk(NamedTuple):
    """What all stories are judged from."""

    pages: Pages
    names: Names
    clues: ClueTable
    table: PairTable


@dataclasses.dataclass(slots=True)
class Judging:
    """The stories of a docket, judged.

    Attributes:
        desk: outlets, clues, pairs.
        docket: the stories.
        reasons: their evidence.
        verdicts: who wrote each first.
        records: of outlets, in the stories that were decided without them.
    """

    desk: Desk
    docket: Docket
    reasons: Reasons
    verdicts: Verdicts
    records: Mapping[str, Record] = dataclasses.field(default_factory=dict)

    @property
    def n_stories(self) -> int:
        """Count the stories."""
        return len(self.docket.n_works)

    def story_of(self) -> NDArray[np.int64]:
        """Return the story of each member."""
        return np.repeat(np.arange(self.n_stories), np.diff(self.docket.offsets))

    def glance(self) -> None:
        """Collect what clues, days, clocks and lengths say."""
        docket, pages = self.docket, self.desk.pages
        has_clue = np.isin(docket.rows, self.desk.clues.documents) & (docket.work >= 0)
        said: list[tuple[int, Evidence]] = []
        for s, one in self.stories(np.unique(self.story_of()[has_clue])):
            said += ((s, item) for item in find_evidence(one))
            self._note_pages(s, one)
        said += out_of_the_week(docket, pages, self.desk.table)
        self.reasons.say(said, members_of(docket, said))
        self.reasons.seen(_glimpses(docket))

    def _note_pages(self, s: int, story: Story) -> None:
        """Note clocks that are not believed, and versions that themselves or others name."""
        place = {row: place for place, row in enumerate(self._rows(s))}
        start = int(self.docket.offsets[s])
        for row in broken_clocks(story):
            self.docket.broken[start + place[row]] = True
        for row, points in leads(story):
            at = start + place[row]
            self.docket.lead[at] = max(self.docket.lead[at], points)

    def _rows(self, s: int) -> list[int]:
        rows: list[int] = self.docket.rows[slice(*self.docket.offsets[s : s + 2])].tolist()
        return rows

    def stories(self, chosen: NDArray[np.int64]) -> Iterator[tuple[int, Story]]:
        """Yield some stories with all that signals ask for; only what is weighed."""
        docket, desk = self.docket, self.desk
        for start in range(0, len(chosen), _BLOCK):
            block = chosen[start : start + _BLOCK]
            counts, pairs = self._weighed_pairs(block)
            desk.clues.hold(docket.rows[docket.offsets[block[0]] : docket.offsets[block[-1] + 1]])
            found = iter(desk.table.pairs(docket.place[pairs]))
            for s, n_pairs in zip(block.tolist(), counts.tolist(), strict=True):
                works: list[list[int]] = [[] for _ in range(docket.n_works[s])]
                span = slice(*docket.offsets[s : s + 2].tolist())
                work_of = {}
                rows = docket.rows[span].tolist()
                for row, work in zip(rows, docket.work[span].tolist(), strict=True):
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
                        clues={row: said for row in work_of if (said := desk.clues.of(row))},
                        pages=desk.pages,
                        names=desk.names,
                    ),
                )

    def _weighed_pairs(
        self, stories: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return how many pairs each of some stories has, and these pairs, of weighed works."""
        docket = self.docket
        firsts, lasts = docket.pair_offsets[stories], docket.pair_offsets[stories + 1]
        story = np.repeat(np.arange(len(stories)), lasts - firsts)
        ends = np.cumsum(lasts - firsts)
        pairs = np.arange(len(story)) + (lasts - ends)[story]
        weighed = (docket.work[docket.a[pairs]] >= 0) & (docket.work[docket.b[pairs]] >= 0)
        return np.bincount(story[weighed], minlength=len(stories)), pairs[weighed]

    def judge(self, chosen: NDArray[np.int64] | None = None) -> None:
        """Weigh the origins of some stories, or of all, by the evidence so far."""
        from dedupe.kernels.verdicts import fill_verdicts

        chosen = np.arange(self.n_stories) if chosen is None else chosen
        why, bounds = self.reasons.weighing(), limits()
        model = self.model(why, chosen)
        in_ranges(
            len(chosen),
            lambda first, last: fill_verdicts(
                self.docket, why, bounds, chosen, first, last, model, self.verdicts
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
        from dedupe.kernels.dockets import MOST_ABSENT, Model
        from dedupe.kernels.sums import fill_model

        without = np.full(len(chosen), -1) if without is None else without
        n_works = self.docket.n_works[chosen]
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
        in_ranges(
            len(chosen),
            lambda first, last: fill_model(
                self.docket, why, bounds, chosen, without, first, last, model
            ),
        )
        return model

    def sure(self, probability: float) -> NDArray[np.bool_]:
        """Say which stories have a verdict of some probability."""
        return np.asarray(self.verdicts.told & (self.verdicts.chance[:, 0] >= probability))

    def read_texts(self) -> None:
        """Ask the texts of stories that are open yet, and judge them again."""
        n_works = self.docket.n_works
        open_yet = ~self.sure(HIGH) & (n_works >= 2) & (n_works <= _MOST_READ)
        edited = self._edited(open_yet)
        asked = np.flatnonzero(open_yet & (edited | (n_works >= 3)))
        said = [
            (s, item)
            for s, story in self.stories(asked)
            for item in find_more(story, edited=bool(edited[s]))
        ]
        self.reasons.say(said, members_of(self.docket, said), look=1)
        self.judge(np.unique([s for s, _ in said]).astype(np.int64))

    def _edited(self, asked: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Say of which stories two works' aligned texts differ in marks, accents or speakers."""
        from dedupe.kernels.edits import fill_edited

        docket, table = self.docket, self.desk.table
        story = np.repeat(np.arange(self.n_stories), np.diff(docket.pair_offsets))
        apart = docket.work[docket.a] != docket.work[docket.b]
        pairs = np.flatnonzero(asked[story] & apart)
        differs = np.zeros(len(pairs), np.bool_)
        rows, places = table.rows[docket.place[pairs]], docket.place[pairs]
        data, offsets = self.desk.pages.text_bytes()
        in_ranges(
            len(pairs),
            lambda first, last: fill_edited(
                data, offsets, rows, places, table.span_ends, table.spans, first, last, differs
            ),
        )
        edited = np.zeros(self.n_stories, np.bool_)
        edited[story[pairs[differs]]] = True
        return edited

    def recall(self) -> None:
        """Judge open stories again by what the decided ones say of their outlets."""
        docket, story = self.docket, self.story_of()
        named = np.flatnonzero((docket.work >= 0) & (docket.outlet >= 0))
        n_outlets = int(docket.outlet.max(initial=-1)) + 1
        _, firsts = np.unique(story[named] * n_outlets + docket.outlet[named], return_index=True)
        member = named[firsts]
        n_of_story = np.bincount(story[member], minlength=self.n_stories)
        rivals = n_of_story >= 2
        decided = self.sure(MEDIUM)
        counted = member[(rivals & decided)[story[member]]]
        best = self.verdicts.member[:, 0]
        first = np.where(best >= 0, docket.outlet[best], -1)
        won = first[story[counted]] == docket.outlet[counted]
        self.records = self._records(docket.outlet[counted], counted, won)
        open_yet = rivals & ~decided & (docket.n_works >= 2) & (docket.n_works <= _MOST_READ)
        self._lean(np.flatnonzero(open_yet))

    def _records(
        self, outlets: NDArray[np.int64], members: NDArray[np.int64], won: NDArray[np.bool_]
    ) -> dict[str, Record]:
        """Count, by outlet, the decided stories that it has part in, and was the origin of."""
        distinct, firsts, which = np.unique(outlets, return_index=True, return_inverse=True)
        counts = np.bincount(which, minlength=len(distinct))
        origins = np.bincount(which[won], minlength=len(distinct))
        rows = self.docket.rows[members[firsts]].tolist()
        return {
            self.desk.pages.outlet(row) or "": Record(*record)
            for row, *record in zip(rows, counts.tolist(), origins.tolist(), strict=True)
        }

    def _lean(self, chosen: NDArray[np.int64]) -> None:
        """Let the records of outlets speak in some stories."""
        from dedupe.kernels.glances import Glimpses

        leaning = leanings(self.records)
        docket, story = self.docket, self.story_of()
        wanted = np.zeros(self.n_stories, np.bool_)
        wanted[chosen] = True
        members = np.flatnonzero(wanted[story] & (docket.work >= 0))
        _, firsts = np.unique(
            np.stack([story[members], docket.work[members]]), axis=1, return_index=True
        )
        members = members[firsts]
        points = np.array(
            [
                leaning.get(self.desk.pages.outlet(row) or "", 0.0)
                for row in docket.rows[members].tolist()
            ]
        )
        members, points = members[points != 0], points[points != 0]
        nobody = np.full(len(members), -1)
        self.reasons.glimpse(
            Glimpses(
                story[members], nobody, docket.work[members], nobody, points, members, nobody,
                np.zeros(len(members)),
            ),
            np.full(len(members), _OUTLET_PRIOR),
            look=2,
        )  # fmt: skip
        self.judge(np.unique(story[members]))


def new_judging(desk: Desk, docket: Docket) -> Judging:
    """Return the stories of a docket, not judged yet."""
    from dedupe.kernels.dockets import N_CANDIDATES, Verdicts

    n_stories = len(docket.n_works)
    verdicts = Verdicts(
        probability=np.zeros(len(docket.rows)),
        told=np.zeros(n_stories, np.bool_),
        n_candidates=np.zeros(n_stories, np.int64),
        chance=np.zeros((n_stories, N_CANDIDATES)),
        member=np.full((n_stories, N_CANDIDATES), -1),
        name=np.full((n_stories, N_CANDIDATES), -1),
    )
    return Judging(desk, docket, Reasons(n_stories), verdicts)


def _glimpses(docket: Docket) -> Glimpses:
    """Return what clocks, lengths and outlets say of all stories."""
    from dedupe.kernels.glances import Glimpses, Worth, glance

    worth = Worth(
        apart=POINTS["clock"]["apart"],
        shifted=POINTS["clock"]["shifted"],
        seen=POINTS["first_seen"]["apart"],
        excerpt=POINTS["length"]["excerpt"],
        longer=POINTS["length"]["other"],
        one_outlet=POINTS["one_outlet"]["one_outlet"],
    )

    def of_range(first: int, last: int) -> Glimpses:
        n = int(docket.pair_offsets[last] - docket.pair_offsets[first]) + 64
        while True:
            a, b, c, d, e, f = np.zeros((6, n), np.int64)
            points, value = np.zeros((2, n))
            room = Glimpses(a, b, c, d, points, e, f, value)
            n_found = glance(docket, worth, first, last, room)
            if n_found <= n:
                return Glimpses._make(column[:n_found] for column in room)
            n = n_found

    parts = in_ranges(len(docket.n_works), of_range)
    return Glimpses._make(map(np.concatenate, zip(*parts, strict=True)))


def in_ranges(n: int, function: Callable[[int, int], Any]) -> list[Any]:
    """Call a function for ranges of stories, in threads; at least once."""
    from dedupe.kernels._compile import for_ranges

    return for_ranges(function, [*range(0, n, _RANGE), n] if n else [0, 0])
