"""Two documents of a finished run in; why they were judged as they were, out.

    Result, documents, a, b  ->  explain()  ->  Explanation

What is furniture and which shingles are rare depend on the whole collection,
so it is cleaned and sketched again. The pair is then measured without any
floor, and asked what decides it (grounds); what the run made of it in the end,
with all other pairs and a reader's decisions, is read from its files.

grounds.py  what decides the relation of one pair, and what would turn it
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dedupe.comparison import Passage
from dedupe.errors import InputError, OutputError
from dedupe.result import Result
from dedupe.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pyarrow as pa

    from dedupe.candidates import Weights
    from dedupe.explanation.grounds import Change, Grounds, Reason
    from dedupe.sketch import Sketches
    from dedupe.verify import Measured


_HINT = "give them with --inputs FILE... (inputs=[...])"
_ROUNDING = 1e-9


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
        nets: "exact", "bands", "rare": where the two meet. Any of them may have
            found the pair, or a crowd of near-copies that both belong to.
        why_not: why the pair was not verified, None where it was.
        bands_in_common: bands on which both signatures agree.
        bands: of all.
        rare_in_common: sampled shingles of both that few documents hold.
        resemblance: over word 3-shingles.
        containment_a: share of a found in b.
        containment_b: share of b found in a.
        longest_run: words.
        grounds: what decides the relation of the pair alone; None without a
            word in common.
        overruled: sentences, where a rule, the stories as a whole or a reader's
            decision stands above what the models say of the pair.
        reasons: features by how far they moved the model, the strongest first.
        change: what would flip its verdict; None where no single change would,
            or there is nothing to judge.
        evidence: of the run's stories, about these two, a reader's decisions
            among it.
        clues: by document, its strongest evidence `for` and `against`.
        counterfactuals: of the story of either: `story`, `without` a kind of
            evidence, the `probability` of the named origin, and the `origin`
            that would be named.
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
    nets: tuple[str, ...]
    why_not: str | None
    bands_in_common: int
    bands: int
    rare_in_common: int
    resemblance: float
    containment_a: float
    containment_b: float
    longest_run: int
    grounds: Grounds | None
    overruled: list[str]
    reasons: list[Reason]
    change: Change | None
    evidence: list[dict[str, Any]]
    clues: dict[str, dict[str, list[dict[str, Any]]]]
    counterfactuals: list[dict[str, Any]]
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
        InputError: an id the run does not know; inputs with other documents than they had, or
            where one of the two has another text, as far as its words kept and the pair's
            resemblance tell.
        OutputError: no result in the folder, a damaged one, or one without settings.
    """
    result = result if isinstance(result, Result) else Result.load(result)
    stories = _stories_of(result, a, b)
    again = _measured_again(result, a, b, inputs)
    verified = _verified(result, *again.ids)
    _check_texts(result, again, verified)
    return Explanation(
        a=again.ids[0],
        b=again.ids[1],
        relation=verified["relation"] if verified else None,
        same_story=verified["same_story"] if verified else None,
        one_story=stories[0] == stories[1],
        probability=verified["probability"] if verified else None,
        evidence=_evidence(result, {a, b}),
        **_of_nets(again, verified),
        **_of_pair(again, result, verified, one_story=stories[0] == stories[1]),
        **_of_stories(result, stories, again.ids),
    )


class _Again(NamedTuple):
    """Two documents of a run, read, sketched and measured once more, whatever they share."""

    table: pa.Table
    rows: tuple[int, int]
    ids: tuple[str, str]
    settings: Settings
    sketches: Sketches
    weights: Weights
    measured: Measured
    pair: dict[str, Any]


