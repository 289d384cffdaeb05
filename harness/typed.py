"""Values of a configuration against the types that a spec declares."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from harness.errors import ConfigError, choose, short

TYPE_NAMES = {
    dict: "a mapping",
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    NoneType: "null",
}

EXACT = 2**53
"""Up to which every whole number is a float."""


def require(prefix: str, given: Mapping[str, Any], names: Sequence[str]) -> None:
    """See that every one of `names` is a key of `given`.

    Raises:
        ConfigError: one is not; the message names it with `prefix`.
    """
    for name in names:
        if name not in given:
            raise ConfigError(f"{prefix}{name} is missing", remedy=f"Give it, as in {prefix}{name}=...")


def checked(value: Any, hint: Any, key: str) -> Any:
    """Return `value` as `hint` wants it (a list becomes a tuple, a whole number a float, a mapping a spec).

    Raises:
        ConfigError: it is of another type; the message names `key`.
    """
    if is_dataclass(hint) and isinstance(hint, type) and isinstance(value, Mapping):
        hints = get_type_hints(hint)
        for name in value:
            choose(f"key of {key}", name, hints)
        require(f"{key}.", value, [item.name for item in fields(hint) if item.default is MISSING])
        return hint(**{name: checked(one, hints[name], f"{key}.{name}") for name, one in value.items()})
    if get_origin(hint) is tuple and isinstance(value, list | tuple):
        return tuple(checked(one, get_args(hint)[0], key) for one in value)
    kinds = get_args(hint) if isinstance(hint, UnionType) else (hint,)
    if isinstance(hint, UnionType) and isinstance(value, Mapping) and (inner := [*filter(is_dataclass, kinds)]):
        return checked(value, inner[0], key)
    if float in kinds and type(value) is int and abs(value) <= EXACT:
        return float(value)
    if type(value) in kinds and (type(value) is not float or math.isfinite(value)):
        return value
    expected = " or ".join(TYPE_NAMES.get(kind, "a list") for kind in kinds)
    remedy = "Put it in quotes" if str in kinds and isinstance(value, bool | int | float) else None
    raise ConfigError(key, got=f"{short(value)} ({type(value).__name__})", expected=expected, remedy=remedy)
