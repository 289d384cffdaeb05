"""The page of benchmarks against the records it shows; nothing here is timed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks import names, record, render
from tests.benchmarks.__main__ import BENCHMARKS
from tests.benchmarks.bars import BARS, SCALE
from tests.benchmarks.record import Record, Report, Variant
from tests.benchmarks.rounds import interleave

RUN = {
    "rounds": None, "small": False, "threads": 2, "command": ["python", "-m", "tests.benchmarks", "encode"],
    "wall_seconds": 61.2, "load_after": 1.0,
    "commit": "c" * 40, "dirty": False, "finished": "2026-01-02T03:04:05+00:00",
}  # fmt: skip
MACHINE = {
    "processor": "A processor", "instructions": ["avx512f"], "cores": 2, "memory_gib": 23.5, "load": 0.1,
    "accelerator": None,
}  # fmt: skip
FAST = next(bar for bar in BARS if "`fast`" in bar.what)


def encoded(seconds: tuple[float, ...], *, cosine: float = 0.9999) -> Record:
    """The record of encoding: PyLate takes ten seconds, the harness at `fast` those given."""
    return Record(
        name=names.ENCODE,
        what="Some documents",
        variants={
            names.PYLATE: Variant(seconds=(9.0, 10.0, 12.0), amount=1000, unit="tokens"),
            names.SENTENCE: Variant(seconds=(8.0, 8.0, 8.0), amount=1000, unit="tokens"),
            names.STRICT: Variant(seconds=(5.0, 5.0, 5.0), amount=1000, unit="tokens"),
            names.FAST: Variant(seconds=seconds, amount=1000, unit="tokens"),
        },
        values={names.MEAN_COSINE: cosine, names.apart(names.PYLATE): 1e-6},
    )


def report(*records: Record, **changes: Any) -> Report:
    facts = {"benchmark": "encode", "run": RUN, "machine": MACHINE, "versions": {"torch": "2.13.0"}}
    return Report(**{**facts, "records": records, **changes})


def line_of(page: str, what: str) -> str:
    (found,) = (line for line in page.splitlines() if line.startswith(f"| {what} |"))
    return found


@pytest.mark.parametrize("page", render.PAGES, ids=lambda page: page.path.stem)
def test_a_committed_page_is_what_the_committed_records_render_to(page: render.Page) -> None:
    committed = page.path.read_text(encoding="utf-8") if page.path.is_file() else None
    rendered = render.render(page.records, page) if any(page.records.glob("*.json")) else None
    assert committed == rendered, "render it again: python -m tests.benchmarks.render"


def test_the_page_about_scale_has_bars_of_its_own(tmp_path: Path) -> None:
    found = Record(
        name=names.SCALE,
        what="Some documents",
        variants={"all": Variant(seconds=(1.0,), amount=20_000, unit="documents")},
        values={names.PER_SECOND: 19_999, names.GROWN: 100, names.RIGHT: True},
    )
    page = render.page({"scale": report(found, benchmark="scale")}, {}, render.PAGES[1])
    speed, memory, right = (line_of(page, bar.what) for bar in SCALE)
    assert speed.endswith("| documents/s: 19,999 | documents/s: at least 20,000 | **no** |")
    assert memory.endswith("| MiB more: 100 | MiB more: at most 100 | yes |")
    assert right.endswith("| as planted: yes | as planted | yes |")
    assert FAST.what not in page


@pytest.mark.parametrize(
    ("seconds", "cosine", "words"),
    [
        ((1.0, 2.0, 2.5), 0.9999, "5.00x; mean cosine 0.9999 | at least 5x; mean cosine at least 0.9995 | yes |"),
        ((1.0, 2.1, 2.5), 0.9999, "4.76x; mean cosine 0.9999 | at least 5x; mean cosine at least 0.9995 | **no** |"),
        ((1.0, 2.0, 2.5), 0.9994, "5.00x; mean cosine 0.9994 | at least 5x; mean cosine at least 0.9995 | **no** |"),
    ],
)
def test_a_bar_is_met_only_by_all_of_its_figures(seconds: tuple[float, ...], cosine: float, words: str) -> None:
    page = render.page({"encode": report(encoded(seconds, cosine=cosine))}, {})
    assert line_of(page, FAST.what) == f"| {FAST.what} | {words}"


def test_a_bar_without_a_record_is_not_run_and_the_page_says_why() -> None:
    gpu = next(bar for bar in BARS if bar.benchmark == "gpu")
    assert "| not run |" in line_of(render.page({}, {}), gpu.what)
    page = render.page({"gpu": report(benchmark="gpu", not_run="no CUDA device")}, {})
    assert "| not run: no CUDA device |" in line_of(page, gpu.what)
    assert "yes" not in line_of(page, gpu.what)


def test_a_figure_is_the_median_with_the_quartiles_of_its_rounds() -> None:
    page = render.page({"encode": report(encoded((2.0, 2.0, 4.0)))}, {})
    row = line_of(page, names.FAST)
    assert row == f"| {names.FAST} | 3 | 2 [2, 3] | 500 tokens/s | 5.00 [3.75, 4.75] |"


def test_a_remark_stands_under_the_bars_and_one_on_no_bar_is_refused() -> None:
    assert f"- {FAST.what}: Because." in render.page({}, {FAST.what: "Because."}).splitlines()
    with pytest.raises(ValueError, match="nothing of the kind"):
        render.page({}, {"nothing of the kind": "Because."})


def test_a_small_run_is_not_shown() -> None:
    with pytest.raises(ValueError, match="encode"):
        render.page({"encode": report(encoded((1.0,)), run={**RUN, "small": True})}, {})


def test_a_report_reads_back_as_it_was_written(tmp_path: Path) -> None:
    written = report(replace(encoded((1.0, 2.0)), notes=("A note.",), parts=True))
    record.write(tmp_path / "encode.json", written)
    assert record.read_all(tmp_path) == {"encode": written}


def test_what_was_measured_is_not_replaced_by_what_was_not_run(tmp_path: Path) -> None:
    path = tmp_path / "encode.json"
    record.write(path, report(encoded((1.0,))))
    record.write(path, report(not_run="no CUDA device"))
    assert record.read(path).not_run is None
    record.write(path, report(encoded((3.0,))))
    assert record.read(path).records[0].variants[names.FAST].seconds == (3.0,)


def test_every_bar_is_about_a_benchmark_that_there_is_and_has_words_of_its_own() -> None:
    for bars in (BARS, SCALE):
        assert {bar.benchmark for bar in bars} <= set(BENCHMARKS)
        assert len({bar.what for bar in bars}) == len(bars)
        assert [bar.what for bar in bars if not bar.words] == []


def test_rounds_go_by_turns_after_each_was_done_once() -> None:
    done: list[str] = []

    def action(name: str, seconds: float | None) -> Callable[[], float | None]:
        return lambda: done.append(name) or seconds

    found = interleave({"a": action("a", 1.0), "b": action("b", 2.0)}, 2)
    assert done == ["a", "b"] * 3
    assert found == {"a": [1.0, 1.0], "b": [2.0, 2.0]}


def test_the_page_is_rendered_without_torch() -> None:
    code = "import sys, tests.benchmarks.render; print(*(name for name in ('torch', 'numpy') if name in sys.modules))"
    root = record.REPORTS.parent
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
