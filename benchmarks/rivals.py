"""One measuring set in, what each peer scores on it, by the names of our own figures.

    documents or pairs  ->  peers.variants()  ->  pairs  ->  {peer: {set.figure: value}}

Of a peer's "best" every threshold is scored, and the one that does best on this
very set is shown: a bound on what tuning could reach.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

import measures
import metrics
import numpy as np
import peers
from brute_force import words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import label_pairs
    from brute_force import Overlaps
    from datasets import LabelledPair, StorySet
    from measures import Figures
    from peers import Pairs

    Rivals = dict[str, Figures]

RULE = "simple rule"
"""The column of what needs no library: the longer text, the earlier date, shared 3-grams."""


def _scored(
    texts: Sequence[str],
    score: Callable[[Pairs], Figures],
    worth: Callable[[Figures], Any],
    *,
    tuned: bool = True,
) -> Rivals:
    """Score what every peer finds among the texts; of several settings the one worth most."""
    return {
        peer: max(map(score, variants), key=worth)
        for peer, variants in peers.variants(texts, tuned=tuned).items()
    }


def on_stories(truth: StorySet) -> Rivals:
    """Group a collection into connected components."""

    def score(pairs: Pairs) -> Figures:
        found = metrics.components(len(truth.stories), pairs)
        figures = measures.grouping(truth.stories, found)
        return {f"{truth.name}.{name}": value for name, value in figures.items()}

    texts = [one["text"] for one in truth.documents]
    return _scored(texts, score, lambda figures: figures[f"{truth.name}.pairwise_f1"])


def on_counter(pairs: Sequence[LabelledPair]) -> Rivals:
    """Call a pair derived when it is similar; and which side is the source, by two rules."""
    derived = [pair.label != "ND" for pair in pairs]

    def score(found: Pairs) -> Figures:
        return {"counter.derived_f1": measures.derived_f1(derived, _told(found, len(pairs)))}

    rules = peers.direction_rules(
        [pair for pair, known in zip(pairs, derived, strict=True) if known]
    )
    return _scored(_both(pairs), score, lambda one: one["counter.derived_f1"]) | {RULE: rules}


def on_clough(pairs: Sequence[LabelledPair]) -> Rivals:
    """Call an answer copied when it is similar to the original."""

    def score(found: Pairs) -> Figures:
        return measures.copied_score(pairs, _told(found, len(pairs)))

    return _scored(_both(pairs), score, lambda one: one["clough.accuracy"])


def _both(pairs: Sequence[LabelledPair]) -> list[str]:
    return list(chain.from_iterable((pair.a["text"], pair.b["text"]) for pair in pairs))


def _told(found: Pairs, n_pairs: int) -> list[bool]:
    return [(2 * place, 2 * place + 1) in found for place in range(n_pairs)]


def on_ecbplus(documents: Sequence[dict[str, Any]], target: float) -> Rivals:
    """Group reports; "best" finds most near pairs with at most `target` far ones in a thousand."""

    def score(pairs: Pairs) -> Figures:
        found = metrics.components(len(documents), pairs)
        figures = measures.ecbplus_score(documents, found)
        return {f"ecbplus.{name}": value for name, value in figures.items()}

    def worth(figures: Figures) -> tuple[bool, float]:
        return figures["ecbplus.far_joined_per_1000"] <= target, figures["ecbplus.near_found"]

    return _scored([one["text"] for one in documents], score, worth)


def on_reuters(documents: Sequence[dict[str, Any]], overlaps: Overlaps) -> Rivals:
    """Find the pairs that exist, by fixed settings: the lowest threshold would find all."""
    n_words = np.array([len(words(one["text"])) for one in documents])

    def score(pairs: Pairs) -> Figures:
        hit = np.array(
            [pair in pairs for pair in zip(overlaps.a.tolist(), overlaps.b.tolist(), strict=True)]
        )
        figures = measures.recall_score(hit, overlaps, n_words)
        return figures | {"reuters.pairs_per_document": len(pairs) / len(documents)}

    texts = [one["text"] for one in documents]
    return _scored(texts, score, lambda _: 0, tuned=False)


def on_edits(dispatches: Sequence[dict[str, Any]]) -> Rivals:
    """Group edited copies with their originals, one edit at a time, by fixed settings."""
    texts, parents, copies = measures.edited_copies(dispatches)
    starts = {name: len(texts) + place * len(parents) for place, name in enumerate(copies)}

    def score(pairs: Pairs) -> Figures:
        found = {
            name: _stories_with(pairs, len(texts), at, len(parents)) for name, at in starts.items()
        }
        return measures.edit_score(parents, len(texts), found)

    every = [*texts, *chain.from_iterable(copies.values())]
    return _scored(every, score, lambda _: 0, tuned=False)


def _stories_with(pairs: Pairs, n_texts: int, start: int, n_copies: int) -> list[int]:
    """Join the first `n_texts` and the copies from `start` on, without all other copies."""
    shift = start - n_texts
    place = {row: row for row in range(n_texts)}
    place |= {row: row - shift for row in range(start, start + n_copies)}
    inside = {(place[a], place[b]) for a, b in pairs if a in place and b in place}
    return list(metrics.components(n_texts + n_copies, inside))


def on_readings(
    documents: Mapping[str, Sequence[dict[str, Any]]], readings: Sequence[label_pairs.Reading]
) -> Rivals:
    """Call pairs that readers judged one story when they are similar."""
    named = sorted({(row.set, one) for row in readings for one in (row.a, row.b)})
    text_of = {
        (name, str(one["id"])): str(one["text"])
        for name, given in documents.items()
        for one in given
    }

    def score(pairs: Pairs) -> Figures:
        # `named` is sorted, so that a pair's ids rise as its places do.
        joined = {(named[a][0], named[a][1], named[b][1]) for a, b in pairs}
        figures = measures.reading_figures(readings, joined)
        # How far the readers agree is no merit of a peer.
        return {name: value for name, value in figures.items() if "same" in name or "apart" in name}

    return _scored(
        [text_of[one] for one in named], score, lambda one: one["labels.same_story_accuracy"]
    )


def on_pan13(pairs: Sequence[LabelledPair]) -> Rivals:
    """Align by shared word 3-grams."""
    return {RULE: measures.pan13_figures(pairs, peers.naive_passages)}
