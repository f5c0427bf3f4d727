"""Lines that may hold a clue, read one by one with the patterns whose words they hold.

lines of Mentions, texts  ->  Reader  ->  clues, in code points of the texts as given
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from dedupe.clean.addresses import address_clues
from dedupe.clean.bylines import (
    byline_names,
    copyright_names,
    is_person,
    is_reuters_desk,
    may_sign,
    signatures,
)
from dedupe.clean.clue import Clue
from dedupe.clean.credits import Voice, cited_clues, credits_of, told_clues
from dedupe.clean.datelines import dateline_clues
from dedupe.clean.scan import (
    ADDRESS,
    BODY,
    CITED,
    COPYRIGHT,
    CREDIT,
    CUES,
    DATELINE,
    LINK,
    LONGEST_LINE,
    OUTLET,
    SIGNER,
    TOLD,
)
from dedupe.documents import host

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from dedupe.clean.kept import Kept
    from dedupe.names import Names

    _Found: TypeAlias = tuple[int, int, Clue]

# Code points at the end of a body that may be a signature. Half or twice as much changes no origin
# (benchmarks/origins.py).
_SIGNATURE_REACH = 60
_WIDEST = 4
"""Bytes of a code point, at most."""

# A name that was told or is cited may run on to the next lines; one that reported may begin before.
_AFTER, _BEFORE = 100 * _WIDEST, 200 * _WIDEST
# A line of more bytes is no name.
_LONGEST_NAME = 60
# Of each range, so much may open a story.
_OPENING = 1000 * _WIDEST
_ALONE = DATELINE | SIGNER | OUTLET | COPYRIGHT | CREDIT
# Footers recur on every page of an outlet: what short lines say is kept.
_SHORT_BYTES, _MOST_KEPT = 240, 1 << 16


class Reader:
    """Runs patterns on lines."""

    def __init__(self, documents: pa.Table, kept: Kept, names: Names) -> None:
        """Take the texts.

        Args:
            documents: a table of `documents.SCHEMA`.
            kept: its texts and their kept ranges.
            names: agencies and outlets to know.
        """
        self._pages = [documents.column(field) for field in ("source", "url")]
        self._kept = kept
        self._bytes = kept.data.data
        self._names = names
        self._known: dict[tuple[bytes, int, bool], tuple[Clue, ...]] = {}

    def read(self, lines: NDArray[np.int64]) -> Iterator[tuple[int, Clue]]:
        """Yield (document, clue) of lines as scan() finds them.

        Args:
            lines: int64 (L, 6), see `Mentions`.
        """
        found: list[_Found] = []
        for document, start, end, first, last, kinds in lines.tolist():
            line = (start, end)
            if alone := kinds & _ALONE:
                opens = not kinds & DATELINE or self._opens(document, start)
                for clue in self._alone(start, end, alone, opens=opens):
                    found.append((document, start, clue))  # noqa: PERF401 - most lines have none
            if kinds & (SIGNER | OUTLET) and end - start <= _LONGEST_NAME:
                found.extend((document, start, clue) for clue in self._below(document, start, end))
            if kinds & BODY:
                found.extend((document, start, clue) for clue in self._in_body(line, last, kinds))
            if kinds & TOLD:
                found.extend((document, start, clue) for clue in self._told(document, line, last))
            if kinds & (ADDRESS | LINK):
                in_body = bool(kinds & LINK)
                found.extend(
                    (document, start, clue)
                    for clue in address_clues(
                        self._text(start, end), self._voice(document), self._names, in_body=in_body
                    )
                )
            if kinds & CITED:
                before = max(first, start - _BEFORE)
                found.extend((document, before, clue) for clue in self._cited(before, line, last))
        yield from self._placed(found)

    def read_endings(self, documents: NDArray[np.int64]) -> Iterator[tuple[int, Clue]]:
        """Yield (document, clue) of the signatures that end some documents, int64 (N,)."""
        found: list[_Found] = []
        ends = self._kept.spans[self._kept.offsets[documents + 1] - 1].tolist()
        for document, (first, end) in zip(documents.tolist(), ends, strict=True):
            start = max(first, end - _WIDEST * _SIGNATURE_REACH)
            text = self._text(start, end)
            skipped = max(0, len(text) - _SIGNATURE_REACH)
            for name, at, stop in signatures(text, skipped, len(text), self._names):
                found.append((document, start, Clue("byline", name, "signature", at, stop)))
        yield from self._placed(found)

    def read_openings(self, told: Mapping[int, Collection[str]]) -> Iterator[tuple[int, Clue]]:
        """Yield (document, clue) of openings that name an outlet which the text names as told.

        "(Harborlight) A pier" and "By Harborlight" may be anything, but not
        where somebody "told Harborlight".

        Args:
            told: names that are not listed, by document.
        """
        found: list[_Found] = []
        for document, outlets in told.items():
            names = self._names.knowing(outlets)
            for start, line in self._opening(document):
                words = line.strip()
                before = len(line) - len(line.lstrip())
                clues = dateline_clues(words, 0, len(words), names)
                if len(words) <= LONGEST_LINE:
                    signed = byline_names(words, names)
                    clues += [Clue("byline", name, "byline", 0, len(words)) for name in signed]
                for kind, name, rule, at, stop in clues:
                    if name in outlets:
                        clue = Clue(kind, name, rule, at + before, stop + before)
                        found.append((document, start, clue))
        yield from self._placed(found)

    def _opening(self, document: int) -> Iterator[tuple[int, str]]:
        """Yield the lines that open a body, and where each begins, up to its first paragraph."""
        first, last = self._kept.offsets[document : document + 2].tolist()
        for start, end in self._kept.spans[first:last].tolist():
            for line in bytes(self._bytes[start : min(end, start + _OPENING)]).split(b"\n"):
                words = line.decode(errors="ignore")
                yield start, words
                if len(words) > LONGEST_LINE:
                    return
                start += len(line) + 1  # noqa: PLW2901 - where the next line begins

    def _opens(self, document: int, start: int) -> bool:
        """Say whether the lines that a body keeps before a byte are no paragraphs."""
        first, last = self._kept.offsets[document : document + 2].tolist()
        return all(
            len(line) <= LONGEST_LINE
            for begin, end in self._kept.spans[first:last].tolist()
            if begin < start
            for line in self._text(begin, min(end, start)).split("\n")
        )

    def _alone(self, start: int, end: int, kinds: int, *, opens: bool) -> Iterable[Clue]:
        """Read what a line says by itself, and, of a dateline, whether it opens the story."""
        line = bytes(self._bytes[start:end])
        if len(line) > _SHORT_BYTES:
            return _line_clues(line.decode(errors="ignore"), kinds, self._names, opens=opens)
        known = self._known.get((line, kinds, opens))
        if known is None:
            if len(self._known) >= _MOST_KEPT:
                self._known.clear()
            words = line.decode(errors="ignore")
            known = tuple(_line_clues(words, kinds, self._names, opens=opens))
            self._known[line, kinds, opens] = known
        return known

    def _below(self, document: int, start: int, end: int) -> Iterator[Clue]:
        """Read an outlet's name that is a line of its own, below the name of who wrote for it."""
        line = self._text(start, end)
        words = line.strip(" \t.")
        if words[:1].islower() or (name := self._names.known(words)) is None:
            return
        before = max(int(self._kept.text_offsets[document]), start - _SHORT_BYTES)
        above = self._text(before, start).rstrip().rpartition("\n")[2]
        person, signed = is_person(above, self._names)
        # Without a "By", two words above a page's own name may be a headline, above a famous one
        # that of a menu.
        famous = self._names.is_listed(name)
        if signed or (
            person and not famous and not self._voice(document).is_named(name, self._names)
        ):
            yield Clue("byline", name, "byline", 0, len(line))

    def _in_body(self, line: tuple[int, int], last: int, kinds: int) -> Iterator[Clue]:
        """Read scars and self-references; some look at the blank behind the line."""
        text = self._text(line[0], min(last, line[1] + 1))
        for bit, kind, cue in CUES:
            if kinds & BODY & bit:
                for match in cue.pattern.finditer(text):
                    yield Clue(kind, None, cue.rule, match.start(), match.end())

    def _told(self, document: int, line: tuple[int, int], last: int) -> Iterator[Clue]:
        text = self._text(line[0], line[1])
        following = self._text(line[1], min(last, line[1] + _AFTER))
        yield from told_clues(text + following, len(text), self._voice(document), self._names)

    def _voice(self, document: int) -> Voice:
        source, url = (column[document].as_py() for column in self._pages)
        return Voice(self._names.outlet(source, url), host(url) or source)

    def _cited(self, before: int, line: tuple[int, int], last: int) -> Iterator[Clue]:
        """Read who is cited in a line, from a byte some lines before it."""
        text = self._text(before, min(last, line[1] + _AFTER))
        first = len(self._text(before, line[0]))
        end = len(self._text(before, line[1]))
        return cited_clues(text, first, end, self._names)

    def _text(self, start: int, end: int) -> str:
        """Return some bytes as text, without what is left of code points cut at their ends."""
        return bytes(self._bytes[start:end]).decode(errors="ignore")

    def _placed(self, found: Sequence[_Found]) -> Iterator[tuple[int, Clue]]:
        """Yield clues by document, placed in code points of its text."""
        from dedupe.kernels.text import fill_code_points

        if not found:
            return
        bytes_before = np.array([start for _, start, _ in found], np.int64)
        documents = np.array([document for document, _, _ in found], np.int64)
        distinct, first, number = np.unique(bytes_before, return_index=True, return_inverse=True)
        starts = self._kept.text_offsets[documents[first]]
        points = np.empty(len(distinct), np.int64)
        fill_code_points(self._kept.data, starts, distinct - starts, points)
        for (document, _, clue), before in zip(found, points[number].tolist(), strict=True):
            kind, name, rule, start, end = clue
            yield document, Clue(kind, name, rule, start + before, end + before)


