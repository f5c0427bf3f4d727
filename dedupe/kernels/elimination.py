"""A matrix in; its inverse, and the logarithm of its determinant, out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from dedupe.kernels._compile import kernel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@kernel
def eliminate(matrix: NDArray[np.float64], right: NDArray[np.float64]) -> float:
    """Solve matrix @ x = right in place of right; returns log |det matrix|.

    Shapes
        matrix  float64 (N, N)  destroyed
        right   float64 (N, N)  overwritten: x; or (0, N), for the determinant alone
    Source  Gauss and Jordan, with partial pivoting. No BLAS: stories are small,
            and loading it takes longer than most runs spend here.
    """
    n, n_right = len(matrix), len(right)
    log_sum = 0.0
    for k in range(n):
        pivot = k
        for i in range(k + 1, n):
            if abs(matrix[i, k]) > abs(matrix[pivot, k]):
                pivot = i
        if pivot != k:
            for j in range(k, n):
                matrix[k, j], matrix[pivot, j] = matrix[pivot, j], matrix[k, j]
            for j in range(n_right):
                right[k, j], right[pivot, j] = right[pivot, j], right[k, j]
        log_sum += math.log(abs(matrix[k, k]))
        scale = 1.0 / matrix[k, k]
        for j in range(k, n):
            matrix[k, j] *= scale
        for j in range(n_right):
            right[k, j] *= scale
        for i in range(0 if n_right else k + 1, n):
            factor = matrix[i, k]
            if i == k or factor == 0.0:
                continue
            for j in range(k, n):
                matrix[i, j] -= factor * matrix[k, j]
            for j in range(n_right):
                right[i, j] -= factor * right[k, j]
    return log_sum
