"""Sketches in, candidate pairs out: two nets, joined.

signatures        ->  documents that agree on a band of slots  --+
                                                                 +-->  Candidates
sampled shingles  ->  documents that share rare ones  -----------+

The first net finds texts that resemble each other; the second finds an excerpt
in a longer piece, which resemblance cannot see. Equal texts are linked to one
of them beforehand (m copies, m - 1 pairs) and enter the nets once. A bucket
above the cap is split by further slots, and what stays is tied to its few
documents of smallest hash: a template and a story of 20,000 copies both stay
linear, and the count of such buckets is reported. A crowd of near-copies keeps
a few pairs of each (crowds.py).

Source  banding: Indyk and Motwani 1998, Broder 1997; rare shared phrases:
Heintze 1996, Smith, Cordell and Dillon 2013.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe.crowds import thin_crowds
from dedupe.ragged import batch_bounds, running_total

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from dedupe.comparison import Background
    from dedupe.settings import Settings
    from dedupe.sketch import Sketches

_MAX_SPLITS = 8
_SCREEN_STEP = 50_000
_BANDS_AT_ONCE = 6
_PAIRS_AT_ONCE = 8_000_000
_LOW_32 = np.uint64(0xFFFFFFFF)
_SHIFT_32 = np.uint64(32)

N_HUBS = 3
"""Documents of smallest hash that the others of a large bucket are linked to."""

BANDS, RARE, EXACT = 1, 2, 4
"""Bits of Candidates.nets: which net found a pair."""


class Candidates(NamedTuple):
    """Pairs worth a look, sorted by (a, b), each once, a < b.

    Shapes (P pairs)
        a, b           int64   (P,)  rows
        nets           uint8   (P,)  BANDS, RARE, EXACT, or several
        shared_weight  float32 (P, 2)  share of a's (of b's) sampled shingles found
                               in the other, weighted by inverse document frequency
        n_found        pairs that the nets found before the screen
        n_capped       buckets above the cap, by net
    """

    a: NDArray[np.int64]
    b: NDArray[np.int64]
    nets: NDArray[np.uint8]
    shared_weight: NDArray[np.float32]
    n_found: int
    n_capped: dict[str, int]


class Weights(NamedTuple):
    """Sampled shingles of the documents, weighted by how few documents hold each.

    Shapes (D documents, R sampled shingles)
        hashes   uint64  (R,)    rising within each document
        offsets  int64   (D+1,)
        weights  float32 (R,)    log(1 + documents / documents that hold it)
        totals   float64 (D,)    sum over each document
        holders  int64   (R,)    the document of each
        order    int64   (R,)    places of hashes, by rising hash
    """

    hashes: NDArray[np.uint64]
    offsets: NDArray[np.int64]
    weights: NDArray[np.float32]
    totals: NDArray[np.float64]
    holders: NDArray[np.int64]
    order: NDArray[np.int64]

    def without_order(self) -> Weights:
        """Return what comparing pairs needs: the other columns are the larger half."""
        nothing = np.zeros(0, np.int64)
        return self._replace(holders=nothing, order=nothing)


def find_candidates(
    sketches: Sketches,
    weights: Weights,
    settings: Settings,
    on_progress: Callable[[str, int, int], None] | None = None,
    is_new: NDArray[np.bool_] | None = None,
) -> Candidates:
    """Find the pairs that share a band or a rare shingle, and screen them.

    With `is_new`, bool (D,), pairs of two documents that are not are left out.
    """
    representative = representatives(sketches)
    distinct = (representative == np.arange(len(representative))) & (sketches.n_words > 0)
    priority = _priority(sketches.signatures)
    rows = np.flatnonzero(distinct)
    banded, capped_bands = _band_pairs(sketches, rows, priority, settings, on_progress)
    rare, capped_rare = _rare_pairs(weights, distinct, priority, settings)
    if is_new is not None:
        banded, rare = (_with_new(packed, is_new) for packed in (banded, rare))
    packed, nets = _join(banded, rare)
    shared, share, equal_slots = compare_sketches(packed, sketches, weights, settings)
    kept = _screen(packed, shared, equal_slots, weights, settings)
    wanted = thin_crowds(*unpack(packed[kept]), equal_slots[kept], settings.n_slots, priority)
    kept = kept[wanted]
    return _with_copies(
        packed[kept], nets[kept], share[kept], representative, len(packed),
        {"bands": capped_bands, "rare": capped_rare}, is_new,
    )  # fmt: skip


def _with_new(packed: NDArray[np.uint64], is_new: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Return the packed pairs of which a side is new."""
    a, b = unpack(packed)
    return packed[is_new[a] | is_new[b]]


