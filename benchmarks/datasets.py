"""A folder of measuring data in, documents with their truth out.

    census, spotify, seeds   ->  StorySet   documents with story, relation, origin
    counter, clough, pan13   ->  PairSet    two texts, what is true of them
    ecbplus, reuters         ->  documents; what is true of them is computed

The data are real texts under research licences: they are measured with and
never copied here. A set whose files are absent is `None`, and the caller says
that it was skipped. Only `seeds/` belongs to this project.

Half of every set stays out of tuning. Which half a record is in depends on its
own key alone, so it never moves when a set grows: see `half`.
"""

from __future__ import annotations

import csv
import dataclasses
import gzip
import hashlib
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from metrics import Case

ROOT = Path(__file__).resolve().parents[1]
DEFAULT_DATA = ROOT.parent / "shared" / "data"
SEEDS = ROOT / "seeds"

FILES = {
    "census": ("census_documents.jsonl.gz", "census_stories.tsv"),
    "spotify": ("spotify_documents.jsonl.gz", "spotify_stories.tsv"),
    "counter": ("counter_documents.jsonl.gz", "counter_pairs.jsonl.gz"),
    "clough": ("clough_stevenson_documents.jsonl.gz",),
    "pan13": ("pan13_documents.jsonl.gz", "pan13_pairs.jsonl.gz"),
    "ecbplus": ("ecbplus_documents.jsonl.gz",),
    "reuters": ("reuters_documents.jsonl.gz",),
    "pages": ("article_extraction_pages.jsonl.gz",),
    "edits": ("reuters_documents.jsonl.gz",),
    "labels": tuple(f"{name}_documents.jsonl.gz" for name in ("census", "spotify", "reuters")),
    "subjects": (
        "reuters_documents.jsonl.gz",
        "ecbplus_documents.jsonl.gz",
        "article_extraction_pages.jsonl.gz",
    ),
    "seeds": ("newsroom.jsonl", "truth.jsonl"),
}
"""The files of each set; those of `seeds` lie in the project, all others in the data folder."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class StorySet:
    """A collection whose stories are known; all lists are in the order of `documents`.

    Attributes:
        name: of the set.
        documents: as `dedupe.find_duplicates` takes them.
        stories: one label per document; a document without a body is alone.
        relations: the labels either reader gave; several where they differed.
        origins: names that are right, folded by `fold_name`; "unknown" where
            nobody could tell, empty where nobody looked.
        origin_documents: id of the story's origin, None where it is absent or unknown.
        parents: id of the parent in its story, None where it has none or none is known.
    """

    name: str
    documents: list[dict[str, Any]]
    stories: list[str]
    relations: list[frozenset[str]]
    origins: list[frozenset[str]]
    origin_documents: list[str | None]
    parents: list[str | None]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LabelledPair:
    """Two documents and what is true of them.

    Attributes:
        key: names the pair in its set.
        a: the derived side (newspaper, suspicious text, answer).
        b: the side it may derive from (agency, source, encyclopedia article).
        label: as the set has it.
        cases: reused passages, where the set marks them.
        half: "tune" or "held".
    """

    key: str
    a: dict[str, Any]
    b: dict[str, Any]
    label: str
    cases: tuple[Case, ...] = ()
    half: str


def half(key: str) -> str:
    """Return "tune" or "held": a fair coin tossed by the key alone.

    Keys: the story of census, spotify and seeds; the pair number of COUNTER;
    the suspicious document of PAN13 and the writer of Clough-Stevenson (so
    that one hand is on one side); the topic number of ECB+; the document of
    Reuters. Models are fitted on "tune" only; the README says what each script
    uses.
    """
    return "held" if hashlib.blake2b(key.encode(), digest_size=1).digest()[0] & 1 else "tune"


def location(name: str, data: Path) -> Path | None:
    """Return the folder that holds all files of a set, or None when one is missing."""
    folder = SEEDS if name == "seeds" else data
    return folder if all((folder / file).is_file() for file in FILES[name]) else None


def skipped(name: str, data: Path) -> str:
    """Return the line that says why a set was not measured."""
    folder = SEEDS if name == "seeds" else data
    return f"skipped: {name}: no {' and '.join(FILES[name])} in {folder} (--data says where)"


def data_hash(name: str, data: Path) -> str | None:
    """Hash the files of a set, so that a floor can name what it was measured on."""
    folder = location(name, data)
    if folder is None:
        return None
    digest = hashlib.blake2b(digest_size=16)
    for file in FILES[name]:
        digest.update((folder / file).read_bytes())
    return digest.hexdigest()


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Read JSON lines, gzipped when the name ends so."""
    raw = path.read_bytes()
    lines = gzip.decompress(raw) if path.suffix == ".gz" else raw
    return [orjson.loads(line) for line in lines.splitlines() if line.strip()]