def _line_clues(text: str, kinds: int, names: Names, *, opens: bool) -> Iterator[Clue]:
    """Yield the clues of one line, placed from its first code point on."""
    words = text.strip()
    before = len(text) - len(text.lstrip())
    for kind, name, rule, start, end in _words_clues(words, kinds, names, opens=opens):
        yield Clue(kind, name, rule, start + before, end + before)


def _words_clues(words: str, kinds: int, names: Names, *, opens: bool) -> Iterator[Clue]:
    if kinds & DATELINE:
        yield from dateline_clues(words, 0, len(words), names, opens=opens)
    if kinds & (SIGNER | OUTLET) and len(words) <= LONGEST_LINE:
        yield from _signed(words, names, is_named=bool(kinds & OUTLET))
    if kinds & COPYRIGHT and (
        notice := copyright_names(words, 0, min(len(words), LONGEST_LINE), names)
    ):
        found, start, end = notice
        for name in found:
            yield Clue("credit", name, "copyright", start, end)
    if kinds & CREDIT:
        for bit, kind, cue in CUES:
            if kinds & CREDIT & bit:
                for clue in credits_of(words, 0, len(words), cue, names):
                    yield clue._replace(kind=kind)


def _signed(words: str, names: Names, *, is_named: bool) -> Iterator[Clue]:
    """Read a line as a byline; `is_named` where it holds an outlet of the collection."""
    signed = byline_names(words, names)
    if signed and (is_named or may_sign(words, names)):
        for name in signed:
            yield Clue("byline", name, "byline", 0, len(words))
    if is_reuters_desk(words):
        yield Clue("byline", "Reuters", "desk_signature", 0, len(words))
