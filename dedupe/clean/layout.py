"""Blocks in; which of them are story, by how a page is laid out.

    Blocks, learned furniture  ->  story_blocks()  ->  bool for each block

For pages of which no sister is known, and for what no sister repeats. The model
is fitted by benchmarks/fit_cleaning.py and kept as numbers in layout.json.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe.arrays.ragged import batch_bounds
from dedupe.threads import for_ranges

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe.clean.blocks import Blocks
    from dedupe.settings import Settings

MODEL_FILE = Path(__file__).with_name("layout.json")
"""Written by benchmarks/fit_cleaning.py."""
# Blocks of one call of a kernel, so that threads share the work.
_BATCH_BLOCKS = 20_000


class LayoutModel(NamedTuple):
    """Weights of the features of `kernels.layout`: one for each value of each feature, in log-odds.

    Attributes:
        weights: float64 (N_FEATURES, N_VALUES).
        bias: added to every block's score.
        toll: what each stretch of cut blocks costs.
    """

    weights: NDArray[np.float64]
    bias: float
    toll: float


@functools.cache
def load_model() -> LayoutModel:
    """Read the model that ships with the package."""
    from dedupe.kernels import layout

    stored = json.loads(MODEL_FILE.read_text(encoding="utf-8"))
    weights = np.zeros((layout.N_FEATURES, layout.N_VALUES))
    for feature, row in enumerate(stored["weights"]):
        weights[feature, : len(row)] = row
    return LayoutModel(weights, stored["bias"], stored["toll"])


def story_blocks(
    blocks: Blocks, learned: NDArray[np.bool_], settings: Settings
) -> NDArray[np.bool_]:
    """Say which blocks are story, bool (K,), each page judged by itself.

    Args:
        blocks: of all documents.
        learned: bool (K,), known furniture of the outlet.
        settings: the number of threads.
    """
    from dedupe.kernels.story import fill_kept

    weights, bias, toll = load_model()
    kept = np.empty(len(blocks.starts), np.bool_)

    def judge(first: int, last: int) -> None:
        fill_kept(
            blocks.starts, blocks.ends, blocks.hashes, blocks.traits, learned, blocks.offsets,
            first, last, weights, bias, toll, kept,
        )  # fmt: skip

    for_ranges(judge, batch_bounds(np.diff(blocks.offsets), _BATCH_BLOCKS), settings.threads)
    return kept
