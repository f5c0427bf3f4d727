"""Sketches in; the keys under which an index finds documents again, out.

    Sketches, ids  ->  posting_keys()  ->  Keys (ragged by document)

Five kinds of keys share one space of hashes: a band of the signature, a sampled
shingle, the whole text, the id, and a block of a page within its outlet.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dedupe.settings import Settings
    from dedupe.sketch import Sketches

BAND, SHINGLE, TEXT, ID, BLOCK = range(5)
"""Kinds of keys."""

ID_CAP = 1 << 20
"""So many versions of an id are all found; of one given more often, only the oldest few."""

_MULTIPLIER = np.uint64(0xBF58476D1CE4E5B9)
_SALT = np.uint64(0x9E3779B97F4A7C15)


class Keys(NamedTuple):
    """Keys of D documents.

    Shapes (N keys)
        keys  uint64 (N,)  of kernels.postings.KEY_BITS bits
        row   int64  (N,)  whose
        kind  uint8  (N,)  BAND, SHINGLE, TEXT, ID, BLOCK
    """

    keys: NDArray[np.uint64]
    row: NDArray[np.int64]
    kind: NDArray[np.uint8]

    def take(self, chosen: NDArray[np.bool_]) -> Keys:
        """Return some of the keys."""
        return Keys(self.keys[chosen], self.row[chosen], self.kind[chosen])

    def and_those(self, other: Keys) -> Keys:
        """Return these keys and others of the same documents."""
        return Keys(
            np.concatenate([self.keys, other.keys]),
            np.concatenate([self.row, other.row]),
            np.concatenate([self.kind, other.kind]),
        )


def posting_keys(sketches: Sketches, ids: Sequence[str], settings: Settings) -> Keys:
    """Return the keys of every document; one without words has only its id's."""
    from dedupe.kernels.pairs import fill_bands

    rows = np.flatnonzero(sketches.n_words > 0)
    n_bands = settings.n_slots // settings.band_rows
    bands = np.empty((n_bands, len(rows)), np.uint64)
    fill_bands(sketches.signatures, rows, 0, len(rows), 0, settings.band_rows, bands)
    holders = np.repeat(np.arange(len(sketches.n_words)), np.diff(sketches.offsets))
    parts = [
        (mixed(bands, BAND, np.arange(n_bands)[:, None]).ravel(), np.tile(rows, n_bands), BAND),
        (mixed(sketches.sampled, SHINGLE), holders, SHINGLE),
        (mixed(sketches.text_hashes[rows], TEXT), rows, TEXT),
        (id_keys(ids, settings), np.arange(len(ids)), ID),
    ]
    return Keys(
        np.concatenate([keys for keys, _, _ in parts]),
        np.concatenate([row for _, row, _ in parts]),
        np.repeat(np.array([kind for *_, kind in parts], np.uint8), [len(k) for k, *_ in parts]),
    )


def id_keys(ids: Sequence[str], settings: Settings) -> NDArray[np.uint64]:
    """Hash ids with the secret seed into the keys that they are found by, uint64 (N,)."""
    seed = settings.hash_seed.to_bytes(8, "little")
    digests = [
        hashlib.blake2b(one.encode("utf-8", "surrogatepass"), digest_size=8, key=seed).digest()
        for one in ids
    ]
    return mixed(np.frombuffer(b"".join(digests), np.uint64), ID)


def mixed(
    hashes: NDArray[np.uint64], kind: int, part: NDArray[np.int64] | int = 0
) -> NDArray[np.uint64]:
    """Mix hashes with their kind and keep the upper bits, uint64 (N,).

    Source  steps of splitmix64 (Steele et al. 2014).
    """
    from dedupe.kernels.postings import KEY_BITS

    # An array, even of one: NumPy warns of scalars that wrap around.
    salt = _SALT * np.atleast_1d(np.asarray(1 + kind + 8 * part, np.uint64))
    values = (hashes ^ salt) * _MULTIPLIER
    values ^= values >> np.uint64(29)
    values *= _SALT
    return values >> np.uint64(64 - KEY_BITS)
