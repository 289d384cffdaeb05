"""What a search met in its documents, for the record of its result."""

from __future__ import annotations

from dataclasses import astuple, dataclass


@dataclass(frozen=True)
class Met:
    """What a search met in its documents; counts add up over shards."""

    documents: int = 0
    tokens: int = 0
    """Document tokens that were encoded, or words that were indexed."""
    empty: int = 0
    """Documents without any text, or without a word: they score -inf and are never found."""
    truncated: int = 0
    """Documents cut to the model's length."""
    dropped_self: int = 0
    """(query, document) pairs of equal ids that the dataset says to drop."""

    def __add__(self, other: Met) -> Met:
        """Return the counts of both."""
        return Met(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))
