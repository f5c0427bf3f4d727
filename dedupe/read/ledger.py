"""What a reader may spend, what it hands on, and what it refused.

Limits   how much one record, one batch, one compressed file may take
Records  parsed records with the places they came from, not yet documents
Ledger   counts of one input; decides what a bad record does
"""

from __future__ import annotations

import dataclasses
from typing import Any, Literal, NamedTuple

from dedupe.errors import InputError

OnError = Literal["skip", "replace", "fail"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds that keep a hostile or broken file from taking the machine.

    Attributes:
        record_bytes: a longer record is rejected without being held.
        expansion: a compressed file that grows more than this many times is
            left where it is once it has also given `expanded_bytes`. News pages
            shrink 3 to 10 times, copies of one page up to some hundred times.
        expanded_bytes: see `expansion`.
        batch_documents: about how many documents a batch holds.
        batch_bytes: about how many bytes of records a batch holds.
        hopeless: a file whose first this many records are all bad is an error:
            it is not what its name says, or its fields have other names.
        ahead_bytes: standard input is read by a thread, so many bytes ahead, and
            a batch ends where nothing more has come yet; 0 reads when asked.
        group_ahead: of files of JSON lines a thread reads the next group while one becomes
            documents, and tells of its bytes before its documents come.
    """

    record_bytes: int = 64 << 20
    expansion: int = 500
    expanded_bytes: int = 1 << 30
    batch_documents: int = 10_000
    batch_bytes: int = 64 << 20
    hopeless: int = 10_000
    ahead_bytes: int = 0
    group_ahead: bool = True


class Records(NamedTuple):
    """Parsed records of one or more files; row i came from files[i], lines[i].

    `own_names` says that the fields are already named as in `Document`, so that
    renaming does not apply.
    """

    records: list[dict[str, Any]]
    files: list[str]
    lines: list[int]
    own_names: bool = False


class Ledger:
    """The counts of one input.

    Args:
        path: the input, as the user gave it.
        on_error: "skip" notes a bad record, "replace" first tries to mend its
            encoding, "fail" raises for the first one.
    """

    def __init__(self, path: str, on_error: OnError) -> None:
        self.path = path
        self.on_error = on_error
        self.n_documents = 0
        self.n_rejects = 0
        self.n_bad_dates = 0
        self.n_skipped_files = 0
        self.last_reason = ""
        self._rejects: list[dict[str, Any]] = []

    def reject(self, file: str, line: int, reason: str) -> None:
        """Note a record that cannot become a document."""
        self.n_rejects += 1
        self.last_reason = reason
        self._rejects.append({"file": file, "line": line, "reason": reason})

    def take_rejects(self) -> list[dict[str, Any]]:
        """Return the rejects noted since the last call, those of each file by line.

        A batch is parsed whole before any of its records becomes a document, so
        they are not noted in that order.

        Raises:
            InputError: there is one, and `on_error` is "fail".
        """
        taken, self._rejects = self._rejects, []
        files = {file: place for place, file in enumerate(dict.fromkeys(r["file"] for r in taken))}
        taken.sort(key=lambda reject: (files[reject["file"]], reject["line"]))
        if taken and self.on_error == "fail":
            file, line, reason = taken[0].values()
            raise InputError(
                f"{file}:{line}: {reason}; mend the record, or skip bad records (--on-error skip)"
            )
        return taken

    def counts(self) -> dict[str, Any]:
        """Return the counts so far, by the names a run's record gives them."""
        return {
            "path": self.path,
            "documents": self.n_documents,
            "rejects": self.n_rejects,
            "bad_dates": self.n_bad_dates,
            "skipped_files": self.n_skipped_files,
        }