def weigh(sketches: Sketches, background: Background | None = None) -> Weights:
    """Weigh each sampled shingle by its document frequency.

    It is counted in `background`, or else in these documents, equal texts once.
    """
    counted = first_of_text(sketches)
    holders = np.repeat(np.arange(len(counted)), np.diff(sketches.offsets))
    order = np.argsort(sketches.sampled)
    if background is None:
        starts = _group_starts(sketches.sampled[order])
        sizes = np.diff(np.r_[starts, len(order)])
        sums = running_total(counted[holders[order]].astype(np.int64))
        frequency = np.empty(len(order), np.int64)
        frequency[order] = np.repeat(sums[starts + sizes] - sums[starts], sizes)
        n_docs = int(counted.sum())
    else:
        frequency = background.of_shingles(sketches.sampled)
        n_docs = background.n_docs
    weights = np.log1p(max(n_docs, 1) / np.maximum(frequency, 1)).astype(np.float32)
    totals = np.bincount(holders, weights, len(counted)).astype(np.float64)
    return Weights(sketches.sampled, sketches.offsets, weights, totals, holders, order)


def first_of_text(sketches: Sketches) -> NDArray[np.bool_]:
    """Say which documents are the first of their text, bool (D,)."""
    return np.equal(representatives(sketches), np.arange(len(sketches.n_words)))


def representatives(sketches: Sketches) -> NDArray[np.int64]:
    """Map each document to the smallest row of equal folded text, int64 (D,).

    Texts without words stand for themselves.
    """
    keys = sketches.text_hashes
    order = np.argsort(keys, kind="stable")
    starts = _group_starts(keys[order])
    chosen = np.empty(len(keys), np.int64)
    chosen[order] = np.repeat(order[starts], np.diff(np.r_[starts, len(keys)]))
    return np.where(sketches.n_words > 0, chosen, np.arange(len(keys)))


def _band_pairs(
    sketches: Sketches,
    rows: NDArray[np.int64],
    priority: NDArray[np.uint64],
    settings: Settings,
    on_progress: Callable[[str, int, int], None] | None,
) -> tuple[NDArray[np.uint64], int]:
    """Pair the documents that agree on all slots of a band; returns pairs, capped buckets."""
    from dedupe.kernels._compile import for_ranges

    signatures = sketches.signatures[rows]
    n_bands = settings.n_slots // settings.band_rows

    def pair_up(band: int, _: int) -> tuple[NDArray[np.uint64], int]:
        answer = _pairs_of_band(signatures, band, priority[rows], settings)
        if on_progress:
            on_progress("candidates", band + 1, n_bands)
        return answer

    local = np.zeros(0, np.uint64)
    n_capped = 0
    # Near-copies stand in every band: repeats go before they pile up.
    for first in range(0, n_bands, _BANDS_AT_ONCE):
        bands = range(first, min(first + _BANDS_AT_ONCE, n_bands) + 1)
        parts = for_ranges(pair_up, bands, settings.threads)
        local = sorted_distinct(np.concatenate([local, *(pairs for pairs, _ in parts)]))
        n_capped += sum(capped for _, capped in parts)
    # Rows of `rows` rise, so order survives the renumbering.
    packed = (rows[local >> _SHIFT_32].astype(np.uint64) << _SHIFT_32) | rows[
        local & _LOW_32
    ].astype(np.uint64)
    return packed, n_capped


