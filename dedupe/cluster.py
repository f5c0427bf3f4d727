"""Stage 7: judged pairs in; stories out, by cohesion and not by chains.

    pairs with log-odds of `same_story`  ->  cluster()  ->  story of each document

A chain of pairs is not a story: one round-up would join all that it quotes, and
one false pair two thousand documents. Groups grow instead by greedy additive
edge contraction, a heuristic for correlation clustering: always join the two
groups whose pairs, for and against, add up to the most, and stop when no sum
is positive. Pairs that no net has found speak against too; where two groups
about to join have unmeasured pairs between them, some are measured. Two parts of
one text may share nothing, or little: their pair says nothing against them.

Ties are broken by precedence, the earliest document first, and sums are of integers:
neither order of input, nor batches, nor threads can change a story, and ids only between
documents of one text, outlet and clock.

Source  greedy additive edge contraction: Keuper et al. 2015; the objective:
Bansal, Blum and Chawla 2004.
"""

from __future__ import annotations

import heapq
from bisect import insort
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe.arrays.packed import pack, unpack
from dedupe.arrays.ragged import group_starts, ranges_of

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    Measure = Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.float64]]
    """Rows a and b (P,) -> log-odds of same_story (P,)."""

    _Contraction = Generator[NDArray[np.int64], NDArray[np.float64], None]

UNIT = 1024
"""Log-odds are summed as integers of this many to one: the order of sums must not matter."""

CLIP = 8.0
"""No single pair may outvote many: odds beyond 3,000 to 1 add nothing. Neither half nor twice as
much changes a figure of seeds, census, spotify, ECB+, Reuters or the edited copies."""

NEAR_EQUAL = 0.9
"""Resemblance from which on texts speak with one voice; see `_leaders` for what that guarantees.
With .8 .935 of halves and .870 of thirds are joined, with .9 .933 and .868, with .95 .930 and .867;
nothing else changes (benchmarks/quality.py)."""

# Members of each of two groups about to join that are measured, at most: a bound
# on work, and four of each tell what the others hold. With two or eight, no figure changes on
# the sets named at CLIP.
_SIDE = 4
# Mean log-odds, in units, at which many pairs settle the matter: 20 to 1. With a third or twice as
# much, no figure changes on the sets named at CLIP.
_SURE = 3 * UNIT
# Share of a text's words that are aligned with one that holds it whole: of the
# edited copies in benchmarks/quality.py .85, .9 and .95 keep as many.
_WHOLE = 0.9
# Share of the holding text that it makes up, at least: what is slighter may be an item
# or a teaser on a page that carries others. With .06 .935 of halves and .872 of thirds are joined,
# with .12 .933 and .868, with .24 .930 and .758 (benchmarks/quality.py).
_LEAST_PART = 0.12
# Components in memory at a time, whose groups are sets and lists.
_AT_ONCE = 4096


def cluster(pairs: pa.Table, precedence: NDArray[np.int64], measure: Measure) -> NDArray[np.int64]:
    """Group documents into stories.

    Args:
        pairs: the judged pairs (verify.relation): a, b, resemblance, aligned_a, aligned_b,
            same_story_odds.
        precedence: int64 (D,), the place of each document among all, that of a row each.
        measure: log-odds of same_story for pairs that were not candidates.

    Returns:
        The story of each document as its smallest row, int64 (D,); a
        document alone is its own story.
    """
    row_of = np.argsort(precedence)

    def measured(a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.float64]:
        ends = row_of[a], row_of[b]
        return measure(np.minimum(*ends), np.maximum(*ends))

    stories = _by_place(_with_places(pairs, precedence), len(precedence), measured)[precedence]
    smallest = np.full(len(stories), len(stories))
    np.minimum.at(smallest, stories, np.arange(len(stories)))
    return smallest[stories]


class _Pairs(NamedTuple):
    """Judged pairs of places a < b, sorted.

    Shapes (P pairs)
        a, b         int64   (P,)
        aligned      float32 (P,) of each side: the share of its words that the other holds
        resemblance, odds   float64 (P,)
    """

    a: NDArray[np.int64]
    b: NDArray[np.int64]
    aligned: tuple[NDArray[np.float32], NDArray[np.float32]]
    resemblance: NDArray[np.float64]
    odds: NDArray[np.float64]


