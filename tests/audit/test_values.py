"""One system on one dataset by one measure with two printed values is a finding, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable

from harness.audit.card import CardAudit

Audited = Callable[[str], CardAudit]
Write = Callable[..., str]
HEAD = ["NDCG@10", "Model A", "BM25"]


def test_two_values_of_one_cell_in_two_tables_are_found(audited: Audited, write: Write) -> None:
    text = write(HEAD, [["nq", "0.500", "0.300"]], "One") + write(HEAD, [["NQ", "0.500", "0.301"]], "Two")
    (one,) = audited(text).findings
    assert (one.table, one.cell) == ("Two", "NQ, BM25")
    assert "0.301 is printed here, 0.300 in line 3 under One" in one.text


def test_spelling_and_the_way_round_make_no_other_cell(audited: Audited, write: Write) -> None:
    text = write(HEAD, [["nq", "0.500", "0.300"]]) + write(["Model (NDCG@10)", "NQ"], [["model-a", "0.510"]])
    (one,) = audited(text.replace("Model (NDCG@10)", "NDCG@10")).findings
    assert one.cell == "model-a, NQ"


def test_a_value_with_fewer_decimals_agrees_where_it_can_be_the_same(audited: Audited, write: Write) -> None:
    one = write(HEAD, [["nq", "0.346", "0.300"]])
    assert audited(one + write(HEAD, [["nq", "0.35", "0.3"]])).findings == ()
    assert len(audited(one + write(HEAD, [["nq", "0.34", "0.3"]])).findings) == 1


def test_hundredths_and_fractions_are_compared_as_fractions(audited: Audited, write: Write) -> None:
    one = write(HEAD, [["nq", "0.346", "0.300"]])
    assert audited(one + write(HEAD, [["nq", "34.6", "30.0"]])).findings == ()
    assert audited(one + write(HEAD, [["nq", "34.6%", "30.0%"]])).findings == ()
    assert len(audited(one + write(HEAD, [["nq", "35.6", "30.0"]])).findings) == 1


def test_another_measure_is_another_cell(audited: Audited, write: Write) -> None:
    text = write(HEAD, [["nq", "0.500", "0.300"]]) + write(["MRR@10", *HEAD[1:]], [["nq", "0.600", "0.400"]])
    assert audited(text).findings == ()


def test_a_language_means_something_only_under_its_title(audited: Audited, write: Write) -> None:
    one, other = write(HEAD, [["ar", "0.500", "0.300"]], "MIRACL"), write(HEAD, [["ar", "0.600", "0.400"]], "Other")
    assert audited(one + other).findings == ()
    assert len(audited(one + other.replace("Other", "MIRACL")).findings) == 2


def test_other_conditions_in_the_headings_keep_tables_apart(audited: Audited, write: Write) -> None:
    one, other = write(HEAD, [["nq", "0.500", "0.300"]], "Dev set"), write(HEAD, [["nq", "0.600", "0.400"]], "Test set")
    assert audited(one + other).findings == ()


def test_a_list_of_measures_is_about_what_stands_outside_of_the_table(audited: Audited, write: Write) -> None:
    tables = [
        write(["Metric", "Value"], [["cosine_accuracy@1", value], ["ndcg@10", value]]) for value in ("0.5", "0.6")
    ]
    assert audited("".join(tables)).findings == ()


def test_averages_of_different_rows_are_no_contradiction(audited: Audited, write: Write) -> None:
    one = write(HEAD, [["avg", "0.45", "0.25"], ["nq", "0.50", "0.30"], ["fiqa", "0.40", "0.20"]], "BEIR")
    other = write(HEAD, [["avg", "0.50", "0.30"], ["nq", "0.50", "0.30"]], "BEIR")
    assert audited(one + other).findings == ()


def test_the_widest_of_a_table_of_widths_is_the_system_of_the_other_tables(audited: Audited, write: Write) -> None:
    first = write(HEAD, [["nq", "0.500", "0.300"]], "BEIR") + write(["MRR@10", "Model A"], [["msmarco", "0.4"]], "MS")
    widths = ["NDCG@10", "dim=128", "dim=64"]
    assert audited(first + write(widths, [["nq", "0.500", "0.480"]], "BEIR by width")).findings == ()
    (one,) = audited(first + write(widths, [["nq", "0.510", "0.480"]], "BEIR by width")).findings
    assert one.cell == "nq, dim=128"


def test_what_is_known_of_a_published_value_is_told(audited: Audited, write: Write) -> None:
    found = audited(write(["NDCG@10", "BM25"], [["arguana", "0.315"], ["nq", "0.329"]], "BEIR"))
    (one,) = found.notes
    assert one.cell == "arguana, BM25"
    assert "leaves every query's own document in the ranking" in one.text
    assert audited(write(["NDCG@10", "BM25"], [["arguana", "0.414"]], "BEIR")).notes == ()
