"""One measuring set in, its named figures out.

    census, spotify, seeds  ->  story_figures()    stories, relations, origins
    counter                 ->  counter_figures()  derived or not, direction
    clough                  ->  clough_figures()   copied or not
    pan13                   ->  pan13_figures()    passages
    ecbplus                 ->  ecbplus_figures()  reports that must stay apart
    reuters                 ->  reuters_figures()  recall against brute force
                            ->  edit_figures()     edited copies in their stories
    pairs read by two           ->  reading_figures()  same story or not

A figure is named `set.measure`. Everything runs with default settings: what a
user gets who sets nothing.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import label_pairs
import metrics
import numpy as np
import subjects
from brute_force import Overlaps, exact_pairs, words
from datasets import LabelledPair, StorySet, fold_name, mask_agencies
from edits import EDITS, OTHER_STORY, quoting

import dedupe

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    Figures = dict[str, float]

LEAST_WORDS = 50
"""Containment is asked for between texts of at least this many words."""

LEAST_EDITED, LEAST_QUOTING, N_EDITED = 160, 80, 200
"""Words of a dispatch that is edited, and of one that prints a quotation, and how many are."""

LATE, WHOLE = timedelta(days=2), 0.97
"""From when on a dispatch comes late, and from what containment on a text stands whole in another.
Nearly all such pairs of Reuters are forms filled in anew, and reports of the next week."""

REWRITTEN = ("spun", "roundups_apart")
"""Figures that `worst_joined` leaves out: not edits of a copy, but another's words."""

DERIVED = frozenset(("repost", "excerpt", "rewrite", "paraphrase", "update"))
"""Relations of a document that was made from another."""

SAME_LABEL = {"cut": "excerpt", "exact": "repost"}
"""census and spotify call an excerpt a cut, and do not tell exact copies from reposts."""


def coin(key: str, sides: int) -> int:
    """Return a number below `sides` that depends on the key alone."""
    digest = hashlib.blake2b(key.encode(), digest_size=8, key=b"coin").digest()
    return int.from_bytes(digest, "big") % sides


def grouping(stories: Sequence[object], found: Sequence[object]) -> Figures:
    """Score one label per document against the truth."""
    pairs, own = metrics.pairwise(stories, found), metrics.b_cubed(stories, found)
    return {
        "pairwise_precision": pairs.precision,
        "pairwise_recall": pairs.recall,
        "pairwise_f1": pairs.f1,
        "b_cubed_f1": own.f1,
        "ari": metrics.adjusted_rand(stories, found),
    }


def story_figures(truth: StorySet) -> Figures:
    """Group a collection whose stories are known, and score all that is known of it."""
    result = dedupe.find_duplicates(truth.documents)
    columns = result.documents.select(["id", "story", "relation", "parent"]).to_pydict()
    figures = grouping(truth.stories, columns["story"])
    figures["relation_f1"] = _relation_f1(truth, columns["relation"])
    figures |= _origins(truth, columns["story"], result.stories)
    children = [row for row, parent in enumerate(truth.parents) if parent is not None]
    if children:
        figures["parent_accuracy"] = metrics.accuracy(
            [columns["parent"][row] == truth.parents[row] for row in children]
        )
    return {f"{truth.name}.{name}": value for name, value in figures.items()}


def _relation_f1(truth: StorySet, found: Sequence[str]) -> float:
    """Score relations where a reader gave one, in the labels of the set.

    The readers of census and spotify said how a document derives from its source also
    where that is not among the documents: then "derived" is right by definition.
    """
    known = truth.name == "seeds"
    folded = {} if known else SAME_LABEL
    rows = [row for row, labels in enumerate(truth.relations) if labels]
    wanted = []
    for row in rows:
        labels = frozenset(folded.get(one, one) for one in truth.relations[row])
        absent = not known and truth.origin_documents[row] is None and labels & DERIVED
        wanted.append(labels | {"derived"} if absent else labels)
    return metrics.macro_f1(wanted, [folded.get(found[row], found[row]) for row in rows])


