"""A story and its origin in; what would be named without each kind of evidence, out.

    Inference, Model     ->  left_out()        chances without each of the strongest kinds
    NamedOrigin, chances   ->  counterfactual()  "without the clocks: .81 -> .77"

The same sum over all trees is taken again with one kind of evidence left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from dedupe.attribute.inference import Inference
    from dedupe.attribute.origin import NamedOrigin
    from dedupe.kernels.graphs import Model, Weighing

    LeftOut: TypeAlias = dict[int, list[tuple[int, float, float, int, int, bool]]]

# The sum is cubic: of more works, one kind of evidence rarely decides.
_MOST_WORKS = 60
# The strongest ones: for each, all is summed anew.
_MOST_KINDS = 3
# A smaller change of a chance is none in hundredths.
_LEAST_CHANGE = 0.005


def left_out(
    inference: Inference, why: Weighing, written: NDArray[np.int64], model: Model
) -> LeftOut:
    """Judge stories again without each of their strongest kinds of evidence.

    Where a reader decided, none was needed.

    Args:
        inference: the stories.
        why: their evidence.
        written: those that get a row, rising.
        model: the chances of these, with all evidence.

    Returns:
        By story: the kind, as a place in GROUPS; the chance of the origin that was
        named, before and after; who is then the likeliest, a work or an absent
        source; and whether it stands clear of the next.
    """
    from dedupe.kernels.sums import fill_kinds

    graphs = inference.graphs
    asked = inference.origins.told[written] & (graphs.decided[written] < 0)
    places = np.flatnonzero(asked & (graphs.n_works[written] <= _MOST_WORKS))
    chosen = written[places]
    kinds = np.full((len(chosen), _MOST_KINDS), -1)
    inference.in_ranges(
        len(chosen), lambda first, last: fill_kinds(why, chosen, first, last, kinds)
    )
    each, n = np.nonzero(kinds >= 0)
    kind = kinds[each, n]
    less = inference.model(why, chosen[each], kind)
    n_left = _n_left(why, chosen[each], kind)
    found: LeftOut = {}
    rows = zip(
        chosen[each].tolist(), kind.tolist(), n_left.tolist(),
        _chances(inference, model, written, places[each]),
        _chances(inference, less, chosen[each], np.arange(len(each))), strict=True,
    )  # fmt: skip
    for s, one_kind, n_reasons, (before, *_), (after, work, name, clear) in rows:
        found.setdefault(s, []).append(
            (one_kind, before, after, work, name, clear and n_reasons > 0)
        )
    return found


def _n_left(
    why: Weighing, stories: NDArray[np.int64], kinds: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Count the reasons of each story that are not of one kind."""
    story = np.repeat(np.arange(len(why.offsets) - 1), np.diff(why.offsets))
    n_kinds = len(why.orders)
    of_kind = np.bincount(story * n_kinds + why.kind, minlength=n_kinds * len(why.offsets))
    n_all: NDArray[np.int64] = np.diff(why.offsets)[stories]
    return np.asarray(n_all - of_kind[stories * n_kinds + kinds])


def _chances(
    inference: Inference, model: Model, stories: NDArray[np.int64], places: NDArray[np.int64]
) -> Iterable[tuple[float, int, int, bool]]:
    """Return the chance of the origin that was named, the likeliest, and if it stands clear."""
    from dedupe.kernels.candidate_origins import fill_rivals

    graphs, chosen = inference.graphs, stories[places]
    member = inference.origins.member[chosen, 0]
    its_work = np.where(member >= 0, graphs.work[member], -1)
    named = np.stack([its_work, inference.origins.name[chosen, 0]], axis=1)
    chance, clear = np.empty(len(places)), np.empty(len(places), np.bool_)
    likeliest = np.empty((len(places), 2), np.int64)
    fill_rivals(
        model.origin, model.origin_offsets[places], graphs.n_works[chosen],
        model.n_absent[places], model.absent[places], named, chance, likeliest, clear,
    )  # fmt: skip
    return zip(chance.tolist(), *likeliest.T.tolist(), clear.tolist(), strict=True)


def counterfactual(
    named: NamedOrigin, kind: str, before: float, after: float, origin: str | None
) -> dict[str, Any] | None:
    """Return what leaving out one kind of evidence changes; None where that is little.

    Args:
        named: by all evidence.
        kind: a group of SIGNALS.
        before: chance of the origin that was named, as the sums have it.
        after: the same without this kind.
        origin: who would be named; None where none would.

    Returns:
        `without` (the kind), `probability` of the origin that was named, and `origin`.
    """
    if abs(after - before) < _LEAST_CHANGE and origin == named.origin["name"]:
        return None
    stated = float(named.origin["probability"])
    probability = round(min(1.0, after * stated / before), 4) if before else 0.0
    return {"without": kind, "probability": probability, "origin": origin}
