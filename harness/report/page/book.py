"""The results of one page: each is opened in the first place that shows it, and pointed to from the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.report.page.anchors import Anchors
from harness.report.page.evidence import Evidence, evidence
from harness.report.page.shared import Shelf, put_collection, put_way
from harness.report.place import row_of
from harness.report.published import PublishedTable
from harness.report.record import Result
from harness.report.table import Cell


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A result in one place of the page."""

    evidence: Evidence | None
    """What made it, in the first place that shows it."""
    link: str | None
    """The id of that place, in all others."""


class Book:
    """Results with what is to be said of each, and the ids of the page."""

    def __init__(self, results: Sequence[Result], runs: Sequence[Path | None]) -> None:
        """Take the results and, for each, where its run may lie."""
        self.results = results
        self.anchors = Anchors()
        self.ways, self.collections = Shelf(self.anchors, "way"), Shelf(self.anchors, "collection")
        self._runs = {id(result): run for result, run in zip(results, runs, strict=True)}
        self._homes: dict[int, str] = {}

    def opened(self, result: Result, at: str) -> Opened:
        """Return how `result` is shown in the place with the id `at`."""
        home = self._homes.setdefault(id(result), at)
        if home != at:
            return Opened(evidence=None, link=home)
        way, collection = put_way(self.ways, result), put_collection(self.collections, result)
        return Opened(evidence=evidence(result, self._runs.get(id(result)), way, collection), link=None)

    def filling(self, table: PublishedTable, cell: Cell) -> Result | None:
        """Return the result that fills a cell of `table`; None where none does, as in an average."""
        for result in self.results:
            if result.key != cell.key or result.value != cell.measured:
                continue
            row = row_of(table, result)
            if row is not None and row.label == cell.row:
                return result
        return None
