"""Values out of a mapping that came from a file, each checked where it is taken."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from harness.errors import DataError, printable, short


class Fields:
    """A mapping with exactly the fields it may have; every reader names the file and the field when it refuses."""

    def __init__(self, data: object, where: str, required: Sequence[str], optional: Sequence[str] = ()) -> None:
        """Refuse what is no mapping, lacks a required field or has an unknown one."""
        if not isinstance(data, dict):
            raise DataError(where, got=short(data), expected=f"a mapping with {', '.join(required)}")
        unknown = [key for key in data if key not in (*required, *optional)]
        missing = [key for key in required if key not in data]
        if unknown or missing:
            got = f"unknown {short(unknown[0])}" if unknown else f"no {missing[0]}"
            raise DataError(f"{where}: fields", got=got, expected=", ".join((*required, *optional)))
        self._data: dict[str, Any] = data
        self.where = where

    def __contains__(self, key: str) -> bool:
        """Return whether the field stands in the file."""
        return key in self._data

    def error(self, key: str, got: object, expected: str) -> DataError:
        """Return the error that names the file and the field `key`."""
        return DataError(f"{self.where}: {key}", got=got, expected=expected)

    def value(self, key: str) -> object:
        """Return the field as the file has it."""
        return self._data[key]

    def text(self, key: str) -> str:
        """Return a field that is a text on one line."""
        return self._text(key, self._data[key])

    def optional(self, key: str) -> str | None:
        """Return a text, or None where the field is not in the file."""
        return self.text(key) if key in self._data else None

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts."""
        return tuple(self._text(key, value) for value in self._list(key))

    def whole(self, key: str) -> int:
        """Return a whole number of 1 or more."""
        value = self._data[key]
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise self.error(key, short(value), "a whole number, 1 or more")
        return value

    def decimals(self, key: str, width: int, decimals: int) -> tuple[Decimal, ...]:
        """Return `width` numbers from 0 to 1 with no more than `decimals` decimals, padded to that many."""
        values = self._list(key)
        if len(values) != width:
            raise self.error(key, f"{len(values)} values", f"{width}, one a column")
        return tuple(self._decimal(key, value, decimals) for value in values)

    def inner(self, key: str, required: Sequence[str], optional: Sequence[str] = ()) -> Fields:
        """Return a field that is a mapping of its own."""
        return Fields(self._data[key], f"{self.where}: {key}", required, optional)

    def items(self, key: str, required: Sequence[str], optional: Sequence[str]) -> Iterator[Fields]:
        """Yield the mappings of a list; none where the field is not in the file."""
        for position, item in enumerate(self._list(key) if key in self._data else []):
            yield Fields(item, f"{self.where}: {key}[{position}]", required, optional)

    def _list(self, key: str) -> list[Any]:
        value = self._data[key]
        if not isinstance(value, list) or not value:
            raise self.error(key, short(value), "a list that is not empty")
        return value

    def _text(self, key: str, value: object) -> str:
        if not isinstance(value, str) or not value.strip() or printable(value) != value:
            raise self.error(key, short(value), "a text on one line (in quotes, where YAML reads it as something else)")
        return value

    def _decimal(self, key: str, value: object, decimals: int) -> Decimal:
        if isinstance(value, float) and math.isfinite(value) and 0 <= value <= 1:
            # repr gives back the digits in the file: they are few enough for a float to keep.
            exact, printed = Decimal(repr(abs(value))), Decimal(f"{abs(value):.{decimals}f}")
            if exact == printed:
                return printed
        raise self.error(key, short(value), f"a fraction from 0 to 1 with {decimals} decimals")
