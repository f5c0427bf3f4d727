"""A reader's decisions in; stories that honour them, out.

    stories, judged pairs, Overrides  ->  constrained()  ->  stories

Must-links join whole stories, one after another. Cannot-links then part a
story in two: each document goes with the side it is more tied to, by the
strongest measured pair: the likeliest, and of equals the most alike. What is
tied to neither stays with the earlier. A
decided origin goes to `attribute()`, which leaves no chance to any other.
"""

from __future__ import annotations

import dataclasses
import heapq
import json
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dedupe.errors import InputError
from dedupe.result.lines import Lines

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pyarrow as pa
    from numpy.typing import NDArray

_FORM = '{"must_link": ["a", "b"]}, {"cannot_link": ["a", "b"]} or {"origin": "a"}'
_LISTS = (tuple, list, set, frozenset)
"""Of pairs and ids; a string holds neither, though it can be walked through."""


class _Tie(NamedTuple):
    """A measured pair as an atom has it, which is what must-links bind together; sorts by strength.

    Attributes:
        odds: log-odds of one story, negative where it is likely.
        alike: resemblance, negative.
        place: of the other's first document among all.
        atom: the other.
    """

    odds: float
    alike: float
    place: int
    atom: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """What a reader has decided about some documents, by id.

    Attributes:
        must_link: pairs of documents that are in one story.
        cannot_link: pairs of documents that are not.
        origins: documents that were each the first of their story.
    """

    must_link: tuple[tuple[str, str], ...] = ()
    cannot_link: tuple[tuple[str, str], ...] = ()
    origins: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raise InputError for a pair that is none or names one document twice, or for no id."""
        for name in ("must_link", "cannot_link", "origins"):
            if not isinstance(getattr(self, name), _LISTS):
                raise InputError(f"{name}: {getattr(self, name)!r} is no list; write {_FORM}")
        for one in self.origins:
            if not isinstance(one, str):
                raise InputError(f"origins: {one!r} is no id; write {_FORM}")
        for name in ("must_link", "cannot_link"):
            for pair in getattr(self, name):
                if not isinstance(pair, (tuple, list)) or list(map(type, pair)) != [str, str]:
                    raise InputError(f"{name}: {pair!r} is not two ids; write {_FORM}")
                if pair[0] == pair[1]:
                    raise InputError(f'{name}: "{pair[0]}" is given twice; name two documents')

    @classmethod
    def load(cls, path: Path) -> Overrides:
        """Read decisions, one JSON object a line.

        Raises:
            InputError: the file cannot be read, or a line is of another form.
        """
        found: dict[str, list[Any]] = {"must_link": [], "cannot_link": [], "origins": []}
        try:
            # JSON may hold bare what else ends a line, such as U+2028.
            lines = path.read_text(encoding="utf-8-sig").split("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{path}: cannot be read ({error})") from error
        for place, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                for name, said in json.loads(line).items():
                    decision = _decision(name, said)
                    cls(**decision)
                    found[next(iter(decision))] += next(iter(decision.values()))
            except (ValueError, AttributeError, KeyError, TypeError, InputError) as error:
                raise InputError(f"{path}:{place}: not a decision; write {_FORM}") from error
        return cls(**{name: tuple(decisions) for name, decisions in found.items()})

    def to_dict(self) -> dict[str, Any]:
        """Return the decisions as plain values, for run.json."""
        return {
            "must_link": [list(pair) for pair in self.must_link],
            "cannot_link": [list(pair) for pair in self.cannot_link],
            "origins": list(self.origins),
        }


def _decision(name: str, said: Any) -> dict[str, Any]:
    """Return one decision of a file as an argument of Overrides."""
    if name == "origin":
        return {"origins": (said,)}
    if name not in ("must_link", "cannot_link"):
        raise KeyError(name)
    return {name: (tuple(said) if isinstance(said, list) else said,)}


def rows_of(overrides: Overrides, ids: Sequence[str]) -> dict[str, list[tuple[int, int]]]:
    """Return the decisions as sorted pairs of rows, the smaller first.

    Raises:
        InputError: an id of no document, or two decisions that contradict.
    """
    place = _places(overrides, ids)
    rows = {
        name: sorted({_rising(place[a], place[b]) for a, b in getattr(overrides, name)})
        for name in ("must_link", "cannot_link")
    }
    bound = joined(np.arange(len(ids)), rows["must_link"])
    for x, y in rows["cannot_link"]:
        if bound[x] == bound[y]:
            raise InputError(_contradiction(rows["must_link"], (x, y), ids))
    return rows


def decided_origins(
    overrides: Overrides, ids: Sequence[str], stories: NDArray[np.int64]
) -> list[int]:
    """Return the rows of decided origins.

    Raises:
        InputError: an id of no document, or two origins in one story.
    """
    place = _places(overrides, ids)
    first_of: dict[int, str] = {}
    for one in sorted(set(overrides.origins)):
        other = first_of.setdefault(int(stories[place[one]]), one)
        if other != one:
            raise InputError(
                f'the origins "{other}" and "{one}" are in one story, which has one origin; '
                "take one of them back, or cannot-link them"
            )
    return [place[one] for one in first_of.values()]


def _places(overrides: Overrides, ids: Sequence[str]) -> dict[str, int]:
    """Return the row of each document that a decision names."""
    wanted = {one for pair in (*overrides.must_link, *overrides.cannot_link) for one in pair}
    wanted.update(overrides.origins)
    place = {name: row for row, name in enumerate(ids) if name in wanted}
    missing = sorted(wanted - set(place))
    if missing:
        raise InputError(
            f'a reader\'s decision names "{missing[0]}", which is no document of this run; '
            "take ids from documents.parquet"
        )
    return place


def _rising(x: int, y: int) -> tuple[int, int]:
    return min(x, y), max(x, y)


def _contradiction(must: list[tuple[int, int]], cannot: tuple[int, int], ids: Sequence[str]) -> str:
    """Name the cannot-link, and the shortest way of must-links that contradicts it."""
    before: dict[int, int] = {cannot[0]: cannot[0]}
    queue = [cannot[0]]
    for row in queue:
        for pair in must:
            if row in pair and (other := pair[row == pair[0]]) not in before:
                before[other] = row
                queue.append(other)
    way = [cannot[1]]
    while way[-1] != cannot[0]:
        way.append(before[way[-1]])
    links = ", ".join(
        f'"{ids[one]}" to "{ids[other]}"'
        for one, other in zip(way[1:][::-1], way[::-1][1:], strict=True)
    )
    return (
        f'cannot-link "{ids[cannot[0]]}" and "{ids[cannot[1]]}" contradicts must-link {links}; '
        "take one of them back"
    )


def constrained(
    stories: NDArray[np.int64],
    pairs: pa.Table,
    rows: dict[str, list[tuple[int, int]]],
    precedence: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Join and part stories as decided.

    Args:
        stories: int64 (D,), the story of each document: its smallest row.
        pairs: judged pairs: a, b, same_story_odds, resemblance.
        rows: decisions, from `rows_of`.
        precedence: int64 (D,), the place of each document among all: of equals the first.

    Returns:
        The same, with every decision honoured.
    """
    if not any(rows.values()):
        return stories
    stories = joined(stories, rows["must_link"])
    apart = [pair for pair in rows["cannot_link"] if stories[pair[0]] == stories[pair[1]]]
    if apart:
        atoms = joined(np.arange(len(stories)), rows["must_link"])
        _part(stories, atoms, pairs, apart, precedence)
    return stories


