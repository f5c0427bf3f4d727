"""Signals of how aligned text was edited, and of what several texts share.

    Story, aligned passages  ->  what was lost, altered, misspelt  ->  Evidence

They read texts, so they are asked only where all else leaves the origin open,
and of stories that one look can hold (see findings.py).
"""
# ruff: noqa: RUF001 - newspapers set curly quotes

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from dedupe.attribute.evidence import Evidence
from dedupe.attribute.losses import toward
from dedupe.attribute.signals import POINTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dedupe.attribute.evidence import Pair, Story

_QUOTE_MARKS = '"“”«»„「」'
_QUOTED = re.compile(r'[“"«]([^“”"«»\n]{30,400})[”"»]')
_ACCENTED = re.compile("[\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f]")
_WORDS = re.compile(r"\w+")
_CUTS = ("…", "...")
_SAID = re.compile(r" (?:said|told|announced)\b")
# Words that follow two speakers alike, the verb among them, and the code points that hold them.
_SAME_WORDS, _READS_ON = 4, 60
# Code points before "said" in which a speaker stands. Half or twice this, _FEWEST_MARKS and
# _LONG_WORD, and .35 or .85 for _ALIKE, change no origin (benchmarks/origins.py).
_SPEAKER_REACH = 40
_GENERIC = re.compile(r"\b(?i:the|an?|his|her|their) [a-z]{3,15}(?: [a-z]{3,15})?$")
_NAMED = re.compile(r"\b[A-Z][\w.’'-]+(?: [A-Z][\w.’'-]+)*$")
_PRONOUNS = frozenset({"He", "She", "They", "It", "We", "I", "Who"})
# Fewer marks or accents than these go missing by chance.
_FEWEST_MARKS, _FEWEST_ACCENTS = 4, 4
# Share of the words of a quote that an altered one keeps.
_ALIKE = 0.7
# Letters: shorter words are often but one letter from another.
_LONG_WORD = 7
# Endings that inflect, and letters that two countries set differently.
_TAIL, _HEAD = 3, 2
_HOUSE_LETTERS = (("our", "or"), ("is", "iz"), ("ys", "yz"), ("ll", "l"), ("ae", "e"), ("c", "s"))


def edit_kind(story: Story) -> Iterator[Evidence]:
    """In aligned text one side lost marks, accents or a name, or was cut with an ellipsis."""
    for pair in story.pairs:
        if story.work_of[pair.a] == story.work_of[pair.b] or not pair.passages:
            continue
        one, other = (_look(_aligned_text(story, pair, side)) for side in (0, 2))
        for kept, lost, rows in ((one, other, (pair.a, pair.b)), (other, one, (pair.b, pair.a))):
            for case, says in _losses(kept, lost, story.pages.label(rows[1])):
                yield toward(story, rows, None, POINTS["edit_kind"][case], says)
        yield from _generic(story, pair, 0)
        yield from _generic(story, pair, 2)


class _Look(NamedTuple):
    """What is counted in one side of aligned text."""

    text: str
    n_accents: int
    n_marks: int
    is_cut: bool


def _look(text: str) -> _Look:
    n_accents = 0 if text.isascii() else len(_ACCENTED.findall(text))
    n_marks = sum(map(text.count, '"' if text.isascii() else _QUOTE_MARKS))
    return _Look(text, n_accents, n_marks, any(mark in text for mark in _CUTS))


def _aligned_text(story: Story, pair: Pair, side: int) -> str:
    text = story.pages.text(pair.b if side else pair.a)
    return "\n".join(text[span[side] : span[side + 1]] for span in pair.passages)


def _losses(kept: _Look, lost: _Look, other: str) -> Iterator[tuple[str, str]]:
    """Yield the kinds of edits by which the second of two aligned texts fell behind the first.

    Args:
        kept: the first.
        lost: the second.
        other: what its page is called.
    """
    if kept.n_accents >= _FEWEST_ACCENTS and not lost.n_accents:
        yield "accents_lost", f"keeps accents that {other} lost"
    if kept.n_marks >= _FEWEST_MARKS and not lost.n_marks:
        yield "marks_lost", f"keeps quotation marks that {other} lost"
    if lost.is_cut and not kept.is_cut:
        yield "cut", f'holds whole what {other} cuts with "..."'


def _generic(story: Story, pair: Pair, side: int) -> Iterator[Evidence]:
    """Yield the first speaker that a side of a pair names, and the other by a general word only.

    Both say the same of them: the text reads on alike after their "said".
    """
    row, other = (pair.b, pair.a) if side else (pair.a, pair.b)
    kept, lost = story.pages.text(row), story.pages.text(other)
    for span in pair.passages:
        general = {
            one.reads_on: one
            for one in _speakers(lost, span[2 - side], span[3 - side])
            if not one.is_named
        }
        for speaker in _speakers(kept, span[side], span[side + 1]) if general else ():
            instead = general.get(speaker.reads_on)
            if speaker.is_named and instead:
                words = lost[instead.start : instead.end]
                says = f'names a speaker where {story.pages.label(other)} has "{words}"'
                points = POINTS["edit_kind"]["generic_attribution"]
                item = toward(story, (row, other), None, points, says)
                yield item._replace(start=speaker.start, end=speaker.end)
                return