def _origins(truth: StorySet, found: Sequence[str], stories: Sequence[dict[str, Any]]) -> Figures:
    """Score who is said to have written each known story first.

    Asked of every true story of two or more documents, and of single documents
    that are derived; the answer is that of the found story which holds most of
    it. "Cannot tell" is right only where nobody could tell.
    """
    answer_of = {story["story"]: story["origin"] for story in stories}
    right, told, probability = [], [], []
    for rows in metrics.groups(truth.stories).values():
        asked = len(rows) > 1 or "derived" in truth.relations[rows[0]]
        if not asked or not truth.origins[rows[0]]:
            continue
        held = Counter(found[row] for row in rows)
        story = min(held, key=lambda one: (-held[one], one))
        answer = answer_of.get(story) or {"name": None, "document": None, "probability": None}
        name = fold_name(answer["name"]) if answer["name"] else "unknown"
        names = frozenset().union(*(truth.origins[row] for row in rows))
        document = truth.origin_documents[rows[0]]
        right.append(name in names or (document is not None and answer["document"] == document))
        told.append(answer["name"] is not None)
        if answer["probability"] is not None:
            probability.append((right[-1], answer["probability"]))
    return {
        "origin_accuracy": metrics.accuracy(right),
        "origin_coverage": metrics.accuracy(told),
        "origin_brier": metrics.brier([r for r, _ in probability], [p for _, p in probability]),
    }


def _compare(
    pairs: Iterable[LabelledPair], view: Callable[[dict[str, Any]], Any]
) -> list[tuple[bool, Any]]:
    """Compare pairs as seen through `view`; the source comes first for half of them.

    Returns:
        For each pair whether a is the source, and the comparison.
    """
    compared = []
    for pair in pairs:
        source_first = bool(coin(pair.key, 2))
        first, second = (pair.b, pair.a) if source_first else (pair.a, pair.b)
        compared.append((source_first, dedupe.compare(view(first), view(second))))
    return compared


def counter_figures(pairs: Sequence[LabelledPair]) -> Figures:
    """Tell derived newspaper stories from independent ones, and which side is the source."""
    compared = _compare(pairs, lambda document: document["text"])
    derived = [pair.label != "ND" for pair in pairs]
    told = [float(answer.probability) for _, answer in compared]
    figures = {
        "derived_f1": derived_f1(derived, [p >= 0.5 for p in told]),
        "derived_brier": metrics.brier(derived, told),
        "derived_calibration_error": metrics.calibration_error(derived, told),
    }
    children = [pair for pair in pairs if pair.label != "ND"]
    views = {
        "masked": _compare(children, lambda document: mask_agencies(document["text"])),
        "dated": _compare(
            children,
            lambda document: {"text": document["text"], "published": document["published"]},
        ),
        "text": [one for one, known in zip(compared, derived, strict=True) if known],
    }
    for name, answers in views.items():
        truth, first = _direction(answers)
        score = metrics.direction(truth, first)
        figures[f"direction_{name}"] = score.accuracy
        figures[f"direction_{name}_decided"] = score.decided
        figures[f"direction_{name}_coverage"] = score.coverage
        figures[f"direction_{name}_brier"] = metrics.brier(truth, first)
    return {f"counter.{name}": value for name, value in figures.items()}


def derived_f1(derived: Sequence[bool], told: Sequence[bool]) -> float:
    """Score derived or not, both classes alike (macro F1)."""
    return metrics.macro_f1([str(x) for x in derived], [str(x) for x in told])


def _direction(answers: Sequence[tuple[bool, Any]]) -> tuple[list[bool], list[float]]:
    """Split comparisons into which side is the source, and what was said of it."""
    return [truth for truth, _ in answers], [float(one.a_first_probability) for _, one in answers]


def clough_figures(pairs: Sequence[LabelledPair]) -> Figures:
    """Tell answers copied from the task's original from answers written freely."""
    compared = _compare(pairs, lambda document: document["text"])
    return copied_score(pairs, [answer.probability >= 0.5 for _, answer in compared])


