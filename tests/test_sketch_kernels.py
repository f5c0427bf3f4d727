"""The compiler's door, and the sketch against its oracle and its law."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import tempfile
import threading
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sketch import fill_signatures

from dedupe.kernels import _cache, sketch
from dedupe.kernels._compile import kernel
from dedupe.threads import for_ranges
from tests import reference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

ROOT = Path(__file__).parent.parent
compiled_only = pytest.mark.skipif(
    bool(numba.config.DISABLE_JIT),  # type: ignore[attr-defined]
    reason="says something of compiled code",
)
hash_lists = st.lists(st.integers(0, 2**64 - 1), max_size=30)


def signature_of(hashes: list[int], n_slots: int) -> NDArray[np.uint32]:
    out = np.zeros((1, n_slots), np.uint32)
    fill_signatures(np.array(hashes, np.uint64), np.array([0, len(hashes)]), out)
    row: NDArray[np.uint32] = out[0]
    return row


# --- the sketch and its oracle


@settings(max_examples=60)
@given(hashes=hash_lists, n_slots=st.integers(1, 70))
def test_signature__equals_the_oracle(hashes: list[int], n_slots: int) -> None:
    assert signature_of(hashes, n_slots).tolist() == reference.signature(hashes, n_slots)


@settings(max_examples=60)
@given(hashes=hash_lists.filter(bool), data=st.data())
def test_signature__order_and_repeats_change_nothing(
    hashes: list[int], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(hashes)) + hashes[:5]
    assert signature_of(shuffled, 32).tolist() == signature_of(hashes, 32).tolist()


def test_signature__streamed_hash_by_hash_is_the_same() -> None:
    hashes = np.random.default_rng(1).integers(0, 2**64, size=90, dtype=np.uint64)
    row = np.full(128, sketch.EMPTY, np.uint32)
    for value in hashes:
        sketch.update_signature(row, value)
    sketch.fill_empty_slots(hashes, row)
    assert row.tolist() == reference.signature(hashes.tolist(), 128)


def test_signature__no_shingles_leaves_every_slot_empty() -> None:
    assert (signature_of([], 128) == sketch.EMPTY).all()


@pytest.mark.parametrize("only", [0, 5, 2**32 - 1, 2**64 - 1])
def test_signature__one_shingle_fills_every_slot(only: int) -> None:
    row = signature_of([only], 128)
    assert (row != sketch.EMPTY).all()
    assert row.tolist() == reference.signature([only], 128)


def test_signature__last_round_fills_its_slot_even_with_the_largest_value() -> None:
    nth = 7
    mixed = 2**32 - 1
    mixed ^= (mixed >> 29) ^ (mixed >> 58)
    mixed = mixed * pow(0xFF51AFD7ED558CCD, -1, 2**64) % 2**64
    shingle = ((mixed ^ (mixed >> 32)) - nth * 0x9E3779B97F4A7C15) % 2**64
    assert reference.rehash(shingle, nth) == 2**32 - 1
    least = sketch.least_of(np.array([shingle], np.uint64), np.uint64(nth))
    assert least == sketch.EMPTY - 1


def test_signatures__read_only_hashes_and_ragged_rows() -> None:
    hashes = np.random.default_rng(2).integers(0, 2**64, size=60, dtype=np.uint64)
    hashes.setflags(write=False)
    offsets = np.array([0, 10, 10, 11, 60])
    out = np.zeros((4, 40), np.uint32)
    fill_signatures(hashes, offsets, out)
    expected = [reference.signature(hashes[a:b].tolist(), 40) for a, b in pairwise(offsets)]
    assert out.tolist() == expected


# --- the law: an unbiased estimate, no wider than independent slots

SHAPES = [(5, 5, 2), (20, 20, 10), (20, 60, 20), (50, 50, 20), (120, 120, 90), (120, 400, 120)]
N_SLOTS, N_PAIRS, N_SIGMAS = 128, 2000, 5


def random_pairs(shape: tuple[int, int, int]) -> NDArray[np.bool_]:
    """Tell which slots agree: (pairs, slots), for sets of given sizes and overlap."""
    n_small, n_large, n_shared = shape
    n_union = n_small + n_large - n_shared
    sets = np.random.default_rng(3).integers(0, 2**64, size=(N_PAIRS, n_union), dtype=np.uint64)
    rows = []
    for part in (sets[:, :n_small], sets[:, n_small - n_shared :]):
        out = np.empty((N_PAIRS, N_SLOTS), np.uint32)
        offsets = np.arange(N_PAIRS + 1) * part.shape[1]
        fill_signatures(np.ascontiguousarray(part).reshape(-1), offsets, out)
        rows.append(out)
    return np.asarray(rows[0] == rows[1])


@compiled_only
@pytest.mark.parametrize("shape", SHAPES)
def test_signature__equal_slots_estimate_resemblance(shape: tuple[int, int, int]) -> None:
    resemblance = shape[2] / (shape[0] + shape[1] - shape[2])
    independent = resemblance * (1 - resemblance) / N_SLOTS
    estimates = random_pairs(shape).mean(axis=1)
    assert abs(estimates.mean() - resemblance) < N_SIGMAS * (independent / N_PAIRS) ** 0.5
    assert estimates.var() < independent * (1 + N_SIGMAS * (2 / N_PAIRS) ** 0.5)


@compiled_only
@pytest.mark.parametrize("shape", SHAPES)
def test_signature__bands_meet_as_often_as_those_of_independent_slots(
    shape: tuple[int, int, int],
) -> None:
    resemblance = shape[2] / (shape[0] + shape[1] - shape[2])
    bands = random_pairs(shape)[:, :126].reshape(N_PAIRS, 42, 3)
    hit = np.any(np.all(bands, axis=2), axis=1).mean()
    independent = 1 - (1 - resemblance**3) ** 42
    sigma = (independent * (1 - independent) / N_PAIRS) ** 0.5
    assert abs(hit - independent) < N_SIGMAS * sigma + 1 / N_PAIRS


@compiled_only
def test_signature__variance_on_short_texts_is_well_below_independent_slots() -> None:
    # About half: what tells this sketch from one that copies slots, which is above.
    estimates = random_pairs((20, 20, 10)).mean(axis=1)
    resemblance = 1 / 3
    assert estimates.var() < 0.75 * resemblance * (1 - resemblance) / N_SLOTS


# --- the door to the compiler


def plain_mix(values: NDArray[np.uint64]) -> np.uint64:
    total = np.uint64(0)
    for i in range(values.shape[0]):
        total += values[i] * np.uint64(0x9E3779B97F4A7C15)
    return total


def plain_count(values: NDArray[np.uint64], start: int) -> int:
    return len(values) - start


VALUES = np.arange(2**63, 2**63 + 50, dtype=np.uint64)
MIXED = sum(range(2**63, 2**63 + 50)) * 0x9E3779B97F4A7C15 % 2**64

USE_SKETCH = """
import json, logging, numpy as np
logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
from dedupe.kernels import _cache, _compile, sketch
out = np.full((2, 16), sketch.EMPTY, np.uint32)
values = np.arange(2**63, 2**63 + 6, dtype=np.uint64)
for row, hashes in zip(out, (values[:2], values[2:])):
    for value in hashes:
        sketch.update_signature(row, value)
    sketch.fill_empty_slots(hashes, row)
