"""Sketches in, candidate pairs out: two nets, joined.

    signatures  ->  bands of slots, documents that agree on one   \\
                                                                   >-> Candidates
    sampled shingles -> documents that share rare ones            /

The first net finds texts that resemble each other; the second finds an excerpt
in a longer piece, which resemblance cannot see. Equal texts are linked to one
of them beforehand (m copies, m - 1 pairs) and enter the nets once. A bucket
above the cap is split by further slots, and what stays is tied to its few
documents of smallest hash: a template and a story of 20,000 copies both stay
linear, and the count of such buckets is reported.

Source  banding: Indyk and Motwani 1998, Broder 1997; rare shared phrases:
Heintze 1996, Smith, Cordell and Dillon 2013.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe.shingle import running_total

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from dedupe.settings import Settings
    from dedupe.sketch import Sketches

_N_HUBS = 3
_LOW_32 = np.uint64(0xFFFFFFFF)
_SHIFT_32 = np.uint64(32)

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


def find_candidates(
    sketches: Sketches,
    settings: Settings,
    on_progress: Callable[[str, int, int], None] | None = None,
) -> Candidates:
    """Find the pairs that share a band or a rare shingle, and screen them."""
    representative = representatives(sketches)
    rows = np.flatnonzero((representative == np.arange(len(representative))) & (sketches.n_words > 0))
    hashes, holders, frequency = _rare_rows(sketches, rows)
    banded, capped_bands = _band_pairs(sketches, rows, settings, on_progress)
    rare, capped_rare = _rare_pairs(hashes, holders, frequency, sketches, settings)
    packed, nets = _join(banded, rare)
    weights = np.log(len(rows) / frequency + 1).astype(np.float32)
    kept, share = _screen(packed, nets, sketches, hashes, holders, weights, settings)
    return _with_copies(
        packed[kept], nets[kept], share, representative, len(packed),
        {"bands": capped_bands, "rare": capped_rare},
    )  # fmt: skip


def representatives(sketches: Sketches) -> NDArray[np.int64]:
    """Map each document to the smallest row of equal folded text, int64 (D,).

    Texts without words stand for themselves.
    """
    keys = sketches.text_hashes
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    chosen = first[inverse]
    return np.where(sketches.n_words > 0, chosen, np.arange(len(keys)))


def _band_pairs(
    sketches: Sketches,
    rows: NDArray[np.int64],
    settings: Settings,
    on_progress: Callable[[str, int, int], None] | None,
) -> tuple[NDArray[np.uint64], int]:
    """Pair the documents that agree on all slots of a band; returns packed pairs, capped buckets."""
    from dedupe.kernels._compile import for_ranges

    signatures = sketches.signatures[rows]
    n_bands = settings.n_slots // settings.band_rows

    def pair_up(band: int, _: int) -> tuple[NDArray[np.uint64], int]:
        answer = _pairs_of_band(signatures, band, settings)
        if on_progress:
            on_progress("candidates", band + 1, n_bands)
        return answer

    parts = for_ranges(pair_up, range(n_bands + 1), settings.threads)
    local = np.unique(np.concatenate([pairs for pairs, _ in parts]))
    # Rows of `rows` rise, so order survives the renumbering.
    packed = (rows[local >> _SHIFT_32].astype(np.uint64) << _SHIFT_32) | rows[
        local & _LOW_32
    ].astype(np.uint64)
    return packed, sum(capped for _, capped in parts)


def _pairs_of_band(
    signatures: NDArray[np.uint32], band: int, settings: Settings
) -> tuple[NDArray[np.uint64], int]:
    from dedupe.kernels import pairs as kernels

    keys = np.empty(len(signatures), np.uint64)
    n_slots, n_rows = signatures.shape[1], settings.band_rows
    kernels.fill_band_keys(signatures, band * n_rows, n_rows, keys)
    members, bounds = group(keys, np.arange(len(keys)))
    # A bucket above the cap is split by the slots after the band, wrapping around.
    slot = (band + 1) * n_rows
    for step in range(settings.n_slots - n_rows):
        large = np.diff(bounds) > settings.bucket_cap
        if not large.any() or step >= _MAX_SPLITS:
            break
        members, bounds = _split(members, bounds, large, signatures[:, (slot + step) % n_slots])
    priority = _priority(signatures)
    return link(members, bounds, priority, settings.bucket_cap)


_MAX_SPLITS = 8


def _split(
    members: NDArray[np.int64],
    bounds: NDArray[np.int64],
    large: NDArray[np.bool_],
    slot: NDArray[np.uint32],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Split the large buckets by one more slot; members left alone drop out."""
    bucket = np.repeat(np.arange(len(large)), np.diff(bounds))
    value = np.where(large[bucket], slot[members], np.uint32(0)).astype(np.uint64)
    return group((bucket.astype(np.uint64) << _SHIFT_32) | value, members)


def _rare_rows(
    sketches: Sketches, rows: NDArray[np.int64]
) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int64]]:
    """Return sampled shingles, the document of each, and in how many documents each stands.

    Rows are in the order of the documents, shingles rising within each.
    """
    from_row = np.zeros(len(sketches.n_words), np.bool_)
    from_row[rows] = True
    holders = np.repeat(np.arange(len(from_row)), np.diff(sketches.offsets))
    wanted = from_row[holders]
    hashes, holders = sketches.sampled[wanted], holders[wanted]
    _, inverse, counts = np.unique(hashes, return_inverse=True, return_counts=True)
    return hashes, holders, counts[inverse]