def fold_name(name: str) -> str:
    """Fold an outlet's name or domain to what both share: "NBC News" is nbcnews.com.

    >>> fold_name("The Washington Post"), fold_name("www.nbcnews.com"), fold_name("apnews.com")
    ('washingtonpost', 'nbcnews', 'ap')
    """
    folded = re.sub(r"^www\.", "", name.casefold().strip())
    folded = re.sub(r"\.(com|org|net|news|example|co\.uk|tv|info)(/.*)?$", "", folded)
    folded = re.sub(r"[^\w]|_", "", re.sub(r"^the\s+", "", folded))
    return {"apnews": "ap", "associatedpress": "ap"}.get(folded, folded)


def load_stories(name: str, data: Path = DEFAULT_DATA) -> StorySet | None:
    """Load census, spotify or seeds; None when its files are absent."""
    folder = location(name, data)
    if folder is None:
        return None
    documents = read_lines(folder / FILES[name][0])
    if name == "seeds":
        return _seeds(documents, read_lines(folder / FILES[name][1]))
    with (folder / FILES[name][1]).open(encoding="utf-8", newline="") as file:
        truth = {row["id"]: row for row in csv.DictReader(file, delimiter="\t")}
    return _labelled(name, documents, [truth[document["id"]] for document in documents])


def _labelled(name: str, documents: list[dict[str, Any]], truth: list[dict[str, str]]) -> StorySet:
    """Build a set from rows of id, story, relation and origin, "A|B" where readers differed."""
    stories = [row["id"] if row["story"] == "none" else row["story"] for row in truth]
    first = {
        story: row["id"]
        for story, row in zip(stories, truth, strict=True)
        if row["relation"] == "origin"
    }
    return StorySet(
        name=name,
        documents=documents,
        stories=stories,
        relations=[frozenset(row["relation"].split("|")) - {"-"} for row in truth],
        origins=[
            frozenset(fold_name(one) for one in row["origin"].split("|") if one != "-")
            for row in truth
        ],
        origin_documents=[first.get(story) for story in stories],
        parents=[None] * len(documents),
    )


def _seeds(documents: list[dict[str, Any]], truth: list[dict[str, Any]]) -> StorySet:
    """Build the set of the project's own newsroom, where every fact is known."""
    row_of = {row["id"]: row for row in truth}
    rows = [row_of[document["id"]] for document in documents]
    return StorySet(
        name="seeds",
        documents=documents,
        stories=[row["story"] for row in rows],
        relations=[frozenset((row["relation"],)) for row in rows],
        origins=[frozenset((fold_name(row["origin"]),)) for row in rows],
        origin_documents=[row["origin_document"] for row in rows],
        parents=[row["parent"] if row["same_story_as_parent"] else None for row in rows],
    )


