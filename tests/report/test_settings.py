"""Which settings a result must have to stand for a published value, and how it is told apart where it has others."""

from __future__ import annotations

import io
import itertools
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console, RenderableType

from harness import paths
from harness.report.card import report
from harness.report.join import join
from harness.report.place import elsewhere, label_of
from harness.report.published import PublishedTable
from harness.report.record import Result, write_result
from harness.report.registered import Registered, differences, told
from harness.report.registered import registered as read_registered
from harness.report.summary import description, summary

Make = Callable[..., Result]
MakeTable = Callable[..., PublishedTable]
Register = Callable[..., Registered]
ENCODER = {
    "model.query_length": (300, "model.query_length is 300, registered 32"),
    "model.document_length": (512, "model.document_length is 512, registered 300"),
    "model.dims": ([64], "model.dims is [64], registered [128,64]"),
    "model.skiplist": ("words", 'model.skiplist is "words", registered "none"'),
    "model.query_marker": ("[Q]", 'model.query_marker is "[Q]", registered null'),
    "model.expand_queries": (True, "model.expand_queries is true, registered false"),
    "dataset.join": (" | ", 'dataset.join is " | ", registered " "'),
    "dataset.fields": (["text"], 'dataset.fields is ["text"], registered ["title","text"]'),
    "dataset.drop_self": (True, "dataset.drop_self is true, registered false"),
    "dataset.query_field": ("title", 'dataset.query_field is "title", registered "text"'),
    "dataset.text_language": ("de", 'dataset.text_language is "de", registered "en"'),
    "precision": ("fast", "precision is fast, registered strict"),
    "search.kind": ("plaid", 'search.kind is "plaid", registered "exact"'),
}
BM25 = {
    "model.k1": (2.0, "model.k1 is 2.0, registered null"),
    "dataset.bm25_b": (0.7, "dataset.bm25_b is 0.7, registered 0.4"),
}
HARMLESS = {
    "model.path": "elsewhere", "dataset.path": "elsewhere", "dataset.source": "irds", "dataset.split": "dev",
    "dataset.also": ["R@5"], "dataset.description": "Mine.", "search.depth": 1000,
    "dataset.bm25_k1": 2.0,  # no encoder looks at it
}  # fmt: skip


@pytest.fixture
def bm25(register: Register) -> Registered:
    return register(["bm25"], [("scifact", None)])


def _printed(parts: Sequence[RenderableType]) -> str:
    file = io.StringIO()
    Console(file=file, width=80).print(*parts)
    return file.getvalue()


@pytest.mark.parametrize("key", ENCODER)
def test_an_encoders_result_with_another_setting_fills_no_cell_and_says_which(
    make_table: MakeTable, make_result: Make, registered: Registered, key: str
) -> None:
    value, text = ENCODER[key]
    table = join(make_table(), [make_result(0.5, overrides={key: value})], registered)
    assert not table.has_results
    assert table.left_out == (f"left out: alpha on one: {text}",)


@pytest.mark.parametrize("key", BM25)
def test_bm25_with_another_setting_fills_no_cell_and_says_which(
    card: tuple[PublishedTable, ...], make_result: Make, bm25: Registered, key: str
) -> None:
    value, text = BM25[key]
    table = join(card[0], [make_result(0.6, model="bm25", dataset="scifact", overrides={key: value})], bm25)
    assert not table.has_results
    assert table.left_out == (f"left out: bm25 on scifact: {text}",)


@pytest.mark.parametrize("key", HARMLESS)
def test_what_cannot_change_what_a_result_is_of_may_differ(
    make_table: MakeTable, make_result: Make, registered: Registered, key: str
) -> None:
    table = join(make_table(), [make_result(0.5, overrides={key: HARMLESS[key]})], registered)
    assert table.has_results
    assert table.left_out == ()


def test_only_the_first_differences_are_told_one_by_one(make_result: Make, registered: Registered) -> None:
    found = differences(make_result(0.5, overrides={key: value for key, (value, _) in ENCODER.items()}), registered)
    assert len(found) == len(ENCODER)
    assert told(found).endswith(f"; and {len(ENCODER) - 3} more")
    assert told(found).count("registered") == 3


def test_another_kind_of_model_under_a_registered_name_fills_no_cell(
    card: tuple[PublishedTable, ...], make_result: Make, bm25: Registered
) -> None:
    foreign = make_result(0.6, model="bm25", dataset="scifact", dim=128, dim_kind="full")
    encoder = dict(make_result(0.6).spec["model"], name="bm25")
    table = join(card[0], [Result(**{**vars(foreign), "spec": {**foreign.spec, "model": encoder}})], bm25)
    assert not table.has_results
    assert "model.k1 is not recorded, registered null" in table.left_out[0]


def test_a_model_without_a_configuration_fills_no_cell_of_the_card(
    make_table: MakeTable, make_result: Make, register: Register
) -> None:
    known = register([], [("one", None)])
    table = join(make_table(), [make_result(0.5), make_result(0.6, model="own")], known)
    assert table.left_out == ("left out: alpha on one: no configuration is registered under the model's name",)
    assert table.columns[2:] == ("own (not in the card)",)
    assert table.other_settings == ()


