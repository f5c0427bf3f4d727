"""Trees of copies whose origin is known: a seed in, documents and their truth out.

    Parameters  ->  simulate()  ->  Simulated   documents, truth of each

A story is written by an outlet or an agency, and printed by others, each from
the first page or from another copy. Some keep the credit, some cut the names
out carelessly, some hide where it came from; copy_operators.py does the rest.
Then clocks are spoiled, and of a share of the stories the original is taken
away. The test generator knows two operators and one family of clues (addresses
that name the original) that the tuning generator never uses.

The rates of `Parameters` are assumptions, but for one: of the copies of other
outlets' stories in two real collections about two in three kept a credit.

    python benchmarks/copytrees.py FOLDER --generator test --wrong-clocks 0.3
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import hashlib
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import copy_operators as operators
import datasets
import fiction
import orjson
from copy_operators import HELD_OUT, OPERATORS, TOLD, Page
from copy_outlets import AGENCIES, PAPERS, Outlet, new_outlet

if TYPE_CHECKING:
    from collections.abc import Sequence

GENERATORS = ("tune", "test")
BASES = ("fiction", "reuters")
_START = dt.datetime(2021, 3, 1, tzinfo=dt.UTC)
_CREDITS = (
    "This story originally appeared on {0}.", "This article was first published by {0}.",
    "Originally published by {0}.", "Source: {0}", "Republished with permission from {0}.",
    "Via {0}",
)  # fmt: skip
_HOUR = 3600.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What a simulation follows from; equal parameters give equal bytes.

    Attributes:
        generator: "tune", or "test", which knows more operators and clues.
        base: "fiction", or "reuters" for dispatches as stories.
        seed: of everything drawn.
        n_trees: stories.
        wrong_clocks: share of documents whose claimed time is wrong.
        removed: share of stories whose original is taken away.
        honest: share of copies that keep a credit.
        careless: share of copies that cut names out and leave scars.
        wrong_credit: share of copies that credit somebody else.
        from_root: share of copies made from the first page, not from a copy.
    """

    generator: str = "tune"
    base: str = "fiction"
    seed: int = 1
    n_trees: int = 300
    wrong_clocks: float = 0.0
    removed: float = 0.3
    honest: float = 0.6
    careless: float = 0.14
    wrong_credit: float = 0.03
    from_root: float = 0.65


class Simulated(NamedTuple):
    """A collection and what is true of it, in one order.

    Attributes:
        documents: as `dedupe.find_duplicates` takes them.
        truth: of each document: id, tree, parent (id of a document in hand or
            None), ancestors (ids in hand), origin, origin_document, seen (the
            original is in hand), relation, done (operators), wrong_clock.
    """

    documents: list[dict[str, Any]]
    truth: list[dict[str, Any]]


@dataclasses.dataclass(slots=True, kw_only=True)
class _Node:
    page: Page
    outlet: Outlet
    parent: int
    seconds: float
    relation: str
    done: list[str]


def simulate(given: Parameters, dispatches: Sequence[dict[str, Any]] | None = None) -> Simulated:
    """Grow the trees.

    Args:
        given: what to draw.
        dispatches: of `datasets.load_reuters`, for that base.

    Raises:
        ValueError: an unknown generator or base, or a base without its texts.
    """
    if given.generator not in GENERATORS or given.base not in BASES:
        raise ValueError(f"no generator {given.generator} over {given.base}")
    if given.base == "reuters" and not dispatches:
        raise ValueError("the base reuters needs dispatches")
    reports = _of_dispatches(dispatches or (), given)
    world = _World(given)
    simulated = Simulated([], [])
    for tree in range(given.n_trees):
        rng = random.Random(f"{given.seed}/{given.generator}/{tree}")  # noqa: S311
        report = reports[tree % len(reports)] if reports else fiction.invent(rng)
        nodes = world.grow(report, rng)
        # Whether an original is removed does not move the rest.
        gone = random.Random(f"{given.seed}/gone/{tree}").random() < given.removed  # noqa: S311
        world.print_tree(tree, nodes, simulated, gone=gone and len(nodes) > 1)
    return simulated


