"""One JSON value in; as orjson reads it, but for whole numbers beyond 64 bits, out."""

from __future__ import annotations

import json
from typing import Any

# Beyond 64 bits with a sign.
_VAST = 2.0**63


def load_value(data: bytes | memoryview) -> Any:
    """Parse a value; whole numbers stay whole, however large.

    Raises:
        orjson.JSONDecodeError: it is no JSON.
    """
    import orjson

    value = orjson.loads(data)
    return json.loads(bytes(data)) if has_vast(value) else value


def has_vast(value: Any) -> bool:
    """Say whether a value holds a number beyond 64 bits: orjson rounds whole ones to floats."""
    kind = type(value)
    if kind is float:
        return not -_VAST < value < _VAST
    if kind is dict:
        return any(map(has_vast, value.values()))
    return kind is list and any(map(has_vast, value))
