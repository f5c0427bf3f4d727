"""What a caller gives an index, in; the same, or an error that says what is taken, out.

Checked before anything is opened or written: a wrong argument must leave no
folder behind, and must not be taken for an answer such as "not there".
"""

from __future__ import annotations

import hashlib
import os
import re
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from dedupe.documents import SCHEMA, as_document, as_string, encodable, named_columns
from dedupe.errors import InputError, SettingsError
from dedupe.intake import require_many
from dedupe.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dedupe.documents import Document


def as_folder(path: object) -> Path:
    """Return the folder of an index.

    Raises:
        InputError: not a path.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise InputError(f"an index is opened by the path of a folder, not {_kind(path)}")
    if "\0" in str(path):
        raise InputError("the path of an index holds a zero byte, which no folder's name can")
    return Path(path)


def as_settings(settings: object) -> Settings | None:
    """Return the settings of an index, None for the defaults.

    Raises:
        SettingsError: of another type.
    """
    if settings is None or isinstance(settings, Settings):
        return settings
    raise SettingsError(
        f"an index is made with Settings, not {_kind(settings)}; for values of your own write "
        "Settings(name=value)"
    )


def as_name(name: object) -> str:
    """Return the id of a document, or the name of a story.

    Raises:
        InputError: not a text.
    """
    if not isinstance(name, str):
        raise InputError(f"documents and stories are named by a str, not {_kind(name)}")
    return name


def as_since(since: object) -> datetime | int | None:
    """Return a moment, or the number of a commit.

    Raises:
        InputError: neither.
    """
    if since is None or isinstance(since, (int, datetime)):
        return since
    raise InputError(
        f"since is a datetime or the number of a commit, not {_kind(since)}; as in "
        "stories(since=story.changed)"
    )


def table_of(documents: pa.Table | Iterable[Document | Mapping[str, Any] | str]) -> pa.Table:
    """Return documents as a table; one without an id is named by its url, or by its text.

    Raises:
        InputError: a document without text; one document instead of many; a
            table whose columns are not of documents.
    """
    if isinstance(documents, pa.RecordBatch):
        documents = pa.table(documents)
    if isinstance(documents, pa.Table):
        from dedupe.read import read_table

        return read_table(documents, on_error="fail", name=name_of).documents
    require_many(documents, "an index")
    read = [as_document(value) for value in documents]
    columns = named_columns(read, lambda place: name_of(read[place].url, read[place].text))
    return pa.table(columns, schema=SCHEMA)


def name_of(url: object, text: str) -> str:
    """Name a document without an id: by its address, if UTF-8 can hold that, or its text."""
    address = as_string(url)
    if address and encodable(address) == address:
        return address
    encoded = text.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(encoded, digest_size=12).hexdigest()


def parse_window(text: object) -> int:
    """Turn "30d", "12h" or "2w" into minutes.

    Raises:
        SettingsError: it is none of these.
    """
    if not isinstance(text, str):
        raise SettingsError(f'a window is a text as in "30d", not {_kind(text)}')
    found = re.fullmatch(r"(\d{1,6})\s*([hdw])", text.strip())
    if not found or not int(found[1]):
        raise SettingsError(
            f'a window is a number of hours, days or weeks as in "30d", not "{text}"'
        )
    return int(found[1]) * {"h": 60, "d": 1440, "w": 10_080}[found[2]]


def _kind(value: object) -> str:
    return type(value).__name__
