"""What the audit finds in the card, and that it finds it by computing."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.report.audit import audit
from harness.report.published import Average, Column, PublishedTable, Row, Source

TRUE_ROWS = st.lists(st.integers(0, 1_000_000), min_size=2, max_size=20)


def _table(values: list[Decimal], average: Decimal) -> PublishedTable:
    labels = [f"r{position}" for position in range(len(values))]
    rows = tuple(Row(label=label, dataset=label, values=(value,)) for label, value in zip(labels, values, strict=True))
    return PublishedTable(
        name="t", order=1, title="T", group="G", source=Source(card="c", url="https://e.org", read="d", section="s"),
        measure="nDCG@10", measure_label="NDCG@10", decimals=3, columns=(Column(label="c", model="m"),), rows=rows,
        average=Average(label="avg", of=tuple(labels), values=(average,)),
    )  # fmt: skip


def _rounded(value: Fraction) -> Decimal:
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(Decimal("0.001"), ROUND_HALF_EVEN)


def test_the_card_has_three_averages_that_do_not_follow_and_no_more(card: tuple[PublishedTable, ...]) -> None:
    found = [(f.kind, f.tables, f.column, str(f.printed[0]), f"{f.mean:.4f}") for f in audit(card)]
    assert found == [
        ("average", ("miracl",), "jina-colbert-v2", "0.627", "0.6228"),
        ("average", ("miracl",), "mDPR (zero shot)", "0.427", "0.4184"),
        ("average", ("mmarco",), "BM-25", "0.141", "0.1388"),
    ]


def test_indonesian_explains_both_of_miracls_averages_and_three_languages_could_explain_mmarcos(
    card: tuple[PublishedTable, ...],
) -> None:
    first, second, third = audit(card)
    assert first.common == second.common == second.omissions == ("id",)
    assert "id" in first.omissions
    assert third.omissions == ("ar", "ru", "zh")
    assert "leaving out id explains all 2 such averages" in first.text
    assert "leaving out ar, ru or zh would explain it" in third.text


@settings(deadline=None)
@given(TRUE_ROWS)
def test_a_correctly_rounded_average_of_rounded_rows_is_never_found(millionths: list[int]) -> None:
    true = [Fraction(value, 1_000_000) for value in millionths]
    table = _table([_rounded(value) for value in true], _rounded(sum(true, Fraction(0)) / len(true)))
    assert audit([table]) == ()


@settings(deadline=None)
@given(TRUE_ROWS, st.integers(0, 19))
def test_the_row_that_was_left_out_is_always_among_the_explanations(millionths: list[int], which: int) -> None:
    true = [Fraction(value, 1_000_000) for value in millionths]
    which %= len(true)
    others = [value for position, value in enumerate(true) if position != which]
    table = _table([_rounded(value) for value in true], _rounded(sum(others, Fraction(0)) / len(others)))
    for finding in audit([table]):
        assert f"r{which}" in finding.omissions


def test_an_average_one_unit_off_is_possible_and_a_hair_more_is_not() -> None:
    rows = [Decimal("0.400"), Decimal("0.402")]
    assert audit([_table(rows, Decimal("0.402"))]) == ()
    rows = [Decimal("0.400"), Decimal("0.401")]
    assert len(audit([_table(rows, Decimal("0.402"))])) == 1


def test_an_average_that_no_omission_explains_says_so() -> None:
    finding = audit([_table([Decimal("0.400"), Decimal("0.402")], Decimal("0.900"))])[0]
    assert finding.omissions == ()
    assert "no single row left out would explain it" in finding.text


def test_an_average_of_some_rows_is_judged_by_those_rows() -> None:
    values = [Decimal("0.400"), Decimal("0.500"), Decimal("0.900")]
    average = Average(label="avg", of=("r0", "r1"), values=(Decimal("0.450"),))
    table = replace(_table(values, Decimal("0.450")), average=average)
    assert audit([table]) == ()


def test_one_system_with_two_printed_values_is_found_across_tables_in_any_order(
    card: tuple[PublishedTable, ...],
) -> None:
    beir, wide = card[0], card[4]
    assert wide.columns[0].dim == 128
    row = wide.rows[0]
    changed = replace(row, values=(Decimal("0.399"), *row.values[1:]))
    tables = (*card[:4], replace(wide, rows=(changed, *wide.rows[1:])), card[5])
    found = [finding for finding in audit(tables) if finding.kind == "value"]
    assert len(found) == 1
    assert found[0].tables == (beir.name, wide.name)
    assert found[0].row == "nfcorpus"
    assert found[0].printed == (Decimal("0.346"), Decimal("0.399"))
    for order in itertools.islice(itertools.permutations(tables), 0, 720, 97):
        assert len([finding for finding in audit(order) if finding.kind == "value"]) == 1


def test_a_narrower_dimension_is_another_system(make_table: Callable[..., PublishedTable]) -> None:
    one = make_table(columns=(Column(label="m", model="m"), Column(label="m8", model="m", dim=8)))
    assert [finding for finding in audit([one]) if finding.kind == "value"] != []
    two = make_table(
        columns=(Column(label="m16", model="m", dim=16), Column(label="m8", model="m", dim=8)),
    )
    assert [finding for finding in audit([two]) if finding.kind == "value"] == []