def copied_score(pairs: Sequence[LabelledPair], said: Sequence[bool]) -> Figures:
    """Score copied or not, over all answers and by how they were written."""
    copied = [pair.label != "non" for pair in pairs]
    right = [truth == answer for truth, answer in zip(copied, said, strict=True)]
    kinds = {
        label: metrics.accuracy([r for r, p in zip(right, pairs, strict=True) if p.label == label])
        for label in ("cut", "light", "heavy", "non")
    }
    figures = {"accuracy": metrics.accuracy(right)} | {
        f"{label}_accuracy": value for label, value in kinds.items()
    }
    return {f"clough.{name}": value for name, value in figures.items()}


def compare_passages(pair: LabelledPair) -> list[metrics.Case]:
    """Return the passages the library finds in a pair."""
    found = dedupe.compare(pair.a["text"], pair.b["text"]).passages
    return [metrics.Case(one.a_start, one.a_end, one.b_start, one.b_end) for one in found]


def sample(pairs: Sequence[LabelledPair], every: int) -> list[LabelledPair]:
    """Keep one pair in `every`, chosen by key."""
    return [pair for pair in pairs if coin(pair.key, every) == 0]


def pan13_figures(
    pairs: Sequence[LabelledPair],
    passages: Callable[[LabelledPair], list[metrics.Case]] = compare_passages,
) -> Figures:
    """Score passages overall and by kind of obfuscation, as PAN does.

    Every listed pair counts, so that a detection in a pair without cases costs
    precision; `caseless_clean` is the share of those pairs left untouched.
    """
    cases = {pair.key: pair.cases for pair in pairs}
    found = {pair.key: passages(pair) for pair in pairs}
    score = metrics.plagdet(cases, found)
    figures = {"plagdet": score.plagdet, "precision": score.precision, "recall": score.recall}
    figures["granularity"] = score.granularity
    for kind in ("verbatim", "random", "translation", "summary"):
        keys = [pair.key for pair in pairs if pair.label == kind]
        part = metrics.plagdet({key: cases[key] for key in keys}, {key: found[key] for key in keys})
        figures[f"plagdet_{kind}"] = part.plagdet
    caseless = [key for key, group in cases.items() if not group]
    figures["caseless_clean"] = metrics.accuracy([not found[key] for key in caseless])
    return {f"pan13.{name}": value for name, value in figures.items()}


def ecbplus_figures(documents: Sequence[dict[str, Any]]) -> Figures:
    """Count independent reports of one event that were called one story."""
    given = [{"id": one["id"], "text": one["text"]} for one in documents]
    found = dedupe.find_duplicates(given).documents["story"].to_pylist()
    return {f"ecbplus.{name}": value for name, value in ecbplus_score(documents, found).items()}


def ecbplus_score(documents: Sequence[dict[str, Any]], found: Sequence[object]) -> Figures:
    """Score one label per report of ECB+.

    Far pairs report one event, have a containment of word 5-shingles below .2,
    and are joined by no chain of pairs at .5 or more. Near pairs are at .5 or
    more, of whatever event.
    """
    overlaps = exact_pairs([one["text"] for one in documents], floor=0.2)
    rows = list(zip(overlaps.a.tolist(), overlaps.b.tolist(), strict=True))
    near = [pair for pair, c in zip(rows, overlaps.containment(), strict=True) if c >= 0.5]
    chain, close = metrics.components(len(documents), near), set(rows)
    events = metrics.groups([one["event"] for one in documents])
    far = [
        (a, b)
        for members in events.values()
        for place, b in enumerate(members)
        for a in members[:place]
        if (a, b) not in close and chain[a] != chain[b]
    ]
    joined = sum(found[a] == found[b] for a, b in far)
    return {
        "far_joined_per_1000": 1000 * joined / max(1, len(far)),
        "near_found": metrics.accuracy([found[a] == found[b] for a, b in near]),
    }


