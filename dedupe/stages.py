"""Runs a stage: times it, checkpoints it, reports progress; and tells the memory it all took."""

from __future__ import annotations

import resource
import sys
import threading
import time
from concurrent.futures import CancelledError, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from dedupe.arrays.spill import Spill
    from dedupe.checkpoints import Checkpoints

    OnProgress: TypeAlias = Callable[[str, int, int], None]
    """Called with a stage, its units done, and their total (0: unknown)."""


class Stages:
    """Runs stages, notes the seconds and rows of each, and passes progress on.

    A stage that an earlier run has finished is taken from its checkpoint.

    Args:
        on_progress: called with a stage, its rows done, and its rows in all.
        checkpoints: where finished stages are kept.
        spill: where arrays go that memory does not hold.
        beside: one stage may run while others do: there are threads for it, and memory.
    """

    def __init__(
        self,
        on_progress: OnProgress | None,
        checkpoints: Checkpoints | None,
        spill: Spill,
        *,
        beside: bool,
    ) -> None:
        self._checkpoints = checkpoints
        # What was finished is kept in order, so that a run goes on from its last stage.
        self._beside = beside and checkpoints is None
        self.spill = spill
        self.rows: list[dict[str, Any]] = []
        self._on_progress = on_progress
        self._lock = threading.Lock()
        self._n_rows = self._done = 0
        self._closed = False

    def run(
        self,
        stage: str,
        n_rows: int,
        function: Callable[..., Any],
        *arguments: Any,
        **named: Any,
    ) -> Any:
        """Call a stage's function with its arguments."""
        self._n_rows, self._done = n_rows, 0
        self.report(stage, 0, 1)
        start = time.perf_counter()
        answer = self._checkpoints.find(stage, self.spill) if self._checkpoints else None
        if answer is None:
            answer = function(*arguments, **named)
            if self._checkpoints:
                self._checkpoints.keep(stage, answer)
        self.spill.rest()
        seconds = round(time.perf_counter() - start, 4)
        self.rows.append({"stage": stage, "seconds": seconds, "rows": n_rows})
        self.report(stage, 1, 1)
        return answer

    def aside(
        self, stage: str, n_rows: int, function: Callable[..., Any], *arguments: Any
    ) -> Callable[[], Any]:
        """Begin a stage in a thread of its own, beside those that follow, where that may be.

        `seconds` is its wall-clock time, whatever ran beside it; `waited` is how long the
        run stood still for it.

        Returns:
            What waits for the answer and returns it.
        """
        if not self._beside:
            answer = self.run(stage, n_rows, function, *arguments)
            return lambda: answer
        row = {"stage": stage, "seconds": 0.0, "rows": n_rows, "waited": 0.0}
        self.rows.append(row)
        self._n_rows, self._done = n_rows, 0
        self.report(stage, 0, 1)
        pool = ThreadPoolExecutor(1, thread_name_prefix="dedupe")
        begun = pool.submit(_timed, row, "seconds", function, *arguments)
        pool.shutdown(wait=False)

        def wait() -> Any:
            answer = _timed(row, "waited", begun.result)
            self._n_rows, self._done = n_rows, 0
            self.report(stage, 1, 1)
            return answer

        return wait

    def go_on(self) -> None:
        """Called now and then by a background stage; raises if the run has ended.

        Raises:
            CancelledError: the run has ended, by an error or an interrupt.
        """
        self.spill.look()
        if self._closed:
            raise CancelledError

    def close(self) -> None:
        """End what still runs beside, and leave the checkpoints to another run."""
        self._closed = True
        if self._checkpoints:
            self._checkpoints.close()

    def report(self, stage: str, done: int, total: int) -> None:
        """Pass on a share of the stage's rows; stages count in units of their own.

        It is also the time to look whether memory is full.
        """
        self.spill.look()
        if self._on_progress is None:
            return
        with self._lock:
            self._done = max(self._done, self._n_rows * done // max(total, 1))
            self._on_progress(stage, self._done, self._n_rows)


def peak_memory_bytes() -> int:
    """Return how much of this process was in memory at most, at any moment since it began."""
    # Linux counts kilobytes, macOS bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _timed(row: dict[str, Any], name: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function, and note in a row how many seconds that took."""
    start = time.perf_counter()
    answer = function(*arguments)
    row[name] = round(time.perf_counter() - start, 4)
    return answer
