"""Values read from JSON in, what is wrong with their form out.

A shape is a type or several; `[shape]`, a list of such values; or a dict of shapes by key, of which
one that ends in "?" may be missing, and "*" stands for every key.
"""

from __future__ import annotations

from typing import Any

_NUMBER = (int, float)

RUN = {
    "version?": str,
    "settings?": dict,
    "inputs?": [{"path": str, "documents?": int, "rejects?": int, "bad_dates?": int}],
    "reading?": {"fields?": {"*": str}, "on_error?": str, "start?": str},
    "capped_buckets?": {"*": int},
    "stages?": [{"stage": str, "seconds": _NUMBER, "rows": int}],
    "peak_memory_bytes?": _NUMBER,
    "overrides?": {"must_link?": [[str]], "cannot_link?": [[str]], "origins?": [str]},
    "against?": dict,
}
"""run.json, as far as it is read back."""


def check_shape(name: str, value: Any, shape: Any) -> None:
    """Compare a value with a shape.

    Raises:
        ValueError: it has another form; names the place after `name`.
    """
    place = _misfit(value, shape)
    if place is not None:
        raise ValueError(f"{name}{place}: missing or of another form")


def _misfit(value: Any, shape: Any) -> str | None:
    """Return where a value first differs from a shape; None if nowhere."""
    kind = type(shape) if isinstance(shape, (dict, list)) else shape
    if not isinstance(value, kind):
        return ""
    if isinstance(shape, dict) and isinstance(value, dict):
        return _misfit_within(value, shape)
    if isinstance(shape, list):
        places = (_misfit(one, shape[0]) for one in value)
        return next((place for place in places if place is not None), None)
    return None


def _misfit_within(value: dict[str, Any], shape: dict[str, Any]) -> str | None:
    """Return the first key that is missing, or whose value differs from its shape."""
    if "*" in shape:
        shape = dict.fromkeys(value, shape["*"])
    for key, inner in shape.items():
        name = key if key in value else key.removesuffix("?")
        if name not in value and name != key:
            continue
        place = _misfit(value[name], inner) if name in value else ""
        if place is not None:
            return f", {name}{place}"
    return None
