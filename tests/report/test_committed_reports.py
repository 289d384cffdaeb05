"""The tables that the repository shows against the results it shows them for."""

from __future__ import annotations

from pathlib import Path

from harness import paths
from harness.report.card import report
from harness.report.record import read_results
from harness.report.registered import registered

MEASURED = {"performance.md", "scale.md"}
"""Pages of benchmarks: tests/report/test_performance_page.py."""


def test_the_committed_tables_are_what_the_committed_results_render_to(root: Path, tmp_path: Path) -> None:
    results, tables = root / "reports" / "results", root / "reports" / "tables"
    rendered = {}
    if any(read_results(results)):
        _link_records(results, tmp_path / "results")
        made = report(tmp_path, registered(paths.configs()))
        rendered = {path.name: path.read_bytes() for path in made.paths}
    committed = {path.name: path.read_bytes() for path in tables.glob("*") if path.name not in MEASURED}
    remedy = "render them again: python -m harness.report out=reports"
    assert sorted(committed) == sorted(rendered), remedy
    assert [name for name in rendered if rendered[name] != committed[name]] == [], remedy


def _link_records(results: Path, folder: Path) -> None:
    # The page shows the documents of a run that lies beside a result, and runs are not committed.
    for path in results.glob("**/result.json"):
        place = folder / path.relative_to(results)
        place.parent.mkdir(parents=True)
        place.symlink_to(path)
