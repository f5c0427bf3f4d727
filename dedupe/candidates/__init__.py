"""Stage 5: sketches in, candidate pairs out: two nets, joined.

signatures        ->  documents that agree on a band of slots  --+
                                                                 +-->  Candidates
sampled shingles  ->  documents that share rare ones  -----------+

equal_texts.py  sketches              -> which documents hold one text, which are measured for it
weights.py      sampled shingles      -> how much each tells
bands.py        signatures            -> pairs that agree on a band
rare.py         sampled shingles      -> pairs that share rare ones
buckets.py      documents of one key  -> pairs, large buckets as stars
runs.py         pairs found again and again -> each once, counted
screening.py    pairs, sketches       -> how much they share, which go on
crowds.py       pairs of near-copies  -> a few of each

The first net finds texts that resemble each other; the second finds an excerpt
in a longer piece, which resemblance cannot see. Equal texts enter the nets once:
they are linked to the first of them (m copies, m - 1 pairs), and two texts are
measured by what one outlet printed of both, or by the first of each. A bucket
above the cap is split by further slots, and what stays is tied to its few
documents of smallest hash: a template and a story of 20,000 copies both stay
linear, and the count of such buckets is reported. A crowd of near-copies keeps
a few pairs of each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dedupe.arrays.packed import pack, unpack
from dedupe.arrays.spill import MEMORY
from dedupe.candidates.bands import band_pairs
from dedupe.candidates.buckets import N_HUBS, content_priority
from dedupe.candidates.crowds import thin_crowds
from dedupe.candidates.equal_texts import Copies, names_its_text, representatives
from dedupe.candidates.rare import RareNet, rare_net
from dedupe.candidates.runs import PairRuns, ranges
from dedupe.candidates.screening import compare_sketches, enough, join, likely
from dedupe.candidates.weights import Weights, by_frequency, weigh, weighted, with_totals

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe.arrays.spill import Spill
    from dedupe.published import Published
    from dedupe.settings import Settings
    from dedupe.sketch import Sketches
    from dedupe.stages import OnProgress

__all__ = [
    "BANDS",
    "EXACT",
    "N_HUBS",
    "RARE",
    "Candidates",
    "RareNet",
    "Weights",
    "compare_sketches",
    "content_priority",
    "find_candidates",
    "names_its_text",
    "representatives",
    "weigh",
    "weigh_and_pair",
    "weighted",
]

# Pairs of both nets joined and screened together: bounds what stands in memory between the two.
_SCREENED_AT_ONCE = 2_000_000

BANDS, RARE, EXACT = 1, 2, 4
"""Bits of Candidates.nets: which net found a pair."""


class Candidates(NamedTuple):
    """Pairs worth a look, sorted by (a, b), each once, a < b.

    Shapes (P pairs)
        a, b           int64   (P,)  rows
        nets           uint8   (P,)  BANDS, RARE, EXACT, or several
        shared_weight  float32 (P, 2)  share of a's (of b's) sampled shingles found
                               in the other, weighted by inverse document frequency
        n_found        pairs whose sketches were compared: of bands, and of enough rare shingles
        n_capped       buckets above the cap, by net
    """

    a: NDArray[np.int64]
    b: NDArray[np.int64]
    nets: NDArray[np.uint8]
    shared_weight: NDArray[np.float32]
    n_found: int
    n_capped: dict[str, int]


def find_candidates(
    sketches: Sketches,
    weights: Weights,
    settings: Settings,
    on_progress: OnProgress | None = None,
    is_new: NDArray[np.bool_] | None = None,
    spill: Spill = MEMORY,
    rare: RareNet | None = None,
    published: Published | None = None,
) -> Candidates:
    """Find the pairs that share a band or a rare shingle, and screen them.

    With `is_new`, bool (D,), pairs of two documents that are not are left out. By whom and
    when documents were `published` tells which of equal texts are measured for others;
    without that, the first row of each is.
    """
    representative = representatives(sketches)
    distinct = (representative == np.arange(len(representative))) & (sketches.n_words > 0)
    rare = rare or rare_net(sketches, settings, spill)
    banded, capped_bands = band_pairs(
        sketches, np.flatnonzero(distinct), rare.priority, settings, on_progress, spill
    )
    has_new = None if is_new is None else _any_of_text(is_new, representative)
    (packed, nets, share, equal_slots), n_found = _screened(
        banded, PairRuns(spill, rare.runs), sketches, weights, settings, has_new, spill
    )
    kept = np.flatnonzero(thin_crowds(packed, equal_slots, settings.n_slots, rare.priority))
    return _with_copies(
        packed[kept], nets[kept], share[kept], Copies.of(representative, sketches, published),
        n_found,
        {"bands": capped_bands, "rare": rare.n_capped}, is_new, spill,
    )  # fmt: skip


def weigh_and_pair(
    sketches: Sketches, settings: Settings, spill: Spill = MEMORY
) -> tuple[Weights, RareNet]:
    """Weigh each sampled shingle as `weigh` does, and pair the documents that share rare ones.

    Both look at equal shingles together, which are sorted once for the two.
    """
    weights, weigh_part = by_frequency(sketches)
    net = rare_net(sketches, settings, spill, weigh_part)
    return with_totals(sketches, weights, spill), net


def _screened(
    banded: PairRuns,
    rare: PairRuns,
    sketches: Sketches,
    weights: Weights,
    settings: Settings,
    is_new: NDArray[np.bool_] | None,
    spill: Spill,
) -> tuple[tuple[NDArray[Any], ...], int]:
    """Join the pairs of both nets, range by range, and screen them.

    Returns those that may lie above the floor: packed uint64 (P,), nets uint8 (P,),
    shared weight float32 (P, 2), equal slots int32 (P,); and how many pairs there were.
    """
    columns = [spill.grow(kind) for kind in (np.uint64, np.uint8, np.float32, np.int32)]
    n_found = 0
    for low, high in ranges((banded, rare), _SCREENED_AT_ONCE):
        alone = enough(*rare.between(low, high), weights, settings.containment_floor)
        packed, nets = join((banded.between(low, high)[0], alone), (BANDS, RARE))
        if is_new is not None:
            either = _has_new(packed, is_new)
            packed, nets = packed[either], nets[either]
        n_found += len(packed)
        shared, share, equal_slots = compare_sketches(packed, sketches, weights, settings, spill)
        kept = likely(packed, shared, equal_slots, weights, settings)
        parts: tuple[NDArray[Any], ...] = packed, nets, share, equal_slots
        for column, part in zip(columns, parts, strict=True):
            column.add(part[kept].ravel())
    packed, nets, share, equal_slots = (column.whole() for column in columns)
    return (packed, nets, share.reshape(-1, 2), equal_slots), n_found


def _has_new(packed: NDArray[np.uint64], is_new: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Say of which packed pairs a side is new, bool (P,)."""
    a, b = unpack(packed)
    return np.asarray(is_new[a] | is_new[b])