def _of_dispatches(rows: Sequence[dict[str, Any]], given: Parameters) -> list[fiction.Report]:
    """Turn long dispatches into reports: the tuning generator's half, or the other.

    None that names its own agency, and none that shares a tenth of its words'
    runs with one chosen before: resent dispatches would make one story of two.
    """
    half = "tune" if given.generator == "tune" else "held"
    chosen = [
        row
        for row in rows
        if len(row["text"].split()) >= 180
        and datasets.half(str(row["id"])) == half
        and "reuters" not in row["text"].lower()
    ]
    random.Random(given.seed).shuffle(chosen)  # noqa: S311
    reports: list[fiction.Report] = []
    told: set[tuple[str, ...]] = set()
    for row in chosen:
        body = _paragraphs(str(row["text"]))
        words = " ".join(body).split()
        runs = {tuple(words[place : place + 4]) for place in range(len(words) - 3)}
        if len(body) > 4 and len(runs & told) < 0.1 * len(runs):
            told |= runs
            reports.append(fiction.Report(str(row["title"]).title(), body, "London", "Jo Tamm"))
        if len(reports) == given.n_trees:
            break
    return reports


def _paragraphs(text: str) -> list[str]:
    """Unwrap a dispatch, without the agency's name at its end."""
    parts = text.strip().removesuffix("Reuter").split("\n    ")
    return [body for part in parts if (body := " ".join(part.split()))]