def reuters_figures(documents: Sequence[dict[str, Any]], overlaps: Overlaps) -> Figures:
    """Measure how many of the pairs that exist reach the pairs table."""
    result = dedupe.find_duplicates(
        [{name: one[name] for name in ("id", "text", "title", "published")} for one in documents]
    )
    found = linked_rows([one["id"] for one in documents], result.pairs)
    n_words = np.array([len(words(one["text"])) for one in documents])
    hit = np.array([found(a, b) for a, b in zip(overlaps.a, overlaps.b, strict=True)], bool)
    candidates = result.run["candidate_pairs"]
    return recall_score(hit, overlaps, n_words) | {
        "reuters.late_joined_per_1000": 1000 * _n_late(documents, result.pairs) / len(documents),
        "reuters.candidates_per_document": candidates["found"] / len(documents),
        "reuters.screened_per_document": candidates["screened"] / len(documents),
        "reuters.pairs_per_document": result.pairs.num_rows / len(documents),
    }


def _n_late(documents: Sequence[dict[str, Any]], pairs: pa.Table) -> int:
    """Count pairs called one story that are days apart, and neither of which holds the other."""
    clock = {one["id"]: one["published"] for one in documents if one["published"]}
    columns = ("a", "b", "same_story", "containment_a", "containment_b")
    rows = zip(*(pairs[name].to_pylist() for name in columns), strict=True)
    return sum(
        abs(datetime.fromisoformat(clock[a]) - datetime.fromisoformat(clock[b])) >= LATE
        for a, b, same, *contained in rows
        if same and max(contained) < WHOLE and a in clock and b in clock
    )


def recall_score(hit: NDArray[np.bool_], overlaps: Overlaps, n_words: NDArray[np.int64]) -> Figures:
    """Score which of the pairs that exist were found: `hit` (P,), words of each document (D,)."""
    long = np.minimum(n_words[overlaps.a], n_words[overlaps.b]) >= LEAST_WORDS
    alike, held = overlaps.resemblance() >= 0.5, (overlaps.containment() >= 0.5) & long
    return {
        "reuters.recall_resemblance": metrics.accuracy(hit[alike].tolist()),
        "reuters.recall_containment": metrics.accuracy(hit[held].tolist()),
    }


def linked_rows(ids: Sequence[str], pairs: pa.Table) -> Callable[[int, int], bool]:
    """Return the question whether two rows are linked in a pairs table.

    Exact copies are linked to one of them only, so each stands for all: a pair
    counts as linked when it or any pair of their exact copies is in the table.
    """
    row_of = {name: row for row, name in enumerate(ids)}
    columns = pairs.select(["a", "b", "relation"]).to_pydict()
    rows = [(row_of[a], row_of[b]) for a, b in zip(columns["a"], columns["b"], strict=True)]
    exact = [pair for pair, name in zip(rows, columns["relation"], strict=True) if name == "exact"]
    text = metrics.components(len(ids), exact)
    linked = {frozenset((text[a], text[b])) for a, b in rows}
    return lambda a, b: text[a] == text[b] or frozenset((text[a], text[b])) in linked


def reading_figures(
    readings: Sequence[label_pairs.Reading], joined: Collection[tuple[str, str, str]]
) -> Figures:
    """Score same_story where two readers agree; `joined` are (set, a, b) called one story.

    An exact copy stands for its representative in the pairs table; such pairs
    are not among those read.
    """
    first, second = [row.reading_1 for row in readings], [row.reading_2 for row in readings]
    agreed = [row for row in readings if row.reading_1 == row.reading_2]
    told = [(row.set, row.a, row.b) in joined for row in agreed]
    same = [row.reading_1 == "same" for row in agreed]
    apart = [one for one, truth in zip(told, same, strict=True) if not truth]
    together = [one for one, truth in zip(told, same, strict=True) if truth]
    return {
        "labels.agreement": len(agreed) / max(1, len(readings)),
        "labels.kappa": label_pairs.kappa(first, second),
        "labels.same_story_accuracy": metrics.accuracy(
            [one == truth for one, truth in zip(told, same, strict=True)]
        ),
        "labels.same_found": metrics.accuracy(together),
        "labels.apart_kept": metrics.accuracy([not one for one in apart]),
    }