stats = [f.stats for f in vars(sketch).values() if hasattr(f, "stats")]
print(json.dumps({
    "out": out.tolist(),
    "folder": str(_cache.cache_folder()),
    "hits": sum(sum(s.cache_hits.values()) for s in stats),
    "misses": sum(sum(s.cache_misses.values()) for s in stats),
}))
"""


def run_python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA_")}
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env=inherited | {"PYTHONPATH": str(ROOT)} | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(_cache, "cache_folder", lambda: tmp_path)
    yield tmp_path
    _cache._warn_once.cache_clear()


@compiled_only
@pytest.mark.usefixtures("cache")
def test_kernel__called_with_constants_is_compiled_once() -> None:
    count = kernel(plain_count)

    @kernel
    def count_twice(values: NDArray[np.uint64], start: int) -> int:
        return count(values, 0) + count(values, start) + count(values, 7)

    assert count_twice(VALUES, 3) == 50 + 47 + 43
    assert len(count.signatures) == 1  # type: ignore[attr-defined]


def test_kernel__second_process_compiles_nothing(tmp_path: Path) -> None:
    first = run_python(USE_SKETCH, NUMBA_CACHE_DIR=str(tmp_path))
    second = run_python(USE_SKETCH, NUMBA_CACHE_DIR=str(tmp_path))
    cold, warm = json.loads(first.stdout), json.loads(second.stdout)
    assert cold["misses"] > 0
    assert (warm["misses"], warm["hits"] > 0) == (0, True)
    assert warm["out"] == cold["out"]
    assert first.stderr.count("INFO compiling the kernels") == 1
    assert not second.stderr


def test_kernel__damaged_cache_is_compiled_anew(tmp_path: Path) -> None:
    cold = json.loads(run_python(USE_SKETCH, NUMBA_CACHE_DIR=str(tmp_path)).stdout)
    for file in tmp_path.rglob("*.nb*"):
        file.write_bytes(b"\x80damaged")
    third = run_python(USE_SKETCH, NUMBA_CACHE_DIR=str(tmp_path))
    assert json.loads(third.stdout)["out"] == cold["out"]
    assert "WARNING a cached kernel" in third.stderr
    mended = json.loads(run_python(USE_SKETCH, NUMBA_CACHE_DIR=str(tmp_path)).stdout)
    assert (mended["out"], mended["misses"]) == (cold["out"], 0)


def test_kernel__compiled_anew_calls_those_that_were_cached(tmp_path: Path) -> None:
    cold = json.loads(run_python(USE_SKETCH, NUMBA_CACHE_DIR=str(tmp_path)).stdout)
    callers = list(tmp_path.rglob("sketch.fill_empty_slots*.nb*"))
    for file in callers:
        file.unlink()
    mixed = json.loads(run_python(USE_SKETCH, NUMBA_CACHE_DIR=str(tmp_path)).stdout)
    assert callers
    assert mixed["misses"] == 1
    assert mixed["hits"] > 0
    assert mixed["out"] == cold["out"]


def test_kernel__interpreted_gives_the_same_without_warnings(tmp_path: Path) -> None:
    compiled = json.loads(run_python(USE_SKETCH, NUMBA_CACHE_DIR=str(tmp_path)).stdout)
    interpreted = json.loads(run_python(USE_SKETCH, NUMBA_DISABLE_JIT="1").stdout)
    assert interpreted["out"] == compiled["out"]
    assert (interpreted["hits"], interpreted["misses"]) == (0, 0)


def test_cache_folder__one_asked_for_that_cannot_be_written_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    code = (
        "import logging; logging.basicConfig()\n"
        "from dedupe.kernels import _cache\n"
        "_cache.cache_folder(); print(_cache.cache_folder())"
    )
    done = run_python(code, NUMBA_CACHE_DIR=str(tmp_path / "file"))
    assert str(tmp_path) not in done.stdout
    assert done.stderr.count("cannot be written") == 1


def test_cache_folder__none_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(_cache, "_folders", lambda: iter([tmp_path / "file" / "cache"]))
    folder = _cache.cache_folder.__wrapped__()
    monkeypatch.setattr(_cache, "cache_folder", lambda: folder)
    assert folder is None
    assert "NUMBA_CACHE_DIR" in caplog.text
    assert kernel(plain_mix)(VALUES) == MIXED


@pytest.mark.usefixtures("cache")
@compiled_only
def test_kernel__full_disk_costs_one_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_cache._DiskCache, "save_overload", full)
    assert kernel(plain_mix)(VALUES) == MIXED
    assert kernel(plain_mix)(VALUES) == MIXED
    warnings = [r for r in caplog.records if r.levelno == logging.WARNING]
    assert ["No space left" in r.getMessage() for r in warnings] == [True]


@pytest.mark.parametrize("place", ["asked for", "user's", "temporary"])
def test_cache_folder__one_that_others_own_or_may_write_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setattr(_cache, "_BESIDE", tmp_path / "file")
    (tmp_path / "file").touch()
    for name in ("asked for", "user's", "temporary"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr("numba.core.config.CACHE_DIR", str(tmp_path / "asked for"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user's"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (folder,) = [one for one in _cache._folders() if one.parent == tmp_path / place]
    assert _cache._can_write(folder)
    folder.chmod(0o770)
    assert not _cache._can_write(folder)
    folder.chmod(0o700)
    monkeypatch.setattr(os, "getuid", lambda: folder.stat().st_uid + 1)
    assert not _cache._can_write(folder)


def test_cache_folder__beside_the_code_it_is_trusted_as_the_code_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_cache, "_BESIDE", tmp_path)
    tmp_path.chmod(0o775)
    assert _cache._can_write(tmp_path)


def test_cache_folder__open_temporary_folder_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name, mode in [("shut", 0o700), ("open", 0o777)]:
        (tmp_path / name).mkdir()
        (tmp_path / name).chmod(mode)
    (tmp_path / "link").symlink_to(tmp_path / "shut")
    trusted = {name: _cache._can_write(tmp_path / name) for name in ("shut", "open", "link")}
    assert trusted == {"shut": True, "open": False, "link": False}


@pytest.mark.parametrize(
    "importing",
    ["from dedupe.kernels.b import f", "from dedupe.kernels import b", "import dedupe.kernels.b"],
)
def test_source_stamp__changes_with_an_imported_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, importing: str
) -> None:
    folder = tmp_path / "dedupe" / "kernels"
    folder.mkdir(parents=True)
    monkeypatch.setattr(_cache, "_PACKAGE", tmp_path / "dedupe")
    (folder / "a.py").write_text(importing)
    stamps = set()
    for body in ("f = 1", "f = 2", "f = 1"):
        (folder / "b.py").write_text(body)
        stamps.add(_cache._source_stamp.__wrapped__(folder / "a.py"))
    assert len(stamps) == 2


def test_source_stamp__of_a_file_changed_since_it_was_read_is_no_other_process_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path.resolve() / "a.py"
    file.write_text("f = 1")
    stamp = _cache._source_stamp.__wrapped__
    monkeypatch.setitem(_cache.SEEN, str(file), file.stat().st_ctime_ns)
    assert stamp(file) == stamp(file)
    monkeypatch.setitem(_cache.SEEN, str(file), file.stat().st_ctime_ns - 1)
    assert stamp(file) != stamp(file)


@pytest.mark.usefixtures("cache")
def test_kernel__first_called_by_many_threads_at_once() -> None:
    mix = kernel(plain_mix)
    barrier = threading.Barrier(8)

    def call(start: int, end: int) -> int:
        barrier.wait(timeout=60)
        return int(mix(VALUES[: end - start]))

    assert for_ranges(call, range(0, 401, 50), 8) == [MIXED] * 8
