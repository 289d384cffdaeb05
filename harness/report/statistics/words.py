"""What a comparison comes to, in words for a reader; the words never say more than the data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from harness.report.statistics.differences import Paired
from harness.report.statistics.holm import holm


class Kind(StrEnum):
    """The five things that a comparison can come to."""

    HIGHER = "higher"
    LOWER = "lower"
    EQUIVALENT = "equivalent"
    EQUAL = "equal"
    """The two have the same value on every query."""
    UNTOLD = "cannot be told"


@dataclass(frozen=True)
class Judgement:
    """What one comparison of a table comes to."""

    kind: Kind
    words: str
    """`higher`, `lower, by less than 0.005`, `equivalent within 0.005`, `cannot be told at n = 50`."""

    def __str__(self) -> str:
        """Return the words."""
        return self.words


def judgement(found: Paired, p: float | None = None, p_equivalence: float | None = None) -> Judgement:
    """Return what a comparison comes to, from p-values that its table has been allowed for.

    Args:
        found: the comparison.
        p: its p-value after Holm's correction over the table; None where it is the only comparison of its table.
        p_equivalence: the same of its equivalence test.
    """
    shown = found.p if p is None else p
    alike = found.p_equivalence if p_equivalence is None else p_equivalence
    equivalent = alike is not None and alike <= found.alpha
    if not found.differing and found.n > 1:
        return Judgement(Kind.EQUAL, f"equal on each of {found.n:,} queries")
    if shown <= found.alpha:
        kind = Kind.HIGHER if found.difference > 0 else Kind.LOWER
        return Judgement(kind, f"{kind}, by less than {found.margin:g}" if equivalent else kind.value)
    if equivalent:
        return Judgement(Kind.EQUIVALENT, f"equivalent within {found.margin:g}")
    return Judgement(Kind.UNTOLD, f"cannot be told at n = {found.n:,}")


def judged(table: Sequence[Paired]) -> tuple[Judgement, ...]:
    """Return what each comparison of one table comes to, with Holm's correction over all of them."""
    return tuple(judgement(one, p, alike) for one, (p, alike) in zip(table, adjusted(table), strict=True))


def adjusted(table: Sequence[Paired]) -> tuple[tuple[float, float | None], ...]:
    """Return the p-values of each comparison of one table, of difference and equivalence, after Holm's correction.

    Tests for a difference are one family, those for equivalence another: they ask different questions. None stays where
    there is no equivalence test.
    """
    shown = holm([one.p for one in table])
    alike = iter(holm([one.p_equivalence for one in table if one.p_equivalence is not None]))
    return tuple((p, None if one.p_equivalence is None else next(alike)) for one, p in zip(table, shown, strict=True))
