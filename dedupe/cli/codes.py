"""What the exit code of a command says."""

from enum import IntEnum


class Code(IntEnum):
    """Exit codes; a script may rely on them."""

    DONE = 0
    DUPLICATES = 1
    """Done, and --fail-on-duplicates found some."""
    USAGE = 2
    """The caller must mend something: an argument, an input, a setting, a folder."""
    BAD_RECORDS = 3
    """More bad records than --max-rejects or --strict allows, or nothing but bad ones."""
    CORRUPT = 4
    """An index whose files are not as they were written."""
    FAULT = 70
    """A fault of ours; Python's own 1 would say that duplicates were found."""
    INTERRUPTED = 130
    """Ctrl-C; nothing half-written is left."""
