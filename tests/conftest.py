import sys
from pathlib import Path

import pytest

# The tests' own modules are found as `tests.NAME` and as `NAME`, however pytest is started.
HERE = Path(__file__).parent
sys.path[:0] = [str(folder) for folder in (HERE.parent, HERE) if str(folder) not in sys.path]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "needs_jit: takes minutes with NUMBA_DISABLE_JIT=1, and shows nothing more there"
    )
