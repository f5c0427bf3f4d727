"""Which sketch: bias, variance, band hits on short texts, and speed.

    python benchmarks/sketch.py [--trials 4000] [--json FILE]

Pairs of random sets of known resemblance J are sketched with K slots by five
methods. Reported for each method and size of the smaller set:

    bias      mean error of the estimate, in standard errors of that mean;
              noise stays within about 3
    variance  measured over J * (1 - J) / K, that of K independent slots
    band hit  share of pairs that agree in a whole band of slots, less
              1 - (1 - J**rows)**bands, that of independent slots
    speed     microseconds a document, one thread

Band hits are what candidate search lives on: slots that copy each other make
pairs share all bands or none. Both shapes of pairs are tried, sets of equal
size and a set contained in a larger one. `dedupe/kernels/sketch.py` holds the
method chosen; the others live here.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe.kernels._compile import kernel
from dedupe.kernels.sketch import EMPTY, fill_empty_slots, rehash, slot_of, update_signature

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Fill = Callable[[NDArray[np.uint64], NDArray[np.int64], NDArray[np.uint32]], None]

N_SLOTS = 128
BAND_ROWS = 3
SIZES = (5, 10, 20, 50, 120, 400)
RESEMBLANCES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9)
SPEED_SIZES = (20, 120, 400, 2000)

_LOW = np.uint64(0xFFFFFFFF)
_32 = np.uint64(32)
_33 = np.uint64(33)
_ONE = np.uint64(1)
_FIRST = np.uint64(0xFF51AFD7ED558CCD)
_SECOND = np.uint64(0xC4CEB9FE1A85EC53)
_CIRCLE = np.uint64((1 << 20) - 1)
_ROTATION = np.uint32(0x9E3779B1)


@kernel
def _mix(value: np.uint64) -> np.uint64:
    """Return MurmurHash3's 64-bit finaliser of a number (Appleby)."""
    value = (value ^ (value >> _33)) * _FIRST
    value = (value ^ (value >> _33)) * _SECOND
    return value ^ (value >> _33)


@kernel
def fill_minhash(
    hashes: NDArray[np.uint64], offsets: NDArray[np.int64], out: NDArray[np.uint32]
) -> None:
    """Write classical MinHash (Broder 1997): K hash functions, each read in full."""
    for document in range(out.shape[0]):
        out[document, :] = EMPTY
        for i in range(offsets[document], offsets[document + 1]):
            for slot in range(out.shape[1]):
                nth = np.uint64(slot + 1)
                value = np.uint32(_mix(hashes[i] ^ (nth * _SECOND)) & _LOW)
                out[document, slot] = min(out[document, slot], value)


@kernel
def fill_circulant(
    hashes: NDArray[np.uint64], offsets: NDArray[np.int64], out: NDArray[np.uint32]
) -> None:
    """Write C-MinHash (Li, Li 2022): one permutation of a circle of 2**20, shifted K times."""
    for document in range(out.shape[0]):
        out[document, :] = EMPTY
        for i in range(offsets[document], offsets[document + 1]):
            for slot in range(out.shape[1]):
                place = (hashes[i] + np.uint64(slot)) & _CIRCLE
                value = np.uint32(_mix(place + _ONE) & _LOW)
                out[document, slot] = min(out[document, slot], value)


@kernel
def fill_one_permutation_copied(
    hashes: NDArray[np.uint64], offsets: NDArray[np.int64], out: NDArray[np.uint32]
) -> None:
    """Write one-permutation hashing, optimally densified (Shrivastava 2017).

    An empty slot copies a full one; which, a hash of the empty slot's number says.
    """
    n_slots = np.uint64(out.shape[1])
    for document in range(out.shape[0]):
        row = out[document]
        row[:] = EMPTY
        for i in range(offsets[document], offsets[document + 1]):
            update_signature(row, hashes[i])
        full = row.copy()
        for slot in range(row.shape[0]):
            nth = np.uint64(1)
            while row[slot] == EMPTY:
                row[slot] = full[slot_of(_mix(rehash(np.uint64(slot), nth)), n_slots)]
                nth += _ONE


