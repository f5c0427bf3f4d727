"""Stage 2: texts in; the ranges of them that are story, out.

    documents table  ->  clean()  ->  Kept
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dedupe.clean.kept import Kept, code_points, keep_all, kept_ranges

if TYPE_CHECKING:
    import pyarrow as pa

    from dedupe.settings import Settings

__all__ = ["Kept", "clean", "code_points", "keep_all", "kept_ranges"]


def clean(documents: pa.Table, settings: Settings) -> Kept:
    return keep_all(documents)
