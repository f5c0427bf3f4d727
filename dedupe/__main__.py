"""The command, also as `python -m dedupe`: imports what it needs, and minds Ctrl-C meanwhile."""

import sys


def main() -> None:
    """Run the command line."""
    try:
        from dedupe.cli import main as run

        run()
    except KeyboardInterrupt:
        # Before the command line is there to tell it, and after.
        sys.stderr.write("dedupe: interrupted; nothing half-written is left\n")
        sys.exit(130)


if __name__ == "__main__":
    main()
