"""JSON as the harness reads it: each key once, numbers that are numbers, UTF-8 and nothing else.

Python's own reader keeps the last of two equal keys, takes NaN and 1e999 for numbers, guesses encodings, and raises
`RecursionError`, which nobody expects of a file, where a text is nested deep.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from typing import Any, NoReturn

from harness.errors import short


def parse_json(content: bytes | str) -> Any:
    """Return what a JSON text holds, as plain values.

    Raises:
        ValueError: it is no JSON (as `json.JSONDecodeError`, where Python says so), no UTF-8, has a key twice, a number
            that is none or has thousands of digits, or is nested too deep.
    """
    text = content.decode("utf-8") if isinstance(content, bytes) else content
    try:
        return _READER.decode(text)
    except RecursionError:
        raise ValueError("nested too deep") from None


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        counts = Counter(key for key, _ in pairs)
        raise ValueError(f"a key stands twice: {short(counts.most_common(1)[0][0])}")
    return found


def _finite(digits: str) -> float:
    found = float(digits)
    if not math.isfinite(found):
        raise ValueError(f"a number that is too large: {short(digits)}")
    return found


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"a number that is none: {name}")


_READER = json.JSONDecoder(object_pairs_hook=_mapping, parse_float=_finite, parse_constant=_no_number)