def _measured_again(result: Result, a: str, b: str, inputs: Sequence[str | Path] | None) -> _Again:
    from dedupe.candidates import weigh
    from dedupe.clean import clean
    from dedupe.published import published_by
    from dedupe.sketch import sketch
    from dedupe.verify import given_pairs, judge, measure

    if "settings" not in result.run:
        raise OutputError('the record of this run holds no settings; run "dedupe cluster" again')
    settings = Settings.from_dict(result.run["settings"])
    table = _collection(result, inputs)
    ids = table.column("id").to_pylist()
    kept = clean(table, settings)
    sketches = sketch(kept, settings)
    weights = weigh(sketches, settings.threads)
    x, y = sorted((ids.index(a), ids.index(b)))
    everything = dataclasses.replace(settings, containment_floor=0.0)
    pairs = given_pairs(np.array([x]), np.array([y]), sketches, weights, everything)
    measured = measure(pairs, kept, everything)
    pair = judge(measured, published_by(table)).to_pylist()[0] if len(measured.a) else {}
    return _Again(table, (x, y), (ids[x], ids[y]), settings, sketches, weights, measured, pair)


def _of_nets(again: _Again, verified: dict[str, Any] | None) -> dict[str, Any]:
    """Return which nets hold both documents, and why they were not compared."""
    nets, n_bands, n_rare = _nets(again.sketches, again.weights, again.settings, *again.rows)
    return {
        "nets": tuple(nets),
        "why_not": None if verified else _why_not(nets, again.pair, again.settings),
        "bands_in_common": n_bands,
        "bands": again.settings.n_slots // again.settings.band_rows,
        "rare_in_common": n_rare,
    }


def _of_pair(
    again: _Again, result: Result, verified: dict[str, Any] | None, *, one_story: bool
) -> dict[str, Any]:
    """Return the measures of the pair, what the models make of them, and its passages."""
    from dedupe.explanation.grounds import grounds, model_part

    pair, measured = again.pair, again.measured
    reasons, change = model_part(measured) if pair else ([], None)
    found = grounds(measured, again.table) if pair else None
    texts = again.table.column("text")
    return {
        "resemblance": pair.get("resemblance", 0.0),
        "containment_a": pair.get("containment_a", 0.0),
        "containment_b": pair.get("containment_b", 0.0),
        "longest_run": pair.get("longest_run", 0),
        "grounds": found,
        "overruled": _overruled(result, verified, found, set(again.ids), one_story=one_story),
        "reasons": reasons,
        "change": change,
        "passages": [
            Passage(row["a_start"], row["a_end"], row["b_start"], row["b_end"])
            for row in measured.passages.to_pylist()
        ],
        "text_a": texts[again.rows[0]].as_py(),
        "text_b": texts[again.rows[1]].as_py(),
    }


def _of_stories(result: Result, stories: Sequence[str], ids: tuple[str, str]) -> dict[str, Any]:
    """Return what the stories of both say of either, and who would be named without it."""
    told = [story for story in result.stories if story["story"] in stories]
    return {
        "clues": {name: _clues(told, name) for name in ids},
        "counterfactuals": [
            {"story": story["story"]} | row
            for story in told
            for row in story.get("counterfactuals", [])
        ],
    }


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
    from dedupe.read import paths_to_reread, read
    from dedupe.read.sources import STDIN

    run = result.run
    paths = inputs or paths_to_reread(run)
    if not paths or STDIN in map(str, paths):
        raise InputError(f"the documents of this run were no files that can be read again; {_HINT}")
    reading = run.get("reading", {})
    try:
        table = read(
            paths,
            fields=reading.get("fields"),
            on_error=reading.get("on_error", "skip"),
            start="" if inputs else reading.get("start", ""),
        ).documents
    except InputError as error:
        raise InputError(f"{error}; if the run's inputs moved, {_HINT}") from error
    table = table.sort_by("id").combine_chunks()
    if table.column("id").to_pylist() != sorted(result.documents["id"].to_pylist()):
        raise InputError(f"the inputs no longer hold the documents of this run; {_HINT}")
    return table


