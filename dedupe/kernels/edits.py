"""Tokens of two passages in; which token of one is which of the other, out.

Axes: N tokens of a, M tokens of b.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.kernels._compile import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

MATCH, NEW_RUN = 2, 1
"""What a matched token earns, and what beginning a run of them costs.

A word that stands alone between two substitutions is still matched; of two ways
to match as many, the one in fewer runs is taken, as a reader would.
"""

_UP, _LEFT, _MATCHED, _RUNS_ON = 0, 1, 2, 4
_NEVER = -(1 << 30)


@kernel
def fill_matches(
    a: NDArray[np.uint64],
    b: NDArray[np.uint64],
    came: NDArray[np.uint8],
    match: NDArray[np.int64],
) -> None:
    """Write for each token of a the token of b that it is, in order, -1 for none.

    Shapes
        a, b   uint64 (N,), (M,)  token hashes
        came   uint8  (N, M)      scratch
        match  int64  (N,)        overwritten
    Cost    N * M steps and bytes; the caller bounds them.
    Source  Wagner and Fischer 1974; Gotoh 1982 for the cost of a run.
    """
    n_b = len(b)
    best = np.zeros(n_b + 1, np.int64)
    ended = np.full(n_b + 1, _NEVER, np.int64)
    for i in range(len(a)):
        diagonal = best[0]
        diagonal_ended = ended[0]
        for j in range(n_b):
            above = best[j + 1]
            above_ended = ended[j + 1]
            code = _UP
            score = above
            if best[j] > score:
                code = _LEFT
                score = best[j]
            matched = np.int64(_NEVER)
            if a[i] == b[j]:
                runs_on = diagonal_ended >= diagonal - NEW_RUN
                matched = MATCH + (diagonal_ended if runs_on else diagonal - NEW_RUN)
                if matched >= score:
                    code = _MATCHED
                    score = matched
                if runs_on:
                    code |= _RUNS_ON
            came[i, j] = code
            best[j + 1] = score
            ended[j + 1] = matched
            diagonal = above
            diagonal_ended = above_ended
    _trace(came, match)


@kernel
def _trace(came: NDArray[np.uint8], match: NDArray[np.int64]) -> None:
    """Walk back from the end of both along what scored best."""
    match[:] = -1
    i, j = came.shape
    in_run = False
    while i > 0 and j > 0:
        code = np.int64(came[i - 1, j - 1])
        if in_run or code & 3 == _MATCHED:
            match[i - 1] = j - 1
            in_run = code & _RUNS_ON != 0
            i -= 1
            j -= 1
        elif code & 3 == _LEFT:
            j -= 1
        else:
            i -= 1