def joined(stories: NDArray[np.int64], must: list[tuple[int, int]]) -> NDArray[np.int64]:
    """Join the stories of linked documents, transitively; int64 (D,)."""
    from dedupe.kernels.components import merge_groups

    stories = stories.copy()
    a, b = np.array(must, np.int64).reshape(-1, 2).T
    merge_groups(stories[a], stories[b], stories)
    return stories


def _part(
    stories: NDArray[np.int64],
    atoms: NDArray[np.int64],
    pairs: pa.Table,
    apart: list[tuple[int, int]],
    precedence: NDArray[np.int64],
) -> None:
    """Part the stories of some pairs of documents, those of the first document first.

    Args:
        stories: int64 (D,), written to.
        atoms: int64 (D,), the smallest row that must-links bind each document to.
        pairs: judged pairs.
        apart: the documents that are not one story.
        precedence: int64 (D,), the place of each document.
    """
    concerned = np.isin(stories, stories[np.array(apart)])
    ties = _ties(stories, atoms, pairs, concerned, precedence)
    among = np.flatnonzero(concerned)
    decisions = [sorted(pair, key=precedence.item) for pair in apart]
    for ends in sorted(decisions, key=lambda pair: precedence[pair].tolist()):
        story = stories[ends[0]]
        if stories[ends[1]] != story:
            continue
        side = _sides(atoms[ends].tolist(), ties, stories)
        members = among[stories[among] == story]
        sides = np.array([side.get(atom, 0) for atom in atoms[members].tolist()])
        for part in (0, 1):
            mine = members[sides == part]
            stories[mine] = mine.min()


