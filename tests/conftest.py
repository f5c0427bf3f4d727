import signal

import pytest
from hypothesis import settings

# Tests are not timed: another program may have the processor.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "needs_jit: takes minutes with NUMBA_DISABLE_JIT=1, and shows nothing more there"
    )
    config.addinivalue_line("markers", "browser: needs chromium, and is skipped without")
    # A shell starts what runs behind it deaf to Ctrl-C, and so would the programs under test be.
    signal.signal(signal.SIGINT, signal.default_int_handler)