def load_counter(data: Path = DEFAULT_DATA) -> list[LabelledPair] | None:
    """Load the 300 pairs of COUNTER: b is the agency's, label WD, PD or ND."""
    folder = location("counter", data)
    if folder is None:
        return None
    documents = {row["id"]: row for row in read_lines(folder / FILES["counter"][0])}
    return [
        LabelledPair(
            key=row["id"],
            a=documents[row["derived"]],
            b=documents[row["source"]],
            label=row["label"],
            half=half(row["id"]),
        )
        for row in read_lines(folder / FILES["counter"][1])
    ]


def load_clough(data: Path = DEFAULT_DATA) -> list[LabelledPair] | None:
    """Load the 95 answers of Clough and Stevenson (2011), each beside its task's original."""
    folder = location("clough", data)
    if folder is None:
        return None
    documents = read_lines(folder / FILES["clough"][0])
    original = {row["task"]: row for row in documents if row["category"] == "orig"}
    return [
        LabelledPair(
            key=row["id"],
            a=row,
            b=original[row["task"]],
            label=row["category"],
            half=half(row["id"].split("_")[0]),
        )
        for row in documents
        if row["category"] != "orig"
    ]


def load_pan13(data: Path = DEFAULT_DATA) -> list[LabelledPair] | None:
    """Load the PAN 2013 pairs: a suspicious, b source, label the kind of obfuscation."""
    folder = location("pan13", data)
    if folder is None:
        return None
    documents = {row["id"]: row for row in read_lines(folder / FILES["pan13"][0])}
    return [
        LabelledPair(
            key=f"{row['suspicious']} {row['source']}",
            a=documents[row["suspicious"]],
            b=documents[row["source"]],
            label=row["kind"],
            cases=tuple(Case(a, a + m, b, b + n) for a, m, b, n in row["cases"]),
            half=half(row["suspicious"]),
        )
        for row in read_lines(folder / FILES["pan13"][1])
    ]


def load_ecbplus(data: Path = DEFAULT_DATA) -> list[dict[str, Any]] | None:
    """Load the 486 reports of ECB+; `event` names what a report is about."""
    folder = location("ecbplus", data)
    return None if folder is None else read_lines(folder / FILES["ecbplus"][0])


def load_reuters(data: Path = DEFAULT_DATA) -> list[dict[str, Any]] | None:
    """Load the 19,043 Reuters stories, `published` in ISO form."""
    folder = location("reuters", data)
    if folder is None:
        return None
    rows = read_lines(folder / FILES["reuters"][0])
    for row in rows:
        row["published"] = _newswire_time(row.get("published"))
    return rows


def _newswire_time(given: str | None) -> str | None:
    """Read "26-FEB-1987 15:01:01.79" as UTC; None where it is damaged."""
    seconds = (given or "").strip().partition(".")[0]
    try:
        stamp = datetime.strptime(f"{seconds} +0000", "%d-%b-%Y %H:%M:%S %z")
    except ValueError:
        return None
    return stamp.isoformat()


AGENCIES = (
    "اے پی پی", "ثناء نیوز", "ثنا نیوز", "این این آئی", "آئی این پی", "آن لائن", "آئی این این",
    "اے این این", "اے ایف پی", "رائٹرز", "پی پی آئی", "صباح نیوز", "خبر ایجنسیاں",
    "نیوز ایجنسیاں", "ایجنسیاں",
)  # fmt: skip
"""Names of news agencies in Urdu, and the plain word for them."""

_NAME = "|".join(re.escape(name).replace(r"\ ", r"\s*") for name in AGENCIES)
_CREDIT = re.compile(rf"\s*\([^()]{{0,40}}(?:{_NAME})[^()]{{0,40}}\)")
_BARE = re.compile(_NAME)


def mask_agencies(text: str) -> str:
    """Take agency names out of an Urdu text.

    A bracketed credit goes with its brackets, since "()" would tell as much as
    the name did; a name in the running text becomes the word "institution".
    """
    return _BARE.sub("ادارہ", _CREDIT.sub("", text))