def _any_of_text(is_new: NDArray[np.bool_], representative: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Say which rows name a text that any new document holds, bool (D,)."""
    has_new = np.zeros_like(is_new)
    has_new[representative[is_new]] = True
    return has_new


def _with_copies(
    packed: NDArray[np.uint64],
    nets: NDArray[np.uint8],
    share: NDArray[np.float32],
    copies: Copies,
    n_found: int,
    n_capped: dict[str, int],
    is_new: NDArray[np.bool_] | None,
    spill: Spill,
) -> Candidates:
    """Choose the documents of each pair of texts, and add the pairs of equal texts."""
    place, *texts = copies.pairs_of(*unpack(packed))
    nets, share = nets[place], share[place]
    share[texts[0] > texts[1]] = share[texts[0] > texts[1], ::-1]
    first, copy = copies.with_first()
    ends = (np.concatenate(side) for side in zip(texts, (first, copy), strict=True))
    packed = pack(*_rising(*ends))
    nets = np.concatenate([nets, np.full(len(copy), EXACT, np.uint8)])
    share = np.concatenate([share, np.ones((len(copy), 2), np.float32)])
    order = np.argsort(packed, kind="stable")
    if is_new is not None:
        order = order[_has_new(packed[order], is_new)]
    a, b = unpack(packed[order])
    a, b, nets, share = (spill.put(column) for column in (a, b, nets[order], share[order]))
    return Candidates(a, b, nets, share, n_found, n_capped)


def _rising(
    one: NDArray[np.int64], other: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    return np.minimum(one, other), np.maximum(one, other)
