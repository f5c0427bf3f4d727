"""Measured pairs in; what the catalogue keeps of each, and the tables of a group of documents, out.

pairs, passages  ->  edges_of()      ->  EDGE arrays, by the later document of each pair
EDGE arrays      ->  group_tables()  ->  pairs and passages over the rows of a group
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from dedupe.index.records import EDGE
from dedupe.verify.pieces import shows_roundup
from dedupe.verify.relation import PAIR_RELATIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray


def edges_of(
    pairs: pa.Table, passages: pa.Table, numbers: NDArray[np.int64]
) -> dict[int, NDArray[np.void]]:
    """Return the edges of each document to earlier ones.

    Args:
        pairs: verify.relation's table.
        passages: of these pairs.
        numbers: int64, the number of each row.
    """
    a, b = (numbers[pairs.column(side).to_numpy()] for side in ("a", "b"))
    edges = np.zeros(pairs.num_rows, EDGE)
    edges["relation"] = [
        PAIR_RELATIONS.index(name) for name in pairs.column("relation").to_pylist()
    ]
    edges["odds"] = pairs.column("same_story_odds").to_numpy()
    edges["probability"] = pairs.column("probability").to_numpy()
    edges["resemblance"] = pairs.column("resemblance").to_numpy()
    for i, side in enumerate("ab"):
        edges["aligned"][:, i] = pairs.column(f"aligned_{side}").to_numpy()
        edges["lead"][:, i] = pairs.column(f"lead_{side}").to_numpy()
    edges["span"] = _longest(passages, pairs.num_rows)
    swapped = b > a
    for name in ("aligned", "lead"):
        edges[name][swapped] = edges[name][swapped][:, ::-1]
    edges["span"][swapped] = edges["span"][swapped][:, [2, 3, 0, 1]]
    edges["other"] = np.minimum(a, b)
    later = np.maximum(a, b)
    order = np.lexsort((edges["other"], later))
    owners, starts = np.unique(later[order], return_index=True)
    parts = np.split(edges[order], starts[1:])
    return dict(zip(owners.tolist(), parts, strict=len(owners) > 0))


def bound_by(edges: NDArray[np.void]) -> list[int]:
    """Return the documents that belong to one component with the owner of edges.

    They are of one story by themselves, or a piece of one in the other may show that this
    is a round-up, of no story that it holds a piece of.
    """
    if not len(edges):
        return []
    pieces = shows_roundup(
        edges["probability"][:, None], edges["aligned"], edges["lead"][:, ::-1]
    ).any(axis=1)
    return list(edges["other"][pieces | (edges["odds"] > 0)].tolist())


def _longest(passages: pa.Table, n_pairs: int) -> NDArray[np.int64]:
    """Return the longest passage of each pair, int64 (n_pairs, 4); zeros without any."""
    names = ("a_start", "a_end", "b_start", "b_end")
    spans = np.stack([passages.column(name).to_numpy() for name in names], axis=1)
    pair = passages.column("pair").to_numpy()
    longest = np.zeros((n_pairs, 4), np.int64)
    # Of several assignments to one place the last stands: the longest, then the first.
    order = np.lexsort((-spans[:, 0], spans[:, 1] - spans[:, 0], pair))
    longest[pair[order]] = spans[order]
    return longest


def group_tables(
    owned: Sequence[tuple[int, NDArray[np.void]]], rows: Mapping[int, int]
) -> tuple[pa.Table, pa.Table]:
    """Return pairs (a < b, sorted) and passages of documents taken together.

    Args:
        owned: documents, each with its edges to others of the group.
        rows: the row of each document, edges' ends included.
    """
    own = np.concatenate([[rows[number]] * len(edges) for number, edges in owned]).astype(np.int64)
    edges = np.concatenate([np.zeros(0, EDGE), *(edges for _, edges in owned)])
    other = np.array([rows[number] for number in edges["other"].tolist()], np.int64)
    swapped = own > other
    a, b = np.minimum(own, other), np.maximum(own, other)
    order = np.lexsort((b, a))
    edges, swapped = edges[order], swapped[order]
    columns = {"a": a[order], "b": b[order]}
    columns["relation"] = pa.array([PAIR_RELATIONS[code] for code in edges["relation"].tolist()])
    columns |= {
        "same_story": edges["odds"] > 0,
        "probability": edges["probability"].astype(np.float64),
        # Near-equal texts have one leader already.
        "resemblance": np.zeros(len(edges)),
        "same_story_odds": edges["odds"].astype(np.float64),
    }
    for name in ("aligned", "lead"):
        sides = np.where(swapped[:, None], edges[name][:, ::-1], edges[name])
        columns |= {f"{name}_a": sides[:, 0], f"{name}_b": sides[:, 1]}
    span = np.where(swapped[:, None], edges["span"][:, [2, 3, 0, 1]], edges["span"])
    held = np.flatnonzero(span[:, 1] > span[:, 0])
    names = ("a_start", "a_end", "b_start", "b_end")
    passages = {"pair": held} | {
        name: span[held, i].astype(np.int64) for i, name in enumerate(names)
    }
    return pa.table(columns), pa.table(passages)
