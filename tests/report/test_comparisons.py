"""The pages of comparisons: which results are set against each other, what they say, and that they do nothing else."""

from __future__ import annotations

import csv
import io
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from markdown_it import MarkdownIt

from harness import paths
from harness.errors import DataError
from harness.report.card import report
from harness.report.comparisons import Block, compared
from harness.report.comparisons_csv import CSV_HEAD
from harness.report.comparisons_page import comparison_pages, p_text, ties_text
from harness.report.language_averages import averaged
from harness.report.published import PublishedTable
from harness.report.record import Result, read_result, read_results, write_result
from harness.report.registered import Registered
from harness.report.registered import registered as read_registered
from harness.report.statistics import Kind
from harness.score.scores import Scores

Make = Callable[..., Result]
MakeTable = Callable[..., PublishedTable]
HOSTILE = "=x|<script>`*_[a](b)\n# h\x1b[31m"
TIES = {"across": 3, "queries": 2, "least": 0.51, "greatest": 0.5225}


@pytest.fixture
def spread(make_result: Make) -> Make:
    """A result whose queries have values of their own around `value`; `noise` says how far those of a seed differ."""

    def make(value: float, *, seed: int = 0, noise: float = 0.0, queries: int = 120, **changes: Any) -> Result:
        base = np.random.default_rng(1).uniform(-0.25, 0.25, size=queries)
        own = base + value + np.random.default_rng(seed).normal(0, 1, size=queries) * noise
        values = {f"q{at:03d}": float(one) for at, one in enumerate(np.clip(own, 0, 1))}
        result = make_result(0.5, queries=queries, **changes)
        return replace(result, scores=Scores({result.measure: values}))

    return make


@pytest.fixture
def results(spread: Make) -> list[Result]:
    """Two models, one of them at three widths and one in two precisions; and a dataset with one result."""
    alpha = {"model": "alpha", "dim_kind": "full"}
    return [
        spread(0.55, dim=128, key="k1", **alpha),
        spread(0.5499, dim=96, seed=1, noise=0.01, key="k2", model="alpha", dim_kind="head"),
        spread(0.50, dim=64, seed=2, noise=0.05, key="k3", model="alpha", dim_kind="head"),
        spread(0.55, dim=64, seed=5, noise=0.1, key="k6", model="alpha", dim_kind="prefix"),
        replace(spread(0.52, seed=3, noise=0.2, key="k4", model="beta"), ties=TIES),
        spread(0.52, seed=3, noise=0.2, key="k5", model="beta", overrides={"precision": "fast"}),
        spread(0.3, dataset="two", language="en", key="k7", queries=3),
        *(
            spread(
                value,
                dataset="poly",
                language=code,
                model=model,
                seed=seed * at,
                noise=0.03,
                queries=30 * at,
                key=f"k{code}",
            )
            for at, code in ((1, "de"), (2, "en"))
            for model, value, seed in (("alpha", 0.5, 7), ("beta", 0.46, 8))
        ),
    ]


@pytest.fixture
def page(make_table: MakeTable, registered: Registered) -> Callable[..., dict[str, str]]:
    def render(found: Sequence[Result], margin: float = 0.005) -> dict[str, str]:
        blocks = compared(found, [make_table()], registered, margin)
        return comparison_pages(blocks, margin, averaged(blocks, registered, margin))

    return render


@pytest.fixture
def blocks(make_table: MakeTable, registered: Registered) -> Callable[[Sequence[Result]], tuple[Block, ...]]:
    return lambda found: compared(found, [make_table()], registered)


def test_a_page_is_written_as_it_was_when_a_person_last_read_it(
    results: list[Result], page: Callable[..., dict[str, str]], root: Path
) -> None:
    golden = (root / "tests" / "golden" / "comparisons_small.md").read_text(encoding="utf-8")
    assert page(results)["comparisons.md"] == golden


