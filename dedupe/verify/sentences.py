"""Pairs in; passages that tell the same in other words too, out.

    pairs, their anchored passages -> align_sentences() -> passages

Every run aligns by anchors: runs of equal words (`alignments.align`). This is the
slower way, for two texts that are looked at closely. Where most words of an
anchored passage match, it stands as it is; elsewhere sentences whose words agree
are gathered. Where the sentences of a short stretch are spread over a long one, as
those of a summary are, the passage spans the long one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe.kernels.passages import A_FROM, A_TO, B_FROM, B_TO, MATCHED, N_BOX, PAIR
from dedupe.threads import for_ranges
from dedupe.verify.alignments import align, as_code_points

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe.clean import Kept
    from dedupe.kernels.gather import Levels
    from dedupe.kernels.sentences import Side
    from dedupe.settings import Settings
    from dedupe.shingle import Shingles

    Boxes = NDArray[np.int64]


# Pairs of one call of a kernel, so that threads share the work.
_STEP = 64
_SIDES = ((A_FROM, A_TO), (B_FROM, B_TO))


class Agreement(NamedTuple):
    """What makes two passages one, chosen by benchmarks/passages.py on its tuning half.

    Attributes:
        prefix: letters of a word that tell it from others.
        least_sentence: words; a shorter sentence is part of the next.
        most_sentence: words; a longer one is cut.
        seed_cosine: of two sentences that surely agree, weighted, at least.
        seed_dice: share of distinct words that such sentences have in common.
        weak_cosine: of two sentences that agree a little.
        weak_dice: share of distinct words of those.
        rival: a sentence's likeness to another, as a share of its likest, below
            which the two are not paired.
        gap: words between two sentences of a passage, on either side.
        cosine: of the two sides of a passage.
        least_words: of the shorter side of a passage.
        short_words: of the shorter side, below which a passage must reach
            `short_cosine`.
        short_cosine: of the two sides of a short passage.
        matched: share of an anchored passage's words that match, from which on
            it stands as it is.
        matched_words: matched words of one that is not given up for sentences.
        spread_gap: words between two sentences on the longer side of a summary;
            0 looks for no summaries.
        spread_cosine: of the two sides of a summary.
        spread: times that a summary's longer side is the shorter, at least.
        spread_part: share of a summary's shorter side that one passage may hold,
            at most: more is that passage, and strays.
    """

    prefix: int = 5
    least_sentence: int = 6
    most_sentence: int = 120
    seed_cosine: float = 0.30
    seed_dice: float = 0.30
    weak_cosine: float = 0.17
    weak_dice: float = 0.13
    rival: float = 0.6
    gap: int = 100
    cosine: float = 0.40
    least_words: int = 22
    short_words: int = 35
    short_cosine: float = 0.5
    matched: float = 0.8
    matched_words: int = 40
    spread_gap: int = 550
    spread_cosine: float = 0.35
    spread: float = 3.0
    spread_part: float = 0.8


AGREEMENT = Agreement()


class _Pair(NamedTuple):
    """Two texts ready to be aligned, and the sentences that agree.

    Shapes (W distinct stems, E seeds)
        weights  float64 (W,)
        seeds    int64   (E, 2)  sentence of a, of b
        sure     bool    (E,)    whether they surely agree, or a little
    """

    a: Side
    b: Side
    weights: NDArray[np.float64]
    seeds: NDArray[np.int64]
    sure: NDArray[np.bool_]


def align_sentences(
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    rows: NDArray[np.int64],
    shingles: Shingles,
    kept: Kept,
    settings: Settings,
    agreement: Agreement = AGREEMENT,
) -> NDArray[np.int64]:
    """Align documents a[i] and b[i] by anchors and by sentences.

    Args:
        a: int64 (P,), places in `rows`.
        b: int64 (P,), others.
        rows: int64 (N,), rows of `kept` that were shingled.
        shingles: of those rows, as `shingle(kept, rows, settings)` returns them.
        kept: texts, and what counts of them.
        settings: `passage_gap`, `passage_words`, `threads`.
        agreement: what counts as telling the same.

    Returns:
        Passages, int64 (n, 5): pair; a_start, a_end, b_start, b_end in code points of the
        texts as given; sorted by pair and a, overlapping on neither side.
    """
    _, anchored = align(a, b, shingles, settings)
    bounds = np.searchsorted(anchored[:, PAIR], np.arange(len(a) + 1))
    texts = _Texts(rows, shingles, kept, agreement)

    def run(first: int, last: int) -> list[Boxes]:
        found = []
        for p in range(first, last):
            boxes = anchored[bounds[p] : bounds[p + 1]]
            boxes = texts.align(int(a[p]), int(b[p]), boxes, settings.passage_words)
            boxes[:, PAIR] = p
            found.append(boxes)
        return found

    steps = [*range(0, len(a), _STEP), len(a)]
    parts = [boxes for found in for_ranges(run, steps, settings.threads) for boxes in found]
    passages = np.concatenate([np.zeros((0, N_BOX), np.int64), *parts])
    return as_code_points(passages[:, :5], a, b, rows, shingles, kept)


class _Texts(NamedTuple):
    """Documents, and how pairs of them are aligned."""

    rows: NDArray[np.int64]
    shingles: Shingles
    kept: Kept
    agreement: Agreement

    def align(self, a: int, b: int, anchored: Boxes, passage_words: int) -> Boxes:
        """Return the passages of a pair as boxes of token ranges."""
        # Ties are broken in the order of one side, the shorter, whichever of a and b it is.
        if self._key(b) < self._key(a):
            return _mirrored(self.align(b, a, _mirrored(anchored), passage_words))
        return _passages(self._pair(a, b), anchored, passage_words, self.agreement)

    def _key(self, row: int) -> tuple[int, int, bytes]:
        n_tokens = np.diff(self.shingles.token_offsets[row : row + 2])
        first, last = self.kept.text_offsets[self.rows[row] : self.rows[row] + 2]
        content = self.shingles.content[row]
        return int(n_tokens[0]), int(content), self.kept.data[first:last].tobytes()

    def _pair(self, a: int, b: int) -> _Pair:
        from dedupe.kernels import sentences as kernels

        agreement = self.agreement
        stems = [self._stems(row) for row in (a, b)]
        places = [np.empty(len(side), np.int64) for side in stems]
        n_words = kernels.fill_vocabulary(stems[0], stems[1], places[0], places[1])
        one, other = (
            kernels.Side(side, self._bounds(row)) for side, row in zip(places, (a, b), strict=True)
        )
        of_a, of_b = kernels.list_postings(one, n_words), kernels.list_postings(other, n_words)
        weights = kernels.weigh_stems(one, other, of_a, of_b)
        room = kernels.MAX_SEEDS * len(other.bounds)
        seeds, likeness = np.empty((room, 2), np.int64), np.empty((room, 2))
        n_seeds = kernels.fill_seeds(
            one, other, of_a, of_b, weights,
            agreement.weak_cosine, agreement.weak_dice, seeds, likeness,
        )  # fmt: skip
        seeds, likeness = seeds[:n_seeds], likeness[:n_seeds]
        kept = _unrivalled(seeds, likeness[:, 0], agreement.rival)
        seeds, likeness = seeds[kept], likeness[kept]
        sure = (likeness[:, 0] >= agreement.seed_cosine) & (likeness[:, 1] >= agreement.seed_dice)
        return _Pair(one, other, weights, seeds, sure)

    def _tokens(self, row: int) -> slice:
        return slice(*self.shingles.token_offsets[row : row + 2].tolist())

    def _stems(self, row: int) -> NDArray[np.uint64]:
        from dedupe.kernels.sentences import fill_stems

        tokens, shingles = self._tokens(row), self.shingles
        stems = np.empty(tokens.stop - tokens.start, np.uint64)
        fill_stems(
            self.kept.data, int(self.kept.text_offsets[self.rows[row]]),
            shingles.token_starts[tokens], shingles.token_ends[tokens],
            shingles.token_hashes[tokens], self.agreement.prefix, stems,
        )  # fmt: skip
        return stems

    def _bounds(self, row: int) -> NDArray[np.int64]:
        from dedupe.kernels.sentences import fill_bounds

        flags = self.shingles.token_flags[self._tokens(row)]
        bounds = np.empty(len(flags) + 1, np.int64)
        n_sentences = fill_bounds(
            flags, self.agreement.least_sentence, self.agreement.most_sentence, bounds
        )
        return bounds[: n_sentences + 1]


def _unrivalled(seeds: Boxes, likeness: NDArray[np.float64], rival: float) -> NDArray[np.bool_]:
    """Say which seeds are near the likest of both their sentences."""
    kept = np.ones(len(seeds), np.bool_)
    for side in (0, 1):
        likest = np.zeros(int(seeds[:, side].max(initial=-1)) + 1)
        np.maximum.at(likest, seeds[:, side], likeness)
        kept &= likeness >= rival * likest[seeds[:, side]]
    return kept


def _passages(pair: _Pair, anchored: Boxes, passage_words: int, agreement: Agreement) -> Boxes:
    """Choose among anchored passages, passages of sentences, and summaries."""
    from dedupe.kernels.gather import IN_MILLIONTHS, Levels
    from dedupe.kernels.passages import part_passages

    size = np.maximum(*(_size(anchored, side) for side in _SIDES))
    dense = anchored[anchored[:, MATCHED] >= agreement.matched * size]
    levels = Levels(agreement.gap, agreement.gap, agreement.cosine, agreement.least_words, 1)
    told = _gathered(pair, pair.seeds[pair.sure], levels)
    short = np.minimum(*(_size(told, side) for side in _SIDES)) < agreement.short_words
    told = told[~short | (told[:, MATCHED] >= agreement.short_cosine * IN_MILLIONTHS)]
    told, sharper = _unless_copied(pair, told, dense, agreement.matched)
    copied = dense[sharper | (dense[:, MATCHED] >= agreement.matched_words)]
    # What matches word for word is cut last.
    copied[:, MATCHED] += IN_MILLIONTHS
    for summary in _summaries(pair, np.concatenate([told, copied]), levels, agreement):
        told = np.concatenate([told[~_meets(told, summary)], summary[None]])
        copied = copied[~_meets(copied, summary)]
    boxes = np.concatenate([copied, told])
    boxes = boxes[: part_passages(boxes, 0, len(boxes))]
    # A few equal words are a passage where no sentence has more to say.
    few = [
        box for box in dense[dense[:, MATCHED] >= passage_words] if not _touches(boxes, box).any()
    ]
    return np.concatenate([boxes, np.array(few, np.int64).reshape(-1, N_BOX)])


def _unless_copied(
    pair: _Pair, told: Boxes, dense: Boxes, matched: float
) -> tuple[Boxes, NDArray[np.bool_]]:
    """Leave out sentences that match one another by little more than a copy cut in them.

    Returns the other passages, and which of `dense` say it with sharper ends.
    """
    sharper, kept = np.zeros(len(dense), np.bool_), np.ones(len(told), np.bool_)
    for place, box in enumerate(told):
        inside = _meets(dense, box)
        shorter = min(_size(box[None], side)[0] for side in _SIDES)
        if _is_one_sentence(pair, box):
            kept[place] = dense[inside, MATCHED].sum() < matched * shorter
            sharper |= inside & ~kept[place]
    return told[kept], sharper


def _is_one_sentence(pair: _Pair, box: Boxes) -> bool:
    return all(
        np.searchsorted(text.bounds, box[end]) - np.searchsorted(text.bounds, box[start]) <= 1
        for text, (start, end) in zip((pair.a, pair.b), _SIDES, strict=True)
    )


def _gathered(pair: _Pair, seeds: Boxes, levels: Levels) -> Boxes:
    from dedupe.kernels.gather import gather

    boxes = np.empty((len(seeds) + 1, N_BOX), np.int64)
    return boxes[: gather(pair.a, pair.b, pair.weights, seeds, levels, boxes)]


def _summaries(pair: _Pair, passages: Boxes, levels: Levels, agreement: Agreement) -> Boxes:
    """Return the passages whose sentences are spread over much more of the other text."""
    found = [np.zeros((0, N_BOX), np.int64)]
    levels = levels._replace(cosine=agreement.spread_cosine, least_seeds=2)
    wide = agreement.spread_gap
    spreads = (levels._replace(gap_a=wide), levels._replace(gap_b=wide)) if wide else ()
    for longer, shorter, spread in zip(_SIDES, _SIDES[::-1], spreads, strict=False):
        boxes = _gathered(pair, pair.seeds[pair.sure], spread)
        size = _size(boxes, shorter)
        held = [_size(passages[_meets(passages, box)], shorter).max(initial=0) for box in boxes]
        boxes = boxes[
            (_size(boxes, longer) >= agreement.spread * size)
            & (np.array(held, np.int64) <= agreement.spread_part * size)
        ]
        if len(boxes):
            found.append(_extended(boxes, _gathered(pair, pair.seeds, spread)))
    return np.concatenate(found)


def _extended(boxes: Boxes, further: Boxes) -> Boxes:
    """Extend passages to where sentences that agree a little reach."""
    for box in boxes:
        reached = further[_meets(further, box)]
        for start, end in _SIDES:
            box[start] = reached[:, start].min(initial=box[start])
            box[end] = reached[:, end].max(initial=box[end])
    return boxes


def _size(boxes: Boxes, side: tuple[int, int]) -> NDArray[np.int64]:
    return np.asarray(boxes[:, side[1]] - boxes[:, side[0]])


def _overlaps(boxes: Boxes, box: Boxes, side: tuple[int, int]) -> NDArray[np.bool_]:
    start, end = side
    return np.asarray((boxes[:, start] < box[end]) & (boxes[:, end] > box[start]))


def _meets(boxes: Boxes, box: Boxes) -> NDArray[np.bool_]:
    """Say which boxes overlap one on both sides."""
    return _overlaps(boxes, box, _SIDES[0]) & _overlaps(boxes, box, _SIDES[1])


def _touches(boxes: Boxes, box: Boxes) -> NDArray[np.bool_]:
    """Say which boxes overlap one on any side."""
    return _overlaps(boxes, box, _SIDES[0]) | _overlaps(boxes, box, _SIDES[1])


def _mirrored(boxes: Boxes) -> Boxes:
    mirrored = boxes.copy()
    mirrored[:, [A_FROM, A_TO, B_FROM, B_TO]] = boxes[:, [B_FROM, B_TO, A_FROM, A_TO]]
    return mirrored
