"""Find which news documents tell the same written story, and who likely wrote it first.

documents.py    Document, and the table of documents that every stage shares
settings.py     Settings, validated once
errors.py       what can go wrong, as one tree

read/           1 files, folders, stdin       -> document batches
clean/          2 page furniture off, credits and scars kept
shingle.py      3 text                        -> tokens, shingles
sketch.py       4 text                        -> signatures, sampled shingles
candidates/     5 signatures, rare shingles   -> candidate pairs
verify/         6 candidate pairs             -> measured pairs, passages, relations
cluster.py      7 measured pairs              -> stories
attribute/      8 stories                     -> origin, parents, evidence
result/         9 Result                      -> files

report/         Result                        -> terminal, CSV, a page for the browser

pipeline.py     find_duplicates(): the stages in order
stages.py       a stage                       -> its answer, timed, kept and told of
checkpoints.py  what finished stages returned -> an interrupted run goes on from there
intake.py       documents as a caller has them -> a table in order of id
compared.py     what reading and comparing documents has found: stories are made of it
against/        new documents, an earlier run -> what a run over both would find of the new
overrides.py    a reader's decisions          -> stories that honour them
estimate.py     inputs                        -> what a run over them will take

comparison.py   compare(): the same stages on two documents
inspection.py   inspect(): how one document is read
explanation/    explain(): why two documents of a run were judged so
network.py      sources(): who copies whom
interrupts.py   Ctrl-C                        -> an end of the command, wherever it came
in_place.py     a file that stands in its place when all is written
filter.py       a result and its inputs       -> one record of each story
index/          Index: the stages a commit at a time, for crawlers
scrapy.py       items of a Scrapy crawl       -> the same, told their story, or dropped
storage/        the index on disk
cli/            parses, calls the library, prints
__main__.py     python -m dedupe

published.py    by whom and when              -> which document comes before which
dates.py        what an outlet writes of time -> the interval it may mean
names.py        spellings of agencies and outlets -> one name for each
disjoint_sets.py  pairs that belong together  -> sets
arrays/         arrays that are ragged, packed, grouped, larger than memory
threads.py      a function, ranges of rows    -> its answers, from threads, in order
kernels/        the hot loops: arrays in, arrays out
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dedupe.comparison import Background, Comparison, Passage, compare
    from dedupe.documents import Document
    from dedupe.errors import (
        CorruptIndexError,
        DedupeError,
        IndexBusyError,
        InputError,
        MissingExtraError,
        OutputError,
        SettingsError,
        StoreError,
    )
    from dedupe.explanation import Explanation, explain
    from dedupe.explanation.grounds import Change, Grounds, Reason, Turn
    from dedupe.index import Index, IndexStory, Match
    from dedupe.inspection import Inspection, Sign, Span, inspect
    from dedupe.network import Network, sources
    from dedupe.overrides import Overrides
    from dedupe.pipeline import find_duplicates
    from dedupe.result import Result
    from dedupe.settings import Settings

__version__ = "0.1.0"

# A public name is imported when it is first asked for: `dedupe --help` and
# `import dedupe` load neither Arrow nor the compiler.
_HOMES = {
    "Background": "comparison",
    "Comparison": "comparison",
    "Passage": "comparison",
    "compare": "comparison",
    "Document": "documents",
    "CorruptIndexError": "errors",
    "DedupeError": "errors",
    "IndexBusyError": "errors",
    "InputError": "errors",
    "MissingExtraError": "errors",
    "OutputError": "errors",
    "SettingsError": "errors",
    "Explanation": "explanation",
    "explain": "explanation",
    "Change": "explanation.grounds",
    "Grounds": "explanation.grounds",
    "Reason": "explanation.grounds",
    "Turn": "explanation.grounds",
    "StoreError": "errors",
    "Index": "index",
    "IndexStory": "index",
    "Match": "index",
    "Inspection": "inspection",
    "Sign": "inspection",
    "Span": "inspection",
    "inspect": "inspection",
    "Overrides": "overrides",
    "find_duplicates": "pipeline",
    "Result": "result",
    "Settings": "settings",
    "Network": "network",
    "sources": "network",
}

__all__ = [
    "Background",
    "Change",
    "Comparison",
    "CorruptIndexError",
    "DedupeError",
    "Document",
    "Explanation",
    "Grounds",
    "Index",
    "IndexBusyError",
    "IndexStory",
    "InputError",
    "Inspection",
    "Match",
    "MissingExtraError",
    "Network",
    "OutputError",
    "Overrides",
    "Passage",
    "Reason",
    "Result",
    "Settings",
    "SettingsError",
    "Sign",
    "Span",
    "StoreError",
    "Turn",
    "__version__",
    "compare",
    "explain",
    "find_duplicates",
    "inspect",
    "sources",
]


def __getattr__(name: str) -> Any:
    """Import a public name from its module."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