def _pairs_of_band(
    signatures: NDArray[np.uint32], band: int, priority: NDArray[np.uint64], settings: Settings
) -> tuple[NDArray[np.uint64], int]:
    from dedupe.kernels import pairs as kernels

    keys = np.empty(len(signatures), np.uint64)
    n_slots, n_rows = signatures.shape[1], settings.band_rows
    kernels.fill_band_keys(signatures, band * n_rows, n_rows, keys)
    order = np.argsort(keys)
    members, bounds = group(keys[order], order)
    # A bucket above the cap is split by the slots after the band, wrapping around.
    slot = (band + 1) * n_rows
    for step in range(settings.n_slots - n_rows):
        large = np.diff(bounds) > settings.bucket_cap
        if not large.any() or step >= _MAX_SPLITS:
            break
        members, bounds = _split(members, bounds, large, signatures[:, (slot + step) % n_slots])
    return link(members, bounds, priority, settings.bucket_cap)


def _split(
    members: NDArray[np.int64],
    bounds: NDArray[np.int64],
    large: NDArray[np.bool_],
    slot: NDArray[np.uint32],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Split the large buckets by one more slot; members left alone drop out."""
    bucket = np.repeat(np.arange(len(large)), np.diff(bounds))
    value = np.where(large[bucket], slot[members], np.uint32(0)).astype(np.uint64)
    keys = (bucket.astype(np.uint64) << _SHIFT_32) | value
    order = np.argsort(keys)
    return group(keys[order], members[order])


def _rare_pairs(
    weights: Weights,
    distinct: NDArray[np.bool_],
    priority: NDArray[np.uint64],
    settings: Settings,
) -> tuple[NDArray[np.uint64], int]:
    """Pair the documents that share sampled shingles; returns packed pairs, capped shingles.

    Pairs stay when the rare shingles alone make half of what the floor asks.
    """
    order = weights.order[distinct[weights.holders[weights.order]]]
    members, bounds = group(weights.hashes[order], weights.holders[order])
    packed, counts = np.zeros(0, np.uint64), np.zeros(0, np.int64)
    n_capped = 0
    sizes = np.diff(bounds)
    # Near-copies share every shingle: pairs are counted before they pile up.
    for first, last in pairwise(
        batch_bounds(sizes * np.minimum(sizes, settings.rare_cap), _PAIRS_AT_ONCE)
    ):
        part = members[bounds[first] : bounds[last]]
        linked, capped = link(
            part, bounds[first : last + 1] - bounds[first], priority, settings.rare_cap
        )
        packed, counts = _counted(
            np.concatenate([packed, linked]),
            np.concatenate([counts, np.ones(len(linked), np.int64)]),
        )
        n_capped += capped
    enough = counts >= settings.containment_floor * _smaller(packed, weights) / 2
    return packed[enough], n_capped


def _counted(
    packed: NDArray[np.uint64], counts: NDArray[np.int64]
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Add up the counts of equal pairs; returns them sorted."""
    order = np.argsort(packed, kind="stable")
    starts = _group_starts(packed[order])
    if not len(starts):
        return packed, counts
    return packed[order][starts], np.add.reduceat(counts[order], starts)


def group(
    keys: NDArray[np.uint64], members: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Cut sorted keys into buckets of equal ones; keys that stand once drop out.

    Returns members (R,), bucket after bucket, and bounds (n_buckets + 1,).
    """
    sizes = np.diff(np.r_[_group_starts(keys), len(keys)])
    together = np.repeat(sizes > 1, sizes)
    return members[together], running_total(sizes[sizes > 1])


def sorted_distinct(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Sort and drop repeats: np.unique hashes, which is many times slower for these."""
    values = np.sort(values)
    return values[_group_starts(values)]


def _group_starts(keys: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return where each run of equal keys begins."""
    if not len(keys):
        return np.zeros(0, np.int64)
    return np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]])


def link(
    members: NDArray[np.int64], bounds: NDArray[np.int64], priority: NDArray[np.uint64], cap: int
) -> tuple[NDArray[np.uint64], int]:
    """Pair the members of each bucket, large ones as stars.

    Returns packed pairs, sorted, once for each bucket they share; and the
    number of large buckets.
    """
    from dedupe.kernels import pairs as kernels

    out = np.empty(kernels.count_linked(bounds, cap, N_HUBS), np.uint64)
    n_out = kernels.fill_linked(members, bounds, priority, cap, N_HUBS, out)
    return np.sort(out[:n_out]), int((np.diff(bounds) > cap).sum())


def _priority(signatures: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """Rank documents by a hash of their content, so that no order of input matters."""
    from dedupe.kernels import pairs as kernels

    priority = np.empty(len(signatures), np.uint64)
    kernels.fill_band_keys(signatures, 0, signatures.shape[1], priority)
    return priority


def _join(
    banded: NDArray[np.uint64], rare: NDArray[np.uint64]
) -> tuple[NDArray[np.uint64], NDArray[np.uint8]]:
    packed = sorted_distinct(np.concatenate([banded, rare]))
    nets = np.zeros(len(packed), np.uint8)
    nets[np.searchsorted(packed, banded)] |= BANDS
    nets[np.searchsorted(packed, rare)] |= RARE
    return packed, nets


def compare_sketches(
    packed: NDArray[np.uint64], sketches: Sketches, weights: Weights, settings: Settings
) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.int32]]:
    """Compare what was sketched of each packed pair (P,).

    Returns the sampled shingles shared int32 (P,), the weighted share of a's and
    of b's that they make float32 (P, 2), and the equal slots int32 (P,).
    """
    from dedupe.kernels import pairs as kernels
    from dedupe.kernels._compile import for_ranges

    shared = np.empty(len(packed), np.int32)
    shared_weight = np.empty(len(packed), np.float32)
    equal_slots = np.empty(len(packed), np.int32)

    def compare(first: int, last: int) -> None:
        kernels.fill_screened(
            packed, first, last, weights.hashes, weights.weights, weights.offsets,
            sketches.signatures, shared, shared_weight, equal_slots,
        )  # fmt: skip

    for_ranges(compare, [*range(0, len(packed), _SCREEN_STEP), len(packed)], settings.threads)
    totals = np.stack([weights.totals[side] for side in unpack(packed)], axis=1)
    share = shared_weight[:, None] / np.maximum(totals, 1e-9)
    return shared, share.astype(np.float32), equal_slots


def _screen(
    packed: NDArray[np.uint64],
    shared: NDArray[np.int32],
    equal_slots: NDArray[np.int32],
    weights: Weights,
    settings: Settings,
) -> NDArray[np.int64]:
    """Return the places of pairs that may lie above the containment floor."""
    likely = shared >= np.maximum(1, settings.containment_floor * _smaller(packed, weights))
    return np.flatnonzero(likely | (equal_slots >= settings.band_rows))


def _smaller(packed: NDArray[np.uint64], weights: Weights) -> NDArray[np.int64]:
    """Return the fewer sampled shingles of each packed pair, int64 (P,)."""
    n_sampled = np.diff(weights.offsets)
    a, b = unpack(packed)
    return np.minimum(n_sampled[a], n_sampled[b])


def _with_copies(
    packed: NDArray[np.uint64],
    nets: NDArray[np.uint8],
    share: NDArray[np.float32],
    representative: NDArray[np.int64],
    n_found: int,
    n_capped: dict[str, int],
    is_new: NDArray[np.bool_] | None,
) -> Candidates:
    """Add the pairs of equal texts, each with its representative."""
    copies = np.flatnonzero(representative != np.arange(len(representative)))
    linked = (representative[copies].astype(np.uint64) << _SHIFT_32) | copies.astype(np.uint64)
    if is_new is not None:
        linked = _with_new(linked, is_new)
    packed = np.concatenate([packed, linked])
    order = np.argsort(packed, kind="stable")
    a, b = unpack(packed[order])
    nets = np.concatenate([nets, np.full(len(linked), EXACT, np.uint8)])[order]
    share = np.concatenate([share, np.ones((len(linked), 2), np.float32)])[order]
    return Candidates(a, b, nets, share, n_found, n_capped)


def unpack(packed: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return rows a and b of packed pairs."""
    return (packed >> _SHIFT_32).astype(np.int64), (packed & _LOW_32).astype(np.int64)