def _sides(
    ends: list[int], ties: dict[int, list[_Tie]], stories: NDArray[np.int64]
) -> dict[int, int]:
    """Return, of what is tied to the first (0) or the second (1) of two atoms, to which.

    The strongest ties are followed first; of equal ones those of the first document, and
    what both ends are tied to alike goes with the first.
    """
    side: dict[int, int] = {}
    queue = [(_Tie(-np.inf, 0.0, number, end), number) for number, end in enumerate(ends)]
    while queue:
        tie, number = heapq.heappop(queue)
        if tie.atom in side:
            continue
        side[tie.atom] = number
        for further in ties.get(tie.atom, ()):
            if further.atom not in side and stories[further.atom] == stories[tie.atom]:
                heapq.heappush(queue, (further, number))
    return side


def _ties(
    stories: NDArray[np.int64],
    atoms: NDArray[np.int64],
    pairs: pa.Table,
    concerned: NDArray[np.bool_],
    precedence: NDArray[np.int64],
) -> dict[int, list[_Tie]]:
    """Return what each atom of the stories that are concerned is measured with."""
    place = precedence.copy()
    np.minimum.at(place, atoms, precedence)
    a, b = pairs.column("a").to_numpy(), pairs.column("b").to_numpy()
    inside = np.flatnonzero(concerned[a] & (stories[a] == stories[b]) & (atoms[a] != atoms[b]))
    odds, alike = (
        (-pairs.column(name).to_numpy()[inside]).tolist()
        for name in ("same_story_odds", "resemblance")
    )
    ties: dict[int, list[_Tie]] = {}
    for ends in ((a, b), (b, a)):
        own, other = (atoms[side[inside]] for side in ends)
        found = map(_Tie, odds, alike, place[other].tolist(), other.tolist())
        for atom, tie in zip(own.tolist(), found, strict=True):
            ties.setdefault(atom, []).append(tie)
    return ties


def signed(stories: Sequence[dict[str, Any]], overrides: Overrides) -> Sequence[dict[str, Any]]:
    """Put what a reader decided about its documents first in the evidence of each story."""
    linked: dict[str, list[dict[str, Any]]] = {}
    for name, says in (("must_link", "are one story"), ("cannot_link", "are not one story")):
        for a, b in sorted({tuple(sorted(pair)) for pair in getattr(overrides, name)}):
            row = _evidence(a, f"a reader decided that {a} and {b} {says}")
            for one in (a, b):
                linked.setdefault(one, []).append(row)
    origins = set(overrides.origins)
    if not linked and not origins:
        return stories
    return Lines.of(_with_decisions(story, origins, linked) for story in stories)


def _with_decisions(
    story: dict[str, Any], origins: set[str], linked: dict[str, list[dict[str, Any]]]
) -> dict[str, Any]:
    rows = [
        _evidence(one, f"a reader decided that {one} wrote it first", _called(story["origin"]))
        for one in story["documents"]
        if one in origins
    ]
    rows += [row for one in story["documents"] for row in linked.get(one, ())]
    # Both documents of a link may be in the story.
    rows = list({row["says"]: row for row in rows}.values())
    return story | {
        "evidence": [*rows, *story["evidence"]],
        "clues": [_shifted(clues, len(rows)) for clues in story["clues"]],
    }


def _called(origin: dict[str, Any]) -> str | None:
    """Return a name as other evidence has it: of the outlet, or else the document's id."""
    name: str | None = origin["name"] or origin["document"]
    return name


def _evidence(document: str, says: str, toward: str | None = None) -> dict[str, Any]:
    return {
        "signal": "reader", "points": 0.0, "document": document, "toward": toward,
        "against": False, "start": None, "end": None, "quote": None, "says": says,
    }  # fmt: skip


def _shifted(clues: dict[str, Any], by: int) -> dict[str, Any]:
    """Move the places in `evidence` that a document's clues point to."""
    return clues | {side: [place + by for place in clues[side]] for side in ("for", "against")}
