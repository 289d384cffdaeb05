"""Ids of a page: letters, digits and hyphens of what they name, and no two alike."""

from __future__ import annotations

import re

LONGEST = 80


class Anchors:
    """Gives out the ids of one page, each of them once."""

    def __init__(self) -> None:
        """Begin with none given out."""
        self._given: set[str] = set()

    def give(self, kind: str, *names: str) -> str:
        """Return an id made of `kind` and `names`; where it is taken or nothing is left of them, with a number.

        >>> anchors = Anchors()
        >>> anchors.give("cell", "beir", "nq"), anchors.give("cell", "BEIR", "nq"), anchors.give("cell", "<>")
        ('cell-beir-nq', 'cell-beir-nq-2', 'cell')
        """
        words = [re.sub("[^a-z0-9]+", "-", name.lower()).strip("-") for name in names]
        plain = "-".join([kind, *filter(None, words)])[:LONGEST]
        found, number = plain, 1
        while found in self._given:
            number += 1
            found = f"{plain}-{number}"
        self._given.add(found)
        return found