def _with_places(pairs: pa.Table, precedence: NDArray[np.int64]) -> _Pairs:
    """Read the pairs table; rows become places."""
    ends = [precedence[pairs.column(side).to_numpy()] for side in "ab"]
    swapped = ends[0] > ends[1]
    a, b = np.minimum(*ends), np.maximum(*ends)
    order = np.lexsort((b, a))
    aligned = [pairs.column(f"aligned_{side}").to_numpy() for side in "ab"]
    own, other = np.where(swapped, aligned[::-1], aligned)
    odds = np.clip(pairs.column("same_story_odds").to_numpy(), -CLIP, CLIP)
    resemblance = pairs.column("resemblance").to_numpy()
    return _Pairs(a[order], b[order], (own[order], other[order]), resemblance[order], odds[order])


def _by_place(pairs: _Pairs, n_docs: int, measure: Measure) -> NDArray[np.int64]:
    """Group documents as `cluster` does; a document's number is its place."""
    a, b, odds = pairs.a, pairs.b, pairs.odds
    leaders = _leaders(a, b, pairs.resemblance, odds, n_docs)
    parts = _Parts(a, b, pairs.aligned, odds, leaders)
    # What parts of one text share, a sentence at the cut, does not speak against them either.
    against = np.flatnonzero(odds < 0)
    odds[against[parts.of_one_text(a[against], b[against])]] = 0
    a, b, weights = _between_leaders(leaders[a], leaders[b], odds)
    stories = np.arange(n_docs)
    order, bounds = _components(a, b, weights, n_docs)
    # Two documents that no other is near are joined: most stories are of two.
    of_two = order[bounds[:-1][np.diff(bounds) == 1]]
    stories[b[of_two]] = a[of_two]
    larger = np.flatnonzero(np.diff(bounds) > 1)
    for start in range(0, len(larger), _AT_ONCE):
        some = [order[bounds[i] : bounds[i + 1]] for i in larger[start : start + _AT_ONCE].tolist()]
        contractions = [_contract(one, a, b, weights, stories) for one in some]
        _contract_all(contractions, parts.but_parts(measure))
    return stories[leaders]


def _contract_all(contractions: Sequence[_Contraction], measure: Measure) -> None:
    """Go through contractions together, so that what they ask next is measured in one call.

    Components share no document: what one is told is nothing to the others.
    """
    waiting = [(one, rows) for one in contractions if (rows := next(one, None)) is not None]
    while waiting:
        a, b = np.concatenate([rows for _, rows in waiting]).T
        ends = np.cumsum([len(rows) for _, rows in waiting])
        told = np.split(measure(a, b), ends[:-1])
        asked = [(one, _sent(one, odds)) for (one, _), odds in zip(waiting, told, strict=True)]
        waiting = [(one, rows) for one, rows in asked if rows is not None]


def _sent(contraction: _Contraction, odds: NDArray[np.float64]) -> NDArray[np.int64] | None:
    """Tell a contraction what it asked; returns what it asks next, None at its end."""
    try:
        return contraction.send(odds)
    except StopIteration:
        return None


def _leaders(
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    resemblance: NDArray[np.float64],
    odds: NDArray[np.float64],
    n_docs: int,
) -> NDArray[np.int64]:
    """Bind near-equal texts to one of them, which then speaks for all; int64 (n_docs,).

    Each follower, or a text equal to it, was itself compared with its leader, and the
    Jaccard distance obeys the triangle inequality: two followers share at least
    1 - 2 * (1 - NEAR_EQUAL) of their shingles. No chain can form.
    """
    leaders = list(range(n_docs))
    near = np.flatnonzero((resemblance >= NEAR_EQUAL) & (odds > 0))
    # No model is so sure: these are equal.
    equal = odds[near] >= CLIP
    for x, y, is_equal in zip(a[near].tolist(), b[near].tolist(), equal.tolist(), strict=True):
        if leaders[y] == y and (leaders[x] == x or is_equal):
            leaders[y] = leaders[x]
    return np.array(leaders, np.int64)