class _Speaker(NamedTuple):
    """Who stands before "said" in a text, and the letters that follow."""

    is_named: bool
    start: int
    end: int
    reads_on: str


def _speakers(text: str, start: int, end: int) -> Iterator[_Speaker]:
    """Yield the names, and the general words, before the verbs of a part of a text."""
    for verb in _SAID.finditer(text, start, end):
        first = max(start, verb.start() - _SPEAKER_REACH)
        generic = _GENERIC.search(text, first, verb.start())
        match = generic or _NAMED.search(text, first, verb.start())
        if match and match.group() not in _PRONOUNS:
            after = _WORDS.findall(text[verb.start() : verb.end() + _READS_ON])
            said = (match.start(), match.end(), " ".join(after[:_SAME_WORDS]))
            yield _Speaker(generic is None, *said)


def quote_altered(story: Story) -> Iterator[Evidence]:
    """A quote reads otherwise than in two other works that hold it alike."""
    held: dict[tuple[str, ...], dict[tuple[str, ...], dict[int, tuple[int, int, int]]]] = {}
    for row in story.rows:
        for match in _QUOTED.finditer(story.pages.text(row)):
            words = tuple(_WORDS.findall(match.group(1).lower()))
            for key in {words[:3], words[-3:]} if len(words) > 5 else ():
                place = (row, match.start(), match.end())
                held.setdefault(key, {}).setdefault(words, {})[story.work_of[row]] = place
    for wordings in held.values():
        usual = max(wordings, key=lambda words: (len(wordings[words]), words))
        if len(wordings[usual]) < 2:
            continue
        for words, places in sorted(wordings.items()):
            if len(places) == 1 and _is_altered(words, usual):
                for work, (row, start, end) in places.items():
                    says = f"{story.pages.label(row)} words a quote otherwise than two others"
                    points = POINTS["quote_altered"]["altered"]
                    yield Evidence("", "", points, work, -1, None, row, start, end, says)


def _is_altered(words: Sequence[str], usual: Sequence[str]) -> bool:
    """Say whether one quote is another with words exchanged: cut short is not altered."""
    if words == usual or abs(len(words) - len(usual)) > 0.3 * len(usual):
        return False
    short, long = sorted((words, usual), key=len)
    inside = any(
        tuple(long[first : first + len(short)]) == tuple(short)
        for first in range(len(long) - len(short) + 1)
    )
    return not inside and len(set(words) & set(usual)) >= _ALIKE * len(set(usual))


class _Slip(NamedTuple):
    word: str
    usual: str
    works: frozenset[int]


def shared_slip(story: Story) -> Iterator[Evidence]:
    """Some works share a rare misspelling of a word that all others spell alike."""
    for slip in _slips(story):
        for parent, child in itertools.permutations(sorted(slip.works), 2):
            row = story.works[child][0]
            start = story.pages.text(row).find(slip.word)
            end = start + len(slip.word) if start >= 0 else -1
            says = f'{story.pages.label(row)} shares "{slip.word}", elsewhere "{slip.usual}"'
            points = POINTS["shared_slip"]["shared"]
            yield Evidence("", "", points, child, parent, None, row, start, end, says)


def _slips(story: Story) -> Iterator[_Slip]:
    holders: dict[str, set[int]] = defaultdict(set)
    n_works = len(story.works)
    words = [set(story.pages.text(rows[0]).split()) for rows in story.works]
    common = set.intersection(*words)
    for work, own in enumerate(words):
        for word in own - common:
            if len(word) >= _LONG_WORD and word.isalpha() and word.islower():
                holders[word].add(work)
    by_frame: dict[tuple[str, str], list[str]] = defaultdict(list)
    for word in sorted(holders):
        by_frame[word[:_HEAD], word[-_TAIL:]].append(word)
    for alike in by_frame.values():
        for word, usual in itertools.permutations(alike, 2) if len(alike) > 1 else ():
            slipped, right = holders[word], holders[usual]
            # The commoner spelling is the right one; together they are every work.
            if not 2 <= len(slipped) < len(right) or slipped & right:
                continue
            if len(slipped) + len(right) == n_works and _one_slip_apart(word, usual):
                yield _Slip(word, usual, frozenset(slipped))


def _one_slip_apart(word: str, usual: str) -> bool:
    """Say whether one letter is added, dropped, or changed, or two are exchanged."""
    if (
        any(word.replace(one, two) == usual.replace(one, two) for one, two in _HOUSE_LETTERS)
        or abs(len(word) - len(usual)) > 1
    ):
        return False
    first = next(
        (place for place, (a, b) in enumerate(zip(word, usual, strict=False)) if a != b),
        min(len(word), len(usual)),
    )
    rest, other = word[first:], usual[first:]
    if len(word) == len(usual):
        return rest[1:] == other[1:] or (rest[:2] == other[:2][::-1] and rest[2:] == other[2:])
    return rest[1:] == other or rest == other[1:]