@kernel
def fill_one_permutation_rotated(
    hashes: NDArray[np.uint64], offsets: NDArray[np.int64], out: NDArray[np.uint32]
) -> None:
    """Write one-permutation hashing, densified by rotation (Shrivastava, Li 2014).

    An empty slot takes the next full one to its right, marked by the distance.
    """
    n_slots = out.shape[1]
    for document in range(out.shape[0]):
        row = out[document]
        row[:] = EMPTY
        for i in range(offsets[document], offsets[document + 1]):
            update_signature(row, hashes[i])
        full = row.copy()
        for slot in range(n_slots):
            distance = 0
            while full[(slot + distance) % n_slots] == EMPTY:
                distance += 1
            row[slot] = full[(slot + distance) % n_slots] + np.uint32(distance) * _ROTATION


@kernel
def fill_signatures(
    hashes: NDArray[np.uint64], offsets: NDArray[np.int64], out: NDArray[np.uint32]
) -> None:
    """Write signatures as every run does."""
    for document in range(out.shape[0]):
        row = out[document]
        row[:] = EMPTY
        for i in range(offsets[document], offsets[document + 1]):
            update_signature(row, hashes[i])
        fill_empty_slots(hashes[offsets[document] : offsets[document + 1]], row)


METHODS: dict[str, Fill] = {
    "MinHash, K functions": fill_minhash,
    "C-MinHash": fill_circulant,
    "OPH, rotated": fill_one_permutation_rotated,
    "OPH, optimal copies": fill_one_permutation_copied,
    "Fast Similarity Sketch": fill_signatures,
}


@dataclasses.dataclass(frozen=True, slots=True)
class Quality:
    """What one method makes of pairs of one shape.

    Attributes:
        method: key of METHODS.
        shape: "equal" sizes, or "contained": the smaller set lies in the larger.
        n_small: shingles of the smaller set.
        n_large: shingles of the larger set.
        resemblance: exact Jaccard of the pairs.
        bias: mean error, in standard errors of the mean.
        mean_error: mean error of the estimate.
        variance_ratio: variance over J * (1 - J) / K.
        band_hit: share of pairs with a band in common.
        band_hit_independent: that share for K independent slots.
    """

    method: str
    shape: str
    n_small: int
    n_large: int
    resemblance: float
    bias: float
    mean_error: float
    variance_ratio: float
    band_hit: float
    band_hit_independent: float


def shapes(
    sizes: Sequence[int] = SIZES, resemblances: Sequence[float] = RESEMBLANCES
) -> list[tuple[str, int, int, int]]:
    """List (shape, n_small, n_large, n_shared), nearest to the grid, without repeats."""
    found: dict[tuple[str, int, int, int], None] = {}
    for size in sizes:
        for resemblance in resemblances:
            n_shared = round(2 * size * resemblance / (1 + resemblance))
            if 0 < n_shared < size:
                found["equal", size, size, n_shared] = None
            if (n_large := round(size / resemblance)) > size:
                found["contained", size, n_large, size] = None
    return list(found)


def measure_quality(
    method: str, shape: tuple[str, int, int, int], n_trials: int, seed: int, n_slots: int = N_SLOTS
) -> Quality:
    """Sketch random pairs of one shape and compare with what independent slots would do."""
    name, n_small, n_large, n_shared = shape
    n_union = n_small + n_large - n_shared
    rng = np.random.default_rng(seed)
    sets = rng.integers(0, 2**64, size=(n_trials, n_union), dtype=np.uint64)
    rows = [
        sketch_sets(METHODS[method], part, n_slots)
        for part in (sets[:, :n_small], sets[:, n_small - n_shared :])
    ]
    equal = rows[0] == rows[1]
    estimates = equal.mean(axis=1)
    resemblance = n_shared / n_union
    n_bands = n_slots // BAND_ROWS
    bands = equal[:, : n_bands * BAND_ROWS].reshape(n_trials, n_bands, BAND_ROWS).all(axis=2)
    error = float(estimates.mean() - resemblance)
    variance = float(estimates.var(ddof=1))
    return Quality(
        method=method,
        shape=name,
        n_small=n_small,
        n_large=n_large,
        resemblance=resemblance,
        bias=error / (variance / n_trials) ** 0.5,
        mean_error=error,
        variance_ratio=variance / (resemblance * (1 - resemblance) / n_slots),
        band_hit=float(bands.any(axis=1).mean()),
        band_hit_independent=1 - (1 - resemblance**BAND_ROWS) ** n_bands,
    )


