"""A function and ranges of rows in; its answers, from threads, in order, out.

Threads come from here and not from Numba: its fallback threading layer aborts
the process when two Python threads call a parallel kernel, and under OpenMP a
forked child dies. Crawlers do both.
"""

from __future__ import annotations

import os
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# An interrupt is seen within this time, whenever it comes.
_GLANCE_SECONDS = 0.5

Answer = TypeVar("Answer")


def for_ranges(
    function: Callable[[int, int], Answer], bounds: Sequence[int], n_threads: int
) -> list[Answer]:
    """Call `function(start, end)` for each range between neighbouring bounds.

    Args:
        function: releases the GIL where it matters, and writes only what
            belongs to its range.
        bounds: rising numbers; n + 1 of them make n ranges.
        n_threads: threads at work; 0 takes one for each core.

    Returns:
        The answers, in the order of the ranges.

    Raises:
        BaseException: what the first failing range raised, or the interrupt;
            ranges not yet begun are dropped, those at work are not awaited.
    """
    ranges = [(int(start), int(end)) for start, end in pairwise(bounds)]
    n_threads = min(n_threads or n_cores(), len(ranges))
    if n_threads <= 1:
        return [function(start, end) for start, end in ranges]
    pool = ThreadPoolExecutor(n_threads, thread_name_prefix="dedupe")
    try:
        futures = [pool.submit(function, start, end) for start, end in ranges]
        waiting = set(futures)
        while waiting:
            # An interrupt that comes just before a wait is only seen after it.
            done, waiting = wait(waiting, timeout=_GLANCE_SECONDS, return_when=FIRST_EXCEPTION)
            if any(future.exception() for future in done):
                break
        for future in futures:
            if future.done():
                future.result()
        return [future.result() for future in futures]
    except RuntimeError as error:
        # Python turns an interrupt that meets the start of a thread into this.
        if isinstance(error.__context__, KeyboardInterrupt):
            raise error.__context__ from None
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def n_cores() -> int:
    """Count the cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