class _World:
    """Outlets, and how they print."""

    def __init__(self, given: Parameters) -> None:
        self.given = given
        rng = random.Random(f"{given.seed}/{given.generator}/world")  # noqa: S311
        names = list(PAPERS)
        rng.shuffle(names)
        self.papers = [new_outlet(name, "", rng) for name in names[:120]]
        self.wires = {name: new_outlet(name, at, rng) for name, (at, _) in AGENCIES.items()}

    def grow(self, report: fiction.Report, rng: random.Random) -> list[_Node]:
        """Write the original and its copies; nodes[0] is the original."""
        root = self._original(report, rng)
        nodes = [root]
        size = min(14, 1 + int(rng.expovariate(1 / 3.2))) if rng.random() > 0.06 else 0
        for _ in range(size):
            parent = 0 if rng.random() < self.given.from_root else rng.randrange(len(nodes))
            nodes.append(self._reprint(nodes, parent, rng))
        if rng.random() < 0.1:
            nodes.append(self._version(nodes, rng))
        if rng.random() < 0.06:
            nodes.append(self._round_up(nodes, rng))
        return nodes

    def _original(self, report: fiction.Report, rng: random.Random) -> _Node:
        wire = rng.choice(tuple(self.wires)) if rng.random() < 0.5 else None
        outlet = self.wires[wire] if wire else rng.choice(self.papers)
        page = Page(outlet=outlet.name, title=report.title, body=list(report.paragraphs))
        if wire:
            page.place, page.wire, page.dated = report.place, wire, rng.random() < 0.4
            if rng.random() < 0.5:
                page.byline = f"By {report.reporter}, {AGENCIES[wire][1]}"
        else:
            page.place = report.place if rng.random() < 0.3 else ""
            page.byline = f"By {report.reporter}" if rng.random() < 0.6 else ""
        if rng.random() < (0.35 if wire else 0.7):
            page.told = f"the {outlet.name}" if not wire else outlet.name
        return _Node(page=page, outlet=outlet, parent=-1, seconds=0.0, relation="origin", done=[])

    def _reprint(self, nodes: list[_Node], parent: int, rng: random.Random) -> _Node:
        source = nodes[parent]
        taken = {node.outlet.name for node in nodes}
        outlet = rng.choice([paper for paper in self.papers if paper.name not in taken])
        page = source.page.copy()
        page.outlet = outlet.name
        done = self._edit(page, rng)
        done.append(self._care(page, nodes[0], source, rng))
        seconds = source.seconds + 300 + rng.expovariate(1 / (5 * _HOUR))
        relation = "excerpt" if "trim" in done else "repost"
        return _Node(
            page=page, outlet=outlet, parent=parent, seconds=seconds, relation=relation, done=done
        )

    def _edit(self, page: Page, rng: random.Random) -> list[str]:
        chances = {
            "trim": 0.3, "spin": 0.15, "headline": 0.3, "insert": 0.2, "alter_quotes": 0.08,
            "reorder": 0.12, "compress": 0.12,
        }  # fmt: skip
        done = []
        for name, chance in chances.items():
            drawn = rng.random() < chance
            if drawn and (self.given.generator == "test" or name not in HELD_OUT):
                OPERATORS[name](page, rng)
                done.append(name)
        return done

    def _care(self, page: Page, root: _Node, source: _Node, rng: random.Random) -> str:
        """Keep, maim or hide where the story came from."""
        chance = rng.random()
        if chance < self.given.wrong_credit:
            operators.strip_names(page, rng)
            page.credit = rng.choice(_CREDITS).format(rng.choice(self.papers).name)
            return "wrong_credit"
        if chance < self.given.wrong_credit + self.given.careless:
            operators.cut_names(page, rng)
            if rng.random() < 0.4:
                page.residue = [source.outlet.foot[0]]
            return "careless"
        if chance < 1 - self.given.honest:
            operators.strip_names(page, rng)
            return "hidden"
        self._keep(page, root, source, rng)
        return "honest"

    def _keep(self, page: Page, root: _Node, source: _Node, rng: random.Random) -> None:
        first = root.outlet
        if page.wire:
            if rng.random() < 0.25:
                page.wire = None
                page.byline = page.byline or f"By {AGENCIES[first.name][1]}"
            return
        if page.told and rng.random() < 0.3:
            operators.generic_attribution(page, rng)
        # Of a page that hides its source only its own name can be credited.
        known = bool(source.page.credit or source.parent < 0)
        name = first.name if known and rng.random() < 0.8 else source.outlet.name
        page.credit = rng.choice(_CREDITS).format(name)
        page.credit_first = rng.random() < 0.3
        if page.byline and rng.random() < 0.6:
            page.byline = ""
        if self.given.generator == "test" and rng.random() < 0.35:
            page.canonical = first.domain if known else source.outlet.domain
        page.utm = f"?utm_source={source.outlet.domain}" if rng.random() < 0.1 else ""

    def _version(self, nodes: list[_Node], rng: random.Random) -> _Node:
        page = nodes[0].page.copy()
        operators.insert(page, rng)
        seconds = _HOUR * rng.uniform(0.5, 12)
        return _Node(
            page=page, outlet=nodes[0].outlet, parent=0, seconds=seconds, relation="update", done=[]
        )

    def _round_up(self, nodes: list[_Node], rng: random.Random) -> _Node:
        taken = nodes[0].page.body
        body = [*taken[: len(taken) // 3], *fiction.paragraphs(rng, len(taken) + 6)]
        plain = [text.replace(TOLD, "said that") for text in body]
        outlet = rng.choice(self.papers)
        page = Page(outlet=outlet.name, title="The week in brief", body=plain)
        return _Node(
            page=page,
            outlet=outlet,
            parent=0,
            seconds=_HOUR * rng.uniform(24, 100),
            relation="roundup",
            done=[],
        )

    def print_tree(self, tree: int, nodes: list[_Node], out: Simulated, *, gone: bool) -> None:
        """Write the pages of a tree, without the original's outlet where it is gone."""
        root = nodes[0].outlet
        ids = [_name(self.given.seed, tree, place) for place in range(len(nodes))]
        absent = {place for place, node in enumerate(nodes) if gone and node.outlet == root}
        for place, node in enumerate(nodes):
            if place in absent:
                continue
            chain = [above for above in _chain(nodes, place) if above not in absent]
            is_part = node.relation == "roundup"
            document, wrong = self._document(ids[place], tree, place, node)
            out.documents.append(document)
            out.truth.append(
                {
                    "id": ids[place],
                    "tree": ids[place] if is_part else f"t{tree}",
                    "parent": ids[chain[0]] if chain and chain[0] == node.parent else None,
                    "ancestors": [] if is_part else [ids[above] for above in chain],
                    "origin": node.outlet.name if is_part else root.name,
                    "origin_document": None if gone else ids[place if is_part else 0],
                    "seen": is_part or not gone,
                    "relation": node.relation,
                    "done": node.done,
                    "wrong_clock": wrong,
                }
            )

    def _document(
        self, name: str, tree: int, place: int, node: _Node
    ) -> tuple[dict[str, Any], bool]:
        rng = random.Random(f"{self.given.seed}/clock/{tree}/{place}")  # noqa: S311
        written_at = _START + dt.timedelta(hours=7 * tree, seconds=node.seconds)
        drawn, off = rng.random(), _error(rng)
        wrong = drawn < self.given.wrong_clocks
        claimed = written_at + (dt.timedelta(hours=off) if wrong else dt.timedelta())
        seen = written_at + dt.timedelta(hours=0.1 + rng.expovariate(1 / 12))
        document = {
            "id": name,
            "text": operators.written(
                node.page, f"{written_at:%b} {written_at.day}", node.outlet.head, node.outlet.foot
            ),
            "title": node.page.title,
            "source": node.outlet.domain,
            "url": f"https://{node.outlet.domain}/news/{name}{node.page.utm}",
        }
        if node.outlet.clock != "none":
            claim = claimed.isoformat(timespec="minutes")
            document["published"] = claim if node.outlet.clock == "minute" else claim[:10]
        if rng.random() < 0.5:
            document["fetched"] = seen.isoformat(timespec="minutes")
        if node.page.canonical:
            document["canonical"] = f"https://{node.page.canonical}/news/{tree}"
        return document, wrong


def _chain(nodes: list[_Node], place: int) -> list[int]:
    chain = []
    while (place := nodes[place].parent) >= 0:
        chain.append(place)
    return chain


def _name(seed: int, tree: int, place: int) -> str:
    """Name a document, so that the order of names tells nothing."""
    return hashlib.blake2b(f"{seed}/{tree}/{place}".encode(), digest_size=6).hexdigest()


def _error(rng: random.Random) -> float:
    """Draw the hours by which a wrong clock is off: dated back, overwritten, zone, or anything."""
    kind = rng.random()
    if kind < 0.35:
        return -rng.uniform(1, 120)
    if kind < 0.65:
        return rng.uniform(1, 480)
    if kind < 0.85:
        return rng.choice((-8, -5, -3, -1, 1, 2, 5, 8))
    return rng.uniform(-1440, 1440)


def write(folder: Path, given: Parameters, simulated: Simulated) -> None:
    """Write documents.jsonl, truth.jsonl and parameters.json into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in (("documents", simulated.documents), ("truth", simulated.truth)):
        (folder / f"{name}.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    (folder / "parameters.json").write_bytes(
        orjson.dumps(dataclasses.asdict(given), option=orjson.OPT_INDENT_2)
    )


def main() -> None:
    """Write a simulated collection."""
    parser = argparse.ArgumentParser(description="Write trees of copies with known origins.")
    parser.add_argument("folder", type=Path, help="written: documents, truth, parameters")
    parser.add_argument("--generator", choices=GENERATORS, default="tune")
    parser.add_argument("--base", choices=BASES, default="fiction")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--trees", type=int, default=300)
    parser.add_argument("--wrong-clocks", type=float, default=0.0, help="share of documents")
    parser.add_argument("--removed", type=float, default=0.3, help="share of originals")
    parser.add_argument("--data", type=Path, default=datasets.DEFAULT_DATA, help="measuring sets")
    chosen = parser.parse_args()
    given = Parameters(
        generator=chosen.generator,
        base=chosen.base,
        seed=chosen.seed,
        n_trees=chosen.trees,
        wrong_clocks=chosen.wrong_clocks,
        removed=chosen.removed,
    )
    dispatches = datasets.load_reuters(chosen.data) if given.base == "reuters" else None
    if given.base == "reuters" and dispatches is None:
        print(datasets.skipped("reuters", chosen.data))
        return
    simulated = simulate(given, dispatches)
    write(chosen.folder, given, simulated)
    print(f"{len(simulated.documents):,} documents of {given.n_trees:,} stories")


if __name__ == "__main__":
    main()
