"""Figures and rows in, the sentences that tell of them out: one way to say each thing.

text of strangers  ->  plain(), shortened()   one line that steers nothing
origin, evidence   ->  origin_line(), evidence_line(), strongest_reason(), without_line()
summary            ->  summary_line(), notes()
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

# C0, DEL, C1; then the marks that reorder or break a line. The joiners and
# the plain direction marks stay: Urdu and Persian are written with them.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")

_QUOTE_CHARACTERS = 160

RELATIONS = {
    "origin": "likely the first of its story",
    "exact": "the same words as its parent",
    "repost": "one holds nearly all of the other, at about the same length",
    "excerpt": "one holds nearly all of the other, and much more",
    "rewrite": "one story, partly in other words",
    "paraphrase": "one story, mostly in other words",
    "update": "one story, another version by the same outlet",
    "roundup": "holds pieces of several stories",
    "partial": "took some of its text over, and tells another story",
    "same_event": "another account of what its parent tells",
    "template": "a form filled in anew",
    "derived": "derived from a source that is absent or unnamed",
    "single": "alone in its story",
    "unrelated": "shares nothing that counts",
}
"""What `relation` says of a document, in the order in which relations are told."""


def plain(text: str | None) -> str:
    """Return `text` on one line, without characters that steer a terminal or reorder a page."""
    if not text:
        return ""
    return " ".join(_UNSAFE.sub(" ", text).split())


def shortened(text: str | None, most: int = _QUOTE_CHARACTERS) -> str:
    """Return a text on one line, cut where it passes `most` characters."""
    line = plain(text)
    return line if len(line) <= most else line[: most - 1] + "…"


def plural(count: int, noun: str) -> str:
    """Return a number with what it counts."""
    if count == 1:
        return f"1 {noun}"
    return f"{count:,} {noun[:-1] + 'ies' if noun.endswith('y') else noun + 's'}"


def relation_rank(relation: str) -> tuple[int, str]:
    """Return where a relation stands among others when they are told."""
    order = list(RELATIONS)
    return (order.index(relation) if relation in RELATIONS else len(order), relation)


def counts_line(relations: Mapping[str, int]) -> str:
    """Return the relations of all but the origin as "9 repost, 3 excerpt"."""
    return ", ".join(
        f"{count:,} {name}".replace("_", " ")
        for name, count in relations.items()
        if name != "origin"
    )


def origin_name(origin: Mapping[str, Any]) -> str:
    """Return an origin's name, and whether it is in the collection."""
    if origin["band"] == "unknown":
        return "cannot tell"
    name = plain(origin["name"] or origin["document"]) or "a source without a name"
    return name if origin["in_collection"] else f"{name} (not in the collection)"


def origin_line(origin: Mapping[str, Any]) -> str:
    """Return an origin as a person reads it: name, where it is, how sure.

    The band stands alone: two digits would claim more than is known.
    """
    if origin["band"] == "unknown":
        return f"origin: {origin_name(origin)}"
    return f"{origin_name(origin)}: {origin['band']}"


def strongest_reason(story: Mapping[str, Any]) -> str | None:
    """Return the first sentence of evidence for the named origin; None where there is none."""
    speaks = (row["says"] for row in story["evidence"] if speaks_for(row, story["origin"]))
    return next(speaks, None)


def speaks_for(evidence: Mapping[str, Any], origin: Mapping[str, Any]) -> bool:
    """Say whether a row of evidence speaks for the named origin; none does where none is named."""
    toward = evidence["toward"]
    if origin["band"] == "unknown" or evidence["against"]:
        return False
    if evidence["signal"] == "reader" and toward is None:
        # That two documents are one story, or not, says nothing of its origin.
        return False
    # An origin without an outlet is called by its id; an absent one may have no name at all.
    return bool(toward == (origin["name"] or origin["document"]))


def evidence_line(evidence: Mapping[str, Any]) -> str:
    """Return a clue as a sentence, with the words it rests on."""
    quote = shortened(evidence["quote"])
    return plain(evidence["says"]) + (f": “{quote}”" if quote else "")


def without_line(counterfactual: Mapping[str, Any]) -> str:
    """Return what the origin of a story would be without a kind of evidence."""
    named = plain(counterfactual["origin"]) or "nobody"
    return (
        f"without {counterfactual['without']}: the origin's probability "
        f"{counterfactual['probability']:.2f}, and {named} would be named."
    )


def summary_line(summary: Mapping[str, Any]) -> str:
    """Return the one line that says how the collection falls apart."""
    return (
        f"{plural(summary['documents'], 'document')}: {plural(summary['stories'], 'story')} of "
        f"two or more ({plural(summary['duplicates'], 'duplicate')}), "
        f"{plural(summary['singles'], 'single')}."
    )


def notes(summary: Mapping[str, Any]) -> list[str]:
    """Return a line for each thing a careful reader must know of the run."""
    lines = []
    if summary["derived"]:
        lines.append(f"{plural(summary['derived'], 'document')} from a source absent or unnamed.")
    if summary["rejects"]:
        lines.append(f"{plural(summary['rejects'], 'record')} rejected; the others were used.")
    if summary["bad_dates"]:
        lines.append(f"{plural(summary['bad_dates'], 'date')} unreadable or impossible: ignored.")
    capped = sum(summary["capped_buckets"].values())
    if capped:
        lines.append(
            f"{plural(capped, 'bucket')} over the cap: in each, all were compared with the few "
            "of smallest hash."
        )
    return lines
