"""A result and its inputs in; the records worth keeping out, as they were given.

    Result.unique()  ->  ids      -.
    inputs           ->  records  -+->  one record of each story, with every field it came with

The documents of a run hold only the fields that the run needs; who thins out a
collection wants the others back.
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any

from dedupe.errors import InputError
from dedupe.read.fields import FieldNames
from dedupe.read.formats import read_records
from dedupe.read.ledger import Ledger, Limits
from dedupe.read.pages import with_pages
from dedupe.read.rows import build_documents
from dedupe.read.sources import check_inputs, find_sources

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from dedupe.read.ledger import OnError
    from dedupe.result import Result

logger = logging.getLogger(__name__)


def unique_records(
    result: Result,
    inputs: Sequence[str | Path],
    *,
    fields: Mapping[str, str] | None = None,
    on_error: OnError = "skip",
) -> Iterator[dict[str, Any]]:
    """Yield the record of each document in `result.unique()`, in input order.

    Where these inputs lack some of those documents, their number is logged.

    Args:
        result: of a run over these inputs.
        inputs: the same, named the same, for a missing id is made of the name.
        fields: the same as for the run.
        on_error: the same as for the run.

    Raises:
        InputError: a document that the run did not see; and as `read`.
    """
    known = set(result.documents["id"].to_pylist())
    wanted = set(result.unique()["id"].to_pylist())
    for name, record in _records_by_id(inputs, fields or {}, on_error):
        if name not in known:
            raise InputError(
                f'"{name}" is not in the result; give the inputs and fields just as '
                '"dedupe cluster" got them, or run it again'
            )
        if name in wanted:
            wanted.remove(name)
            yield record
    if wanted:
        logger.warning(
            "%d documents that stand for their stories are not in these inputs, such as %s",
            len(wanted), min(wanted),
        )  # fmt: skip


def _records_by_id(
    inputs: Sequence[str | Path], fields: Mapping[str, str], on_error: OnError
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the id of each document and the record it was made of."""
    paths = [os.fspath(given) for given in inputs]
    check_inputs(paths)
    given_names, own_names, limits = FieldNames(fields), FieldNames({}), Limits()
    for path in paths:
        ledger = Ledger(path, on_error)
        sources, _ = find_sources(path)
        for records in read_records(
            sources, given_names, ledger, limits, lambda _n_bytes: None, whole=True
        ):
            names = own_names if records.own_names else given_names
            documents = build_documents(with_pages(records, names, ledger), names, ledger)
            places = zip(records.files, records.lines, strict=True)
            record_at = dict(zip(places, records.records, strict=True))
            for name, file, line in zip(
                documents.ids, documents.files, documents.lines, strict=True
            ):
                yield name, record_at[file, line]