def test_the_order_of_the_results_changes_no_byte(results: list[Result], page: Callable[..., dict[str, str]]) -> None:
    assert page(random.Random(6).sample(results, len(results))) == page(results)


def test_the_bytes_do_not_depend_on_the_process_that_wrote_them(root: Path, tmp_path: Path) -> None:
    written = []
    for seed in ("0", "1"):
        out = tmp_path / seed
        out.mkdir()
        (out / "results").symlink_to(root / "reports" / "results" / "minilm")
        code = (
            "from pathlib import Path; from harness import paths; from harness.report.card import report;"
            f"from harness.report.registered import registered; report(Path({str(out)!r}), registered(paths.configs()))"
        )
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        subprocess.run([sys.executable, "-c", code], check=True, cwd=root, env=environment, timeout=120)
        written.append([(out / "tables" / f"comparisons.{kind}").read_bytes() for kind in ("md", "csv")])
    assert written[0] == written[1]


def test_compared_are_systems_that_differ_in_one_thing_and_models_at_their_widest(
    results: list[Result], blocks: Callable[[Sequence[Result]], tuple[Block, ...]]
) -> None:
    one, *_, two = blocks(results)
    assert [(each.one, each.other) for each in one.comparisons] == [
        ("alpha dim=96 head", "alpha dim=128"),
        ("alpha dim=64 head", "alpha dim=128"),
        ("alpha dim=64 prefix", "alpha dim=128"),
        ("alpha dim=64 head", "alpha dim=96 head"),
        ("alpha dim=64 prefix", "alpha dim=96 head"),
        ("alpha dim=64 prefix", "alpha dim=64 head"),
        ("beta precision=fast", "beta"),
        ("alpha dim=128", "beta"),
    ]
    assert two.comparisons == ()
    assert two.title == "two en"


def test_two_settings_at_two_widths_are_not_mixed(
    spread: Make, blocks: Callable[[Sequence[Result]], tuple[Block, ...]]
) -> None:
    wide, narrow = {"dim": 128, "dim_kind": "full"}, {"dim": 64, "dim_kind": "prefix"}
    fast = {"overrides": {"precision": "fast"}}
    (block,) = blocks(
        [spread(0.5, key=f"k{at}", **way) for at, way in enumerate((wide, narrow, wide | fast, narrow | fast))]
    )
    assert {(each.one, each.other) for each in block.comparisons} == {
        ("alpha dim=128 precision=fast", "alpha dim=128"),
        ("alpha dim=64 prefix precision=fast", "alpha dim=64 prefix"),
        ("alpha dim=64 prefix", "alpha dim=128"),
        ("alpha dim=64 prefix precision=fast", "alpha dim=128 precision=fast"),
    }


def test_results_on_other_queries_or_documents_are_never_compared(
    spread: Make, blocks: Callable[[Sequence[Result]], tuple[Block, ...]]
) -> None:
    own = spread(0.5, key="k1")
    others = [
        spread(0.5, model="beta", queries=119, key="k2"),
        spread(0.5, model="beta", documents=39, key="k3"),
        spread(0.5, model="beta", dataset="two", key="k4"),
        spread(0.5, model="beta", language="en", key="k5"),
        spread(0.5, model="beta", measure="RR@10", key="k6"),
    ]
    found = blocks([own, *others])
    assert len(found) == 6
    assert not any(block.comparisons for block in found)


def test_of_several_results_of_one_system_the_last_counts(
    spread: Make, blocks: Callable[[Sequence[Result]], tuple[Block, ...]]
) -> None:
    last = spread(0.6, key="k2", finished="2026-02-01T00:00:00+00:00")
    (block,) = blocks([last, spread(0.5, key="k1")])
    assert [mean.result.key for mean in block.means] == ["k2"]