def _check_texts(result: Result, again: _Again, verified: dict[str, Any] | None) -> None:
    """Refuse texts that are not those the run judged."""
    if "against" in result.run:
        # What is furniture was learned from the earlier run too.
        return
    columns = (result.documents[name].to_pylist() for name in ("id", "n_words"))
    before = dict(zip(*columns, strict=True))
    now = again.sketches.n_words[list(again.rows)].tolist()
    others = [name for name, words in zip(again.ids, now, strict=True) if before[name] != words]
    resemblance = again.pair.get("resemblance", 0.0)
    if not others and verified and abs(verified["resemblance"] - resemblance) > _ROUNDING:
        others = list(again.ids)
    if others:
        named = " or ".join(f'"{name}"' for name in others)
        raise InputError(f"the inputs no longer hold {named} as this run read it; {_HINT}")


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
    _, holders = np.unique(weights.hashes[np.isin(weights.hashes, shared)], return_counts=True)
    n_rare = int((holders <= settings.rare_cap).sum())
    same_text = sketches.n_words[x] > 0 and sketches.text_hashes[x] == sketches.text_hashes[y]
    nets = {"exact": bool(same_text), "bands": n_bands > 0, "rare": n_rare > 0}
    return [name for name, holds in nets.items() if holds], n_bands, n_rare


def _why_not(nets: Sequence[str], pair: dict[str, Any], settings: Settings) -> str:
    if not pair:
        return "no shingle in common"
    share = max(pair["containment_a"], pair["containment_b"])
    if share < settings.containment_floor:
        return f"{share:.3f} in common, below the floor of {settings.containment_floor}"
    if not nets:
        return "no band of slots and no rare shingle in common: no net holds them together"
    return (
        "a net holds both, and linked each with other documents: equal texts enter once, "
        "full buckets link only their documents of smallest hash, and few rare shingles are too few"
    )


def _is_overruled(found: Grounds) -> bool:
    """Say whether a rule changes what the models say."""
    if found.rule == "quoted":
        return found.lineage_log_odds > max(0, found.same_story_log_odds)
    return found.rule is not None and (found.same_story_log_odds > 0) != (found.rule == "exact")


def _by_rule(found: Grounds) -> str:
    if found.rule == "quoted":
        return (
            "a quotation that both print is no copying, though the model alone gives "
            f"{found.lineage_log_odds:+.2f} log-odds of shared lineage"
        )
    rule = "equal words are one story" if found.rule == "exact" else "a form filled in anew is not"
    return (
        f"{rule}, though the model alone gives {found.same_story_log_odds:+.2f} "
        "log-odds of one story"
    )


def _overruled(
    result: Result,
    verified: dict[str, Any] | None,
    found: Grounds | None,
    documents: set[str],
    *,
    one_story: bool,
) -> list[str]:
    """Say what stands above the models' view of the pair."""
    says = [_by_rule(found)] if found and _is_overruled(found) else []
    if verified and verified["relation"] == "roundup" and found:
        says.append(
            "one of the two holds pieces of several stories, which no pair alone shows; "
            f"as a pair: {found.relation.replace('_', ' ')} ({found.says})"
        )
    decisions = result.run.get("overrides", {})
    decided = [
        name
        for name in ("must_link", "cannot_link")
        if any(set(pair) == documents for pair in decisions.get(name, []))
    ]
    says += [f"a reader decided it: {name.replace('_', '-')}" for name in decided]
    if not decided and verified and verified["same_story"] != one_story:
        says.append(
            "in one story all the same, by what ties both to its other documents"
            if one_story
            else "in two stories all the same, by what parts the other documents of either"
        )
    return says


def _clues(stories: Sequence[dict[str, Any]], document: str) -> dict[str, list[dict[str, Any]]]:
    """Return the evidence that a story names as for and against a document's place in it."""
    for story in stories:
        for row in story.get("clues", []):
            if row["document"] == document:
                places = {side: row[side] for side in ("for", "against")}
                return {
                    side: [story["evidence"][place] for place in found]
                    for side, found in places.items()
                }
    return {"for": [], "against": []}


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
