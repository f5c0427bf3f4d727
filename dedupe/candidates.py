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

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dedupe.crowds import thin_crowds
from dedupe.equals import equal_hashes
from dedupe.ragged import group_starts, running_total
from dedupe.runs import PairRuns, ranges
from dedupe.screening import Weights, compare_sketches, enough, join, likely, pack, unpack
from dedupe.spill import MEMORY

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from dedupe.equals import EqualHashes
    from dedupe.runs import Run
    from dedupe.settings import Settings
    from dedupe.sketch import Sketches
    from dedupe.spill import Spill
    from dedupe.stages import OnProgress

# Slots by which a large bucket is split, one after another: a bound on work.
_MAX_SPLITS = 8
# Bands whose keys are in memory together, 8 bytes each: 48 for each document.
_BANDS_AT_ONCE = 6
# Documents of one call of a kernel, so that threads share the work: 4 MB of signatures.
_KEYS_STEP = 8192
# Pairs of both nets joined and screened together: bounds what stands in memory between the two.
_SCREENED_AT_ONCE = 2_000_000
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
        n_found        pairs whose sketches were compared: of bands, and of enough rare shingles
        n_capped       buckets above the cap, by net
    """

    a: NDArray[np.int64]
    b: NDArray[np.int64]
    nets: NDArray[np.uint8]
    shared_weight: NDArray[np.float32]
    n_found: int
    n_capped: dict[str, int]


class RareNet(NamedTuple):
    """What shares rare shingles.

    Attributes:
        runs: pairs, packed, as sorted runs, and how many shingles each shares.
        n_capped: shingles above the cap.
        priority: a hash of each document's content, uint64 (D,).
    """

    runs: tuple[Run, ...]
    n_capped: int
    priority: NDArray[np.uint64]


def find_candidates(
    sketches: Sketches,
    weights: Weights,
    settings: Settings,
    on_progress: OnProgress | None = None,
    is_new: NDArray[np.bool_] | None = None,
    spill: Spill = MEMORY,
    rare: RareNet | None = None,
) -> Candidates:
    """Find the pairs that share a band or a rare shingle, and screen them.

    With `is_new`, bool (D,), pairs of two documents that are not are left out.
    """
    representative = representatives(sketches)
    distinct = (representative == np.arange(len(representative))) & (sketches.n_words > 0)
    rare = rare or _rare_net(sketches, settings, spill)
    banded, capped_bands = _band_pairs(
        sketches, np.flatnonzero(distinct), rare.priority, settings, on_progress, spill
    )
    (packed, nets, share, equal_slots), n_found = _screened(
        banded, PairRuns(spill, rare.runs), sketches, weights, settings, is_new, spill
    )
    kept = np.flatnonzero(thin_crowds(packed, equal_slots, settings.n_slots, rare.priority))
    return _with_copies(
        packed[kept], nets[kept], share[kept], representative, n_found,
        {"bands": capped_bands, "rare": rare.n_capped}, is_new, spill,
    )  # fmt: skip


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


def weigh(sketches: Sketches, n_threads: int = 0) -> Weights:
    """Weigh each sampled shingle by its frequency in these documents, equal texts counted once."""
    weights, weigh_part = _by_frequency(sketches)
    for _ in equal_hashes(sketches.sampled, sketches.offsets).each(weigh_part, n_threads):
        pass
    return _with_totals(sketches, weights)


def weigh_and_pair(
    sketches: Sketches, settings: Settings, spill: Spill = MEMORY
) -> tuple[Weights, RareNet]:
    """Weigh each sampled shingle as `weigh` does, and pair the documents that share rare ones.

    Both look at equal shingles together, which are sorted once for the two.
    """
    weights, weigh_part = _by_frequency(sketches)
    net = _rare_net(sketches, settings, spill, weigh_part)
    return _with_totals(sketches, weights, spill), net


def weighted(sketches: Sketches, frequency: NDArray[np.int64], n_docs: int) -> Weights:
    """Weigh sampled shingles whose document frequency, int64 (R,), is known.

    Args:
        sketches: whose shingles.
        frequency: of each.
        n_docs: among how many documents it was counted.
    """
    weights = np.log1p(max(n_docs, 1) / np.maximum(frequency, 1)).astype(np.float32)
    return _with_totals(sketches, weights)


def _with_totals(
    sketches: Sketches, weights: NDArray[np.float32], spill: Spill = MEMORY
) -> Weights:
    from dedupe.kernels import grouping

    totals = np.empty(len(sketches.offsets) - 1, np.float64)
    grouping.fill_sums(weights, sketches.offsets, totals)
    # Memory held the weights while they were written all over.
    return Weights(sketches.sampled, sketches.offsets, spill.put(weights), totals)


def _by_frequency(
    sketches: Sketches,
) -> tuple[NDArray[np.float32], Callable[[EqualHashes], None]]:
    """Return weights to be written, float32 (R,), and what writes those of one partition."""
    from dedupe.kernels import grouping

    counted = first_of_text(sketches)
    n_docs = int(counted.sum())
    by_frequency = np.log1p(max(n_docs, 1) / np.maximum(np.arange(n_docs + 1), 1)).astype(
        np.float32
    )
    # Written all over: in a mapped file every partition would touch all of it.
    weights = np.empty(len(sketches.sampled), np.float32)

    def weigh_part(part: EqualHashes) -> None:
        grouping.fill_frequency_weights(*part, counted, by_frequency, weights)

    return weights, weigh_part


def first_of_text(sketches: Sketches) -> NDArray[np.bool_]:
    """Say which documents are the first of their text, bool (D,)."""
    return np.equal(representatives(sketches), np.arange(len(sketches.n_words)))


def representatives(sketches: Sketches) -> NDArray[np.int64]:
    """Map each document to the smallest row of equal folded text, int64 (D,).

    Texts without words stand for themselves.
    """
    keys = sketches.text_hashes
    order = np.argsort(keys, kind="stable")
    starts = group_starts(keys[order])
    chosen = np.empty(len(keys), np.int64)
    chosen[order] = np.repeat(order[starts], np.diff(starts, append=len(keys)))
    return np.where(sketches.n_words > 0, chosen, np.arange(len(keys)))


def _band_pairs(
    sketches: Sketches,
    rows: NDArray[np.int64],
    priority: NDArray[np.uint64],
    settings: Settings,
    on_progress: OnProgress | None,
    spill: Spill,
) -> tuple[PairRuns, int]:
    """Pair the documents that agree on all slots of a band; returns pairs, capped buckets."""
    from dedupe.kernels import pairs as kernels
    from dedupe.kernels._compile import for_ranges

    n_bands = settings.n_slots // settings.band_rows
    runs, n_capped = PairRuns(spill), 0
    steps = [*range(0, len(rows), _KEYS_STEP), len(rows)]
    for first in range(0, n_bands, _BANDS_AT_ONCE):
        keys = np.empty((min(_BANDS_AT_ONCE, n_bands - first), len(rows)), np.uint64)

        def fill(start: int, end: int, keys: NDArray[np.uint64] = keys, first: int = first) -> None:
            spill.look()
            kernels.fill_bands(
                sketches.signatures, rows, start, end, first, settings.band_rows, keys
            )

        def pair_up(
            band: int, _: int, keys: NDArray[np.uint64] = keys, first: int = first
        ) -> tuple[NDArray[np.uint64], int]:
            return _pairs_of_band(
                keys[band], first + band, sketches.signatures, rows, priority, settings
            )

        for_ranges(fill, steps, settings.threads)
        for pairs, capped in for_ranges(pair_up, range(len(keys) + 1), settings.threads):
            runs.add(pairs)
            n_capped += capped
        if on_progress:
            on_progress("candidates", first + len(keys), n_bands)
    return runs, n_capped


def _pairs_of_band(
    keys: NDArray[np.uint64],
    band: int,
    signatures: NDArray[np.uint32],
    rows: NDArray[np.int64],
    priority: NDArray[np.uint64],
    settings: Settings,
) -> tuple[NDArray[np.uint64], int]:
    each_alone = np.arange(len(keys) + 1)
    members, bounds = equal_hashes(keys, each_alone).buckets(np.ones(len(keys), np.bool_))
    members = rows[members]
    # A bucket above the cap is split by the slots after the band, wrapping around.
    slot = (band + 1) * settings.band_rows
    parts = []
    for step in range(min(settings.n_slots - settings.band_rows, _MAX_SPLITS)):
        large = np.diff(bounds) > settings.bucket_cap
        if not large.any():
            break
        is_large = np.repeat(large, np.diff(bounds))
        small = running_total(np.diff(bounds)[~large])
        parts.append(link(members[~is_large], small, priority, settings.bucket_cap)[0])
        members, bounds = _split(
            members[is_large],
            running_total(np.diff(bounds)[large]),
            signatures,
            (slot + step) % settings.n_slots,
        )
    pairs, n_capped = link(members, bounds, priority, settings.bucket_cap)
    return (np.concatenate([*parts, pairs]) if parts else pairs), n_capped


def _split(
    members: NDArray[np.int64],
    bounds: NDArray[np.int64],
    signatures: NDArray[np.uint32],
    slot: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Split buckets by one more slot; members left alone drop out."""
    bucket = np.repeat(np.arange(len(bounds) - 1, dtype=np.uint64), np.diff(bounds))
    keys: NDArray[np.uint64] = (bucket << _SHIFT_32) | signatures[members, slot]
    order = np.argsort(keys)
    return group(keys[order], members[order])