def test_p_values_allow_for_all_comparisons_of_a_block(
    results: list[Result], blocks: Callable[[Sequence[Result]], tuple[Block, ...]]
) -> None:
    block, *_ = blocks(results)
    smallest = min(block.comparisons, key=lambda each: each.paired.p)
    assert smallest.p == pytest.approx(len(block.comparisons) * smallest.paired.p)
    kinds = {(each.one, each.other): each.judgement.kind for each in block.comparisons}
    assert kinds["alpha dim=64 head", "alpha dim=128"] is Kind.LOWER
    assert kinds["alpha dim=96 head", "alpha dim=128"] is Kind.EQUIVALENT
    assert kinds["alpha dim=64 prefix", "alpha dim=128"] is Kind.UNTOLD
    assert kinds["beta precision=fast", "beta"] is Kind.EQUAL


def test_a_published_value_stands_beside_the_mean_with_whether_it_lies_in_its_interval(
    spread: Make, make_table: MakeTable, registered: Registered
) -> None:
    datasets = {where: replace(spec, queries=120) for where, spec in registered.datasets.items()}

    def written(result: Result) -> str:
        known = replace(registered, datasets=datasets)
        return comparison_pages(compared([result], [make_table()], known), 0.005)["comparisons.md"]

    assert "| 0.500 (inside) |" in written(spread(0.505))
    assert "| 0.500 (outside) |" in written(spread(0.6))
    assert "published |" not in written(spread(0.505, overrides={"model.query_length": 300}))


def test_another_margin_is_another_question(results: list[Result], page: Callable[..., dict[str, str]]) -> None:
    assert "equivalent within 0.005" in page(results)["comparisons.md"]
    strict = page(results, 0.0005)["comparisons.md"]
    assert "equivalent within" not in strict
    assert "put within 0.0005, a margin" in strict


def test_csv_has_a_line_per_mean_and_per_comparison_with_every_number(
    results: list[Result], blocks: Callable[..., tuple[Block, ...]], page: Callable[..., dict[str, str]]
) -> None:
    lines = list(csv.DictReader(io.StringIO(page(results)["comparisons.csv"])))
    assert tuple(lines[0]) == CSV_HEAD
    found = blocks(results)
    means = [line for line in lines if not line["against"] and line["language"] != "avg"]
    assert [line["key"] for line in means] == [mean.result.key for block in found for mean in block.means]
    assert float(means[0]["low"]) == pytest.approx(found[0].means[0].interval.low, abs=5e-7)
    paired = [line for line in lines if line["against"] and line["dataset"] == "one"]
    assert len(paired) == len(found[0].comparisons)
    for line, each in zip(paired, found[0].comparisons, strict=True):
        assert (line["system"], line["against"]) == (each.one, each.other)
        assert float(line["value"]) == pytest.approx(each.paired.difference, abs=5e-7)
        assert float(line["p_holm"]) == pytest.approx(each.p, abs=5e-7)
        assert line["judgement"] == str(each.judgement)
    (tied,) = [line for line in lines if line["ties_least"]]
    ties = [tied[f"ties_{name}"] for name in ("across", "queries", "least", "greatest")]
    assert (tied["key"], ties) == ("k4", ["3", "2", "0.510000", "0.522500"])


def test_an_average_over_languages_stands_before_them_where_all_have_results(
    results: list[Result], blocks: Callable[..., tuple[Block, ...]], page: Callable[..., dict[str, str]], register: Any
) -> None:
    text = page(results)["comparisons.md"]
    heads = [line for line in text.splitlines() if line.startswith("## ")]
    assert heads == ["## one", "## poly, average over 2 languages", "## poly de", "## poly en", "## two en"]
    found = blocks(results)
    (average,) = averaged(found, Registered(), 0.005)
    each = [mean.interval.mean for block in found[1:3] for mean in block.means if mean.system == "alpha"]
    assert average.means["alpha"].mean == pytest.approx(sum(each) / 2)
    assert [(one.one, one.other, one.judgement.kind) for one in average.comparisons] == [("alpha", "beta", Kind.HIGHER)]
    lines = [
        line for line in csv.DictReader(io.StringIO(page(results)["comparisons.csv"])) if line["language"] == "avg"
    ]
    assert [(line["system"], line["against"]) for line in lines] == [("alpha", ""), ("beta", ""), ("alpha", "beta")]
    more = register(["alpha"], [("poly", code) for code in ("de", "en", "fr")])
    assert averaged(found, more, 0.005) == ()
    without = [result for result in results if (result.model, result.language) != ("beta", "en")]
    assert list(averaged(blocks(without), Registered(), 0.005)[0].means) == ["alpha"]


