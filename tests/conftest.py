import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "needs_jit: takes minutes with NUMBA_DISABLE_JIT=1, and shows nothing more there"
    )