def edit_figures(dispatches: Sequence[dict[str, Any]]) -> Figures:
    """Measure edited copies of dispatches: are they in their original's story, and no other?

    One collection for each edit, so that copies cannot vouch for each other. A
    round-up belongs to no story.
    """
    texts, parents, copies = edited_copies(dispatches)
    found = {}
    for name, edited in copies.items():
        documents = [{"id": f"{i:06}", "text": text} for i, text in enumerate([*texts, *edited])]
        found[name] = dedupe.find_duplicates(documents).documents["story"].to_pylist()
    return (
        edit_score(parents, len(texts), found)
        | parts_figures(texts, parents)
        | quotation_figures(texts)
    )


def quotation_figures(texts: Sequence[str]) -> Figures:
    """Measure how many pairs of dispatches that print one quotation are said to share no more."""
    rng = random.Random(29)  # noqa: S311 - a reproducible choice, not a secret
    long = [text for text in texts if len(text.split()) >= LEAST_QUOTING]
    pairs = [quoting(rng.sample(long, 2), rng.choice(long), rng) for _ in range(N_EDITED)]
    documents = [
        {"id": f"{place:03} {side}", "text": text}
        for place, pair in enumerate(pairs)
        for side, text in enumerate(pair)
    ]
    derived = {
        pair["a"]
        for pair in dedupe.find_duplicates(documents).pairs.to_pylist()
        if pair["a"][:3] == pair["b"][:3] and (pair["same_story"] or pair["relation"] == "partial")
    }
    return {"edits.quotations_apart": 1 - len(derived) / N_EDITED}


def parts_figures(texts: Sequence[str], parents: Sequence[int]) -> Figures:
    """Measure whether the parts of a dispatch stay in its story where all of them stand by it."""
    figures: Figures = {}
    for n_parts, name in ((2, "halves"), (3, "thirds")):
        parts = [part for one in parents for part in subjects.cut(texts[one], n_parts)]
        documents = [{"id": f"{i:06}", "text": text} for i, text in enumerate([*texts, *parts])]
        story = dedupe.find_duplicates(documents).documents["story"].to_pylist()
        owners = [one for one in parents for _ in range(n_parts)]
        joined = zip(owners, story[len(texts) :], strict=True)
        figures[f"edits.{name}_joined"] = metrics.accuracy([story[one] == b for one, b in joined])
    return figures


def edited_copies(
    dispatches: Sequence[dict[str, Any]], n_docs: int = 2000
) -> tuple[list[str], list[int], dict[str, list[str]]]:
    """Edit some of the first dispatches; returns their texts, who was edited, and the copies.

    `updated` and `borrowed` are left out: by design a large part of them is
    another dispatch.
    """
    rng = random.Random(17)  # noqa: S311 - a reproducible choice, not a secret
    texts = [str(one["text"]) for one in dispatches[:n_docs]]
    long = [place for place, text in enumerate(texts) if len(text.split()) >= LEAST_EDITED]
    parents = rng.sample(long, N_EDITED)
    copies = {
        name: [edit(texts[one], rng.sample(texts, 30), rng) for one in parents]
        for name, edit in EDITS.items()
        if name not in ("updated", "borrowed")
    }
    return texts, parents, copies


def edit_score(
    parents: Sequence[int], n_texts: int, found: Mapping[str, Sequence[object]]
) -> Figures:
    """Score one story per text and copy, in that order, for each edit."""
    figures: Figures = {}
    n_wrong = 0
    for name, story in found.items():
        size = Counter(story)
        pairs = list(zip([story[one] for one in parents], story[n_texts:], strict=True))
        joined = [a == b for a, b in pairs]
        n_wrong += sum(a != b and size[b] > 1 for a, b in pairs)
        if name in OTHER_STORY:
            figures["edits.roundups_apart"] = 1 - metrics.accuracy(joined)
        else:
            figures[f"edits.{name}"] = metrics.accuracy(joined)
    shares = [value for name, value in figures.items() if name.partition(".")[2] not in REWRITTEN]
    return figures | {"edits.worst_joined": min(shares), "edits.wrongly_joined": float(n_wrong)}