def test_a_hostile_name_does_nothing_on_the_pages(spread: Make, page: Callable[..., dict[str, str]]) -> None:
    hostile = [spread(0.5, model=f"{HOSTILE}{at}", dataset=HOSTILE, language=HOSTILE) for at in range(2)]
    pages = page(hostile)
    tokens = MarkdownIt("commonmark").enable("table").parse(pages["comparisons.md"])
    inline = [child for token in tokens for child in token.children or []]
    assert {child.type for child in inline} <= {"text", "text_special", "softbreak"}
    assert [token.type for token in tokens].count("heading_open") == 2
    assert [token.type for token in tokens].count("td_open") == 2 * 4 + 6
    assert "\x1b" not in pages["comparisons.md"] + pages["comparisons.csv"]
    lines = list(csv.reader(io.StringIO(pages["comparisons.csv"])))
    assert {len(line) for line in lines} == {len(CSV_HEAD)}
    assert all(line[0].startswith("'=x|") for line in lines[1:])


def test_what_is_known_of_ties_is_said_in_a_few_words(spread: Make) -> None:
    result = spread(0.5)
    assert ties_text(result) == "not recorded"
    assert ties_text(replace(result, ties={**TIES, "queries": 0})) == "none"
    assert ties_text(replace(result, ties=TIES)) == "0.5100 to 0.5225 (2 queries)"


def test_ties_are_kept_in_a_record_and_an_older_record_has_none(spread: Make, tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    write_result(path, replace(spread(0.5), ties=TIES))
    assert read_result(path).ties == TIES
    data = json.loads(path.read_text(encoding="utf-8"))
    del data["sha256"]
    for damaged in (-1, "0.5", True, None):
        path.write_text(json.dumps({**data, "ties": {**TIES, "least": damaged}}), encoding="utf-8")
        with pytest.raises(DataError, match=r"ties\.least"):
            read_result(path)
    del data["ties"]
    path.write_text(json.dumps(data), encoding="utf-8")
    assert read_result(path).ties is None


def test_every_committed_result_can_be_read_and_says_what_it_knows_of_ties(root: Path) -> None:
    found = list(read_results(root / "reports" / "results"))
    assert found
    for result in found:
        assert result.ties is None or result.ties["least"] <= result.value + 1e-9 <= result.ties["greatest"] + 2e-9


@pytest.mark.parametrize(
    ("p", "words"), [(0.0, "under 0.0001"), (0.00004, "under 0.0001"), (0.0001, "0.0001"), (1.0, "1.0000")]
)
def test_no_p_value_is_shown_as_0(p: float, words: str) -> None:
    assert p_text(p) == words


def test_no_results_have_no_page(page: Callable[..., dict[str, str]]) -> None:
    assert page([]) == {}


def test_the_report_writes_the_pages_with_its_margin(tmp_path: Path, spread: Make) -> None:
    write_result(tmp_path / "results/a/result.json", spread(0.5, model="mine", dataset="own"))
    made = report(tmp_path, read_registered(paths.configs()), margin=0.02)
    assert {"comparisons.md", "comparisons.csv"} <= {path.name for path in made.paths}
    assert "put within 0.02, a margin" in (tmp_path / "tables" / "comparisons.md").read_text(encoding="utf-8")
