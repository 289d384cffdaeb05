"""The card of jina-colbert-v2 as it is kept beside the shared data: on a single line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness import paths
from harness.audit.card import CardAudit
from harness.audit.convert import Origin, convert
from harness.audit.known import Known
from harness.audit.values import subject
from harness.report.audit import audit
from harness.report.reading import read_published

Audited = Callable[[str], CardAudit]


@pytest.fixture
def card(shared_data: Path) -> str:
    path = shared_data.parent / "card" / "jina-colbert-v2.txt"
    if not path.is_file():
        pytest.skip(f"no shared data: {path} is not there")
    return path.read_text(encoding="utf-8")


def test_its_six_tables_are_found_under_their_headings(card: str, audited: Audited) -> None:
    found = audited(card)
    assert [(one.headings[-2:], len(one.rows), len(one.columns)) for one in found.grids] == [
        (("Retrieval Benchmarks", "BEIR"), 14, 4),
        (("Retrieval Benchmarks", "MS MARCO Passage Retrieval"), 1, 4),
        (("Multilingual Benchmarks", "MIRACLE"), 19, 2),
        (("Multilingual Benchmarks", "mMARCO"), 14, 3),
        (("Matryoshka Representation Benchmarks", "BEIR"), 6, 3),
        (("Matryoshka Representation Benchmarks", "MSMARCO"), 1, 3),
    ]
    assert found.skipped == ()
    assert found.checked == 4 + 2 + 3 + 3


def test_its_three_inconsistent_averages_are_found_and_no_more(card: str, audited: Audited) -> None:
    found = audited(card).findings
    assert [(one.table, one.cell) for one in found] == [
        ("Multilingual Benchmarks / MIRACLE", "jina-colbert-v2, avg"),
        ("Multilingual Benchmarks / MIRACLE", "mDPR (zero shot), avg"),
        ("Multilingual Benchmarks / mMARCO", "BM-25, avg"),
    ]
    assert "0.627 does not follow from the printed rows, whose mean is 0.6228" in found[0].text
    assert "leaving out id explains all 2 such averages" in found[0].text
    assert "0.427 does not follow from the printed rows, whose mean is 0.4184; leaving out id would" in found[1].text
    assert "0.141 does not follow from the printed rows, whose mean is 0.1388" in found[2].text
    assert "leaving out ar, ru or zh would explain it" in found[2].text


def test_what_no_arithmetic_finds_is_told_beside_it(card: str, audited: Audited) -> None:
    notes = {one.cell: one.text for one in audited(card).notes}
    assert notes["arguana, BM25"].startswith("0.315: This is the BEIR paper's value")
    assert notes["nq, ColBERTv2.0"].startswith("0.524: jina-colbert-v1's card prints 0.561")


def test_a_cell_that_is_changed_in_one_of_two_tables_is_found(card: str, audited: Audited) -> None:
    changed = card.replace("| **nfcorpus** | 0.346 | 0.340 ", "| **nfcorpus** | 0.349 | 0.340 ")
    assert changed != card
    found = [one for one in audited(changed).findings if "is printed here" in one.text]
    assert [(one.cell, one.table) for one in found] == [
        ("nfcorpus, dim=128", "Matryoshka Representation Benchmarks / BEIR")
    ]


def test_its_tables_come_out_as_those_of_the_repository(
    card: str, audited: Audited, meanings: Known, tmp_path: Path
) -> None:
    grids = audited(card).grids
    origin = Origin(
        card="jinaai/jina-colbert-v2", url="https://huggingface.co/jinaai/jina-colbert-v2", read="2026-11-23"
    )
    for one in convert(grids, meanings, origin, subject(grids)):
        assert one.text is not None
        assert one.said == ()
        (tmp_path / f"{one.name}.yaml").write_text(one.text, encoding="utf-8")
    ours = read_published(paths.published())
    for mine, theirs in zip(ours, read_published(tmp_path), strict=True):
        assert mine.markdown() == theirs.markdown()
        for name in ("order", "title", "group", "source", "measure", "measure_label", "columns", "rows", "average"):
            assert getattr(mine, name) == getattr(theirs, name), (mine.name, name)
    assert len(audit(read_published(tmp_path))) == 3
