"""What can go wrong, as one tree.

    DedupeError
    |-- InputError        an input that cannot be read, or ids that clash
    |-- SettingsError     a setting that is unknown or out of range
    |-- OutputError       a result folder that cannot be written or read back
    |-- StoreError        an index that cannot be opened or written
    |   |-- IndexBusyError     another process writes it
    |   `-- CorruptIndexError  its files are not as they were written
    `-- MissingExtraError an optional part that is not installed

Every message says what, where, and what to do next. A bad record is none of
these: it is counted, written out, and the run goes on.
"""


class DedupeError(Exception):
    """Base of every error that `dedupe` raises on purpose."""


class InputError(DedupeError):
    """An input that cannot be read, or document ids that clash."""


class SettingsError(DedupeError, ValueError):
    """A setting that is unknown, of the wrong type, or out of range."""


class OutputError(DedupeError):
    """A result folder that cannot be written, replaced, or read back."""


class StoreError(DedupeError):
    """An index that cannot be opened, read or written."""


class IndexBusyError(StoreError):
    """An index that another process is writing."""


class CorruptIndexError(StoreError):
    """An index whose files are not as they were written."""


class MissingExtraError(DedupeError, ImportError):
    """A part of the package that needs an optional dependency."""

    def __init__(self, need: str, extra: str) -> None:
        """Say what needs which extra, and how to install it."""
        super().__init__(
            f'{need} needs the extra "{extra}"; install it with: pip install "dedupe-news[{extra}]"'
        )
        self.need = need
        self.extra = extra

    def __reduce__(self) -> tuple[type["MissingExtraError"], tuple[str, str]]:
        """Rebuild from both arguments: exceptions cross process borders."""
        return type(self), (self.need, self.extra)
