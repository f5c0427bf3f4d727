"""A judged story in; what its verdict would be without each kind of evidence, out.

    Verdict, what kernels/places.py found  ->  counterfactual()  ->  "without the clocks: .81 -> .77"

The same sum over all trees is taken again with one kind of evidence left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dedupe.attribute.verdict import Verdict

_LEAST_CHANGE = 0.005


def counterfactual(
    verdict: Verdict, kind: str, before: float, after: float, origin: str | None
) -> dict[str, Any] | None:
    """Return what leaving out one kind of evidence changes; None where that is little.

    Args:
        verdict: with all evidence.
        kind: a group of SIGNALS.
        before: chance of the origin that was named, as the sums have it.
        after: the same without this kind.
        origin: who would be named; None where none would.

    Returns:
        `without` (the kind), `probability` of the origin that was named, and `origin`.
    """
    if abs(after - before) < _LEAST_CHANGE and origin == verdict.origin["name"]:
        return None
    stated = float(verdict.origin["probability"])
    probability = round(min(1.0, after * stated / before), 4) if before else 0.0
    return {"without": kind, "probability": probability, "origin": origin}