def _rare_pairs(
    hashes: NDArray[np.uint64],
    holders: NDArray[np.int64],
    frequency: NDArray[np.int64],
    sketches: Sketches,
    settings: Settings,
) -> tuple[NDArray[np.uint64], int]:
    shared = frequency > 1
    members, bounds = group(hashes[shared], holders[shared])
    packed, capped = link(members, bounds, _priority(sketches.signatures), settings.rare_cap)
    return np.unique(packed), capped


def group(
    keys: NDArray[np.uint64], members: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Bring members of equal keys together; keys that stand once drop out.

    Returns members (R,) bucket after bucket, each rising where the given
    members rise, and bounds (n_buckets + 1,).
    """
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]]) if len(keys) else np.zeros(0, int)
    sizes = np.diff(np.r_[starts, len(keys)])
    together = np.repeat(sizes > 1, sizes)
    return members[order[together]], running_total(sizes[sizes > 1])


def link(
    members: NDArray[np.int64], bounds: NDArray[np.int64], priority: NDArray[np.uint64], cap: int
) -> tuple[NDArray[np.uint64], int]:
    """Pair the members of each bucket, large ones as stars; returns packed pairs, large buckets."""
    from dedupe.kernels import pairs as kernels

    out = np.empty(kernels.count_linked(bounds, cap, _N_HUBS), np.uint64)
    n_out = kernels.fill_linked(members, bounds, priority, cap, _N_HUBS, out)
    return np.unique(out[:n_out]), int((np.diff(bounds) > cap).sum())


def _priority(signatures: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """Rank documents by a hash of their content, so that no order of input matters."""
    from dedupe.kernels import pairs as kernels

    priority = np.empty(len(signatures), np.uint64)
    kernels.fill_band_keys(signatures, 0, signatures.shape[1], priority)
    return priority


def _join(
    banded: NDArray[np.uint64], rare: NDArray[np.uint64]
) -> tuple[NDArray[np.uint64], NDArray[np.uint8]]:
    packed = np.union1d(banded, rare)
    nets = np.zeros(len(packed), np.uint8)
    nets[np.searchsorted(packed, banded)] |= BANDS
    nets[np.searchsorted(packed, rare)] |= RARE
    return packed, nets


def _screen(
    packed: NDArray[np.uint64],
    nets: NDArray[np.uint8],
    sketches: Sketches,
    hashes: NDArray[np.uint64],
    holders: NDArray[np.int64],
    weights: NDArray[np.float32],
    settings: Settings,
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Drop pairs whose sketches cannot belong to a pair above the containment floor.

    Returns the places kept and the weighted shares of a and of b, float32 (n, 2).
    """
    from dedupe.kernels import pairs as kernels
    from dedupe.kernels._compile import for_ranges

    n_docs = len(sketches.n_words)
    offsets = running_total(np.bincount(holders, minlength=n_docs))
    shared = np.empty(len(packed), np.int32)
    shared_weight = np.empty(len(packed), np.float32)
    equal_slots = np.empty(len(packed), np.int32)

    def compare(first: int, last: int) -> None:
        kernels.fill_screened(
            packed, first, last, hashes, weights, offsets, sketches.signatures,
            shared, shared_weight, equal_slots,
        )  # fmt: skip

    for_ranges(compare, _steps(len(packed), 50_000), settings.threads)
    a, b = unpack(packed)
    n_sampled = np.diff(offsets)
    total = np.bincount(holders, weights=weights, minlength=n_docs)
    smaller = np.minimum(n_sampled[a], n_sampled[b])
    likely = shared >= np.maximum(1, settings.containment_floor * smaller)
    likely |= equal_slots >= settings.band_rows
    kept = np.flatnonzero(likely)
    share = shared_weight[kept, None] / np.maximum(
        np.stack([total[a[kept]], total[b[kept]]], axis=1), 1e-9
    )
    return kept, share.astype(np.float32)


def _with_copies(
    packed: NDArray[np.uint64],
    nets: NDArray[np.uint8],
    share: NDArray[np.float32],
    representative: NDArray[np.int64],
    n_found: int,
    n_capped: dict[str, int],
) -> Candidates:
    """Add the pairs of equal texts, each with its representative."""
    copies = np.flatnonzero(representative != np.arange(len(representative)))
    linked = (representative[copies].astype(np.uint64) << _SHIFT_32) | copies.astype(np.uint64)
    packed = np.concatenate([packed, linked])
    order = np.argsort(packed, kind="stable")
    a, b = unpack(packed[order])
    nets = np.concatenate([nets, np.full(len(linked), EXACT, np.uint8)])[order]
    share = np.concatenate([share, np.ones((len(linked), 2), np.float32)])[order]
    return Candidates(a, b, nets, share, n_found, n_capped)


def unpack(packed: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return rows a and b of packed pairs."""
    return (packed >> _SHIFT_32).astype(np.int64), (packed & _LOW_32).astype(np.int64)


def _steps(total: int, step: int) -> list[int]:
    return [*range(0, total, step), total]
