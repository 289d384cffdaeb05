"""One check and its line; how a check that needs what failed before it is left out, and the others still run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import torch

from harness.errors import HarnessError, ModelError, printable, short

S = TypeVar("S")
T = TypeVar("T")


@dataclass(frozen=True)
class Check:
    """What one look at the machine came to.

    >>> str(passed("device", "cpu")), str(left_out("markers", "none"))
    ('ok   device: cpu', '--   markers: none')
    """

    name: str
    ok: bool | None
    """None where the check does not apply."""
    text: str

    def __str__(self) -> str:
        """Return the check as one line."""
        mark = {True: "ok", False: "FAIL", None: "--"}[self.ok]
        return printable(f"{mark:<4} {self.name}: {self.text}")


def passed(name: str, text: str) -> Check:
    """Return a check that found what it wants."""
    return Check(name, ok=True, text=text)


def failed(name: str, text: str) -> Check:
    """Return a check that did not."""
    return Check(name, ok=False, text=text)


def left_out(name: str, text: str) -> Check:
    """Return a check that does not apply."""
    return Check(name, ok=None, text=text)


def then(before: S | HarnessError | None, work: Callable[[S], T]) -> T | HarnessError | None:
    """Return what `work` makes of `before`, or the error it raised; None where there is no `before` to work on."""
    if before is None or isinstance(before, HarnessError):
        return None
    try:
        return work(before)
    except HarnessError as error:
        return error
    except torch.OutOfMemoryError as error:
        return ModelError("the device has too little memory free", got=short(str(error), 120))


def both(first: S | HarnessError | None, second: T | HarnessError | None) -> tuple[S, T] | None:
    """Return the two together; None where either is missing or an error."""
    if first is None or second is None or isinstance(first, HarnessError) or isinstance(second, HarnessError):
        return None
    return first, second


def told(name: str, found: T | HarnessError | None, look: Callable[[T], Check]) -> Check:
    """Return what `look` says of `found`; a failed check where `found` is an error or `look` raises one.

    Args:
        name: of the check.
        found: as `then` gives it; None says that something before it failed.
        look: the check.
    """
    if found is None:
        return left_out(name, "not looked at, since it needs what failed above")
    seen = found if isinstance(found, HarnessError) else then(found, look)
    if isinstance(seen, Check):
        return seen
    return failed(name, str(seen))