def test_systems_outside_the_card_are_told_apart_by_their_settings_and_never_averaged_together(
    make_table: MakeTable, make_result: Make, register: Register
) -> None:
    rows = [{"dataset": "one"}, {"dataset": "two", "language": "en"}, {"dataset": "three"}]
    known = register(["mine"], [(row["dataset"], row.get("language")) for row in rows])
    own = [make_result(0.2, model="mine", **row) for row in rows]
    long = [make_result(0.8, model="mine", overrides={"model.query_length": 300}, **row) for row in rows[:2]]
    for results in itertools.islice(itertools.permutations([*own, *long]), 0, 120, 17):
        table = join(make_table(), results, known)
        assert table.columns[2:] == (
            "mine (not in the card)", "mine model.query_length=300 (not in the card)",
        )  # fmt: skip
        assert [cell.measured for cell in table.average[2:]] == [pytest.approx(0.2), None]
        assert table.other_settings == (
            "other settings: mine model.query_length=300: model.query_length is 300, registered 32",
        )


@pytest.mark.parametrize("model", ["mine", "unheard-of"])
def test_fast_and_strict_results_share_no_label_no_column_and_no_average(
    make_table: MakeTable, make_result: Make, register: Register, model: str
) -> None:
    rows = [{"dataset": "one"}, {"dataset": "two", "language": "en"}, {"dataset": "three"}]
    known = register(["mine"], [(row["dataset"], row.get("language")) for row in rows])
    fast = [make_result(0.8, model=model, overrides={"precision": "fast"}, **row) for row in rows[:2]]
    strict = make_result(0.4, model=model, overrides={"precision": "strict"}, **rows[1])
    old = [make_result(0.2, model=model, **row) for row in rows[::2]]
    assert "precision" not in old[0].spec
    table = join(make_table(), [*fast, strict, *old], known)
    assert table.columns[2:] == (f"{model} (not in the card)", f"{model} precision=fast (not in the card)")
    assert [cell.measured for cell in table.average[2:]] == [pytest.approx(0.8 / 3), None]
    said = f"other settings: {model} precision=fast: precision is fast, registered strict"
    assert table.other_settings == (said,)


def test_the_table_at_the_end_averages_no_fast_result_with_strict_ones(make_result: Make) -> None:
    english = make_result(0.4, dataset="two", language="en", key="a")
    text = _printed(summary([english, make_result(0.8, key="b", overrides={"precision": "fast"})]))
    assert "precision=fast" in text
    assert "0.600" not in text
    assert re.search(r"avg +- +- *$", text, re.MULTILINE)
    assert re.search(r"avg +0\.600 *$", _printed(summary([english, make_result(0.8, key="b")])), re.MULTILINE)


@pytest.mark.parametrize("value", ["half", None, ["fast"]])
def test_a_precision_that_nobody_knows_is_not_taken_for_strict(
    make_result: Make, registered: Registered, value: object
) -> None:
    result = make_result(0.5, overrides={"precision": value})
    assert label_of(result, registered) == f"alpha precision={json.dumps(value, separators=(',', ':'))}"


def test_the_table_at_the_end_keeps_settings_apart_and_says_why_no_value_stands_beside(
    card: tuple[PublishedTable, ...], make_result: Make, bm25: Registered
) -> None:
    def one(key: str, **overrides: Any) -> Result:
        return make_result(0.665, model="bm25", dataset="scifact", key=key, overrides=overrides)

    text = _printed(summary([one("a"), one("b", **{"model.k1": 2.0})], card, bm25))
    assert text.count("exact") == 1
    assert "0.665 0.000" in text
    assert "model.k1=2.0" in text
    assert "Under a measured value stand the card's value" in text
    said = "not beside the card's value: bm25 model.k1=2.0 on scifact: model.k1 is 2.0, registered null"
    assert said in " ".join(text.split())


def test_the_table_at_the_end_says_where_one_cell_was_met_twice(make_result: Make) -> None:
    results = [make_result(0.5, key=key, overrides={"model.query_length": at}) for at, key in enumerate("ab", 30)]
    assert "alpha on one: 2 results, the one that finished last is shown" in _printed(summary(results))
    assert "2 results" not in _printed(summary([results[0], results[0]]))


def test_results_in_no_table_are_accounted_for_in_one_line(
    make_table: MakeTable, make_result: Make, registered: Registered
) -> None:
    mini = [make_result(0.5, model="bm25", dataset="mini", language=code) for code in ("en", "ar")]
    one = make_result(0.5, model="beta", dataset="mini", language="en", dim=8, dim_kind="prefix")
    placed = make_result(0.5)
    line = elsewhere([make_table()], [*mini, placed, one, make_result(0.5, dataset="own")], registered)
    assert line == (
        "also there, in none of the card's tables: alpha on own; beta dim=8 prefix on mini en; "
        "bm25 on mini, 2 languages"
    )
    assert elsewhere([make_table()], [placed], registered) is None


def test_the_page_of_the_card_and_the_terminal_account_for_results_in_no_table(
    tmp_path: Path, make_result: Make
) -> None:
    write_result(tmp_path / "results" / "a" / "result.json", make_result(0.5, model="bm25", dataset="mini"))
    made = report(tmp_path, read_registered(paths.configs()))
    assert "also there, in none of the card's tables: bm25 on mini" in _printed(made.renderables)
    assert "\nAlso there, in none of the card's tables: bm25 on mini.\n" in made.paths[0].read_text()


def test_a_model_that_was_trained_on_a_dataset_is_marked_wherever_its_score_appears(
    make_result: Make, registered: Registered
) -> None:
    result = make_result(0.5, dataset="nowhere", overrides={"model.trained_on": ["nowhere"]})
    other = make_result(0.5, dataset="nowhere")
    assert "alpha was trained on nowhere: in-domain, not zero-shot" in str(description([result]))
    assert "trained" not in str(description([other]))
    line = elsewhere([], [result], registered)
    assert line is not None
    assert "nowhere (in its training data)" in line
