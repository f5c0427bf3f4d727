"""The command, also as `python -m dedupe`: imports what it needs, and minds Ctrl-C meanwhile."""

import gc
import os
import sys

from dedupe import interrupts

# Python's default collection threshold (700 objects) costs a tenth of a run; few cycles exist.
_GC_THRESHOLDS = (200_000, 20, 20)


def main() -> None:
    """Run the command line."""
    interrupts.listen()
    gc.set_threshold(*_GC_THRESHOLDS)
    # NumPy's linear algebra would begin threads, which wait at full speed for work they never get.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        from dedupe.cli import main as run

        interrupts.check()
        run()
    except KeyboardInterrupt:
        # Before the command line is there to tell it, and after.
        sys.stderr.write("dedupe: interrupted; nothing half-written is left\n")
        sys.exit(130)


if __name__ == "__main__":
    main()
