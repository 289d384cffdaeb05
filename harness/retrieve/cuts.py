"""At which dimensions a product is looked at, and at which of them vectors are brought to unit norm again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Cuts(NamedTuple):
    """The dimensions of one query set, smallest first."""

    steps: tuple[int, ...]
    """Those that may be asked for; products are summed up from one to the next."""
    scaled: tuple[int, ...]
    """Those of them at which vectors do not have unit norm by themselves."""


def cuts_of(width: int, cuts: Sequence[int], *, unit: bool) -> Cuts:
    """Return the cuts of vectors of `width`: `cuts`, or the full width alone where there are none.

    >>> cuts_of(128, (64, 128), unit=True)
    Cuts(steps=(64, 128), scaled=(64,))
    """
    steps = tuple(cuts) or (width,)
    return Cuts(steps, tuple(dim for dim in steps if dim < width) if unit else ())
