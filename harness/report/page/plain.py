"""Values out of a record as a reader wants them: words for flags, commas in large numbers, nothing for what is null."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from harness.report.place import finished
from harness.report.record import Result

Pairs = tuple[tuple[str, str], ...]
"""Names and values, to be shown side by side."""


def shown(value: object) -> str:
    """Return a value of a record on one line.

    >>> shown(True), shown(5183), shown([128, 64]), shown({"a": None, "b": 0.5}), shown("")
    ('yes', '5,183', '128, 64', 'b: 0.5', '""')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {shown(one)}" for name, one in value.items() if one is not None)
    if isinstance(value, list | tuple):
        return ", ".join(map(shown, value)) or "none"
    return str(value) if str(value).strip() else f'"{value}"'


def pairs(values: Mapping[str, Any], names: Iterable[str] | None = None) -> Pairs:
    """Return the values that are there and not null, in the order of `names` or their own, with words for names."""
    return tuple(
        (str(name).replace("_", " "), shown(values[name]))
        for name in (values if names is None else names)
        if values.get(name) is not None
    )


def inner(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a mapping inside a record's mapping; an empty one where there is none."""
    found = values.get(name)
    return found if isinstance(found, Mapping) else {}


def seconds(result: Result) -> float | None:
    """Return the seconds of all stages together; None where none is recorded."""
    stages = inner(result.provenance, "stages").values()
    spent = [stage.get("seconds") for stage in stages if isinstance(stage, Mapping)]
    numbers = [one for one in spent if isinstance(one, int | float)]
    return sum(numbers) if numbers else None


def duration(spent: float) -> str:
    """Return seconds in the unit that suits them.

    >>> duration(0.043), duration(6.5), duration(65), duration(7300)
    ('0.04 s', '6.5 s', '1.1 min', '2.0 h')
    """
    if spent < 60:
        return f"{spent:.2f} s" if spent < 1 else f"{spent:.1f} s"
    return f"{spent / 60:.1f} min" if spent < 3600 else f"{spent / 3600:.1f} h"


def moment(result: Result) -> str | None:
    """Return the minute at which the result was finished, in UTC; None where it does not say.

    Raises:
        DataError: the time is not written as ISO 8601.
    """
    when: datetime = finished(result)[0]
    return None if when.year == 1 else when.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