def sketch_sets(fill: Fill, sets: NDArray[np.uint64], n_slots: int) -> NDArray[np.uint32]:
    """Sketch sets of one size: uint64 (sets, size) -> uint32 (sets, n_slots)."""
    n_sets, size = sets.shape
    out = np.empty((n_sets, n_slots), np.uint32)
    offsets = np.arange(n_sets + 1, dtype=np.int64) * size
    fill(np.ascontiguousarray(sets).reshape(-1), offsets, out)
    return out


def measure_speed(fill: Fill, size: int, n_slots: int = N_SLOTS, repeats: int = 5) -> float:
    """Return microseconds a document of `size` shingles, best of the repeats."""
    n_sets = max(50, 400_000 // (size * (1 + 9 * (fill in {fill_minhash, fill_circulant}))))
    sets = np.random.default_rng(size).integers(0, 2**64, size=(n_sets, size), dtype=np.uint64)
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        sketch_sets(fill, sets, n_slots)
        best = min(best, time.perf_counter() - start)
    return best / n_sets * 1e6


def print_quality(rows: Sequence[Quality]) -> None:
    """Print, for each method and size, the worst of the grid."""
    heads = ("method", "shingles", "shape", "bias", "variance", "hit - ideal", "at J")
    print("{:<24}{:>9}  {:<10}{:>7}{:>10}{:>13}{:>7}".format(*heads))
    keys = dict.fromkeys((row.method, row.n_small, row.shape) for row in rows)
    for method, size, shape in keys:
        here = [r for r in rows if (r.method, r.n_small, r.shape) == (method, size, shape)]
        bias = max((row.bias for row in here), key=abs)
        variance = max(row.variance_ratio for row in here)
        worst = max(here, key=lambda row: abs(row.band_hit - row.band_hit_independent))
        hit = worst.band_hit - worst.band_hit_independent
        print(
            f"{method:<24}{size:>9}  {shape:<10}{bias:>7.1f}{variance:>10.2f}"
            f"{hit:>+13.3f}{worst.resemblance:>7.2f}"
        )


def print_speed(speeds: dict[str, dict[int, float]]) -> None:
    """Print microseconds a document for each method and size."""
    print("\n" + "{:<24}".format("microseconds a document"), end="")
    print("".join(f"{size:>9}" for size in SPEED_SIZES))
    for method, row in speeds.items():
        print(f"{method:<24}" + "".join(f"{row[size]:>9.2f}" for size in SPEED_SIZES))


def main() -> None:
    """Measure, print the tables, and write JSON where asked."""
    parser = argparse.ArgumentParser(description="Compare sketches.")
    parser.add_argument("--trials", type=int, default=4000, help="pairs for each shape")
    parser.add_argument("--seed", type=int, default=1, help="of the random sets")
    parser.add_argument("--json", type=Path, help="write all rows to this file")
    arguments = parser.parse_args()
    rows = [
        measure_quality(method, shape, arguments.trials, arguments.seed)
        for method in METHODS
        for shape in shapes()
    ]
    speeds = {
        method: {size: measure_speed(fill, size) for size in SPEED_SIZES}
        for method, fill in METHODS.items()
    }
    print(f"K = {N_SLOTS}, bands of {BAND_ROWS}, {arguments.trials} pairs a shape; worst over J\n")
    print_quality(rows)
    print_speed(speeds)
    if arguments.json:
        report: dict[str, Any] = {
            "n_slots": N_SLOTS,
            "band_rows": BAND_ROWS,
            "trials": arguments.trials,
            "seed": arguments.seed,
            "quality": [dataclasses.asdict(row) for row in rows],
            "microseconds": speeds,
        }
        arguments.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