class _Parts:
    """Which documents stand whole in which others.

    Args:
        a, b: int64 (P,), the pairs.
        aligned: float32 (P,), the share of each side's words that the other holds.
        odds: log-odds of same_story, float64 (P,).
        leaders: who speaks for each document, int64 (D,).
    """

    def __init__(
        self,
        a: NDArray[np.int64],
        b: NDArray[np.int64],
        aligned: Sequence[NDArray[np.float32]],
        odds: NDArray[np.float64],
        leaders: NDArray[np.int64],
    ) -> None:
        places = [
            np.flatnonzero((odds > 0) & (part >= _WHOLE) & (page < _WHOLE) & (page >= _LEAST_PART))
            for part, page in (aligned, aligned[::-1])
        ]
        held = np.concatenate([a[places[0]], b[places[1]]])
        holding = leaders[np.concatenate([b[places[0]], a[places[1]]])]
        # A text holds itself: its part and it are parts of one.
        held, holding = np.append(held, holding), np.append(holding, holding)
        self._packed = np.unique(pack(held, holding))

    def of_one_text(self, a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Say which pairs of documents some text holds both of, bool (P,)."""
        starts, ends = (
            np.searchsorted(self._packed, pack(row, np.zeros_like(a))) for row in (a, a + 1)
        )
        n_holders = ends - starts
        pair = np.repeat(np.arange(len(a)), n_holders)
        _, holder = unpack(self._packed[ranges_of(starts, n_holders)])
        found = np.zeros(len(a), np.bool_)
        if len(pair):
            # Few are asked, often: what they may be is sorted once.
            keys = pack(b[pair], holder)
            near = np.searchsorted(self._packed, keys).clip(max=len(self._packed) - 1)
            found[pair[self._packed[near] == keys]] = True
        return found

    def but_parts(self, measure: Measure) -> Measure:
        """Measure no pair of parts of one text: their log-odds are 0."""

        def measured(a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.float64]:
            odds = np.zeros(len(a))
            asked = np.flatnonzero(~self.of_one_text(a, b))
            if len(asked):
                odds[asked] = measure(a[asked], b[asked])
            return odds

        return measured


def _between_leaders(
    a: NDArray[np.int64], b: NDArray[np.int64], odds: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Average the log-odds of all pairs of two leaders; returns a < b and integer weights."""
    low, high = np.minimum(a, b), np.maximum(a, b)
    apart = low != high
    keys = pack(low[apart], high[apart])
    units = np.rint(odds[apart] * UNIT).astype(np.int64)
    distinct, inverse = np.unique(keys, return_inverse=True)
    sums = np.zeros(len(distinct), np.int64)
    np.add.at(sums, inverse, units)
    weights = sums // np.maximum(np.bincount(inverse, minlength=len(distinct)), 1)
    return (*unpack(distinct), weights)


def _components(
    a: NDArray[np.int64], b: NDArray[np.int64], weights: NDArray[np.int64], n_docs: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the places of all pairs within a group that positive pairs connect.

    Places, int64 (N,), group after group, and the bounds of the groups.
    """
    from dedupe.kernels.components import merge_groups

    joins = weights > 0
    labels = np.arange(n_docs)
    merge_groups(a[joins], b[joins], labels)
    inside = np.flatnonzero(labels[a] == labels[b])
    order = inside[np.argsort(labels[a[inside]], kind="stable")]
    return order, np.append(group_starts(labels[a[order]]), len(order))


def _contract(
    component: NDArray[np.int64],
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    weights: NDArray[np.int64],
    stories: NDArray[np.int64],
) -> _Contraction:
    """Contract the pairs of one component; writes the stories of its documents.

    Yields rows a < b, int64 (N, 2), and is sent their log-odds.
    """
    groups = _Groups()
    columns = (column[component].tolist() for column in (a, b, weights))
    for x, y, weight in zip(*columns, strict=True):
        groups.add_pair(x, y, weight)
    queue = [(-weight, x, y) for x, y, weight in groups.joining_pairs()]
    heapq.heapify(queue)
    while queue:
        negative, x, y = heapq.heappop(queue)
        if groups.weight(x, y) != -negative:
            continue
        missing = groups.missing_between(x, y)
        if missing is not None:
            groups.add_measured(x, y, missing, (yield missing))
            weight = groups.weight(x, y)
            if weight > 0:
                heapq.heappush(queue, (-weight, x, y))
            continue
        for near, weight in groups.join(x, y):
            if weight > 0:
                heapq.heappush(queue, (-weight, min(x, near), max(x, near)))
    for name, members in groups.members.items():
        stories[members] = name


class _Groups:
    """Groups of documents, rising, named by their smallest row, and the weights between them."""

    def __init__(self) -> None:
        self.members: dict[int, list[int]] = {}
        self._weights: dict[int, dict[int, int]] = {}
        self._known: dict[int, dict[int, int]] = {}
        self._measured: set[tuple[int, int]] = set()
        self._done: set[tuple[int, int, int, int]] = set()

    def add_pair(self, x: int, y: int, weight: int) -> None:
        """Add a measured pair of single documents x < y."""
        self._measured.add((x, y))
        for one, other in ((x, y), (y, x)):
            self.members.setdefault(one, [one])
            self._weights.setdefault(one, {})[other] = weight
            self._known.setdefault(one, {})[other] = 1

    def joining_pairs(self) -> list[tuple[int, int, int]]:
        """List the pairs of groups x < y with a positive weight."""
        return [
            (x, y, weight)
            for x, near in self._weights.items()
            for y, weight in near.items()
            if x < y and weight > 0
        ]

    def weight(self, x: int, y: int) -> int:
        """Return the summed weight between two groups; 0 when none is known."""
        return self._weights.get(x, {}).get(y, 0)

    def missing_between(self, x: int, y: int) -> NDArray[np.int64] | None:
        """Return some pairs between two groups that were not measured, a < b, int64 (N, 2).

        None where all were, or these have been asked for, or what is known is enough.
        """
        sizes = len(self.members[x]), len(self.members[y])
        stage = (x, y, *sizes)
        if self._known[x][y] >= sizes[0] * sizes[1] or stage in self._done or self._is_sure(x, y):
            return None
        self._done.add(stage)
        left, right = _spread(self.members[x]), _spread(self.members[y])
        pairs = {(min(i, j), max(i, j)) for i in left for j in right} - self._measured
        return np.array(sorted(pairs), np.int64) if pairs else None

    def add_measured(
        self, x: int, y: int, pairs: NDArray[np.int64], odds: NDArray[np.float64]
    ) -> None:
        """Add the log-odds of some pairs: they stand for all that were missing."""
        n_missing = len(self.members[x]) * len(self.members[y]) - self._known[x][y]
        units = np.rint(np.clip(odds, -CLIP, CLIP) * UNIT).astype(np.int64)
        weight = int(units.sum()) * n_missing // len(units)
        for one, other in ((x, y), (y, x)):
            self._weights[one][other] += weight
            self._known[one][other] += n_missing
        self._measured.update((a, b) for a, b in pairs.tolist())

    def _is_sure(self, x: int, y: int) -> bool:
        """Say whether one text is known to be the same as many members of the other group.

        Its pairs are with as many different members as `_spread` would choose: a
        story of twenty thousand copies grows without a further look at each.
        """
        single = min(len(self.members[x]), len(self.members[y])) == 1
        n_known = self._known[x][y]
        return single and n_known >= _SIDE and self.weight(x, y) >= _SURE * n_known

    def join(self, x: int, y: int) -> list[tuple[int, int]]:
        """Merge y into x (x < y); returns the groups whose weight with x this changes, and it."""
        for row in self.members.pop(y):
            insort(self.members[x], row)
        changed = [near for near in self._weights[y] if near != x]
        for table in (self._weights, self._known):
            gone = table.pop(y)
            del table[x][y]
            gone.pop(x)
            for near, value in gone.items():
                del table[near][y]
                table[x][near] = table[near][x] = table[x].get(near, 0) + value
        return [(near, self._weights[x][near]) for near in changed]


def _spread(members: list[int]) -> list[int]:
    """Choose up to four members, rising, spread evenly over a group: sixteen pairs at most."""
    if len(members) <= _SIDE:
        return members
    return [members[i * (len(members) - 1) // (_SIDE - 1)] for i in range(_SIDE)]
