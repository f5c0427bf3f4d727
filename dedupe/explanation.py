"""Two documents of a finished run in; why they were judged as they were, out.

    Result, documents, a, b  ->  explain()  ->  Explanation

What is furniture and which shingles are rare depend on the whole collection,
so it is cleaned and sketched again. The pair is then measured without any
floor, and the fitted model is asked again with one feature changed at a time.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dedupe.comparison import Passage
from dedupe.errors import InputError
from dedupe.result import Result
from dedupe.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pyarrow as pa
    from numpy.typing import NDArray

    from dedupe.candidates import Weights
    from dedupe.sketch import Sketches
    from dedupe.verify import Measured

_LOWER_IS_COPY = frozenset({"numbers_changed", "names_changed"})
_NO_EVIDENCE = frozenset({"brevity"})
"""Features that describe the texts and not what they share."""


class Reason(NamedTuple):
    """A feature, its value, and what it adds to the log-odds of one story.

    `log_odds` compares with a pair that shares nothing of the feature's kind
    where the model says one story, and with a full copy where it says not.
    """

    feature: str
    value: float
    log_odds: float


class Change(NamedTuple):
    """The smallest change of one feature that would flip the model's verdict."""

    feature: str
    value: float
    needed: float


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why two documents were judged as they were.

    Attributes:
        a: id of one document.
        b: of the other.
        relation: as the run wrote it; None where the pair was not verified.
        same_story: likewise; what the pair alone says.
        one_story: whether the run put both into one story.
        probability: of shared lineage, None where not verified.
        found_by: "exact", "bands", "rare", or several; empty where no net can
            have found the pair, or the screen dropped it.
        why_not: why the pair was not verified, None where it was.
        bands_in_common: bands on which both signatures agree.
        bands: of all.
        rare_in_common: sampled shingles of both that few documents hold.
        resemblance: over word 3-shingles.
        containment_a: share of a found in b.
        containment_b: share of b found in a.
        longest_run: words.
        reasons: features by how far they moved the model, the strongest first.
        change: what would flip its verdict; None where no single change would,
            or there is nothing to judge.
        evidence: of the run's stories, about these two, a reader's decisions
            among it.
        passages: aligned, in code points of the texts as given.
        text_a: as given.
        text_b: as given.
    """

    a: str
    b: str
    relation: str | None
    same_story: bool | None
    one_story: bool
    probability: float | None
    found_by: tuple[str, ...]
    why_not: str | None
    bands_in_common: int
    bands: int
    rare_in_common: int
    resemblance: float
    containment_a: float
    containment_b: float
    longest_run: int
    reasons: list[Reason]
    change: Change | None
    evidence: list[dict[str, Any]]
    passages: list[Passage]
    text_a: str
    text_b: str


def explain(
    result: Result | str | Path, a: str, b: str, inputs: Sequence[str | Path] | None = None
) -> Explanation:
    """Say why two documents of a run were judged as they were.

    Args:
        result: of a run, or its folder.
        a: id of a document.
        b: of another.
        inputs: where the run's inputs are now; None takes the recorded paths.

    Raises:
        InputError: an id the run does not know, or inputs that are not as they were.
        OutputError: no result in the folder.
    """
    from dedupe.candidates import weigh
    from dedupe.clean import clean
    from dedupe.sketch import sketch
    from dedupe.verify import given_pairs, judge, measure

    result = result if isinstance(result, Result) else Result.load(result)
    stories = _stories_of(result, a, b)
    settings = Settings.from_dict(result.run["settings"])
    table = _collection(result, inputs)
    ids = table.column("id").to_pylist()
    kept = clean(table, settings)
    sketches = sketch(kept, settings)
    weights = weigh(sketches)
    x, y = sorted((ids.index(a), ids.index(b)))
    rows = np.array([x]), np.array([y])
    everything = dataclasses.replace(settings, containment_floor=0.0)
    measured = measure(given_pairs(*rows, sketches, weights, everything), kept, everything)
    verified = _verified(result, ids[x], ids[y])
    found, n_bands, n_rare = _nets(sketches, weights, settings, x, y)
    pair = judge(measured, table).to_pylist()[0] if len(measured.a) else {}
    reasons, change = _reasons(measured) if pair else ([], None)
    texts = table.column("text")
    return Explanation(
        a=ids[x],
        b=ids[y],
        relation=verified["relation"] if verified else None,
        same_story=verified["same_story"] if verified else None,
        one_story=stories[0] == stories[1],
        probability=verified["probability"] if verified else None,
        found_by=tuple(found) if verified else (),
        why_not=None if verified else _why_not(found, pair, settings),
        bands_in_common=n_bands,
        bands=settings.n_slots // settings.band_rows,
        rare_in_common=n_rare,
        resemblance=pair.get("resemblance", 0.0),
        containment_a=pair.get("containment_a", 0.0),
        containment_b=pair.get("containment_b", 0.0),
        longest_run=pair.get("longest_run", 0),
        reasons=reasons,
        change=change,
        evidence=_evidence(result, {a, b}),
        passages=[
            Passage(row["a_start"], row["a_end"], row["b_start"], row["b_end"])
            for row in measured.passages.to_pylist()
        ],
        text_a=texts[x].as_py(),
        text_b=texts[y].as_py(),
    )


def _stories_of(result: Result, a: str, b: str) -> list[str]:
    if a == b:
        raise InputError(f'"{a}" is given twice; name two documents')
    columns = (result.documents[name].to_pylist() for name in ("id", "story"))
    story_of = dict(zip(*columns, strict=True))
    for name in (a, b):
        if name not in story_of:
            raise InputError(
                f'"{name}" is no document of this result; take ids from documents.parquet'
            )
    return [story_of[a], story_of[b]]


def _collection(result: Result, inputs: Sequence[str | Path] | None) -> pa.Table:
    """Read the documents of a run again, sorted by id as its stages see them."""
    from dedupe.read import read

    run = result.run
    hint = "give them with --inputs FILE... (inputs=[...])"
    paths = inputs or [row["path"] for row in run.get("inputs", [])]
    if not paths or any(str(path) in ("-", "table") for path in paths):
        raise InputError(f"the documents of this run were no files that can be read again; {hint}")
    reading = run.get("reading", {})
    try:
        table = read(
            paths, fields=reading.get("fields"), on_error=reading.get("on_error", "skip")
        ).documents
    except InputError as error:
        raise InputError(f"{error}; if the run's inputs moved, {hint}") from error
    table = table.sort_by("id").combine_chunks()
    if table.column("id").to_pylist() != sorted(result.documents["id"].to_pylist()):
        raise InputError(f"the inputs no longer hold the documents of this run; {hint}")
    return table


def _verified(result: Result, a: str, b: str) -> dict[str, Any] | None:
    import pyarrow.compute as pc

    pairs = result.pairs
    rows = pairs.filter(pc.and_(pc.equal(pairs["a"], a), pc.equal(pairs["b"], b))).to_pylist()
    return rows[0] if rows else None


def _nets(
    sketches: Sketches, weights: Weights, settings: Settings, x: int, y: int
) -> tuple[list[str], int, int]:
    """Return the nets that can find a pair, the bands and the rare shingles in common."""
    bands = settings.n_slots // settings.band_rows
    width = bands * settings.band_rows
    equal = sketches.signatures[x, :width] == sketches.signatures[y, :width]
    n_bands = int(equal.reshape(bands, -1).all(axis=1).sum())
    one, other = (weights.hashes[weights.offsets[row] : weights.offsets[row + 1]] for row in (x, y))
    shared = np.intersect1d(one, other)
    ordered = weights.hashes[weights.order]
    holders = np.searchsorted(ordered, shared, "right") - np.searchsorted(ordered, shared)
    n_rare = int((holders <= settings.rare_cap).sum())
    same_text = sketches.n_words[x] > 0 and sketches.text_hashes[x] == sketches.text_hashes[y]
    nets = {"exact": bool(same_text), "bands": n_bands > 0, "rare": n_rare > 0}
    return [name for name, holds in nets.items() if holds], n_bands, n_rare


def _why_not(found: Sequence[str], pair: dict[str, Any], settings: Settings) -> str:
    if not pair:
        return "no shingle in common"
    share = max(pair["containment_a"], pair["containment_b"])
    if share < settings.containment_floor:
        return f"{share:.3f} in common, below the floor of {settings.containment_floor}"
    if not found:
        return "no band of slots and no rare shingle in common: no net holds them together"
    return (
        "a net holds both, and linked each with other documents: equal texts enter once, "
        "full buckets link only their documents of smallest hash, and few rare shingles are too few"
    )


def _reasons(measured: Measured) -> tuple[list[Reason], Change | None]:
    """Ask the model of one story again, with one feature changed at a time."""
    from dedupe.verify.relation import FEATURES, features, load_model

    model = load_model()["same_story"]
    values = features(measured)
    odds = float(model.log_odds(values)[0])
    reasons, flips = [], []
    for place, name in enumerate(FEATURES):
        if name in _NO_EVIDENCE:
            continue
        # The other end: nothing shared, or all of it.
        other = float((odds <= 0) != (name in _LOWER_IS_COPY))
        tried = np.concatenate([[other], _steps(model.threshold[model.feature == place])])
        asked = np.repeat(values, len(tried), axis=0)
        asked[:, place] = tried
        answers = model.log_odds(asked)
        reasons.append(Reason(name, float(values[0, place]), odds - float(answers[0])))
        flipped = tried[(answers > 0) != (odds > 0)]
        if len(flipped):
            needed = float(flipped[np.argmin(abs(flipped - values[0, place]))])
            flips.append(Change(name, float(values[0, place]), needed))
    reasons.sort(key=lambda reason: (-abs(reason.log_odds), reason.feature))
    change = min(flips, key=lambda one: (abs(one.needed - one.value), one.feature), default=None)
    return [reason for reason in reasons if reason.log_odds], change


def _steps(thresholds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a value on either side of every threshold: the model knows no others."""
    distinct = np.unique(thresholds)
    return np.concatenate([distinct, np.nextafter(distinct, np.inf)])


def _evidence(result: Result, documents: set[str]) -> list[dict[str, Any]]:
    found = [
        item
        for story in result.stories
        if documents <= set(story["documents"])
        for item in story["evidence"]
        if item["document"] in documents or item["signal"] == "reader"
    ]
    decided = result.run.get("overrides", {}).get("cannot_link", [])
    if any(set(pair) == documents for pair in decided) and not any(
        item["signal"] == "reader" for item in found
    ):
        found.append({"signal": "reader", "says": "a reader keeps them apart", "quote": None})
    return found
