"""Stage 8: stories in; who wrote each first, who copied whom, and why we think so.

documents, stories, pairs, passages, clues  ->  attribute()  ->  Attribution

names.py     spellings of agencies and outlets, one canonical name each
pages.py     outlets, texts and clocks, looked up where a story needs them
works.py     exact copies and an outlet's own versions count once
evidence.py  a story, a piece of evidence, and how evidence adds up
signals.py   the table of signals, one small function each
model.py     probabilities of every origin and parent, over all trees at once
verdict.py   the origin named or "cannot tell", and the words for it
columns.py   the results by document and by pair
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dedupe.attribute.columns import Attribution, attribute

__all__ = ["Attribution", "attribute"]


def __getattr__(name: str) -> Any:
    """Import the stage when it is first asked for: the clue harvest needs only the names."""
    if name in __all__:
        from dedupe.attribute import columns

        return getattr(columns, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