def _rare_net(
    sketches: Sketches,
    settings: Settings,
    spill: Spill,
    also: Callable[[EqualHashes], None] | None = None,
) -> RareNet:
    """Pair the documents that share sampled shingles; `also` sees their partitions, too."""
    runs, n_capped = PairRuns(spill), 0
    # Who holds a shingle has words.
    distinct = first_of_text(sketches)
    priority = content_priority(sketches.signatures, settings.threads)

    def pair_up(part: EqualHashes) -> tuple[NDArray[np.uint64], int]:
        if also:
            also(part)
        return link(*part.buckets(distinct), priority, settings.rare_cap)

    equal = equal_hashes(sketches.sampled, sketches.offsets, spill)
    for pairs, capped in equal.each(pair_up, settings.threads):
        runs.add(pairs)
        n_capped += capped
    return RareNet(runs.finished(), n_capped, priority)


def group(
    keys: NDArray[np.uint64], members: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Cut sorted keys into buckets of equal ones; keys that stand once drop out.

    Returns members (R,), bucket after bucket, and bounds (n_buckets + 1,).
    """
    sizes = np.diff(np.r_[group_starts(keys), len(keys)])
    together = np.repeat(sizes > 1, sizes)
    return members[together], running_total(sizes[sizes > 1])


def link(
    members: NDArray[np.int64], bounds: NDArray[np.int64], priority: NDArray[np.uint64], cap: int
) -> tuple[NDArray[np.uint64], int]:
    """Pair the members of each bucket, large ones as stars.

    Returns packed pairs, sorted, once for each bucket they share; and the
    number of large buckets.
    """
    from dedupe.kernels import pairs as kernels
    from dedupe.kernels.sorting import sort_by_digits

    out = np.empty(kernels.count_linked(bounds, cap, N_HUBS), np.uint64)
    n_out = kernels.fill_linked(members, bounds, priority, cap, N_HUBS, out)
    packed = sort_by_digits(out[:n_out], np.empty(n_out, np.uint64), 0)
    return packed, int((np.diff(bounds) > cap).sum())


def content_priority(signatures: NDArray[np.uint32], n_threads: int = 0) -> NDArray[np.uint64]:
    """Rank documents (D,) by a hash of their content, so that no order of input matters."""
    from dedupe.kernels import pairs as kernels
    from dedupe.kernels._compile import for_ranges

    priority = np.empty((1, len(signatures)), np.uint64)
    rows = np.arange(len(signatures))

    def fill(start: int, end: int) -> None:
        kernels.fill_bands(signatures, rows, start, end, 0, signatures.shape[1], priority)

    for_ranges(fill, [*range(0, len(rows), _KEYS_STEP), len(rows)], n_threads)
    return np.asarray(priority[0])


def _with_copies(
    packed: NDArray[np.uint64],
    nets: NDArray[np.uint8],
    share: NDArray[np.float32],
    representative: NDArray[np.int64],
    n_found: int,
    n_capped: dict[str, int],
    is_new: NDArray[np.bool_] | None,
    spill: Spill,
) -> Candidates:
    """Add the pairs of equal texts, each with its representative."""
    copies = np.flatnonzero(representative != np.arange(len(representative)))
    linked = pack(representative[copies], copies)
    if is_new is not None:
        linked = linked[_has_new(linked, is_new)]
    packed = np.concatenate([packed, linked])
    order = np.argsort(packed, kind="stable")
    a, b = unpack(packed[order])
    nets = np.concatenate([nets, np.full(len(linked), EXACT, np.uint8)])[order]
    share = np.concatenate([share, np.ones((len(linked), 2), np.float32)])[order]
    a, b, nets, share = (spill.put(column) for column in (a, b, nets, share))
    return Candidates(a, b, nets, share, n_found, n_capped)
